// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c4_without_pages(%q: !t, %k: memref<9x16x2x8xf32>) {
  // expected-error @+1 {{attention_c4: expected a key map that permutes (b, H, j, d)}}
  fovea.attention ins(%q, %k, %k : !t, memref<9x16x2x8xf32>, memref<9x16x2x8xf32>) outs(%q : !t)
      {indexing_maps = [#q, #kp, #vp, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c4_pages(%q: !t, %k: memref<9x16x2x8xf32>, %p: memref<1x4xi32>) {
  // expected-error @+1 {{attention_c4: expected a key map that permutes (j floordiv P, H,}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      pages(%p : memref<1x4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 8, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c4_rows_of_pages(%q: !t, %k: memref<9x16x2x8xf32>, %p: memref<1x4xi32>) {
  // expected-error @+1 {{attention_c4: expected a key map that permutes (j floordiv P, H,}}
  fovea.attention ins(%q, %k, %k : !t, memref<9x16x2x8xf32>, memref<9x16x2x8xf32>)
      pages(%p : memref<1x4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #kp, #vp, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 8, j mod 8, h, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c4_page_sizes(%q: !t, %k: memref<9x16x2x8xf32>, %p: memref<1x4xi32>) {
  // expected-error @+1 {{attention_c4: expected one page size for key and value, got 16 and 8}}
  fovea.attention ins(%q, %k, %k : !t, memref<9x16x2x8xf32>, memref<9x16x2x8xf32>)
      pages(%p : memref<1x4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #kp, #vp, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c5_pages(%q: !t, %k: memref<9x16x2x8xf32>, %p: memref<2x4xi32>) {
  // expected-error @+1 {{attention_c5: expected extent 1 for dimension d0, got 2}}
  fovea.attention ins(%q, %k, %k : !t, memref<9x16x2x8xf32>, memref<9x16x2x8xf32>)
      pages(%p : memref<2x4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #kp, #vp, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c15_lengths(%q: !t, %n: memref<1xi8>) {
  // expected-error @+1 {{attention_c15: expected lengths of i32 or i64 of shape [B]}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      lengths(%n : memref<1xi8>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c15_table(%q: !t, %k: memref<9x16x2x8xf32>, %p: memref<4xi32>) {
  // expected-error @+1 {{attention_c15: expected pages of i32 or i64 of shape [B, blocks]}}
  fovea.attention ins(%q, %k, %k : !t, memref<9x16x2x8xf32>, memref<9x16x2x8xf32>)
      pages(%p : memref<4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #kp, #vp, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c15_page(%q: !t, %k: memref<9x?x2x8xf32>, %p: memref<1x4xi32>) {
  // expected-error @+1 {{attention_c15: expected pages of the static size 16}}
  fovea.attention ins(%q, %k, %k : !t, memref<9x?x2x8xf32>, memref<9x?x2x8xf32>)
      pages(%p : memref<1x4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #kp, #vp, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c16_elements(%q: !t, %s: memref<3xf32>) {
  // expected-error @+1 {{attention_c16: expected sequences of i32 or i64 of shape [N + 1]}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      sequences(%s, %s : memref<3xf32>, memref<3xf32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c16_counts(%q: !t, %s: memref<3xi32>, %u: memref<4xi32>) {
  // expected-error @+1 {{attention_c16: expected as many starts of queries as of keys}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      sequences(%s, %u : memref<3xi32>, memref<4xi32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c16_lengths(%q: !t, %s: memref<3xi32>, %n: memref<1xi32>) {
  // expected-error @+1 {{attention_c16: expected sequences without lengths and pages}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      lengths(%n : memref<1xi32>) sequences(%s, %s : memref<3xi32>, memref<3xi32>)
      outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<?x2x4x8xf32>
func.func @attention_c16_batch(%q: !t, %s: memref<3xi32>) {
  // expected-error @+1 {{attention_c16: expected a batch extent of 1 with sequences}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      sequences(%s, %s : memref<3xi32>, memref<3xi32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t = memref<1x2x4x8xf32>
func.func @attention_c16_align_ends(%q: !t) {
  // expected-error @+1 {{attention_c16: expected sequences with align_ends}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t) align_ends outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#none = affine_map<(b, h, i, j, d, e) -> ()>
#i = affine_map<(b, h, i, j, d, e) -> (i)>
!t = memref<1x2x4x8xf32>
func.func @attention_c16_tables(%q: !t, %s: memref<3xi32>, %n: memref<5xi64>, %x: memref<4xi64>) {
  // expected-error @+1 {{attention_c16: expected indices computed from positions}}
  fovea.attention ins(%q, %q, %q : !t, !t, !t)
      captures(%n, %x : memref<5xi64>, memref<4xi64>)
      sequences(%s, %s : memref<3xi32>, memref<3xi32>) outs(%q : !t)
      {indexing_maps = [#q, #k, #v, #none, #i, #o]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %table: memref<5xi64>, %own: i64):
        %at = arith.index_cast %own : i64 to index
        %id = fovea.capture_load %table[%at] : memref<5xi64> -> i64
        %keep = arith.cmpi eq, %id, %own : i64
        fovea.yield %keep : i1
      }
  return
}
