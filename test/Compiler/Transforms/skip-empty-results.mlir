// RUN: fovea-opt %s -fovea-skip-empty-results | FileCheck %s

// CHECK-LABEL: func @rotary_positions_of_no_step
// CHECK-NEXT:    %[[E:.*]] = tensor.empty() : tensor<2x3x0x16xf32>
// CHECK-NEXT:    return %[[E]]
func.func @rotary_positions_of_no_step(%x: tensor<2x3x0x16xf32>, %c: tensor<2x0x4xf32>)
    -> tensor<2x3x0x16xf32> {
  %y = fovea.rope %x, %c, %c {rotary_dim = 8 : i64}
      : tensor<2x3x0x16xf32>, tensor<2x0x4xf32>, tensor<2x0x4xf32>
  return %y : tensor<2x3x0x16xf32>
}

// CHECK-LABEL: func @keep_sizes_that_the_run_knows
// CHECK-SAME:    %[[X:.*]]: tensor<?x0xf32>
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK-NEXT:    tensor.empty(%[[N]]) : tensor<?x0xf32>
func.func @keep_sizes_that_the_run_knows(%x: tensor<?x0xf32>) -> tensor<?x0xf32> {
  %y = math.exp %x : tensor<?x0xf32>
  return %y : tensor<?x0xf32>
}

// CHECK-LABEL: func @insert_nothing
// CHECK-NEXT:    return
func.func @insert_nothing(%x: tensor<0x4xf32>, %y: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %r = tensor.insert_slice %x into %y[1, 0] [0, 4] [1, 1] : tensor<0x4xf32> into tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// A sum over nothing is 0, not nothing.
// CHECK-LABEL: func @do_not_skip_a_sum_over_nothing
// CHECK:         fovea.contract
func.func @do_not_skip_a_sum_over_nothing(%a: tensor<4x0xf32>, %b: tensor<0x6xf32>,
    %o: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = fovea.contract ins(%a, %b : tensor<4x0xf32>, tensor<0x6xf32>) outs(%o : tensor<4x6xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}

// CHECK-LABEL: func @do_not_insert_empty_parts
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<3x4xf32>
// CHECK-NEXT:    return %[[A]]
func.func @do_not_insert_empty_parts(%a: tensor<3x4xf32>, %b: tensor<0x4xf32>) -> tensor<3x4xf32> {
  %c = tensor.concat dim(0) %a, %b : (tensor<3x4xf32>, tensor<0x4xf32>) -> tensor<3x4xf32>
  return %c : tensor<3x4xf32>
}

// The last part would be inserted behind the end.
// CHECK-LABEL: func @join_without_empty_parts
// CHECK:         tensor.concat dim(0) %{{.*}}, %{{.*}} : (tensor<3x4xf32>, tensor<2x4xf32>)
func.func @join_without_empty_parts(%a: tensor<3x4xf32>, %b: tensor<2x4xf32>, %c: tensor<0x4xf32>)
    -> tensor<5x4xf32> {
  %r = tensor.concat dim(0) %a, %b, %c
      : (tensor<3x4xf32>, tensor<2x4xf32>, tensor<0x4xf32>) -> tensor<5x4xf32>
  return %r : tensor<5x4xf32>
}

// CHECK-LABEL: func @forget_views_of_empty_tensors
// CHECK-NOT:     tensor.expand_shape
// CHECK:         %[[E:.*]] = tensor.empty() : tensor<2x0x4xf32>
// CHECK:         return %[[E]]
func.func @forget_views_of_empty_tensors(%a: tensor<0x4xf32>) -> tensor<2x0x4xf32> {
  %r = tensor.expand_shape %a [[0, 1], [2]] output_shape [2, 0, 4]
      : tensor<0x4xf32> into tensor<2x0x4xf32>
  return %r : tensor<2x0x4xf32>
}
