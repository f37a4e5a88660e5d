// Four queries on many keys. Dot products with the head's elements on the lanes take four keys and
// all four queries, two at a time with 8 lanes and one with 4, two vectors of each a turn or all;
// weighted values take four steps of four queries a turn. Nothing touches the stack in these loops,
// and nothing is called. Of bf16, where 16 registers are one short of holding the mask, only the
// wide form is checked. Keys are in one part: parts have a mask, and loops of their own for NaN.
//
// RUN: fovea compile %s --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 64 16 --math 5
// RUN: fovea compile %s --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 16 32 8 --math 5
// RUN: fovea compile %s --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 32 24 8 --math 5
// RUN: sed -e s/x128xf32/x128xbf16/ %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 128 64 16 --math 5
// RUN: sed -e s/x128xf32/x128xf16/ %s > %t.mlir
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 64 16 8 --math 5

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!few = tensor<1x2x4x128xf32>
!keys = tensor<1x2x?x128xf32>

func.func @main(%q: !few {fovea.name = "q"},
    %k: !keys {fovea.name = "k", fovea.shape = ["", "", "T", ""]},
    %v: !keys {fovea.name = "v", fovea.shape = ["", "", "T", ""]}) -> (!few {fovea.name = "y"}) {
  %o = tensor.empty() : !few
  %y = fovea.attention ins(%q, %k, %v : !few, !keys, !keys) outs(%o : !few)
      {scale = 0.125 : f64, indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<kv_split = 1>} -> !few
  return %y : !few
}
