// RUN: fovea-opt %s -fovea-pack-weights -mlir-print-local-scope | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// What is read in two widths is packed twice.
// CHECK:     fovea.weight @w from
// CHECK-DAG: fovea.weight @[[$NARROW:.*]] from "" packs @w <width = 16, {{.*}}2x8x16
// CHECK-DAG: fovea.weight @[[$WIDE:.*]] from "" packs @w <width = 48, {{.*}}1x8x48
fovea.weight @w from "w.safetensors" : tensor<8x32xf32>

// CHECK-LABEL: func @panels_as_wide_as_the_tile
// CHECK-DAG:     %[[A:.*]] = fovea.get_weight @[[$NARROW]]
// CHECK-DAG:     %[[B:.*]] = fovea.get_weight @[[$WIDE]]
// CHECK:         fovea.contract ins(%{{.*}}, %[[A]]
// CHECK-SAME:      d1 floordiv 16, d2, d1 mod 16
// CHECK-SAME:      tiles = [7, 1]
// CHECK:         fovea.contract ins(%{{.*}}, %[[B]]
// CHECK-SAME:      d1 floordiv 48, d2, d1 mod 48
func.func @panels_as_wide_as_the_tile(%a: tensor<5x8xf32>, %c: tensor<5x32xf32>)
    -> (tensor<5x32xf32>, tensor<5x32xf32>) {
  %w = fovea.get_weight @w : tensor<8x32xf32>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x32xf32>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<tiles = [7, 1]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  %s = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x32xf32>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<tiles = [5, 3]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r, %s : tensor<5x32xf32>, tensor<5x32xf32>
}

// CHECK-LABEL: func @do_not_pack_for_tiles_that_are_too_large
// CHECK:         %[[W:.*]] = fovea.get_weight @w :
// CHECK:         fovea.contract ins(%{{.*}}, %[[W]]
func.func @do_not_pack_for_tiles_that_are_too_large(%a: tensor<5x8xf32>, %c: tensor<5x32xf32>)
    -> tensor<5x32xf32> {
  %w = fovea.get_weight @w : tensor<8x32xf32>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x32xf32>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #b, #c],
       schedule = #fovea.schedule<tiles = [1, 576460752303423488]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}
