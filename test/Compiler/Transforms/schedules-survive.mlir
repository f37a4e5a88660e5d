// RUN: split-file %s %t
// RUN: fovea-opt %t/attention.mlir -fovea-materialize-mods -fovea-fold-query-groups \
// RUN:   -mlir-print-local-scope | FileCheck %t/attention.mlir
// RUN: fovea-opt %t/contract.mlir -fovea-collapse-contract -fovea-fuse-epilogue \
// RUN:   -mlir-print-local-scope | FileCheck %t/contract.mlir
// RUN: fovea-opt %t/contract.mlir -one-shot-bufferize="bufferize-function-boundaries" \
// RUN:   -mlir-print-local-scope | FileCheck %t/contract.mlir --check-prefix=BUFFERS
// RUN: fovea-opt %t/kernels.mlir -fovea-form-kernels | FileCheck %t/kernels.mlir
// RUN: fovea-opt %t/products.mlir -fovea-raise-attention=report=true -verify-diagnostics \
// RUN:   | FileCheck %t/products.mlir

//--- attention.mlir
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// CHECK-LABEL: func @sugar_and_groups
// CHECK:         tensor.expand_shape
// CHECK:         fovea.attention
// CHECK-SAME:      schedule = #fovea.schedule<form = "row_attention">
// CHECK-NEXT:      ^bb0
func.func @sugar_and_groups(%q: tensor<1x8x1x16xf32>, %k: tensor<1x2x9x16xf32>)
    -> tensor<1x8x1x16xf32> {
  %at = arith.constant 4 : index
  %r = fovea.attention
      ins(%q, %k, %k : tensor<1x8x1x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      offset(%at) causal outs(%q : tensor<1x8x1x16xf32>) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "row_attention">} -> tensor<1x8x1x16xf32>
  return %r : tensor<1x8x1x16xf32>
}

//--- contract.mlir
#l = affine_map<(b, m, n, k) -> (b, m, k)>
#r = affine_map<(b, m, n, k) -> (n, k)>
#o = affine_map<(b, m, n, k) -> (b, m, n)>
#id = affine_map<(i, j, k) -> (i, j, k)>

// CHECK-LABEL: func @merged_and_with_an_epilogue
// CHECK:         fovea.contract
// CHECK-SAME:      (d0, d1, d2) -> (d0, d1)
// CHECK-SAME:      schedule = #fovea.schedule<tiles = [3, 1]>
// CHECK:           math.tanh
// BUFFERS:       fovea.contract
// BUFFERS-SAME:    memref
// BUFFERS-SAME:    schedule = #fovea.schedule<tiles = [3, 1]>
func.func @merged_and_with_an_epilogue(%a: tensor<2x5x8xf32>, %w: tensor<6x8xf32>,
    %o: tensor<2x5x6xf32>) -> tensor<2x5x6xf32> {
  %p = fovea.contract ins(%a, %w : tensor<2x5x8xf32>, tensor<6x8xf32>) outs(%o : tensor<2x5x6xf32>)
      {indexing_maps = [#l, #r, #o], schedule = #fovea.schedule<tiles = [3, 1]>} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<2x5x6xf32>
  %q = linalg.generic {indexing_maps = [#id, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%p : tensor<2x5x6xf32>) outs(%o : tensor<2x5x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %t = math.tanh %x : f32
      linalg.yield %t : f32
    } -> tensor<2x5x6xf32>
  return %q : tensor<2x5x6xf32>
}

//--- kernels.mlir
#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
!t = memref<4x4xf32>

// Kernels that differ in nothing but the schedule are two.
// CHECK-LABEL: func @main
// CHECK:         fovea_kernel.launch @[[ONE:.*]](
// CHECK:         fovea_kernel.launch @[[TWO:.*]](
// CHECK:         fovea_kernel.launch @[[ONE]](
// CHECK:       func private @[[ONE]]
// CHECK:         tiles = [3, 1]
// CHECK:       func private @[[TWO]]
// CHECK:         tiles = [2, 1]
// CHECK-NOT:   func
func.func @main(%a: !t, %b: !t, %x: !t, %y: !t, %z: !t) attributes {fovea.entry} {
  fovea.contract ins(%a, %b : !t, !t) outs(%x : !t) {indexing_maps = [#l, #r, #o],
      schedule = #fovea.schedule<tiles = [3, 1]>} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    }
  fovea.contract ins(%a, %b : !t, !t) outs(%y : !t) {indexing_maps = [#l, #r, #o],
      schedule = #fovea.schedule<tiles = [2, 1]>} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    }
  fovea.contract ins(%a, %b : !t, !t) outs(%z : !t) {indexing_maps = [#l, #r, #o],
      schedule = #fovea.schedule<tiles = [3, 1]>} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    }
  return
}

//--- products.mlir
#q = affine_map<(n, i, j, d) -> (n, i, d)>
#k = affine_map<(n, i, j, d) -> (n, j, d)>
#s = affine_map<(n, i, j, d) -> (n, i, j)>
!x = tensor<2x5x8xf32>
!s = tensor<2x5x5xf32>

// CHECK-LABEL: func @do_not_raise_a_product_that_has_a_schedule
// CHECK:         linalg.softmax
// CHECK:         schedule = #fovea.schedule<form = "loop_product">
func.func @do_not_raise_a_product_that_has_a_schedule(%q: !x, %v: !x, %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  // expected-remark @below {{not raised to attention: 'fovea.contract' has a schedule of its own}}
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q],
      schedule = #fovea.schedule<form = "loop_product">} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}
