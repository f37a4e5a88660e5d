// RUN: fovea-opt %s -split-input-file -fovea-fold-weight-views | FileCheck %s

// CHECK:       fovea.weight @w.view from "m.bin" offset 64 : tensor<2x3x8xf32>
// CHECK-NOT:   fovea.weight
// CHECK-LABEL: func @reshape
// CHECK-NEXT:    %[[W:.*]] = fovea.get_weight @w.view : tensor<2x3x8xf32>
// CHECK-NEXT:    return %[[W]]
fovea.weight @w from "m.bin" offset 64 : tensor<6x8xf32>
func.func @reshape() -> tensor<2x3x8xf32> {
  %w = fovea.get_weight @w : tensor<6x8xf32>
  %r = tensor.expand_shape %w [[0, 1], [2]] output_shape [2, 3, 8]
      : tensor<6x8xf32> into tensor<2x3x8xf32>
  return %r : tensor<2x3x8xf32>
}

// -----

// Two rows of f16, behind 4 of 8 elements.
// CHECK-DAG:   fovea.weight @w from "m.bin" offset 10 : tensor<6x8xf16>
// CHECK-DAG:   fovea.weight @w.view from "m.bin" offset 74 : tensor<2x8xf16>
// CHECK-LABEL: func @slice_of_rows
// CHECK-DAG:     %[[ALL:.*]] = fovea.get_weight @w : tensor<6x8xf16>
// CHECK-DAG:     %[[ROWS:.*]] = fovea.get_weight @w.view : tensor<2x8xf16>
// CHECK-NOT:     extract_slice
// CHECK:         return %[[ALL]], %[[ROWS]], %{{.*}} :
fovea.weight @w from "m.bin" offset 10 : tensor<6x8xf16>
func.func @slice_of_rows() -> (tensor<6x8xf16>, tensor<2x8xf16>, tensor<2x8xf16>) {
  %w = fovea.get_weight @w : tensor<6x8xf16>
  %r = tensor.extract_slice %w[4, 0] [2, 8] [1, 1] : tensor<6x8xf16> to tensor<2x8xf16>
  %again = tensor.extract_slice %w[4, 0] [2, 8] [1, 1] : tensor<6x8xf16> to tensor<2x8xf16>
  return %w, %r, %again : tensor<6x8xf16>, tensor<2x8xf16>, tensor<2x8xf16>
}

// -----

// One row of one gate, whose other dimensions are dropped, is a run of 3 elements.
// CHECK:       fovea.weight @w.view from "m.bin" offset 84 : tensor<3xf32>
// CHECK-LABEL: func @slice_of_a_part_of_one_row
// CHECK:         fovea.get_weight @w.view : tensor<3xf32>
// CHECK-NOT:     extract_slice
fovea.weight @w from "m.bin" : tensor<2x4x8xf32>
func.func @slice_of_a_part_of_one_row() -> tensor<3xf32> {
  %w = fovea.get_weight @w : tensor<2x4x8xf32>
  %r = tensor.extract_slice %w[0, 2, 5] [1, 1, 3] [1, 1, 1]
      : tensor<2x4x8xf32> to tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

// Rows of 48 as four gates of 24 elements, of which the second.
// CHECK:       fovea.weight @w.{{.*}} from "m.bin" offset 96 : tensor<8x3xf32>
// CHECK-NOT:   fovea.weight
// CHECK-LABEL: func @chain
// CHECK-NEXT:    %[[W:.*]] = fovea.get_weight @w.{{.*}} : tensor<8x3xf32>
// CHECK-NEXT:    return %[[W]]
fovea.weight @w from "m.bin" : tensor<2x48xf32>
func.func @chain() -> tensor<8x3xf32> {
  %w = fovea.get_weight @w : tensor<2x48xf32>
  %all = tensor.collapse_shape %w [[0, 1]] : tensor<2x48xf32> into tensor<96xf32>
  %gates = tensor.expand_shape %all [[0, 1, 2]] output_shape [4, 8, 3]
      : tensor<96xf32> into tensor<4x8x3xf32>
  %r = tensor.extract_slice %gates[1, 0, 0] [1, 8, 3] [1, 1, 1]
      : tensor<4x8x3xf32> to tensor<8x3xf32>
  return %r : tensor<8x3xf32>
}

// -----

// CHECK-NOT:   view
// CHECK-LABEL: func @do_not_fold_slices_that_are_no_run
// CHECK:         tensor.extract_slice %{{.*}}[0, 4] [6, 4] [1, 1]
// CHECK:         tensor.extract_slice %{{.*}}[0, 0] [3, 8] [2, 1]
// CHECK:         tensor.extract_slice %{{.*}}[%{{.*}}, 0] [2, 8] [1, 1]
fovea.weight @w from "m.bin" : tensor<6x8xf32>
func.func @do_not_fold_slices_that_are_no_run(%at: index)
    -> (tensor<6x4xf32>, tensor<3x8xf32>, tensor<2x8xf32>) {
  %w = fovea.get_weight @w : tensor<6x8xf32>
  %columns = tensor.extract_slice %w[0, 4] [6, 4] [1, 1] : tensor<6x8xf32> to tensor<6x4xf32>
  %even = tensor.extract_slice %w[0, 0] [3, 8] [2, 1] : tensor<6x8xf32> to tensor<3x8xf32>
  %any = tensor.extract_slice %w[%at, 0] [2, 8] [1, 1] : tensor<6x8xf32> to tensor<2x8xf32>
  return %columns, %even, %any : tensor<6x4xf32>, tensor<3x8xf32>, tensor<2x8xf32>
}

// -----

// CHECK-NOT:   view
// CHECK-LABEL: func @do_not_fold_what_is_packed_or_joined
// CHECK:         tensor.collapse_shape
// CHECK:         tensor.extract_slice
fovea.weight @w from "m.bin" : tensor<8x16xf32>
fovea.weight @packed from "" packs @w <width = 16, n = [1], k = [0]> : tensor<1x8x16xf32>
fovea.weight @joined from "" joins [@w, @w] : tensor<2x8x16xf32>
func.func @do_not_fold_what_is_packed_or_joined() -> (tensor<8x16xf32>, tensor<8x16xf32>) {
  %p = fovea.get_weight @packed : tensor<1x8x16xf32>
  %j = fovea.get_weight @joined : tensor<2x8x16xf32>
  %a = tensor.collapse_shape %p [[0, 1], [2]] : tensor<1x8x16xf32> into tensor<8x16xf32>
  %b = tensor.extract_slice %j[1, 0, 0] [1, 8, 16] [1, 1, 1]
      : tensor<2x8x16xf32> to tensor<8x16xf32>
  return %a, %b : tensor<8x16xf32>, tensor<8x16xf32>
}
