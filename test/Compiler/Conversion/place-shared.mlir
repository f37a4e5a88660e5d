// RUN: fovea-opt %s -fovea-place-shared -split-input-file -verify-diagnostics | FileCheck %s
// RUN: fovea-opt %s -fovea-place-shared="alignment=1024" -split-input-file -verify-diagnostics \
// RUN:   | FileCheck %s --check-prefix=FAR

gpu.module @device {
  // CHECK-LABEL: gpu.func @side_by_side
  // CHECK-SAME:    fovea_warp.kernel = {shared_bytes = 144 : i64, threads = 64 : i64,
  // CHECK-SAME:    words = 2 : i64}
  // FAR-LABEL:   gpu.func @side_by_side
  // FAR-SAME:      shared_bytes = 1040
  gpu.func @side_by_side(%p: !llvm.ptr, %n: i64, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>} {
    // CHECK: fovea_warp.shared at 0
    %s = fovea_warp.shared : memref<3xf32, #gpu.address_space<workgroup>>
    // CHECK: fovea_warp.shared at 128
    // FAR:   fovea_warp.shared at 1024
    %t = fovea_warp.shared : memref<8xbf16, #gpu.address_space<workgroup>>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @waits_for_all_blocks
  // CHECK-SAME:    fovea_warp.kernel = {cooperative, shared_bytes = 0 : i64
  gpu.func @waits_for_all_blocks(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    fovea_warp.grid_barrier %p : !llvm.ptr
    gpu.return
  }

  // Blocks that count together do not run in any order; the threads of one do.
  // CHECK-LABEL: gpu.func @counts_in_global_memory
  // CHECK-SAME:    fovea_warp.kernel = {atomics, shared_bytes = 0 : i64
  gpu.func @counts_in_global_memory(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<4xi32>
    %c0 = arith.constant 0 : index
    %one = arith.constant 1 : i32
    %old = memref.atomic_rmw addi %one, %m[%c0] : (i32, memref<4xi32>) -> i32
    gpu.return
  }

  // CHECK-LABEL: gpu.func @counts_in_shared_memory
  // CHECK-SAME:    fovea_warp.kernel = {shared_bytes = 16 : i64
  gpu.func @counts_in_shared_memory(%fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %m = fovea_warp.shared : memref<4xi32, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %one = arith.constant 1 : i32
    %old = memref.atomic_rmw addi %one, %m[%c0]
        : (i32, memref<4xi32, #gpu.address_space<workgroup>>) -> i32
    gpu.return
  }
}

// -----

gpu.module @device {
  // expected-error @+1 {{expected a known block size of 1 to 1024 threads in one dimension}}
  gpu.func @do_not_guess_threads(%fault: !llvm.ptr) kernel {
    gpu.return
  }
}

// -----

gpu.module @device {
  // expected-error @+1 {{expected the pointer to the fault record as the last parameter}}
  gpu.func @do_not_go_without_record(%n: i64) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @device {
  // expected-error @+1 {{expected parameters of i64 and !llvm.ptr, got 'f32'}}
  gpu.func @do_not_take_scalars(%x: f32, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @device {
  gpu.func @do_not_call_functions(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %x = llvm.load %p : !llvm.ptr -> f32
    // expected-error @+1 {{has no form in device code}}
    %y = math.exp %x : f32
    llvm.store %y, %p : f32, !llvm.ptr
    gpu.return
  }
}

// -----

gpu.module @device {
  gpu.func @do_not_read_warp_numbers(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    // expected-error @+1 {{has no form in device code}}
    %w = gpu.subgroup_id : index
    gpu.return
  }
}

// -----

gpu.module @device {
  gpu.func @do_not_shuffle_doubles(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %x = llvm.load %p : !llvm.ptr -> f64
    %one = arith.constant 1 : i32
    // expected-error @+1 {{has no form in device code}}
    %y, %valid = gpu.shuffle xor %x, %one, %one : f64
    gpu.return
  }
}
