// RUN: fovea-opt %s -split-input-file -fovea-schedule-cuda | FileCheck %s

// A block of 256 threads computes 64 x 64 elements; both tiles lie in its memory.
// CHECK-LABEL: func private @product
// CHECK-SAME:    form = "fma_product"
// CHECK:         fovea_kernel.grid %{{.*}} threads(256) {
// CHECK-COUNT-2:   fovea_warp.shared : memref<16x64xf32, #gpu.address_space<workgroup>>
// CHECK:           scf.for
// CHECK:             gpu.barrier
// CHECK:             scf.for
// CHECK-COUNT-16:      math.fma
// CHECK:             gpu.barrier
// CHECK-NOT:   linalg
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @product(%a: memref<100x40xf32>, %b: memref<72x40xf32>, %c: memref<100x72xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<100x40xf32>, memref<72x40xf32>) outs(%c : memref<100x72xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

// -----

// Lanes of a warp share the sum of one element.
// CHECK-LABEL: func private @few_rows
// CHECK-SAME:    form = "warp_product"
// CHECK-SAME:    form = "fma_product", reason = "shape"
// CHECK:         fovea_kernel.grid %{{.*}} threads(128) {
// CHECK-COUNT-5:   gpu.shuffle xor
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @few_rows(%a: memref<2x40xf32>, %b: memref<72x40xf32>, %c: memref<2x72xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<2x40xf32>, memref<72x40xf32>) outs(%c : memref<2x72xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

// -----

// CHECK-LABEL: func private @do_not_share_what_lies_apart
// CHECK-SAME:    form = "loop_product"
// CHECK-SAME:    the summed dimension does not lie along the columns' memory
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @do_not_share_what_lies_apart(%a: memref<2x40xf32>, %b: memref<40x72xf32>,
    %c: memref<2x72xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<2x40xf32>, memref<40x72xf32>) outs(%c : memref<2x72xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

// -----

// CHECK-LABEL: func private @cell
// CHECK-SAME:    form = "warp_gates"
// CHECK:         fovea_kernel.grid %{{.*}} threads(128) {
// CHECK-COUNT-10:  gpu.shuffle xor
func.func private @cell(%h: memref<2x40xf32>, %w: memref<2x6x40xf32>, %o: memref<2x6xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<2x40xf32>, memref<2x6x40xf32>) outs(%o : memref<2x6xf32>)
      {capture_maps = []} cell {
  ^bb0(%s0: f32, %s1: f32):
    %p = arith.mulf %s0, %s1 : f32
    fovea.yield %p : f32
  }
  return
}

// -----

// A thread for each element; a warp for each row of a norm.
// CHECK-LABEL: func private @elements
// CHECK-SAME:    form = "elementwise_loops"
// CHECK:         fovea_kernel.grid %{{.*}} threads(128) {
// CHECK:           arith.cmpi ult
// CHECK-NEXT:      scf.if
// CHECK-LABEL: func private @norm
// CHECK-SAME:    form = "row_norm"
// CHECK-COUNT-10:  gpu.shuffle xor
func.func private @elements(%x: memref<10x3xf32>) attributes {fovea_kernel.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%x : memref<10x3xf32>)
  return
}
func.func private @norm(%x: memref<4x40xf32>, %w: memref<40xf32>, %o: memref<4x40xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.layer_norm ins(%x, %w : memref<4x40xf32>, memref<40xf32>) outs(%o : memref<4x40xf32>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}
