// RUN: fovea-opt %s \
// RUN:   -pass-pipeline='builtin.module(func.func(fovea-channels-last),canonicalize)' \
// RUN:   | FileCheck %s

#window = affine_map<(b, n, p, c, t) -> (b, c, p * 2 + t)>
#holes = affine_map<(b, n, p, c, t) -> (b, c, p + t * 2)>
#filter = affine_map<(b, n, p, c, t) -> (n, c, t)>
#result = affine_map<(b, n, p, c, t) -> (b, n, p)>
#turned = affine_map<(b, n, p, c, t) -> (b, p, n)>
#bias = affine_map<(b, n, p, c, t) -> (n)>

#place = affine_map<(b, n, p, c) -> (b, c, p)>
#rows = affine_map<(b, n, p, c) -> (n, c)>
#places = affine_map<(b, n, p, c) -> (b, n, p)>
#product = affine_map<(b, n, p, c) -> (b, p, n)>
#lhs = affine_map<(b, n, p, c) -> (b, p, c)>

module {
fovea.weight @w from "m" : tensor<32x5x3xf32>
fovea.weight @thin from "m" : tensor<8x5x3xf32>
fovea.weight @flat from "m" : tensor<32x5xf32>
fovea.weight @bias from "m" : tensor<32xf32>

// CHECK-DAG: #[[$X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * 10 + d3)>
// CHECK-DAG: #[[$W:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[$B:.*]] = affine_map<(d0, d1, d2, d3) -> (d2)>
// CHECK-DAG: #[[$Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$P:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>

// Windows of two places' distance and three taps over five channels: 15 elements in one run, 10
// apart.
// CHECK-LABEL: func @convolution
// CHECK-SAME:    %[[IN:.*]]: tensor<?x5x?xf32>
// CHECK:         %[[LAST:.*]] = linalg.transpose ins(%[[IN]] : {{.*}}permutation = [0, 2, 1]
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[LAST]] {{\[\[}}0], [1, 2]]
// CHECK:         linalg.transpose ins({{.*}} : tensor<32x5x3xf32>) {{.*}} permutation = [0, 2, 1]
// CHECK:         %[[FILTER:.*]] = tensor.collapse_shape {{.*}} into tensor<32x15xf32>
// CHECK:         %[[SUM:.*]] = fovea.contract ins(%[[FLAT]], %[[FILTER]] :
// CHECK-SAME:      indexing_maps = [#[[$X]], #[[$W]], #[[$B]], #[[$Y]]]
// CHECK:         } -> tensor<?x?x32xf32>
// CHECK:         linalg.transpose ins(%[[SUM]] : {{.*}} permutation = [0, 2, 1]
func.func @convolution(%x: tensor<?x5x?xf32>, %o: tensor<?x32x?xf32>) -> tensor<?x32x?xf32> {
  %w = fovea.get_weight @w : tensor<32x5x3xf32>
  %b = fovea.get_weight @bias : tensor<32xf32>
  %r = fovea.contract ins(%x, %w : tensor<?x5x?xf32>, tensor<32x5x3xf32>)
      captures(%b : tensor<32xf32>) outs(%o : tensor<?x32x?xf32>)
      {indexing_maps = [#window, #filter, #bias, #result]} epilogue {
    ^bb0(%sum: f32, %add: f32):
      %t = arith.addf %sum, %add : f32
      fovea.yield %t : f32
    } -> tensor<?x32x?xf32>
  return %r : tensor<?x32x?xf32>
}

// The result has its channels last already: only the input and the weight are transposed.
// CHECK-LABEL: func @channels_are_last
// CHECK:         fovea.contract
// CHECK-SAME:      indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]]
// CHECK:         } -> tensor<?x?x32xf32>
// CHECK-NOT:     linalg.transpose
// CHECK:         return
func.func @channels_are_last(%x: tensor<?x5x?xf32>, %o: tensor<?x?x32xf32>) -> tensor<?x?x32xf32> {
  %w = fovea.get_weight @w : tensor<32x5x3xf32>
  %r = fovea.contract ins(%x, %w : tensor<?x5x?xf32>, tensor<32x5x3xf32>)
      outs(%o : tensor<?x?x32xf32>)
      {indexing_maps = [#window, #filter, #turned]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<?x?x32xf32>
  return %r : tensor<?x?x32xf32>
}

// CHECK-LABEL: func @windows_of_one_place
// CHECK:         fovea.contract
// CHECK-SAME:      indexing_maps = [#[[$P]], #[[$W]], #[[$Y]]]
// CHECK:         } -> tensor<1x4x32xf32>
func.func @windows_of_one_place(%x: tensor<1x5x4xf32>, %o: tensor<1x32x4xf32>)
    -> tensor<1x32x4xf32> {
  %w = fovea.get_weight @flat : tensor<32x5xf32>
  %r = fovea.contract ins(%x, %w : tensor<1x5x4xf32>, tensor<32x5xf32>)
      outs(%o : tensor<1x32x4xf32>) {indexing_maps = [#place, #rows, #places]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x32x4xf32>
  return %r : tensor<1x32x4xf32>
}

// A matrix product is none of its business.
// CHECK-LABEL: func @product
// CHECK-NOT:     linalg.transpose
// CHECK:         return
func.func @product(%x: tensor<1x4x5xf32>, %o: tensor<1x4x32xf32>) -> tensor<1x4x32xf32> {
  %w = fovea.get_weight @flat : tensor<32x5xf32>
  %r = fovea.contract ins(%x, %w : tensor<1x4x5xf32>, tensor<32x5xf32>)
      outs(%o : tensor<1x4x32xf32>) {indexing_maps = [#lhs, #rows, #product]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x4x32xf32>
  return %r : tensor<1x4x32xf32>
}

// Few channels, windows with holes, places that fill the vectors better, a weight that only the
// run knows.
// CHECK-LABEL: func @refused
// CHECK-NOT:     linalg.transpose
// CHECK:         return
func.func @refused(%x: tensor<1x5x35xf32>, %wide: tensor<1x5x99xf32>, %v: tensor<17x5x3xf32>,
    %o8: tensor<1x8x4xf32>, %o32: tensor<1x32x4xf32>, %o17: tensor<1x17x48xf32>)
    -> (tensor<1x8x4xf32>, tensor<1x32x4xf32>, tensor<1x17x48xf32>, tensor<1x17x48xf32>) {
  %thin = fovea.get_weight @thin : tensor<8x5x3xf32>
  %w = fovea.get_weight @w : tensor<32x5x3xf32>
  %odd = fovea.get_weight @odd : tensor<17x5x3xf32>
  %r0 = fovea.contract ins(%x, %thin : tensor<1x5x35xf32>, tensor<8x5x3xf32>)
      outs(%o8 : tensor<1x8x4xf32>) {indexing_maps = [#window, #filter, #result]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x8x4xf32>
  %r1 = fovea.contract ins(%x, %w : tensor<1x5x35xf32>, tensor<32x5x3xf32>)
      outs(%o32 : tensor<1x32x4xf32>) {indexing_maps = [#holes, #filter, #result]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x32x4xf32>
  %r2 = fovea.contract ins(%wide, %odd : tensor<1x5x99xf32>, tensor<17x5x3xf32>)
      outs(%o17 : tensor<1x17x48xf32>) {indexing_maps = [#window, #filter, #result]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x17x48xf32>
  %r3 = fovea.contract ins(%wide, %v : tensor<1x5x99xf32>, tensor<17x5x3xf32>)
      outs(%o17 : tensor<1x17x48xf32>) {indexing_maps = [#window, #filter, #result]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<1x17x48xf32>
  return %r0, %r1, %r2, %r3
      : tensor<1x8x4xf32>, tensor<1x32x4xf32>, tensor<1x17x48xf32>, tensor<1x17x48xf32>
}
fovea.weight @odd from "m" : tensor<17x5x3xf32>
}
