// RUN: fovea-opt %s -fovea-materialize-mods | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x5x8xf32>

// softcap is computed on scores that no mask has touched yet. The last position that is kept is
// i + offset, the first i + offset - 3, both bounded in the region to what positions can differ by.
// CHECK-LABEL: func @softcap_then_masks
// CHECK-SAME:    %[[OFFSET:[a-z0-9]+]]: index)
// CHECK:         %[[AS64:.*]] = arith.index_cast %[[OFFSET]] : index to i64
// CHECK:         tensor.from_elements %[[AS64]] : tensor<i64>
// CHECK:         tensor.from_elements %{{.*}} : tensor<i64>
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%{{.*}}, %{{.*}} : tensor<i64>, tensor<i64>) outs
// CHECK-NOT:       causal
// CHECK-SAME:      score
// CHECK:             math.tanh
// CHECK:           mask {
// CHECK-NEXT:      ^bb0({{.*}}, %[[I:.*]]: index, %[[J:.*]]: index, %[[U:.*]]: i64, %[[L:.*]]: i64)
// CHECK-NEXT:        %[[UP:.*]] = arith.index_cast %[[U]]
// CHECK:             %[[MORE:.*]] = arith.maxsi %[[UP]], %c-1073741824
// CHECK-NEXT:        %[[NEAR:.*]] = arith.minsi %[[MORE]], %c1073741824
// CHECK:             %[[BOUND:.*]] = arith.addi %[[NEAR]], %c0
// CHECK-NEXT:        %[[LAST:.*]] = arith.addi %[[I]], %[[BOUND]]
// CHECK-NEXT:        %[[A:.*]] = arith.cmpi sle, %[[J]], %[[LAST]]
// CHECK-NEXT:        %[[DOWN:.*]] = arith.index_cast %[[L]]
// CHECK:             %[[MORE:.*]] = arith.maxsi %[[DOWN]], %c-1073741821
// CHECK-NEXT:        %[[NEAR:.*]] = arith.minsi %[[MORE]], %c1073741827
// CHECK:             %[[BOUND:.*]] = arith.addi %[[NEAR]], %c-3
// CHECK-NEXT:        %[[FIRST:.*]] = arith.addi %[[I]], %[[BOUND]]
// CHECK-NEXT:        %[[B:.*]] = arith.cmpi sle, %[[FIRST]], %[[J]]
// CHECK-NEXT:        %[[BOTH:.*]] = arith.andi %[[A]], %[[B]]
// CHECK-NEXT:        fovea.yield %[[BOTH]]
func.func @softcap_then_masks(%x: !t, %o: !t, %offset: index) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) offset(%offset) causal window [3, -1]
      softcap 30.0 outs(%o : !t) {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
}

// CHECK-LABEL: func @softcap_of_f64
// CHECK:         score {
// CHECK-NEXT:    ^bb0(%[[SCORE:.*]]: f64,
// CHECK:           arith.mulf %[[SCORE]], %{{.*}} : f64
// CHECK:           math.tanh %{{.*}} : f64
// CHECK:           fovea.yield %{{.*}} : f64
func.func @softcap_of_f64(%x: tensor<1x2x5x8xf64>) -> tensor<1x2x5x8xf64> {
  %r = fovea.attention
      ins(%x, %x, %x : tensor<1x2x5x8xf64>, tensor<1x2x5x8xf64>, tensor<1x2x5x8xf64>) softcap 30.0
      outs(%x : tensor<1x2x5x8xf64>) {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x2x5x8xf64>
  return %r : tensor<1x2x5x8xf64>
}

// CHECK-LABEL: func @do_not_capture_a_constant_offset
// CHECK:         fovea.attention
// CHECK-NOT:       captures
// CHECK:           mask
func.func @do_not_capture_a_constant_offset(%x: !t, %o: !t) -> !t {
  %zero = arith.constant 0 : index
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) offset(%zero) causal outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
}

// CHECK-LABEL: func @conjoin_to_mask
// CHECK:         mask
// CHECK:           %[[OWN:.*]] = arith.cmpi ne
// CHECK:           %[[CAUSAL:.*]] = arith.cmpi sle
// CHECK:           arith.andi %[[OWN]], %[[CAUSAL]]
func.func @conjoin_to_mask(%x: !t, %o: !t) -> !t {
  %one = arith.constant 1 : index
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) offset(%one) causal outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #o]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index):
        %keep = arith.cmpi ne, %i, %j : index
        fovea.yield %keep : i1
      } -> !t
  return %r : !t
}

// CHECK-LABEL: func @do_not_mask_when_window_is_unbounded
// CHECK:         fovea.attention
// CHECK-NOT:       mask
// CHECK:         return
func.func @do_not_mask_when_window_is_unbounded(%x: !t, %o: !t) -> !t {
  %zero = arith.constant 0 : index
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) offset(%zero) window [-1, -1] outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
}

// No key is 2^30 positions away, and 32 bits hold the sum of a position and 2^30.
// CHECK-LABEL: func @bound_a_window_without_end
// CHECK:         mask
// CHECK:           arith.constant -1073741824
// CHECK:           arith.constant 1073741824
func.func @bound_a_window_without_end(%x: !t, %o: !t) -> !t {
  %five = arith.constant 5 : index
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) offset(%five)
      window [9223372036854775807, 9223372036854775807] outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
}

// Behind what the score region does, and before softcap.
// CHECK-LABEL: func @alibi_before_softcap
// CHECK-SAME:    %[[SLOPES:[a-z0-9]+]]: tensor<2xf32>)
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%[[SLOPES]] : tensor<2xf32>) outs
// CHECK-NOT:       alibi
// CHECK-SAME:      score {
// CHECK-NEXT:      ^bb0(%[[S:[a-z0-9]+]]: f32, %{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: index,
// CHECK-SAME:          %[[I:[a-z0-9]+]]: index, %[[J:[a-z0-9]+]]: index,
// CHECK-SAME:          %[[SLOPE:[a-z0-9]+]]: f32):
// CHECK-NEXT:        %[[OWN:.*]] = arith.negf %[[S]]
// CHECK-NEXT:        %[[APART:.*]] = arith.subi %[[J]], %[[I]]
// CHECK-NEXT:        %[[WHOLE:.*]] = arith.index_cast %[[APART]] : index to i32
// CHECK-NEXT:        %[[REAL:.*]] = arith.sitofp %[[WHOLE]]
// CHECK-NEXT:        %[[BIAS:.*]] = arith.mulf %[[SLOPE]], %[[REAL]]
// CHECK-NEXT:        %[[BIASED:.*]] = arith.addf %[[OWN]], %[[BIAS]]
// CHECK:             %[[SMALL:.*]] = arith.mulf %[[BIASED]]
// CHECK:             math.tanh %[[SMALL]]
func.func @alibi_before_softcap(%x: !t, %o: !t, %slopes: tensor<2xf32>) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) alibi(%slopes : tensor<2xf32>) softcap 30.0
      outs(%o : !t) {indexing_maps = [#q, #k, #v, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %y = arith.negf %s : f32
        fovea.yield %y : f32
      } -> !t
  return %r : !t
}
