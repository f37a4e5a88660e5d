// Attention of few queries that share keys: 1, 4 (a group of heads, made queries) and 16 of them,
// on tensor cores for 16-bit heads of 64 and 128 elements, else by multiply-adds. One with a mask,
// one with keys in pages.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-DAG: .visible .entry decode_of_4(
// CHECK-DAG: .visible .entry decode_of_f32(
// CHECK-DAG: ld.global.v4.b32
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-DAG: shfl.sync.bfly

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#paged_k = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#paged_v = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>

func.func @decode_of_1(%q: memref<?x8x1x128xbf16>, %k: memref<?x8x?x128xbf16>,
    %v: memref<?x8x?x128xbf16>, %o: memref<?x8x1x128xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x1x128xbf16>, memref<?x8x?x128xbf16>,
      memref<?x8x?x128xbf16>) outs(%o : memref<?x8x1x128xbf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_4(%q: memref<?x8x4x128xbf16>, %k: memref<?x8x?x128xbf16>,
    %v: memref<?x8x?x128xbf16>, %o: memref<?x8x4x128xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x128xbf16>, memref<?x8x?x128xbf16>,
      memref<?x8x?x128xbf16>) outs(%o : memref<?x8x4x128xbf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_16(%q: memref<?x8x16x64xf16>, %k: memref<?x8x?x64xf16>,
    %v: memref<?x8x?x64xf16>, %o: memref<?x8x16x64xf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x16x64xf16>, memref<?x8x?x64xf16>,
      memref<?x8x?x64xf16>) outs(%o : memref<?x8x16x64xf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_masked(%q: memref<?x8x4x128xbf16>, %k: memref<?x8x?x128xbf16>,
    %v: memref<?x8x?x128xbf16>, %o: memref<?x8x4x128xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x128xbf16>, memref<?x8x?x128xbf16>,
      memref<?x8x?x128xbf16>) outs(%o : memref<?x8x4x128xbf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %keep = arith.cmpi sge, %j, %i : index
    fovea.yield %keep : i1
  }
  return
}

func.func @decode_of_f32(%q: memref<?x8x1x128xf32>, %k: memref<?x8x?x128xf32>,
    %v: memref<?x8x?x128xf32>, %o: memref<?x8x1x128xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x1x128xf32>, memref<?x8x?x128xf32>,
      memref<?x8x?x128xf32>) outs(%o : memref<?x8x1x128xf32>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_4_f32(%q: memref<?x8x4x128xf32>, %k: memref<?x8x?x128xf32>,
    %v: memref<?x8x?x128xf32>, %o: memref<?x8x4x128xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x128xf32>, memref<?x8x?x128xf32>,
      memref<?x8x?x128xf32>) outs(%o : memref<?x8x4x128xf32>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_16_f32(%q: memref<?x8x16x64xf32>, %k: memref<?x8x?x64xf32>,
    %v: memref<?x8x?x64xf32>, %o: memref<?x8x16x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x16x64xf32>, memref<?x8x?x64xf32>,
      memref<?x8x?x64xf32>) outs(%o : memref<?x8x16x64xf32>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_256(%q: memref<?x8x4x256xbf16>, %k: memref<?x8x?x256xbf16>,
    %v: memref<?x8x?x256xbf16>, %o: memref<?x8x4x256xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x256xbf16>, memref<?x8x?x256xbf16>,
      memref<?x8x?x256xbf16>) outs(%o : memref<?x8x4x256xbf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @decode_of_pages(%q: memref<?x8x4x128xbf16>, %k: memref<?x16x8x128xbf16>,
    %v: memref<?x16x8x128xbf16>, %p: memref<?x?xi32>, %o: memref<?x8x4x128xbf16>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x4x128xbf16>, memref<?x16x8x128xbf16>,
      memref<?x16x8x128xbf16>) pages(%p : memref<?x?xi32>) outs(%o : memref<?x8x4x128xbf16>)
      {scale = 0.125 : f64, indexing_maps = [#q, #paged_k, #paged_v, #o]}
  return
}
