// RUN: fovea-opt %s -split-input-file -fovea-form-resident-grids | FileCheck %s

// CHECK:       form = "launches", launches = 1
// CHECK-SAME:  form = "resident_grid", reason = "order",
// CHECK-SAME:  text = "its steps contain fovea.require, which the host runs"
// CHECK-LABEL: func @do_not_take_loops_that_the_host_runs
// CHECK:         scf.for
// CHECK:           fovea_kernel.launch @step
// CHECK-NOT:   @resident
module attributes {fovea.ledger = []} {
  func.func @do_not_take_loops_that_the_host_runs(%x: memref<8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      %ok = arith.cmpi slt, %i, %c1 : index
      fovea.require %ok, %i, %c1 fault length node "lstm"
      fovea_kernel.launch @step(%x) : memref<8xf32>
    }
    return
  }
  func.func private @step(%a: memref<8xf32>) attributes {fovea_kernel.kernel} {
    %n = arith.constant 1 : index
    fovea_kernel.grid %n threads(128) {
    ^bb0(%block: index, %thread: index):
    }
    return
  }
}

// -----

// CHECK:       form = "resident_grid", reason = "threads",
// CHECK-SAME:  text = "its steps launch blocks of 128 and of 256 threads"
// CHECK-LABEL: func @do_not_split_blocks_that_wait
// CHECK:         fovea_kernel.launch @waits
// CHECK:         fovea_kernel.launch @large
// CHECK-NOT:   @resident
module attributes {fovea.ledger = []} {
  func.func @do_not_split_blocks_that_wait(%x: memref<8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      fovea_kernel.launch @waits(%x) : memref<8xf32>
      fovea_kernel.launch @large(%x) : memref<8xf32>
    }
    return
  }
  func.func private @waits(%a: memref<8xf32>) attributes {fovea_kernel.kernel} {
    %n = arith.constant 1 : index
    fovea_kernel.grid %n threads(128) {
    ^bb0(%block: index, %thread: index):
      gpu.barrier
    }
    return
  }
  func.func private @large(%a: memref<8xf32>) attributes {fovea_kernel.kernel} {
    %n = arith.constant 1 : index
    fovea_kernel.grid %n threads(256) {
    ^bb0(%block: index, %thread: index):
    }
    return
  }
}

// -----

// CHECK:       form = "resident_grid", reason = "shared",
// CHECK-SAME:  text = "its kernels use 131072 bytes of a block's memory together, more than 101376"
// CHECK-LABEL: func @do_not_take_more_memory_than_a_block_has
// CHECK:         fovea_kernel.launch @hoards
// CHECK-NOT:   @resident
module attributes {fovea.ledger = []} {
  func.func @do_not_take_more_memory_than_a_block_has(%x: memref<8xf32>, %t: index)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %t step %c1 {
      fovea_kernel.launch @hoards(%x) : memref<8xf32>
      fovea_kernel.launch @hoards(%x) : memref<8xf32>
    }
    return
  }
  func.func private @hoards(%a: memref<8xf32>) attributes {fovea_kernel.kernel} {
    %n = arith.constant 1 : index
    fovea_kernel.grid %n threads(128) {
    ^bb0(%block: index, %thread: index):
      %s = fovea_warp.shared : memref<16384xf32, #gpu.address_space<workgroup>>
    }
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
