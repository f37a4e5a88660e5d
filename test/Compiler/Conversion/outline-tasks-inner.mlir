// RUN: fovea-opt %s -fovea-outline-tasks | FileCheck %s

// A task of a sectioned kernel runs all tasks of its launches, in every second step backwards where
// they take turns; a team asks for its shares. Both need the scratch memory of what they launch.
// CHECK:       func private @each.body({{.*}}, %[[MEMORY:.*]]: !llvm.ptr)
// CHECK-SAME:    fovea_kernel.scratch_bytes = 64 : i64
// CHECK-NOT:     scf.while
// CHECK:         scf.for %[[T:.*]] = %{{.*}} to
// CHECK:           scf.for %[[TASK:.*]] = %{{.*}} to
// CHECK:             arith.andi %[[T]]
// CHECK:             %[[TURN:.*]] = arith.select
// CHECK:             func.call @step.body({{.*}}, %[[TURN]], %[[MEMORY]])
// CHECK-NOT:     fovea_kernel.launch
// CHECK:       func private @team.body({{.*}}fovea_kernel.scratch_bytes = 64 : i64
// CHECK:         scf.for
// CHECK:           scf.while
// CHECK:             func.call @step.body

// Where only the run knows how many rows there are, it decides.
// CHECK:       func private @rows.body(
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             %[[ROWS:.*]] = memref.dim
// CHECK:             %[[FEW:.*]] = arith.cmpi sle, %[[ROWS]], %c8
// CHECK:             arith.andi %{{.*}}, %[[FEW]] : i1
// CHECK:             %[[TURN:.*]] = arith.select
// CHECK:             func.call @step_of_rows.body({{.*}}, %[[TURN]],
func.func private @each(%a: memref<8xf32>, %tasks: index)
    attributes {fovea_kernel.kernel, fovea_kernel.may_alias, fovea_kernel.sectioned} {
  fovea_kernel.parallel %tasks {
  ^bb0(%task: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %t = %c0 to %c4 step %c1 {
      fovea_kernel.launch @step(%a) : memref<8xf32>
    }
  }
  return
}
func.func private @team(%a: memref<8xf32>, %tasks: index)
    attributes {fovea_kernel.kernel, fovea_kernel.may_alias, fovea_kernel.team} {
  fovea_kernel.parallel %tasks {
  ^bb0(%task: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %t = %c0 to %c4 step %c1 {
      fovea_kernel.launch @step(%a) : memref<8xf32>
    }
  }
  return
}
func.func private @step(%a: memref<8xf32>)
    attributes {fovea_kernel.kernel, fovea_kernel.in_turns = array<i64: -1, 8>} {
  %c2 = arith.constant 2 : index
  fovea_kernel.parallel %c2 {
  ^bb0(%task: index):
    %s = fovea_kernel.scratch : memref<2xf32>
  }
  return
}
func.func private @rows(%a: memref<?x8xf32>, %tasks: index)
    attributes {fovea_kernel.kernel, fovea_kernel.may_alias, fovea_kernel.sectioned} {
  fovea_kernel.parallel %tasks {
  ^bb0(%task: index):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %t = %c0 to %c4 step %c1 {
      fovea_kernel.launch @step_of_rows(%a) : memref<?x8xf32>
    }
  }
  return
}
func.func private @step_of_rows(%a: memref<?x8xf32>)
    attributes {fovea_kernel.kernel, fovea_kernel.in_turns = array<i64: 0, 8>} {
  %c2 = arith.constant 2 : index
  fovea_kernel.parallel %c2 {
  ^bb0(%task: index):
  }
  return
}
