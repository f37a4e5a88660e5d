// RUN: fovea-opt %s -split-input-file -fovea-gather-loops | FileCheck %s

// What the second loop needs comes before both; what reads the first comes behind.
// CHECK-LABEL: func @gather_what_is_independent
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<8xf32>, %[[B:[a-z0-9]+]]: tensor<8xf32>
// CHECK-NOT:     linalg.exp
// CHECK:         %[[C:.*]] = linalg.tanh
// CHECK-NEXT:    %[[FIRST:.*]] = scf.for {{.*}} = %[[A]])
// CHECK:         %[[SECOND:.*]] = scf.for {{.*}} = %[[C]])
// CHECK:         }
// CHECK-NEXT:    %[[E:.*]] = linalg.exp ins(%[[FIRST]]
// CHECK-NEXT:    return %[[E]], %[[SECOND]]
func.func @gather_what_is_independent(%a: tensor<8xf32>, %b: tensor<8xf32>, %t: index)
    -> (tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%s = %a) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  %e = linalg.exp ins(%r : tensor<8xf32>) outs(%a : tensor<8xf32>) -> tensor<8xf32>
  %c = linalg.tanh ins(%b : tensor<8xf32>) outs(%b : tensor<8xf32>) -> tensor<8xf32>
  %q = scf.for %i = %c0 to %t step %c1 iter_args(%s = %c) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  return %e, %q : tensor<8xf32>, tensor<8xf32>
}

// -----

// The second of three needs the first; the third needs neither.
// CHECK-LABEL: func @gather_beyond_a_dependent_loop
// CHECK:         %[[FIRST:.*]] = scf.for {{.*}} = %arg0)
// CHECK:         scf.for {{.*}} = %arg1)
// CHECK:         scf.for {{.*}} = %[[FIRST]])
func.func @gather_beyond_a_dependent_loop(%a: tensor<8xf32>, %b: tensor<8xf32>, %t: index)
    -> (tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%s = %a) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  %q = scf.for %i = %c0 to %t step %c1 iter_args(%s = %r) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  %p = scf.for %i = %c0 to %t step %c1 iter_args(%s = %b) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  return %q, %p : tensor<8xf32>, tensor<8xf32>
}

// -----

// Reads of the first loop within a region count, too; so do other numbers of steps.
// CHECK-LABEL: func @do_not_gather
// CHECK:         scf.for
// CHECK:         linalg.exp
// CHECK:         scf.for {{.*}} to %{{.*}} step
// CHECK:         linalg.exp
// CHECK:         scf.for
func.func @do_not_gather(%a: tensor<8xf32>, %b: tensor<8xf32>, %t: index, %u: index)
    -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%s = %a) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  %e = linalg.exp ins(%r : tensor<8xf32>) outs(%a : tensor<8xf32>) -> tensor<8xf32>
  %q = scf.for %i = %c0 to %t step %c1 iter_args(%s = %b) -> tensor<8xf32> {
    %n = linalg.add ins(%s, %e : tensor<8xf32>, tensor<8xf32>) outs(%s : tensor<8xf32>)
        -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  %f = linalg.exp ins(%q : tensor<8xf32>) outs(%a : tensor<8xf32>) -> tensor<8xf32>
  %p = scf.for %i = %c0 to %u step %c1 iter_args(%s = %b) -> tensor<8xf32> {
    %n = linalg.abs ins(%s : tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    scf.yield %n : tensor<8xf32>
  }
  return %q, %p, %f : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

// CHECK-LABEL: func @do_not_move_checks
// CHECK:         scf.for
// CHECK:         fovea.require
// CHECK:         scf.for
func.func @do_not_move_checks(%a: tensor<1xindex>, %b: tensor<1xindex>, %t: index)
    -> (tensor<1xindex>, tensor<1xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%s = %a) -> tensor<1xindex> {
    %n = tensor.insert %i into %s[%c0] : tensor<1xindex>
    scf.yield %n : tensor<1xindex>
  }
  %e = tensor.extract %r[%c0] : tensor<1xindex>
  %ok = arith.cmpi slt, %e, %t : index
  fovea.require %ok, %e, %t fault length node "lstm"
  %q = scf.for %i = %c0 to %t step %c1 iter_args(%s = %b) -> tensor<1xindex> {
    %n = tensor.insert %i into %s[%c0] : tensor<1xindex>
    scf.yield %n : tensor<1xindex>
  }
  return %r, %q : tensor<1xindex>, tensor<1xindex>
}

// -----

// Two steps that read 1 MB each, and the reason.
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @do_not_gather_with_many_weights
// CHECK-SAME:    fovea.graph_records = [{form = "loop_by_itself", node = "", op = "scf.for",
// CHECK-SAME:      refused = [{form = "sections", reason = "speed", special = true, text =
// CHECK-SAME:      "a step reads 1048576 bytes of weights
// CHECK:         scf.for
// CHECK:         linalg.exp
// CHECK:         scf.for
func.func @do_not_gather_with_many_weights(%a: tensor<1x512xf32>, %w: tensor<512x512xf32>,
    %t: index) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%s = %a) -> tensor<1x512xf32> {
    %n = fovea.contract ins(%s, %w : tensor<1x512xf32>, tensor<512x512xf32>)
        outs(%a : tensor<1x512xf32>) {indexing_maps = [#lhs, #rhs, #out]} epilogue {
    ^bb0(%x: f32):
      fovea.yield %x : f32
    } -> tensor<1x512xf32>
    scf.yield %n : tensor<1x512xf32>
  }
  %e = linalg.exp ins(%r : tensor<1x512xf32>) outs(%a : tensor<1x512xf32>) -> tensor<1x512xf32>
  %q = scf.for %i = %c0 to %t step %c1 iter_args(%s = %a) -> tensor<1x512xf32> {
    %n = fovea.contract ins(%s, %w : tensor<1x512xf32>, tensor<512x512xf32>)
        outs(%a : tensor<1x512xf32>) {indexing_maps = [#lhs, #rhs, #out]} epilogue {
    ^bb0(%x: f32):
      fovea.yield %x : f32
    } -> tensor<1x512xf32>
    scf.yield %n : tensor<1x512xf32>
  }
  return %e, %q : tensor<1x512xf32>, tensor<1x512xf32>
}
