// RUN: fovea-opt %s -fovea-collapse-contract | FileCheck %s

#lhs = affine_map<(b, s, n, k) -> (b, s, k)>
#rhs = affine_map<(b, s, n, k) -> (n, k)>
#out = affine_map<(b, s, n, k) -> (b, s, n)>
#rows = affine_map<(b, s, n, k) -> (s, n)>

// CHECK: #[[$L:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK: #[[$R:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK: #[[$O:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>

// CHECK-LABEL: func @tall_product
// CHECK:         tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x?x8xf32>
// CHECK:         fovea.contract
// CHECK-SAME:      indexing_maps = [#[[$L]], #[[$R]], #[[$O]], #[[$O]]]
// CHECK:         } -> tensor<?x6xf32>
// CHECK:         tensor.expand_shape {{.*}} into tensor<?x?x6xf32>
func.func @tall_product(%x: tensor<?x?x8xf32>, %w: tensor<6x8xf32>, %a: tensor<?x?x6xf32>,
    %o: tensor<?x?x6xf32>) -> tensor<?x?x6xf32> {
  %r = fovea.contract ins(%x, %w : tensor<?x?x8xf32>, tensor<6x8xf32>)
      captures(%a : tensor<?x?x6xf32>) outs(%o : tensor<?x?x6xf32>)
      {indexing_maps = [#lhs, #rhs, #out, #out]} epilogue {
    ^bb0(%sum: f32, %add: f32):
      %t = arith.addf %sum, %add : f32
      fovea.yield %t : f32
    } -> tensor<?x?x6xf32>
  return %r : tensor<?x?x6xf32>
}

// CHECK-LABEL: func @merge_reductions
// CHECK:         fovea.contract
// CHECK-SAME:      indexing_maps = [#[[$L]], #[[$R]], #[[$O]]]
func.func @merge_reductions(%x: tensor<5x2x4xf32>, %w: tensor<6x2x4xf32>, %o: tensor<5x6xf32>)
    -> tensor<5x6xf32> {
  %r = fovea.contract ins(%x, %w : tensor<5x2x4xf32>, tensor<6x2x4xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [affine_map<(m, n, h, d) -> (m, h, d)>,
                        affine_map<(m, n, h, d) -> (n, h, d)>,
                        affine_map<(m, n, h, d) -> (m, n)>]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  return %r : tensor<5x6xf32>
}

// CHECK-LABEL: func @do_not_merge_when_a_capture_has_one_dimension
// CHECK-NOT:     tensor.collapse_shape
func.func @do_not_merge_when_a_capture_has_one_dimension(%x: tensor<2x3x8xf32>,
    %w: tensor<6x8xf32>, %a: tensor<3x6xf32>, %o: tensor<2x3x6xf32>) -> tensor<2x3x6xf32> {
  %r = fovea.contract ins(%x, %w : tensor<2x3x8xf32>, tensor<6x8xf32>)
      captures(%a : tensor<3x6xf32>) outs(%o : tensor<2x3x6xf32>)
      {indexing_maps = [#lhs, #rhs, #rows, #out]} epilogue {
    ^bb0(%sum: f32, %add: f32):
      %t = arith.addf %sum, %add : f32
      fovea.yield %t : f32
    } -> tensor<2x3x6xf32>
  return %r : tensor<2x3x6xf32>
}

// CHECK-LABEL: func @do_not_merge_in_another_order
// CHECK-NOT:     tensor.collapse_shape
func.func @do_not_merge_in_another_order(%x: tensor<3x2x8xf32>, %w: tensor<6x8xf32>,
    %o: tensor<2x3x6xf32>) -> tensor<2x3x6xf32> {
  %r = fovea.contract ins(%x, %w : tensor<3x2x8xf32>, tensor<6x8xf32>) outs(%o : tensor<2x3x6xf32>)
      {indexing_maps = [affine_map<(b, s, n, k) -> (s, b, k)>, #rhs, #out]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<2x3x6xf32>
  return %r : tensor<2x3x6xf32>
}

// A convolution reads its input at sums of dimensions.
// CHECK-LABEL: func @do_not_merge_inside_expressions
// CHECK-NOT:     tensor.collapse_shape
func.func @do_not_merge_inside_expressions(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>,
    %o: tensor<1x6x6xf32>) -> tensor<1x6x6xf32> {
  %r = fovea.contract ins(%x, %w : tensor<1x4x8xf32>, tensor<6x4x3xf32>)
      outs(%o : tensor<1x6x6xf32>)
      {indexing_maps = [affine_map<(n, f, t, c, k) -> (n, c, t + k)>,
                        affine_map<(n, f, t, c, k) -> (f, c, k)>,
                        affine_map<(n, f, t, c, k) -> (n, f, t)>]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x6x6xf32>
  return %r : tensor<1x6x6xf32>
}

// CHECK-LABEL: func @do_not_merge_when_slice_rows_lie_apart
// CHECK-NOT:     tensor.collapse_shape
func.func @do_not_merge_when_slice_rows_lie_apart(%h: tensor<5x8xf32>, %w: tensor<3x4x8xf32>,
    %o: tensor<5x2x4xf32>) -> tensor<5x2x4xf32> {
  %s = tensor.extract_slice %w[0, 0, 0] [2, 4, 8] [2, 1, 1]
    : tensor<3x4x8xf32> to tensor<2x4x8xf32>
  %r = fovea.contract ins(%h, %s : tensor<5x8xf32>, tensor<2x4x8xf32>) outs(%o : tensor<5x2x4xf32>)
      {indexing_maps = [affine_map<(b, g, h, k) -> (b, k)>, affine_map<(b, g, h, k) -> (g, h, k)>,
                        affine_map<(b, g, h, k) -> (b, g, h)>]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x2x4xf32>
  return %r : tensor<5x2x4xf32>
}
