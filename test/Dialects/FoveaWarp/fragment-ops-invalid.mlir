// RUN: fovea-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{fragment_c1: expected sizes that are multiples of 16 x 16 of role a}}
func.func private @fragment_c1(!fovea_warp.fragment<16x8xbf16, a>)

// -----

// expected-error @+1 {{fragment_c2: expected elements of f16, bf16 or tf32 of operands}}
func.func private @fragment_c2(!fovea_warp.fragment<16x8xbf16, acc>)

// -----

func.func @splat_c1(%x: f32) {
  // expected-error @+1 {{splat_c1: expected a sum or a row}}
  %a = fovea_warp.splat %x : f32 -> !fovea_warp.fragment<16x16xbf16, a>
  return
}

// -----

!tile = memref<32x64xbf16, #gpu.address_space<workgroup>>
func.func @load_fragment_c1(%s: !tile, %i: index) {
  // expected-error @+1 {{load_fragment_c1: expected an operand from a matrix of its elements}}
  %a = fovea_warp.load_fragment %s[%i, %i] : !tile -> !fovea_warp.fragment<16x16xf16, a>
  return
}

// -----

!tile = memref<32x64xbf16, #gpu.address_space<workgroup>>
func.func @swizzle_c1(%s: !tile, %i: index) {
  // expected-error @+1 {{swizzle_c1: expected 32, 64 or 128 bytes, or 0 for none, got 16}}
  %a = fovea_warp.load_fragment %s[%i, %i] swizzle 16 : !tile
      -> !fovea_warp.fragment<16x16xbf16, a>
  return
}

// -----

!tile = memref<32x40xbf16, #gpu.address_space<workgroup>>
func.func @swizzle_c2(%s: !tile, %i: index) {
  // expected-error @+1 {{swizzle_c2: expected rows of a static multiple of 32 bytes}}
  %a = fovea_warp.load_fragment %s[%i, %i] swizzle 32 : !tile
      -> !fovea_warp.fragment<16x16xbf16, a>
  return
}

// -----

!sum = !fovea_warp.fragment<16x16xf32, acc>
func.func @store_fragment_c1(%s: !sum, %m: memref<16x16xi8>, %i: index) {
  // expected-error @+1 {{store_fragment_c1: expected a sum or a row and a target of f32, f16 or}}
  fovea_warp.store_fragment %s, %m[%i, %i] : !sum, memref<16x16xi8>
  return
}

// -----

!sum = !fovea_warp.fragment<16x16xf32, acc>
func.func @store_fragment_c2(%s: !sum, %m: memref<16x16xf32>, %i: index) {
  // expected-error @+1 {{store_fragment_c2: expected 2 bounds or none, got 1}}
  fovea_warp.store_fragment %s, %m[%i, %i] bounds(%i) : !sum, memref<16x16xf32>
  return
}

// -----

!tile = memref<32x64xbf16, #gpu.address_space<workgroup>>
func.func @copy_async_c1(%m: memref<32x64xbf16>, %s: !tile, %i: index) {
  %none = fovea_warp.start_copies
  // expected-error @+1 {{copy_async_c1: expected 4, 8 or 16 bytes from global}}
  %some = fovea_warp.copy_async 2 %m[%i, %i] to %s[%i, %i] after %none
      : memref<32x64xbf16> to !tile
  return
}

// -----

!tile = memref<32x64xbf16, #gpu.address_space<workgroup>>
func.func @copy_async_c2(%m: memref<32x64xbf16>, %s: !tile, %i: index) {
  %none = fovea_warp.start_copies
  // expected-error @+1 {{copy_async_c2: expected 16 bytes to a matrix with a swizzle, got 8}}
  %some = fovea_warp.copy_async 8 %m[%i, %i] to %s[%i, %i] swizzle 128 after %none
      : memref<32x64xbf16> to !tile
  return
}

// -----

!a = !fovea_warp.fragment<16x32xbf16, a>
!b = !fovea_warp.fragment<16x8xbf16, b>
!sum = !fovea_warp.fragment<16x8xf32, acc>
func.func @mma_c1(%a: !a, %b: !b, %c: !sum) {
  // expected-error @+1 {{mma_c1: expected M x K of role a, K x N of role b and M x N of role acc}}
  %p = fovea_warp.mma %a, %b, %c : !a, !b, !sum
  return
}

// -----

!a = !fovea_warp.fragment<16x16xbf16, a>
!b = !fovea_warp.fragment<16x8xf16, b>
!sum = !fovea_warp.fragment<16x8xf32, acc>
func.func @mma_c2(%a: !a, %b: !b, %c: !sum) {
  // expected-error @+1 {{mma_c2: expected the same elements of a and b, got 'bf16' and 'f16'}}
  %p = fovea_warp.mma %a, %b, %c : !a, !b, !sum
  return
}

// -----

!sum = !fovea_warp.fragment<16x8xf32, acc>
func.func @do_not_use_sums_in_flight(%p: !fovea_warp.pending<!sum>) {
  // expected-error @+1 {{operand #0 must be matrix in the registers of a warp, but got}}
  %m = "fovea_warp.reduce_rows"(%p) {kind = 1 : i32}
      : (!fovea_warp.pending<!sum>) -> !fovea_warp.fragment<16xf32, row>
  return
}

// -----

!sum = !fovea_warp.fragment<16x8xf32, acc>
func.func @map_c1(%s: !sum, %r: !fovea_warp.fragment<32xf32, row>) {
  // expected-error @+1 {{map_c1: expected sums of one shape and rows of as many, or rows alone}}
  %q = fovea_warp.map %s, %r : !sum, !fovea_warp.fragment<32xf32, row> -> !sum {
  ^bb0(%i: index, %j: index, %x: f32, %y: f32):
    fovea_warp.yield %x : f32
  }
  return
}

// -----

!sum = !fovea_warp.fragment<16x8xf32, acc>
func.func @map_c2(%s: !sum) {
  // expected-error @+1 {{map_c2: expected a region that takes 2 indices and 1 f32 and yields 1}}
  %q = fovea_warp.map %s : !sum -> !sum {
  ^bb0(%i: index, %x: f32):
    fovea_warp.yield %x : f32
  }
  return
}

// -----

!sum = !fovea_warp.fragment<16x8xf32, acc>
func.func @reduce_rows_c1(%s: !sum) {
  // expected-error @+1 {{reduce_rows_c1: expected a row of as many as the sum has}}
  %m = fovea_warp.reduce_rows add %s : !sum -> !fovea_warp.fragment<32xf32, row>
  return
}

// -----

func.func @has_nan_c1(%a: !fovea_warp.fragment<16x16xbf16, a>) {
  // expected-error @+1 {{has_nan_c1: expected a sum or a row, got}}
  %x = fovea_warp.has_nan %a : !fovea_warp.fragment<16x16xbf16, a>
  return
}

// -----

!sum = !fovea_warp.fragment<16x32xf32, acc>
func.func @convert_c1(%s: !sum) {
  // expected-error @+1 {{convert_c1: expected a sum and an operand a of the same shape}}
  %a = fovea_warp.convert %s : !sum -> !fovea_warp.fragment<16x16xbf16, a>
  return
}

// -----

!sum = !fovea_warp.fragment<16x16xf32, acc>
func.func @store_fragment_c3(%s: !sum, %m: memref<16x16xf32, strided<[32, 2]>>, %i: index) {
  // expected-error @+1 {{store_fragment_c3: expected a sum and neighbors side by side for pairs}}
  fovea_warp.store_fragment %s, %m[%i, %i] pairs : !sum, memref<16x16xf32, strided<[32, 2]>>
  return
}

// -----

!sum = !fovea_warp.fragment<16x16xf32, acc>
func.func @combine_rows_c1(%s: !sum) {
  // expected-error @+1 {{combine_rows_c1: expected a row}}
  %m = fovea_warp.combine_rows add %s : !sum
  return
}

// -----

// expected-error @+1 {{fragment_c2: expected elements of f16, bf16 or tf32 of operands and of f32}}
func.func private @fragment_c2_operand(!fovea_warp.fragment<16x16xf32, a>)

// -----

// expected-error @+1 {{fragment_c2: expected elements of f16, bf16 or tf32 of operands and of f32}}
func.func private @fragment_c2_sum(!fovea_warp.fragment<16x8xtf32, acc>)

// -----

!tile = memref<32x64xbf16, #gpu.address_space<workgroup>>
func.func @load_fragment_c1_tf32(%s: !tile, %i: index) {
  // expected-error @+1 {{load_fragment_c1: expected an operand from a matrix of its elements}}
  %a = fovea_warp.load_fragment %s[%i, %i] : !tile -> !fovea_warp.fragment<16x16xtf32, a>
  return
}

// -----

!sum = !fovea_warp.fragment<16x16xf32, acc>
func.func @convert_c2(%s: !sum) {
  // expected-error @+1 {{convert_c2: expected elements of 16 bits, got}}
  %a = fovea_warp.convert %s : !sum -> !fovea_warp.fragment<16x16xtf32, a>
  return
}
