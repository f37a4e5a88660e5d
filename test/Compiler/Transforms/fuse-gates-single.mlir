// RUN: fovea-opt %s -split-input-file -fovea-fuse-gates=single -canonicalize | FileCheck %s
// RUN: fovea-opt %s -split-input-file -fovea-fuse-gates | FileCheck %s --check-prefix=WITHOUT
//
// Single products between one state and the next.
// WITHOUT-NOT: fovea.gates

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

// CHECK-LABEL: func @plain_recurrence
// CHECK-SAME:    %[[R:[a-z0-9]+]]: tensor<6x6xf32>
// CHECK:         %[[W:.*]] = tensor.expand_shape %[[R]] {{.*}} into tensor<1x6x6xf32>
// CHECK:         scf.for {{.*}} iter_args(%[[H:.*]] = %{{.*}}, %[[Y:.*]] = %
// CHECK:           %[[N:.*]]:2 = fovea.gates ins(%[[H]], %[[W]] :
// CHECK-SAME:          weight_order = array<i64: 0, 2, 1>
// CHECK:             math.tanh
// CHECK:             fovea.yield
// CHECK:           scf.yield %[[N]]#0
func.func @plain_recurrence(%h0: tensor<3x6xf32>, %x: tensor<7x3x6xf32>, %w: tensor<6x6xf32>,
    %y0: tensor<7x3x6xf32>, %t: index) -> tensor<7x3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x6xf32>
  %z:2 = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0, %y = %y0)
      -> (tensor<3x6xf32>, tensor<7x3x6xf32>) {
    %in = tensor.extract_slice %x[%i, 0, 0] [1, 3, 6] [1, 1, 1]
        : tensor<7x3x6xf32> to tensor<3x6xf32>
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    %n = linalg.generic {indexing_maps = [#id, #id, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%p, %in : tensor<3x6xf32>, tensor<3x6xf32>) outs(%e : tensor<3x6xf32>) {
      ^bb0(%a: f32, %b: f32, %old: f32):
        %s = arith.addf %a, %b : f32
        %f = math.tanh %s : f32
        linalg.yield %f : f32
      } -> tensor<3x6xf32>
    %next = tensor.insert_slice %n into %y[%i, 0, 0] [1, 3, 6] [1, 1, 1]
        : tensor<3x6xf32> into tensor<7x3x6xf32>
    scf.yield %n, %next : tensor<3x6xf32>, tensor<7x3x6xf32>
  }
  return %z#1 : tensor<7x3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// What a step gives to its output alone is no state.
// CHECK-LABEL: func @do_not_make_a_gate_of_an_output
// CHECK:           fovea.contract
// CHECK-NOT:       fovea.gates
func.func @do_not_make_a_gate_of_an_output(%h0: tensor<3x6xf32>, %w: tensor<6x6xf32>,
    %y0: tensor<7x3x6xf32>, %t: index) -> tensor<7x3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x6xf32>
  %z:2 = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0, %y = %y0)
      -> (tensor<3x6xf32>, tensor<7x3x6xf32>) {
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    %n = math.tanh %h : tensor<3x6xf32>
    %next = tensor.insert_slice %p into %y[%i, 0, 0] [1, 3, 6] [1, 1, 1]
        : tensor<3x6xf32> into tensor<7x3x6xf32>
    scf.yield %n, %next : tensor<3x6xf32>, tensor<7x3x6xf32>
  }
  return %z#1 : tensor<7x3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
#id = affine_map<(m, n) -> (m, n)>

// The largest of a row is no elementwise operation.
// CHECK-LABEL: func @do_not_make_a_gate_behind_a_reduction
// CHECK:           fovea.contract
// CHECK-NOT:       fovea.gates
func.func @do_not_make_a_gate_behind_a_reduction(%h0: tensor<3x6xf32>, %w: tensor<6x6xf32>,
    %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<3x6xf32>
  %s0 = tensor.empty() : tensor<3xf32>
  %least = linalg.fill ins(%low : f32) outs(%s0 : tensor<3xf32>) -> tensor<3xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    %most = linalg.generic {indexing_maps = [#id, #row],
        iterator_types = ["parallel", "reduction"]}
        ins(%p : tensor<3x6xf32>) outs(%least : tensor<3xf32>) {
      ^bb0(%a: f32, %old: f32):
        %f = arith.maximumf %a, %old : f32
        linalg.yield %f : f32
      } -> tensor<3xf32>
    %n = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%most : tensor<3xf32>) outs(%e : tensor<3x6xf32>) {
      ^bb0(%a: f32, %old: f32):
        linalg.yield %a : f32
      } -> tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @do_not_make_a_gate_of_a_weight_that_a_step_makes
// CHECK:           fovea.contract
// CHECK-NOT:       fovea.gates
func.func @do_not_make_a_gate_of_a_weight_that_a_step_makes(%h0: tensor<3x6xf32>,
    %u: tensor<7x6x6xf32>, %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x6xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %v = tensor.extract_slice %u[%i, 0, 0] [1, 6, 6] [1, 1, 1]
        : tensor<7x6x6xf32> to tensor<6x6xf32>
    %p = fovea.contract ins(%h, %v : tensor<3x6xf32>, tensor<6x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    scf.yield %p : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// The second product's state is computed in the cell of the first.
// CHECK-LABEL: func @a_projection_behind_gates
// CHECK:         scf.for {{.*}} iter_args(%[[H:.*]] = %
// CHECK:           %[[N:.*]] = fovea.gates ins(%[[H]], %{{.*}} : tensor<3x6xf32>,
// CHECK:             math.tanh
// CHECK:           %[[P:.*]] = fovea.gates ins(%[[N]], %{{.*}} : tensor<3x5xf32>,
// CHECK:           scf.yield %[[P]]
func.func @a_projection_behind_gates(%h0: tensor<3x6xf32>, %w: tensor<6x5xf32>,
    %p: tensor<5x6xf32>, %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x5xf32>
  %f = tensor.empty() : tensor<3x6xf32>
  %z = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %a = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x5xf32>)
        outs(%e : tensor<3x5xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x5xf32>
    %n = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>,
          affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
        ins(%a : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
      ^bb0(%s: f32, %old: f32):
        %b = math.tanh %s : f32
        linalg.yield %b : f32
      } -> tensor<3x5xf32>
    %q = fovea.contract ins(%n, %p : tensor<3x5xf32>, tensor<5x6xf32>)
        outs(%f : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    scf.yield %q : tensor<3x6xf32>
  }
  return %z : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// A product of a state's product: the second reads the first's gates.
// CHECK-LABEL: func @low_rank
// CHECK:           %[[V:.*]] = fovea.gates ins(%{{.*}} : tensor<3x6xf32>, tensor<1x6x2xf32>)
// CHECK:           fovea.gates ins(%[[V]], %{{.*}} : tensor<3x2xf32>, tensor<1x2x6xf32>)
func.func @low_rank(%h0: tensor<3x6xf32>, %v: tensor<6x2xf32>, %u: tensor<2x6xf32>, %t: index)
    -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x6xf32>
  %f = tensor.empty() : tensor<3x2xf32>
  %z = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> (tensor<3x6xf32>) {
    %p = fovea.contract ins(%h, %v : tensor<3x6xf32>, tensor<6x2xf32>)
        outs(%f : tensor<3x2xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x2xf32>
    %n = fovea.contract ins(%p, %u : tensor<3x2xf32>, tensor<2x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %z : tensor<3x6xf32>
}
