// RUN: fovea-opt %s | fovea-opt -mlir-print-local-scope | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x4x4xf32>

// CHECK-LABEL: func @all_parts
// CHECK:         schedule = #fovea.schedule<form = "row_attention", tiles = [6, 4], kv_split = 8>
func.func @all_parts(%q: !t) -> !t {
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "row_attention", tiles = [6, 4], kv_split = 8>} -> !t
  return %r : !t
}

// CHECK-LABEL: func @parts_in_another_order
// CHECK:         schedule = #fovea.schedule<tiles = [8, 1], kv_split = 1>
func.func @parts_in_another_order(%q: !t) -> !t {
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<kv_split = 1, tiles = [8, 1]>} -> !t
  return %r : !t
}

// CHECK-LABEL: func @no_part
// CHECK:         schedule = #fovea.schedule<>
func.func @no_part(%q: !t) -> !t {
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<>} -> !t
  return %r : !t
}

// CHECK-LABEL: func @contract_of_buffers
// CHECK:         schedule = #fovea.schedule<form = "loop_product">
func.func @contract_of_buffers(%a: memref<4x4xf32>, %c: memref<4x4xf32>) {
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>],
       schedule = #fovea.schedule<form = "loop_product">} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}
