// RUN: fovea-opt %s -pass-pipeline="builtin.module(gpu.module(fovea-device-to-nvvm))" \
// RUN:   -split-input-file -verify-diagnostics | FileCheck %s

!tile = memref<64x64xbf16, #gpu.address_space<workgroup>>

// CHECK: llvm.mlir.global external @fovea_shared() {addr_space = 3 : i32, alignment = 1024 : i64}
gpu.module @device {
  // CHECK-LABEL: llvm.func @shell(
  // CHECK-SAME:    %[[P:.*]]: !llvm.ptr {llvm.noalias}, %{{.*}}: i64, %{{.*}}: !llvm.ptr)
  // CHECK-SAME:    nvvm.kernel, nvvm.reqntid = array<i32: 64>
  gpu.func @shell(%p: !llvm.ptr {llvm.noalias}, %n: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>, fovea_warp.kernel = {
        threads = 64 : i64, shared_bytes = 8192 : i64, words = 2 : i64}} {
    // CHECK: nvvm.read.ptx.sreg.tid.x
    %t = gpu.thread_id x
    // CHECK: %[[BASE:.*]] = llvm.mlir.addressof @fovea_shared : !llvm.ptr<3>
    // CHECK: llvm.getelementptr %[[BASE]][128]
    %s = fovea_warp.shared at 128 : memref<64xf32, #gpu.address_space<workgroup>>
    // CHECK: llvm.load {{.*}} : !llvm.ptr<3> -> f32
    %x = memref.load %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
    // CHECK: nvvm.barrier0
    gpu.barrier
    // Instructions, and no calls of libdevice.
    // CHECK: llvm.intr.maxnum
    %one = arith.constant 1.0 : f32
    %more = arith.maxnumf %x, %one : f32
    // CHECK: llvm.intr.minnum
    %less = arith.minnumf %more, %x : f32
    // CHECK: llvm.store {{.*}} : f32, !llvm.ptr
    llvm.store %less, %p : f32, !llvm.ptr
    // CHECK: llvm.return
    gpu.return
  }

  // Blocks that stay are as many as run at once.
  // CHECK-LABEL: llvm.func @stays(
  // CHECK-SAME:    nvvm.kernel, nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 64>
  gpu.func @stays(%n: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>, fovea_warp.kernel = {
        cooperative, threads = 64 : i64, shared_bytes = 0 : i64, words = 1 : i64}} {
    gpu.return
  }

  // CHECK-LABEL: llvm.func @warps
  gpu.func @warps(%p: !llvm.ptr, %x: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, fovea_warp.kernel = {}} {
    %f = llvm.load %p : !llvm.ptr -> f32
    // CHECK: llvm.inline_asm "ex2.approx.ftz.f32 $0, $1;", "=f,f"
    %e = fovea_warp.approx ex2 %f : f32
    // CHECK: %[[WORD:.*]] = llvm.inline_asm "cvt.rna.tf32.f32 $0, $1;", "=r,f" {{.*}} -> i32
    // CHECK: llvm.bitcast %[[WORD]] : i32 to f32
    %t = fovea_warp.approx tf32 %e : f32
    %is = arith.cmpf ogt, %t, %f : f32
    // CHECK: nvvm.vote.sync ballot
    %bits = fovea_warp.vote ballot %is : i32
    // CHECK: nvvm.bar.warp.sync
    fovea_warp.sync_warp
    // CHECK: nvvm.barrier0
    // CHECK: llvm.inline_asm has_side_effects {{.*}}atom.add.acq_rel.gpu{{.*}}ld.acquire.gpu
    // CHECK: nvvm.barrier0
    fovea_warp.grid_barrier %p : !llvm.ptr
    // CHECK: llvm.inline_asm has_side_effects {{.*}}atom.relaxed.gpu.cas.b32
    fovea_warp.fault %fault kind 1 node 2 value %x limit %x : !llvm.ptr
    // CHECK: llvm.atomicrmw add %{{.*}}, %{{.*}} syncscope("device") monotonic
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<4xi32>
    %c0 = arith.constant 0 : index
    %old = memref.atomic_rmw addi %bits, %m[%c0] : (i32, memref<4xi32>) -> i32
    gpu.return
  }

  // CHECK-LABEL: llvm.func @matrices
  gpu.func @matrices(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, fovea_warp.kernel = {}} {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %s = fovea_warp.shared at 0 : !tile
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<64x64xbf16>
    %valid = arith.constant 8 : i32
    // CHECK: %[[FROM:.*]] = llvm.addrspacecast %{{.*}} : !llvm.ptr to !llvm.ptr<1>
    // CHECK: nvvm.cp.async.shared.global %{{.*}}, %[[FROM]], 16, cache =  cg, %{{.*}}
    fovea_warp.cp_async 16 %m[%c0, %c0] to %s[%c0, %c0] valid %valid
        : memref<64x64xbf16> to !tile
    // CHECK: nvvm.cp.async.shared.global {{.*}}, 4, cache =  ca
    fovea_warp.cp_async 4 %m[%c0, %c0] to %s[%c0, %c0] : memref<64x64xbf16> to !tile
    // CHECK: nvvm.cp.async.commit.group
    fovea_warp.cp_async_commit
    // CHECK: nvvm.cp.async.wait.group 0
    fovea_warp.cp_async_wait 0
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>, num = 4
    %a:4 = fovea_warp.ldmatrix %s[%c0, %c0] : !tile -> i32, i32, i32, i32
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>, num = 2
    %b:2 = fovea_warp.ldmatrix %s[%c0, %c0] transposed : !tile -> i32, i32
    // CHECK: nvvm.mma.sync {{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>
    %d:4 = fovea_warp.mma_sync m16n8k16_bf16 a(%a#0, %a#1, %a#2, %a#3) b(%b#0, %b#1)
        c(%zero, %zero, %zero, %zero) : f32, f32, f32, f32 -> f32, f32, f32, f32
    // CHECK-COUNT-6: llvm.bitcast %{{.*}} : i32 to vector<2xf16>
    // CHECK: nvvm.mma.sync
    %e:4 = fovea_warp.mma_sync m16n8k16_f16 a(%a#0, %a#1, %a#2, %a#3) b(%b#0, %b#1)
        c(%d#0, %d#1, %d#2, %d#3) : f32, f32, f32, f32 -> f32, f32, f32, f32
    llvm.store %e#0, %p : f32, !llvm.ptr
    gpu.return
  }

  // CHECK-LABEL: llvm.func @barriers_in_memory
  gpu.func @barriers_in_memory(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, fovea_warp.kernel = {}} {
    %c1 = arith.constant 1 : index
    %count = arith.constant 32 : i32
    %zero = arith.constant 0 : i32
    %s = fovea_warp.shared at 0 : memref<2xi64, #gpu.address_space<workgroup>>
    // CHECK: %[[STATE:.*]] = llvm.getelementptr {{.*}} : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i64
    // CHECK: nvvm.mbarrier.init %[[STATE]], %{{.*}} : !llvm.ptr<3>, i32
    fovea_warp.mbarrier_init %s[%c1], %count : memref<2xi64, #gpu.address_space<workgroup>>
    // CHECK: nvvm.mbarrier.arrive %{{.*}} : !llvm.ptr<3> -> i64
    fovea_warp.mbarrier_arrive %s[%c1] : memref<2xi64, #gpu.address_space<workgroup>>
    // CHECK: nvvm.cp.async.mbarrier.arrive %{{.*}} {noinc = true} : !llvm.ptr<3>
    fovea_warp.mbarrier_arrive_copies %s[%c1] : memref<2xi64, #gpu.address_space<workgroup>>
    // CHECK: nvvm.mbarrier.test.wait %{{.*}}, %{{.*}} : !llvm.ptr<3>, i32 -> i1
    %done = fovea_warp.mbarrier_try_wait %s[%c1] parity %zero
        : memref<2xi64, #gpu.address_space<workgroup>>
    %word = arith.extui %done : i1 to i32
    llvm.store %word, %p : i32, !llvm.ptr
    gpu.return
  }
}

// -----

gpu.module @device {
  // expected-error @+1 {{expected shared memory to be placed: run fovea-place-shared before}}
  gpu.func @do_not_convert_before_places(%fault: !llvm.ptr) kernel {
    gpu.return
  }
}
