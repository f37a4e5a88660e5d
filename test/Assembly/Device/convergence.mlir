// A product between two branches of the same condition, on which threads differ, is one product of
// the whole warp: it is not copied into both ways.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-LABEL: .visible .entry first_half(
// CHECK:         mma.sync
// CHECK-NOT:     mma.sync
// CHECK:         st.global

gpu.module @device {
  gpu.func @first_half(%p: !llvm.ptr, %fault: !llvm.ptr) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<128xf32>
    %words = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<128xi32>
    %zero = arith.constant 0.0 : f32
    %nothing = arith.constant 0 : i32
    %c16 = arith.constant 16 : index
    %lane = gpu.lane_id
    %takes_part = arith.cmpi ult, %lane, %c16 : index
    %a = scf.if %takes_part -> i32 {
      %v = memref.load %words[%lane] : memref<128xi32>
      scf.yield %v : i32
    } else {
      scf.yield %nothing : i32
    }
    %d:4 = fovea_warp.mma_sync m16n8k16_bf16 a(%a, %a, %a, %a) b(%a, %a)
        c(%zero, %zero, %zero, %zero) : f32, f32, f32, f32 -> f32, f32, f32, f32
    scf.if %takes_part {
      memref.store %d#0, %m[%lane] : memref<128xf32>
    }
    gpu.return
  }
}
