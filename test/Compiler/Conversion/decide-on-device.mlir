// RUN: fovea-opt %s -split-input-file -fovea-decide-on-device | FileCheck %s

// All steps run; behind the end the cell stays false, and the number of steps is counted.
// CHECK-LABEL: func @loop_that_ends_early
// CHECK-DAG:     %[[GOING:.*]] = memref.alloc() : memref<i1>
// CHECK-DAG:     %[[STEPS:.*]] = memref.alloc() : memref<i64>
// CHECK:         linalg.generic {{.*}} outs(%[[GOING]], %[[STEPS]] : memref<i1>, memref<i64>)
// CHECK:         scf.for %[[I:.*]] = %c0 to %c8 step %c1 {
// CHECK:           linalg.generic {{.*}} outs(%[[GOING]], %[[STEPS]] : memref<i1>, memref<i64>)
// CHECK-NEXT:      ^bb0(%[[OLD:.*]]: i1, %[[COUNT:.*]]: i64):
// CHECK-NEXT:        %[[ID:.*]] = memref.load %arg0[%[[I]]]
// CHECK-NEXT:        %[[ON:.*]] = arith.cmpi ne, %[[ID]]
// CHECK-NEXT:        %[[NEXT:.*]] = arith.andi %[[OLD]], %[[ON]]
// CHECK:           %[[GOES:.*]] = memref.load %[[GOING]][]
// CHECK-NEXT:      scf.if %[[GOES]] {
// CHECK:             linalg.fill
// CHECK:         %[[PLACE:.*]] = memref.subview %arg2[0] [1] [1]
// CHECK:         linalg.generic {{.*}} outs(%[[PLACE]]
// CHECK:           memref.load %[[STEPS]][]
// CHECK-NOT:     memref.store
func.func @loop_that_ends_early(%ids: memref<8xi64>, %out: memref<8xf32>, %count: memref<1xi64>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %end = arith.constant 3 : i64
  %cst = arith.constant 1.0 : f32
  %n = scf.for %i = %c0 to %c8 step %c1 iter_args(%k = %c0) -> (index) {
    %id = memref.load %ids[%i] : memref<8xi64>
    %on = arith.cmpi ne, %id, %end : i64
    fovea.proceed_if %on
    %slot = memref.subview %out[%i] [1] [1]
        : memref<8xf32> to memref<1xf32, strided<[1], offset: ?>>
    linalg.fill ins(%cst : f32) outs(%slot : memref<1xf32, strided<[1], offset: ?>>)
    %next = arith.addi %i, %c1 : index
    scf.yield %next : index
  }
  %word = arith.index_cast %n : index to i64
  memref.store %word, %count[%c0] : memref<1xi64>
  return
}

// -----

// What either branch gives is copied into one buffer; its size, that of both, is computed in front.
// CHECK-LABEL: func @branch_with_result
// CHECK:         %[[CELL:.*]] = memref.alloc() : memref<i1>
// CHECK-NEXT:    linalg.generic {{.*}} outs(%[[CELL]] : memref<i1>)
// CHECK:         %[[SIZE:.*]] = arith.addi %arg2, %{{.*}}
// CHECK:         %[[BUFFER:.*]] = memref.alloc(%[[SIZE]]) : memref<?xf32>
// CHECK:         %[[IS:.*]] = memref.load %[[CELL]][]
// CHECK:         scf.if %[[IS]] {
// CHECK:           memref.copy %{{.*}}, %[[BUFFER]]
// CHECK:         } else {
// CHECK:           memref.copy %{{.*}}, %[[BUFFER]]
// CHECK:         memref.copy %[[BUFFER]], %arg1
func.func @branch_with_result(%rate: memref<i64>, %x: memref<?xf32>, %n: index)
    attributes {fovea.entry} {
  %c1 = arith.constant 1 : index
  %wanted = arith.constant 16000 : i64
  %cst = arith.constant 1.0 : f32
  %found = memref.load %rate[] : memref<i64>
  %is = arith.cmpi eq, %found, %wanted : i64
  %r = scf.if %is -> (memref<?xf32>) {
    %size = arith.addi %n, %c1 : index
    %own = memref.alloc(%size) : memref<?xf32>
    linalg.fill ins(%cst : f32) outs(%own : memref<?xf32>)
    scf.yield %own : memref<?xf32>
  } else {
    %size = arith.addi %n, %c1 : index
    %own = memref.alloc(%size) : memref<?xf32>
    memref.copy %x, %own : memref<?xf32> to memref<?xf32>
    scf.yield %own : memref<?xf32>
  }
  memref.copy %r, %x : memref<?xf32> to memref<?xf32>
  return
}

// -----

// An element that a launch in between may have changed is kept when it is read.
// CHECK-LABEL: func @kept_in_time
// CHECK:         memref.load %arg0[]
// CHECK-NEXT:    %[[KEPT:.*]] = memref.alloc() : memref<f32>
// CHECK-NEXT:    linalg.generic
// CHECK:           memref.load %arg0[]
// CHECK:         linalg.fill {{.*}} outs(%arg0
// CHECK:         linalg.generic {{.*}} outs(%arg1
// CHECK:           memref.load %[[KEPT]][]
func.func @kept_in_time(%x: memref<f32>, %y: memref<f32>) attributes {fovea.entry} {
  %zero = arith.constant 0.0 : f32
  %old = memref.load %x[] : memref<f32>
  linalg.fill ins(%zero : f32) outs(%x : memref<f32>)
  %twice = arith.addf %old, %old : f32
  memref.store %twice, %y[] : memref<f32>
  return
}

// -----

// CHECK-LABEL: func @do_not_touch_what_the_host_knows
// CHECK-NOT:     memref.alloc
// CHECK:         scf.if %{{.*}} {
func.func @do_not_touch_what_the_host_knows(%x: memref<?xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?xf32>
  %some = arith.cmpi sgt, %n, %c0 : index
  scf.if %some {
    linalg.fill ins(%zero : f32) outs(%x : memref<?xf32>)
  }
  return
}

// -----

// A requirement in front of the end counts for steps before the end alone.
// CHECK-LABEL: func.func @requirement_in_front_of_the_end
// CHECK:         scf.for
// CHECK:           %[[GOING:.*]] = memref.load %{{.*}}[] : memref<i1>
// CHECK:           scf.if %[[GOING]] {
// CHECK:             fovea.require
// CHECK:             scf.if
// CHECK:               linalg.fill
func.func @requirement_in_front_of_the_end(%on: memref<8xi1>, %x: memref<8xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c8 step %c1 {
    %fits = arith.cmpi slt, %i, %c5 : index
    fovea.require %fits, %i, %c5 fault index node "table"
    %goes = memref.load %on[%i] : memref<8xi1>
    fovea.proceed_if %goes
    linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  }
  return
}

// -----

// A view at an offset of data starts where a cell says, within its buffer.
// CHECK-LABEL: func @view_at_an_offset_of_data
// CHECK:         %[[LAST:.*]] = arith.subi
// CHECK:         %[[CELL:.*]] = memref.alloc() : memref<index>
// CHECK-NEXT:    linalg.generic {{.*}} outs(%[[CELL]] : memref<index>)
// CHECK:           %[[WORD:.*]] = memref.load %arg0[]
// CHECK:           %[[LOW:.*]] = arith.minsi %[[WORD]]
// CHECK-NEXT:      %[[AT:.*]] = arith.maxsi %[[LOW]], %c0
// CHECK:           arith.muli %[[AT]]
// CHECK:         %[[START:.*]] = memref.load %[[CELL]][] : memref<index>
// CHECK-NEXT:    %[[VIEW:.*]] = memref.reinterpret_cast %arg1 to offset: [%[[START]]]
// CHECK-SAME:    strides: [5, 1]
// CHECK-NEXT:    memref.copy %arg2, %[[VIEW]]
func.func @view_at_an_offset_of_data(%at: memref<index>, %x: memref<8x5xf32>, %y: memref<2x5xf32>)
    attributes {fovea.entry} {
  %start = memref.load %at[] : memref<index>
  %part = memref.subview %x[%start, 0] [2, 5] [1, 1]
      : memref<8x5xf32> to memref<2x5xf32, strided<[5, 1], offset: ?>>
  memref.copy %y, %part : memref<2x5xf32> to memref<2x5xf32, strided<[5, 1], offset: ?>>
  return
}

// -----

// Views that a branch chooses from are copied into a buffer of their layout: as many elements as
// from their first to their last.
// CHECK-LABEL: func @branch_with_a_view
// CHECK:         %[[SPACE:.*]] = memref.alloc(%{{.*}}) : memref<?xf32>
// CHECK:         %[[PLACE:.*]] = memref.reinterpret_cast %[[SPACE]] to offset: [0]
// CHECK-SAME:    strides: [10, 1]
// CHECK:         scf.if
// CHECK:           memref.copy %{{.*}}, %[[CAST:.*]] :
// CHECK:         } else {
// CHECK:           memref.copy %{{.*}}, %[[CAST]] :
// CHECK:         memref.copy %[[CAST]], %arg2
func.func @branch_with_a_view(%on: memref<i1>, %x: memref<4x10xf32>, %y: memref<2x5xf32>, %n: index)
    attributes {fovea.entry} {
  %is = memref.load %on[] : memref<i1>
  %r = scf.if %is -> (memref<2x5xf32, strided<[10, 1], offset: ?>>) {
    %first = memref.subview %x[%n, 0] [2, 5] [1, 1]
        : memref<4x10xf32> to memref<2x5xf32, strided<[10, 1], offset: ?>>
    scf.yield %first : memref<2x5xf32, strided<[10, 1], offset: ?>>
  } else {
    %second = memref.subview %x[0, %n] [2, 5] [1, 1]
        : memref<4x10xf32> to memref<2x5xf32, strided<[10, 1], offset: ?>>
    scf.yield %second : memref<2x5xf32, strided<[10, 1], offset: ?>>
  }
  memref.copy %r, %y : memref<2x5xf32, strided<[10, 1], offset: ?>> to memref<2x5xf32>
  return
}

// -----

// A scalar that a branch chooses is written into a cell by either.
// CHECK-LABEL: func @branch_with_a_scalar
// CHECK:         %[[CHOSEN:.*]] = memref.alloc() : memref<f32>
// CHECK:         scf.if
// CHECK:           linalg.generic {{.*}} outs(%[[CHOSEN]] : memref<f32>)
// CHECK:         } else {
// CHECK:           linalg.generic {{.*}} outs(%[[CHOSEN]] : memref<f32>)
// CHECK-NOT:     memref.store
func.func @branch_with_a_scalar(%on: memref<i1>, %x: memref<2xf32>, %y: memref<f32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %is = memref.load %on[] : memref<i1>
  %r = scf.if %is -> (f32) {
    %first = memref.load %x[%c0] : memref<2xf32>
    scf.yield %first : f32
  } else {
    %second = memref.load %x[%c1] : memref<2xf32>
    scf.yield %second : f32
  }
  memref.store %r, %y[] : memref<f32>
  return
}

// -----

// Sizes that the host has read are its own.
// CHECK-LABEL: func @do_not_keep_what_the_host_has_read
// CHECK:         %[[SIZE:.*]] = memref.load
// CHECK:         memref.alloc(%[[SIZE]])
func.func @do_not_keep_what_the_host_has_read(%given: !llvm.ptr) attributes {fovea.entry} {
  %zero = arith.constant 0.0 : f32
  %list = fovea_kernel.view %given sizes() : !llvm.ptr -> memref<index>
  %size = memref.load %list[] : memref<index>
  %x = memref.alloc(%size) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%x : memref<?xf32>)
  return
}
