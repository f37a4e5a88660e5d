// RUN: fovea-opt %s -split-input-file -fovea-fuse-gates -canonicalize | FileCheck %s

#l4 = affine_map<(m, g, n, k) -> (m, k)>
#r4 = affine_map<(m, g, n, k) -> (g, n, k)>
#o4 = affine_map<(m, g, n, k) -> (m, g, n)>
#first = affine_map<(m, n) -> (m, 0, n)>
#second = affine_map<(m, n) -> (m, 1, n)>
#id = affine_map<(m, n) -> (m, n)>

// The state, all of which the gates read, is not written in place.
// CHECK-LABEL: func @a_dimension_of_gates
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<2x6x6xf32>
// CHECK:         scf.for {{.*}} iter_args(%[[H:.*]] = %{{.*}})
// CHECK-NEXT:      %[[E:.*]] = tensor.empty() : tensor<3x6xf32>
// CHECK-NEXT:      %[[N:.*]] = fovea.gates ins(%[[H]], %[[W]] : tensor<3x6xf32>, tensor<2x6x6xf32>)
// CHECK-SAME:          outs(%[[E]] :
// CHECK-NEXT:      ^bb0(%[[S0:.*]]: f32, %[[S1:.*]]: f32):
// CHECK-NEXT:        %[[P:.*]] = arith.mulf %[[S0]], %[[S1]]
// CHECK-NEXT:        fovea.yield %[[P]]
// CHECK:           scf.yield %[[N]]
func.func @a_dimension_of_gates(%h0: tensor<3x6xf32>, %w: tensor<2x6x6xf32>, %t: index)
    -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %e = tensor.empty() : tensor<3x2x6xf32>
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<2x6x6xf32>)
        outs(%e : tensor<3x2x6xf32>) {indexing_maps = [#l4, #r4, #o4]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x2x6xf32>
    %o = tensor.empty() : tensor<3x6xf32>
    %n = linalg.generic {indexing_maps = [#first, #second, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%p, %p : tensor<3x2x6xf32>, tensor<3x2x6xf32>) outs(%o : tensor<3x6xf32>) {
      ^bb0(%a: f32, %b: f32, %old: f32):
        %q = arith.mulf %a, %b : f32
        linalg.yield %q : f32
      } -> tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#bias = affine_map<(m, n, k) -> (n)>
#id = affine_map<(m, n) -> (m, n)>

// The epilogue's bias is read where the gate's columns begin; the weight [K, G, N] by its order.
// CHECK-DAG:   #[[$AT0:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG:   #[[$AT6:.*]] = affine_map<(d0, d1) -> (d1 + 6)>
// CHECK-LABEL: func @slices_of_one_product
// CHECK-SAME:    %[[B:[a-z0-9]+]]: tensor<12xf32>
// CHECK:         %[[W:.*]] = tensor.expand_shape {{.*}} into tensor<6x2x6xf32>
// CHECK:         scf.for
// CHECK:           fovea.gates ins(%{{.*}}, %[[W]] : tensor<?x6xf32>, tensor<6x2x6xf32>)
// CHECK-SAME:          captures(%[[B]], %[[B]] :
// CHECK-SAME:          capture_maps = [#[[$AT0]], #[[$AT6]]], weight_order = array<i64: 1, 2, 0>
// CHECK:             arith.mulf
// CHECK-NOT:       fovea.contract
// CHECK-NOT:       extract_slice
// CHECK:           scf.yield
func.func @slices_of_one_product(%h0: tensor<?x6xf32>, %w: tensor<6x12xf32>, %b: tensor<12xf32>,
    %t: index) -> tensor<?x6xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %h0, %c0 : tensor<?x6xf32>
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<?x6xf32> {
    %e = tensor.empty(%m) : tensor<?x12xf32>
    %p = fovea.contract ins(%h, %w : tensor<?x6xf32>, tensor<6x12xf32>)
        captures(%b : tensor<12xf32>) outs(%e : tensor<?x12xf32>)
        {indexing_maps = [#l, #r, #bias, #o]} epilogue {
      ^bb0(%s: f32, %v: f32):
        %a = arith.addf %s, %v : f32
        fovea.yield %a : f32
      } -> tensor<?x12xf32>
    %rows = tensor.dim %e, %c0 : tensor<?x12xf32>
    %x = tensor.extract_slice %p[0, 0] [%rows, 6] [1, 1] : tensor<?x12xf32> to tensor<?x6xf32>
    %y = tensor.extract_slice %p[0, 6] [%rows, 6] [1, 1] : tensor<?x12xf32> to tensor<?x6xf32>
    %o = tensor.empty(%m) : tensor<?x6xf32>
    %n = linalg.generic {indexing_maps = [#id, #id, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%x, %y : tensor<?x6xf32>, tensor<?x6xf32>) outs(%o : tensor<?x6xf32>) {
      ^bb0(%a: f32, %c: f32, %old: f32):
        %q = arith.mulf %a, %c : f32
        linalg.yield %q : f32
      } -> tensor<?x6xf32>
    scf.yield %n : tensor<?x6xf32>
  }
  return %r : tensor<?x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (n, k)>
#o = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>

// What a row that has ended keeps is chosen in the cell, which writes the new state beside the
// sequence, too. The cell's state, read at its own place, is written in place.
// CHECK:       fovea.weight @b.joined from "" joins [@a, @b] : tensor<2x6x6xf32>
// CHECK-LABEL: func @several_products_with_lengths_and_a_sequence
// CHECK-SAME:    %[[ENDS:[a-z0-9]+]]: tensor<3xi64>
// CHECK:         %[[W:.*]] = fovea.get_weight @b.joined
// CHECK:         scf.for {{.*}} iter_args(%[[H:.*]] = %{{.*}}, %[[C:.*]] = %{{.*}}, %[[Y:.*]] = %
// CHECK:           %[[PLACE:.*]] = tensor.extract_slice %[[Y]][%{{.*}}, 0, 0] [1, 3, 6]
// CHECK:           %[[R:.*]]:3 = fovea.gates ins(%[[H]], %[[W]] :
// CHECK-SAME:          outs(%{{.*}}, %[[C]], %[[PLACE]] :
// CHECK:             arith.select
// CHECK:             %[[NEW:.*]] = arith.select
// CHECK:             fovea.yield {{.*}} : f32, f32, f32
// CHECK-NOT:       linalg.generic
// CHECK:           tensor.insert_slice %[[R]]#2 into %[[Y]]
fovea.weight @a from "m.bin" : tensor<6x6xf32>
fovea.weight @b from "m.bin" offset 144 : tensor<6x6xf32>
func.func @several_products_with_lengths_and_a_sequence(%h0: tensor<3x6xf32>,
    %cell: tensor<3x6xf32>,
    %y0: tensor<7x3x6xf32>, %ends: tensor<3xi64>, %t: index) -> tensor<7x3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %wa = fovea.get_weight @a : tensor<6x6xf32>
  %wb = fovea.get_weight @b : tensor<6x6xf32>
  %r:3 = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0, %c = %cell, %y = %y0)
      -> (tensor<3x6xf32>, tensor<3x6xf32>, tensor<7x3x6xf32>) {
    %e = tensor.empty() : tensor<3x6xf32>
    %p = fovea.contract ins(%h, %wa : tensor<3x6xf32>, tensor<6x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    %q = fovea.contract ins(%h, %wb : tensor<3x6xf32>, tensor<6x6xf32>)
        outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x6xf32>
    %now = arith.index_cast %i : index to i64
    %n:2 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%p, %q, %c : tensor<3x6xf32>, tensor<3x6xf32>, tensor<3x6xf32>)
        outs(%e, %e : tensor<3x6xf32>, tensor<3x6xf32>) {
      ^bb0(%u: f32, %v: f32, %old: f32, %o0: f32, %o1: f32):
        %k = arith.addf %u, %old : f32
        %z = arith.mulf %k, %v : f32
        linalg.yield %z, %k : f32, f32
      } -> (tensor<3x6xf32>, tensor<3x6xf32>)
    %kept:2 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #row, #id, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%n#0, %n#1, %h, %c, %ends : tensor<3x6xf32>, tensor<3x6xf32>, tensor<3x6xf32>,
          tensor<3x6xf32>, tensor<3xi64>) outs(%e, %e : tensor<3x6xf32>, tensor<3x6xf32>) {
      ^bb0(%nh: f32, %nc: f32, %oh: f32, %oc: f32, %end: i64, %o0: f32, %o1: f32):
        %is = arith.cmpi slt, %now, %end : i64
        %a = arith.select %is, %nh, %oh : f32
        %d = arith.select %is, %nc, %oc : f32
        linalg.yield %a, %d : f32, f32
      } -> (tensor<3x6xf32>, tensor<3x6xf32>)
    %next = tensor.insert_slice %kept#0 into %y[%i, 0, 0] [1, 3, 6] [1, 1, 1]
        : tensor<3x6xf32> into tensor<7x3x6xf32>
    scf.yield %kept#0, %kept#1, %next : tensor<3x6xf32>, tensor<3x6xf32>, tensor<7x3x6xf32>
  }
  return %r#2 : tensor<7x3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// Weights that only the run knows are joined in front of the outermost loop that does not make
// them.
// CHECK-LABEL: func @weights_of_the_run
// CHECK-SAME:    %[[U:[a-z0-9]+]]: tensor<6x6xf32>, %[[W:[a-z0-9]+]]: tensor<6x6xf32>
// CHECK:         %[[FIRST:.*]] = tensor.insert_slice %[[U]] into %{{.*}}[0, 0, 0] [1, 6, 6]
// CHECK:         %[[BOTH:.*]] = tensor.insert_slice %[[W]] into %[[FIRST]][1, 0, 0] [1, 6, 6]
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} iter_args(%[[H:.*]] = %
// CHECK:             fovea.gates ins(%[[H]], %[[BOTH]] : tensor<3x6xf32>, tensor<2x6x6xf32>)
// CHECK-NOT:       fovea.contract
func.func @weights_of_the_run(%h0: tensor<3x6xf32>, %u: tensor<6x6xf32>, %w: tensor<6x6xf32>,
    %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x6xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%g = %h0) -> tensor<3x6xf32> {
    %q = scf.for %j = %c0 to %t step %c1 iter_args(%h = %g) -> tensor<3x6xf32> {
      %x = fovea.contract ins(%h, %u : tensor<3x6xf32>, tensor<6x6xf32>)
          outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
        ^bb0(%s: f32):
          fovea.yield %s : f32
        } -> tensor<3x6xf32>
      %y = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x6xf32>)
          outs(%e : tensor<3x6xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
        ^bb0(%s: f32):
          fovea.yield %s : f32
        } -> tensor<3x6xf32>
      %n = arith.addf %x, %y : tensor<3x6xf32>
      scf.yield %n : tensor<3x6xf32>
    }
    scf.yield %q : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}
