// RUN: fovea-opt %s -split-input-file -fovea-form-teams | FileCheck %s

// What is the same in every step comes before the loop, buffers included; the shares are those of
// the run's threads, since a step has 98304 multiply-adds.
// CHECK:       fovea.ledger = [{form = "team", launches = 2 : i64, node = "lstm",
// CHECK-SAME:      op = "scf.for", refused = []}]
// CHECK-LABEL: func @make_one_kernel_of_a_loop
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<16x8xf32>, %[[T:[a-z0-9]+]]: index
// CHECK-NOT:     scf.for
// CHECK:         %[[H:.*]] = fovea_kernel.arena
// CHECK-NOT:     scf.for
// CHECK:         %[[SHARES:.*]] = fovea_kernel.threads
// CHECK-NEXT:    fovea_kernel.launch @team_0({{.*}}%[[SHARES]])
// CHECK-NOT:     launch
// CHECK:         return
// CHECK:       func private @team_0(
// CHECK-SAME:    %[[COUNT:[a-z0-9]+]]: index) attributes {
// CHECK-SAME:    fovea_kernel.kernel, fovea_kernel.may_alias, fovea_kernel.team
// CHECK:         fovea_kernel.parallel %[[COUNT]] {
// CHECK:           scf.for
// CHECK:             memref.subview
// CHECK-NEXT:        fovea_kernel.launch @step(
// CHECK-NEXT:        fovea_kernel.launch @other(
module attributes {fovea.ledger = []} {
  func.func @make_one_kernel_of_a_loop(%x: memref<16x8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      %h = fovea_kernel.arena %c0 sizes() : memref<1x8xf32>
      %row = memref.subview %x[%i, 0] [1, 8] [1, 1]
          : memref<16x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
      fovea_kernel.launch @step(%row, %h)
          : memref<1x8xf32, strided<[8, 1], offset: ?>>, memref<1x8xf32>
      fovea_kernel.launch @other(%h) : memref<1x8xf32>
    } loc("lstm")
    return
  }
  func.func private @step(%a: memref<1x8xf32, strided<[8, 1]>>, %b: memref<1x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 98304, -1>} {
    return
  }
  func.func private @other(%a: memref<1x8xf32>) attributes {fovea_kernel.kernel} {
    return
  }
}

// -----

// Nobody meets where a thread is alone in every run.
// CHECK-LABEL: func @one_share_for_little_work
// CHECK-NOT:     fovea_kernel.threads
// CHECK:         fovea_kernel.launch @team_0(
// CHECK:       func private @team_0({{.*}} fovea_kernel.sectioned
module attributes {fovea.ledger = []} {
  func.func @one_share_for_little_work(%x: memref<1x8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      fovea_kernel.launch @step(%x) : memref<1x8xf32>
    }
    return
  }
  func.func private @step(%a: memref<1x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 256, -1>} {
    return
  }
}

// -----

// 65536 multiply-adds are enough for a team that meets once a step, not for one that meets twice;
// launches of one task are nothing to meet for.
// CHECK-LABEL: func @shares_by_phases
// CHECK:         fovea_kernel.launch @team_0(
// CHECK:         %[[ALL:.*]] = fovea_kernel.threads
// CHECK-NEXT:    fovea_kernel.launch @team_1({{.*}}%[[ALL]])
// CHECK-DAG:   func private @team_0({{.*}} fovea_kernel.sectioned
// CHECK-DAG:   func private @team_1({{.*}} fovea_kernel.team
module attributes {fovea.ledger = []} {
  func.func @shares_by_phases(%x: memref<1x8xf32>, %t: index) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      fovea_kernel.launch @step(%x) : memref<1x8xf32>
      fovea_kernel.launch @rows(%x) : memref<1x8xf32>
    }
    scf.for %i = %c0 to %t step %c1 {
      fovea_kernel.launch @step(%x) : memref<1x8xf32>
      fovea_kernel.launch @row(%x) : memref<1x8xf32>
    }
    return
  }
  func.func private @step(%a: memref<1x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 65536, -1>} {
    return
  }
  func.func private @rows(%a: memref<1x8xf32>) attributes {fovea_kernel.kernel} {
    %c2 = arith.constant 2 : index
    fovea_kernel.parallel %c2 {
    ^bb0(%task: index):
      fovea_kernel.yield
    }
    return
  }
  func.func private @row(%a: memref<1x8xf32>) attributes {fovea_kernel.kernel} {
    %c1 = arith.constant 1 : index
    fovea_kernel.parallel %c1 {
    ^bb0(%task: index):
      fovea_kernel.yield
    }
    return
  }
}

// -----

// 1000 multiply-adds a row: 50 rows are enough.
// CHECK-LABEL: func @shares_by_rows
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x8xf32>
// CHECK-DAG:     %[[ROWS:.*]] = memref.dim %[[X]], %{{.*}}
// CHECK-DAG:     %[[LEAST:.*]] = arith.constant 50 : index
// CHECK:         arith.cmpi sge, %[[ROWS]], %[[LEAST]]
// CHECK:         arith.select
module attributes {fovea.ledger = []} {
  func.func @shares_by_rows(%x: memref<?x8xf32>, %t: index) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      fovea_kernel.launch @step(%x) : memref<?x8xf32>
    }
    return
  }
  func.func private @step(%a: memref<?x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 1000, 0>} {
    return
  }
}

// -----

// CHECK:       form = "launches", launches = 1
// CHECK-SAME:  text = "its steps contain fovea.require, which the host runs"
// CHECK-SAME:  form = "launches", launches = 1
// CHECK-SAME:  text = "its steps contain memref.load, which the host runs"
// CHECK-LABEL: func @do_not_take_loops_that_the_host_runs
// CHECK:         scf.for
// CHECK:           fovea_kernel.launch @step
// CHECK:         scf.for
// CHECK:           fovea_kernel.launch @step
// CHECK-NOT:   @team
module attributes {fovea.ledger = []} {
  func.func @do_not_take_loops_that_the_host_runs(%x: memref<1x8xf32>, %on: memref<8xi1>,
      %t: index) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      %ok = arith.cmpi slt, %i, %c1 : index
      fovea.require %ok, %i, %c1 fault length node "lstm"
      fovea_kernel.launch @step(%x) : memref<1x8xf32>
    }
    scf.for %i = %c0 to %t step %c1 {
      %is = memref.load %on[%i] : memref<8xi1>
      scf.if %is {
        fovea_kernel.launch @step(%x) : memref<1x8xf32>
      }
    }
    return
  }
  func.func private @step(%a: memref<1x8xf32>) attributes {fovea_kernel.kernel} {
    return
  }
}

// -----

// CHECK:       fovea.ledger = []
// CHECK-LABEL: func @do_not_mention_loops_without_launches
// CHECK:         scf.for
module attributes {fovea.ledger = []} {
  func.func @do_not_mention_loops_without_launches(%x: memref<8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    scf.for %i = %c0 to %t step %c1 {
      memref.store %zero, %x[%i] : memref<8xf32>
    }
    return
  }
}
