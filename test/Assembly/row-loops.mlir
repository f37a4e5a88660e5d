// One row, whose turns are of at most 1024 bytes of the panel: of 64 columns of f32 four steps, and
// of what LLVM would unroll otherwise nothing.
//
// RUN: fovea compile %s --target=x86-64-v4 --emit=asm -o %t.s
// RUN: python3 %S/check_loops.py %t.s --fma 16 | FileCheck %s --check-prefix=F32
// F32: 16 multiply-adds in {{2[0-9]}} instructions

func.func @main(%a: tensor<1x512xf32> {fovea.name = "a"},
    %b: tensor<512x64xf32> {fovea.name = "b"}) -> (tensor<1x64xf32> {fovea.name = "c"}) {
  %o = tensor.empty() : tensor<1x64xf32>
  %c = fovea.contract ins(%a, %b : tensor<1x512xf32>, tensor<512x64xf32>)
      outs(%o : tensor<1x64xf32>)
      {schedule = #fovea.schedule<form = "panel_product">,
       indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<1x64xf32>
  return %c : tensor<1x64xf32>
}
