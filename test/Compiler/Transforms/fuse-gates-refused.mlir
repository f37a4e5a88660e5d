// RUN: fovea-opt %s -split-input-file -fovea-fuse-gates \
// RUN:   | FileCheck %s --implicit-check-not=fovea.gates
//
// Nothing here becomes gates, nor is anything left in the loops that was made to look.

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @do_not_fuse_a_scheduled_product
// CHECK:           fovea.contract
func.func @do_not_fuse_a_scheduled_product(%h0: tensor<3x6xf32>, %w: tensor<6x12xf32>,
    %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x12xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x12xf32>)
        outs(%e : tensor<3x12xf32>)
        {indexing_maps = [#l, #r, #o], schedule = #fovea.schedule<form = "loop_product">} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x12xf32>
    %x = tensor.extract_slice %p[0, 0] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %y = tensor.extract_slice %p[0, 6] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %n = arith.addf %x, %y : tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @do_not_fuse_9_gates
// CHECK:           fovea.contract
func.func @do_not_fuse_9_gates(%h0: tensor<3x6xf32>, %w: tensor<6x54xf32>,
    %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x54xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x54xf32>)
        outs(%e : tensor<3x54xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x54xf32>
    %x = tensor.extract_slice %p[0, 0] [3, 6] [1, 1]
        : tensor<3x54xf32> to tensor<3x6xf32>
    %y = tensor.extract_slice %p[0, 48] [3, 6] [1, 1]
        : tensor<3x54xf32> to tensor<3x6xf32>
    %n = arith.addf %x, %y : tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// The second slice holds the end of the first gate.
// CHECK-LABEL: func @do_not_fuse_what_is_read_otherwise
// CHECK:           fovea.contract
func.func @do_not_fuse_what_is_read_otherwise(%h0: tensor<3x6xf32>, %w: tensor<6x12xf32>,
    %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x12xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x12xf32>)
        outs(%e : tensor<3x12xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x12xf32>
    %x = tensor.extract_slice %p[0, 0] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %z = tensor.extract_slice %p[0, 5] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %n = arith.addf %x, %z : tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @do_not_fuse_a_product_read_as_a_whole
// CHECK:           fovea.contract
func.func @do_not_fuse_a_product_read_as_a_whole(%h0: tensor<3x6xf32>, %w: tensor<6x12xf32>,
    %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x12xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x12xf32>)
        outs(%e : tensor<3x12xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<3x12xf32>
    %x = tensor.extract_slice %p[0, 0] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %y = tensor.extract_slice %p[0, 6] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %all = math.exp %p : tensor<3x12xf32>
    %z = tensor.extract_slice %all[0, 3] [3, 6] [1, 1]
        : tensor<3x12xf32> to tensor<3x6xf32>
    %v = arith.addf %x, %y : tensor<3x6xf32>
    %n = arith.addf %v, %z : tensor<3x6xf32>
    scf.yield %n : tensor<3x6xf32>
  }
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @do_not_join_weights_that_a_step_makes
// CHECK:           fovea.contract
// CHECK:           fovea.contract
func.func @do_not_join_weights_that_a_step_makes(%h0: tensor<3x6xf32>,
    %u: tensor<7x6x6xf32>, %w: tensor<6x6xf32>, %t: index) -> tensor<3x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<3x6xf32>
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<3x6xf32> {
    %v = tensor.extract_slice %u[%i, 0, 0] [1, 6, 6] [1, 1, 1]
        : tensor<7x6x6xf32> to tensor<6x6xf32>
    %x = fovea.contract ins(%h, %v : tensor<3x6xf32>, tensor<6x6xf32>)
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
  return %r : tensor<3x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// Of a number of rows that only the run knows, the slices may not take all.
// CHECK-LABEL: func @do_not_fuse_slices_of_some_rows
// CHECK:         scf.for
// CHECK-NOT:       tensor.dim
// CHECK:           fovea.contract
func.func @do_not_fuse_slices_of_some_rows(%h0: tensor<?x6xf32>, %w: tensor<6x12xf32>,
    %e: tensor<?x12xf32>, %some: index, %t: index) -> tensor<?x6xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %t step %c1 iter_args(%h = %h0) -> tensor<?x6xf32> {
    %p = fovea.contract ins(%h, %w : tensor<?x6xf32>, tensor<6x12xf32>)
        outs(%e : tensor<?x12xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      } -> tensor<?x12xf32>
    %x = tensor.extract_slice %p[0, 0] [%some, 6] [1, 1] : tensor<?x12xf32> to tensor<?x6xf32>
    %y = tensor.extract_slice %p[0, 6] [%some, 6] [1, 1] : tensor<?x12xf32> to tensor<?x6xf32>
    %n = arith.addf %x, %y : tensor<?x6xf32>
    scf.yield %n : tensor<?x6xf32>
  }
  return %r : tensor<?x6xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @do_not_fuse_outside_a_loop
// CHECK:         fovea.contract
func.func @do_not_fuse_outside_a_loop(%h: tensor<3x6xf32>, %w: tensor<6x12xf32>)
    -> tensor<3x6xf32> {
  %e = tensor.empty() : tensor<3x12xf32>
  %p = fovea.contract ins(%h, %w : tensor<3x6xf32>, tensor<6x12xf32>)
      outs(%e : tensor<3x12xf32>) {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<3x12xf32>
  %x = tensor.extract_slice %p[0, 0] [3, 6] [1, 1]
      : tensor<3x12xf32> to tensor<3x6xf32>
  %y = tensor.extract_slice %p[0, 6] [3, 6] [1, 1]
      : tensor<3x12xf32> to tensor<3x6xf32>
  %n = arith.addf %x, %y : tensor<3x6xf32>
  return %n : tensor<3x6xf32>
}
