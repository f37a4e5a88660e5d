// Attention in tiles with masks that take registers: one that is read from memory, in heads of 64
// and 96 elements, and a window, in heads of 32. Their tiles have 32 keys.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-DAG: .visible .entry attention_64_mask(
// CHECK-DAG: .visible .entry attention_32_window(
// CHECK-DAG: cp.async.cg.shared.global
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#m = affine_map<(b, h, i, j, d, e) -> (b, i, j)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!t32 = memref<?x8x?x32xbf16>
!t64 = memref<?x8x?x64xbf16>
!t96 = memref<?x8x?x96xbf16>
!mask = memref<?x?x?xi1>

func.func @attention_64_mask(%q: !t64, %k: !t64, %v: !t64, %m: !mask, %o: !t64)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t64, !t64, !t64) captures(%m : !mask) outs(%o : !t64)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #m, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index, %keep: i1):
    fovea.yield %keep : i1
  }
  return
}

func.func @attention_96_mask(%q: !t96, %k: !t96, %v: !t96, %m: !mask, %o: !t96)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t96, !t96, !t96) captures(%m : !mask) outs(%o : !t96)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #m, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index, %keep: i1):
    fovea.yield %keep : i1
  }
  return
}

func.func @attention_32_window(%q: !t32, %k: !t32, %v: !t32, %o: !t32)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : !t32, !t32, !t32) outs(%o : !t32)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c100 = arith.constant 100 : index
    %first = arith.subi %i, %c100 : index
    %above = arith.cmpi sle, %first, %j : index
    %below = arith.cmpi sle, %j, %i : index
    %keep = arith.andi %above, %below : i1
    fovea.yield %keep : i1
  }
  return
}
