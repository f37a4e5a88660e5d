// RUN: fovea-opt %s -fovea-fuse-epilogue | FileCheck %s

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#id3 = affine_map<(i, j, k) -> (i, j, k)>

// CHECK-LABEL: func @do_not_fuse_when_generic_repeats_the_product
// CHECK:         linalg.generic
func.func @do_not_fuse_when_generic_repeats_the_product(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>,
    %o: tensor<5x6xf32>, %o3: tensor<2x5x6xf32>) -> tensor<2x5x6xf32> {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (j, k)>, #id3],
        iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%p : tensor<5x6xf32>) outs(%o3 : tensor<2x5x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      linalg.yield %y : f32
    } -> tensor<2x5x6xf32>
  return %q : tensor<2x5x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_when_product_is_read_in_two_ways
// CHECK:         linalg.generic
func.func @do_not_fuse_when_product_is_read_in_two_ways(%a: tensor<6x8xf32>, %w: tensor<8x6xf32>,
    %o: tensor<6x6xf32>) -> tensor<6x6xf32> {
  %p = fovea.contract ins(%a, %w : tensor<6x8xf32>, tensor<8x6xf32>) outs(%o : tensor<6x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<6x6xf32>
  %q = linalg.generic {indexing_maps = [#id, affine_map<(i, j) -> (j, i)>, #id],
        iterator_types = ["parallel", "parallel"]}
      ins(%p, %p : tensor<6x6xf32>, tensor<6x6xf32>) outs(%o : tensor<6x6xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %t = arith.addf %x, %y : f32
      linalg.yield %t : f32
    } -> tensor<6x6xf32>
  return %q : tensor<6x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_when_generic_reduces
// CHECK:         linalg.generic
func.func @do_not_fuse_when_generic_reduces(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>,
    %o: tensor<5x6xf32>, %s: tensor<5xf32>) -> tensor<5xf32> {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic {indexing_maps = [#id, affine_map<(i, j) -> (i)>],
        iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<5x6xf32>) outs(%s : tensor<5xf32>) {
    ^bb0(%x: f32, %z: f32):
      %t = arith.addf %x, %z : f32
      linalg.yield %t : f32
    } -> tensor<5xf32>
  return %q : tensor<5xf32>
}
