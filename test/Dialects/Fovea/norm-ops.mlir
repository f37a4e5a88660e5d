// RUN: fovea-opt %s | fovea-opt | FileCheck %s

// CHECK-LABEL: func @layer_norm
// CHECK:         fovea.layer_norm ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<8xf32>)
// CHECK-SAME:      bias(%{{.*}} : tensor<8xf32>) outs(%{{.*}} : tensor<4x8xf32>)
// CHECK-SAME:      {axis = 1 : i64, epsilon = {{.*}} : f64} -> tensor<4x8xf32>
func.func @layer_norm(%x: tensor<4x8xf32>, %w: tensor<8xf32>, %b: tensor<8xf32>,
    %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = fovea.layer_norm ins(%x, %w : tensor<4x8xf32>, tensor<8xf32>) bias(%b : tensor<8xf32>)
      outs(%o : tensor<4x8xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// CHECK-LABEL: func @statistics_of_buffers
// CHECK:         fovea.layer_norm ins(
// CHECK-NOT:       bias
// CHECK-SAME:      memref<?x3x8xf16>, memref<?x1x1xf32>, memref<?x1x1xf32>)
func.func @statistics_of_buffers(%x: memref<?x3x8xf16>, %w: memref<3x8xf16>,
    %o: memref<?x3x8xf16>, %mean: memref<?x1x1xf32>, %inv: memref<?x1x1xf32>) {
  fovea.layer_norm ins(%x, %w : memref<?x3x8xf16>, memref<3x8xf16>)
      outs(%o, %mean, %inv : memref<?x3x8xf16>, memref<?x1x1xf32>, memref<?x1x1xf32>)
      {axis = 1 : i64, epsilon = 0.0 : f64}
  return
}

// CHECK-LABEL: func @rms_norm
// CHECK:         fovea.rms_norm ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<8xf32>)
// CHECK-SAME:      outs(%{{.*}} : tensor<4x8xf32>) {axis = 1 : i64, epsilon = {{.*}} : f64}
// CHECK-SAME:      -> tensor<4x8xf32>
func.func @rms_norm(%x: tensor<4x8xf32>, %w: tensor<8xf32>, %o: tensor<4x8xf32>)
    -> tensor<4x8xf32> {
  %r = fovea.rms_norm ins(%x, %w : tensor<4x8xf32>, tensor<8xf32>)
      outs(%o : tensor<4x8xf32>) {axis = 1 : i64, epsilon = 1.0e-6 : f64} -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// CHECK-LABEL: func @rope
// CHECK:         fovea.rope %{{.*}}, %{{.*}}, %{{.*}} {rotary_dim = 8 : i64}
// CHECK-SAME:      : tensor<2x4x5x8xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>
func.func @rope(%x: tensor<2x4x5x8xf32>, %c: tensor<2x5x4xf32>, %s: tensor<2x5x4xf32>)
    -> tensor<2x4x5x8xf32> {
  %r = fovea.rope %x, %c, %s {rotary_dim = 8 : i64}
      : tensor<2x4x5x8xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>
  return %r : tensor<2x4x5x8xf32>
}

// CHECK-LABEL: func @rope_of_the_whole_width
// CHECK:         fovea.rope %{{.*}}, %{{.*}}, %{{.*}} {rotary_dim = 0 : i64} : tensor<2x4x5x?xf32>
func.func @rope_of_the_whole_width(%x: tensor<2x4x5x?xf32>, %c: tensor<2x5x?xf32>,
    %s: tensor<2x5x?xf32>) -> tensor<2x4x5x?xf32> {
  %r = fovea.rope %x, %c, %s {rotary_dim = 0 : i64}
      : tensor<2x4x5x?xf32>, tensor<2x5x?xf32>, tensor<2x5x?xf32>
  return %r : tensor<2x4x5x?xf32>
}

// CHECK-LABEL: func @rope_of_interleaved_pairs_at_positions
// CHECK:         fovea.rope {{.*}} positions(%{{.*}} : tensor<2x5xi64>)
// CHECK-SAME:      {interleaved, node = "rotate", rotary_dim = 6 : i64}
func.func @rope_of_interleaved_pairs_at_positions(%x: tensor<2x4x5x8xf32>, %c: tensor<32x3xf32>,
    %s: tensor<32x3xf32>, %p: tensor<2x5xi64>) -> tensor<2x4x5x8xf32> {
  %r = fovea.rope %x, %c, %s positions(%p : tensor<2x5xi64>)
      {interleaved, node = "rotate", rotary_dim = 6 : i64}
      : tensor<2x4x5x8xf32>, tensor<32x3xf32>, tensor<32x3xf32>
  return %r : tensor<2x4x5x8xf32>
}
