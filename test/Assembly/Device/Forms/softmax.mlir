// The softmax of rows by its form. Whole programs have none: softmax outside attention is taken
// apart before kernels are formed.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK: .visible .entry softmax(

func.func @softmax(%x: memref<?x?xf32>, %y: memref<?x?xf32>) attributes {fovea_kernel.kernel} {
  linalg.softmax dimension(1) ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}
