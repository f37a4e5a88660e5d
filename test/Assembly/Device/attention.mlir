// Attention of heads of 64 elements: four warps of 16 queries each, keys in blocks of 32 that are
// copied while the block before is used. Queries are a multiple of 64, keys of 32.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK: .visible .entry attention(
// CHECK-DAG: cp.async.cg.shared.global
// CHECK-DAG: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-DAG: cp.async.wait_group
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-DAG: shfl.sync.bfly.b32
// CHECK-DAG: ex2.approx.ftz.f32
// CHECK-DAG: cvt.rn.bf16x2.f32
// CHECK-DAG: ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16

!q = memref<64x64xbf16, #gpu.address_space<workgroup>>
!kv = memref<2x32x64xbf16, #gpu.address_space<workgroup>>
!heads = memref<?x64xbf16>
!qf = !fovea_warp.fragment<16x64xbf16, a>
!kf = !fovea_warp.fragment<64x32xbf16, b>
!vf = !fovea_warp.fragment<32x64xbf16, b>
!sf = !fovea_warp.fragment<16x32xf32, acc>
!pf = !fovea_warp.fragment<16x32xbf16, a>
!of = !fovea_warp.fragment<16x64xf32, acc>
!row = !fovea_warp.fragment<16xf32, row>

gpu.module @device {
  gpu.func @attention(%queries: !llvm.ptr {llvm.noalias}, %n: i64, %keys: !llvm.ptr {llvm.noalias},
      %t: i64, %values: !llvm.ptr {llvm.noalias}, %out: !llvm.ptr {llvm.noalias},
      %fault: !llvm.ptr) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %zero = arith.constant 0.0 : f32
    %low = arith.constant -1.0e30 : f32
    // 1 / sqrt(64) and log2(e).
    %scale = arith.constant 0.18033688 : f32
    %rows = arith.index_cast %n : i64 to index
    %count = arith.index_cast %t : i64 to index
    %q = fovea_kernel.view %queries sizes(%rows) : !llvm.ptr -> !heads
    %k = fovea_kernel.view %keys sizes(%count) : !llvm.ptr -> !heads
    %v = fovea_kernel.view %values sizes(%count) : !llvm.ptr -> !heads
    %o = fovea_kernel.view %out sizes(%rows) : !llvm.ptr -> !heads
    %sq = fovea_warp.shared : !q
    %sk = fovea_warp.shared : !kv
    %sv = fovea_warp.shared : !kv
    %thread = gpu.thread_id x
    %block = gpu.block_id x
    %first = arith.muli %block, %c64 : index
    %warp = arith.divui %thread, %c32 : index
    %own = arith.muli %warp, %c16 : index
    %line = arith.divui %thread, %c8 : index
    %piece = arith.remui %thread, %c8 : index
    %column = arith.muli %piece, %c8 : index

    %none = fovea_warp.start_copies
    %some = scf.for %u = %c0 to %c4 step %c1 iter_args(%begun = %none) -> !fovea_warp.copies {
      %below = arith.muli %u, %c16 : index
      %r = arith.addi %line, %below : index
      %from = arith.addi %first, %r : index
      %more = fovea_warp.copy_async 16 %q[%from, %column] to %sq[%r, %column] swizzle 128
          after %begun : !heads to !q
      scf.yield %more : !fovea_warp.copies
    }
    %start = scf.for %u = %c0 to %c2 step %c1 iter_args(%begun = %some) -> !fovea_warp.copies {
      %below = arith.muli %u, %c16 : index
      %r = arith.addi %line, %below : index
      %a = fovea_warp.copy_async 16 %k[%r, %column] to %sk[%c0, %r, %column] swizzle 128
          after %begun : !heads to !kv
      %b = fovea_warp.copy_async 16 %v[%r, %column] to %sv[%c0, %r, %column] swizzle 128
          after %a : !heads to !kv
      scf.yield %b : !fovea_warp.copies
    }
    %group = fovea_warp.commit %start
    fovea_warp.wait %group
    gpu.barrier
    %qf = fovea_warp.load_fragment %sq[%own, %c0] swizzle 128 : !q -> !qf

    %o0 = fovea_warp.splat %zero : f32 -> !of
    %m0 = fovea_warp.splat %low : f32 -> !row
    %l0 = fovea_warp.splat %zero : f32 -> !row
    %of, %m, %l = scf.for %j = %c0 to %count step %c32
        iter_args(%acc = %o0, %max = %m0, %sum = %l0) -> (!of, !row, !row) {
      %number = arith.divui %j, %c32 : index
      %stage = arith.remui %number, %c2 : index
      %other = arith.subi %c1, %stage : index
      %next = arith.addi %j, %c32 : index
      %goes_on = arith.cmpi slt, %next, %count : index
      %fresh = fovea_warp.start_copies
      %ahead = scf.if %goes_on -> !fovea_warp.copies {
        %chain = scf.for %u = %c0 to %c2 step %c1 iter_args(%begun = %fresh)
            -> !fovea_warp.copies {
          %below = arith.muli %u, %c16 : index
          %r = arith.addi %line, %below : index
          %from = arith.addi %next, %r : index
          %a = fovea_warp.copy_async 16 %k[%from, %column] to %sk[%other, %r, %column]
              swizzle 128 after %begun : !heads to !kv
          %b = fovea_warp.copy_async 16 %v[%from, %column] to %sv[%other, %r, %column]
              swizzle 128 after %a : !heads to !kv
          scf.yield %b : !fovea_warp.copies
        }
        scf.yield %chain : !fovea_warp.copies
      } else {
        scf.yield %fresh : !fovea_warp.copies
      }
      %later = fovea_warp.commit %ahead

      %kf = fovea_warp.load_fragment %sk[%stage, %c0, %c0] transposed swizzle 128 : !kv -> !kf
      %s0 = fovea_warp.splat %zero : f32 -> !sf
      %sp = fovea_warp.mma %qf, %kf, %s0 : !qf, !kf, !sf
      %s = fovea_warp.await %sp : !fovea_warp.pending<!sf>
      %scaled = fovea_warp.map %s : !sf -> !sf {
      ^bb0(%i: index, %c: index, %x: f32):
        %y = arith.mulf %x, %scale : f32
        fovea_warp.yield %y : f32
      }
      %bm = fovea_warp.reduce_rows max %scaled : !sf -> !row
      %nm, %alpha = fovea_warp.map %max, %bm : !row, !row -> !row, !row {
      ^bb0(%i: index, %old: f32, %new: f32):
        %y = arith.maximumf %old, %new : f32
        %d = arith.subf %old, %y : f32
        %e = fovea_warp.approx ex2 %d : f32
        fovea_warp.yield %y, %e : f32, f32
      }
      %p = fovea_warp.map %scaled, %nm : !sf, !row -> !sf {
      ^bb0(%i: index, %c: index, %x: f32, %y: f32):
        %d = arith.subf %x, %y : f32
        %e = fovea_warp.approx ex2 %d : f32
        fovea_warp.yield %e : f32
      }
      %ps = fovea_warp.reduce_rows add %p partial : !sf -> !row
      %nl = fovea_warp.map %sum, %alpha, %ps : !row, !row, !row -> !row {
      ^bb0(%i: index, %old: f32, %e: f32, %new: f32):
        %y = math.fma %old, %e, %new : f32
        fovea_warp.yield %y : f32
      }
      %rescaled = fovea_warp.map %acc, %alpha : !of, !row -> !of {
      ^bb0(%i: index, %c: index, %x: f32, %e: f32):
        %y = arith.mulf %x, %e : f32
        fovea_warp.yield %y : f32
      }
      %pf = fovea_warp.convert %p : !sf -> !pf
      %vf = fovea_warp.load_fragment %sv[%stage, %c0, %c0] swizzle 128 : !kv -> !vf
      %op = fovea_warp.mma %pf, %vf, %rescaled : !pf, !vf, !of
      %on = fovea_warp.await %op : !fovea_warp.pending<!of>
      fovea_warp.wait %later
      gpu.barrier
      scf.yield %on, %nm, %nl : !of, !row, !row
    }
    %all = fovea_warp.combine_rows add %l : !row
    %result = fovea_warp.map %of, %all : !of, !row -> !of {
    ^bb0(%i: index, %c: index, %x: f32, %sum: f32):
      %r = fovea_warp.approx rcp %sum : f32
      %y = arith.mulf %x, %r : f32
      fovea_warp.yield %y : f32
    }
    %target = arith.addi %first, %own : index
    fovea_warp.store_fragment %result, %o[%target, %c0] pairs : !of, !heads
    gpu.return
  }
}
