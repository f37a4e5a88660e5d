// RUN: fovea-opt %s -fovea-lower-product | FileCheck %s

// CHECK-LABEL: func @four_tiles
// CHECK:         %[[SUMS:.*]] = fovea_kernel.scratch : memref<32x32xf32>
// CHECK-COUNT-4: "llvm.x86.tilezero.internal"
// CHECK-NOT:     llvm.x86.t
// CHECK:         scf.for {{.*}} -> (!llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx)
// CHECK-COUNT-4:   "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-4:   "llvm.x86.tdpbf16ps.internal"
// CHECK-NOT:       llvm.x86.t
// CHECK:           scf.yield
// CHECK-COUNT-4: "llvm.x86.tilestored64.internal"
// CHECK-NOT:     llvm.x86.t
// CHECK:         scf.for %[[ROW:[a-z0-9]+]] =
// CHECK:           %[[FIRST:.*]] = vector.load %[[SUMS]][%[[ROW]], %{{.*}}]
// CHECK:           vector.load %[[SUMS]][%[[ROW]], %{{.*}}]
// CHECK:           vector.store %[[FIRST]]
// CHECK-NOT:     fovea_kernel.product
func.func @four_tiles(%a: memref<?x64xbf16>, %b: memref<32x64xbf16>, %c: memref<?x32xf32>,
    %r: index) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 64 : index
  fovea_kernel.product %a, %b row %r depth %k rows 32 vectors 2 lanes 16 by tile finish {
  ^bb0(%row: index, %v: vector<16xf32>, %w: vector<16xf32>):
    vector.store %v, %c[%row, %c0] : memref<?x32xf32>, vector<16xf32>
    fovea_kernel.yield
  } : memref<?x64xbf16>, memref<32x64xbf16>
  return
}

// The second tile has the rows that are left; of a depth that is no whole number of steps, the
// rest of the rows is copied, and followed by zeros.
// CHECK-LABEL: func @parts_of_tiles
// CHECK:         %[[SIXTEEN:.*]] = arith.constant 16 : i16
// CHECK:         llvm.call_intrinsic "llvm.x86.tilezero.internal"(%[[SIXTEEN]], %{{.*}})
// CHECK:         %[[REST:.*]] = arith.constant 4 : i16
// CHECK:         llvm.call_intrinsic "llvm.x86.tilezero.internal"(%[[REST]], %{{.*}})
// CHECK:         scf.for {{.*}} -> (!llvm.x86_amx, !llvm.x86_amx)
// CHECK:           %[[COPY:.*]] = fovea_kernel.scratch : memref<20x64xi8>
// CHECK:           scf.for
// CHECK:             llvm.intr.masked.load
// CHECK:             vector.store %{{.*}}, %[[COPY]]
// CHECK-COUNT-2:   "llvm.x86.tdpbssd.internal"
func.func @parts_of_tiles(%a: memref<?x50xi8>, %b: memref<16x64xi8>, %r: index) {
  %k = arith.constant 50 : index
  fovea_kernel.product %a, %b row %r depth %k rows 20 vectors 1 lanes 16 by tile finish {
  ^bb0(%row: index, %v: vector<16xi32>):
    fovea_kernel.yield
  } : memref<?x50xi8>, memref<16x64xi8>
  return
}

// CHECK-LABEL: func @go_on_from_sums_and_carry
// CHECK:         scf.for %[[ROW:[a-z0-9]+]] =
// CHECK:           vector.store %{{.*}}, %[[SUMS:.*]][%[[ROW]]
// CHECK:         "llvm.x86.tileloadd64.internal"
// CHECK-NOT:     tilezero
// CHECK:         "llvm.x86.tdpbssd.internal"
// CHECK:         %[[MOST:.*]] = scf.for {{.*}} -> (vector<16xi32>)
// CHECK:           arith.maxsi
// CHECK:         return %[[MOST]]
func.func @go_on_from_sums_and_carry(%a: memref<?x64xi8>, %b: memref<16x64xi8>, %r: index,
    %sum: vector<16xi32>) -> vector<16xi32> {
  %k = arith.constant 64 : index
  %0 = fovea_kernel.product %a, %b row %r depth %k rows 8 vectors 1 lanes 16 by tile
      carry(%sum : vector<16xi32>) init {
  ^bb0(%row: index):
    fovea_kernel.yield %sum : vector<16xi32>
  } finish {
  ^bb0(%row: index, %v: vector<16xi32>, %m: vector<16xi32>):
    %next = arith.maxsi %v, %m : vector<16xi32>
    fovea_kernel.yield %next : vector<16xi32>
  } : memref<?x64xi8>, memref<16x64xi8>
  return %0 : vector<16xi32>
}
