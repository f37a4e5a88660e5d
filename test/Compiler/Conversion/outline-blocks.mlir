// RUN: fovea-opt %s -split-input-file -verify-diagnostics -fovea-outline-blocks | FileCheck %s

// CHECK:       fovea.nodes = ["embed/Gather"]
// CHECK-LABEL: func @main
// CHECK-SAME:    %[[X:.*]]: memref<?xf32>, %[[N:.*]]: index
// CHECK:         %[[BLOCK:.*]] = llvm.alloca
// CHECK:         %[[BLOCKS:.*]] = arith.ceildivui %[[N]], %{{.*}}
// CHECK:         llvm.store %{{.*}}, %{{.*}} : i64, !llvm.ptr
// CHECK:         llvm.call %{{.*}}(%{{.*}}, %{{.*}}, %{{.*}}, %[[BLOCK]])
// CHECK:       gpu.module @device
// CHECK:         memref.global "private" constant @table
// CHECK:         gpu.func @kernel(%[[P:.*]]: !llvm.ptr, %[[SIZE:.*]]: i64, %[[COUNT:.*]]: i64,
// CHECK-SAME:        %[[RECORD:.*]]: !llvm.ptr) kernel
// CHECK-SAME:        known_block_size = array<i32: 128, 1, 1>
// CHECK:           memref.alloca() : memref<4xf32>
// CHECK:           fovea_kernel.view %[[P]] sizes(%{{.*}})
// CHECK:           gpu.block_id x
// CHECK:           gpu.thread_id x
// CHECK:           scf.if
// CHECK:             fovea_warp.fault %[[RECORD]] kind 1 node 0
// CHECK:           gpu.return
func.func private @kernel(%x: memref<?xf32>, %n: index) attributes {fovea_kernel.kernel} {
  %c128 = arith.constant 128 : index
  %blocks = arith.ceildivui %n, %c128 : index
  %table = memref.get_global @table : memref<4xf32>
  fovea_kernel.grid %blocks threads(128) {
  ^bb0(%block: index, %thread: index):
    %own = fovea_kernel.scratch : memref<4xf32>
    %i = fovea.checked_index %thread in %n node "embed/Gather" : index
    %v = memref.load %table[%block] : memref<4xf32>
    memref.store %v, %own[%block] : memref<4xf32>
    memref.store %v, %x[%i] : memref<?xf32>
  }
  return
}
memref.global "private" constant @table : memref<4xf32> = dense<1.0>
func.func @main(%x: memref<?xf32>, %n: index) {
  fovea_kernel.launch @kernel(%x, %n) : memref<?xf32>, index
  return
}

// -----

// The counter of meetings lies behind the fault.
// CHECK-LABEL: gpu.func @steps(
// CHECK-SAME:      %[[RECORD:[a-z0-9]+]]: !llvm.ptr) kernel
// CHECK:         %[[PLACE:.*]] = llvm.mlir.constant(32 : i64)
// CHECK:         %[[COUNTER:.*]] = llvm.getelementptr %[[RECORD]][%[[PLACE]]]
// CHECK:         fovea_warp.grid_barrier %[[COUNTER]]
// CHECK-NEXT:    memref.load
// CHECK-NEXT:    gpu.barrier
// CHECK-NEXT:    gpu.return
func.func private @steps(%n: index, %w: memref<128xf32>) attributes {fovea_kernel.kernel} {
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    fovea_kernel.meet
    fovea_kernel.keep from(%w : memref<128xf32>) {
      %v = memref.load %w[%thread] : memref<128xf32>
    }
  }
  return
}

// -----

// expected-error @+1 {{expected a kernel scheduled as one fovea_kernel.grid}}
func.func private @do_not_take_tasks(%n: index) attributes {fovea_kernel.kernel} {
  fovea_kernel.parallel %n {
  ^bb0(%task: index):
    fovea_kernel.yield
  }
  return
}

// -----

func.func @do_not_read_on_the_host(%x: memref<f32>) -> f32 {
  // expected-error @+1 {{what a run does next depends on elements of a tensor}}
  %v = memref.load %x[] : memref<f32>
  return %v : f32
}
