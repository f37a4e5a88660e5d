// One warp copies tiles to two places in turn, the other adds them up: what is full and what is
// empty is told by barriers in the memory of the block, whose phases follow each other.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-LABEL: .visible .entry handover(
// CHECK-DAG:     mbarrier.init.shared.b64
// CHECK-DAG:     cp.async.mbarrier.arrive.noinc.shared.b64
// CHECK-DAG:     mbarrier.arrive.shared.b64
// CHECK-DAG:     mbarrier.test_wait.parity.shared.b64

!states = memref<4xi64, #gpu.address_space<workgroup>>

gpu.module @device {
  gpu.func @handover(%from: !llvm.ptr, %to: !llvm.ptr, %tiles: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>} {
    %n = arith.index_cast %tiles : i64 to index
    %x = fovea_kernel.view %from sizes(%n) : !llvm.ptr -> memref<?x32xf32>
    %y = fovea_kernel.view %to sizes() : !llvm.ptr -> memref<32xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    %zero = arith.constant 0.0 : f32
    %count = arith.constant 32 : i32
    %one = arith.constant 1 : i32
    %true = arith.constant true
    %thread = gpu.thread_id x
    %lane = gpu.lane_id
    // Full places, then empty ones.
    %b = fovea_warp.shared : !states
    %s = fovea_warp.shared : memref<2x32xf32, #gpu.address_space<workgroup>>
    %is_first = arith.cmpi eq, %thread, %c0 : index
    %c4 = arith.constant 4 : index
    scf.if %is_first {
      scf.for %i = %c0 to %c4 step %c1 {
        fovea_warp.mbarrier_init %b[%i], %count : !states
      }
    }
    gpu.barrier
    %copies = arith.cmpi ult, %thread, %c32 : index
    scf.if %copies {
      scf.for %i = %c0 to %n step %c1 {
        %place = arith.remui %i, %c2 : index
        %round = arith.divui %i, %c2 : index
        %turn = arith.index_cast %round : index to i32
        // The phase before the first is complete.
        %next = arith.addi %turn, %one : i32
        %parity = arith.andi %next, %one : i32
        %empty = arith.addi %place, %c2 : index
        scf.while : () -> () {
          %done = fovea_warp.mbarrier_try_wait %b[%empty] parity %parity : !states
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
        fovea_warp.cp_async 4 %x[%i, %lane] to %s[%place, %lane]
            : memref<?x32xf32> to memref<2x32xf32, #gpu.address_space<workgroup>>
        fovea_warp.mbarrier_arrive_copies %b[%place] : !states
      }
      fovea_warp.cp_async_wait 0
    } else {
      %sum = scf.for %i = %c0 to %n step %c1 iter_args(%so_far = %zero) -> f32 {
        %place = arith.remui %i, %c2 : index
        %round = arith.divui %i, %c2 : index
        %turn = arith.index_cast %round : index to i32
        %parity = arith.andi %turn, %one : i32
        scf.while : () -> () {
          %done = fovea_warp.mbarrier_try_wait %b[%place] parity %parity : !states
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
        // What another lane has copied.
        %c31 = arith.constant 31 : index
        %other = arith.subi %c31, %lane : index
        %v = memref.load %s[%place, %other] : memref<2x32xf32, #gpu.address_space<workgroup>>
        %empty = arith.addi %place, %c2 : index
        fovea_warp.mbarrier_arrive %b[%empty] : !states
        %next = arith.addf %so_far, %v : f32
        scf.yield %next : f32
      }
      memref.store %sum, %y[%lane] : memref<32xf32>
    }
    gpu.return
  }
}
