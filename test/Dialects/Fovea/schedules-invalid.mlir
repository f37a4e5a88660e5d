// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c14_two_tiles(%q: !t) {
  // expected-error @+1 {{attention_c14: expected tiles of two counts}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<tiles = [6]>}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c14_tiles_count(%q: !t) {
  // expected-error @+1 {{attention_c14: expected tiles of two counts}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<tiles = [0, 4]>}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c14_kv_split_counts(%q: !t) {
  // expected-error @+1 {{attention_c14: expected a kv_split of at least 1, got 0}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 0>}
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
!t = memref<4x4xf32>
func.func @contract_c9_two_tiles(%a: !t) {
  // expected-error @+1 {{contract_c9: expected tiles of two counts}}
  fovea.contract ins(%a, %a : !t, !t) outs(%a : !t)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<tiles = [6, 4, 1]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
!t = memref<4x4xf32>
func.func @contract_c9_no_keys(%a: !t) {
  // expected-error @+1 {{contract_c9: expected no kv_split: there are no keys}}
  fovea.contract ins(%a, %a : !t, !t) outs(%a : !t)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<kv_split = 2>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

// expected-error @+1 {{duplicate or unknown struct parameter name: forms}}
#s = #fovea.schedule<forms = "row_attention">
