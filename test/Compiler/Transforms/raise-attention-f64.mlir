// RUN: fovea-opt %s -fovea-raise-attention=report=true -verify-diagnostics | FileCheck %s

#q = affine_map<(n, i, j, d) -> (n, i, d)>
#k = affine_map<(n, i, j, d) -> (n, j, d)>
#s = affine_map<(n, i, j, d) -> (n, i, j)>
#id = affine_map<(n, i, j) -> (n, i, j)>
#all = {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
#one = {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
!x = tensor<2x5x8xf64>
!s = tensor<2x5x5xf64>
!y = tensor<2x5x8xf32>
!t = tensor<2x5x5xf32>

// A bias in f32 is extended where it is added.
// CHECK-LABEL: func @scale_and_bias
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%{{.*}} : tensor<2x5x5xf32>)
// CHECK-SAME:      scale = 2.500000e-01
// CHECK-SAME:      score {
// CHECK-NEXT:      ^bb0(%[[SCORE:.*]]: f64, %{{.*}}, %[[BIAS:.*]]: f32):
// CHECK-NEXT:        %[[WIDE:.*]] = arith.extf %[[BIAS]] : f32 to f64
// CHECK-NEXT:        %[[SUM:.*]] = arith.addf %[[SCORE]], %[[WIDE]] : f64
// CHECK-NEXT:        fovea.yield %[[SUM]] : f64
// CHECK-NOT:     linalg.softmax
func.func @scale_and_bias(%q: !x, %v: !x, %b: !t, %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f64):
      fovea.yield %sum : f64
    } -> !s
  %t = linalg.generic #all ins(%s, %b : !s, !t) outs(%os : !s) {
    ^bb0(%x: f64, %y: f32, %z: f64):
      %quarter = arith.constant 0.25 : f64
      %u = arith.mulf %x, %quarter : f64
      %w = arith.extf %y : f32 to f64
      %e = arith.addf %u, %w : f64
      linalg.yield %e : f64
    } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f64):
      fovea.yield %sum : f64
    } -> !x
  return %r : !x
}

// CHECK-LABEL: func @outer_scalar
// CHECK:         %[[RANK0:.*]] = tensor.from_elements %{{.*}} : tensor<f64>
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%[[RANK0]] : tensor<f64>)
// CHECK:             arith.subf %{{.*}} : f64
func.func @outer_scalar(%q: !x, %v: !x, %b: f64, %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f64):
      fovea.yield %sum : f64
    } -> !s
  %t = linalg.generic #one ins(%s : !s) outs(%os : !s) {
    ^bb0(%x: f64, %z: f64):
      %e = arith.subf %x, %b : f64
      linalg.yield %e : f64
    } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f64):
      fovea.yield %sum : f64
    } -> !x
  return %r : !x
}

// CHECK-LABEL: func @do_not_raise_when_scores_are_rounded
// CHECK:         linalg.softmax
func.func @do_not_raise_when_scores_are_rounded(%q: !x, %v: !y, %os: !s, %ot: !t, %o: !y) -> !y {
  %s = fovea.contract ins(%q, %q : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f64):
      fovea.yield %sum : f64
    } -> !s
  %t = linalg.generic #one ins(%s : !s) outs(%ot : !t) {
    ^bb0(%x: f64, %z: f32):
      %e = arith.truncf %x : f64 to f32
      linalg.yield %e : f32
    } -> !t
  // expected-remark @below {{has scores of an unsupported type}}
  %p = linalg.softmax dimension(2) ins(%t : !t) outs(%ot : !t) -> !t
  %r = fovea.contract ins(%p, %v : !t, !y) outs(%o : !y) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !y
  return %r : !y
}

// CHECK-LABEL: func @do_not_raise_when_probabilities_are_rounded
// CHECK:         linalg.softmax
func.func @do_not_raise_when_probabilities_are_rounded(%q: !x, %v: !y, %os: !s, %ot: !t, %o: !y)
    -> !y {
  %s = fovea.contract ins(%q, %q : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f64):
      fovea.yield %sum : f64
    } -> !s
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  %t = linalg.generic #one ins(%p : !s) outs(%ot : !t) {
    ^bb0(%x: f64, %z: f32):
      %e = arith.truncf %x : f64 to f32
      linalg.yield %e : f32
    } -> !t
  // expected-remark @below {{takes probabilities of an unsupported type}}
  %r = fovea.contract ins(%t, %v : !t, !y) outs(%o : !y) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !y
  return %r : !y
}
