// RUN: fovea-opt %s -split-input-file -fovea-split-keys -verify-diagnostics

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x17x8xf32>
func.func @too_many_queries(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 2>}}
  // expected-note @+1 {{kv_split: keys are split for at most 16 queries of a head, there are 17}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 2>} -> !t
  return %r : !t
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x?x8xf32>
func.func @queries_of_the_run(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 2>}}
  // expected-note @+1 {{kv_split: the number of queries is known only at run time}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 2>} -> !t
  return %r : !t
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x?x4x8xf32>
func.func @heads_of_the_run(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 2>}}
  // expected-note @+1 {{kv_split: the number of heads is known only at run time}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 2>} -> !t
  return %r : !t
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x4x8xf32>
func.func @too_many_parts(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 65>}}
  // expected-note @+1 {{kv_split: there are at most 64 parts}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 65>} -> !t
  return %r : !t
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x4x8xf32>
func.func @sugar_is_left(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 2>}}
  // expected-note @+1 {{kv_split: sugar is left; fovea-materialize-mods runs first}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) softcap 2.0 outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 2>} -> !t
  return %r : !t
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2x4x8xf32>
func.func @probability_region(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 2>}}
  // expected-note @+1 {{kv_split: its probability region needs the sums over all keys}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 2>} prob {
  ^bb0(%p: f32, %b: index, %h: index, %i: index, %j: index):
    fovea.yield %p : f32
  } -> !t
  return %r : !t
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = tensor<1x2000000x1x1xf32>
func.func @too_many_heads(%q: !t) -> !t {
  // expected-error @+2 {{cannot follow #fovea.schedule<kv_split = 64>}}
  // expected-note @+1 {{kv_split: there are more than 1048576 heads}}
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o], schedule = #fovea.schedule<kv_split = 64>} -> !t
  return %r : !t
}
