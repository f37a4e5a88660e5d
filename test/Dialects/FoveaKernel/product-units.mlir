// RUN: fovea-opt %s | fovea-opt | FileCheck %s

// CHECK-LABEL: func @dots_of_bf16
// CHECK:         fovea_kernel.product
// CHECK-SAME:      rows 2 vectors 1 lanes 16 by dot finish {
// CHECK:         } : memref<?x?xbf16, strided<[?, 1]>>, memref<4x32xbf16>
func.func @dots_of_bf16(%a: memref<?x?xbf16, strided<[?, 1]>>, %b: memref<4x32xbf16>,
    %k: index) {
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<?x?xbf16, strided<[?, 1]>>, memref<4x32xbf16>
  return
}

// CHECK-LABEL: func @dots_of_unsigned_bytes
// CHECK:         fovea_kernel.product
// CHECK-SAME:      lanes 16 by dot unsigned carry(%{{.*}} : vector<16xi32>) finish {
// CHECK:           fovea_kernel.yield %{{.*}} : vector<16xi32>
func.func @dots_of_unsigned_bytes(%a: memref<4x8xi8>, %b: memref<2x64xi8>, %k: index,
    %most: vector<16xi32>) -> vector<16xi32> {
  %0 = fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 16 by dot unsigned
      carry(%most : vector<16xi32>) finish {
  ^bb0(%row: index, %v: vector<16xi32>, %m: vector<16xi32>):
    %next = arith.maxsi %v, %m : vector<16xi32>
    fovea_kernel.yield %next : vector<16xi32>
  } : memref<4x8xi8>, memref<2x64xi8>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @tiles_of_signed_bytes
// CHECK:         fovea_kernel.product
// CHECK-SAME:      rows 32 vectors 2 lanes 16 by tile init {
// CHECK:           fovea_kernel.yield %{{.*}}, %{{.*}} : vector<16xi32>, vector<16xi32>
// CHECK:         } finish {
func.func @tiles_of_signed_bytes(%a: memref<32x64xi8>, %b: memref<16x128xi8>, %k: index,
    %sum: vector<16xi32>) {
  fovea_kernel.product %a, %b row %k depth %k rows 32 vectors 2 lanes 16 by tile init {
  ^bb0(%row: index):
    fovea_kernel.yield %sum, %sum : vector<16xi32>, vector<16xi32>
  } finish {
  ^bb0(%row: index, %v: vector<16xi32>, %w: vector<16xi32>):
    fovea_kernel.yield
  } : memref<32x64xi8>, memref<16x128xi8>
  return
}
