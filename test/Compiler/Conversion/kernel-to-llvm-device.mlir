// RUN: fovea-opt %s -fovea-kernel-to-llvm | FileCheck %s

// CHECK-LABEL: llvm.func @convert_host_code
// CHECK:         llvm.add
func.func @convert_host_code(%x: i64) -> i64 {
  %r = arith.addi %x, %x : i64
  return %r : i64
}

// CHECK-LABEL: gpu.module @device
gpu.module @device {
  // CHECK:       llvm.mlir.global private constant @convert_constants(dense<1.0{{.*}}>
  memref.global "private" constant @convert_constants : memref<2xf32> = dense<1.0>
  // CHECK:       llvm.func @do_not_convert_kernels
  // CHECK:         nvvm.read.ptx.sreg.tid.x : i32
  llvm.func @do_not_convert_kernels() attributes {nvvm.kernel} {
    %t = nvvm.read.ptx.sreg.tid.x : i32
    llvm.return
  }
}
