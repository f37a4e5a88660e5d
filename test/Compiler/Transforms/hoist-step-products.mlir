// RUN: fovea-opt %s -fovea-hoist-step-products -mlir-print-local-scope | FileCheck %s

#a = affine_map<(b, n, k) -> (b, k)>
#w = affine_map<(b, n, k) -> (n, k)>
#n = affine_map<(b, n, k) -> (n)>
#o = affine_map<(b, n, k) -> (b, n)>

// Rows that have ended, and the order of steps, change nothing: a step of the product is one of x.
// CHECK-LABEL: func @product_of_x
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x?x8xf32>, %[[W:[a-z0-9]+]]: tensor<4x8xf32>
// CHECK:         %[[E:.*]] = tensor.empty(%{{.*}}, %{{.*}}) : tensor<?x?x4xf32>
// CHECK:         %[[P:.*]] = fovea.contract ins(%[[X]], %[[W]] : tensor<?x?x8xf32>
// CHECK-SAME:      captures(%{{.*}} : tensor<4xf32>) outs(%[[E]] :
// CHECK-SAME:      affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-SAME:      affine_map<(d0, d1, d2, d3) -> (d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d2)>
// CHECK-SAME:      affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK:           arith.addf
// CHECK:         fovea.rnn %[[X]] along(%[[P]] : tensor<?x?x4xf32>) init({{.*}}) lengths({{.*}})
// CHECK-SAME:      reverse cell
// CHECK-NEXT:    ^bb0(%{{.*}}: tensor<?x8xf32>, %[[PT:.*]]: tensor<?x4xf32>, %[[H:[a-z0-9]+]]:
// CHECK-NOT:       fovea.contract
// CHECK:           arith.addf %[[PT]], %[[H]] : tensor<?x4xf32>
func.func @product_of_x(%x: tensor<?x?x8xf32>, %w: tensor<4x8xf32>, %bias: tensor<4xf32>,
    %s: tensor<?x4xf32>, %lengths: tensor<?xi32>) -> tensor<?x?x4xf32> {
  %c0 = arith.constant 0 : index
  %y, %f = fovea.rnn %x init(%s) lengths(%lengths : tensor<?xi32>) reverse cell {
  ^bb0(%xt: tensor<?x8xf32>, %h: tensor<?x4xf32>):
    %rows = tensor.dim %h, %c0 : tensor<?x4xf32>
    %e = tensor.empty(%rows) : tensor<?x4xf32>
    %p = fovea.contract ins(%xt, %w : tensor<?x8xf32>, tensor<4x8xf32>)
        captures(%bias : tensor<4xf32>) outs(%e : tensor<?x4xf32>)
        {indexing_maps = [#a, #w, #n, #o]} epilogue {
        ^bb0(%sum: f32, %add: f32):
          %r = arith.addf %sum, %add : f32
          fovea.yield %r : f32
        } -> tensor<?x4xf32>
    %n = arith.addf %p, %h : tensor<?x4xf32>
    fovea.yield %n, %n : tensor<?x4xf32>, tensor<?x4xf32>
  } : tensor<?x?x8xf32>, tensor<?x4xf32> -> tensor<?x?x4xf32>, tensor<?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// The weight may be the left operand, and a capture a step itself.
// CHECK-LABEL: func @product_of_another_sequence
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<5x2x4xf32>, %[[A:[a-z0-9]+]]: tensor<5x2x8xf32>
// CHECK:         fovea.contract ins(%{{.*}}, %[[A]] : tensor<4x8xf32>, tensor<5x2x8xf32>)
// CHECK-SAME:      captures(%[[X]] : tensor<5x2x4xf32>)
// CHECK-SAME:      affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-SAME:      affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-SAME:      affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK:         fovea.rnn
func.func @product_of_another_sequence(%x: tensor<5x2x4xf32>, %a: tensor<5x2x8xf32>,
    %w: tensor<4x8xf32>) -> tensor<5x2x4xf32> {
  %y = fovea.rnn %x along(%a : tensor<5x2x8xf32>) cell {
  ^bb0(%xt: tensor<2x4xf32>, %at: tensor<2x8xf32>):
    %e = tensor.empty() : tensor<2x4xf32>
    %p = fovea.contract ins(%w, %at : tensor<4x8xf32>, tensor<2x8xf32>)
        captures(%xt : tensor<2x4xf32>) outs(%e : tensor<2x4xf32>)
        {indexing_maps = [#w, #a, #o, #o]} epilogue {
        ^bb0(%sum: f32, %add: f32):
          %r = arith.addf %sum, %add : f32
          fovea.yield %r : f32
        } -> tensor<2x4xf32>
    fovea.yield %p : tensor<2x4xf32>
  } : tensor<5x2x4xf32> -> tensor<5x2x4xf32>
  return %y : tensor<5x2x4xf32>
}

// CHECK-LABEL: func @do_not_hoist_what_hangs_on_the_state
// CHECK-NOT:     fovea.contract
// CHECK:         fovea.rnn
// CHECK:           fovea.contract ins(%{{.*}}, %{{.*}} : tensor<2x8xf32>, tensor<8x8xf32>)
// CHECK:           fovea.contract {{.*}} captures
func.func @do_not_hoist_what_hangs_on_the_state(%x: tensor<5x2x8xf32>, %w: tensor<8x8xf32>,
    %s: tensor<2x8xf32>) -> tensor<5x2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %e = tensor.empty() : tensor<2x8xf32>
    %in = arith.addf %xt, %h : tensor<2x8xf32>
    %p = fovea.contract ins(%in, %w : tensor<2x8xf32>, tensor<8x8xf32>)
        outs(%e : tensor<2x8xf32>) {indexing_maps = [#a, #w, #o]} epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<2x8xf32>
    %q = fovea.contract ins(%xt, %w : tensor<2x8xf32>, tensor<8x8xf32>)
        captures(%p : tensor<2x8xf32>) outs(%e : tensor<2x8xf32>)
        {indexing_maps = [#a, #w, #o, #o]} epilogue {
        ^bb0(%sum: f32, %add: f32):
          %r = arith.mulf %sum, %add : f32
          fovea.yield %r : f32
        } -> tensor<2x8xf32>
    fovea.yield %q, %q : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
  return %y : tensor<5x2x8xf32>
}

// CHECK-LABEL: func @do_not_hoist_a_weight_of_the_cell
// CHECK-NOT:     fovea.contract
// CHECK:         fovea.rnn
// CHECK:           fovea.contract ins
func.func @do_not_hoist_a_weight_of_the_cell(%x: tensor<5x2x8xf32>, %s: tensor<2x8xf32>)
    -> tensor<5x2x2xf32> {
  %y, %f = fovea.rnn %x init(%s) cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %e = tensor.empty() : tensor<2x2xf32>
    %p = fovea.contract ins(%xt, %h : tensor<2x8xf32>, tensor<2x8xf32>)
        outs(%e : tensor<2x2xf32>) {indexing_maps = [#a, #w, #o]} epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<2x2xf32>
    fovea.yield %p, %xt : tensor<2x2xf32>, tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x2xf32>, tensor<2x8xf32>
  return %y : tensor<5x2x2xf32>
}

// A sequence has its rows in front; what sums them up, or puts them elsewhere, is none.
// CHECK-LABEL: func @do_not_hoist_where_rows_are_not_in_front
// CHECK-NOT:     fovea.contract
// CHECK:         fovea.rnn
// CHECK:           fovea.contract ins
func.func @do_not_hoist_where_rows_are_not_in_front(%x: tensor<5x8x8xf32>, %w: tensor<8x8xf32>)
    -> tensor<5x8x8xf32> {
  %y = fovea.rnn %x cell {
  ^bb0(%xt: tensor<8x8xf32>):
    %e = tensor.empty() : tensor<8x8xf32>
    %p = fovea.contract ins(%xt, %w : tensor<8x8xf32>, tensor<8x8xf32>)
        outs(%e : tensor<8x8xf32>) {indexing_maps = [#a, #w, affine_map<(b, n, k) -> (n, b)>]}
        epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<8x8xf32>
    fovea.yield %p : tensor<8x8xf32>
  } : tensor<5x8x8xf32> -> tensor<5x8x8xf32>
  return %y : tensor<5x8x8xf32>
}

// In front of the check, the product might read past the end of x.
// CHECK-LABEL: func @do_not_hoist_past_a_check
// CHECK-NOT:     fovea.contract
// CHECK:         fovea.rnn
// CHECK:           fovea.require
// CHECK:           fovea.contract ins
func.func @do_not_hoist_past_a_check(%x: tensor<5x2x?xf32>, %w: tensor<4x?xf32>)
    -> tensor<5x2x4xf32> {
  %c1 = arith.constant 1 : index
  %y = fovea.rnn %x cell {
  ^bb0(%xt: tensor<2x?xf32>):
    %k = tensor.dim %xt, %c1 : tensor<2x?xf32>
    %wk = tensor.dim %w, %c1 : tensor<4x?xf32>
    %same = arith.cmpi eq, %k, %wk : index
    fovea.require %same, %k, %wk fault shape node "product"
    %e = tensor.empty() : tensor<2x4xf32>
    %p = fovea.contract ins(%xt, %w : tensor<2x?xf32>, tensor<4x?xf32>)
        outs(%e : tensor<2x4xf32>) {indexing_maps = [#a, #w, #o]} epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<2x4xf32>
    fovea.yield %p : tensor<2x4xf32>
  } : tensor<5x2x?xf32> -> tensor<5x2x4xf32>
  return %y : tensor<5x2x4xf32>
}

// CHECK-LABEL: func @do_not_hoist_a_product_with_a_schedule
// CHECK-NOT:     fovea.contract
// CHECK:         fovea.rnn
// CHECK:           fovea.contract ins
func.func @do_not_hoist_a_product_with_a_schedule(%x: tensor<5x2x8xf32>, %w: tensor<4x8xf32>)
    -> tensor<5x2x4xf32> {
  %y = fovea.rnn %x cell {
  ^bb0(%xt: tensor<2x8xf32>):
    %e = tensor.empty() : tensor<2x4xf32>
    %p = fovea.contract ins(%xt, %w : tensor<2x8xf32>, tensor<4x8xf32>)
        outs(%e : tensor<2x4xf32>)
        {indexing_maps = [#a, #w, #o], schedule = #fovea.schedule<tiles = [2, 16]>} epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<2x4xf32>
    fovea.yield %p : tensor<2x4xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x4xf32>
  return %y : tensor<5x2x4xf32>
}
