// Scores and weighted values are loops of multiply-adds without the stack: four steps of 6x4 or 4x4
// vectors with 32 registers, of 6x2 or 4x2 with 16, and single steps of blocks that the mask cuts.
// The other loops are exponentials, some of whose constants stay on the stack where registers are
// few, what is left over of products, and what sums values without them. Nothing is called.
//
// RUN: fovea compile %s --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 64 24 --math 20 16 10 8 4 2
// RUN: fovea compile %s --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 48 32 12 --math 10/2 8 2
// RUN: fovea compile %s --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 64 24 --math 20/4 16 4 | FileCheck %s
// CHECK: 96 multiply-adds in {{13[0-9]}} instructions
// Rows that are contiguous are loaded four at a time.
// CHECK: 96 multiply-adds in {{12[0-9]}} instructions

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!heads = tensor<1x2x2048x64xf32>

func.func @main(%q: !heads {fovea.name = "q"}, %k: !heads {fovea.name = "k"},
    %v: !heads {fovea.name = "v"}) -> (!heads {fovea.name = "y"}) {
  %zero = arith.constant 0 : index
  %o = tensor.empty() : !heads
  %y = fovea.attention ins(%q, %k, %v : !heads, !heads, !heads) offset(%zero) causal
      softcap 30.0 outs(%o : !heads)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]} -> !heads
  return %y : !heads
}
