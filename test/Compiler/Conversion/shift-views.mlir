// RUN: fovea-opt %s -split-input-file -fovea-shift-views | FileCheck %s

// The number of blocks comes from the sizes alone; elements are further on.
// CHECK-LABEL: func private @fill
// CHECK-SAME:    (%[[X:.*]]: memref<?xf32, strided<[1]>>, %[[CELL:.*]]: memref<index>)
// CHECK-NOT:     fovea_kernel.shifts
// CHECK-DAG:     %[[DISTANCE:.*]] = memref.load %[[CELL]][]
// CHECK-DAG:     %[[START:.*]] = memref.extract_aligned_pointer_as_index %[[X]]
// CHECK:         %[[BYTES:.*]] = arith.muli %[[DISTANCE]], %c4
// CHECK:         arith.addi %[[START]], %[[BYTES]]
// CHECK:         %[[VIEW:.*]] = fovea_kernel.view
// CHECK:         %[[N:.*]] = memref.dim %[[X]]
// CHECK:         fovea_kernel.grid %[[N]]
// CHECK:           memref.store %{{.*}}, %[[VIEW]]
func.func private @fill(%x: memref<?xf32, strided<[1]>>,
    %cell: memref<index> {fovea_kernel.shifts = 0 : index}) attributes {fovea_kernel.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?xf32, strided<[1]>>
  fovea_kernel.grid %n threads(32) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %x[%block] : memref<?xf32, strided<[1]>>
    fovea_kernel.yield
  }
  return
}

// -----

// CHECK-LABEL: func private @do_not_shift_without_a_cell
// CHECK-NOT:     fovea_kernel.view
func.func private @do_not_shift_without_a_cell(%x: memref<4xf32>, %cell: memref<index>)
    attributes {fovea_kernel.kernel} {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %c1 threads(32) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %x[%block] : memref<4xf32>
    fovea_kernel.yield
  }
  return
}
