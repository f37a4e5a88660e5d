// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @rows_c1_one(%n: index, %a: memref<?x8xf32>) {
  // expected-error@+1 {{rows_c1: expected at least two computations, got 1}}
  fovea_kernel.rows %n {
    memref.copy %a, %a : memref<?x8xf32> to memref<?x8xf32>
  }
  return
}

// -----

func.func @rows_c1_values(%n: index, %a: memref<?x8xf32>) {
  // expected-error@+1 {{rows_c1: expected computations that give no values, got arith.constant}}
  fovea_kernel.rows %n {
    memref.copy %a, %a : memref<?x8xf32> to memref<?x8xf32>
    %c0 = arith.constant 0 : index
  }
  return
}
