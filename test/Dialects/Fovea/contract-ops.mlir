// RUN: fovea-opt %s | fovea-opt -mlir-print-local-scope | FileCheck %s

// CHECK-LABEL: func @contract
// CHECK:         fovea.contract ins(%{{.*}}, %{{.*}} : tensor<5x8xf32>, tensor<8x6xf32>)
// CHECK-SAME:      captures(%{{.*}} : tensor<6xf32>) outs(%{{.*}} : tensor<5x6xf32>)
// CHECK-SAME:      indexing_maps =
// CHECK-SAME:      epilogue {
// CHECK:         ^bb0(%[[SUM:.*]]: f32, %[[ADD:.*]]: f32):
// CHECK:           %[[X:.*]] = arith.addf %[[SUM]], %[[ADD]] : f32
// CHECK:           fovea.yield %[[X]] : f32
// CHECK:         } -> tensor<5x6xf32>
func.func @contract(%a: tensor<5x8xf32>, %b: tensor<8x6xf32>, %bias: tensor<6xf32>,
    %c: tensor<5x6xf32>) -> tensor<5x6xf32> {
  %r = fovea.contract ins(%a, %b : tensor<5x8xf32>, tensor<8x6xf32>)
      captures(%bias : tensor<6xf32>)
      outs(%c : tensor<5x6xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>]}
      epilogue {
      ^bb0(%sum: f32, %add: f32):
        %x = arith.addf %sum, %add : f32
        fovea.yield %x : f32
      } -> tensor<5x6xf32>
  return %r : tensor<5x6xf32>
}

// CHECK-LABEL: func @convolution_with_stride_and_dilation
// CHECK:         fovea.contract ins(%{{.*}}, %{{.*}} : tensor<1x3x11xf32>, tensor<4x3x3xf32>)
// CHECK-SAME:      d2 * 2 + d4 * 3
func.func @convolution_with_stride_and_dilation(%x: tensor<1x3x11xf32>, %w: tensor<4x3x3xf32>,
    %o: tensor<1x4x3xf32>) -> tensor<1x4x3xf32> {
  %r = fovea.contract ins(%x, %w : tensor<1x3x11xf32>, tensor<4x3x3xf32>)
      outs(%o : tensor<1x4x3xf32>)
      {indexing_maps = [affine_map<(n, f, o, c, k) -> (n, c, o * 2 + k * 3)>,
                        affine_map<(n, f, o, c, k) -> (f, c, k)>,
                        affine_map<(n, f, o, c, k) -> (n, f, o)>]}
      epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<1x4x3xf32>
  return %r : tensor<1x4x3xf32>
}

// CHECK-LABEL: func @buffers_of_panels
// CHECK:         fovea.contract
// CHECK-SAME:      d1 floordiv 16, d2, d1 mod 16
// CHECK:           arith.truncf
// CHECK:         }
// CHECK-NOT:     ->
// CHECK:         return
func.func @buffers_of_panels(%a: memref<?x8xf32>, %b: memref<2x8x16xf32>, %c: memref<?x32xbf16>) {
  fovea.contract ins(%a, %b : memref<?x8xf32>, memref<2x8x16xf32>) outs(%c : memref<?x32xbf16>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                        affine_map<(m, n, k) -> (n floordiv 16, k, n mod 16)>,
                        affine_map<(m, n, k) -> (m, n)>]}
      epilogue {
      ^bb0(%sum: f32):
        %x = arith.truncf %sum : f32 to bf16
        fovea.yield %x : bf16
      }
  return
}

// CHECK-LABEL: func @integers_sum_in_i32
// CHECK:         ^bb0(%{{.*}}: i32):
func.func @integers_sum_in_i32(%a: tensor<5xi8>, %o: tensor<i32>) -> tensor<i32> {
  %r = fovea.contract ins(%a, %a : tensor<5xi8>, tensor<5xi8>) outs(%o : tensor<i32>)
      {indexing_maps = [affine_map<(k) -> (k)>, affine_map<(k) -> (k)>, affine_map<(k) -> ()>]}
      epilogue {
      ^bb0(%sum: i32):
        fovea.yield %sum : i32
      } -> tensor<i32>
  return %r : tensor<i32>
}
