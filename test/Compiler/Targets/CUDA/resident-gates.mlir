// RUN: fovea-opt %s -split-input-file -fovea-schedule-cuda | FileCheck %s

// Four units a block, the last block has two. 40 inputs are a whole turn of the lanes and a part of
// one, in which lanes without an input add zeros.
// CHECK-LABEL: func private @steps_of_a_loop
// CHECK-SAME:    form = "resident_gates"
// CHECK:         %[[BLOCKS:.*]] = arith.constant 5 : index
// CHECK:         fovea_kernel.grid %[[BLOCKS]] threads(128) {
// CHECK:           %[[KEPT:.*]] = fovea_warp.shared : memref<4x3x40xbf16
// CHECK-NEXT:      fovea_kernel.keep from(%arg1 : memref<18x3x40xbf16>) {
// CHECK:             scf.for
// CHECK:               %[[W:.*]] = memref.load %arg1
// CHECK:               memref.store %[[W]], %[[KEPT]]
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK-COUNT-3:       memref.load %[[KEPT]]
// CHECK:             arith.select
// CHECK-COUNT-3:     memref.load %[[KEPT]]
// CHECK-COUNT-15:    gpu.shuffle xor
module {
  func.func @main(%h: memref<?x40xf32>, %w: memref<18x3x40xbf16>, %o: memref<?x18xf32>)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    scf.for %i = %c0 to %c9 step %c1 {
      fovea_kernel.launch @steps_of_a_loop(%h, %w, %o)
          : memref<?x40xf32>, memref<18x3x40xbf16>, memref<?x18xf32>
    }
    return
  }
  func.func private @steps_of_a_loop(%h: memref<?x40xf32>, %w: memref<18x3x40xbf16>,
      %o: memref<?x18xf32>) attributes {fovea_kernel.kernel} {
    fovea.gates ins(%h, %w : memref<?x40xf32>, memref<18x3x40xbf16>) outs(%o : memref<?x18xf32>)
        {capture_maps = [], weight_order = array<i64: 1, 0, 2>} cell {
    ^bb0(%s0: f32, %s1: f32, %s2: f32):
      %p = arith.mulf %s0, %s1 : f32
      %q = arith.addf %p, %s2 : f32
      fovea.yield %q : f32
    }
    return
  }
}

// -----

// CHECK-LABEL: func private @do_not_keep_what_is_needed_once
// CHECK-SAME:    form = "warp_gates"
// CHECK-SAME:    form = "resident_gates", reason = "order",
// CHECK-SAME:    text = "it is not launched by the steps of a loop alone"
module {
  func.func @main(%h: memref<1x40xf32>, %w: memref<1x16x40xf32>, %o: memref<1x16xf32>)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    scf.for %i = %c0 to %c9 step %c1 {
      fovea_kernel.launch @do_not_keep_what_is_needed_once(%h, %w, %o)
          : memref<1x40xf32>, memref<1x16x40xf32>, memref<1x16xf32>
    }
    fovea_kernel.launch @do_not_keep_what_is_needed_once(%h, %w, %o)
        : memref<1x40xf32>, memref<1x16x40xf32>, memref<1x16xf32>
    return
  }
  func.func private @do_not_keep_what_is_needed_once(%h: memref<1x40xf32>, %w: memref<1x16x40xf32>,
      %o: memref<1x16xf32>) attributes {fovea_kernel.kernel} {
    fovea.gates ins(%h, %w : memref<1x40xf32>, memref<1x16x40xf32>) outs(%o : memref<1x16xf32>)
        {capture_maps = []} cell {
    ^bb0(%s0: f32):
      fovea.yield %s0 : f32
    }
    return
  }
}

// -----

// CHECK-LABEL: func private @do_not_keep_more_than_blocks_have
// CHECK-SAME:    form = "warp_gates"
// CHECK-SAME:    form = "resident_gates", reason = "shared",
// CHECK-SAME:    text = "its weights have 67108864 bytes, blocks keep 16777216 together"
module {
  func.func @main(%h: memref<1x2048xf32>, %w: memref<4x2048x2048xf32>, %o: memref<1x2048xf32>)
      attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    scf.for %i = %c0 to %c9 step %c1 {
      fovea_kernel.launch @do_not_keep_more_than_blocks_have(%h, %w, %o)
          : memref<1x2048xf32>, memref<4x2048x2048xf32>, memref<1x2048xf32>
    }
    return
  }
  func.func private @do_not_keep_more_than_blocks_have(%h: memref<1x2048xf32>,
      %w: memref<4x2048x2048xf32>, %o: memref<1x2048xf32>) attributes {fovea_kernel.kernel} {
    fovea.gates ins(%h, %w : memref<1x2048xf32>, memref<4x2048x2048xf32>)
        outs(%o : memref<1x2048xf32>) {capture_maps = []} cell {
    ^bb0(%s0: f32, %s1: f32, %s2: f32, %s3: f32):
      fovea.yield %s0 : f32
    }
    return
  }
}

// -----

// CHECK-LABEL: func private @do_not_keep_beside_products_of_many_rows
// CHECK-SAME:    form = "warp_gates"
// CHECK-SAME:    form = "resident_gates", reason = "threads",
// CHECK-SAME:    text = "other kernels of its loop have larger blocks"
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
module {
  func.func @main(%h: memref<?x40xf32>, %w: memref<1x16x40xf32>, %o: memref<?x16xf32>,
      %p: memref<40x16xf32>) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    scf.for %i = %c0 to %c9 step %c1 {
      fovea_kernel.launch @do_not_keep_beside_products_of_many_rows(%h, %w, %o)
          : memref<?x40xf32>, memref<1x16x40xf32>, memref<?x16xf32>
      fovea_kernel.launch @product(%o, %p, %h)
          : memref<?x16xf32>, memref<40x16xf32>, memref<?x40xf32>
    }
    return
  }
  func.func private @do_not_keep_beside_products_of_many_rows(%h: memref<?x40xf32>,
      %w: memref<1x16x40xf32>, %o: memref<?x16xf32>) attributes {fovea_kernel.kernel} {
    fovea.gates ins(%h, %w : memref<?x40xf32>, memref<1x16x40xf32>) outs(%o : memref<?x16xf32>)
        {capture_maps = []} cell {
    ^bb0(%s0: f32):
      fovea.yield %s0 : f32
    }
    return
  }
  func.func private @product(%a: memref<?x16xf32>, %b: memref<40x16xf32>, %c: memref<?x40xf32>)
      attributes {fovea_kernel.kernel} {
    fovea.contract ins(%a, %b : memref<?x16xf32>, memref<40x16xf32>) outs(%c : memref<?x40xf32>)
        {indexing_maps = [#rows, #columns, #out]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    }
    return
  }
}
