// Attention of bf16 in tiles: heads of 64 and 128 elements, all keys and a causal mask. Sequences
// are of any length; maps are [B, H, S, D].
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-DAG: .visible .entry attention_64(
// CHECK-DAG: .visible .entry attention_128_causal(
// CHECK-DAG: cp.async.cg.shared.global
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-DAG: ex2.approx.ftz.f32
// CHECK-DAG: fma.rn.f32

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t64 = memref<?x8x?x64xbf16>
!t128 = memref<?x8x?x128xbf16>

func.func @attention_64(%q: !t64, %k: !t64, %v: !t64, %o: !t64) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t64, !t64, !t64) outs(%o : !t64)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @attention_128(%q: !t128, %k: !t128, %v: !t128, %o: !t128)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t128, !t128, !t128) outs(%o : !t128)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}

func.func @attention_64_causal(%q: !t64, %k: !t64, %v: !t64, %o: !t64)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t64, !t64, !t64) outs(%o : !t64)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %keep = arith.cmpi sle, %j, %i : index
    fovea.yield %keep : i1
  }
  return
}

func.func @attention_128_causal(%q: !t128, %k: !t128, %v: !t128, %o: !t128)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t128, !t128, !t128) outs(%o : !t128)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %keep = arith.cmpi sle, %j, %i : index
    fovea.yield %keep : i1
  }
  return
}

// A query at a time: the warps of a block split the keys of a step.
func.func @attention_decode(%q: memref<?x8x1x128xbf16>, %k: !t128, %v: !t128,
    %o: memref<?x8x1x128xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<?x8x1x128xbf16>, !t128, !t128)
      outs(%o : memref<?x8x1x128xbf16>) {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]}
  return
}
