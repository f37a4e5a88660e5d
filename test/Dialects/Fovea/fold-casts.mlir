// RUN: fovea-opt %s -canonicalize | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#t = affine_map<(b, h, i, j, d, e) -> ()>
#captured = affine_map<(b, h, i, j, d, e) -> (b)>

// CHECK-LABEL: func @attention_without_regions
// CHECK:         fovea.attention ins(%{{.*}} : tensor<2x4x5x8xf32>, tensor<2x4x5x8xf32>,
// CHECK-SAME:      outs(%{{.*}} : tensor<2x4x5x8xf32>)
// CHECK-SAME:      -> tensor<2x4x5x8xf32>
// CHECK-NEXT:    return
func.func @attention_without_regions(%x: tensor<2x4x5x8xf32>) -> tensor<2x4x5x8xf32> {
  %c = tensor.cast %x : tensor<2x4x5x8xf32> to tensor<?x4x?x8xf32>
  %r = fovea.attention ins(%c, %c, %c : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>,
      tensor<?x4x?x8xf32>) outs(%c : tensor<?x4x?x8xf32>) {indexing_maps = [#q, #k, #v, #o]}
      -> tensor<?x4x?x8xf32>
  %s = tensor.cast %r : tensor<?x4x?x8xf32> to tensor<2x4x5x8xf32>
  return %s : tensor<2x4x5x8xf32>
}

// A region's argument has the type of the table that it stands for.
// CHECK-LABEL: func @table
// CHECK:         captures(%{{.*}} : tensor<9xf32>)
// CHECK:         ^bb0({{.*}}: tensor<9xf32>)
// CHECK:         fovea.capture_load {{.*}} : tensor<9xf32> -> f32
func.func @table(%x: tensor<1x2x5x8xf32>, %table: tensor<9xf32>) -> tensor<1x2x5x8xf32> {
  %c = tensor.cast %table : tensor<9xf32> to tensor<?xf32>
  %r = fovea.attention ins(%x, %x, %x : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>,
      tensor<1x2x5x8xf32>) captures(%c : tensor<?xf32>) outs(%x : tensor<1x2x5x8xf32>)
      {indexing_maps = [#q, #k, #v, #t, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %all: tensor<?xf32>):
        %bias = fovea.capture_load %all[%j] : tensor<?xf32> -> f32
        %sum = arith.addf %s, %bias : f32
        fovea.yield %sum : f32
      } -> tensor<1x2x5x8xf32>
  return %r : tensor<1x2x5x8xf32>
}

// What a mask region captures is read before its cast too.
// CHECK-LABEL: func @attention_with_mask
// CHECK-NOT:     tensor.cast %arg
// CHECK:         %[[R:.*]] = fovea.attention
// CHECK-SAME:      captures(%{{.*}} : tensor<2xi1>)
// CHECK-SAME:      outs(%{{.*}} : tensor<2x4x7x16xf32>)
// CHECK-SAME:      mask
// CHECK:         %[[CAST:.*]] = tensor.cast %[[R]] : tensor<2x4x7x16xf32> to tensor<?x4x7x16xf32>
// CHECK:         return %[[CAST]]
func.func @attention_with_mask(
    %q: tensor<?x4x7x16xf32>, %k: tensor<?x4x9x16xf32>, %c: tensor<2xi1>,
    %o: tensor<2x4x7x16xf32>) -> tensor<?x4x7x16xf32> {
  %lengths = tensor.cast %c : tensor<2xi1> to tensor<?xi1>
  %init = tensor.cast %o : tensor<2x4x7x16xf32> to tensor<?x4x7x16xf32>
  %r = fovea.attention
      ins(%q, %k, %k : tensor<?x4x7x16xf32>, tensor<?x4x9x16xf32>, tensor<?x4x9x16xf32>)
      captures(%lengths : tensor<?xi1>)
      outs(%init : tensor<?x4x7x16xf32>) {indexing_maps = [#q, #k, #v, #captured, #o]}
      mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %keep: i1):
        fovea.yield %keep : i1
      } -> tensor<?x4x7x16xf32>
  return %r : tensor<?x4x7x16xf32>
}
