// Which contractions go through tensor cores, and why others do not.
//
// RUN: fovea-opt %s -split-input-file -fovea-schedule-cuda | FileCheck %s

// CHECK-LABEL: func private @tiles
// CHECK-SAME:    form = "tile_product"
// CHECK:         fovea_kernel.grid %{{.*}} threads(128) {
// CHECK-COUNT-2:   fovea_warp.shared : memref<2x64x64xbf16, #gpu.address_space<workgroup>>
// CHECK:           scf.for
// CHECK:             fovea_warp.wait
// CHECK:             gpu.barrier
// CHECK:             fovea_warp.copy_async
// CHECK-COUNT-4:     fovea_warp.mma
// CHECK:           fovea_warp.map
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @tiles(%a: memref<?x128xbf16>, %b: memref<70x128xbf16>, %c: memref<?x70xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<?x128xbf16>, memref<70x128xbf16>) outs(%c : memref<?x70xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

// -----

// CHECK-LABEL: func private @do_not_tile_any_depth
// CHECK-SAME:    form = "fma_product"
// CHECK-SAME:    text = "the summed dimension is no multiple of 64"
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func private @do_not_tile_any_depth(%a: memref<?x100xbf16>, %b: memref<70x100xbf16>,
    %c: memref<?x70xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<?x100xbf16>, memref<70x100xbf16>) outs(%c : memref<?x70xf32>)
      {indexing_maps = [#rows, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

// -----

// What is not a dimension of its own cannot be copied 16 bytes at a time: elements of two rows
// overlap, there is no row at all, a row is a diagonal, or the columns' one.
// CHECK-LABEL: func private @do_not_tile_rows_that_overlap
// CHECK-SAME:    form = "fma_product"
// CHECK-SAME:    form = "tile_product", reason = "layout", text = "rows of an operand do not run
// CHECK-LABEL: func private @do_not_tile_rows_of_one_element
// CHECK-SAME:    form = "tile_product", reason = "layout", text = "rows of an operand do not run
// CHECK-LABEL: func private @do_not_tile_diagonal_rows
// CHECK-SAME:    form = "tile_product", reason = "layout", text = "rows of an operand do not run
// CHECK-LABEL: func private @do_not_tile_diagonal_columns
// CHECK-SAME:    form = "tile_product", reason = "layout", text = "rows of an operand do not run
// CHECK-LABEL: func private @do_not_tile_columns_that_overlap
// CHECK-SAME:    form = "tile_product", reason = "layout", text = "rows of an operand do not run
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
#overlap = affine_map<(m, n, k) -> (m + k)>
#one = affine_map<(m, n, k) -> (m)>
#diagonal = affine_map<(m, n, k) -> (m, k, k)>
#rows = affine_map<(m, n, k) -> (m, k)>
#columns_diagonal = affine_map<(m, n, k) -> (n, k, k)>
#columns_overlap = affine_map<(m, n, k) -> (k, n + k)>
func.func private @do_not_tile_rows_that_overlap(%a: memref<191xf16>, %b: memref<64x64xf16>,
    %c: memref<128x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<191xf16>, memref<64x64xf16>) outs(%c : memref<128x64xf32>)
      {indexing_maps = [#overlap, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @do_not_tile_rows_of_one_element(%a: memref<64xf16>, %b: memref<64x64xf16>,
    %c: memref<64x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<64xf16>, memref<64x64xf16>) outs(%c : memref<64x64xf32>)
      {indexing_maps = [#one, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @do_not_tile_diagonal_rows(%a: memref<64x64x64xf16>, %b: memref<64x64xf16>,
    %c: memref<64x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<64x64x64xf16>, memref<64x64xf16>) outs(%c : memref<64x64xf32>)
      {indexing_maps = [#diagonal, #columns, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @do_not_tile_diagonal_columns(%a: memref<64x64xf16>, %b: memref<64x64x64xf16>,
    %c: memref<64x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<64x64xf16>, memref<64x64x64xf16>) outs(%c : memref<64x64xf32>)
      {indexing_maps = [#rows, #columns_diagonal, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
func.func private @do_not_tile_columns_that_overlap(%a: memref<64x64xf16>, %b: memref<64x128xf16>,
    %c: memref<64x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<64x64xf16>, memref<64x128xf16>) outs(%c : memref<64x64xf32>)
      {indexing_maps = [#rows, #columns_overlap, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
