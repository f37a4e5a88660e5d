// RUN: fovea-opt %s -fovea-pack-weights -mlir-print-local-scope | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#t = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK: fovea.weight @w from
// CHECK: fovea.weight @[[$W:.*]] from "" packs @w <width = 32, n = [1], k = [0]>
fovea.weight @w from "w.safetensors" : tensor<8x32xf32>
// CHECK: fovea.weight @[[$T:.*]] from "" packs @t <width = 32, n = [0], k = [1]>
fovea.weight @t from "w.safetensors" : tensor<32x8xf32>
// CHECK: fovea.weight @half from
// CHECK: fovea.weight @[[$HALF:.*]] from "" packs @half <width = 32, {{.*}} : tensor<1x8x32xf16>
fovea.weight @half from "w.safetensors" : tensor<8x32xf16>

// CHECK-LABEL: func @pack_columns
// CHECK:         %[[PANELS:.*]] = fovea.get_weight @[[$W]] : tensor<1x8x32xf32>
// CHECK:         fovea.contract ins(%{{.*}}, %[[PANELS]]
// CHECK-SAME:      {fovea.packed, {{.*}}(d1 floordiv 32, d2, d1 mod 32)
func.func @pack_columns(%a: tensor<5x8xf32>, %c: tensor<5x32xf32>) -> tensor<5x32xf32> {
  %w = fovea.get_weight @w : tensor<8x32xf32>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x32xf32>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}

// CHECK-LABEL: func @pack_rows_of_a_transposed_weight
// CHECK:         fovea.get_weight @[[$T]] : tensor<1x8x32xf32>
func.func @pack_rows_of_a_transposed_weight(%a: tensor<5x8xf32>, %c: tensor<5x32xf32>)
    -> tensor<5x32xf32> {
  %w = fovea.get_weight @t : tensor<32x8xf32>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<32x8xf32>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #t, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}

// CHECK-LABEL: func @do_not_pack_what_is_no_weight
// CHECK-SAME:    %[[A:.*]]: tensor<5x8xf32>, %[[W:.*]]: tensor<8x32xf32>
// CHECK:         fovea.contract ins(%[[A]], %[[W]] {{.*}} {indexing_maps
func.func @do_not_pack_what_is_no_weight(%a: tensor<5x8xf32>, %w: tensor<8x32xf32>,
    %c: tensor<5x32xf32>) -> tensor<5x32xf32> {
  %r = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x32xf32>) outs(%c : tensor<5x32xf32>)
      {fovea.packed, indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}

// CHECK-LABEL: func @pack_half_precision_as_it_is
// CHECK:         %[[W:.*]] = fovea.get_weight @[[$HALF]] : tensor<1x8x32xf16>
// CHECK:         fovea.contract ins(%{{.*}}, %[[W]]
func.func @pack_half_precision_as_it_is(%a: tensor<5x8xf16>, %c: tensor<5x32xf32>)
    -> tensor<5x32xf32> {
  %w = fovea.get_weight @half : tensor<8x32xf16>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf16>, tensor<8x32xf16>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}

// CHECK-LABEL: func @pack_in_the_type_of_the_weight
// CHECK:         fovea.get_weight @[[$HALF]] : tensor<1x8x32xf16>
// CHECK:         fovea.contract ins(%{{.*}}, %{{.*}} : tensor<5x8xf32>, tensor<1x8x32xf16>)
func.func @pack_in_the_type_of_the_weight(%a: tensor<5x8xf32>, %c: tensor<5x32xf32>)
    -> tensor<5x32xf32> {
  %w = fovea.get_weight @half : tensor<8x32xf16>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x32xf16>) outs(%c : tensor<5x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}

// CHECK-LABEL: func @do_not_pack_for_sums_in_f64
// CHECK:         fovea.get_weight @half : tensor<8x32xf16>
func.func @do_not_pack_for_sums_in_f64(%a: tensor<5x8xf64>, %c: tensor<5x32xf64>)
    -> tensor<5x32xf64> {
  %w = fovea.get_weight @half : tensor<8x32xf16>
  %r = fovea.contract ins(%a, %w : tensor<5x8xf64>, tensor<8x32xf16>) outs(%c : tensor<5x32xf64>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f64):
        fovea.yield %sum : f64
      } -> tensor<5x32xf64>
  return %r : tensor<5x32xf64>
}
