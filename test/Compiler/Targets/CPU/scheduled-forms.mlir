// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#panels = affine_map<(m, n, k) -> (n floordiv 48, k, n mod 48)>
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!q = memref<1x2x70x8xf32>
!k = memref<1x2x7x8xf32>

// CHECK-LABEL: func private @row_attention
// CHECK-SAME:    form = "row_attention", op = "fovea.attention", refused = [],
// CHECK-SAME:    schedule = {form = "row_attention"}
// CHECK-NOT:     fovea_kernel.product
// CHECK:         return
func.func private @row_attention(%q: !q, %k: !k, %o: !q) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) outs(%o : !q)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<form = "row_attention">}
  return
}

// CHECK-LABEL: func private @transposed_attention_with_a_tile
// CHECK-SAME:    form = "transposed_attention"
// CHECK-SAME:    schedule = {form = "transposed_attention", tiles = [10, 3]}
// CHECK:         fovea_kernel.product {{.*}} rows 10 vectors 3 lanes 16
// CHECK-NOT:     vectors 4
// CHECK:         return
func.func private @transposed_attention_with_a_tile(%q: !q, %k: !k, %o: !q)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) outs(%o : !q) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "transposed_attention", tiles = [10, 3]>}
  return
}

// A tile without a form: the first form that has tiles.
// CHECK-LABEL: func private @tile_of_attention
// CHECK-SAME:    form = "transposed_attention"
// CHECK:         fovea_kernel.product {{.*}} rows 29 vectors 1 lanes 16
func.func private @tile_of_attention(%q: !q, %k: !k, %o: !q) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) outs(%o : !q)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<tiles = [29, 1]>}
  return
}

// CHECK-LABEL: func private @loop_product
// CHECK-SAME:    form = "loop_product", op = "fovea.contract", refused = []
// CHECK-NOT:     fovea_kernel.product
// CHECK:         return
func.func private @loop_product(%a: memref<5x8xf32>, %b: memref<8x32xf32>, %c: memref<5x32xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<8x32xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<form = "loop_product">} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @panel_product_with_a_tile
// CHECK-SAME:    form = "panel_product"
// CHECK-SAME:    schedule = {form = "panel_product", tiles = [3, 1]}
// CHECK:         fovea_kernel.product {{.*}} rows 3 vectors 1 lanes 16
func.func private @panel_product_with_a_tile(%a: memref<5x8xf32>, %b: memref<8x32xf32>,
    %c: memref<5x32xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<8x32xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #b, #c],
       schedule = #fovea.schedule<form = "panel_product", tiles = [3, 1]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// The panel is read where it is.
// CHECK-LABEL: func private @tile_as_wide_as_packed_panels
// CHECK-NOT:     fovea_kernel.scratch
// CHECK:         fovea_kernel.product {{.*}} rows 5 vectors 3 lanes 16
// CHECK:         return
func.func private @tile_as_wide_as_packed_panels(%a: memref<5x8xf32>, %b: memref<1x8x48xf32>,
    %c: memref<5x48xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<1x8x48xf32>) outs(%c : memref<5x48xf32>)
      {fovea.packed, indexing_maps = [#a, #panels, #c],
       schedule = #fovea.schedule<tiles = [5, 3]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// The same map over what the compiler did not pack: it is copied.
// CHECK-LABEL: func private @do_not_take_panels_for_packed
// CHECK:         fovea_kernel.scratch : memref<8x48xf32>
// CHECK:         return
func.func private @do_not_take_panels_for_packed(%a: memref<5x8xf32>, %b: memref<1x8x48xf32>,
    %c: memref<5x48xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<1x8x48xf32>) outs(%c : memref<5x48xf32>)
      {indexing_maps = [#a, #panels, #c], schedule = #fovea.schedule<tiles = [5, 3]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// Blocks of keys are those of the head's part.
// CHECK-LABEL: func private @keys_of_a_part
// CHECK-SAME:    form = "transposed_attention", key_parts = 2
// CHECK:         %[[AT:.*]] = arith.muli %{{.*}}, %c500
// CHECK:         %[[FIRST:.*]] = arith.minsi %[[AT]], %c1000
// CHECK:         %[[BEHIND:.*]] = arith.addi %[[FIRST]], %c500
// CHECK:         %[[END:.*]] = arith.minsi %[[BEHIND]], %c1000
// CHECK:         scf.for %{{.*}} = %[[FIRST]] to %[[END]]
func.func private @keys_of_a_part(%q: memref<1x4x1x8xf32>, %k: memref<1x2x1000x8xf32>,
    %o: memref<1x4x1x8xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention
      ins(%q, %k, %k : memref<1x4x1x8xf32>, memref<1x2x1000x8xf32>, memref<1x2x1000x8xf32>)
      outs(%o : memref<1x4x1x8xf32>) {fovea.key_parts = 2, indexing_maps = [#q,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, e)>, #o]}
  return
}
