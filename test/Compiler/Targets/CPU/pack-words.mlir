// RUN: fovea-opt %s -fovea-pack-weights="rows=amx-bf16,avx512vnni" \
// RUN:   -mlir-print-local-scope | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-DAG: @[[$TILES:[a-z0-9.]+]] {{.*}}@w <width = 32{{.*}} group = 2, step = 32> :
fovea.weight @w from "w.safetensors" : tensor<40x70xbf16>
// CHECK-DAG: @[[$BYTES:[a-z0-9.]+]] {{.*}}@v <width = 32{{.*}} group = 4, step = 4> :
fovea.weight @v from "w.safetensors" : tensor<9x32xi8>

// CHECK-LABEL: func @tiles
// CHECK:         fovea.get_weight @[[$TILES]] : tensor<3x32x32x2xbf16>
// CHECK:         (d1 floordiv 32, d2 floordiv 2, d1 mod 32, d2 mod 2)
func.func @tiles(%a: tensor<4x40xbf16>, %c: tensor<4x70xf32>) -> tensor<4x70xf32> {
  %w = fovea.get_weight @w : tensor<40x70xbf16>
  %r = fovea.contract ins(%a, %w : tensor<4x40xbf16>, tensor<40x70xbf16>)
      outs(%c : tensor<4x70xf32>) {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<4x70xf32>
  return %r : tensor<4x70xf32>
}

// CHECK-LABEL: func @do_not_pack_in_words_when_rows_are_too_few_for_tiles
// CHECK:         fovea.get_weight @{{.*}} : tensor<5x40x16xbf16>
func.func @do_not_pack_in_words_when_rows_are_too_few_for_tiles(%a: tensor<2x40xbf16>,
    %c: tensor<2x70xf32>) -> tensor<2x70xf32> {
  %w = fovea.get_weight @w : tensor<40x70xbf16>
  %r = fovea.contract ins(%a, %w : tensor<2x40xbf16>, tensor<40x70xbf16>)
      outs(%c : tensor<2x70xf32>) {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<2x70xf32>
  return %r : tensor<2x70xf32>
}

// Three words and a row of sums.
// CHECK-LABEL: func @bytes
// CHECK:         fovea.get_weight @[[$BYTES]] : tensor<1x4x32x4xi8>
func.func @bytes(%a: tensor<5x9xi8>, %c: tensor<5x32xi32>) -> tensor<5x32xi32> {
  %w = fovea.get_weight @v : tensor<9x32xi8>
  %r = fovea.contract ins(%a, %w : tensor<5x9xi8>, tensor<9x32xi8>)
      outs(%c : tensor<5x32xi32>) {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: i32):
        fovea.yield %sum : i32
      } -> tensor<5x32xi32>
  return %r : tensor<5x32xi32>
}

// A schedule's tiles are those of multiply-adds.
// CHECK-LABEL: func @do_not_pack_in_words_when_tiles_are_asked_for
// CHECK:         fovea.get_weight @{{.*}} : tensor<5x40x16xbf16>
func.func @do_not_pack_in_words_when_tiles_are_asked_for(%a: tensor<8x40xbf16>,
    %c: tensor<8x70xf32>) -> tensor<8x70xf32> {
  %w = fovea.get_weight @w : tensor<40x70xbf16>
  %r = fovea.contract ins(%a, %w : tensor<8x40xbf16>, tensor<40x70xbf16>)
      outs(%c : tensor<8x70xf32>)
      {indexing_maps = [#a, #b, #c], schedule = #fovea.schedule<tiles = [8, 1]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<8x70xf32>
  return %r : tensor<8x70xf32>
}
