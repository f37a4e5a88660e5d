// RUN: fovea-opt %s -fovea-pack-weights -mlir-print-local-scope | FileCheck %s

// CHECK-DAG: packs @w <width = 16, n = [1], k = [2] beside = [0], group = 2, step = 2> :
fovea.weight @w from "w.safetensors" : tensor<3x20x8xbf16>
fovea.weight @odd from "w.safetensors" : tensor<3x20x7xbf16>

// CHECK-LABEL: func @words_of_two_steps
// CHECK:         fovea.gates {{.*}} tensor<2x4x48x2xbf16>
func.func @words_of_two_steps(%h: tensor<1x8xf32>, %e: tensor<1x20xf32>) -> tensor<1x20xf32> {
  %w = fovea.get_weight @w : tensor<3x20x8xbf16>
  %r = fovea.gates ins(%h, %w : tensor<1x8xf32>, tensor<3x20x8xbf16>)
      outs(%e : tensor<1x20xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32):
        fovea.yield %s0 : f32
      } -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}

// CHECK-LABEL: func @do_not_pack_in_words_for_several_rows
// CHECK:         fovea.gates {{.*}} tensor<2x24x16xbf16>
func.func @do_not_pack_in_words_for_several_rows(%h: tensor<2x8xf32>, %e: tensor<2x20xf32>)
    -> tensor<2x20xf32> {
  %w = fovea.get_weight @w : tensor<3x20x8xbf16>
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<3x20x8xbf16>)
      outs(%e : tensor<2x20xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x20xf32>
  return %r : tensor<2x20xf32>
}

// CHECK-LABEL: func @do_not_pack_in_words_when_the_depth_is_odd
// CHECK:         fovea.gates {{.*}} tensor<2x21x16xbf16>
func.func @do_not_pack_in_words_when_the_depth_is_odd(%h: tensor<1x7xf32>, %e: tensor<1x20xf32>)
    -> tensor<1x20xf32> {
  %w = fovea.get_weight @odd : tensor<3x20x7xbf16>
  %r = fovea.gates ins(%h, %w : tensor<1x7xf32>, tensor<3x20x7xbf16>)
      outs(%e : tensor<1x20xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32):
        fovea.yield %s0 : f32
      } -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}

// CHECK-LABEL: func @do_not_pack_in_words_what_only_the_run_knows
// CHECK:         fovea.gates {{.*}} tensor<2x24x16xbf16>
func.func @do_not_pack_in_words_what_only_the_run_knows(%h: tensor<1x8xf32>,
    %w: tensor<3x20x8xbf16>, %e: tensor<1x20xf32>) -> tensor<1x20xf32> {
  %r = fovea.gates ins(%h, %w : tensor<1x8xf32>, tensor<3x20x8xbf16>)
      outs(%e : tensor<1x20xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32):
        fovea.yield %s0 : f32
      } -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}
