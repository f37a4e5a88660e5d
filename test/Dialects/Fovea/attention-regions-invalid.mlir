// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c8_arguments(%q: !t) {
  // expected-error @+1 {{attention_c8: expected region arguments ('f32', 'index', 'index'}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
      score {
      ^bb0(%s: f32):
        fovea.yield %s : f32
      }
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c8_score_of_f32_queries(%q: !t) {
  // expected-error @+1 {{attention_c8: expected a region that yields one 'f32'}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
      score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %x = arith.extf %s : f32 to f64
        fovea.yield %x : f64
      }
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf64>
func.func @attention_c8_probability_of_f64_queries(%q: !t) {
  // expected-error @+1 {{attention_c8: expected region arguments ('f64', 'index', 'index'}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
      prob {
      ^bb0(%p: f32, %b: index, %h: index, %i: index, %j: index):
        fovea.yield %p : f32
      }
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c8_mask_yields_i1(%q: !t) {
  // expected-error @+1 {{attention_c8: expected a region that yields one 'i1'}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
      mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index):
        fovea.yield %j : index
      }
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c9_elementwise_operations_only(%q: !t) {
  // expected-error @+1 {{attention_c9: expected only elementwise scalar operations}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
      prob {
      ^bb0(%p: f32, %b: index, %h: index, %i: index, %j: index):
        // expected-note @+1 {{in this operation}}
        %x = scf.execute_region -> f32 {
          scf.yield %p : f32
        }
        fovea.yield %x : f32
      }
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c9_no_outer_values(%q: !t, %outer: f32) {
  // expected-error @+1 {{attention_c9: expected a region that uses only its arguments}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
      score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %x = arith.mulf %s, %outer : f32
        fovea.yield %x : f32
      }
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c10(%q: !t) {
  // expected-error @+1 {{attention_c10: expected an offset with causal or window}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) causal outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c11_two_entries(%q: !t, %n: index) {
  // expected-error @+1 {{attention_c11: expected a window of two counts, each at least -1}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) offset(%n) window [3] outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c11_counts(%q: !t, %n: index) {
  // expected-error @+1 {{attention_c11: expected a window of two counts, each at least -1}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) offset(%n) window [3, -2] outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c12_scale(%q: !t) {
  // expected-error @+1 {{attention_c12: expected a finite scale}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t)
      {scale = 0x7FF0000000000000 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c12_softcap(%q: !t) {
  // expected-error @+1 {{attention_c12: expected a finite positive softcap}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) softcap 0.0 outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
func.func @attention_c13_outs(%q: memref<1x2x4x4xf32>) {
  // expected-error @+1 {{attention_c13: expected out and optionally lse, or lse and max, in outs}}
  fovea.attention ins(%q, %q, %q : memref<1x2x4x4xf32>, memref<1x2x4x4xf32>, memref<1x2x4x4xf32>)
      outs(%q, %q, %q, %q : memref<1x2x4x4xf32>, memref<1x2x4x4xf32>, memref<1x2x4x4xf32>,
                            memref<1x2x4x4xf32>) {indexing_maps = [#q, #k, #k, #q, #q, #q, #q]}
  return
}
