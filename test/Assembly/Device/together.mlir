// What threads do together without products: all blocks add to a counter and wait for each other,
// then each thread reads what the next block has written; votes, approximations and a fault.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK: .visible .entry together(
// CHECK: atom.global.add.u32
// CHECK: atom.add.acq_rel.gpu.u32
// CHECK: ld.acquire.gpu.u32
// CHECK: vote.sync.ballot.b32
// CHECK: lg2.approx.ftz.f32
// CHECK: bar.warp.sync

gpu.module @device {
  gpu.func @together(%data: !llvm.ptr, %out: !llvm.ptr, %count: !llvm.ptr, %barrier: !llvm.ptr,
      %n: i64, %fault: !llvm.ptr) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %one = arith.constant 1 : i32
    %limit = arith.constant 100.0 : f32
    %size = arith.index_cast %n : i64 to index
    %x = fovea_kernel.view %data sizes(%size) : !llvm.ptr -> memref<?xf32>
    %y = fovea_kernel.view %out sizes(%size) : !llvm.ptr -> memref<?xf32>
    %z = fovea_kernel.view %count sizes() : !llvm.ptr -> memref<2xi32>
    %block = gpu.block_id x
    %blocks = gpu.grid_dim x
    %threads = gpu.block_dim x
    %thread = gpu.thread_id x
    %first = arith.muli %block, %threads : index
    %i = arith.addi %first, %thread : index
    %number = arith.index_cast %i : index to i32
    %value = arith.uitofp %number : i32 to f32
    memref.store %value, %x[%i] : memref<?xf32>
    memref.atomic_rmw addi %one, %z[%c0] : (i32, memref<2xi32>) -> i32
    fovea_warp.grid_barrier %barrier : !llvm.ptr
    %next = arith.addi %block, %c1 : index
    %wrapped = arith.remui %next, %blocks : index
    %there = arith.muli %wrapped, %threads : index
    %j = arith.addi %there, %thread : index
    %v = memref.load %x[%j] : memref<?xf32>
    %is_odd = arith.trunci %number : i32 to i1
    %odd = fovea_warp.vote ballot %is_odd : i32
    %bits = math.ctpop %odd : i32
    %bits_f = arith.uitofp %bits : i32 to f32
    %whole = fovea_warp.vote all %is_odd : i1
    %a = fovea_warp.approx lg2 %bits_f : f32
    %r = fovea_warp.approx rsqrt %a : f32
    %t = fovea_warp.approx rcp %r : f32
    %sum = arith.addf %v, %t : f32
    %result = arith.select %whole, %value, %sum : f32
    fovea_warp.sync_warp
    memref.store %result, %y[%i] : memref<?xf32>
    %large = arith.cmpf ogt, %value, %limit : f32
    scf.if %large {
      %where = arith.index_cast %i : index to i64
      fovea_warp.fault %fault kind 3 node 7 value %where limit %n : !llvm.ptr
    }
    gpu.return
  }
}
