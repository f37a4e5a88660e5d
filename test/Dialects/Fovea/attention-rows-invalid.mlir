// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#l = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
!t = memref<1x2x4x4xf16>
!l = memref<1x2x4xf32>
func.func @attention_c6_of_a_maximum(%q: !t, %lse: !l, %max: memref<1x2x4xf16>) {
  // expected-error @+1 {{attention_c6: expected an 'f32' max whose map permutes (b, h, i), got}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q, %lse, %max : !t, !l, memref<1x2x4xf16>)
      {indexing_maps = [#q, #k, #v, #o, #l, #l]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#l = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
#twice = affine_map<(b, h, i, j, d, e) -> (b, h, h)>
!t = memref<1x2x4x4xf32>
!l = memref<1x2x4xf32>
func.func @attention_c6_map_of_a_maximum(%q: !t, %lse: !l, %max: memref<1x2x2xf32>) {
  // expected-error @+1 {{attention_c6: expected an 'f32' max whose map permutes (b, h, i), got}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q, %lse, %max : !t, !l, memref<1x2x2xf32>)
      {indexing_maps = [#q, #k, #v, #o, #l, #twice]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#l = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
!t = memref<1x2x4x4xf32>
!l = memref<1x2x4xf32>
func.func @attention_c5_of_a_maximum(%q: !t, %lse: !l, %max: memref<1x2x5xf32>) {
  // expected-error @+1 {{attention_c5: expected extent 4 for dimension d2, got 5}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q, %lse, %max : !t, !l, memref<1x2x5xf32>)
      {indexing_maps = [#q, #k, #v, #o, #l, #l]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf16>
func.func @attention_c17_type(%q: !t, %slopes: memref<2xf16>) {
  // expected-error @+1 {{attention_c17: expected slopes of 'f32' of shape [H], got}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) alibi(%slopes : memref<2xf16>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c17_shape(%q: !t, %slopes: memref<2x1xf32>) {
  // expected-error @+1 {{attention_c17: expected slopes of 'f32' of shape [H], got}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) alibi(%slopes : memref<2x1xf32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c5_of_slopes(%q: !t, %slopes: memref<3xf32>) {
  // expected-error @+1 {{attention_c5: expected extent 2 for dimension d1, got 3}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) alibi(%slopes : memref<3xf32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}
