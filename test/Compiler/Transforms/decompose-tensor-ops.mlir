// RUN: fovea-opt %s -fovea-decompose-tensor-ops | FileCheck %s

// CHECK-LABEL: func @concat
// CHECK:         %[[A:.*]] = tensor.insert_slice
// CHECK:         tensor.insert_slice %{{.*}} into %[[A]]
// CHECK-NOT:     tensor.concat
func.func @concat(%a: tensor<?x4xf32>, %b: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %c = tensor.concat dim(0) %a, %b : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// CHECK-LABEL: func @pad
// CHECK:         linalg.fill
// CHECK:         tensor.insert_slice
// CHECK-NOT:     tensor.pad
func.func @pad(%a: tensor<3x4xf32>) -> tensor<3x6xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %a low[0, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<3x4xf32> to tensor<3x6xf32>
  return %p : tensor<3x6xf32>
}

// CHECK-LABEL: func @softmax_in_f32
// CHECK:         arith.extf
// CHECK:         %[[WIDE:.*]] = linalg.softmax dimension(1) {{.*}} -> tensor<2x?xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[WIDE]]
// CHECK:         arith.truncf
// CHECK-NOT:     linalg.softmax
func.func @softmax_in_f32(%a: tensor<2x?xbf16>, %o: tensor<2x?xbf16>) -> tensor<2x?xbf16> {
  %r = linalg.softmax dimension(1) ins(%a : tensor<2x?xbf16>) outs(%o : tensor<2x?xbf16>)
    -> tensor<2x?xbf16>
  return %r : tensor<2x?xbf16>
}

// CHECK-LABEL: func @softmax_across_rows
// CHECK:         arith.maxnumf %{{.*}} : f32
// CHECK:         math.exp %{{.*}} : f32
// CHECK:         arith.divf %{{.*}} : f32
// CHECK:         arith.truncf
// CHECK-NOT:     linalg.softmax
func.func @softmax_across_rows(%a: tensor<2x?xf16>, %o: tensor<2x?xf16>) -> tensor<2x?xf16> {
  %r = linalg.softmax dimension(0) ins(%a : tensor<2x?xf16>) outs(%o : tensor<2x?xf16>)
    -> tensor<2x?xf16>
  return %r : tensor<2x?xf16>
}

// CHECK-LABEL: func @do_not_decompose_softmax_of_rows
// CHECK-NOT:     arith.maxnumf
// CHECK:         linalg.softmax
func.func @do_not_decompose_softmax_of_rows(%a: tensor<2x3xf32>, %o: tensor<2x3xf32>)
    -> tensor<2x3xf32> {
  %r = linalg.softmax dimension(1) ins(%a : tensor<2x3xf32>) outs(%o : tensor<2x3xf32>)
    -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// CHECK-LABEL: func @fill_a_constant_of_one_value
// CHECK:         %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:         %[[INIT:.*]] = tensor.empty() : tensor<1025xf32>
// CHECK:         linalg.fill ins(%[[ONE]] : f32) outs(%[[INIT]] : tensor<1025xf32>)
func.func @fill_a_constant_of_one_value() -> tensor<1025xf32> {
  %r = arith.constant dense<1.0> : tensor<1025xf32>
  return %r : tensor<1025xf32>
}

// CHECK-LABEL: func @do_not_fill_small_constants
// CHECK:         arith.constant dense<1.000000e+00> : tensor<1024xf32>
func.func @do_not_fill_small_constants() -> tensor<1024xf32> {
  %r = arith.constant dense<1.0> : tensor<1024xf32>
  return %r : tensor<1024xf32>
}

// CHECK-LABEL: func @do_not_decompose_softmax_on_buffers
// CHECK:         linalg.softmax
func.func @do_not_decompose_softmax_on_buffers(%a: memref<2x3xf32>, %o: memref<2x3xf32>) {
  linalg.softmax dimension(1) ins(%a : memref<2x3xf32>) outs(%o : memref<2x3xf32>)
  return
}
