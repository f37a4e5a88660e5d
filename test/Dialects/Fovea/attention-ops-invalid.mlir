// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#m = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
func.func @attention_c1_floating_point(%q: memref<1x2x4x4xi32>) {
  // expected-error @+1 {{attention_c1: expected f32, f64, f16 or bf16 elements, got 'i32'}}
  fovea.attention ins(%q, %q, %q : memref<1x2x4x4xi32>, memref<1x2x4x4xi32>, memref<1x2x4x4xi32>)
      outs(%q : memref<1x2x4x4xi32>) {indexing_maps = [#m, #m, #m, #m]}
  return
}

// -----

#m = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
!t = memref<1x2x4x4xf32>
func.func @attention_c1_out(%q: !t, %o: memref<1x2x4x4xi32>) {
  // expected-error @+1 {{attention_c1: expected f32, f64, f16 or bf16 elements, got 'i32'}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%o : memref<1x2x4x4xi32>)
      {indexing_maps = [#m, #m, #m, #m]}
  return
}

// -----

#m = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
!t = memref<1x2x4x4xf32>
func.func @attention_c1_one_type(%q: !t, %k: memref<1x2x4x4xf16>) {
  // expected-error @+1 {{attention_c1: expected query, key and value of one element type}}
  fovea.attention ins(%q, %k, %q : !t, memref<1x2x4x4xf16>, !t) outs(%q : !t)
      {indexing_maps = [#m, #m, #m, #m]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c2_one_map_per_operand(%q: !t) {
  // expected-error @+1 {{attention_c2: expected 4 indexing maps, got 3}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v]}
  return
}

// -----

#m = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
!t = memref<1x2x4x4xf32>
func.func @attention_c2_six_dimensions(%q: !t) {
  // expected-error @+1 {{attention_c2: expected an indexing map with 6 dimensions and no symbols}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#m, #m, #m, #m]}
  return
}

// -----

#m = affine_map<(b, h, i, j, d, e) -> (b, i, d)>
!t = memref<1x2x4x4xf32>
func.func @attention_c2_as_many_results_as_the_rank(%q: !t) {
  // expected-error @+1 {{attention_c2: expected 4 results in the map of an operand of type}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#m, #m, #m, #m]}
  return
}

// -----

#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
!t = memref<1x2x4x4xf32>
func.func @attention_c3_query(%q: !t) {
  // expected-error @+1 {{attention_c3: expected a query map that permutes (b, h, i, d)}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#k, #k, #k, #k]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
!t = memref<1x2x4x4xf32>
func.func @attention_c3_out(%q: !t) {
  // expected-error @+1 {{attention_c3: expected an out map that permutes (b, h, i, e)}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #q, #q, #q]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h mod 2, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c4_key(%q: !t) {
  // expected-error @+1 {{attention_c4: expected a key map that permutes (b, H, j, d)}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c4_value(%q: !t) {
  // expected-error @+1 {{attention_c4: expected a value map that permutes (b, H, j, e)}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q : !t) {indexing_maps = [#q, #k, #k, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c4_one_group(%q: !t, %k: memref<1x1x4x4xf32>) {
  // expected-error @+1 {{attention_c4: expected one group size for key and value, got 2 and 1}}
  fovea.attention ins(%q, %k, %q : !t, memref<1x1x4x4xf32>, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c5_depth(%q: !t, %k: memref<1x2x4x8xf32>) {
  // expected-error @+1 {{attention_c5: expected extent 4 for dimension d4, got 8}}
  fovea.attention ins(%q, %k, %q : !t, memref<1x2x4x8xf32>, !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 3, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 3, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x8x4x4xf32>
!k = memref<1x2x4x4xf32>
func.func @attention_c5_heads(%q: !t, %k: !k) {
  // expected-error @+1 {{attention_c5: expected extent 8 for dimension d1, got 6}}
  fovea.attention ins(%q, %k, %k : !t, !k, !k) outs(%q : !t) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#l = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
!t = memref<1x2x4x4xf16>
func.func @attention_c6(%q: !t, %lse: memref<1x2x4xf16>) {
  // expected-error @+1 {{attention_c6: expected an 'f32' lse whose map permutes (b, h, i)}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q, %lse : !t, memref<1x2x4xf16>)
      {indexing_maps = [#q, #k, #v, #o, #l]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#l = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
!t = memref<1x2x4x4xf64>
func.func @attention_c6_of_f64(%q: !t, %lse: memref<1x2x4xf32>) {
  // expected-error @+1 {{attention_c6: expected an 'f64' lse whose map permutes (b, h, i)}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) outs(%q, %lse : !t, memref<1x2x4xf32>)
      {indexing_maps = [#q, #k, #v, #o, #l]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x4xf32>
func.func @attention_c7(%q: !t) {
  // expected-error @+1 {{attention_c7: expected a capture map over b, h, i and j}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) captures(%q : !t) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #v, #o]}
  return
}

// -----

func.func @capture_load_c1(%table: tensor<32x12xf32>, %i: index) -> f32 {
  // expected-error @+1 {{capture_load_c1: expected 2 indices, got 1}}
  %x = fovea.capture_load %table[%i] : tensor<32x12xf32> -> f32
  return %x : f32
}

// -----

func.func @capture_load_c2(%table: tensor<32xf16>, %i: index) -> f32 {
  // expected-error @+1 {{capture_load_c2: expected a result of type 'f16'}}
  %x = fovea.capture_load %table[%i] : tensor<32xf16> -> f32
  return %x : f32
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#far = affine_map<(b, h, i, j, d, e) -> (j - i)>
!t = memref<1x2x4x4xf32>
func.func @attention_c5_computed_index(%q: !t, %bias: memref<4xf32>) {
  // expected-error @+1 {{attention_c5: expected indices in [0, 4) for dimension 0}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) captures(%bias : memref<4xf32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #far, #o]}
  return
}
