// RUN: fovea-opt %s -split-input-file -fovea-outline-sections | FileCheck %s

// Buffers and sizes come before the kernel; each task is one section.
// CHECK:       fovea.ledger = [{form = "sections", launches = 2 : i64, node = "lstm",
// CHECK-SAME:      op = "scf.for", refused = [{form = "team", reason = "speed", special = true,
// CHECK-SAME:      text = "a step has little work for more than one thread"}], sections = 2 : i64}]
// CHECK-LABEL: func @each_section_is_a_task
// CHECK-NOT:     scf.
// CHECK:         %[[H:.*]] = fovea_kernel.arena
// CHECK:         %[[TWO:.*]] = arith.constant 2 : index
// CHECK-NEXT:    fovea_kernel.launch @sections_0({{.*}}%[[TWO]])
// CHECK-NEXT:    return
// CHECK:       func private @sections_0(
// CHECK-SAME:    %[[COUNT:[a-z0-9]+]]: index) attributes {
// CHECK-SAME:    fovea_kernel.kernel, fovea_kernel.may_alias, fovea_kernel.sectioned
// CHECK:         fovea_kernel.parallel %[[COUNT]] {
// CHECK-NEXT:    ^bb0(%[[TASK:.*]]: index):
// CHECK:           %[[FIRST:.*]] = arith.cmpi eq, %[[TASK]], %{{.*}}
// CHECK-NEXT:      scf.if %[[FIRST]] {
// CHECK-NEXT:        scf.for
// CHECK:               fovea_kernel.launch @step
// CHECK:           arith.cmpi eq, %[[TASK]]
// CHECK-NEXT:      scf.if
// CHECK-NEXT:        scf.for
// CHECK:               fovea_kernel.launch @step
module attributes {fovea.ledger = []} {
  func.func @each_section_is_a_task(%x: memref<1x8xf32>, %t: index) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    fovea_kernel.sections {
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%x) : memref<1x8xf32>
      }
    }, {
      %h = fovea_kernel.arena %c0 sizes() : memref<1x8xf32>
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%h) : memref<1x8xf32>
      }
    } loc("lstm")
    return
  }
  func.func private @step(%a: memref<1x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 256, -1>} {
    return
  }
}

// -----

// With work for a team the number of threads decides.
// CHECK-LABEL: func @choose_by_threads
// CHECK:         %[[THREADS:.*]] = fovea_kernel.threads
// CHECK:         %[[LOOPS:.*]] = arith.constant 2 : index
// CHECK-NEXT:    %[[FEW:.*]] = arith.cmpi ule, %[[THREADS]], %[[LOOPS]]
// CHECK:         scf.if %[[FEW]] {
// CHECK:           fovea_kernel.launch @sections_0
// CHECK:         } else {
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        fovea_kernel.launch @step
// CHECK:           scf.for
// CHECK-NEXT:        fovea_kernel.launch @step
module attributes {fovea.ledger = []} {
  func.func @choose_by_threads(%x: memref<1x8xf32>, %y: memref<1x8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    fovea_kernel.sections {
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%x) : memref<1x8xf32>
      }
    }, {
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%y) : memref<1x8xf32>
      }
    }
    return
  }
  func.func private @step(%a: memref<1x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 65536, -1>} {
    return
  }
}

// -----

// 1000 multiply-adds a row: with fewer than 50 rows, or with no more threads than sections.
// CHECK-LABEL: func @choose_by_rows
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x8xf32>
// CHECK:         %[[ROWS:.*]] = memref.dim %[[X]]
// CHECK:         %[[LEAST:.*]] = arith.constant 50 : index
// CHECK-NEXT:    %[[LARGE:.*]] = arith.cmpi sge, %[[ROWS]], %[[LEAST]]
// CHECK:         %[[FEW:.*]] = arith.cmpi ule
// CHECK:         %[[APART:.*]] = arith.ori %[[FEW]], %{{.*}}
// CHECK-NEXT:    scf.if %[[APART]]
module attributes {fovea.ledger = []} {
  func.func @choose_by_rows(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    fovea_kernel.sections {
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%x) : memref<?x8xf32>
      }
    }, {
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%y) : memref<?x8xf32>
      }
    }
    return
  }
  func.func private @step(%a: memref<?x8xf32>)
      attributes {fovea_kernel.kernel, fovea_kernel.work = array<i64: 1000, 0>} {
    return
  }
}

// -----

// CHECK:       form = "launches", launches = 2
// CHECK-SAME:  text = "its steps contain memref.load, which the host runs"
// CHECK-LABEL: func @do_not_take_sections_that_the_host_runs
// CHECK-NOT:     sections
// CHECK:         scf.for
// CHECK:           fovea_kernel.launch @step
// CHECK:         scf.for
// CHECK:           memref.load
// CHECK-NOT:     sections
// CHECK:         return
module attributes {fovea.ledger = []} {
  func.func @do_not_take_sections_that_the_host_runs(%x: memref<1x8xf32>, %on: memref<8xi1>,
      %t: index) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    fovea_kernel.sections {
      scf.for %i = %c0 to %t step %c1 {
        fovea_kernel.launch @step(%x) : memref<1x8xf32>
      }
    }, {
      scf.for %i = %c0 to %t step %c1 {
        %is = memref.load %on[%i] : memref<8xi1>
        scf.if %is {
          fovea_kernel.launch @step(%x) : memref<1x8xf32>
        }
      }
    }
    return
  }
  func.func private @step(%a: memref<1x8xf32>) attributes {fovea_kernel.kernel} {
    return
  }
}
