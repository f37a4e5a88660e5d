// RUN: fovea-opt %s -fovea-require-extents | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#t = affine_map<(b, h, i, j, d, e) -> ()>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#bj = affine_map<(b, h, i, j, d, e) -> (b, j)>
!t = tensor<1x2x5x8xf32>

// CHECK-LABEL: func @do_not_check_positions_that_fit
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_check_positions_that_fit(%x: !t, %table: tensor<9xf32>, %o: !t) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) captures(%table : tensor<9xf32>) outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #t, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %all: tensor<9xf32>):
        %four = arith.constant 4 : index
        %far = arith.subi %j, %i : index
        %place = arith.addi %far, %four : index
        %bias = fovea.capture_load %all[%place] : tensor<9xf32> -> f32
        %sum = arith.addf %s, %bias : f32
        fovea.yield %sum : f32
      } -> !t
  return %r : !t
}

// CHECK-LABEL: func @positions_behind_the_table
// CHECK-DAG:     %[[MOST:.*]] = arith.constant 4
// CHECK-DAG:     %[[SIZE:.*]] = arith.constant 3
// CHECK:         arith.cmpi slt, %[[MOST]], %[[SIZE]]
// CHECK:         fovea.require {{.*}} fault index node "fovea.attention
// CHECK:         fovea.attention
func.func @positions_behind_the_table(%x: !t, %table: tensor<3xf32>, %o: !t) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) captures(%table : tensor<3xf32>) outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #t, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %all: tensor<3xf32>):
        %bias = fovea.capture_load %all[%j] : tensor<3xf32> -> f32
        %sum = arith.addf %s, %bias : f32
        fovea.yield %sum : f32
      } -> !t
  return %r : !t
}

// Smallest and largest over b and j alone, which the index depends on.
// CHECK-LABEL: func @index_from_data
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]
// CHECK:           arith.minsi
// CHECK:           arith.maxsi
// CHECK-NOT:     linalg.generic
// CHECK:         fovea.require {{.*}} fault index node "fovea.attention
// CHECK:         fovea.attention
func.func @index_from_data(%x: !t, %kind: tensor<1x5xi32>, %table: tensor<9xf32>, %o: !t) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t)
      captures(%kind, %table : tensor<1x5xi32>, tensor<9xf32>) outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #bj, #t, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %n: i32, %all: tensor<9xf32>):
        %place = arith.index_cast %n : i32 to index
        %bias = fovea.capture_load %all[%place] : tensor<9xf32> -> f32
        %sum = arith.addf %s, %bias : f32
        fovea.yield %sum : f32
      } -> !t
  return %r : !t
}

// CHECK-LABEL: func @do_not_check_data_that_is_clamped
// CHECK-NOT:     linalg.generic
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_check_data_that_is_clamped(%x: !t, %kind: tensor<1x5xi32>,
    %table: tensor<9xf32>, %o: !t) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t)
      captures(%kind, %table : tensor<1x5xi32>, tensor<9xf32>) outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #bj, #t, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %n: i32, %all: tensor<9xf32>):
        %zero = arith.constant 0 : i32
        %eight = arith.constant 8 : i32
        %low = arith.maxsi %n, %zero : i32
        %near = arith.minsi %low, %eight : i32
        %place = arith.index_cast %near : i32 to index
        %bias = fovea.capture_load %all[%place] : tensor<9xf32> -> f32
        %sum = arith.addf %s, %bias : f32
        fovea.yield %sum : f32
      } -> !t
  return %r : !t
}
