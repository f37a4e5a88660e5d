// Rows of fewer elements than LLVM unrolls are vectors nevertheless, and so is a row's maximum.
//
// RUN: fovea compile %s --target=x86-64-v4 --emit=asm -o - | FileCheck %s
// CHECK-LABEL: layer_norm.body:
// CHECK-NOT:     v{{add|sub|mul}}ss {{-?[0-9]*}}(
// CHECK:         vaddps {{.*}}%zmm
// CHECK-NOT:     v{{add|sub|mul}}ss {{-?[0-9]*}}(
// CHECK-LABEL: generic.body:
// CHECK-NOT:     vaddss
// CHECK:         vaddps {{.*}}%ymm
// CHECK-NOT:     vaddss
// CHECK-LABEL: softmax.body:
// CHECK:         vmaxps {{.*}}%zmm

#all = affine_map<(r, c) -> (r, c)>
!rows = tensor<512x64xf32>
!few = tensor<512x24xf32>
func.func @main(%x: !rows {fovea.name = "x"}, %f: !few {fovea.name = "f"},
    %g: !few {fovea.name = "g"}, %w: tensor<64xf32> {fovea.name = "w"})
    -> (!rows {fovea.name = "normed"}, !few {fovea.name = "sum"}, !rows {fovea.name = "weights"})
    attributes {fovea.entry} {
  %e = tensor.empty() : !rows
  %few = tensor.empty() : !few
  %normed = fovea.layer_norm ins(%x, %w : !rows, tensor<64xf32>) outs(%e : !rows)
      {axis = 1 : i64, epsilon = 1.0e-05 : f64} -> !rows
  %sum = linalg.generic {indexing_maps = [#all, #all, #all],
      iterator_types = ["parallel", "parallel"]} ins(%f, %g : !few, !few) outs(%few : !few) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> !few
  %weights = linalg.softmax dimension(1) ins(%x : !rows) outs(%e : !rows) -> !rows
  return %normed, %sum, %weights : !rows, !few, !rows
}
