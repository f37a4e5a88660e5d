// Sums of rows, a block of 128 threads a row: shuffles in each warp, shared memory between them.
// Every sum that is not a number is reported as a fault.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK: .extern .shared .align 1024 .b8 fovea_shared[];
// CHECK: .visible .entry row_sum(
// CHECK: shfl.sync.bfly.b32
// CHECK: st.shared
// CHECK: {{bar|barrier}}.sync
// CHECK: ld.shared
// CHECK: atom.relaxed.gpu.cas.b32

gpu.module @device {
  gpu.func @row_sum(%from: !llvm.ptr, %rows: i64, %columns: i64, %to: !llvm.ptr,
      %fault: !llvm.ptr) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %m = arith.index_cast %rows : i64 to index
    %n = arith.index_cast %columns : i64 to index
    %x = fovea_kernel.view %from sizes(%m, %n) : !llvm.ptr -> memref<?x?xf32>
    %y = fovea_kernel.view %to sizes(%m) : !llvm.ptr -> memref<?xf32>
    %partial = fovea_warp.shared : memref<4xf32, #gpu.address_space<workgroup>>
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c32 = arith.constant 32 : index
    %row = gpu.block_id x
    %thread = gpu.thread_id x
    %threads = gpu.block_dim x
    %own = scf.for %j = %thread to %n step %threads iter_args(%sum = %zero) -> f32 {
      %v = memref.load %x[%row, %j] : memref<?x?xf32>
      %next = arith.addf %sum, %v : f32
      scf.yield %next : f32
    }
    %width = arith.constant 32 : i32
    %i16 = arith.constant 16 : i32
    %i1 = arith.constant 1 : i32
    %warp, %step = scf.while (%sum = %own, %distance = %i16) : (f32, i32) -> (f32, i32) {
      %c0_i32 = arith.constant 0 : i32
      %more = arith.cmpi ne, %distance, %c0_i32 : i32
      scf.condition(%more) %sum, %distance : f32, i32
    } do {
    ^bb0(%sum: f32, %distance: i32):
      %other, %valid = gpu.shuffle xor %sum, %distance, %width : f32
      %next = arith.addf %sum, %other : f32
      %half = arith.shrui %distance, %i1 : i32
      scf.yield %next, %half : f32, i32
    }
    %lane = arith.remui %thread, %c32 : index
    %number = arith.divui %thread, %c32 : index
    %is_first = arith.cmpi eq, %lane, %c0 : index
    scf.if %is_first {
      memref.store %warp, %partial[%number] : memref<4xf32, #gpu.address_space<workgroup>>
    }
    gpu.barrier
    %writes = arith.cmpi eq, %thread, %c0 : index
    scf.if %writes {
      %all = scf.for %w = %c0 to %c4 step %c1 iter_args(%sum = %zero) -> f32 {
        %v = memref.load %partial[%w] : memref<4xf32, #gpu.address_space<workgroup>>
        %next = arith.addf %sum, %v : f32
        scf.yield %next : f32
      }
      memref.store %all, %y[%row] : memref<?xf32>
      %is_nan = arith.cmpf uno, %all, %all : f32
      scf.if %is_nan {
        %where = arith.index_cast %row : index to i64
        fovea_warp.fault %fault kind 5 node 0 value %where limit %rows : !llvm.ptr
      }
    }
    gpu.return
  }
}
