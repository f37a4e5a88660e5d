// RUN: fovea-opt %s -canonicalize | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#c = affine_map<(b, h, i, j, d, e) -> (b)>

// CHECK-LABEL: func @take_operands_before_casts
// CHECK-NOT:     tensor.cast %arg
// CHECK:         %[[R:.*]] = fovea.attention
// CHECK-SAME:      captures(%{{.*}} : tensor<2xi1>)
// CHECK-SAME:      outs(%{{.*}} : tensor<2x4x7x16xf32>)
// CHECK-SAME:      mask
// CHECK:         %[[CAST:.*]] = tensor.cast %[[R]] : tensor<2x4x7x16xf32> to tensor<?x4x7x16xf32>
// CHECK:         return %[[CAST]]
func.func @take_operands_before_casts(
    %q: tensor<?x4x7x16xf32>, %k: tensor<?x4x9x16xf32>, %c: tensor<2xi1>,
    %o: tensor<2x4x7x16xf32>) -> tensor<?x4x7x16xf32> {
  %lengths = tensor.cast %c : tensor<2xi1> to tensor<?xi1>
  %init = tensor.cast %o : tensor<2x4x7x16xf32> to tensor<?x4x7x16xf32>
  %r = fovea.attention
      ins(%q, %k, %k : tensor<?x4x7x16xf32>, tensor<?x4x9x16xf32>, tensor<?x4x9x16xf32>)
      captures(%lengths : tensor<?xi1>)
      outs(%init : tensor<?x4x7x16xf32>) {indexing_maps = [#q, #k, #v, #c, #o]}
      mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %keep: i1):
        fovea.yield %keep : i1
      } -> tensor<?x4x7x16xf32>
  return %r : tensor<?x4x7x16xf32>
}
