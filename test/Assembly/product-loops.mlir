// Every row of the table of register tiles: 32 registers of 16 lanes, 16 registers of 8, and 32 of
// 4 whose multiply-adds take a row's element as a lane.
// A turn is four steps of the depth, two of tall tiles; of 130 what is left is unrolled.
//
// RUN: sed 's/COLUMNS/64/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 | FileCheck %s --check-prefix=WIDE4
// WIDE4: 96 multiply-adds in {{1[34][0-9]}} instructions
//
// RUN: sed 's/COLUMNS/48/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 | FileCheck %s --check-prefix=WIDE3
// WIDE3: 96 multiply-adds in {{1[34][0-9]}} instructions
//
// RUN: sed 's/COLUMNS/32/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 48
//
// RUN: sed 's/COLUMNS/16/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 28
//
// RUN: sed 's/COLUMNS/16/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 48
//
// RUN: sed 's/COLUMNS/8/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32
//
// RUN: sed 's/COLUMNS/16/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 | FileCheck %s --check-prefix=NEON4
// RUN: FileCheck %s --check-prefix=LANES --input-file=%t.s
// NEON4: 96 multiply-adds in {{13[0-9]}} instructions
// LANES: fmla v{{[0-9]+}}.4s, v{{[0-9]+}}.4s, v{{[0-9]+}}.s[0]
//
// RUN: sed 's/COLUMNS/12/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 96 | FileCheck %s --check-prefix=NEON3
// NEON3: 96 multiply-adds in {{1[34][0-9]}} instructions
//
// RUN: sed 's/COLUMNS/8/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 48 | FileCheck %s --check-prefix=NEON2
// NEON2: 48 multiply-adds in {{6[0-9]}} instructions
//
// RUN: sed 's/COLUMNS/4/g' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 | FileCheck %s --check-prefix=NEON1
// NEON1: 32 multiply-adds in {{5[0-9]}} instructions

// 168 rows: a multiple of the rows of every tile.
func.func @main(%a: tensor<168x130xf32> {fovea.name = "a"},
    %b: tensor<130xCOLUMNSxf32> {fovea.name = "b"})
    -> (tensor<168xCOLUMNSxf32> {fovea.name = "c"}) {
  %o = tensor.empty() : tensor<168xCOLUMNSxf32>
  %c = fovea.contract ins(%a, %b : tensor<168x130xf32>, tensor<130xCOLUMNSxf32>)
      outs(%o : tensor<168xCOLUMNSxf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<168xCOLUMNSxf32>
  return %c : tensor<168xCOLUMNSxf32>
}
