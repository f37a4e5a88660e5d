// A target with many tasks at once, and sizes that only the run knows.
//
// RUN: fovea-opt %s -fovea-split-keys='tasks=256 many-keys=512 part-keys=64 unknown-sizes=true' \
// RUN:   | FileCheck %s
// RUN: fovea-opt %s -fovea-split-keys='unknown-sizes=true run-keys=1024' \
// RUN:   | FileCheck %s --check-prefix=LEAST

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

// CHECK-LABEL: func @give_every_part_as_many_keys_or_the_least
// CHECK:         %[[SHARE:.*]] = arith.ceildivui
// CHECK-NOT:     arith.maxui
// LEAST-LABEL: func @give_every_part_as_many_keys_or_the_least
// LEAST:         %[[SHARE:.*]] = arith.ceildivui
// LEAST:         %[[SIZE:.*]] = arith.maxui %[[SHARE]], %c1024
// LEAST:         %[[WIDE:.*]] = arith.index_cast %[[SIZE]] : index to i64
// LEAST:         %[[KEYS:.*]] = tensor.from_elements %[[WIDE]]
// LEAST:         fovea.attention {{.*}} captures(%[[KEYS]] :
// LEAST-SAME:        fovea.key_parts = 8
func.func @give_every_part_as_many_keys_or_the_least(%q: tensor<1x1x1x16xf32>,
    %k: tensor<1x1x?x16xf32>) -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x?x16xf32>,
      tensor<1x1x?x16xf32>) outs(%q : tensor<1x1x1x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}

// LEAST-LABEL: func @do_not_raise_the_number_that_a_schedule_says
// LEAST:         arith.ceildivui
// LEAST-NOT:     arith.maxui
// LEAST:         fovea.key_parts = 3
func.func @do_not_raise_the_number_that_a_schedule_says(%q: tensor<1x1x1x16xf32>,
    %k: tensor<1x1x?x16xf32>) -> tensor<1x1x1x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x1x1x16xf32>, tensor<1x1x?x16xf32>,
      tensor<1x1x?x16xf32>) outs(%q : tensor<1x1x1x16xf32>) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<kv_split = 3>} -> tensor<1x1x1x16xf32>
  return %r : tensor<1x1x1x16xf32>
}
