// RUN: fovea-opt %s | fovea-opt -mlir-print-local-scope | FileCheck %s

// Maps over (b, h, i, j, d, e).
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#lse = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
#bias = affine_map<(b, h, i, j, d, e) -> (h, i, j)>
#table = affine_map<(b, h, i, j, d, e) -> ()>

// CHECK-LABEL: func @attention
// CHECK:         fovea.attention
// CHECK-SAME:      ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x4x7x16xf32>, tensor<2x4x9x16xf32>
// CHECK-SAME:      outs(%{{.*}} : tensor<2x4x7x16xf32>)
// CHECK-SAME:      indexing_maps =
// CHECK-SAME:      scale = 2.500000e-01 : f64
// CHECK-SAME:      -> tensor<2x4x7x16xf32>
func.func @attention(%q: tensor<2x4x7x16xf32>, %k: tensor<2x4x9x16xf32>, %v: tensor<2x4x9x16xf32>,
    %o: tensor<2x4x7x16xf32>) -> tensor<2x4x7x16xf32> {
  %r = fovea.attention
      ins(%q, %k, %v : tensor<2x4x7x16xf32>, tensor<2x4x9x16xf32>, tensor<2x4x9x16xf32>)
      outs(%o : tensor<2x4x7x16xf32>)
      {scale = 0.25 : f64, indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
      -> tensor<2x4x7x16xf32>
  return %r : tensor<2x4x7x16xf32>
}

// CHECK-LABEL: func @grouped_heads_of_buffers
// CHECK:         fovea.attention ins(
// CHECK-SAME:      (d0, d3, d1 floordiv 4, d4)>
// CHECK-SAME:      (d0, d3, d1 floordiv 4, d5)>
// CHECK-NEXT:    return
func.func @grouped_heads_of_buffers(%q: memref<1x8x1x64xf16>, %k: memref<1x?x2x64xf16>,
    %o: memref<1x8x1x64xf16>) {
  fovea.attention ins(%q, %k, %k : memref<1x8x1x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>)
      outs(%o : memref<1x8x1x64xf16>) {indexing_maps = [#q,
        affine_map<(b, h, i, j, d, e) -> (b, j, h floordiv 4, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, j, h floordiv 4, e)>, #o]}
  return
}

// CHECK-LABEL: func @sugar
// CHECK-SAME:    %[[OFFSET:[a-z0-9]+]]: index
// CHECK:         fovea.attention
// CHECK-SAME:      offset(%[[OFFSET]]) causal window [3, -1] alibi(%{{.*}} : tensor<2xf32>)
// CHECK-SAME:      softcap 5.000000e+01
func.func @sugar(%q: tensor<1x2x5x8xf32>, %k: tensor<1x2x?x8xf32>, %offset: index,
    %slopes: tensor<2xf32>) -> tensor<1x2x5x8xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x5x8xf32>, tensor<1x2x?x8xf32>,
                                        tensor<1x2x?x8xf32>)
      offset(%offset) causal window [3, -1] alibi(%slopes : tensor<2xf32>) softcap 50.0
      outs(%q : tensor<1x2x5x8xf32>) {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x2x5x8xf32>
  return %r : tensor<1x2x5x8xf32>
}

// CHECK-LABEL: func @regions_and_row_sums
// CHECK:         %{{.*}}:2 = fovea.attention
// CHECK-SAME:      captures(%{{.*}}, %{{.*}} : tensor<2x5x6xf16>, tensor<32x2xf32>)
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : tensor<1x2x5x8xf16>, tensor<1x2x5xf32>)
// CHECK:         score {
// CHECK:         ^bb0(%{{.*}}: f32, %{{.*}}: index, {{.*}}: index, %{{.*}}: f16
// CHECK-SAME:         %[[TABLE:.*]]: tensor<32x2xf32>):
// CHECK:           fovea.capture_load %[[TABLE]][%{{.*}}, %{{.*}}] : tensor<32x2xf32> -> f32
// CHECK:           fovea.yield %{{.*}} : f32
// CHECK:         } mask {
// CHECK:           fovea.yield %{{.*}} : i1
// CHECK:         } prob {
// CHECK:           fovea.yield %{{.*}} : f32
// CHECK:         } -> tensor<1x2x5x8xf16>, tensor<1x2x5xf32>
func.func @regions_and_row_sums(%q: tensor<1x2x5x8xf16>, %k: tensor<1x2x6x8xf16>,
    %bias: tensor<2x5x6xf16>, %table: tensor<32x2xf32>, %lse: tensor<1x2x5xf32>)
    -> (tensor<1x2x5x8xf16>, tensor<1x2x5xf32>) {
  %r, %l = fovea.attention
      ins(%q, %k, %k : tensor<1x2x5x8xf16>, tensor<1x2x6x8xf16>, tensor<1x2x6x8xf16>)
      captures(%bias, %table : tensor<2x5x6xf16>, tensor<32x2xf32>)
      outs(%q, %lse : tensor<1x2x5x8xf16>, tensor<1x2x5xf32>)
      {indexing_maps = [#q, #k, #v, #bias, #table, #o, #lse]}
      score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %add: f16,
           %t: tensor<32x2xf32>):
        %wide = arith.extf %add : f16 to f32
        %x = fovea.capture_load %t[%j, %h] : tensor<32x2xf32> -> f32
        %y = arith.addf %wide, %x : f32
        %z = arith.addf %s, %y : f32
        fovea.yield %z : f32
      } mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %add: f16, %t: tensor<32x2xf32>):
        %keep = arith.cmpi sle, %j, %i : index
        fovea.yield %keep : i1
      } prob {
      ^bb0(%p: f32, %b: index, %h: index, %i: index, %j: index, %add: f16,
           %t: tensor<32x2xf32>):
        %half = arith.constant 0.5 : f32
        %x = arith.mulf %p, %half : f32
        fovea.yield %x : f32
      } -> tensor<1x2x5x8xf16>, tensor<1x2x5xf32>
  return %r, %l : tensor<1x2x5x8xf16>, tensor<1x2x5xf32>
}

// CHECK-LABEL: func @double_precision
// CHECK:         fovea.attention
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : memref<1x2x5x8xf32>, memref<1x2x5xf64>)
// CHECK:         ^bb0(%[[SCORE:.*]]: f64, {{.*}}: f32):
// CHECK:           fovea.yield %{{.*}} : f64
func.func @double_precision(%q: memref<1x2x5x8xf64>, %bias: memref<2x5x5xf32>,
    %o: memref<1x2x5x8xf32>, %lse: memref<1x2x5xf64>) {
  fovea.attention ins(%q, %q, %q : memref<1x2x5x8xf64>, memref<1x2x5x8xf64>, memref<1x2x5x8xf64>)
      captures(%bias : memref<2x5x5xf32>)
      outs(%o, %lse : memref<1x2x5x8xf32>, memref<1x2x5xf64>)
      {indexing_maps = [#q, #k, #v, #bias, #o, #lse]} score {
      ^bb0(%s: f64, %b: index, %h: index, %i: index, %j: index, %add: f32):
        %wide = arith.extf %add : f32 to f64
        %x = arith.addf %s, %wide : f64
        fovea.yield %x : f64
      }
  return
}

// CHECK-LABEL: func @sums_and_maxima_of_rows
// CHECK:         %[[R:.*]]:3 = fovea.attention
// CHECK-SAME:      outs(%{{.*}} : tensor<1x2x5x8xf32>, tensor<1x2x5xf32>, tensor<2x5x1xf32>)
// CHECK-SAME:      affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d2, d0)>]
// CHECK:         return %[[R]]#2
func.func @sums_and_maxima_of_rows(%q: tensor<1x2x5x8xf32>, %lse: tensor<1x2x5xf32>,
    %max: tensor<2x5x1xf32>) -> tensor<2x5x1xf32> {
  %r:3 = fovea.attention
      ins(%q, %q, %q : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>)
      outs(%q, %lse, %max : tensor<1x2x5x8xf32>, tensor<1x2x5xf32>, tensor<2x5x1xf32>)
      {indexing_maps = [#q, #k, #v, #o, #lse, affine_map<(b, h, i, j, d, e) -> (h, i, b)>]}
      -> tensor<1x2x5x8xf32>, tensor<1x2x5xf32>, tensor<2x5x1xf32>
  return %r#2 : tensor<2x5x1xf32>
}

// CHECK-LABEL: func @capture_load
// CHECK:         fovea.capture_load %{{.*}}[%{{.*}}, %{{.*}}] : tensor<32x12xf32> -> f32
// CHECK:         fovea.capture_load %{{.*}}[] : memref<i64> -> i64
func.func @capture_load(%table: tensor<32x12xf32>, %one: memref<i64>, %i: index, %j: index)
    -> (f32, i64) {
  %x = fovea.capture_load %table[%i, %j] : tensor<32x12xf32> -> f32
  %y = fovea.capture_load %one[] : memref<i64> -> i64
  return %x, %y : f32, i64
}
