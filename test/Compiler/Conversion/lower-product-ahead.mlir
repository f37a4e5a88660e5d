// RUN: fovea-opt %s -fovea-lower-product -canonicalize | FileCheck %s

// Eight steps ask for one row of the first matrix, which each turn of four does once, and two steps
// for one of the second.
// CHECK-LABEL: func @steps_ask_for_the_same
// CHECK-SAME:    %[[ONE:[a-z0-9]+]]: memref<2x8x16xf32, strided<[64, 0, 1]>>,
// CHECK-SAME:    %[[TWO:[a-z0-9]+]]: memref<8x2x16xf32, strided<[64, 0, 1]>>
// CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG:     %[[C8:.*]] = arith.constant 8 : index
// CHECK:         scf.for %[[K:[a-z0-9]+]] =
// CHECK:           %[[ROW:.*]] = arith.divui %[[K]], %[[C8]]
// CHECK:           memref.prefetch %[[ONE]][%[[ROW]], %c0, %c0], read
// CHECK:           %[[FIRST:.*]] = arith.divui %[[K]], %[[C2]]
// CHECK:           memref.prefetch %[[TWO]][%[[FIRST]], %c0, %c0], read
// CHECK-NOT:       memref.prefetch
// CHECK:           %[[THIRD:.*]] = arith.addi %[[K]], %[[C2]]
// CHECK:           %[[SECOND:.*]] = arith.divui %[[THIRD]], %[[C2]]
// CHECK:           memref.prefetch %[[TWO]][%[[SECOND]], %c0, %c0], read
// CHECK-NOT:       memref.prefetch
// CHECK:           scf.yield
func.func @steps_ask_for_the_same(%one: memref<2x8x16xf32, strided<[64, 0, 1]>>,
    %two: memref<8x2x16xf32, strided<[64, 0, 1]>>, %a: memref<?x?xf32>, %b: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 16 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 8
      ahead(%one, %two : memref<2x8x16xf32, strided<[64, 0, 1]>>,
            memref<8x2x16xf32, strided<[64, 0, 1]>>) finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<16x8xf32>
  return
}
