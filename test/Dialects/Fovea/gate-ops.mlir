// RUN: fovea-opt %s | fovea-opt | FileCheck %s

#id = affine_map<(m, n) -> (m, n)>
#second = affine_map<(m, n) -> (m, n + 6)>
#bias = affine_map<(m, n) -> (n)>
#none = affine_map<(m, n) -> ()>

// CHECK-LABEL: func @gates
// CHECK:         %[[R:.*]]:2 = fovea.gates ins(%[[H:[a-z0-9]+]], %[[W:[a-z0-9]+]] :
// CHECK-SAME:        tensor<2x8xf32>, tensor<2x6x8xf32>)
// CHECK-SAME:        captures(%[[C:[a-z0-9]+]] : tensor<2x6xf32>)
// CHECK-SAME:        outs(%[[E:[a-z0-9]+]], %[[C]] : tensor<2x6xf32>, tensor<2x6xf32>)
// CHECK-SAME:        {capture_maps = [#{{.*}}]} cell {
// CHECK-NEXT:    ^bb0(%[[S0:.*]]: f32, %[[S1:.*]]: f32, %[[OLD:.*]]: f32):
// CHECK:           fovea.yield %{{.*}}, %{{.*}} : f32, f32
// CHECK-NEXT:    } -> tensor<2x6xf32>, tensor<2x6xf32>
func.func @gates(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>, %c: tensor<2x6xf32>,
    %e: tensor<2x6xf32>) -> (tensor<2x6xf32>, tensor<2x6xf32>) {
  %r:2 = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      captures(%c : tensor<2x6xf32>) outs(%e, %c : tensor<2x6xf32>, tensor<2x6xf32>)
      {capture_maps = [#id]} cell {
      ^bb0(%s0: f32, %s1: f32, %old: f32):
        %a = arith.addf %s0, %old : f32
        %b = arith.mulf %a, %s1 : f32
        fovea.yield %b, %a : f32, f32
      } -> tensor<2x6xf32>, tensor<2x6xf32>
  return %r#0, %r#1 : tensor<2x6xf32>, tensor<2x6xf32>
}

// A weight [K, G, N] in f16, states in bf16, and a number of rows that only the run knows.
// CHECK-LABEL: func @weight_order
// CHECK:         fovea.gates ins(%{{.*}}, %{{.*}} : tensor<?x8xbf16>, tensor<8x2x6xf16>)
// CHECK-SAME:        captures(%{{.*}}, %{{.*}} : tensor<?x12xf32>, tensor<6xf32>)
// CHECK-SAME:        weight_order = array<i64: 1, 2, 0>
func.func @weight_order(%h: tensor<?x8xbf16>, %w: tensor<8x2x6xf16>, %x: tensor<?x12xf32>,
    %b: tensor<6xf32>, %e: tensor<?x6xbf16>) -> tensor<?x6xbf16> {
  %r = fovea.gates ins(%h, %w : tensor<?x8xbf16>, tensor<8x2x6xf16>)
      captures(%x, %b : tensor<?x12xf32>, tensor<6xf32>) outs(%e : tensor<?x6xbf16>)
      {capture_maps = [#second, #bias], weight_order = array<i64: 1, 2, 0>} cell {
      ^bb0(%s0: f32, %s1: f32, %in: f32, %bias: f32):
        %a = arith.addf %s0, %in : f32
        %p = arith.mulf %s1, %bias : f32
        %s = arith.addf %a, %p : f32
        %t = arith.truncf %s : f32 to bf16
        fovea.yield %t : bf16
      } -> tensor<?x6xbf16>
  return %r : tensor<?x6xbf16>
}

// Three gates of 20 units in panels of 16: the second panel is cut.
// CHECK-LABEL: func @panels
// CHECK:         fovea.gates ins(%{{.*}}, %{{.*}} : memref<2x8xf32>, memref<2x24x16xf32>)
// CHECK-SAME:        outs(%{{.*}} : memref<2x20xf32>) {capture_maps = [], panels = 16 : i64} cell {
// CHECK-NEXT:    ^bb0(%[[S0:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK-NEXT:      fovea.yield %[[S0]] : f32
// CHECK-NEXT:    }{{$}}
func.func @panels(%h: memref<2x8xf32>, %w: memref<2x24x16xf32>, %o: memref<2x20xf32>) {
  fovea.gates ins(%h, %w : memref<2x8xf32>, memref<2x24x16xf32>)
      outs(%o : memref<2x20xf32>) {capture_maps = [], panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32):
        fovea.yield %s0 : f32
      }
  return
}

// Words of two steps for a depth of 8.
// CHECK-LABEL: func @panels_of_pairs
// CHECK:         fovea.gates ins(%{{.*}}, %{{.*}} : memref<1x8xf32>, memref<2x4x48x2xbf16>)
func.func @panels_of_pairs(%h: memref<1x8xf32>, %w: memref<2x4x48x2xbf16>, %o: memref<1x20xf32>) {
  fovea.gates ins(%h, %w : memref<1x8xf32>, memref<2x4x48x2xbf16>)
      outs(%o : memref<1x20xf32>) {capture_maps = [], panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32):
        fovea.yield %s0 : f32
      }
  return
}

// CHECK-LABEL: func @scalar_captures
// CHECK-SAME:    %[[T:[a-z0-9]+]]: i64
// CHECK:         captures(%{{.*}}, %[[T]] : tensor<2xi64>, i64)
func.func @scalar_captures(%h: tensor<2x8xf32>, %w: tensor<1x6x8xf32>, %ends: tensor<2xi64>,
    %t: i64, %e: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<1x6x8xf32>)
      captures(%ends, %t : tensor<2xi64>, i64) outs(%e : tensor<2x6xf32>)
      {capture_maps = [affine_map<(m, n) -> (m)>, #none]} cell {
      ^bb0(%s: f32, %end: i64, %now: i64):
        %is = arith.cmpi slt, %now, %end : i64
        %nothing = arith.constant 0.0 : f32
        %v = arith.select %is, %s, %nothing : f32
        fovea.yield %v : f32
      } -> tensor<2x6xf32>
  return %r : tensor<2x6xf32>
}
