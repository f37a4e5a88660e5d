// RUN: fovea-opt %s \
// RUN:   -pass-pipeline='builtin.module(func.func(fovea-sink-transposes),canonicalize)' \
// RUN:   | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d1)>
#back = affine_map<(d0, d1, d2) -> (d0, d2, d1)>

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[$LAST:.*]] = affine_map<(d0, d1, d2) -> (d2)>

// Behind an elementwise operation, a slice and a padding, where the second one undoes it.
// CHECK-LABEL: func @meets_its_inverse
// CHECK-SAME:    %[[X:.*]]: tensor<2x?x8xf32>, %[[B:.*]]: tensor<8xf32>
// CHECK-NOT:     linalg.transpose
// CHECK:         %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$LAST]], #[[$ID]]]
// CHECK-SAME:      ins(%[[X]], %[[B]] :
// CHECK:         tensor.extract_slice %[[SUM]][0, 0, 1] [2, %{{.*}}, 5] [1, 1, 1]
// CHECK:         linalg.fill
// CHECK:         tensor.insert_slice {{.*}}[0, 3, 0] [2, %{{.*}}, 5] [1, 1, 1]
// CHECK-NOT:     linalg.transpose
// CHECK:         return {{.*}} : tensor<2x?x5xf32>
func.func @meets_its_inverse(%x: tensor<2x?x8xf32>, %b: tensor<8xf32>, %n: index, %m: index)
    -> tensor<2x?x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty(%n) : tensor<2x8x?xf32>
  %t = linalg.transpose ins(%x : tensor<2x?x8xf32>) outs(%e0 : tensor<2x8x?xf32>)
      permutation = [0, 2, 1]
  %sum = linalg.generic {indexing_maps = [#id, #row, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t, %b : tensor<2x8x?xf32>, tensor<8xf32>) outs(%e0 : tensor<2x8x?xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %s = arith.addf %l, %r : f32
      linalg.yield %s : f32
    } -> tensor<2x8x?xf32>
  %cut = tensor.extract_slice %sum[0, 1, 0] [2, 5, %n] [1, 1, 1]
      : tensor<2x8x?xf32> to tensor<2x5x?xf32>
  %e1 = tensor.empty(%m) : tensor<2x5x?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x5x?xf32>) -> tensor<2x5x?xf32>
  %padded = tensor.insert_slice %cut into %zeros[0, 0, 3] [2, 5, %n] [1, 1, 1]
      : tensor<2x5x?xf32> into tensor<2x5x?xf32>
  %e2 = tensor.empty(%m) : tensor<2x?x5xf32>
  %u = linalg.transpose ins(%padded : tensor<2x5x?xf32>) outs(%e2 : tensor<2x?x5xf32>)
      permutation = [0, 2, 1]
  return %u : tensor<2x?x5xf32>
}

// A reader of another order reads the source.
// CHECK-LABEL: func @reader
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x8xf32>
// CHECK-NOT:     linalg.transpose
// CHECK:         linalg.generic {indexing_maps = [#[[$ID]], #[[$ID]]]{{.*}} ins(%[[X]] :
func.func @reader(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %e0 = tensor.empty() : tensor<2x8x3xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x8xf32>) outs(%e0 : tensor<2x8x3xf32>)
      permutation = [0, 2, 1]
  %e1 = tensor.empty() : tensor<2x3x8xf32>
  %r = linalg.generic {indexing_maps = [#back, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t : tensor<2x8x3xf32>) outs(%e1 : tensor<2x3x8xf32>) {
    ^bb0(%in: f32, %o: f32):
      %s = math.absf %in : f32
      linalg.yield %s : f32
    } -> tensor<2x3x8xf32>
  return %r : tensor<2x3x8xf32>
}

// Dimensions of size 1 move by a view.
// CHECK-LABEL: func @unit
// CHECK:         tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]] : tensor<?x1x8xf32>
// CHECK:         tensor.expand_shape %{{.*}} {{\[\[}}0], [1, 2]]
// CHECK-NOT:     linalg.transpose
// CHECK:         return
func.func @unit(%x: tensor<?x1x8xf32>, %n: index) -> tensor<?x8x1xf32> {
  %e = tensor.empty(%n) : tensor<?x8x1xf32>
  %t = linalg.transpose ins(%x : tensor<?x1x8xf32>) outs(%e : tensor<?x8x1xf32>)
      permutation = [0, 2, 1]
  return %t : tensor<?x8x1xf32>
}

// It stays in front of what has another operand in the old order, a position, or a destination
// that is read.
// CHECK-LABEL: func @stays
// CHECK:         %[[T:.*]] = linalg.transpose
// CHECK:         linalg.generic {{.*}} ins(%[[T]], %{{.*}} :
// CHECK:         linalg.generic {{.*}} ins(%[[T]] :
// CHECK:         tensor.insert_slice %[[T]] into
func.func @stays(%x: tensor<2x3x8xf32>, %y: tensor<2x8x3xf32>, %z: tensor<2x9x3xf32>)
    -> (tensor<2x8x3xf32>, tensor<2x8x3xindex>, tensor<2x9x3xf32>) {
  %e = tensor.empty() : tensor<2x8x3xf32>
  %ei = tensor.empty() : tensor<2x8x3xindex>
  %t = linalg.transpose ins(%x : tensor<2x3x8xf32>) outs(%e : tensor<2x8x3xf32>)
      permutation = [0, 2, 1]
  %r0 = linalg.generic {indexing_maps = [#id, #id, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t, %y : tensor<2x8x3xf32>, tensor<2x8x3xf32>) outs(%e : tensor<2x8x3xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %s = arith.addf %l, %r : f32
      linalg.yield %s : f32
    } -> tensor<2x8x3xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t : tensor<2x8x3xf32>) outs(%ei : tensor<2x8x3xindex>) {
    ^bb0(%l: f32, %o: index):
      %i = linalg.index 1 : index
      linalg.yield %i : index
    } -> tensor<2x8x3xindex>
  %r2 = tensor.insert_slice %t into %z[0, 0, 0] [2, 8, 3] [1, 1, 1]
      : tensor<2x8x3xf32> into tensor<2x9x3xf32>
  return %r0, %r1, %r2 : tensor<2x8x3xf32>, tensor<2x8x3xindex>, tensor<2x9x3xf32>
}
