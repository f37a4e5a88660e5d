// RUN: fovea-opt %s -split-input-file -fovea-schedule-cpu -verify-diagnostics

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x5x8xf32>
func.func private @form_is_not_known(%q: !t) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{fovea.attention in line 11 cannot follow #fovea.schedule<form = "rows">}}
  // expected-note-re @+1 {{fovea.attention by one of {{.*}}row_attention{{.*}}not by rows}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<form = "rows">}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x5x8xf32>
func.func private @form_is_for_other_operations(%q: !t) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow #fovea.schedule<form = "loop_product">}}
  // expected-note @+1 {{and not by loop_product}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<form = "loop_product">}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x5x8xf64>
func.func private @form_does_not_apply(%q: !t) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow #fovea.schedule<form = "transposed_attention">}}
  // expected-note @+1 {{transposed_attention: scores and sums on the lanes are in f32}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<form = "transposed_attention">}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x5x8xf32>
func.func private @form_has_no_tile(%q: !t) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow}}
  // expected-note @+1 {{row_attention: it has no register tile}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "row_attention", tiles = [6, 4]>}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x5x8xf32>
func.func private @tile_is_too_large(%q: !t) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow}}
  // expected-note @+1 {{tiles of 8 rows x 4 vectors are more than the 30 sums that 32 registers}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "transposed_attention", tiles = [8, 4]>}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x5x8xf32>
func.func private @keys_were_not_split(%q: !t) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow #fovea.schedule<form = "row_attention", kv_split = 2>}}
  // expected-note @+1 {{row_attention: its keys are not split}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "row_attention", kv_split = 2>}
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func private @panels_are_not_as_wide_as_the_tile(%a: memref<5x8xf32>, %b: memref<1x8x32xf32>,
    %c: memref<5x32xf32>) attributes {fovea_kernel.kernel} {
  // expected-error @+4 {{cannot follow}}
  // expected-note @+3 {{packed in panels of 32 columns; tiles of 4 vectors are 64 columns wide}}
  // expected-note @+2 {{loop_product: it has no register tile}}
  // expected-note @+1 {{streamed_product: the weight is packed in panels}}
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<1x8x32xf32>) outs(%c : memref<5x32xf32>)
      {fovea.packed, indexing_maps = [#a, #b, #c],
       schedule = #fovea.schedule<tiles = [6, 4]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n floordiv 4, k, n mod 4)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func private @panels_are_narrower_than_a_vector(%a: memref<5x8xf32>, %b: memref<8x8x4xf32>,
    %c: memref<5x32xf32>) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow}}
  // expected-note @+1 {{panel_product: the elements of a vector lie at changing distances}}
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<8x8x4xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<form = "panel_product">} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func private @integers_have_no_tile(%a: memref<5x8xi32>, %b: memref<8x32xi32>,
    %c: memref<5x32xi32>) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow}}
  // expected-note @+1 {{panel_product: register products sum in f32}}
  fovea.contract ins(%a, %b : memref<5x8xi32>, memref<8x32xi32>) outs(%c : memref<5x32xi32>)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<form = "panel_product">} epilogue {
      ^bb0(%sum: i32):
        fovea.yield %sum : i32
      }
  return
}
