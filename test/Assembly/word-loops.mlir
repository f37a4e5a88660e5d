// Rows of dots and tiles, also those that this machine lacks: 24 sums of dots in turns of four
// words, 2 x 2 tiles in turns of one step, which LLVM makes two for bytes. Unsigned rows need the
// columns' sums, by a single row of dots. Nothing touches the stack, to which tiles spill too.
//
// RUN: sed 's/TYPE/bf16/g; s/SUM/f32/g; s/COLUMNS/64/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4+amx-bf16 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 4 | FileCheck %s --check-prefix=TILES
// TILES: 4 multiply-adds in {{1[0-9]}} instructions
//
// RUN: sed 's/{indexing_maps/{schedule = #fovea.schedule<form = "dot_product">, indexing_maps/' \
// RUN:   %t.mlir > %t.dots.mlir
// RUN: fovea compile %t.dots.mlir --target=x86-64-v4+avx512bf16 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 | FileCheck %s --check-prefix=DOTS
// DOTS: 96 multiply-adds in {{1[34][0-9]}} instructions
//
// RUN: sed 's/TYPE/i8/g; s/SUM/i32/g; s/COLUMNS/64/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4+amx-int8 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 8 | FileCheck %s --check-prefix=BYTES
// BYTES: 8 multiply-adds in {{2[0-9]}} instructions
//
// RUN: fovea compile %t.mlir --target=x86-64-v4+avx512vnni --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 16 | FileCheck %s --check-prefix=DOTS
//
// RUN: sed 's/TYPE/i8/g; s/SUM/i32/g; s/COLUMNS/48/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4+avx512vnni --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 12 | FileCheck %s --check-prefix=DOTS
//
// RUN: sed 's/TYPE/i8/g; s/SUM/i32/g; s/COLUMNS/16/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v3+avxvnniint8 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 48

// 192 rows: a multiple of the rows of every tile. Depths are whole numbers of turns.
func.func @main(%a: tensor<192x4096xTYPE> {fovea.name = "a"},
    %b: tensor<4096xCOLUMNSxTYPE> {fovea.name = "b"})
    -> (tensor<192xCOLUMNSxSUM> {fovea.name = "c"}) {
  %o = tensor.empty() : tensor<192xCOLUMNSxSUM>
  %c = fovea.contract ins(%a, %b : tensor<192x4096xTYPE>, tensor<4096xCOLUMNSxTYPE>)
      outs(%o : tensor<192xCOLUMNSxSUM>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%sum: SUM):
        fovea.yield %sum : SUM
      } -> tensor<192xCOLUMNSxSUM>
  return %c : tensor<192xCOLUMNSxSUM>
}
