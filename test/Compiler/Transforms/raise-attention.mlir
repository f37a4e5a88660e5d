// RUN: fovea-opt %s -fovea-raise-attention --split-input-file | FileCheck %s

#q = affine_map<(n, i, j, d) -> (n, i, d)>
#k = affine_map<(n, i, j, d) -> (n, j, d)>
#s = affine_map<(n, i, j, d) -> (n, i, j)>
#id = affine_map<(n, i, j) -> (n, i, j)>
#key = affine_map<(n, i, j) -> (n, j)>
#two = {indexing_maps = [#id, #key, #id], iterator_types = ["parallel", "parallel", "parallel"]}
!x = tensor<?x?x8xf32>
!s = tensor<?x?x?xf32>

// CHECK-DAG: #[[$Q:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$KEEP:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d3)>

// The division is the scale, the selection the mask; the bias stays in the score.
// CHECK-LABEL: func @scale_bias_and_mask
// CHECK-SAME:    %{{.*}}, %{{.*}}, %{{.*}}, %[[B:.*]]: tensor<?x?xf32>, %[[M:.*]]: tensor<?x?xi1>
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%[[B]], %[[M]] : tensor<?x?xf32>, tensor<?x?xi1>)
// CHECK-SAME:      indexing_maps = [#[[$Q]], #{{.*}}, #{{.*}}, #[[$KEEP]], #[[$KEEP]], #{{.*}}]
// CHECK-SAME:      scale = 2.500000e-01
// CHECK-SAME:      score {
// CHECK-NEXT:      ^bb0(%[[SCORE:.*]]: f32, %{{.*}}, %[[BIAS:.*]]: f32, %{{.*}}: i1):
// CHECK-NEXT:        %[[SUM:.*]] = arith.addf %[[SCORE]], %[[BIAS]]
// CHECK-NEXT:        fovea.yield %[[SUM]]
// CHECK:           mask {
// CHECK-NEXT:      ^bb0(%{{.*}}, %[[KEEP:.*]]: i1):
// CHECK-NEXT:        fovea.yield %[[KEEP]]
// CHECK-NOT:     linalg.softmax
// CHECK-NOT:     fovea.contract
func.func @scale_bias_and_mask(%q: !x, %k: !x, %v: !x, %b: tensor<?x?xf32>, %m: tensor<?x?xi1>,
    %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %k : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %t = linalg.generic #two ins(%s, %b : !s, tensor<?x?xf32>) outs(%os : !s) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %four = arith.constant 4.0 : f32
      %u = arith.divf %x, %four : f32
      %w = arith.addf %u, %y : f32
      linalg.yield %w : f32
    } -> !s
  %w = linalg.generic #two ins(%t, %m : !s, tensor<?x?xi1>) outs(%os : !s) {
    ^bb0(%x: f32, %y: i1, %z: f32):
      %inf = arith.constant 0xFF800000 : f32
      %u = arith.select %y, %x, %inf : f32
      linalg.yield %u : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%w : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x)
      {indexing_maps = [#s, affine_map<(n, i, j, e) -> (n, j, e)>,
                        affine_map<(n, i, j, e) -> (n, i, e)>]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}

// -----

#id = affine_map<(b, h, i, d) -> (b, h, i, d)>
#swap = affine_map<(b, h, i, d) -> (b, i, h, d)>
#s = affine_map<(b, h, i, j, d) -> (b, h, i, j)>
#i = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
#j = affine_map<(b, h, i, j, d) -> (b, h, j, d)>
#copy = {indexing_maps = [#swap, #id],
         iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
!s = tensor<2x6x5x7xf32>

// Transposes and repeats of heads are indexing maps; the result is written where it is needed.
// CHECK-DAG: #[[$Q:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d2, d1, d4)>
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 floordiv 3, d3, d4)>
// CHECK-DAG: #[[$O:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d2, d1, d5)>

// CHECK-LABEL: func @shared_heads_and_layouts
// CHECK-SAME:    %[[X:.*]]: tensor<2x5x6x8xf32>, %[[C:.*]]: tensor<2x2x7x8xf32>
// CHECK-NOT:     linalg.generic
// CHECK:         fovea.attention ins(%[[X]], %[[C]], %[[C]]
// CHECK-SAME:      indexing_maps = [#[[$Q]], #[[$K]], #{{.*}}, #[[$O]]]
// CHECK-SAME:      -> tensor<2x5x6x8xf32>
// CHECK-NOT:     linalg.generic
func.func @shared_heads_and_layouts(%q: tensor<2x5x6x8xf32>, %c: tensor<2x2x7x8xf32>,
    %oq: tensor<2x6x5x8xf32>, %or: tensor<2x2x3x7x8xf32>, %os: !s, %o: tensor<2x5x6x8xf32>)
    -> tensor<2x5x6x8xf32> {
  %qt = linalg.generic #copy ins(%q : tensor<2x5x6x8xf32>) outs(%oq : tensor<2x6x5x8xf32>) {
    ^bb0(%x: f32, %z: f32):
      linalg.yield %x : f32
    } -> tensor<2x6x5x8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(b, h, g, j, d) -> (b, h, j, d)>,
                                        affine_map<(b, h, g, j, d) -> (b, h, g, j, d)>],
        iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%c : tensor<2x2x7x8xf32>) outs(%or : tensor<2x2x3x7x8xf32>) {
    ^bb0(%x: f32, %z: f32):
      linalg.yield %x : f32
    } -> tensor<2x2x3x7x8xf32>
  %k = tensor.collapse_shape %r [[0], [1, 2], [3], [4]]
    : tensor<2x2x3x7x8xf32> into tensor<2x6x7x8xf32>
  %s = fovea.contract ins(%qt, %k : tensor<2x6x5x8xf32>, tensor<2x6x7x8xf32>) outs(%os : !s)
      {indexing_maps = [#i, #j, #s]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%os : !s) -> !s
  %y = fovea.contract ins(%p, %k : !s, tensor<2x6x7x8xf32>) outs(%oq : tensor<2x6x5x8xf32>)
      {indexing_maps = [#s, #j, #i]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<2x6x5x8xf32>
  %t = linalg.generic #copy ins(%y : tensor<2x6x5x8xf32>) outs(%o : tensor<2x5x6x8xf32>) {
    ^bb0(%x: f32, %z: f32):
      linalg.yield %x : f32
    } -> tensor<2x5x6x8xf32>
  return %t : tensor<2x5x6x8xf32>
}
