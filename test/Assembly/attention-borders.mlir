// Where much lies on the border of what the mask keeps, here for few queries, the loops are of four
// steps of 8x2 vectors with 32 registers. With 16 they are as wide anyway.
//
// RUN: fovea compile %s --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 64 --math 16 10 8 2
// RUN: fovea compile %s --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 48 32 12 --math 10/2 8 2

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!heads = tensor<1x2x256x64xf32>

func.func @main(%q: !heads {fovea.name = "q"}, %k: !heads {fovea.name = "k"},
    %v: !heads {fovea.name = "v"}) -> (!heads {fovea.name = "y"}) {
  %zero = arith.constant 0 : index
  %o = tensor.empty() : !heads
  %y = fovea.attention ins(%q, %k, %v : !heads, !heads, !heads) offset(%zero) causal
      softcap 30.0 outs(%o : !heads)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o]} -> !heads
  return %y : !heads
}
