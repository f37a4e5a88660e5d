// RUN: fovea-opt %s -fovea-fold-query-groups | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#slope = affine_map<(b, h, i, j, d, e) -> (h)>
#bias = affine_map<(b, h, i, j, d, e) -> (b, h, i, j)>

// CHECK-DAG: #[[$Q:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d4)>
// CHECK-DAG: #[[$SLOPE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1 * 4 + d2)>
// CHECK-DAG: #[[$BIAS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 4 + d2, 0, d3)>

// CHECK-LABEL: func @fold_one_query_a_head
// CHECK-SAME:    %[[X:.*]]: tensor<?x8x1x16xf32>,
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[X]] {{.}}[0], [1, 2], [3]]
// CHECK:         %[[ROWS:.*]] = tensor.expand_shape %[[FLAT]] {{.}}[0], [1, 2], [3]]
// CHECK-SAME:      into tensor<?x2x4x16xf32>
// CHECK:         %[[R:.*]] = fovea.attention ins(%[[ROWS]],
// CHECK-SAME:      indexing_maps = [#[[$Q]], #[[$K]],
// CHECK-SAME:      #[[$SLOPE]], #[[$BIAS]],
// CHECK:           ^bb0(%{{[a-z0-9]+}}: f32, %{{[a-z0-9]+}}: index, %[[H:[a-z0-9]+]]: index,
// CHECK-SAME:          %[[I:[a-z0-9]+]]: index,
// CHECK:             %[[FOUR:.*]] = arith.constant 4
// CHECK:             %[[FIRST:.*]] = arith.muli %[[H]], %[[FOUR]]
// CHECK:             %[[HEAD:.*]] = arith.addi %[[FIRST]], %[[I]]
// CHECK:             %[[ZERO:.*]] = arith.constant 0
// CHECK:             arith.index_cast %[[HEAD]]
// CHECK:             arith.index_cast %[[ZERO]]
// CHECK:         tensor.collapse_shape %[[R]] {{.}}[0], [1, 2], [3]] {{.*}} into tensor<?x8x16xf32>
// CHECK:         %[[BACK:.*]] = tensor.expand_shape
// CHECK-SAME:      into tensor<?x8x1x16xf32>
// CHECK:         return %[[BACK]]
func.func @fold_one_query_a_head(%q: tensor<?x8x1x16xf32>, %k: tensor<?x2x?x16xf32>,
    %m: tensor<8xf32>, %bias: tensor<?x8x1x?xf32>, %o: tensor<?x8x1x16xf32>)
    -> tensor<?x8x1x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<?x8x1x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>)
      captures(%m, %bias : tensor<8xf32>, tensor<?x8x1x?xf32>)
      outs(%o : tensor<?x8x1x16xf32>) {indexing_maps = [#q, #k, #v, #slope, #bias, #o]} score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %slope: f32, %add: f32):
    %head = arith.index_cast %h : index to i32
    %query = arith.index_cast %i : index to i32
    %sum = arith.addi %head, %query : i32
    %real = arith.sitofp %sum : i32 to f32
    %t = arith.mulf %real, %slope : f32
    %u = arith.addf %s, %t : f32
    %w = arith.addf %u, %add : f32
    fovea.yield %w : f32
  } -> tensor<?x8x1x16xf32>
  return %r : tensor<?x8x1x16xf32>
}

#qt = affine_map<(b, h, i, j, d, e) -> (i, b, h, d)>
#ot = affine_map<(b, h, i, j, d, e) -> (b, i, h, e)>
#lse = affine_map<(b, h, i, j, d, e) -> (b, i, h)>

// CHECK-LABEL: func @fold_other_layouts
// CHECK:         tensor.collapse_shape %{{.*}} {{.}}[0, 1], [2], [3]]
// CHECK:         into tensor<3x2x4x16xf32>
// CHECK:         tensor.collapse_shape %{{.*}} {{.}}[0, 1], [2], [3]]
// CHECK:         tensor.collapse_shape %{{.*}} {{.}}[0, 1], [2]]
// CHECK:         fovea.attention
// CHECK:         into tensor<3x1x8x16xf32>
// CHECK:         into tensor<3x1x8xf32>
func.func @fold_other_layouts(%q: tensor<1x3x8x16xf32>, %k: tensor<3x2x5x16xf32>,
    %o: tensor<3x1x8x16xf32>, %l: tensor<3x1x8xf32>)
    -> (tensor<3x1x8x16xf32>, tensor<3x1x8xf32>) {
  %r:2 = fovea.attention
      ins(%q, %k, %k : tensor<1x3x8x16xf32>, tensor<3x2x5x16xf32>, tensor<3x2x5x16xf32>)
      outs(%o, %l : tensor<3x1x8x16xf32>, tensor<3x1x8xf32>)
      {indexing_maps = [#qt, #k, #v, #ot, #lse]} -> tensor<3x1x8x16xf32>, tensor<3x1x8xf32>
  return %r#0, %r#1 : tensor<3x1x8x16xf32>, tensor<3x1x8xf32>
}

// Query i of head h of a group of 4 is query h mod 4 * 2 + i of the group.
// CHECK-LABEL: func @fold_several_queries
// CHECK:         tensor.collapse_shape {{.*}}[1, 2], [3]] {{.*}} into tensor<1x16x16xf32>
// CHECK:         tensor.expand_shape {{.*}}[1, 2], [3]] {{.*}} into tensor<1x2x8x16xf32>
// CHECK:         %[[R:.*]] = fovea.attention
// CHECK:           ^bb0(%{{[a-z0-9]+}}: index, %[[H:[a-z0-9]+]]: index, %[[I:[a-z0-9]+]]: index,
// CHECK:             %[[SCALED:.*]] = arith.muli %[[H]], %{{.*}} : index
// CHECK:             %[[IN:.*]] = arith.divsi %[[I]], %[[TWO:.*]] : index
// CHECK:             %[[QUERY:.*]] = arith.remsi %[[I]], %[[TWO]] : index
// CHECK:             arith.addi %[[SCALED]], %[[IN]] : index
// CHECK:             arith.cmpi sle, %{{.*}}, %[[QUERY]] : index
// CHECK:         tensor.expand_shape {{.*}} into tensor<1x8x2x16xf32>
func.func @fold_several_queries(%q: tensor<1x8x2x16xf32>, %k: tensor<1x2x5x16xf32>)
    -> tensor<1x8x2x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<1x8x2x16xf32>, tensor<1x2x5x16xf32>, tensor<1x2x5x16xf32>)
      outs(%q : tensor<1x8x2x16xf32>) {indexing_maps = [#q, #k, #v, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %keep = arith.cmpi sle, %j, %i : index
    fovea.yield %keep : i1
  } -> tensor<1x8x2x16xf32>
  return %r : tensor<1x8x2x16xf32>
}

#qs = affine_map<(b, h, i, j, d, e) -> (b, i, h, d)>
#os = affine_map<(b, h, i, j, d, e) -> (b, i, h, e)>

// The few queries are copied so that they follow their heads; keys and values stay where they are.
// CHECK-LABEL: func @fold_several_queries_in_front_of_heads
// CHECK:         linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
// CHECK:         tensor.expand_shape {{.*}} into tensor<1x2x8x16xf32>
// CHECK:         fovea.attention
// CHECK:         tensor.expand_shape {{.*}} into tensor<1x8x2x16xf32>
// CHECK:         %[[BACK:.*]] = linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
// CHECK:         return %[[BACK]]
func.func @fold_several_queries_in_front_of_heads(%q: tensor<1x2x8x16xf32>,
    %k: tensor<1x2x5x16xf32>) -> tensor<1x2x8x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<1x2x8x16xf32>, tensor<1x2x5x16xf32>, tensor<1x2x5x16xf32>)
      outs(%q : tensor<1x2x8x16xf32>) {indexing_maps = [#qs, #k, #v, #os]} -> tensor<1x2x8x16xf32>
  return %r : tensor<1x2x8x16xf32>
}

// CHECK-LABEL: func @do_not_fold_many_queries
// CHECK-NOT:     tensor.collapse_shape
// CHECK:         return
func.func @do_not_fold_many_queries(%q: tensor<1x8x5x16xf32>, %k: tensor<1x2x5x16xf32>)
    -> tensor<1x8x5x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<1x8x5x16xf32>, tensor<1x2x5x16xf32>, tensor<1x2x5x16xf32>)
      outs(%q : tensor<1x8x5x16xf32>) {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x8x5x16xf32>
  return %r : tensor<1x8x5x16xf32>
}

// CHECK-LABEL: func @do_not_fold_several_queries_with_a_capture_of_each
// CHECK-NOT:     tensor.collapse_shape
// CHECK:         return
func.func @do_not_fold_several_queries_with_a_capture_of_each(%q: tensor<1x8x2x16xf32>,
    %k: tensor<1x2x5x16xf32>, %m: tensor<8xf32>) -> tensor<1x8x2x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<1x8x2x16xf32>, tensor<1x2x5x16xf32>, tensor<1x2x5x16xf32>)
      captures(%m : tensor<8xf32>)
      outs(%q : tensor<1x8x2x16xf32>) {indexing_maps = [#q, #k, #v, #slope, #o]} score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %slope: f32):
    %t = arith.mulf %s, %slope : f32
    fovea.yield %t : f32
  } -> tensor<1x8x2x16xf32>
  return %r : tensor<1x8x2x16xf32>
}

#kp = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>

// CHECK-LABEL: func @do_not_fold_heads_with_keys_of_their_own
// CHECK-NOT:     tensor.collapse_shape
// CHECK:         return
func.func @do_not_fold_heads_with_keys_of_their_own(%q: tensor<1x8x1x16xf32>,
    %k: tensor<1x8x5x16xf32>) -> tensor<1x8x1x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<1x8x1x16xf32>, tensor<1x8x5x16xf32>, tensor<1x8x5x16xf32>)
      outs(%q : tensor<1x8x1x16xf32>) {indexing_maps = [#q, #kp, #vp, #o]} -> tensor<1x8x1x16xf32>
  return %r : tensor<1x8x1x16xf32>
}
