// RUN: fovea-opt %s -fovea-raise-attention | FileCheck %s

#q = affine_map<(n, i, j, d) -> (n, i, d)>
#k = affine_map<(n, i, j, d) -> (n, j, d)>
#s = affine_map<(n, i, j, d) -> (n, i, j)>
#id = affine_map<(n, i, j) -> (n, i, j)>
#rows = affine_map<(n, i, j) -> (n, i)>
#par = ["parallel", "parallel", "parallel"]
!x = tensor<2x5x8xf32>
!s = tensor<2x5x5xf32>
!dx = tensor<2x?x8xf32>
!ds = tensor<2x?x?xf32>

// A sum with 0 / -inf is a mask. Positions are known in the region: no dense mask is left.
// CHECK-LABEL: func @mask_from_positions
// CHECK-NOT:     linalg.generic
// CHECK-NOT:     fovea.require
// CHECK:         fovea.attention
// CHECK-NOT:       captures
// CHECK-NOT:       score
// CHECK:           mask {
// CHECK-NEXT:      ^bb0(%{{.*}}: index, %{{.*}}: index, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK-NEXT:        %[[KEEP:.*]] = arith.cmpi sle, %[[J]], %[[I]]
// CHECK-NEXT:        fovea.yield %[[KEEP]]
func.func @mask_from_positions(%q: !x, %v: !x, %om: tensor<5x5xf32>, %os: !s, %o: !x) -> !x {
  %m = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]} outs(%om : tensor<5x5xf32>) {
    ^bb0(%z: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %keep = arith.cmpi sle, %j, %i : index
      %zero = arith.constant 0.0 : f32
      %inf = arith.constant 0xFF800000 : f32
      %u = arith.select %keep, %zero, %inf : f32
      linalg.yield %u : f32
    } -> tensor<5x5xf32>
  %s = fovea.contract ins(%q, %v : !x, !x) captures(%m : tensor<5x5xf32>) outs(%os : !s)
      {indexing_maps = [#q, #k, affine_map<(n, i, j, d) -> (i, j)>, #s]} epilogue {
    ^bb0(%sum: f32, %add: f32):
      %t = arith.addf %sum, %add : f32
      fovea.yield %t : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}

// 32 bits hold positions up to 2^30.
// CHECK-LABEL: func @require_few_positions
// CHECK:         %[[MOST:.*]] = arith.constant 1073741824 : index
// CHECK:         %[[FEW:.*]] = arith.cmpi sle, %[[SIZE:.*]], %[[MOST]] : index
// CHECK:         fovea.require %[[FEW]], %[[SIZE]], %[[MOST]] fault shape
// CHECK:         fovea.require {{.*}} fault shape
// CHECK:         fovea.attention
func.func @require_few_positions(%q: !dx, %v: !dx, %om: tensor<?x?xf32>, %os: !ds, %o: !dx) -> !dx {
  %m = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]} outs(%om : tensor<?x?xf32>) {
    ^bb0(%z: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %keep = arith.cmpi sle, %j, %i : index
      %zero = arith.constant 0.0 : f32
      %inf = arith.constant 0xFF800000 : f32
      %u = arith.select %keep, %zero, %inf : f32
      linalg.yield %u : f32
    } -> tensor<?x?xf32>
  %s = fovea.contract ins(%q, %v : !dx, !dx) captures(%m : tensor<?x?xf32>) outs(%os : !ds)
      {indexing_maps = [#q, #k, affine_map<(n, i, j, d) -> (i, j)>, #s]} epilogue {
    ^bb0(%sum: f32, %add: f32):
      %t = arith.addf %sum, %add : f32
      fovea.yield %t : f32
    } -> !ds
  %p = linalg.softmax dimension(2) ins(%s : !ds) outs(%os : !ds) -> !ds
  %r = fovea.contract ins(%p, %v : !ds, !dx) outs(%o : !dx) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !dx
  return %r : !dx
}

// CHECK-LABEL: func @do_not_mask_with_finite_constant
// CHECK:         fovea.attention
// CHECK:           score {
// CHECK:             %[[LOW:.*]] = arith.constant -1.000000e+04
// CHECK:             arith.select %{{.*}}, %{{.*}}, %[[LOW]]
// CHECK-NOT:       mask
// CHECK:         return
func.func @do_not_mask_with_finite_constant(%q: !x, %v: !x, %m: !s, %os: !s, %o: !x) -> !x {
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = #par}
      ins(%s, %m : !s, !s) outs(%os : !s) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %low = arith.constant -1.0e4 : f32
      %zero = arith.constant 0.0 : f32
      %keep = arith.cmpf ogt, %y, %zero : f32
      %u = arith.select %keep, %x, %low : f32
      linalg.yield %u : f32
    } -> !s
  %p = linalg.softmax dimension(2) ins(%t : !s) outs(%os : !s) -> !s
  %r = fovea.contract ins(%p, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}

// Rows without keys are 0 by definition: no guard is needed.
// CHECK-LABEL: func @spelled_out_with_guard
// CHECK-NOT:     linalg.generic
// CHECK:         fovea.attention
// CHECK-NOT:       cmpf uno
// CHECK:         return
func.func @spelled_out_with_guard(%q: !x, %v: !x, %om: tensor<2x5xf32>, %os: !s, %o: !x) -> !x {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s = fovea.contract ins(%q, %v : !x, !x) outs(%os : !s) {indexing_maps = [#q, #k, #s]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !s
  %m0 = linalg.fill ins(%inf : f32) outs(%om : tensor<2x5xf32>) -> tensor<2x5xf32>
  %m = linalg.generic {indexing_maps = [#id, #rows],
        iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%s : !s) outs(%m0 : tensor<2x5xf32>) {
    ^bb0(%x: f32, %z: f32):
      %u = arith.maximumf %x, %z : f32
      linalg.yield %u : f32
    } -> tensor<2x5xf32>
  %d = linalg.generic {indexing_maps = [#id, #rows, #id], iterator_types = #par}
      ins(%s, %m : !s, tensor<2x5xf32>) outs(%os : !s) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %u = arith.subf %x, %y : f32
      linalg.yield %u : f32
    } -> !s
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = #par}
      ins(%d : !s) outs(%os : !s) {
    ^bb0(%x: f32, %z: f32):
      %u = math.exp %x : f32
      linalg.yield %u : f32
    } -> !s
  %n0 = linalg.fill ins(%zero : f32) outs(%om : tensor<2x5xf32>) -> tensor<2x5xf32>
  %n = linalg.generic {indexing_maps = [#id, #rows],
        iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%e : !s) outs(%n0 : tensor<2x5xf32>) {
    ^bb0(%x: f32, %z: f32):
      %u = arith.addf %x, %z : f32
      linalg.yield %u : f32
    } -> tensor<2x5xf32>
  %p = linalg.generic {indexing_maps = [#id, #rows, #id], iterator_types = #par}
      ins(%e, %n : !s, tensor<2x5xf32>) outs(%os : !s) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %u = arith.divf %x, %y : f32
      linalg.yield %u : f32
    } -> !s
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = #par}
      ins(%p : !s) outs(%os : !s) {
    ^bb0(%x: f32, %z: f32):
      %nan = arith.cmpf uno, %x, %x : f32
      %u = arith.select %nan, %zero, %x : f32
      linalg.yield %u : f32
    } -> !s
  %r = fovea.contract ins(%g, %v : !s, !x) outs(%o : !x) {indexing_maps = [#s, #k, #q]}
    epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> !x
  return %r : !x
}
