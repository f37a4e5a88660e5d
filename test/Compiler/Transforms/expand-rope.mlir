// RUN: fovea-opt %s -fovea-expand-rope | FileCheck %s

// CHECK: #[[$PARTNER:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, -d3 + 1, d4)>
// CHECK: #[[$NEXT:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, -d4 + 1)>

// CHECK-LABEL: func @halves
// CHECK-NOT:     tensor.extract_slice
// CHECK:         linalg.generic {indexing_maps = [#{{.*}}, #[[$PARTNER]]
// CHECK-NOT:     linalg.generic
// CHECK:         %[[R:.*]] = tensor.collapse_shape
// CHECK:         return %[[R]]
func.func @halves(%x: tensor<?x4x?x8xf32>, %c: tensor<?x?x4xf32>, %s: tensor<?x?x4xf32>)
    -> tensor<?x4x?x8xf32> {
  %r = fovea.rope %x, %c, %s {rotary_dim = 8 : i64}
    : tensor<?x4x?x8xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>
  return %r : tensor<?x4x?x8xf32>
}

// CHECK-LABEL: func @interleaved_part
// CHECK:         tensor.extract_slice %{{.*}}[0, 0, 0, 0] [2, 4, 5, 4]
// CHECK:         linalg.generic {indexing_maps = [#{{.*}}, #[[$NEXT]]
// CHECK-NOT:     linalg.generic
// CHECK:         tensor.insert_slice
// CHECK:         tensor.insert_slice
func.func @interleaved_part(%x: tensor<2x4x5x8xf32>, %c: tensor<2x5x2xf32>, %s: tensor<2x5x2xf32>)
    -> tensor<2x4x5x8xf32> {
  %r = fovea.rope %x, %c, %s {rotary_dim = 4 : i64, interleaved}
    : tensor<2x4x5x8xf32>, tensor<2x5x2xf32>, tensor<2x5x2xf32>
  return %r : tensor<2x4x5x8xf32>
}

// CHECK-LABEL: func @interleaved_width_of_the_run
// CHECK:         %[[HALF:.*]] = arith.divui
// CHECK:         tensor.expand_shape {{.*}} output_shape [2, 4, 5, %[[HALF]], 2]
// CHECK:         linalg.generic {indexing_maps = [#{{.*}}, #[[$NEXT]]
// CHECK:         tensor.insert_slice
// CHECK:         return
func.func @interleaved_width_of_the_run(%x: tensor<2x4x5x?xf32>, %c: tensor<2x5x?xf32>)
    -> tensor<2x4x5x?xf32> {
  %r = fovea.rope %x, %c, %c {rotary_dim = 0 : i64, interleaved}
    : tensor<2x4x5x?xf32>, tensor<2x5x?xf32>, tensor<2x5x?xf32>
  return %r : tensor<2x4x5x?xf32>
}

// CHECK-LABEL: func @do_not_gather_the_same_tables_twice
// CHECK:         fovea.checked_index %{{.*}} in %{{.*}} node "q" : i64
// CHECK-NOT:     fovea.checked_index
// CHECK:         return
func.func @do_not_gather_the_same_tables_twice(%q: tensor<2x4x5x8xf32>, %k: tensor<2x2x5x8xf32>,
    %c: tensor<64x4xf32>, %s: tensor<64x4xf32>, %p: tensor<2x5xi64>)
    -> (tensor<2x4x5x8xf32>, tensor<2x2x5x8xf32>) {
  %a = fovea.rope %q, %c, %s positions(%p : tensor<2x5xi64>) {rotary_dim = 8 : i64, node = "q"}
    : tensor<2x4x5x8xf32>, tensor<64x4xf32>, tensor<64x4xf32>
  %b = fovea.rope %k, %c, %s positions(%p : tensor<2x5xi64>) {rotary_dim = 8 : i64, node = "k"}
    : tensor<2x2x5x8xf32>, tensor<64x4xf32>, tensor<64x4xf32>
  return %a, %b : tensor<2x4x5x8xf32>, tensor<2x2x5x8xf32>
}
