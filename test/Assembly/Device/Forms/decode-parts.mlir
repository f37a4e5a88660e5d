// Attention of few queries that needs the most registers: parts of keys, as fovea-split-keys makes
// them, of 4 queries and of 16, all sizes known; and heads of several pieces a lane.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-DAG: .visible .entry decode_of_a_part(
// CHECK-DAG: .visible .entry decode_of_1024_f32(
// CHECK-DAG: ld.global.v4.b32
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#part_k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 32, j, d)>
#part_v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 32, j, e)>
#lse = affine_map<(b, h, i, j, d, e) -> (b, h, i)>

func.func @decode_of_a_part(%q: memref<1x256x4x128xbf16>, %k: memref<1x8x32768x128xbf16>,
    %v: memref<1x8x32768x128xbf16>, %o: memref<1x256x4x128xf32>, %l: memref<1x256x4xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<1x256x4x128xbf16>, memref<1x8x32768x128xbf16>,
      memref<1x8x32768x128xbf16>) outs(%o, %l : memref<1x256x4x128xf32>, memref<1x256x4xf32>)
      {fovea.key_parts = 32 : i64, scale = 0.125 : f64,
       indexing_maps = [#q, #part_k, #part_v, #o, #lse]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c32 = arith.constant 32 : index
    %c1024 = arith.constant 1024 : index
    %part = arith.remui %h, %c32 : index
    %first = arith.muli %part, %c1024 : index
    %end = arith.addi %first, %c1024 : index
    %above = arith.cmpi sle, %first, %j : index
    %below = arith.cmpi slt, %j, %end : index
    %keep = arith.andi %above, %below : i1
    fovea.yield %keep : i1
  }
  return
}

func.func @decode_of_16_of_a_part(%q: memref<1x256x16x128xbf16>, %k: memref<1x8x32768x128xbf16>,
    %v: memref<1x8x32768x128xbf16>, %o: memref<1x256x16x128xf32>, %l: memref<1x256x16xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<1x256x16x128xbf16>, memref<1x8x32768x128xbf16>,
      memref<1x8x32768x128xbf16>) outs(%o, %l : memref<1x256x16x128xf32>, memref<1x256x16xf32>)
      {fovea.key_parts = 32 : i64, scale = 0.125 : f64,
       indexing_maps = [#q, #part_k, #part_v, #o, #lse]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c32 = arith.constant 32 : index
    %c1024 = arith.constant 1024 : index
    %part = arith.remui %h, %c32 : index
    %first = arith.muli %part, %c1024 : index
    %end = arith.addi %first, %c1024 : index
    %above = arith.cmpi sle, %first, %j : index
    %below = arith.cmpi slt, %j, %end : index
    %keep = arith.andi %above, %below : i1
    fovea.yield %keep : i1
  }
  return
}

func.func @decode_of_256_f32(%q: memref<?x8x3x256xf32>, %k: memref<?x8x?x256xf32>,
    %v: memref<?x8x?x256xf32>, %o: memref<?x8x3x256xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x3x256xf32>, memref<?x8x?x256xf32>,
      memref<?x8x?x256xf32>) outs(%o : memref<?x8x3x256xf32>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_512(%q: memref<?x8x4x512xbf16>, %k: memref<?x8x?x512xbf16>,
    %v: memref<?x8x?x512xbf16>, %o: memref<?x8x4x512xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x512xbf16>, memref<?x8x?x512xbf16>,
      memref<?x8x?x512xbf16>) outs(%o : memref<?x8x4x512xbf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_1024_f32(%q: memref<?x8x4x1024xf32>, %k: memref<?x8x?x1024xf32>,
    %v: memref<?x8x?x1024xf32>, %o: memref<?x8x4x1024xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x1024xf32>, memref<?x8x?x1024xf32>,
      memref<?x8x?x1024xf32>) outs(%o : memref<?x8x4x1024xf32>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}
