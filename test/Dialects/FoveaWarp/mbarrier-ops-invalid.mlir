// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @mbarrier_c1_init(%s: memref<4xi64>, %i: index, %c: i32) {
  // expected-error @+1 {{mbarrier_c1: expected one index per dimension of a buffer of i64 in the}}
  fovea_warp.mbarrier_init %s[%i], %c : memref<4xi64>
  return
}

// -----

func.func @mbarrier_c1_arrive(%s: memref<4xi32, #gpu.address_space<workgroup>>, %i: index) {
  // expected-error @+1 {{mbarrier_c1: expected one index per dimension of a buffer of i64 in the}}
  fovea_warp.mbarrier_arrive %s[%i] : memref<4xi32, #gpu.address_space<workgroup>>
  return
}

// -----

func.func @mbarrier_c1_indices(%s: memref<4x2xi64, #gpu.address_space<workgroup>>, %i: index) {
  // expected-error @+1 {{mbarrier_c1: expected one index per dimension of a buffer of i64 in the}}
  fovea_warp.mbarrier_arrive_copies %s[%i] : memref<4x2xi64, #gpu.address_space<workgroup>>
  return
}

// -----

func.func @mbarrier_c1_try_wait(%s: memref<4xi64>, %i: index, %p: i32) {
  // expected-error @+1 {{mbarrier_c1: expected one index per dimension of a buffer of i64 in the}}
  %x = fovea_warp.mbarrier_try_wait %s[%i] parity %p : memref<4xi64>
  return
}
