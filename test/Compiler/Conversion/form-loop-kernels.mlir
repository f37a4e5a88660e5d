// RUN: fovea-opt %s -split-input-file -fovea-form-loop-kernels | FileCheck %s

// One thread runs the loop; that there is an element to fall back to is required in front.
// CHECK-LABEL: func @writes_at_indices
// CHECK:         %[[FINE:.*]] = arith.ori
// CHECK:         fovea.require %[[FINE]], %{{.*}}, %arg3 fault  index node "put"
// CHECK-NEXT:    fovea_kernel.launch @[[KERNEL:.*]](
// CHECK-NOT:     scf.for
// CHECK:       func private @[[KERNEL]](
// CHECK:         fovea_kernel.grid %c1 threads(32)
// CHECK:         ^bb0(%{{.*}}: index, %[[THREAD:.*]]: index):
// CHECK:           %[[FIRST:.*]] = arith.cmpi eq, %[[THREAD]], %c0
// CHECK:           scf.if %[[FIRST]] {
// CHECK:             scf.for
// CHECK:               fovea.checked_index
// CHECK:               memref.store
func.func @writes_at_indices(%indices: memref<8xi64>, %values: memref<8xf32>, %x: memref<?xf32>,
                             %n: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %word = memref.load %indices[%i] : memref<8xi64>
    %at = fovea.checked_index %word in %n wrap node "put" : i64
    %value = memref.load %values[%i] : memref<8xf32>
    memref.store %value, %x[%at] : memref<?xf32>
  }
  return
}

// -----

// CHECK-LABEL: func @do_not_move_computations
// CHECK:         scf.for
// CHECK:           linalg.fill
func.func @do_not_move_computations(%x: memref<8xf32>, %y: memref<8xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c8 step %c1 {
    linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
    memref.store %zero, %y[%i] : memref<8xf32>
  }
  return
}

// -----

// CHECK-LABEL: func @do_not_move_loops_with_results
// CHECK:         scf.for
// CHECK-NOT:     fovea_kernel.launch
func.func @do_not_move_loops_with_results(%x: memref<8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> (f32) {
    %value = memref.load %x[%i] : memref<8xf32>
    memref.store %s, %x[%i] : memref<8xf32>
    %next = arith.addf %s, %value : f32
    scf.yield %next : f32
  }
  memref.store %sum, %x[%c0] : memref<8xf32>
  return
}

// -----

// Requirements of what the host knows stay with it.
// CHECK-LABEL: func @do_not_move_requirements_of_sizes
// CHECK:         scf.for
// CHECK:           fovea.require
func.func @do_not_move_requirements_of_sizes(%x: memref<8xf32>, %n: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %fine = arith.cmpi slt, %i, %n : index
    fovea.require %fine, %i, %n fault index node "put"
  }
  return
}
