// RUN: fovea-opt %s -split-input-file -fovea-predicate-launches | FileCheck %s

// Both branches are launched; nested conditions all hold.
// CHECK-LABEL: func @main
// CHECK-SAME:    %[[X:.*]]: memref<4xf32>, %[[A:.*]]: memref<i1>, %[[B:.*]]: memref<i1>
// CHECK-NOT:     scf.if
// CHECK:         fovea_kernel.launch @kernel(%[[X]]) when(%[[B]], %[[A]]) is [true, true]
// CHECK:         fovea_kernel.launch @kernel(%[[X]]) when(%[[A]]) is [false]
// CHECK:         fovea_kernel.launch @kernel(%[[X]]) : memref<4xf32>
func.func private @kernel(%x: memref<4xf32>) attributes {fovea_kernel.kernel} {
  return
}
func.func @main(%x: memref<4xf32>, %a: memref<i1>, %b: memref<i1>) attributes {fovea.entry} {
  %first = memref.load %a[] : memref<i1>
  scf.if %first {
    %second = memref.load %b[] : memref<i1>
    scf.if %second {
      fovea_kernel.launch @kernel(%x) : memref<4xf32>
    }
  } else {
    fovea_kernel.launch @kernel(%x) : memref<4xf32>
  }
  fovea_kernel.launch @kernel(%x) : memref<4xf32>
  return
}

// -----

// A requirement of a branch is one where that is taken.
// CHECK-LABEL: func @requirement_in_branch
// CHECK-SAME:    %[[N:.*]]: index, %[[A:.*]]: memref<i1>
// CHECK:         %[[FINE:.*]] = arith.cmpi sgt, %[[N]]
// CHECK:         fovea_kernel.launch @require(%[[FINE]], %[[N]], %c0) when(%[[A]]) is [true]
// CHECK:       func private @require(%[[OK:.*]]: i1, %[[HAVE:.*]]: index, %[[WANT:.*]]: index)
// CHECK:         fovea_kernel.grid %c1 threads(32) {
// CHECK:           scf.if
// CHECK:             fovea.require %[[OK]], %[[HAVE]], %[[WANT]] fault shape node "Pad"
func.func @requirement_in_branch(%n: index, %a: memref<i1>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %taken = memref.load %a[] : memref<i1>
  scf.if %taken {
    %fine = arith.cmpi sgt, %n, %c0 : index
    fovea.require %fine, %n, %c0 fault shape node "Pad"
  }
  return
}

// -----

// CHECK:       func private @fill_0(%[[GIVEN:.*]]: memref<f32>, %{{.*}}: memref<4xf32>)
// CHECK:         %[[S:.*]] = memref.load %[[GIVEN]][]
// CHECK:         linalg.fill ins(%[[S]] : f32)
// CHECK-LABEL: func @argument_from_a_cell
// CHECK-SAME:    %[[X:.*]]: memref<4xf32>, %[[CELL:.*]]: memref<f32>
// CHECK:         fovea_kernel.launch @fill_0(%[[CELL]], %[[X]]) : memref<f32>, memref<4xf32>
func.func private @fill(%s: f32, %x: memref<4xf32>) attributes {fovea_kernel.kernel} {
  linalg.fill ins(%s : f32) outs(%x : memref<4xf32>)
  return
}
func.func @argument_from_a_cell(%x: memref<4xf32>, %cell: memref<f32>) attributes {fovea.entry} {
  %s = memref.load %cell[] : memref<f32>
  fovea_kernel.launch @fill(%s, %x) : f32, memref<4xf32>
  return
}

// -----

// A buffer that starts where a cell says is passed from offset 0, with the cell; views of it, too.
// CHECK-LABEL: func private @fill_0(
// CHECK-SAME:    memref<1x4xf32, strided<[4, 1]>>,
// CHECK-SAME:    memref<index> {fovea_kernel.shifts = 0 : index}
// CHECK:         %[[BASE:.*]] = memref.reinterpret_cast %arg0 to offset: [%c0
// CHECK:         %[[WIDE:.*]] = memref.expand_shape %[[BASE]]
// CHECK:         fovea_kernel.launch @fill_0(%[[WIDE]], %arg1)
func.func private @fill(%x: memref<1x4xf32, strided<[4, 1]>>) attributes {fovea_kernel.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%x : memref<1x4xf32, strided<[4, 1]>>)
  return
}
func.func @view_from_a_cell(%x: memref<8xf32>, %cell: memref<index>) attributes {fovea.entry} {
  %at = memref.load %cell[] : memref<index>
  %part = memref.reinterpret_cast %x to offset: [%at], sizes: [4], strides: [1]
      : memref<8xf32> to memref<4xf32, strided<[1], offset: ?>>
  %wide = memref.expand_shape %part [[0, 1]] output_shape [1, 4]
      : memref<4xf32, strided<[1], offset: ?>> into memref<1x4xf32, strided<[4, 1], offset: ?>>
  fovea_kernel.launch @fill(%wide) : memref<1x4xf32, strided<[4, 1], offset: ?>>
  return
}

// -----

// What the host knows it requires itself, whether data is as required or not; one condition is
// enough.
// CHECK-LABEL: func @behind_checked_data
// CHECK:         fovea.require %{{.*}} node "Reshape"
// CHECK:         fovea_kernel.launch @kernel(%arg0) when(%arg2) is [true] : memref<4xf32>
func.func private @kernel(%x: memref<4xf32>) attributes {fovea_kernel.kernel} {
  return
}
func.func @behind_checked_data(%x: memref<4xf32>, %n: index, %fine: memref<i1>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %first = memref.load %fine[] : memref<i1>
  scf.if %first {
    %some = arith.cmpi sgt, %n, %c0 : index
    fovea.require %some, %n, %c0 fault shape node "Reshape"
    %second = memref.load %fine[] : memref<i1>
    scf.if %second {
      fovea_kernel.launch @kernel(%x) : memref<4xf32>
    } {fovea_kernel.checked}
  } {fovea_kernel.checked}
  return
}

// -----

// CHECK-LABEL: func @do_not_ask_the_device
// CHECK:         fovea.require %{{.*}} node "Reshape"
// CHECK:         scf.if %{{.*}} {
// CHECK-NEXT:      fovea_kernel.launch @kernel(%{{.*}}) : memref<4xf32>
func.func private @kernel(%x: memref<4xf32>) attributes {fovea_kernel.kernel} {
  return
}
func.func @do_not_ask_the_device(%x: memref<4xf32>, %n: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %fine = arith.cmpi sgt, %n, %c0 : index
  fovea.require %fine, %n, %c0 fault shape node "Reshape"
  scf.if %fine {
    fovea_kernel.launch @kernel(%x) : memref<4xf32>
  }
  return
}
