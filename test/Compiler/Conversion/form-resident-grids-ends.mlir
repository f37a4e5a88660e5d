// RUN: fovea-opt %s -split-input-file -fovea-form-resident-grids | FileCheck %s

// Behind the end steps do nothing. All blocks read the cell in front of the last meeting, behind
// one that follows the decision.
// CHECK-LABEL: func private @resident_0(
// CHECK:         %[[YES:.*]] = arith.constant true
// CHECK:         scf.for {{.*}} iter_args(%[[GOES:.*]] = %[[YES]]) -> (i1) {
// CHECK:           %[[NEXT:.*]] = scf.if %[[GOES]] -> (i1) {
// CHECK:             arith.andi
// CHECK:             fovea_kernel.meet
// CHECK:             memref.store %{{.*}} : memref<8xf32>
// CHECK:             %[[HELD:.*]] = memref.load %{{.*}}[] : memref<i1>
// CHECK-NEXT:        fovea_kernel.meet
// CHECK-NEXT:        scf.yield %[[HELD]]
// CHECK-NEXT:      } else {
// CHECK-NEXT:        scf.yield %[[GOES]]
// CHECK:           scf.yield %[[NEXT]]
func.func @end_where_the_cell_says(%going: memref<i1>, %steps: memref<i64>, %c: memref<i1>,
    %x: memref<8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  scf.for %i = %c0 to %c9 step %c1 {
    fovea_kernel.launch @decide(%going, %steps, %c) : memref<i1>, memref<i64>, memref<i1>
    fovea_kernel.launch @work(%x) when(%going) is [true] : memref<8xf32>
  }
  return
}
func.func private @decide(%going: memref<i1>, %steps: memref<i64>, %c: memref<i1>)
    attributes {fovea_kernel.kernel} {
  %n = arith.constant 1 : index
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    %old = memref.load %going[] : memref<i1>
    %count = memref.load %steps[] : memref<i64>
    %condition = memref.load %c[] : memref<i1>
    %next = arith.andi %old, %condition : i1
    %one = arith.extui %next : i1 to i64
    %all = arith.addi %count, %one : i64
    memref.store %next, %going[] : memref<i1>
    memref.store %all, %steps[] : memref<i64>
  }
  return
}
func.func private @work(%x: memref<8xf32>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %x[%thread] : memref<8xf32>
  }
  return
}

// -----

// The cell may become true again; or something else is not under it.
// CHECK-LABEL: func private @resident_0(
// CHECK-NOT:     iter_args
// CHECK-LABEL: func private @resident_1(
// CHECK-NOT:     iter_args
func.func @do_not_end_by_other_conditions(%going: memref<i1>, %c: memref<i1>, %x: memref<8xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  scf.for %i = %c0 to %c9 step %c1 {
    fovea_kernel.launch @copy(%going, %c) : memref<i1>, memref<i1>
    fovea_kernel.launch @work(%x) when(%going) is [true] : memref<8xf32>
  }
  scf.for %i = %c0 to %c9 step %c1 {
    fovea_kernel.launch @both(%going, %c) : memref<i1>, memref<i1>
    fovea_kernel.launch @work(%x) : memref<8xf32>
    fovea_kernel.launch @work(%x) when(%going) is [true] : memref<8xf32>
  }
  return
}
func.func private @copy(%going: memref<i1>, %c: memref<i1>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 1 : index
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    %next = memref.load %c[] : memref<i1>
    memref.store %next, %going[] : memref<i1>
  }
  return
}
func.func private @both(%going: memref<i1>, %c: memref<i1>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 1 : index
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    %old = memref.load %going[] : memref<i1>
    %condition = memref.load %c[] : memref<i1>
    %next = arith.andi %old, %condition : i1
    memref.store %next, %going[] : memref<i1>
  }
  return
}
func.func private @work(%x: memref<8xf32>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %x[%thread] : memref<8xf32>
  }
  return
}
