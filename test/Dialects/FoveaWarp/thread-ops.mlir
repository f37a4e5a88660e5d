// RUN: fovea-opt %s | fovea-opt | FileCheck %s

!tile = memref<64x64xbf16, #gpu.address_space<workgroup>>

// CHECK-LABEL: func @shared
func.func @shared() {
  // CHECK: fovea_warp.shared : memref<64x64xbf16, #gpu.address_space<workgroup>>
  %s = fovea_warp.shared : !tile
  // CHECK: fovea_warp.shared at 8192 : memref<4xf32, #gpu.address_space<workgroup>>
  %t = fovea_warp.shared at 8192 : memref<4xf32, #gpu.address_space<workgroup>>
  return
}

// CHECK-LABEL: func @approximations
func.func @approximations(%x: f32) -> f32 {
  // CHECK: fovea_warp.approx ex2 %{{.*}} : f32
  %a = fovea_warp.approx ex2 %x : f32
  // CHECK: fovea_warp.approx tanh %{{.*}} : f32
  %b = fovea_warp.approx tanh %a : f32
  // CHECK: fovea_warp.approx tf32 %{{.*}} : f32
  %c = fovea_warp.approx tf32 %b : f32
  return %c : f32
}

// CHECK-LABEL: func @together
func.func @together(%c: i1, %p: !llvm.ptr, %x: i64, %y: i64) -> (i1, i32) {
  // CHECK: fovea_warp.vote all %{{.*}} : i1
  %whole = fovea_warp.vote all %c : i1
  // CHECK: fovea_warp.vote ballot %{{.*}} : i32
  %bits = fovea_warp.vote ballot %c : i32
  // CHECK: fovea_warp.sync_warp
  fovea_warp.sync_warp
  // CHECK: fovea_warp.grid_barrier %{{.*}} : !llvm.ptr
  fovea_warp.grid_barrier %p : !llvm.ptr
  // CHECK: fovea_warp.fault %{{.*}} kind 1 node 3 value %{{.*}} limit %{{.*}} : !llvm.ptr
  fovea_warp.fault %p kind 1 node 3 value %x limit %y : !llvm.ptr
  return %whole, %bits : i1, i32
}

// CHECK-LABEL: func @matrices
func.func @matrices(%s: !tile, %i: index, %j: index, %b0: i32, %b1: i32, %c: f32) -> f32 {
  // CHECK: %[[A:.*]]:4 = fovea_warp.ldmatrix %{{.*}}[%{{.*}}, %{{.*}}] transposed
  %a:4 = fovea_warp.ldmatrix %s[%i, %j] transposed : !tile -> i32, i32, i32, i32
  // CHECK: fovea_warp.mma_sync m16n8k16_bf16 a(%[[A]]#0, %[[A]]#1, %[[A]]#2, %[[A]]#3)
  %d:4 = fovea_warp.mma_sync m16n8k16_bf16 a(%a#0, %a#1, %a#2, %a#3) b(%b0, %b1)
      c(%c, %c, %c, %c) : f32, f32, f32, f32 -> f32, f32, f32, f32
  return %d#3 : f32
}

// CHECK-LABEL: func @copies
func.func @copies(%m: memref<?x64xbf16>, %s: !tile, %i: index, %valid: i32) {
  // CHECK: fovea_warp.cp_async 16 %{{.*}}[%{{.*}}, %{{.*}}] to %{{.*}}[%{{.*}}, %{{.*}}] valid
  fovea_warp.cp_async 16 %m[%i, %i] to %s[%i, %i] valid %valid : memref<?x64xbf16> to !tile
  // CHECK: fovea_warp.cp_async_commit
  fovea_warp.cp_async_commit
  // CHECK: fovea_warp.cp_async_wait 1
  fovea_warp.cp_async_wait 1
  return
}

!words = memref<64x32xf32, #gpu.address_space<workgroup>>

// CHECK-LABEL: func @matrices_of_words
func.func @matrices_of_words(%s: !words, %i: index, %j: index) -> i32 {
  // CHECK: fovea_warp.ldmatrix %{{.*}}[%{{.*}}, %{{.*}}] : memref<64x32xf32
  %a:2 = fovea_warp.ldmatrix %s[%i, %j] : !words -> i32, i32
  return %a#1 : i32
}
