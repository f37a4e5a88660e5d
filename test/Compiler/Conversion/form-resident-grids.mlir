// RUN: fovea-opt %s -split-input-file -fovea-form-resident-grids | FileCheck %s

// Blocks take those of a launch in turns and meet behind it; a row that starts anywhere is what the
// kernel sees. As many blocks are of use as one launch has at most.
// CHECK:       fovea.ledger = [{form = "resident_grid", launches = 2 : i64, node = "lstm",
// CHECK-SAME:      op = "scf.for", refused = []}]
// CHECK-LABEL: func @make_one_kernel_of_a_loop
// CHECK-NOT:     scf.for
// CHECK:         %[[H:.*]] = fovea_kernel.arena
// CHECK-NEXT:    fovea_kernel.launch @resident_0(
// CHECK-NEXT:    return
// CHECK-NOT:   @step
// CHECK-NOT:   @other
// CHECK-LABEL: func private @resident_0(
// CHECK-SAME:    fovea_kernel.kernel, fovea_kernel.may_alias
// CHECK:         fovea_kernel.grid %c7{{.*}} threads(128) {
// CHECK-NEXT:    ^bb0(%[[BLOCK:.*]]: index, %[[THREAD:.*]]: index):
// CHECK:           scf.for
// CHECK:             %[[ROW:.*]] = memref.subview
// CHECK:             %[[SEEN:.*]] = fovea_kernel.rebase %[[ROW]]
// CHECK:             %[[COUNT:.*]] = arith.constant 2
// CHECK:             %[[ALL:.*]] = gpu.grid_dim x
// CHECK:             scf.for %[[OWN:.*]] = %[[BLOCK]] to %[[COUNT]] step %[[ALL]]
// CHECK:               memref.load %[[SEEN]][%[[OWN]], %[[THREAD]]]
// CHECK:             fovea_kernel.meet
// CHECK:             gpu.grid_dim x
// CHECK:             memref.store
// CHECK:             fovea_kernel.meet
// CHECK-NOT:         fovea_kernel.meet
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
      attributes {fovea_kernel.kernel} {
    %n = arith.constant 2 : index
    fovea_kernel.grid %n threads(128) {
    ^bb0(%block: index, %thread: index):
      %v = memref.load %a[%block, %thread] : memref<1x8xf32, strided<[8, 1]>>
      memref.store %v, %b[%block, %thread] : memref<1x8xf32>
    }
    return
  }
  func.func private @other(%a: memref<1x8xf32>) attributes {fovea_kernel.kernel} {
    %n = arith.constant 7 : index
    %zero = arith.constant 0.0 : f32
    fovea_kernel.grid %n threads(128) {
    ^bb0(%block: index, %thread: index):
      memref.store %zero, %a[%block, %thread] : memref<1x8xf32>
    }
    return
  }
}

// -----

// A kernel without barriers has several blocks in one of more threads. Launches of one block each
// need no meeting in between, but one behind a condition of its own is read after it.
// CHECK-LABEL: func private @resident_0(
// CHECK:         fovea_kernel.grid %{{.*}} threads(256)
// CHECK-NEXT:    ^bb0(%[[BLOCK:.*]]: index, %[[THREAD:.*]]: index):
// CHECK:           %[[ZERO:.*]] = arith.constant 0 : index
// CHECK:           %[[ONLY:.*]] = arith.cmpi eq, %[[BLOCK]], %[[ZERO]]
// CHECK:           scf.if %[[ONLY]] {
// CHECK:           %[[TWO:.*]] = arith.constant 2 : index
// CHECK:           %[[WIDTH:.*]] = arith.constant 128 : index
// CHECK:           %[[OWN:.*]] = arith.muli %[[BLOCK]], %[[TWO]]
// CHECK:           %[[PART:.*]] = arith.divui %[[THREAD]], %[[WIDTH]]
// CHECK:           %[[FIRST:.*]] = arith.addi %[[OWN]], %[[PART]]
// CHECK:           %[[LANE:.*]] = arith.remui %[[THREAD]], %[[WIDTH]]
// CHECK:           scf.for %{{.*}} = %[[FIRST]]
// CHECK:             memref.store %{{.*}}, %{{.*}}[%[[LANE]]]
// CHECK-NOT:       fovea_kernel.meet
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK:           fovea_kernel.meet
// CHECK:           %[[HELD:.*]] = memref.load %{{.*}}[] : memref<i1>
// CHECK:           %[[IS:.*]] = arith.cmpi eq, %[[HELD]], %false
// CHECK:           scf.if %[[IS]] {
// CHECK:             scf.for %{{.*}} = %[[BLOCK]]
// CHECK:               gpu.barrier
// CHECK:                 memref.store
// CHECK:               gpu.barrier
// CHECK:           }
// CHECK:           fovea_kernel.meet
func.func @run_blocks_side_by_side(%x: memref<64xf32>, %cell: memref<i1>, %t: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %t step %c1 {
    fovea_kernel.launch @small(%x) : memref<64xf32>
    fovea_kernel.launch @small(%x) : memref<64xf32>
    fovea_kernel.launch @large(%x) when(%cell) is [false] : memref<64xf32>
  }
  return
}
func.func private @small(%a: memref<64xf32>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %a[%thread] : memref<64xf32>
  }
  return
}
func.func private @large(%a: memref<64xf32>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %n threads(256) {
  ^bb0(%block: index, %thread: index):
    gpu.barrier
    memref.store %zero, %a[%thread] : memref<64xf32>
  }
  return
}

// -----

// Sizes of a view and of buffers that take turns are known in front of the loop, a size that hangs
// on the step is not: then all blocks that fit are of use.
// CHECK-LABEL: func private @resident_0(%arg0: index, %arg1: memref<?x8xf32>
// CHECK:         %[[ROWS:.*]] = memref.dim %arg1
// CHECK:         %[[BLOCKS:.*]] = arith.minui %[[ROWS]], %{{.*}}
// CHECK:         fovea_kernel.grid %[[BLOCKS]]
// CHECK-LABEL: func private @resident_1(
// CHECK:         %[[ALL:.*]] = arith.constant 2147483647 : index
// CHECK:         fovea_kernel.grid %[[ALL]]
func.func @count_blocks(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %t: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z:2 = scf.for %i = %c0 to %t step %c1 iter_args(%a = %x, %b = %y)
      -> (memref<?x8xf32>, memref<?x8xf32>) {
    fovea_kernel.launch @rows(%a) : memref<?x8xf32>
    scf.yield %b, %a : memref<?x8xf32>, memref<?x8xf32>
  }
  scf.for %i = %c0 to %t step %c1 {
    %part = memref.subview %x[0, 0] [%i, 8] [1, 1]
        : memref<?x8xf32> to memref<?x8xf32, strided<[8, 1]>>
    %same = memref.cast %part : memref<?x8xf32, strided<[8, 1]>> to memref<?x8xf32>
    fovea_kernel.launch @rows(%same) : memref<?x8xf32>
  }
  return
}
func.func private @rows(%a: memref<?x8xf32>) attributes {fovea_kernel.kernel} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %a, %c0 : memref<?x8xf32>
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %a[%block, %thread] : memref<?x8xf32>
  }
  return
}
