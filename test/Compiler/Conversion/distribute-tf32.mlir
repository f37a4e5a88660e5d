// RUN: fovea-opt %s -pass-pipeline="builtin.module(gpu.module(fovea-distribute-fragments))" \
// RUN:   -split-input-file | FileCheck %s

!tile = memref<32x16xf32, #gpu.address_space<workgroup>>
!a = !fovea_warp.fragment<16x16xtf32, a>
!b = !fovea_warp.fragment<16x16xtf32, b>
!sum = !fovea_warp.fragment<16x16xf32, acc>

gpu.module @device {
  // Matrices of 8 rows of 4 words are the fragment's: of `a` 16 x 8 elements a load, of `b`, where
  // columns lie as rows, 8 x 16. Each word is rounded once.
  // CHECK-LABEL:   gpu.func @matrices
  // CHECK-COUNT-2: fovea_warp.ldmatrix %{{.*}}[{{.*}}] : {{.*}} -> i32, i32, i32, i32
  // CHECK-COUNT-8: fovea_warp.approx tf32
  // CHECK-NOT:     fovea_warp.approx
  // CHECK-COUNT-2: fovea_warp.ldmatrix %{{.*}}[{{.*}}] : {{.*}} -> i32, i32, i32, i32
  // CHECK-NOT:     memref.load
  // CHECK-COUNT-8: fovea_warp.approx tf32
  // CHECK-NOT:     fovea_warp.approx
  // CHECK-COUNT-4: fovea_warp.mma_sync m16n8k8_tf32
  // CHECK-NOT:     fovea_warp.mma_sync
  gpu.func @matrices(%i: index, %x: f32, %to: memref<?x?xf32>) kernel {
    %s = fovea_warp.shared : !tile
    %zero = fovea_warp.splat %x : f32 -> !sum
    %a = fovea_warp.load_fragment %s[%i, %i] swizzle 64 : !tile -> !a
    %b = fovea_warp.load_fragment %s[%i, %i] transposed swizzle 64 : !tile -> !b
    %p = fovea_warp.mma %a, %b, %zero : !a, !b, !sum
    %sum = fovea_warp.await %p : !fovea_warp.pending<!sum>
    fovea_warp.store_fragment %sum, %to[%i, %i] : !sum, memref<?x?xf32>
    gpu.return
  }

  // ldmatrix cannot exchange rows and columns of words: the thread loads its own.
  // CHECK-LABEL:   gpu.func @do_not_load_matrices_across
  // CHECK:         %[[FOUR:.*]] = arith.constant 4 : index
  // CHECK:         %[[COLUMN:.*]] = arith.divui %[[LANE:.*]], %[[FOUR]]
  // CHECK:         %[[DEPTH:.*]] = arith.remui %[[LANE]], %[[FOUR]]
  // CHECK-NOT:     fovea_warp.ldmatrix
  // CHECK-COUNT-8: memref.load %{{.*}} : memref<32x16xf32
  // CHECK-COUNT-8: fovea_warp.approx tf32
  // CHECK-COUNT-8: memref.load %{{.*}} : memref<32x16xf32
  // CHECK-COUNT-8: fovea_warp.approx tf32
  // CHECK-NOT:     fovea_warp.ldmatrix
  gpu.func @do_not_load_matrices_across(%i: index, %x: f32, %to: memref<?x?xf32>) kernel {
    %s = fovea_warp.shared : !tile
    %zero = fovea_warp.splat %x : f32 -> !sum
    %a = fovea_warp.load_fragment %s[%i, %i] transposed : !tile -> !a
    %b = fovea_warp.load_fragment %s[%i, %i] : !tile -> !b
    %p = fovea_warp.mma %a, %b, %zero : !a, !b, !sum
    %sum = fovea_warp.await %p : !fovea_warp.pending<!sum>
    fovea_warp.store_fragment %sum, %to[%i, %i] : !sum, memref<?x?xf32>
    gpu.return
  }
}
