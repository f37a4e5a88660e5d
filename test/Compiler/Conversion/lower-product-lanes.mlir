// RUN: fovea-opt %s -fovea-lower-product=lane-operands=true | FileCheck %s

// A row's vector serves four steps of the depth.
// CHECK-LABEL: func @lanes_along_the_depth
// CHECK:         scf.for
// CHECK-COUNT-4:   vector.load %{{.*}} : memref<?x4xf32>, vector<4xf32>
// CHECK:           %[[ROW:.*]] = vector.load %{{.*}} : memref<?x?xf32>, vector<4xf32>
// CHECK:           %[[FIRST:.*]] = vector.extract %[[ROW]][0]
// CHECK:           vector.broadcast %[[FIRST]] : f32 to vector<4xf32>
// CHECK:           vector.extract %[[ROW]][3]
// CHECK:           scf.yield
// CHECK:         scf.for
// CHECK:           memref.load
// CHECK:           scf.yield
func.func @lanes_along_the_depth(%a: memref<?x?xf32>, %b: memref<?x4xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 4 finish {
  ^bb0(%row: index, %v: vector<4xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x4xf32>
  return
}

// Four rows at a step, and the fifth by itself.
// CHECK-LABEL: func @lanes_along_the_rows
// CHECK:         scf.for
// CHECK:           %[[TURNED:.*]] = memref.transpose
// CHECK:           %[[HALF:.*]] = vector.load %[[TURNED]]{{.*}} vector<4xf16>
// CHECK:           %[[ROWS:.*]] = arith.extf %[[HALF]] : vector<4xf16> to vector<4xf32>
// CHECK:           vector.extract %[[ROWS]][0]
// CHECK:           vector.extract %[[ROWS]][3]
// CHECK:           memref.load
// CHECK:           vector.load %{{.*}} : memref<?x4xf32>, vector<4xf32>
func.func @lanes_along_the_rows(%a: memref<?x?xf16, strided<[1, ?]>>, %b: memref<?x4xf32>,
    %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 5 vectors 1 lanes 4 finish {
  ^bb0(%row: index, %v: vector<4xf32>):
    fovea_kernel.yield
  } : memref<?x?xf16, strided<[1, ?]>>, memref<?x4xf32>
  return
}

// CHECK-LABEL: func @do_not_load_lanes_where_rows_and_depth_are_apart
// CHECK-NOT:     vector.extract
// CHECK:         return
func.func @do_not_load_lanes_where_rows_and_depth_are_apart(
    %a: memref<?x?xf32, strided<[?, ?]>>, %b: memref<?x4xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 4 vectors 1 lanes 4 finish {
  ^bb0(%row: index, %v: vector<4xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32, strided<[?, ?]>>, memref<?x4xf32>
  return
}

// CHECK-LABEL: func @do_not_load_lanes_along_the_depth_when_registers_are_few
// CHECK-NOT:     vector.extract
// CHECK:         return
func.func @do_not_load_lanes_along_the_depth_when_registers_are_few(%a: memref<?x?xf32>,
    %b: memref<?x12xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 8 vectors 3 lanes 4 finish {
  ^bb0(%row: index, %u: vector<4xf32>, %v: vector<4xf32>, %w: vector<4xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x12xf32>
  return
}
