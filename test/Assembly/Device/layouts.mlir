// Operands of a product as they may lie in shared memory, with each swizzle: out = x^T w of f16 in
// one kernel, out = x w^T of bf16 in the other. The first has 32 x 24 results of up to 32 steps;
// those behind %steps are copied as 0, and rows behind %rows are not stored. The second has 16 x 8
// results of 128 steps.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-LABEL: .visible .entry columns(
// CHECK: cp.async.ca.shared.global
// CHECK: ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16
// CHECK: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK-LABEL: .visible .entry rows(
// CHECK: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32

!x = memref<32x32xf16, #gpu.address_space<workgroup>>
!w = memref<32x24xf16, #gpu.address_space<workgroup>>
!a = !fovea_warp.fragment<32x32xf16, a>
!b = !fovea_warp.fragment<32x24xf16, b>
!sum = !fovea_warp.fragment<32x24xf32, acc>
!row = !fovea_warp.fragment<32xf32, row>
!long = memref<16x128xbf16, #gpu.address_space<workgroup>>
!narrow = memref<8x16xbf16, #gpu.address_space<workgroup>>
!c = !fovea_warp.fragment<16x16xbf16, a>
!d = !fovea_warp.fragment<16x8xbf16, b>
!small = !fovea_warp.fragment<16x8xf32, acc>

gpu.module @device {
  gpu.func @columns(%xs: !llvm.ptr, %ws: !llvm.ptr, %out: !llvm.ptr, %sums: !llvm.ptr, %k: i64,
      %m: i64, %fault: !llvm.ptr) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c6 = arith.constant 6 : index
    %c8 = arith.constant 8 : index
    %c24 = arith.constant 24 : index
    %zero = arith.constant 0.0 : f32
    %nothing = arith.constant 0 : i32
    %eight = arith.constant 8 : i32
    %sixteen = arith.constant 16 : i32
    %steps = arith.index_cast %k : i64 to index
    %rows = arith.index_cast %m : i64 to index
    %x = fovea_kernel.view %xs sizes(%steps) : !llvm.ptr -> memref<?x32xf16>
    %w = fovea_kernel.view %ws sizes(%steps) : !llvm.ptr -> memref<?x24xf16>
    %y = fovea_kernel.view %out sizes(%rows) : !llvm.ptr -> memref<?x24xf16>
    %s = fovea_kernel.view %sums sizes(%rows) : !llvm.ptr -> memref<?xf32>
    %sx = fovea_warp.shared : !x
    %sw = fovea_warp.shared : !w
    %lane = gpu.lane_id
    %inside = arith.cmpi slt, %lane, %steps : index
    %from = arith.select %inside, %lane, %c0 : index
    %wide = arith.select %inside, %sixteen, %nothing : i32
    %half = arith.select %inside, %eight, %nothing : i32
    %none = fovea_warp.start_copies
    %some = scf.for %j = %c0 to %c4 step %c1 iter_args(%begun = %none) -> !fovea_warp.copies {
      %column = arith.muli %j, %c8 : index
      %more = fovea_warp.copy_async 16 %x[%from, %column] to %sx[%lane, %column] swizzle 64
          valid %wide after %begun : memref<?x32xf16> to !x
      scf.yield %more : !fovea_warp.copies
    }
    %all = scf.for %j = %c0 to %c6 step %c1 iter_args(%begun = %some) -> !fovea_warp.copies {
      %column = arith.muli %j, %c4 : index
      %more = fovea_warp.copy_async 8 %w[%from, %column] to %sw[%lane, %column] valid %half
          after %begun : memref<?x24xf16> to !w
      scf.yield %more : !fovea_warp.copies
    }
    %group = fovea_warp.commit %all
    fovea_warp.wait %group
    gpu.barrier
    %a = fovea_warp.load_fragment %sx[%c0, %c0] transposed swizzle 64 : !x -> !a
    %b = fovea_warp.load_fragment %sw[%c0, %c0] : !w -> !b
    %start = fovea_warp.splat %zero : f32 -> !sum
    %p = fovea_warp.mma %a, %b, %start : !a, !b, !sum
    %sum = fovea_warp.await %p : !fovea_warp.pending<!sum>
    fovea_warp.store_fragment %sum, %y[%c0, %c0] bounds(%rows, %c24) : !sum, memref<?x24xf16>
    %r = fovea_warp.reduce_rows add %sum : !sum -> !row
    fovea_warp.store_fragment %r, %s[%c0] bounds(%rows) : !row, memref<?xf32>
    gpu.return
  }

  gpu.func @rows(%xs: !llvm.ptr, %ws: !llvm.ptr, %out: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c128 = arith.constant 128 : index
    %zero = arith.constant 0.0 : f32
    %x = fovea_kernel.view %xs sizes() : !llvm.ptr -> memref<16x128xbf16>
    %w = fovea_kernel.view %ws sizes() : !llvm.ptr -> memref<8x128xbf16>
    %y = fovea_kernel.view %out sizes() : !llvm.ptr -> memref<16x8xbf16>
    %sx = fovea_warp.shared : !long
    %sw = fovea_warp.shared : !narrow
    %sy = fovea_warp.shared : memref<16x64xbf16, #gpu.address_space<workgroup>>
    %lane = gpu.lane_id
    %row = arith.divui %lane, %c16 : index
    %piece = arith.remui %lane, %c16 : index
    %column = arith.muli %piece, %c8 : index
    %none = fovea_warp.start_copies
    %some = scf.for %i = %c0 to %c16 step %c2 iter_args(%begun = %none) -> !fovea_warp.copies {
      %r = arith.addi %i, %row : index
      %more = fovea_warp.copy_async 16 %x[%r, %column] to %sx[%r, %column] swizzle 128
          after %begun : memref<16x128xbf16> to !long
      scf.yield %more : !fovea_warp.copies
    }
    %group = fovea_warp.commit %some
    fovea_warp.wait %group
    %line = arith.divui %lane, %c2 : index
    %low = arith.remui %lane, %c2 : index
    %place = arith.muli %low, %c8 : index
    %copies = arith.cmpi slt, %line, %c8 : index
    %start = fovea_warp.splat %zero : f32 -> !small
    %sum = scf.for %k = %c0 to %c128 step %c16 iter_args(%acc = %start) -> !small {
      gpu.barrier
      %chain = scf.if %copies -> !fovea_warp.copies {
        %at = arith.addi %k, %place : index
        %first = fovea_warp.start_copies
        %one = fovea_warp.copy_async 16 %w[%line, %at] to %sw[%line, %place] swizzle 32
            after %first : memref<8x128xbf16> to !narrow
        scf.yield %one : !fovea_warp.copies
      } else {
        %first = fovea_warp.start_copies
        scf.yield %first : !fovea_warp.copies
      }
      %more = fovea_warp.commit %chain
      fovea_warp.wait %more
      gpu.barrier
      %a = fovea_warp.load_fragment %sx[%c0, %k] swizzle 128 : !long -> !c
      %b = fovea_warp.load_fragment %sw[%c0, %c0] transposed swizzle 32 : !narrow -> !d
      %p = fovea_warp.mma %a, %b, %acc : !c, !d, !small
      %next = fovea_warp.await %p : !fovea_warp.pending<!small>
      scf.yield %next : !small
    }
    // By way of shared memory, with the swizzle of rows of 128 bytes.
    fovea_warp.store_fragment %sum, %sy[%c0, %c8] swizzle 128
        : !small, memref<16x64xbf16, #gpu.address_space<workgroup>>
    fovea_warp.sync_warp
    scf.for %j = %c0 to %c8 step %c1 {
      %inside = arith.cmpi slt, %lane, %c16 : index
      scf.if %inside {
        %key = arith.remui %lane, %c8 : index
        %moved = arith.xori %key, %c1 : index
        %base = arith.muli %moved, %c8 : index
        %at = arith.addi %base, %j : index
        %v = memref.load %sy[%lane, %at] : memref<16x64xbf16, #gpu.address_space<workgroup>>
        memref.store %v, %y[%lane, %j] : memref<16x8xbf16>
      }
    }
    gpu.return
  }
}
