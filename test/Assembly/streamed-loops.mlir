// Four and eight rows by a matrix of the run, read as it lies: first [K, N], columns on the lanes,
// with rows in strips, then [N, K], with what is summed on the lanes. Turns of [K, N] have at most
// 256 bytes of a matrix whose rows are this far apart. Nothing touches the stack in any of the
// loops, in f32, bf16 and f16.
//
// RUN: fovea compile %s --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 16 32 | FileCheck %s
// CHECK: 16 multiply-adds in {{[34][0-9]}} instructions
// RUN: fovea compile %s --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 16 24
// RUN: fovea compile %s --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 8
//
// RUN: sed -e '/^![xw]/s/xf32/xbf16/' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 64
// RUN: fovea compile %t.mlir --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 16 24
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 8
//
// RUN: sed -e '/^![xw]/s/xf32/xf16/' %s > %t.mlir
// RUN: fovea compile %t.mlir --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 64
// RUN: fovea compile %t.mlir --target=x86-64-v3 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 16 24
// RUN: fovea compile %t.mlir --target=armv8-a --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 32 8

#x = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (k, n)>
#runs = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
!w = tensor<4096x4096xf32>
!x4 = tensor<4x4096xf32>
!x8 = tensor<8x4096xf32>
!y4 = tensor<4x4096xf32>
!y8 = tensor<8x4096xf32>

func.func @main(%x4: !x4 {fovea.name = "x4"}, %x8: !x8 {fovea.name = "x8"},
    %w: !w {fovea.name = "w"}) -> (!y4 {fovea.name = "a"}, !y8 {fovea.name = "b"},
    !y4 {fovea.name = "c"}, !y8 {fovea.name = "d"}) {
  %o4 = tensor.empty() : !y4
  %o8 = tensor.empty() : !y8
  %a = fovea.contract ins(%x4, %w : !x4, !w) outs(%o4 : !y4)
      {indexing_maps = [#x, #columns, #y]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> !y4
  %b = fovea.contract ins(%x8, %w : !x8, !w) outs(%o8 : !y8)
      {indexing_maps = [#x, #columns, #y]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> !y8
  %c = fovea.contract ins(%x4, %w : !x4, !w) outs(%o4 : !y4)
      {indexing_maps = [#x, #runs, #y]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> !y4
  %d = fovea.contract ins(%x8, %w : !x8, !w) outs(%o8 : !y8)
      {indexing_maps = [#x, #runs, #y]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> !y8
  return %a, %b, %c, %d : !y4, !y8, !y4, !y8
}
