// Products of bf16 in tiles, of f32 in tiles of multiply-adds, and gates of one row by warps.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-DAG: .visible .entry product_of_columns(
// CHECK-DAG: .visible .entry gates(
// CHECK-DAG: cp.async.cg.shared.global
// CHECK-DAG: ldmatrix.sync.aligned
// CHECK-DAG: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-DAG: .pragma "nounroll"
// CHECK-DAG: shfl.sync.bfly

#rows = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>

// Weights with a row for each column of the result.
func.func @product_of_columns(%a: memref<?x1024xbf16>, %w: memref<768x1024xbf16>,
    %o: memref<?x768xbf16>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x1024xbf16>, memref<768x1024xbf16>)
      outs(%o : memref<?x768xbf16>) {indexing_maps = [#rows, #nk, #out]} epilogue {
  ^bb0(%s: f32):
    %r = arith.truncf %s : f32 to bf16
    fovea.yield %r : bf16
  }
  return
}

func.func @product_of_rows(%a: memref<?x1024xbf16>, %w: memref<1024x768xbf16>,
    %o: memref<?x768xbf16>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x1024xbf16>, memref<1024x768xbf16>)
      outs(%o : memref<?x768xbf16>) {indexing_maps = [#rows, #kn, #out]} epilogue {
  ^bb0(%s: f32):
    %r = arith.truncf %s : f32 to bf16
    fovea.yield %r : bf16
  }
  return
}

// As many tiles as are known to be few: small ones.
func.func @product_of_few_tiles(%a: memref<128x1024xbf16>, %w: memref<768x1024xbf16>,
    %o: memref<128x768xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<128x1024xbf16>, memref<768x1024xbf16>)
      outs(%o : memref<128x768xf32>) {indexing_maps = [#rows, #nk, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

func.func @product_of_any_size(%a: memref<?x?xf16>, %w: memref<?x?xf16>, %o: memref<?x?xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x?xf16>, memref<?x?xf16>)
      outs(%o : memref<?x?xf32>) {indexing_maps = [#rows, #kn, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

func.func @product_of_f32(%a: memref<?x1024xf32>, %w: memref<768x1024xf32>, %o: memref<?x768xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x1024xf32>, memref<768x1024xf32>)
      outs(%o : memref<?x768xf32>) {indexing_maps = [#rows, #nk, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

func.func @gates(%h: memref<1x512xf32>, %w: memref<3x512x512xf32>, %o: memref<1x512xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<1x512xf32>, memref<3x512x512xf32>) outs(%o : memref<1x512xf32>)
      {capture_maps = []} cell {
  ^bb0(%s0: f32, %s1: f32, %s2: f32):
    %p = arith.mulf %s0, %s1 : f32
    %q = arith.addf %p, %s2 : f32
    fovea.yield %q : f32
  }
  return
}
