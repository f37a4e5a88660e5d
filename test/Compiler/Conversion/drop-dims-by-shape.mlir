// RUN: fovea-opt %s -fovea-drop-dims-by-shape | FileCheck %s

// By strides alone, the first dimension would be the one that goes, and the second would have its.
// CHECK-LABEL: func @merge_where_strides_do_not_tell
// CHECK-SAME:    %[[X:.*]]: memref<1x?x2x?xf32>
// CHECK:         %[[ALL:.*]] = memref.subview %[[X]]
// CHECK-SAME:      to memref<1x?x1x?xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK:         %[[R:.*]] = memref.collapse_shape %[[ALL]] {{\[\[}}0], [1, 2], [3]]
// CHECK-SAME:      into memref<1x?x?xf32, strided<[?, ?, 1], offset: ?>>
// CHECK:         return %[[R]]
func.func @merge_where_strides_do_not_tell(%x: memref<1x?x2x?xf32>, %t: index, %h: index)
    -> memref<1x?x?xf32, strided<[?, ?, 1], offset: ?>> {
  %r = memref.subview %x[0, 0, 1, 0] [1, %t, 1, %h] [1, 1, 1, 1]
      : memref<1x?x2x?xf32> to memref<1x?x?xf32, strided<[?, ?, 1], offset: ?>>
  return %r : memref<1x?x?xf32, strided<[?, ?, 1], offset: ?>>
}

// In the second, either dimension of size 1 may go.
// CHECK-LABEL: func @do_not_merge_where_strides_tell
// CHECK-NOT:     memref.collapse_shape
// CHECK:         return
func.func @do_not_merge_where_strides_tell(%x: memref<1x?x2x4xf32>, %y: memref<?x1x?xf32>,
    %t: index, %h: index) -> (memref<1x?x4xf32, strided<[?, 8, 1], offset: 4>>,
                              memref<1x?xf32, strided<[?, 1], offset: ?>>) {
  %r = memref.subview %x[0, 0, 1, 0] [1, %t, 1, 4] [1, 1, 1, 1]
      : memref<1x?x2x4xf32> to memref<1x?x4xf32, strided<[?, 8, 1], offset: 4>>
  %s = memref.subview %y[%t, 0, 0] [1, 1, %h] [1, 1, 1]
      : memref<?x1x?xf32> to memref<1x?xf32, strided<[?, 1], offset: ?>>
  return %r, %s : memref<1x?x4xf32, strided<[?, 8, 1], offset: 4>>,
                  memref<1x?xf32, strided<[?, 1], offset: ?>>
}
