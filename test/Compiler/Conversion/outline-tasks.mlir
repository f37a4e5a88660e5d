// RUN: fovea-opt %s -split-input-file -fovea-outline-tasks | FileCheck %s

// CHECK-LABEL: func @launch
// CHECK-SAME:    %[[X:.*]]: memref<?x8xf32>
// CHECK:         %[[BLOCK:.*]] = llvm.alloca
// CHECK:         %[[COUNT:.*]] = memref.dim %[[X]]
// CHECK:         %[[CALL:.*]] = fovea_kernel.call
// CHECK:         llvm.store %[[CALL]]
// CHECK:         memref.extract_aligned_pointer_as_index %[[X]]
// CHECK:         %[[TASK:.*]] = constant @kernel_0 : (!llvm.ptr, i64, !llvm.ptr) -> ()
// CHECK:         %[[ADDRESS:.*]] = builtin.unrealized_conversion_cast %[[TASK]]
// CHECK:         %[[TASKS:.*]] = arith.index_cast %[[COUNT]]
// CHECK:         llvm.call %{{.*}}(%[[CALL]], %[[ADDRESS]], %[[BLOCK]], %[[TASKS]])
// CHECK-NOT:     fovea_kernel.launch
func.func @launch(%x: memref<?x8xf32>, %n: index) attributes {fovea.entry} {
  fovea_kernel.launch @kernel_0(%x, %n) : memref<?x8xf32>, index
  return
}

// The body takes the call, pointer and size of the buffer, the scalar, the task and the scratch.
// CHECK:       func private @kernel_0.body(%{{.*}}: !llvm.ptr, %[[P:.*]]: !llvm.ptr {llvm.noalias},
// CHECK-SAME:    %[[SIZE:.*]]: index, %{{.*}}: index, %[[TASK:.*]]: index,
// CHECK-SAME:    %[[MEMORY:.*]]: !llvm.ptr)
// CHECK-SAME:    attributes {fovea_kernel.scratch_bytes = 192 : i64}
// CHECK:         %[[A:.*]] = fovea_kernel.view %[[P]] sizes(%[[SIZE]])
// CHECK:         %[[START:.*]] = llvm.getelementptr %[[MEMORY]]
// CHECK:         fovea_kernel.view %[[START]] sizes() : !llvm.ptr -> memref<4x5xf32>
// CHECK:         %[[BEHIND:.*]] = llvm.mlir.constant(128 : i64)
// CHECK:         llvm.getelementptr %[[MEMORY]][%[[BEHIND]]]
// CHECK:         memref.load %[[A]][%[[TASK]]
// CHECK-LABEL: func private @kernel_0(
// CHECK-SAME:    %[[ARGS:.*]]: !llvm.ptr, %{{.*}}: i64, %[[MEMORY:.*]]: !llvm.ptr) {
// CHECK:         llvm.load %[[ARGS]]
// CHECK:         call @kernel_0.body({{.*}}, %[[MEMORY]])
func.func private @kernel_0(%a: memref<?x8xf32>, %n: index) attributes {fovea_kernel.kernel} {
  %c0 = arith.constant 0 : index
  %tasks = memref.dim %a, %c0 : memref<?x8xf32>
  fovea_kernel.parallel %tasks {
  ^bb0(%task: index):
    %s = fovea_kernel.scratch : memref<4x5xf32>
    %t = fovea_kernel.scratch : memref<2xf32>
    %v = memref.load %a[%task, %c0] : memref<?x8xf32>
    memref.store %v, %s[%c0, %c0] : memref<4x5xf32>
    memref.store %v, %t[%c0] : memref<2xf32>
  }
  return
}

// -----

// CHECK-LABEL: func private @do_not_promise_noalias_when_buffers_may_overlap.body
// CHECK-NOT:     llvm.noalias
// CHECK:         return
func.func private @do_not_promise_noalias_when_buffers_may_overlap(%a: memref<4xf32>,
    %b: memref<4xf32>) attributes {fovea_kernel.kernel, fovea_kernel.may_alias} {
  %one = arith.constant 1 : index
  fovea_kernel.parallel %one {
  ^bb0(%task: index):
  }
  return
}

// -----

// Launches of one task each are one phase, and the first thread that asks decides for all.
// CHECK-LABEL: func private @team_0.body(
// CHECK-SAME:    %[[CALL:[a-z0-9]+]]: !llvm.ptr, %{{.*}}: !llvm.ptr
// CHECK:         scf.for
// CHECK:           arith.extui
// CHECK:           %[[ANSWER:.*]] = llvm.call %{{.*}}(%[[CALL]],
// CHECK-NEXT:      %[[GO:.*]] = arith.trunci %[[ANSWER]]
// CHECK-NEXT:      fovea.proceed_if %[[GO]]
// CHECK:           scf.while
// CHECK:             func.call @one.body
// CHECK-NEXT:        func.call @one.body
// CHECK:           scf.while
// CHECK:             func.call @two.body
// CHECK-NOT:         func.call
// CHECK:           scf.while
// CHECK:             func.call @one.body
// CHECK-NOT:       scf.while
// CHECK:         return
module {
  func.func private @team_0(%a: memref<4xf32>, %shares: index)
      attributes {fovea_kernel.kernel, fovea_kernel.may_alias, fovea_kernel.team} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    fovea_kernel.parallel %shares {
    ^bb0(%slot: index):
      scf.for %i = %c0 to %shares step %c1 {
        %v = memref.load %a[%c0] : memref<4xf32>
        %go = arith.cmpf olt, %v, %zero : f32
        fovea.proceed_if %go
        fovea_kernel.launch @one(%a) : memref<4xf32>
        fovea_kernel.launch @one(%a) : memref<4xf32>
        fovea_kernel.launch @two(%a) : memref<4xf32>
        fovea_kernel.launch @one(%a) : memref<4xf32>
      }
    }
    return
  }
  func.func private @one(%a: memref<4xf32>) attributes {fovea_kernel.kernel} {
    %c1 = arith.constant 1 : index
    fovea_kernel.parallel %c1 {
    ^bb0(%task: index):
    }
    return
  }
  func.func private @two(%a: memref<4xf32>) attributes {fovea_kernel.kernel} {
    %c2 = arith.constant 2 : index
    fovea_kernel.parallel %c2 {
    ^bb0(%task: index):
    }
    return
  }
}
