// RUN: fovea-opt %s -fovea-raise-attention=report=true -verify-diagnostics | FileCheck %s

#q = affine_map<(n, i, j, d) -> (n, i, d)>
#k = affine_map<(n, i, j, d) -> (n, j, d)>
#s = affine_map<(n, i, j, d) -> (n, i, j)>
#id = affine_map<(n, i, j) -> (n, i, j)>
!x = tensor<2x5x8xf32>
!s = tensor<2x5x5xf32>

// CHECK-LABEL: func @do_not_raise_when_probabilities_have_other_readers
// CHECK:         linalg.softmax
func.func @do_not_raise_when_probabilities_have_other_readers(%q: !x, %v: !x, %os: !s, %o: !x)
    -> (!x, !s) {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  // expected-remark @below {{'func.return' also reads scores or probabilities}}
  return %r, %p : !x, !s
}

// CHECK-LABEL: func @do_not_raise_when_softmax_is_over_queries
// CHECK-SAME:    fovea.graph_records = [{form = "decomposed", node = "", op = "linalg.softmax"
// CHECK-SAME:    form = "fovea.attention", reason = "not_raised"
// CHECK-SAME:    'linalg.softmax' normalizes over another dimension than the keys
// CHECK:         linalg.softmax
func.func @do_not_raise_when_softmax_is_over_queries(%q: !x, %v: !x, %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  // expected-remark @below {{normalizes over another dimension than the keys}}
  %p = linalg.softmax dimension(1) ins(%s : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}

// CHECK-LABEL: func @do_not_raise_when_scores_are_no_product
// CHECK:         linalg.softmax
func.func @do_not_raise_when_scores_are_no_product(%s: !s, %v: !x, %os: !s, %o: !x) -> !x {
  // expected-remark @below {{has scores that no product gives}}
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}

// CHECK-LABEL: func @do_not_raise_when_no_product_follows
// CHECK-SAME:    -> tensor<2x5x5xf32> {{{$}}
// CHECK:         linalg.softmax
func.func @do_not_raise_when_no_product_follows(%q: !x, %v: !x, %os: !s) -> !s {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  // expected-remark @below {{does not reach exactly one product}}
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  return %p : !s
}

// CHECK-LABEL: func @do_not_raise_when_scores_are_computed_in_f64
// CHECK:         linalg.softmax
func.func @do_not_raise_when_scores_are_computed_in_f64(%q: !x, %v: !x, %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %t = linalg.generic {indexing_maps = [#id, #id],
        iterator_types = ["parallel", "parallel", "parallel"]} ins(%s : !s) outs(%os : !s) {
    ^bb0(%x: f32, %z: f32):
      // expected-remark @below {{'arith.extf' computes in f64}}
      %w = arith.extf %x : f32 to f64
      %e = math.tanh %w : f64
      %u = arith.truncf %e : f64 to f32
      linalg.yield %u : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}

// The same queries meet the keys of every batch.
// CHECK-LABEL: func @do_not_raise_when_queries_lack_the_batch
// CHECK:         linalg.softmax
func.func @do_not_raise_when_queries_lack_the_batch(%q: tensor<5x8xf32>, %v: !x, %os: !s, %o: !x)
    -> !x {
  // expected-remark @below {{has operands whose layouts no indexing maps express}}
  %s = fovea.contract ins(%q, %v : tensor<5x8xf32>, !x) outs(%os : !s)
      {indexing_maps = [affine_map<(n, i, j, d) -> (i, d)>, #k, #s]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}
