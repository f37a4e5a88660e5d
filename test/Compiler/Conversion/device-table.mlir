// RUN: fovea-opt %s -fovea-device-table -split-input-file | FileCheck %s

// Kernels for a GPU have neither code nor sites here.
// CHECK:       llvm.mlir.global external constant @fovea_device_kernel_count(1 : i64)
// CHECK:       llvm.mlir.global internal constant @fovea_device_name.copy("copy\00")
// CHECK-LABEL: llvm.mlir.global external constant @fovea_device_kernels()
// CHECK-SAME:    !llvm.array<1 x struct<(ptr, i32, i32, i32, i32, i32, i32, ptr, ptr)>>
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[NAME:.*]] = llvm.mlir.addressof @fovea_device_name.copy
// CHECK:         llvm.insertvalue %[[NAME]], %{{.*}}[0]
// CHECK:         %[[THREADS:.*]] = llvm.mlir.constant(64 : i32)
// CHECK:         llvm.insertvalue %[[THREADS]], %{{.*}}[1]
// CHECK:         %[[SHARED:.*]] = llvm.mlir.constant(512 : i32)
// CHECK:         llvm.insertvalue %[[SHARED]], %{{.*}}[2]
// CHECK:         %[[WORDS:.*]] = llvm.mlir.constant(3 : i32)
// CHECK:         llvm.insertvalue %[[WORDS]], %{{.*}}[3]
// CHECK:         llvm.insertvalue %[[NULL]], %{{.*}}[7]
// CHECK:         llvm.insertvalue %[[NULL]], %{{.*}}[8]
gpu.module @device {
  llvm.func @copy() attributes {fovea_warp.kernel = {threads = 64 : i64, shared_bytes = 512 : i64,
      words = 3 : i64}} {
    llvm.return
  }
}

// -----

// CHECK:       llvm.mlir.global external constant @fovea_device_kernel_count(2 : i64)
// CHECK:       llvm.mlir.global internal constant @fovea_device_sites.second.1("store at 'n'\00")
// CHECK-LABEL: llvm.mlir.global internal constant @fovea_device_sites.second()
// CHECK-SAME:    !llvm.array<2 x ptr>
// CHECK-LABEL: llvm.mlir.global external constant @fovea_device_kernels()
// CHECK:         llvm.mlir.addressof @first
// CHECK:         %[[COOPERATIVE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK:         llvm.insertvalue %[[COOPERATIVE]], %{{.*}}[4]
// CHECK:         %[[ATOMICS:.*]] = llvm.mlir.constant(1 : i32)
// CHECK:         llvm.insertvalue %[[ATOMICS]], %{{.*}}[5]
// CHECK:         %[[CODE:.*]] = llvm.mlir.addressof @second
// CHECK:         llvm.insertvalue %[[CODE]], %{{.*}}[7]
// CHECK:         %[[SITES:.*]] = llvm.mlir.addressof @fovea_device_sites.second
// CHECK:         llvm.insertvalue %[[SITES]], %{{.*}}[8]
llvm.func @first(%thread: !llvm.ptr, %args: !llvm.ptr) attributes {fovea_warp.kernel = {
    threads = 32 : i64, shared_bytes = 0 : i64, words = 0 : i64}} {
  llvm.return
}
llvm.func @second(%thread: !llvm.ptr, %args: !llvm.ptr) attributes {fovea_warp.kernel = {
    cooperative, atomics, threads = 32 : i64, shared_bytes = 0 : i64, words = 0 : i64},
    fovea_warp.sites = ["load", "store at 'n'"]} {
  llvm.return
}

// -----

// CHECK: @fovea_device_kernel_count(0 : i64)
// CHECK: @fovea_device_kernels() {{.*}}!llvm.array<0 x
module @do_not_list_host_functions {
  llvm.func @main() {
    llvm.return
  }
}
