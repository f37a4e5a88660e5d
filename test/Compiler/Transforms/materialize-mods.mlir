// RUN: fovea-opt %s -fovea-materialize-mods | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x5x8xf32>

// softcap is computed on scores that no mask has touched yet.
// CHECK-LABEL: func @softcap_then_masks
// CHECK:         tensor.from_elements %{{.*}} : tensor<i64>
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%{{.*}} : tensor<i64>) outs
// CHECK-NOT:       causal
// CHECK-SAME:      score
// CHECK:             math.tanh
// CHECK:           mask {
// CHECK-NEXT:      ^bb0(%{{.*}}, %[[I:.*]]: index, %[[J:.*]]: index, %[[O:.*]]: i64)
// CHECK-NEXT:        %[[OFF:.*]] = arith.index_cast %[[O]]
// CHECK-NEXT:        %[[AT:.*]] = arith.addi %[[I]], %[[OFF]]
// CHECK-NEXT:        %[[A:.*]] = arith.cmpi sle, %[[J]], %[[AT]]
// CHECK-NEXT:        %[[THREE:.*]] = arith.constant 3
// CHECK-NEXT:        %[[REACH:.*]] = arith.addi %[[J]], %[[THREE]]
// CHECK-NEXT:        %[[B:.*]] = arith.cmpi sle, %[[AT]], %[[REACH]]
// CHECK-NEXT:        %[[BOTH:.*]] = arith.andi %[[A]], %[[B]]
// CHECK-NEXT:        fovea.yield %[[BOTH]]
func.func @softcap_then_masks(%x: !t, %o: !t, %offset: index) -> !t {
  %r = fovea.attention ins(%x, %x, %x : !t, !t, !t) offset(%offset) causal window [3, -1]
      softcap 30.0 outs(%o : !t) {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
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
