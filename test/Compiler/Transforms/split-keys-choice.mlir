// RUN: fovea-opt %s -fovea-split-keys | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// CHECK-LABEL: func @split_for_eight_tasks
// CHECK:         fovea.key_parts = 8
func.func @split_for_eight_tasks(%q: tensor<1x1x8x16xf32>, %k: tensor<1x1x16384x16xf32>)
    -> tensor<1x1x8x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x8x16xf32>, tensor<1x1x16384x16xf32>,
      tensor<1x1x16384x16xf32>) outs(%q : tensor<1x1x8x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x8x16xf32>
  return %r : tensor<1x1x8x16xf32>
}

// CHECK-LABEL: func @split_three_heads_for_twelve_tasks
// CHECK:         fovea.key_parts = 4
func.func @split_three_heads_for_twelve_tasks(%q: tensor<1x3x1x16xf32>,
    %k: tensor<1x3x16384x16xf32>) -> tensor<1x3x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x3x1x16xf32>, tensor<1x3x16384x16xf32>,
      tensor<1x3x16384x16xf32>) outs(%q : tensor<1x3x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x3x1x16xf32>
  return %r : tensor<1x3x1x16xf32>
}

// CHECK-LABEL: func @split_into_parts_of_1024_keys
// CHECK:         fovea.key_parts = 4
func.func @split_into_parts_of_1024_keys(%q: tensor<1x1x8x16xf32>, %k: tensor<1x1x8191x16xf32>)
    -> tensor<1x1x8x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x8x16xf32>, tensor<1x1x8191x16xf32>,
      tensor<1x1x8191x16xf32>) outs(%q : tensor<1x1x8x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x8x16xf32>
  return %r : tensor<1x1x8x16xf32>
}

// Nor are parts believed that another pass claims.
// CHECK-LABEL: func @do_not_split_when_heads_are_enough
// CHECK-NOT:     fovea.key_parts
func.func @do_not_split_when_heads_are_enough(%q: tensor<2x4x1x16xf32>,
    %k: tensor<2x4x16384x16xf32>) -> tensor<2x4x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<2x4x1x16xf32>, tensor<2x4x16384x16xf32>,
      tensor<2x4x16384x16xf32>) outs(%q : tensor<2x4x1x16xf32>)
      {fovea.key_parts = 2 : i64, indexing_maps = [#q, #k, #v, #o]} -> tensor<2x4x1x16xf32>
  return %r : tensor<2x4x1x16xf32>
}

// CHECK-LABEL: func @do_not_split_few_keys
// CHECK-NOT:     fovea.key_parts
func.func @do_not_split_few_keys(%q: tensor<1x1x1x16xf32>, %k: tensor<1x1x4095x16xf32>)
    -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x4095x16xf32>,
      tensor<1x1x4095x16xf32>) outs(%q : tensor<1x1x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}

// CHECK-LABEL: func @do_not_split_keys_that_only_the_run_counts
// CHECK-NOT:     fovea.key_parts
func.func @do_not_split_keys_that_only_the_run_counts(%q: tensor<1x1x1x16xf32>,
    %k: tensor<1x1x?x16xf32>) -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x?x16xf32>,
      tensor<1x1x?x16xf32>) outs(%q : tensor<1x1x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}

// CHECK-LABEL: func @do_not_split_for_many_queries
// CHECK-NOT:     fovea.key_parts
func.func @do_not_split_for_many_queries(%q: tensor<1x1x17x16xf32>, %k: tensor<1x1x8192x16xf32>)
    -> tensor<1x1x17x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x17x16xf32>, tensor<1x1x8192x16xf32>,
      tensor<1x1x8192x16xf32>) outs(%q : tensor<1x1x17x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x17x16xf32>
  return %r : tensor<1x1x17x16xf32>
}

// CHECK-LABEL: func @do_not_split_when_the_schedule_says_one_part
// CHECK-NOT:     fovea.key_parts
func.func @do_not_split_when_the_schedule_says_one_part(%q: tensor<1x1x1x16xf32>,
    %k: tensor<1x1x8192x16xf32>) -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x8192x16xf32>,
      tensor<1x1x8192x16xf32>) outs(%q : tensor<1x1x1x16xf32>) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<kv_split = 1>} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}
