// RUN: fovea-opt %s -pass-pipeline="builtin.module(gpu.module(fovea-distribute-fragments))" \
// RUN:   -split-input-file -verify-diagnostics | FileCheck %s

!tile = memref<32x64xbf16, #gpu.address_space<workgroup>>
!wide = memref<32x128xbf16, #gpu.address_space<workgroup>>
!a = !fovea_warp.fragment<16x32xbf16, a>
!b = !fovea_warp.fragment<32x8xbf16, b>
!sum = !fovea_warp.fragment<16x8xf32, acc>
!row = !fovea_warp.fragment<16xf32, row>

gpu.module @device {
  // Rows of memory are the operand's own, or its columns, which are exchanged back.
  // CHECK-LABEL: gpu.func @loads
  // CHECK-DAG:     %[[LANE:.*]] = gpu.lane_id
  // CHECK-DAG:     %[[EIGHT:.*]] = arith.constant 8 : index
  // CHECK:         %[[ROW:.*]] = arith.remui %[[LANE]], %[[EIGHT]]
  // CHECK:         fovea_warp.ldmatrix %{{[0-9]+}}[{{.*}}] : {{.*}} -> i32, i32, i32, i32
  // CHECK:         fovea_warp.ldmatrix %{{[0-9]+}}[{{.*}}] : {{.*}} -> i32, i32, i32, i32
  // CHECK:         fovea_warp.ldmatrix %{{[0-9]+}}[{{.*}}] transposed : {{.*}} -> i32, i32
  // CHECK-NOT:     fragment
  gpu.func @loads(%i: index) kernel {
    %s = fovea_warp.shared : !tile
    %a = fovea_warp.load_fragment %s[%i, %i] : !tile -> !a
    %b = fovea_warp.load_fragment %s[%i, %i] : !tile -> !b
    gpu.return
  }

  // With rows of 128 bytes pieces of 8 elements are exchanged by the row's number mod 8.
  // CHECK-LABEL: gpu.func @swizzle
  // CHECK:         %[[KEY:.*]] = arith.remui %[[ROW:.*]], %{{.*}}
  // CHECK:         %[[MOVE:.*]] = arith.muli %[[KEY]], %{{.*}}
  // CHECK:         %[[COLUMN:.*]] = arith.xori %{{.*}}, %[[MOVE]]
  // CHECK:         fovea_warp.cp_async 16 %{{.*}} to %{{.*}}[%[[ROW]], %[[COLUMN]]]
  // CHECK:         fovea_warp.cp_async_commit
  // CHECK:         fovea_warp.cp_async_wait 2
  gpu.func @swizzle(%m: memref<?x64xbf16>, %i: index) kernel {
    %s = fovea_warp.shared : !tile
    %none = fovea_warp.start_copies
    %some = fovea_warp.copy_async 16 %m[%i, %i] to %s[%i, %i] swizzle 128 after %none
        : memref<?x64xbf16> to !tile
    %group = fovea_warp.commit %some
    fovea_warp.wait %group pending 2
    gpu.return
  }

  // Constants that move whole patterns of a swizzle are added behind it, bits of others exchanged.
  // CHECK-LABEL: gpu.func @constants_behind_swizzle(
  // CHECK-SAME:    %[[I:.*]]: index)
  // CHECK:         gpu.lane_id
  // CHECK:         %[[ROW:.*]] = arith.addi %[[I]], %{{.*}}
  // CHECK:         %[[KEY:.*]] = arith.remui %[[ROW]], %{{.*}}
  // CHECK:         %[[MOVE:.*]] = arith.muli %[[KEY]], %{{.*}}
  // CHECK:         %[[MOVED:.*]] = arith.xori %{{.*}}, %[[MOVE]]
  // CHECK:         %[[C32:.*]] = arith.constant 32 : index
  // CHECK:         %[[COLUMN:.*]] = arith.xori %[[MOVED]], %[[C32]]
  // CHECK:         %[[C24:.*]] = arith.constant 24 : index
  // CHECK:         %[[BELOW:.*]] = arith.addi %[[ROW]], %[[C24]]
  // CHECK:         %[[C64:.*]] = arith.constant 64 : index
  // CHECK:         %[[BESIDE:.*]] = arith.addi %[[COLUMN]], %[[C64]]
  // CHECK:         fovea_warp.ldmatrix %{{.*}}[%[[BELOW]], %[[BESIDE]]]
  gpu.func @constants_behind_swizzle(%i: index) kernel {
    %c24 = arith.constant 24 : index
    %c96 = arith.constant 96 : index
    %s = fovea_warp.shared : !wide
    %line = arith.addi %i, %c24 : index
    %a = fovea_warp.load_fragment %s[%line, %c96] swizzle 128 : !wide -> !a
    gpu.return
  }

  // CHECK-LABEL: gpu.func @do_not_exchange_bits_of_unknown_columns(
  // CHECK-SAME:    %[[J:.*]]: index)
  // CHECK:         %[[FIRST:.*]] = arith.addi %[[J]], %{{.*}}
  // CHECK:         arith.xori %[[FIRST]], %{{.*}}
  // CHECK:         %[[SECOND:.*]] = arith.addi %[[J]], %{{.*}}
  // CHECK:         %[[C16:.*]] = arith.constant 16 : index
  // CHECK:         %[[COLUMN:.*]] = arith.addi %[[SECOND]], %[[C16]]
  // CHECK:         %[[MOVED:.*]] = arith.xori %[[COLUMN]], %{{.*}}
  // CHECK-NEXT:    fovea_warp.ldmatrix %{{.*}}[%{{.*}}, %[[MOVED]]]
  gpu.func @do_not_exchange_bits_of_unknown_columns(%j: index) kernel {
    %c0 = arith.constant 0 : index
    %s = fovea_warp.shared : !wide
    %a = fovea_warp.load_fragment %s[%c0, %j] swizzle 128 : !wide -> !a
    gpu.return
  }

  // A loop carries the four scalars of a tile, and no token of copies.
  // CHECK-LABEL: gpu.func @carried(
  // CHECK-SAME:    %{{.*}}: index, %[[X:.*]]: f32
  // CHECK:         %[[SUMS:.*]]:4 = scf.for {{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32)
  // CHECK-COUNT-2: fovea_warp.mma_sync m16n8k16_bf16
  // CHECK:         scf.yield %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : f32, f32, f32, f32
  gpu.func @carried(%n: index, %x: f32, %to: memref<?x?xf32>) kernel {
    %s = fovea_warp.shared : !tile
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = fovea_warp.splat %x : f32 -> !sum
    %none = fovea_warp.start_copies
    %sum, %copies = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %begun = %none)
        -> (!sum, !fovea_warp.copies) {
      %a = fovea_warp.load_fragment %s[%i, %c0] : !tile -> !a
      %b = fovea_warp.load_fragment %s[%i, %c0] transposed : !tile -> !b
      %p = fovea_warp.mma %a, %b, %acc : !a, !b, !sum
      %next = fovea_warp.await %p : !fovea_warp.pending<!sum>
      scf.yield %next, %begun : !sum, !fovea_warp.copies
    }
    // CHECK: memref.store %[[SUMS]]#0
    // CHECK: memref.store %[[SUMS]]#3
    fovea_warp.store_fragment %sum, %to[%c0, %c0] : !sum, memref<?x?xf32>
    gpu.return
  }

  // The region runs with the row and column of each element; a row's two values serve two each.
  // CHECK-LABEL: gpu.func @regions(
  // CHECK-SAME:    %[[X:.*]]: f32, %[[Y:.*]]: f32
  // CHECK-COUNT-4: arith.subf %[[X]], %[[Y]]
  // CHECK-NOT:     arith.subf
  // CHECK:         arith.maximumf
  // CHECK:         gpu.shuffle xor
  // CHECK:         gpu.shuffle xor
  // CHECK:         arith.maximumf
  // CHECK:         gpu.shuffle xor
  // CHECK:         gpu.shuffle xor
  // CHECK-NOT:     gpu.shuffle
  gpu.func @regions(%x: f32, %y: f32, %to: memref<16xf32>) kernel {
    %c0 = arith.constant 0 : index
    %s = fovea_warp.splat %x : f32 -> !sum
    %r = fovea_warp.splat %y : f32 -> !row
    %q = fovea_warp.map %s, %r : !sum, !row -> !sum {
    ^bb0(%i: index, %j: index, %a: f32, %b: f32):
      %d = arith.subf %a, %b : f32
      fovea_warp.yield %d : f32
    }
    %m = fovea_warp.reduce_rows max %q : !sum -> !row
    fovea_warp.store_fragment %m, %to[%c0] : !row, memref<16xf32>
    gpu.return
  }

  // A thread takes its own part of rows without the others, and stores neighbors at once.
  // CHECK-LABEL: gpu.func @parts(
  // CHECK-NOT:     gpu.shuffle
  // CHECK:         vector.store %{{.*}} {alignment = 4 : i64} : memref<?x?xbf16>, vector<2xbf16>
  // CHECK:         vector.store
  // CHECK-NOT:     vector.store
  // CHECK-COUNT-4: gpu.shuffle xor
  gpu.func @parts(%x: f32, %to: memref<?x?xbf16>, %rows: memref<16xf32>) kernel {
    %c0 = arith.constant 0 : index
    %s = fovea_warp.splat %x : f32 -> !sum
    %l = fovea_warp.reduce_rows add %s partial : !sum -> !row
    fovea_warp.store_fragment %s, %to[%c0, %c0] pairs : !sum, memref<?x?xbf16>
    %all = fovea_warp.combine_rows add %l : !row
    fovea_warp.store_fragment %all, %rows[%c0] : !row, memref<16xf32>
    gpu.return
  }

  // Each thread looks at its four registers, then all are asked.
  // CHECK-LABEL: gpu.func @looked_at
  // CHECK-COUNT-4: arith.cmpf uno
  // CHECK-NOT:     arith.cmpf
  // CHECK:         %[[BAD:.*]] = fovea_warp.vote any %{{.*}} : i1
  // CHECK:         memref.store %[[BAD]]
  gpu.func @looked_at(%x: f32, %to: memref<i1>) kernel {
    %s = fovea_warp.splat %x : f32 -> !sum
    %bad = fovea_warp.has_nan %s : !sum
    memref.store %bad, %to[] : memref<i1>
    gpu.return
  }

  // Two tiles of a sum are one of an operand: four pairs, rounded and packed.
  // CHECK-LABEL: gpu.func @converted
  // CHECK-COUNT-4: arith.truncf %{{.*}} : vector<2xf32> to vector<2xbf16>
  // CHECK-NOT:     arith.truncf
  gpu.func @converted(%x: f32) kernel {
    %s = fovea_warp.splat %x : f32 -> !fovea_warp.fragment<16x16xf32, acc>
    %a = fovea_warp.convert %s : !fovea_warp.fragment<16x16xf32, acc>
        -> !fovea_warp.fragment<16x16xbf16, a>
    gpu.return
  }
}

// -----

!sum = !fovea_warp.fragment<16x8xf32, acc>
gpu.module @device {
  gpu.func @do_not_leave_fragments(%x: f32, %y: f32, %flag: i1) kernel {
    %s = fovea_warp.splat %x : f32 -> !sum
    %t = fovea_warp.splat %y : f32 -> !sum
    // expected-error @+1 {{failed to legalize operation 'arith.select'}}
    %q = arith.select %flag, %s, %t : !sum
    %m = fovea_warp.reduce_rows max %q : !sum -> !fovea_warp.fragment<16xf32, row>
    gpu.return
  }
}
