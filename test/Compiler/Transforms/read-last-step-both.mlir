// RUN: fovea-opt %s -split-input-file \
// RUN:   -pass-pipeline='builtin.module(func.func(fovea-read-last-step))' | FileCheck %s
//
// The last step is the end of one direction and the first step of the other.

#first = affine_map<(t, b, h) -> (t, 0, b, h)>
#second = affine_map<(t, b, h) -> (t, 1, b, h)>
#id = affine_map<(t, b, h) -> (t, b, h)>

// Joined, then added up; the size of the batch is that of one step.
// CHECK-LABEL: func @sum_of_directions
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x2x8xf32>, %[[S:[a-z0-9]+]]: tensor<2x8xf32>
// CHECK:         %{{.*}}, %[[FINAL:.*]] = fovea.rnn %[[X]] init(%[[S]]) cell
// CHECK:         %[[END:.*]] = tensor.expand_shape %[[FINAL]] {{.*}} into tensor<1x2x8xf32>
// CHECK-NOT:     fovea.rnn %[[X]]
// CHECK:         %[[STEP:.*]] = tensor.extract_slice %[[X]][%{{.*}}, 0, 0] [1, 2, 8]
// CHECK:         %[[BEGIN:.*]], %{{.*}} = fovea.rnn %[[STEP]] init(%[[S]]) reverse cell
// CHECK:         } : tensor<1x2x8xf32>, tensor<2x8xf32> -> tensor<1x2x8xf32>, tensor<2x8xf32>
// CHECK:         %[[ONE:.*]] = tensor.insert_slice %[[END]] into %{{.*}}[0, 0, 0, 0] [1, 1, 2, 8]
// CHECK:         %[[BOTH:.*]] = tensor.insert_slice %[[BEGIN]] into %[[ONE]][0, 1, 0, 0] [1, 1,
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[BOTH]], %[[BOTH]] : tensor<1x2x2x8xf32>
// CHECK:         tensor.extract_slice %[[SUM]][0, 0, 0] [1, 2, 8]
func.func @sum_of_directions(%x: tensor<?x2x8xf32>, %s: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = tensor.dim %x, %c0 : tensor<?x2x8xf32>
  %e = tensor.empty(%t) : tensor<?x2x2x8xf32>
  %y0, %f0 = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<?x2x8xf32>, tensor<2x8xf32> -> tensor<?x2x8xf32>, tensor<2x8xf32>
  %y1, %f1 = fovea.rnn %x init(%s) reverse cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.mulf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<?x2x8xf32>, tensor<2x8xf32> -> tensor<?x2x8xf32>, tensor<2x8xf32>
  %one = tensor.insert_slice %y0 into %e[0, 0, 0, 0] [%t, 1, 2, 8] [1, 1, 1, 1]
      : tensor<?x2x8xf32> into tensor<?x2x2x8xf32>
  %both = tensor.insert_slice %y1 into %one[0, 1, 0, 0] [%t, 1, 2, 8] [1, 1, 1, 1]
      : tensor<?x2x8xf32> into tensor<?x2x2x8xf32>
  %i = tensor.empty(%t) : tensor<?x2x8xf32>
  %sum = linalg.generic {indexing_maps = [#first, #second, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%both, %both : tensor<?x2x2x8xf32>, tensor<?x2x2x8xf32>) outs(%i : tensor<?x2x8xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %v = arith.addf %a, %b : f32
      linalg.yield %v : f32
    } -> tensor<?x2x8xf32>
  %last = arith.subi %t, %c1 : index
  %r = tensor.extract_slice %sum[%last, 0, 0] [1, 2, 8] [1, 1, 1]
      : tensor<?x2x8xf32> to tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}

// -----

// The product of all inputs is taken of one where the final state of the other direction is unused.
#in = affine_map<(t, b, h, k) -> (b, t, k)>
#w = affine_map<(t, b, h, k) -> (h, k)>
#out = affine_map<(t, b, h, k) -> (t, b, h)>

// CHECK-LABEL: func @concat_of_directions
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x9x8xf32>
// CHECK:         %[[STEP:.*]] = tensor.extract_slice %[[X]][0, 8, 0] [2, 1, 8]
// CHECK:         %[[P:.*]] = fovea.contract ins(%[[STEP]], %{{.*}} outs({{.*}} : tensor<1x2x8xf32>)
// CHECK:         %[[BEGIN:.*]], %{{.*}} = fovea.rnn %[[P]] init(%{{.*}}) reverse cell
// CHECK:         tensor.concat dim(2) %{{.*}}, %[[BEGIN]]
// CHECK-SAME:      (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x2x16xf32>
func.func @concat_of_directions(%x: tensor<2x9x8xf32>, %p: tensor<9x2x8xf32>, %w: tensor<8x8xf32>,
    %s: tensor<2x8xf32>) -> tensor<2x16xf32> {
  %e = tensor.empty() : tensor<9x2x8xf32>
  %q = fovea.contract ins(%x, %w : tensor<2x9x8xf32>, tensor<8x8xf32>)
      outs(%e : tensor<9x2x8xf32>) {indexing_maps = [#in, #w, #out]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<9x2x8xf32>
  %y0, %f0 = fovea.rnn %p init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %y1, %f1 = fovea.rnn %q init(%s) reverse cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.mulf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %both = tensor.concat dim(2) %y0, %y1
      : (tensor<9x2x8xf32>, tensor<9x2x8xf32>) -> tensor<9x2x16xf32>
  %r = tensor.extract_slice %both[8, 0, 0] [1, 2, 16] [1, 1, 1]
      : tensor<9x2x16xf32> to tensor<2x16xf32>
  return %r : tensor<2x16xf32>
}

// -----

// One behind the other, the sequences' ends are in the middle.
// CHECK-LABEL: func @do_not_read_one_step_of_steps_in_a_row
// CHECK:         %[[Y0:.*]], %{{.*}} = fovea.rnn
// CHECK:         %[[Y1:.*]], %{{.*}} = fovea.rnn
// CHECK:         %[[ALL:.*]] = tensor.concat dim(0) %[[Y0]], %[[Y1]]
// CHECK:         tensor.extract_slice %[[ALL]][8, 0, 0]
func.func @do_not_read_one_step_of_steps_in_a_row(%x: tensor<9x2x8xf32>, %s: tensor<2x8xf32>)
    -> tensor<2x8xf32> {
  %y0, %f0 = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %y1, %f1 = fovea.rnn %x init(%s) reverse cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.mulf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %all = tensor.concat dim(0) %y0, %y1
      : (tensor<9x2x8xf32>, tensor<9x2x8xf32>) -> tensor<18x2x8xf32>
  %r = tensor.extract_slice %all[8, 0, 0] [1, 2, 8] [1, 1, 1]
      : tensor<18x2x8xf32> to tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}

// -----

// A part of a longer sequence.
// CHECK-LABEL: func @do_not_read_one_step_of_a_part
// CHECK:         %[[Y:.*]], %{{.*}} = fovea.rnn
// CHECK:         %[[ALL:.*]] = tensor.insert_slice %[[Y]] into
// CHECK:         tensor.extract_slice %[[ALL]][8, 0, 0]
func.func @do_not_read_one_step_of_a_part(%x: tensor<9x2x8xf32>, %s: tensor<2x8xf32>,
    %long: tensor<12x2x8xf32>) -> tensor<2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<9x2x8xf32>, tensor<2x8xf32> -> tensor<9x2x8xf32>, tensor<2x8xf32>
  %all = tensor.insert_slice %y into %long[0, 0, 0] [9, 2, 8] [1, 1, 1]
      : tensor<9x2x8xf32> into tensor<12x2x8xf32>
  %r = tensor.extract_slice %all[8, 0, 0] [1, 2, 8] [1, 1, 1]
      : tensor<12x2x8xf32> to tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}
