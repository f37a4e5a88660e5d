// Products of f32 go through tensor cores where rounding their operands was asked for.
//
// RUN: fovea-opt %s -split-input-file -fovea-schedule-cuda=tf32 | FileCheck %s
// RUN: fovea-opt %s -split-input-file -fovea-schedule-cuda | FileCheck %s --check-prefix=EXACT

// A stage has as many bytes as one of 16-bit elements, and half as many elements.
// CHECK-LABEL:   func private @tiles_of_f32
// CHECK-SAME:    form = "tile_product"
// CHECK-SAME:    rounds = "operands"
// CHECK-COUNT-2:   fovea_warp.shared : memref<4x64x16xf32, #gpu.address_space<workgroup>>
// CHECK:           fovea_warp.load_fragment {{.*}} swizzle 64 {{.*}}16x16xtf32, a>
// CHECK:           fovea_warp.load_fragment {{.*}} transposed swizzle 64 {{.*}}16x32xtf32, b>
// CHECK:           fovea_warp.mma
// CHECK-LABEL:   func private @tiles_of_rows
// CHECK-SAME:    rounds = "operands"
// CHECK:           fovea_warp.shared : memref<4x64x16xf32, #gpu.address_space<workgroup>>
// CHECK:           fovea_warp.shared : memref<4x16x64xf32, #gpu.address_space<workgroup>>
// CHECK:           fovea_warp.load_fragment {{.*}} swizzle 128 {{.*}}16x32xtf32, b>
// CHECK-LABEL:   func private @do_not_say_that_bf16_is_rounded
// CHECK-SAME:    form = "tile_product"
// CHECK-NOT:     rounds =
// CHECK-LABEL:   func private @do_not_round_few_rows
// CHECK-NOT:     rounds =
// CHECK-SAME:    form = "tile_product", reason = "shape", text = "it has fewer than 16 rows"

// EXACT-LABEL: func private @tiles_of_f32
// EXACT-SAME:  form = "fma_product"
// EXACT-SAME:  form = "tile_product", reason = "dtype", text = "its operands are of f32, which
// EXACT-SAME:  not asked for: compile with products=tf32"
// EXACT-NOT:   tf32,
// EXACT-LABEL: func private @tiles_of_rows
// EXACT-SAME:  form = "fma_product"
// EXACT-LABEL: func private @do_not_say_that_bf16_is_rounded
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#across = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @tiles_of_f32(%a: memref<40x128xf32>, %b: memref<70x128xf32>,
    %c: memref<40x70xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<40x128xf32>, memref<70x128xf32>) outs(%c : memref<40x70xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @tiles_of_rows(%a: memref<40x128xf32>, %b: memref<128x70xf32>,
    %c: memref<40x70xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<40x128xf32>, memref<128x70xf32>) outs(%c : memref<40x70xf32>)
      {indexing_maps = [#rows, #across, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @do_not_say_that_bf16_is_rounded(%a: memref<40x128xbf16>, %b: memref<70x128xbf16>,
    %c: memref<40x70xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<40x128xbf16>, memref<70x128xbf16>) outs(%c : memref<40x70xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @do_not_round_few_rows(%a: memref<15x128xf32>, %b: memref<70x128xf32>,
    %c: memref<15x70xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<15x128xf32>, memref<70x128xf32>) outs(%c : memref<15x70xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
