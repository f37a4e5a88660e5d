// RUN: fovea-opt %s | fovea-opt | FileCheck %s

!tile = memref<2x32x64xbf16, #gpu.address_space<workgroup>>
!a = !fovea_warp.fragment<16x64xbf16, a>
!b = !fovea_warp.fragment<64x32xbf16, b>
!sum = !fovea_warp.fragment<16x32xf32, acc>
!row = !fovea_warp.fragment<16xf32, row>

// CHECK-LABEL: func @products
func.func @products(%s: !tile, %i: index, %x: f32) -> !row {
  // CHECK: fovea_warp.load_fragment %{{.*}}[{{.*}}] swizzle 128 : {{.*}} -> <16x64xbf16, a>
  %a = fovea_warp.load_fragment %s[%i, %i, %i] swizzle 128 : !tile -> !a
  // CHECK: fovea_warp.load_fragment %{{.*}}[%{{.*}}] transposed : memref
  %b = fovea_warp.load_fragment %s[%i, %i, %i] transposed : !tile -> !b
  // CHECK: fovea_warp.splat %{{.*}} : f32 -> <16x32xf32, acc>
  %c = fovea_warp.splat %x : f32 -> !sum
  // CHECK: %[[P:.*]] = fovea_warp.mma %{{.*}}, %{{.*}}, %{{.*}} : <16x64xbf16, a>
  %p = fovea_warp.mma %a, %b, %c : !a, !b, !sum
  // CHECK: fovea_warp.await %[[P]] : <<16x32xf32, acc>>
  %d = fovea_warp.await %p : !fovea_warp.pending<!sum>
  // CHECK: fovea_warp.reduce_rows max %{{.*}} : {{.*}} -> <16xf32, row>
  %m = fovea_warp.reduce_rows max %d : !sum -> !row
  // CHECK: fovea_warp.reduce_rows add %{{.*}} partial : {{.*}} -> <16xf32, row>
  %l = fovea_warp.reduce_rows add %d partial : !sum -> !row
  // CHECK: fovea_warp.combine_rows add %{{.*}} : <16xf32, row>
  %all = fovea_warp.combine_rows add %l : !row
  // CHECK: fovea_warp.has_nan %{{.*}} : <16xf32, row>
  %bad = fovea_warp.has_nan %m : !row
  // CHECK: fovea_warp.convert %{{.*}} -> <16x32xbf16, a>
  %w = fovea_warp.convert %d : !sum -> !fovea_warp.fragment<16x32xbf16, a>
  return %m : !row
}

// CHECK-LABEL: func @regions
func.func @regions(%s: !sum, %r: !row, %to: memref<?x?xbf16>, %i: index, %n: index) {
  // CHECK: fovea_warp.map %{{.*}}, %{{.*}} : {{.*}} -> !fovea_warp.fragment<16x32xf32, acc> {
  %q = fovea_warp.map %s, %r : !sum, !row -> !sum {
  ^bb0(%row: index, %column: index, %x: f32, %y: f32):
    %d = arith.subf %x, %y : f32
    // CHECK: fovea_warp.yield %{{.*}} : f32
    fovea_warp.yield %d : f32
  }
  // CHECK: fovea_warp.store_fragment %{{.*}}, %{{.*}}[%{{.*}}] bounds(%{{.*}}, %{{.*}}) :
  fovea_warp.store_fragment %q, %to[%i, %i] bounds(%n, %n) : !sum, memref<?x?xbf16>
  // CHECK: fovea_warp.store_fragment %{{.*}}, %{{.*}}[%{{.*}}] pairs :
  fovea_warp.store_fragment %q, %to[%i, %i] pairs : !sum, memref<?x?xbf16>
  return
}

// CHECK-LABEL: func @copies
func.func @copies(%m: memref<?x64xbf16>, %s: !tile, %i: index, %valid: i32) {
  // CHECK: %[[NONE:.*]] = fovea_warp.start_copies
  %none = fovea_warp.start_copies
  // CHECK: %[[SOME:.*]] = fovea_warp.copy_async 16 {{.*}} swizzle 64 valid %{{.*}} after %[[NONE]]
  %some = fovea_warp.copy_async 16 %m[%i, %i] to %s[%i, %i, %i] swizzle 64 valid %valid
      after %none : memref<?x64xbf16> to !tile
  // CHECK: %[[GROUP:.*]] = fovea_warp.commit %[[SOME]]
  %group = fovea_warp.commit %some
  // CHECK: fovea_warp.wait %[[GROUP]] pending 1
  fovea_warp.wait %group pending 1
  return
}

!words = memref<32x16xf32, #gpu.address_space<workgroup>>

// CHECK-LABEL: func @products_of_tf32
func.func @products_of_tf32(%s: !words, %i: index, %c: !sum)
    -> !fovea_warp.pending<!sum> {
  // CHECK: fovea_warp.load_fragment %{{.*}}[{{.*}}] swizzle 64 : {{.*}} -> <16x16xtf32, a>
  %a = fovea_warp.load_fragment %s[%i, %i] swizzle 64 : !words
      -> !fovea_warp.fragment<16x16xtf32, a>
  // CHECK: fovea_warp.load_fragment %{{.*}} transposed swizzle 64 : {{.*}} -> <16x32xtf32, b>
  %b = fovea_warp.load_fragment %s[%i, %i] transposed swizzle 64 : !words
      -> !fovea_warp.fragment<16x32xtf32, b>
  // CHECK: fovea_warp.mma %{{.*}} : <16x16xtf32, a>, <16x32xtf32, b>, <16x32xf32, acc>
  %p = fovea_warp.mma %a, %b, %c : !fovea_warp.fragment<16x16xtf32, a>,
      !fovea_warp.fragment<16x32xtf32, b>, !sum
  return %p : !fovea_warp.pending<!sum>
}
