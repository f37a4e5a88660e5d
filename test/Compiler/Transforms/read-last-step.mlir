// RUN: fovea-opt %s -pass-pipeline='builtin.module(func.func(fovea-read-last-step))' | FileCheck %s

#back = affine_map<(d0, d1, d2) -> (d1, d0, d2)>
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#later = affine_map<(d0, d1, d2) -> (d0 + 1, d1, d2)>

// Through a dimension of size 1 and another order; sizes of the steps are asked for as well.
// CHECK-LABEL: func @last
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x8xf32>
// CHECK:         %{{.*}}, %[[FINAL:.*]] = fovea.rnn
// CHECK:         %[[ONE:.*]] = tensor.expand_shape %[[FINAL]] {{.*}} into tensor<1x?x8xf32>
// CHECK:         %[[T:.*]] = tensor.dim %[[X]], %{{.*}} : tensor<?x?x8xf32>
// CHECK:         %[[SWAPPED:.*]] = linalg.generic {{.*}} ins(%[[ONE]] : tensor<1x?x8xf32>)
// CHECK:         } -> tensor<?x1x8xf32>
// CHECK:         %[[WIDE:.*]] = tensor.expand_shape %[[SWAPPED]] {{.*}} into tensor<?x1x1x8xf32>
// CHECK:         %[[LAST:.*]] = tensor.extract_slice %[[WIDE]][0, 0, 0, 0]
// CHECK:         return %[[LAST]], %[[T]]
func.func @last(%x: tensor<?x?x8xf32>, %s: tensor<?x8xf32>) -> (tensor<?x8xf32>, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y, %final = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<?x8xf32>, %h: tensor<?x8xf32>):
      %n = arith.addf %xt, %h : tensor<?x8xf32>
      fovea.yield %n, %n : tensor<?x8xf32>, tensor<?x8xf32>
    } : tensor<?x?x8xf32>, tensor<?x8xf32> -> tensor<?x?x8xf32>, tensor<?x8xf32>
  %t = tensor.dim %y, %c0 : tensor<?x?x8xf32>
  %b = tensor.dim %y, %c1 : tensor<?x?x8xf32>
  %e = tensor.empty(%b, %t) : tensor<?x?x8xf32>
  %swapped = linalg.generic {indexing_maps = [#back, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y : tensor<?x?x8xf32>) outs(%e : tensor<?x?x8xf32>) {
    ^bb0(%in: f32, %o: f32):
      linalg.yield %in : f32
    } -> tensor<?x?x8xf32>
  %wide = tensor.expand_shape %swapped [[0], [1, 2], [3]] output_shape [%b, %t, 1, 8]
      : tensor<?x?x8xf32> into tensor<?x?x1x8xf32>
  %steps = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %at = arith.subi %steps, %c1 : index
  %r = tensor.extract_slice %wide[0, %at, 0, 0] [%b, 1, 1, 8] [1, 1, 1, 1]
      : tensor<?x?x1x8xf32> to tensor<?x8xf32>
  return %r, %t : tensor<?x8xf32>, index
}

// CHECK-LABEL: func @reverse_ends_at_the_first
// CHECK:         %{{.*}}, %[[FINAL:.*]] = fovea.rnn
// CHECK:         %[[ONE:.*]] = tensor.expand_shape %[[FINAL]]
// CHECK:         tensor.extract_slice %[[ONE]][0, 0, 0]
func.func @reverse_ends_at_the_first(%x: tensor<9x2x8xf32>, %s: tensor<2x8xf32>)
    -> tensor<2x8xf32> {
  %y, %final = fovea.rnn %x init(%s) reverse cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %r = tensor.extract_slice %y[0, 0, 0] [1, 2, 8] [1, 1, 1] : tensor<9x2x8xf32> to tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}

// Another step, another reader, lengths, an output that is no state.
// CHECK-LABEL: func @refused
// CHECK:         %[[Y0:.*]], %{{.*}} = fovea.rnn
// CHECK:         tensor.extract_slice %[[Y0]][7, 0, 0]
// CHECK:         %[[Y1:.*]], %{{.*}} = fovea.rnn
// CHECK:         tensor.extract_slice %[[Y1]][8, 0, 0]
// CHECK:         %[[Y2:.*]], %{{.*}} = fovea.rnn
// CHECK:         tensor.extract_slice %[[Y2]][8, 0, 0]
// CHECK:         %[[Y3:.*]], %{{.*}} = fovea.rnn
// CHECK:         tensor.extract_slice %[[Y3]][8, 0, 0]
func.func @refused(%x: tensor<9x2x8xf32>, %s: tensor<2x8xf32>, %lengths: tensor<2xi32>)
    -> (tensor<2x8xf32>, tensor<2x8xf32>, tensor<9x2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>) {
  %y0, %f0 = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %r0 = tensor.extract_slice %y0[7, 0, 0] [1, 2, 8] [1, 1, 1] : tensor<9x2x8xf32> to tensor<2x8xf32>
  %y1, %f1 = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.mulf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %r1 = tensor.extract_slice %y1[8, 0, 0] [1, 2, 8] [1, 1, 1] : tensor<9x2x8xf32> to tensor<2x8xf32>
  %y2, %f2 = fovea.rnn %x init(%s) lengths(%lengths : tensor<2xi32>) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %r2 = tensor.extract_slice %y2[8, 0, 0] [1, 2, 8] [1, 1, 1] : tensor<9x2x8xf32> to tensor<2x8xf32>
  %y3, %f3 = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      %o = arith.mulf %n, %n : tensor<2x8xf32>
      fovea.yield %o, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %r3 = tensor.extract_slice %y3[8, 0, 0] [1, 2, 8] [1, 1, 1] : tensor<9x2x8xf32> to tensor<2x8xf32>
  return %r0, %r1, %y1, %r2, %r3
      : tensor<2x8xf32>, tensor<2x8xf32>, tensor<9x2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>
}

// CHECK-LABEL: func @do_not_read_one_step_beside_another_step
// CHECK:         %[[Y:.*]], %{{.*}} = fovea.rnn
// CHECK:         linalg.generic {{.*}} ins(%[[Y]],
func.func @do_not_read_one_step_beside_another_step(%x: tensor<9x2x8xf32>, %s: tensor<2x8xf32>,
    %z: tensor<10x2x8xf32>) -> tensor<2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %e = tensor.empty() : tensor<9x2x8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #later, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y, %z : tensor<9x2x8xf32>, tensor<10x2x8xf32>) outs(%e : tensor<9x2x8xf32>) {
    ^bb0(%a: f32, %b: f32, %old: f32):
      %n = arith.addf %a, %b : f32
      linalg.yield %n : f32
    } -> tensor<9x2x8xf32>
  %r = tensor.extract_slice %sum[8, 0, 0] [1, 2, 8] [1, 1, 1]
      : tensor<9x2x8xf32> to tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}
