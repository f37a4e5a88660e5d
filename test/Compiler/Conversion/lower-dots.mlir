// RUN: fovea-opt %s -split-input-file -fovea-lower-product -verify-diagnostics | FileCheck %s

// A word of each row goes to all lanes; of an odd depth the last word is made of single elements.
// CHECK-LABEL: func @words_of_rows
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<?x?xbf16, strided<[?, 1]>>
// CHECK:         scf.for %[[I:[a-z0-9]+]] =
// CHECK:           %[[PANEL:.*]] = vector.load %{{.*}}[%[[I]], %{{.*}}] : memref<?x32xbf16>
// CHECK:           %[[WORD:.*]] = vector.load %[[A]]{{.*}} : {{.*}}, vector<2xbf16>
// CHECK:           vector.bitcast %[[WORD]] : vector<2xbf16> to vector<1xi32>
// CHECK:           vector.broadcast %{{.*}} : i32 to vector<16xi32>
// CHECK:           llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"({{.*}}, %[[PANEL]])
// CHECK:         scf.for
// CHECK:         scf.for
// CHECK:           scf.for %{{.*}} iter_args(%[[BITS:.*]] = %{{.*}}) -> (i32)
// CHECK:             memref.load %[[A]]
// CHECK:             arith.ori %[[BITS]]
// CHECK-NOT:     fovea_kernel.product
func.func @words_of_rows(%a: memref<?x?xbf16, strided<[?, 1]>>, %b: memref<?x32xbf16>,
    %c: memref<?x16xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 16 by dot finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    vector.store %v, %c[%row, %c0] : memref<?x16xf32>, vector<16xf32>
    fovea_kernel.yield
  } : memref<?x?xbf16, strided<[?, 1]>>, memref<?x32xbf16>
  return
}

// -----

// CHECK-LABEL: func @whole_words_of_a_known_depth
// CHECK:         scf.for
// CHECK-COUNT-8:   "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT:     llvm.x86
// CHECK:         return
func.func @whole_words_of_a_known_depth(%a: memref<2x32xi8>, %b: memref<8x64xi8>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 32 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 16 by dot unsigned finish {
  ^bb0(%row: index, %v: vector<16xi32>):
    fovea_kernel.yield
  } : memref<2x32xi8>, memref<8x64xi8>
  return
}

// -----

// CHECK-LABEL: func @signed_bytes_of_8_lanes
// CHECK:         "llvm.x86.avx2.vpdpbssd.256"
func.func @signed_bytes_of_8_lanes(%a: memref<2x4xi8>, %b: memref<1x32xi8>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 4 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 8 by dot finish {
  ^bb0(%row: index, %v: vector<8xi32>):
    fovea_kernel.yield
  } : memref<2x4xi8>, memref<1x32xi8>
  return
}

// -----

func.func @no_dots_of_4_lanes(%a: memref<2x4xi8>, %b: memref<1x16xi8>, %k: index) {
  // expected-error @+1 {{elements for which there are dot instructions of 4 lanes, got 'i8'}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 4 by dot finish {
  ^bb0(%row: index, %v: vector<4xi32>):
    fovea_kernel.yield
  } : memref<2x4xi8>, memref<1x16xi8>
  return
}

// -----

func.func @no_dots_of_unsigned_bytes_of_8_lanes(%a: memref<2x4xi8>, %b: memref<1x32xi8>,
    %k: index) {
  // expected-error @+1 {{dot instructions of 8 lanes, got unsigned 'i8'}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 by dot unsigned finish {
  ^bb0(%row: index, %v: vector<8xi32>):
    fovea_kernel.yield
  } : memref<2x4xi8>, memref<1x32xi8>
  return
}

// -----

func.func @no_dots_of_bf16_of_8_lanes(%a: memref<2x4xbf16>, %b: memref<2x16xbf16>, %k: index) {
  // expected-error @+1 {{dot instructions of 8 lanes, got 'bf16'}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 by dot finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<2x4xbf16>, memref<2x16xbf16>
  return
}

// -----

func.func @no_tiles_of_unsigned_bytes(%a: memref<2x4xi8>, %b: memref<16x64xi8>, %k: index) {
  // expected-error @+1 {{expected signed rows, as tiles have them}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by tile unsigned finish {
  ^bb0(%row: index, %v: vector<16xi32>):
    fovea_kernel.yield
  } : memref<2x4xi8>, memref<16x64xi8>
  return
}
