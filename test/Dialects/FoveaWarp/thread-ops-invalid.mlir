// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @shared_c1_space() {
  // expected-error @+1 {{shared_c1: expected a static shape, the identity layout and the}}
  %s = fovea_warp.shared : memref<4xf32>
  return
}

// -----

func.func @shared_c1_shape() {
  // expected-error @+1 {{shared_c1: expected a static shape, the identity layout and the}}
  %s = fovea_warp.shared : memref<?xf32, #gpu.address_space<workgroup>>
  return
}

// -----

func.func @shared_c2() {
  // expected-error @+1 {{shared_c2: expected elements of whole bytes, got 'i1'}}
  %s = fovea_warp.shared : memref<4xi1, #gpu.address_space<workgroup>>
  return
}

// -----

func.func @vote_c1(%c: i1) {
  // expected-error @+1 {{vote_c1: expected i32 of a ballot and i1 of other votes, got 'i1'}}
  %x = fovea_warp.vote ballot %c : i1
  return
}

// -----

func.func @ldmatrix_c1(%s: memref<64xbf16, #gpu.address_space<workgroup>>, %i: index) {
  // expected-error @+1 {{ldmatrix_c1: expected 1, 2 or 4 results, got 3}}
  %a:3 = fovea_warp.ldmatrix %s[%i] : memref<64xbf16, #gpu.address_space<workgroup>>
      -> i32, i32, i32
  return
}

// -----

func.func @ldmatrix_c2_space(%s: memref<64xbf16>, %i: index) {
  // expected-error @+1 {{ldmatrix_c2: expected one index per dimension of a buffer}}
  %a = fovea_warp.ldmatrix %s[%i] : memref<64xbf16> -> i32
  return
}

// -----

func.func @mma_sync_c1_registers(%a: i32, %c: f32) {
  // expected-error @+1 {{mma_sync_c1: expected 4, 2, 4 and 4 registers}}
  %d:4 = fovea_warp.mma_sync m16n8k16_f16 a(%a, %a, %a) b(%a, %a) c(%c, %c, %c, %c)
      : f32, f32, f32, f32 -> f32, f32, f32, f32
  return
}

// -----

func.func @mma_sync_c1_sums(%a: i32, %c: f32) {
  // expected-error @+1 {{the last two of 'i32'}}
  %d:4 = fovea_warp.mma_sync m16n8k32_s8 a(%a, %a, %a, %a) b(%a, %a) c(%c, %c, %c, %c)
      : f32, f32, f32, f32 -> f32, f32, f32, f32
  return
}

// -----

func.func @cp_async_c1(%m: memref<64xf32>, %s: memref<64xf32, #gpu.address_space<workgroup>>,
    %i: index) {
  // expected-error @+1 {{cp_async_c1: expected 4, 8 or 16 bytes, got 12}}
  fovea_warp.cp_async 12 %m[%i] to %s[%i]
      : memref<64xf32> to memref<64xf32, #gpu.address_space<workgroup>>
  return
}

// -----

func.func @cp_async_c2(%s: memref<64xf32, #gpu.address_space<workgroup>>, %i: index) {
  // expected-error @+1 {{cp_async_c2: expected to go from global to the workgroup's memory}}
  fovea_warp.cp_async 16 %s[%i] to %s[%i] : memref<64xf32, #gpu.address_space<workgroup>>
      to memref<64xf32, #gpu.address_space<workgroup>>
  return
}

// -----

func.func @ldmatrix_c2_bits(%s: memref<64xf64, #gpu.address_space<workgroup>>, %i: index) {
  // expected-error @+1 {{ldmatrix_c2: expected one index per dimension of a buffer of 16-bit or}}
  %a = fovea_warp.ldmatrix %s[%i] : memref<64xf64, #gpu.address_space<workgroup>> -> i32
  return
}

// -----

func.func @ldmatrix_c3(%s: memref<64xf32, #gpu.address_space<workgroup>>, %i: index) {
  // expected-error @+1 {{ldmatrix_c3: expected elements of 16 bits to transpose, got}}
  %a = fovea_warp.ldmatrix %s[%i] transposed : memref<64xf32, #gpu.address_space<workgroup>> -> i32
  return
}
