// RUN: fovea-opt %s -fovea-device-to-emulator -split-input-file -verify-diagnostics

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

// -----

gpu.module @device {
  gpu.func @do_not_let_accesses_pass_untold(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, fovea_warp.kernel = {}} {
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<4xf32>
    %c0 = arith.constant 0 : index
    %mask = arith.constant dense<true> : vector<4xi1>
    %zero = arith.constant dense<0.0> : vector<4xf32>
    // expected-error @+1 {{has no form for the emulator: load and store under a condition}}
    %v = vector.expandload %m[%c0], %mask, %zero
        : memref<4xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
    gpu.return
  }
}
