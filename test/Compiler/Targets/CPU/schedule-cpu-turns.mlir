// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s
//
// Of few rows tasks are taken backwards in every second step: what is read first then is in cache.

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func private @few_rows
// CHECK-SAME:    fovea_kernel.in_turns = array<i64: -1, 8>
func.func private @few_rows(%a: memref<8x8xf32>, %b: memref<8x32xf32>, %c: memref<8x32xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<8x8xf32>, memref<8x32xf32>) outs(%c : memref<8x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// The run decides by the rows of the output, argument 2.
// CHECK-LABEL: func private @rows_of_the_run
// CHECK-SAME:    fovea_kernel.in_turns = array<i64: 2, 8>
func.func private @rows_of_the_run(%a: memref<?x8xf32>, %b: memref<8x32xf32>,
    %c: memref<?x32xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<?x8xf32>, memref<8x32xf32>) outs(%c : memref<?x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// By its state, argument 0.
// CHECK-LABEL: func private @gates_of_rows_of_the_run
// CHECK-SAME:    fovea_kernel.in_turns = array<i64: 0, 8>
func.func private @gates_of_rows_of_the_run(%h: memref<?x6xf32>, %w: memref<1x12x16xf32>,
    %o: memref<?x6xf32>) attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<?x6xf32>, memref<1x12x16xf32>) outs(%o : memref<?x6xf32>)
      {capture_maps = [], panels = 16 : i64} cell {
      ^bb0(%s0: f32, %s1: f32):
        %p = arith.mulf %s0, %s1 : f32
        fovea.yield %p : f32
      }
  return
}

// CHECK-LABEL: func private @do_not_turn_with_many_rows
// CHECK-NOT:     in_turns
func.func private @do_not_turn_with_many_rows(%a: memref<9x8xf32>, %b: memref<8x32xf32>,
    %c: memref<9x32xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<9x8xf32>, memref<8x32xf32>) outs(%c : memref<9x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}
