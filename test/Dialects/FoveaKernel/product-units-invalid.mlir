// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @product_c6_elements(%a: memref<4x8xf16>, %b: memref<4x32xf16>, %k: index) {
  // expected-error @+1 {{product_c6: expected a panel and a lhs of bf16 or i8}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<4x8xf16>, memref<4x32xf16>
  return
}

// -----

func.func @product_c6_same_elements(%a: memref<4x8xf32>, %b: memref<4x32xbf16>, %k: index) {
  // expected-error @+1 {{product_c6: expected a panel and a lhs of bf16 or i8}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by tile finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<4x8xf32>, memref<4x32xbf16>
  return
}

// -----

func.func @product_c6_width(%a: memref<4x8xi8>, %b: memref<2x32xi8>, %k: index) {
  // expected-error @+1 {{product_c6: expected a panel and a lhs of bf16 or i8 with contiguous}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by tile finish {
  ^bb0(%row: index, %v: vector<16xi32>):
    fovea_kernel.yield
  } : memref<4x8xi8>, memref<2x32xi8>
  return
}

// -----

func.func @product_c6_contiguous(%a: memref<4x8xbf16, strided<[1, 4]>>, %b: memref<4x32xbf16>,
    %k: index) {
  // expected-error @+1 {{product_c6: expected a panel and a lhs of bf16 or i8 with contiguous}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<4x8xbf16, strided<[1, 4]>>, memref<4x32xbf16>
  return
}

// -----

func.func @product_c2_dots(%a: memref<4x8xbf16>, %b: memref<4x32xbf16>, %k: index) {
  // expected-error @+1 {{product_c2: expected at least one row, vector and lane and at most 30}}
  fovea_kernel.product %a, %b row %k depth %k rows 31 vectors 1 lanes 16 by dot finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<4x8xbf16>, memref<4x32xbf16>
  return
}

// -----

func.func @product_c7_rows(%a: memref<64x32xbf16>, %b: memref<16x32xbf16>, %k: index) {
  // expected-error @+1 {{product_c7: expected at most 32 rows of 2 vectors of 16 lanes, got 33}}
  fovea_kernel.product %a, %b row %k depth %k rows 33 vectors 1 lanes 16 by tile finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<64x32xbf16>, memref<16x32xbf16>
  return
}

// -----

func.func @product_c7_lanes(%a: memref<4x32xbf16>, %b: memref<16x16xbf16>, %k: index) {
  // expected-error @+1 {{product_c7: expected at most 32 rows of 2 vectors of 16 lanes, got 4}}
  fovea_kernel.product %a, %b row %k depth %k rows 4 vectors 1 lanes 8 by tile finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<4x32xbf16>, memref<16x16xbf16>
  return
}

// -----

func.func @product_c8_bf16(%a: memref<4x8xbf16>, %b: memref<4x32xbf16>, %k: index) {
  // expected-error @+1 {{product_c8: expected unsigned rows only of i8}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot unsigned finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<4x8xbf16>, memref<4x32xbf16>
  return
}

// -----

func.func @product_c8_signed_dots(%a: memref<4x8xi8>, %b: memref<2x64xi8>, %k: index) {
  // expected-error @+1 {{product_c8: expected unsigned rows only of i8, and of these by dots}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot finish {
  ^bb0(%row: index, %v: vector<16xi32>):
    fovea_kernel.yield
  } : memref<4x8xi8>, memref<2x64xi8>
  return
}

// -----

func.func @product_c9_dots(%a: memref<4x8xbf16>, %b: memref<4x32xbf16>, %k: index) {
  // expected-error @+1 {{product_c9: expected 1 to 4 chains}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot chains 2 finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<4x8xbf16>, memref<4x32xbf16>
  return
}

// -----

func.func @product_c9_sums(%a: memref<?x?xf32>, %b: memref<?x64xf32>, %k: index) {
  // expected-error @+1 {{product_c9: expected 1 to 4 chains with at most 30 sums}}
  fovea_kernel.product %a, %b row %k depth %k rows 4 vectors 4 lanes 16 chains 2 finish {
  ^bb0(%row: index, %v0: vector<16xf32>, %v1: vector<16xf32>, %v2: vector<16xf32>,
       %v3: vector<16xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x64xf32>
  return
}
