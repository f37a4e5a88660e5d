// RUN: fovea-opt %s -fovea-device-to-emulator -split-input-file -verify-diagnostics | FileCheck %s
// RUN: fovea-opt %s -fovea-device-to-emulator="checks=false" -split-input-file \
// RUN:   -verify-diagnostics | FileCheck %s --check-prefix=PLAIN

!shared = memref<64xf32, #gpu.address_space<workgroup>>

// Parameters come from the block of words, the record from the thread.
// CHECK-NOT:   gpu.module
// CHECK-LABEL: llvm.func @accesses(
// CHECK-SAME:    %[[T:.*]]: !llvm.ptr, %[[ARGS:.*]]: !llvm.ptr)
// CHECK-SAME:    fovea_warp.sites = ["load at 'node'", "store at
// CHECK:         llvm.load %[[ARGS]] : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.getelementptr %[[ARGS]][8]
// CHECK:         %[[THREAD_AT:.*]] = llvm.getelementptr %[[T]][8]
// CHECK:         %[[THREAD:.*]] = llvm.load %[[THREAD_AT]] : !llvm.ptr -> i32
// CHECK:         llvm.zext %[[THREAD]] : i32 to i64
// PLAIN-LABEL: llvm.func @accesses
// PLAIN-NOT:     llvm.call
// PLAIN:         llvm.return
gpu.module @device {
  gpu.func @accesses(%p: !llvm.ptr, %n: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>, fovea_warp.kernel = {
        threads = 64 : i64, shared_bytes = 256 : i64, words = 2 : i64}} {
    %t = gpu.thread_id x
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<64xf32>
    // CHECK: %[[SHARED_AT:.*]] = llvm.getelementptr %[[T]][24]
    // CHECK: llvm.load %[[SHARED_AT]]
    %s = fovea_warp.shared at 0 : !shared
    %l = memref.alloca() : memref<4xf32>
    %c0 = arith.constant 0 : index
    // Global memory: told of outside the window alone.
    // CHECK: %[[SITE:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK: %[[WINDOWS_AT:.*]] = llvm.getelementptr %[[T]][48]
    // CHECK: %[[WINDOWS:.*]] = llvm.load %[[WINDOWS_AT]]
    // CHECK: %[[ADDRESS:.*]] = llvm.ptrtoint %[[AT:.*]] : !llvm.ptr to i64
    // CHECK: %[[BEGIN:.*]] = llvm.load %[[WINDOWS]]
    // CHECK: %[[BEHIND:.*]] = llvm.sub %[[ADDRESS]], %[[BEGIN]]
    // CHECK: %[[STARTS_AT:.*]] = llvm.getelementptr %[[WINDOWS]][8]
    // CHECK: %[[STARTS:.*]] = llvm.load %[[STARTS_AT]]
    // CHECK: %[[INSIDE:.*]] = llvm.icmp "ult" %[[BEHIND]], %[[STARTS]]
    // CHECK: llvm.cond_br %[[INSIDE]] weights([{{.*}}, 1]), ^[[REST:.*]], ^[[TOLD:.*]]
    // CHECK: ^[[TOLD]]:
    // CHECK: %[[BYTES:.*]] = llvm.mlir.constant(4 : i64)
    // CHECK: %[[GLOBAL:.*]] = llvm.mlir.constant(1 : i32)
    // CHECK: %[[READ:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK: llvm.call %{{.*}}(%[[T]], %[[GLOBAL]], %[[READ]], %[[AT]], %[[BYTES]], %[[SITE]])
    // CHECK: llvm.br ^[[REST]]
    // CHECK: ^[[REST]]:
    // CHECK: llvm.load %[[AT]] : !llvm.ptr -> f32
    %x = memref.load %m[%t] : memref<64xf32> loc("node")
    // Shared memory: always.
    // CHECK-NOT: llvm.cond_br
    // CHECK: %[[SPACE:.*]] = llvm.mlir.constant(3 : i32)
    // CHECK: llvm.call %{{.*}}(%[[T]], %[[SPACE]],
    // CHECK: llvm.store
    memref.store %x, %s[%t] : !shared
    // CHECK-NOT: llvm.call
    // CHECK: llvm.return
    memref.store %x, %l[%c0] : memref<4xf32>
    gpu.return
  }
}

// -----

// Operations of all threads say where they are; those of a barrier how many they are.
// CHECK-LABEL: llvm.func @together(
// CHECK-SAME:    fovea_warp.sites = ["barrier at {{[^"]*}}", "shuffle at {{[^"]*}}",
// CHECK-SAME:    "vote at {{[^"]*}}", "warp barrier at {{[^"]*}}", "grid barrier at {{[^"]*}}"
// CHECK:         %[[ALL:.*]] = llvm.mlir.constant(64 : i32)
// CHECK:         llvm.call %{{.*}}(%{{.*}}, %{{.*}}, %[[ALL]], %{{.*}})
// CHECK:         %[[TO:.*]] = llvm.call %{{.*}} : {{.*}} -> i32
// CHECK:         llvm.bitcast %[[TO]] : i32 to f32
// CHECK:         llvm.call %{{.*}} : !llvm.ptr, (i32, f32) -> f32
gpu.module @device {
  gpu.func @together(%p: !llvm.ptr, %x: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>, fovea_warp.kernel = {
        cooperative, threads = 64 : i64, shared_bytes = 0 : i64, words = 2 : i64}} {
    gpu.barrier
    %f = llvm.load %p {fovea_warp.unchecked} : !llvm.ptr -> f32
    %one = arith.constant 1 : i32
    %width = arith.constant 32 : i32
    %y, %valid = gpu.shuffle xor %f, %one, %width : f32
    %e = fovea_warp.approx ex2 %y : f32
    %is = fovea_warp.vote any %valid : i1
    fovea_warp.sync_warp
    fovea_warp.grid_barrier %p : !llvm.ptr
    // CHECK: %[[OLD:.*]] = llvm.call {{.*}} -> i64
    // CHECK: %[[WORD:.*]] = llvm.trunc %[[OLD]] : i64 to i32
    // CHECK: %[[FIRST:.*]] = llvm.icmp "eq" %[[WORD]]
    // CHECK: llvm.select
    fovea_warp.fault %fault kind 1 node 2 value %x limit %x : !llvm.ptr
    // CHECK-NOT: llvm.atomicrmw
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<4xf32>
    %c0 = arith.constant 0 : index
    %old = memref.atomic_rmw addf %e, %m[%c0] : (f32, memref<4xf32>) -> f32
    gpu.return
  }
}

// -----

// CHECK-LABEL: llvm.func @matrices(
// CHECK-SAME:    fovea_warp.sites = ["cp.async at {{[^"]*}}", "cp.async.commit_group at {{[^"]*}}",
// CHECK-SAME:    "cp.async.wait_group at {{[^"]*}}", "ldmatrix at {{[^"]*}}",
// CHECK-SAME:    "mma.sync at {{[^"]*}}"]
// CHECK-NOT:     !llvm.ptr<
// CHECK:         %[[WORDS:.*]] = llvm.alloca
// CHECK-COUNT-5: llvm.call
gpu.module @device {
  gpu.func @matrices(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, fovea_warp.kernel = {}} {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %s = fovea_warp.shared at 0 : memref<16x16xbf16, #gpu.address_space<workgroup>>
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<16x16xbf16>
    fovea_warp.cp_async 16 %m[%c0, %c0] to %s[%c0, %c0]
        : memref<16x16xbf16> to memref<16x16xbf16, #gpu.address_space<workgroup>>
    fovea_warp.cp_async_commit
    fovea_warp.cp_async_wait 0
    %a:4 = fovea_warp.ldmatrix %s[%c0, %c0]
        : memref<16x16xbf16, #gpu.address_space<workgroup>> -> i32, i32, i32, i32
    %d:4 = fovea_warp.mma_sync m16n8k16_bf16 a(%a#0, %a#1, %a#2, %a#3) b(%a#0, %a#1)
        c(%zero, %zero, %zero, %zero) : f32, f32, f32, f32 -> f32, f32, f32, f32
    %c = arith.addf %d#0, %d#3 : f32
    gpu.return
  }
}

// -----

// Functions of f64 are the emulator's; no declaration is left of the one that kernels call.
// CHECK-LABEL: llvm.func @double_precision(
// CHECK:         %[[NUMBER:.*]] = llvm.mlir.constant(2 : i64)
// CHECK:         %[[TABLE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK:         %[[MATH_AT:.*]] = llvm.getelementptr %[[TABLE]][144]
// CHECK:         %[[MATH:.*]] = llvm.load %[[MATH_AT]]
// CHECK:         %[[VALUE:.*]] = llvm.call %[[MATH]](%[[NUMBER]], %[[X:.*]], %[[X]])
// CHECK:         llvm.store %[[VALUE]]
// CHECK-NOT:     @fovea_math_f64
gpu.module @device {
  func.func private @fovea_math_f64(i64, f64, f64) -> f64
  gpu.func @double_precision(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {fovea_warp.kernel = {}} {
    %function = arith.constant 2 : i64
    %x = llvm.load %p {fovea_warp.unchecked} : !llvm.ptr -> f64
    %y = func.call @fovea_math_f64(%function, %x, %x) : (i64, f64, f64) -> f64
    llvm.store %y, %p {fovea_warp.unchecked} : f64, !llvm.ptr
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

// -----

llvm.func @do_not_take_a_name_twice() {
  llvm.return
}
gpu.module @device {
  // expected-error @+1 {{expected a name that nothing beside the module of device code has}}
  gpu.func @do_not_take_a_name_twice(%fault: !llvm.ptr) kernel
      attributes {fovea_warp.kernel = {}} {
    gpu.return
  }
}

// -----

gpu.module @device {
  func.func private @other(f64) -> f64
  gpu.func @do_not_call_what_the_emulator_lacks(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, fovea_warp.kernel = {}} {
    %x = llvm.load %p {fovea_warp.unchecked} : !llvm.ptr -> f64
    // expected-error @+1 {{failed to legalize operation 'func.call'}}
    %y = func.call @other(%x) : (f64) -> f64
    llvm.store %y, %p {fovea_warp.unchecked} : f64, !llvm.ptr
    gpu.return
  }
}
