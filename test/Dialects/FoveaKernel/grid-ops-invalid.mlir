// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @rebase_c1_offset(%row: memref<8xf32, strided<[1], offset: ?>>) {
  // expected-error @+1 {{rebase_c1: expected a result of the source's type from offset 0 on}}
  %a = fovea_kernel.rebase %row
      : memref<8xf32, strided<[1], offset: ?>> -> memref<8xf32, strided<[1], offset: 4>>
  return
}

// -----

func.func @rebase_c1_strides(%row: memref<8xf32, strided<[2], offset: ?>>) {
  // expected-error @+1 {{rebase_c1: expected a result of the source's type from offset 0 on}}
  %a = fovea_kernel.rebase %row
      : memref<8xf32, strided<[2], offset: ?>> -> memref<8xf32, strided<[1]>>
  return
}

// -----

func.func @keep_c1(%w: memref<8xf32>) {
  // expected-error @+1 {{keep_c1: expected to stand in the body of a grid}}
  fovea_kernel.keep from(%w : memref<8xf32>) {
  }
  return
}
