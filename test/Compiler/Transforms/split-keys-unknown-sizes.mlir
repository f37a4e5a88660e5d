// A target with many tasks at once, and sizes that only the run knows.
//
// RUN: fovea-opt %s -fovea-split-keys='tasks=256 many-keys=512 part-keys=64 unknown-sizes=true' \
// RUN:   | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// CHECK-LABEL: func @split_eight_heads_of_any_batch_and_keys
// CHECK:         fovea.key_parts = 32
func.func @split_eight_heads_of_any_batch_and_keys(%q: tensor<?x8x4x16xf32>,
    %k: tensor<?x8x?x16xf32>) -> tensor<?x8x4x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<?x8x4x16xf32>, tensor<?x8x?x16xf32>,
      tensor<?x8x?x16xf32>) outs(%q : tensor<?x8x4x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<?x8x4x16xf32>
  return %r : tensor<?x8x4x16xf32>
}

// CHECK-LABEL: func @split_into_no_more_than_64_parts
// CHECK:         fovea.key_parts = 64
func.func @split_into_no_more_than_64_parts(%q: tensor<1x1x1x16xf32>, %k: tensor<1x1x?x16xf32>)
    -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x?x16xf32>,
      tensor<1x1x?x16xf32>) outs(%q : tensor<1x1x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}

// CHECK-LABEL: func @split_into_parts_of_64_keys
// CHECK:         fovea.key_parts = 8
func.func @split_into_parts_of_64_keys(%q: tensor<1x1x1x16xf32>, %k: tensor<1x1x512x16xf32>)
    -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x512x16xf32>,
      tensor<1x1x512x16xf32>) outs(%q : tensor<1x1x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}

// CHECK-LABEL: func @do_not_split_a_batch_of_many
// CHECK-NOT:     fovea.key_parts
func.func @do_not_split_a_batch_of_many(%q: tensor<32x8x1x16xf32>, %k: tensor<32x8x?x16xf32>)
    -> tensor<32x8x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<32x8x1x16xf32>, tensor<32x8x?x16xf32>,
      tensor<32x8x?x16xf32>) outs(%q : tensor<32x8x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<32x8x1x16xf32>
  return %r : tensor<32x8x1x16xf32>
}
