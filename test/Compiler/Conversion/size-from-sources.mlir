// RUN: fovea-opt %s -fovea-size-from-sources | FileCheck %s

// In front of the view, so that a loop need not read it.
// CHECK-LABEL: func @merged_with_one
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<1x?x8xf32>
// CHECK:         %[[N:.*]] = memref.dim %[[X]], %{{.*}} : memref<1x?x8xf32>
// CHECK-NEXT:    memref.collapse_shape
// CHECK:         scf.for
// CHECK-NOT:       memref.dim
// CHECK:           memref.alloc(%[[N]])
func.func @merged_with_one(%x: memref<1x?x8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %view = memref.collapse_shape %x [[0, 1], [2]] : memref<1x?x8xf32> into memref<?x8xf32>
  scf.for %i = %c0 to %n step %c1 {
    %rows = memref.dim %view, %c0 : memref<?x8xf32>
    %fresh = memref.alloc(%rows) : memref<?x8xf32>
    memref.copy %view, %fresh : memref<?x8xf32> to memref<?x8xf32>
  }
  return
}

// CHECK-LABEL: func @view_of_a_view
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x3x?x?xf32>
// CHECK-DAG:     %[[A:.*]] = memref.dim %[[X]], %c0{{.*}} : memref<?x3x?x?xf32>
// CHECK-DAG:     %[[B:.*]] = memref.dim %[[X]], %c2{{.*}} : memref<?x3x?x?xf32>
// CHECK-DAG:     %[[C:.*]] = memref.dim %[[X]], %c3{{.*}} : memref<?x3x?x?xf32>
// CHECK-DAG:     %[[A3:.*]] = arith.muli %[[A]], %c3
// CHECK-DAG:     %[[BC:.*]] = arith.muli %[[B]], %[[C]]
// CHECK:         %[[ALL:.*]] = arith.muli %[[A3]], %[[BC]]
// CHECK:         return %[[ALL]]
func.func @view_of_a_view(%x: memref<?x3x?x?xf32>) -> index {
  %c0 = arith.constant 0 : index
  %v = memref.collapse_shape %x [[0, 1], [2, 3]] : memref<?x3x?x?xf32> into memref<?x?xf32>
  %w = memref.collapse_shape %v [[0, 1]] : memref<?x?xf32> into memref<?xf32>
  %size = memref.dim %w, %c0 : memref<?xf32>
  return %size : index
}

// CHECK-LABEL: func @do_not_read_a_dimension_that_the_run_chooses
// CHECK:         %[[V:.*]] = memref.collapse_shape
// CHECK:         %[[N:.*]] = memref.dim %[[V]]
// CHECK:         return %[[N]]
func.func @do_not_read_a_dimension_that_the_run_chooses(%x: memref<1x?x8xf32>, %i: index) -> index {
  %v = memref.collapse_shape %x [[0, 1], [2]] : memref<1x?x8xf32> into memref<?x8xf32>
  %size = memref.dim %v, %i : memref<?x8xf32>
  return %size : index
}

// Other views know their sizes.
// CHECK-LABEL: func @do_not_read_other_views
// CHECK:         %[[V:.*]] = memref.subview
// CHECK:         memref.dim %[[V]]
func.func @do_not_read_other_views(%x: memref<?x8xf32>, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %v = memref.subview %x[0, 0] [%n, 8] [1, 1] : memref<?x8xf32> to memref<?x8xf32, strided<[8, 1]>>
  %size = memref.dim %v, %c0 : memref<?x8xf32, strided<[8, 1]>>
  return %size : index
}
