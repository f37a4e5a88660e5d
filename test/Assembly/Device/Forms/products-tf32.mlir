// Products of f32 in tiles, whose operands are rounded to tf32 because that was asked for.
//
// RUN: fovea-ptx --tf32 %s | FileCheck %s
// CHECK-DAG: .visible .entry product_of_tf32_columns(
// CHECK-DAG: .visible .entry product_of_tf32_rows(
// CHECK-DAG: ldmatrix.sync.aligned
// CHECK-DAG: cvt.rna.tf32.f32
// CHECK-DAG: mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32

#rows = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>

// Weights with a row for each column of the result.
func.func @product_of_tf32_columns(%a: memref<?x1024xf32>, %w: memref<768x1024xf32>,
    %o: memref<?x768xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x1024xf32>, memref<768x1024xf32>)
      outs(%o : memref<?x768xf32>) {indexing_maps = [#rows, #nk, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

func.func @product_of_tf32_rows(%a: memref<?x1024xf32>, %w: memref<1024x768xf32>,
    %o: memref<?x768xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x1024xf32>, memref<1024x768xf32>)
      outs(%o : memref<?x768xf32>) {indexing_maps = [#rows, #kn, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

// As many tiles as are known to be few: small ones.
func.func @product_of_few_tf32_tiles(%a: memref<128x1024xf32>, %w: memref<768x1024xf32>,
    %o: memref<128x768xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<128x1024xf32>, memref<768x1024xf32>)
      outs(%o : memref<128x768xf32>) {indexing_maps = [#rows, #nk, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}

func.func @product_of_tf32_of_any_size(%a: memref<?x?xf32>, %w: memref<?x?xf32>,
    %o: memref<?x?xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %w : memref<?x?xf32>, memref<?x?xf32>)
      outs(%o : memref<?x?xf32>) {indexing_maps = [#rows, #kn, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  return
}
