// RUN: fovea-opt %s | fovea-opt -mlir-print-local-scope | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h floordiv 2, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (h floordiv 2, j floordiv 16, j mod 16, e)>
!t = tensor<1x4x?x8xf32>

// CHECK-LABEL: func @lengths
// CHECK:         lengths(%{{.*}} : tensor<1xi64>) outs
func.func @lengths(%q: !t, %n: tensor<1xi64>, %o: !t) -> !t {
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t) lengths(%n : tensor<1xi64>) outs(%o : !t)
      {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
}

// CHECK-LABEL: func @pages
// CHECK:         lengths(%{{.*}} : tensor<1xi32>) pages(%{{.*}} : tensor<1x?xi32>)
// CHECK-SAME:      offset(%{{.*}}) causal
// CHECK-SAME:      (d3 floordiv 16, d3 mod 16, d1 floordiv 2, d4)>
// CHECK-SAME:      (d1 floordiv 2, d3 floordiv 16, d3 mod 16, d5)>
func.func @pages(%q: !t, %k: tensor<?x16x2x8xf32>, %v: tensor<2x?x16x8xf32>, %n: tensor<1xi32>,
    %p: tensor<1x?xi32>, %at: index, %o: !t) -> !t {
  %r = fovea.attention ins(%q, %k, %v : !t, tensor<?x16x2x8xf32>, tensor<2x?x16x8xf32>)
      lengths(%n : tensor<1xi32>) pages(%p : tensor<1x?xi32>) offset(%at) causal outs(%o : !t)
      {indexing_maps = [#q, #kp, #vp, #o]} -> !t
  return %r : !t
}

// CHECK-LABEL: func @sequences
// CHECK:         sequences(%{{.*}}, %{{.*}} : tensor<?xi32>, tensor<3xi64>) align_ends
// CHECK-SAME:      window [4, 0] outs
func.func @sequences(%q: !t, %s: tensor<?xi32>, %t: tensor<3xi64>, %at: index, %o: !t) -> !t {
  %r = fovea.attention ins(%q, %q, %q : !t, !t, !t)
      sequences(%s, %t : tensor<?xi32>, tensor<3xi64>) align_ends offset(%at) window [4, 0]
      outs(%o : !t) {indexing_maps = [#q, #k, #v, #o]} -> !t
  return %r : !t
}
