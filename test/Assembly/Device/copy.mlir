// A copy by blocks of 256 threads, one element a thread; the last block goes to the end alone.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK: .version 8.0
// CHECK: .target sm_80
// CHECK: .visible .entry copy(
// CHECK: .reqntid 256
// CHECK: ld.global
// CHECK: st.global

gpu.module @device {
  gpu.func @copy(%from: !llvm.ptr, %to: !llvm.ptr, %count: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 256, 1, 1>} {
    %n = arith.index_cast %count : i64 to index
    %x = fovea_kernel.view %from sizes(%n) : !llvm.ptr -> memref<?xf32>
    %y = fovea_kernel.view %to sizes(%n) : !llvm.ptr -> memref<?xf32>
    %block = gpu.block_id x
    %threads = gpu.block_dim x
    %thread = gpu.thread_id x
    %first = arith.muli %block, %threads : index
    %i = arith.addi %first, %thread : index
    %inside = arith.cmpi ult, %i, %n : index
    scf.if %inside {
      %v = memref.load %x[%i] : memref<?xf32>
      memref.store %v, %y[%i] : memref<?xf32>
    }
    gpu.return
  }
}
