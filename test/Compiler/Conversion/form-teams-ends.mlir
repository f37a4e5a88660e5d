// RUN: fovea-opt %s -split-input-file -fovea-form-teams | FileCheck %s

// The team decides; the host's loop, which is left for what it gives, has as many steps.
// CHECK:       fovea.ledger = [{form = "team"
// CHECK-LABEL: func @end_with_what_is_read
// CHECK:         fovea_kernel.launch @team_0
// CHECK-NEXT:    %[[STEPS:.*]] = fovea_kernel.steps
// CHECK:         %[[SPAN:.*]] = arith.muli %[[STEPS]], %{{.*}}
// CHECK:         %[[END:.*]] = arith.addi %{{.*}}, %[[SPAN]]
// CHECK:         %[[R:.*]]:2 = scf.for %{{.*}} = %{{.*}} to %[[END]] step
// CHECK-NOT:       fovea.proceed_if
// CHECK:         return %[[R]]#0
// CHECK:       func private @team_0
// CHECK:           scf.for
// CHECK:             memref.load
// CHECK:             fovea.proceed_if
// CHECK:             fovea_kernel.launch @step
module attributes {fovea.ledger = []} {
  func.func @end_with_what_is_read(%a: memref<8xf32>, %b: memref<8xf32>, %on: memref<9xi64>,
      %t: index) -> memref<8xf32> attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %end = arith.constant 3 : i64
    %r:2 = scf.for %i = %c0 to %t step %c1 iter_args(%now = %a, %then = %b)
        -> (memref<8xf32>, memref<8xf32>) {
      %v = memref.load %on[%i] : memref<9xi64>
      %go = arith.cmpi ne, %v, %end : i64
      fovea.proceed_if %go
      fovea_kernel.launch @step(%now, %then) : memref<8xf32>, memref<8xf32>
      scf.yield %then, %now : memref<8xf32>, memref<8xf32>
    }
    return %r#0 : memref<8xf32>
  }
  func.func private @step(%a: memref<8xf32>, %b: memref<8xf32>)
      attributes {fovea_kernel.kernel} {
    return
  }
}

// -----

// An answer may be read at the end of a step for the next one.
// CHECK:       fovea.ledger = [{form = "team"
// CHECK-LABEL: func @end_with_what_the_step_before_read
module attributes {fovea.ledger = []} {
  func.func @end_with_what_the_step_before_read(%a: memref<8xf32>, %on: memref<i1>, %first: i1,
      %t: index) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %r = scf.for %i = %c0 to %t step %c1 iter_args(%go = %first) -> i1 {
      fovea.proceed_if %go
      fovea_kernel.launch @step(%a) : memref<8xf32>
      %v = memref.load %on[] : memref<i1>
      scf.yield %v : i1
    }
    return
  }
  func.func private @step(%a: memref<8xf32>) attributes {fovea_kernel.kernel} {
    return
  }
}

// -----

// Threads that come late would read something else: only the host may do more with it than decide.
// CHECK:       form = "launches", {{[^}]*}}memref.load, which the host runs
// CHECK-SAME:  form = "launches", {{[^}]*}}memref.load, which the host runs
// CHECK-SAME:  form = "launches", {{[^}]*}}fovea.proceed_if, which the host runs
// CHECK-LABEL: func @do_not_let_late_threads_read
// CHECK-NOT:     fovea_kernel.launch @team
module attributes {fovea.ledger = []} {
  func.func @do_not_let_late_threads_read(%a: memref<8xf32>, %on: memref<9xindex>, %go: i1,
      %t: index) -> index attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      %v = memref.load %on[%i] : memref<9xindex>
      %is = arith.cmpi ne, %v, %c1 : index
      fovea.proceed_if %is
      %part = memref.subview %a[%v] [1] [1]
          : memref<8xf32> to memref<1xf32, strided<[1], offset: ?>>
      fovea_kernel.launch @step(%part) : memref<1xf32, strided<[1], offset: ?>>
    }
    %r = scf.for %i = %c0 to %t step %c1 iter_args(%v = %c0) -> index {
      %is = arith.cmpi ne, %v, %c1 : index
      fovea.proceed_if %is
      fovea_kernel.launch @other(%a) : memref<8xf32>
      %w = memref.load %on[%i] : memref<9xindex>
      scf.yield %w : index
    }
    scf.for %i = %c0 to %t step %c1 {
      scf.for %j = %c0 to %t step %c1 {
        fovea.proceed_if %go
        fovea_kernel.launch @other(%a) : memref<8xf32>
      }
    }
    return %r : index
  }
  func.func private @step(%a: memref<1xf32, strided<[1]>>) attributes {fovea_kernel.kernel} {
    return
  }
  func.func private @other(%a: memref<8xf32>) attributes {fovea_kernel.kernel} {
    return
  }
}
