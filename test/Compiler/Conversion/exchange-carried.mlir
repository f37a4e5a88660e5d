// RUN: fovea-opt %s -split-input-file -fovea-exchange-carried | FileCheck %s

// CHECK-LABEL: func @take_turns
// CHECK-SAME:    %[[H:[a-z0-9]+]]: memref<?x8xf32>
// CHECK:         %[[OTHER:.*]] = memref.alloc(%{{.*}})
// CHECK:         %[[R:.*]]:2 = scf.for
// CHECK-SAME:        iter_args(%[[NOW:.*]] = %[[H]], %[[THEN:.*]] = %[[OTHER]])
// CHECK-NOT:       memref.alloc
// CHECK:           linalg.exp ins(%[[NOW]] : {{.*}} outs(%[[THEN]] :
// CHECK-NOT:       memref.copy
// CHECK:           scf.yield %[[THEN]], %[[NOW]]
// CHECK:         memref.copy %[[R]]#0, %[[H]]
func.func @take_turns(%h: memref<?x8xf32>, %t: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = memref.dim %h, %c0 : memref<?x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %n = memref.alloc(%m) : memref<?x8xf32>
    linalg.exp ins(%h : memref<?x8xf32>) outs(%n : memref<?x8xf32>)
    memref.copy %n, %h : memref<?x8xf32> to memref<?x8xf32>
  }
  return
}

// -----

// Each buffer with its own partner.
// CHECK-LABEL: func @take_turns_twice
// CHECK:         %[[A:.*]] = memref.alloc()
// CHECK:         %[[B:.*]] = memref.alloc()
// CHECK:         %[[R:.*]]:4 = scf.for
// CHECK-SAME:    iter_args(%[[A0:[a-z0-9]+]] = %[[A]], %[[A1:[a-z0-9]+]] = %{{[a-z0-9_]+}},
// CHECK-SAME:        %[[B0:[a-z0-9]+]] = %[[B]], %[[B1:[a-z0-9]+]] = %{{.*}})
// CHECK:           linalg.exp ins(%[[B0]] : {{.*}} outs(%[[A1]] :
// CHECK:           linalg.tanh ins(%[[A0]] : {{.*}} outs(%[[B1]] :
// CHECK:           scf.yield %[[A1]], %[[A0]], %[[B1]], %[[B0]]
// CHECK-DAG:     memref.copy %[[R]]#0, %[[A]]
// CHECK-DAG:     memref.copy %[[R]]#2, %[[B]]
func.func @take_turns_twice(%t: index) -> (memref<8xf32>, memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %u = memref.alloc() : memref<8xf32>
    %v = memref.alloc() : memref<8xf32>
    linalg.exp ins(%b : memref<8xf32>) outs(%u : memref<8xf32>)
    linalg.tanh ins(%a : memref<8xf32>) outs(%v : memref<8xf32>)
    memref.copy %u, %a : memref<8xf32> to memref<8xf32>
    memref.copy %v, %b : memref<8xf32> to memref<8xf32>
  }
  return %a, %b : memref<8xf32>, memref<8xf32>
}

// -----

// CHECK-LABEL: func @do_not_exchange_what_is_read_behind_the_copy
// CHECK:         scf.for
// CHECK-NOT:       iter_args
// CHECK:           memref.copy
// CHECK-NEXT:      linalg.exp
func.func @do_not_exchange_what_is_read_behind_the_copy(%h: memref<8xf32>, %y: memref<8xf32>,
    %t: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %t step %c1 {
    %n = memref.alloc() : memref<8xf32>
    linalg.tanh ins(%h : memref<8xf32>) outs(%n : memref<8xf32>)
    memref.copy %n, %h : memref<8xf32> to memref<8xf32>
    linalg.exp ins(%h : memref<8xf32>) outs(%y : memref<8xf32>)
  }
  return
}

// -----

// CHECK-LABEL: func @do_not_exchange_what_is_written_behind_the_copy
// CHECK:         scf.for
// CHECK:           memref.copy
// CHECK-NEXT:      linalg.exp
func.func @do_not_exchange_what_is_written_behind_the_copy(%h: memref<8xf32>, %x: memref<8xf32>,
    %t: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %t step %c1 {
    %n = memref.alloc() : memref<8xf32>
    linalg.tanh ins(%h : memref<8xf32>) outs(%n : memref<8xf32>)
    memref.copy %n, %h : memref<8xf32> to memref<8xf32>
    linalg.exp ins(%x : memref<8xf32>) outs(%n : memref<8xf32>)
  }
  return
}

// -----

// The view of before the loop would stay with one of the two.
// CHECK-LABEL: func @do_not_exchange_what_is_read_through_another_view
// CHECK:         memref.subview
// CHECK:         scf.for
// CHECK:           memref.alloc
// CHECK:           memref.copy
func.func @do_not_exchange_what_is_read_through_another_view(%t: index) -> memref<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %h = memref.alloc() : memref<8xf32>
  %part = memref.subview %h[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
  scf.for %i = %c0 to %t step %c1 {
    %n = memref.alloc() : memref<8xf32>
    %low = memref.subview %n[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
    linalg.tanh ins(%h : memref<8xf32>) outs(%n : memref<8xf32>)
    linalg.exp ins(%part : memref<4xf32, strided<[1]>>) outs(%low : memref<4xf32, strided<[1]>>)
    memref.copy %n, %h : memref<8xf32> to memref<8xf32>
  }
  return %h : memref<8xf32>
}

// -----

// CHECK-LABEL: func @do_not_exchange_under_a_condition
// CHECK:         scf.for
// CHECK:           scf.if
// CHECK:             memref.copy
func.func @do_not_exchange_under_a_condition(%h: memref<8xf32>, %on: i1, %t: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %t step %c1 {
    %n = memref.alloc() : memref<8xf32>
    linalg.tanh ins(%h : memref<8xf32>) outs(%n : memref<8xf32>)
    scf.if %on {
      memref.copy %n, %h : memref<8xf32> to memref<8xf32>
    }
  }
  return
}

// -----

// What is copied between two buffers reshaped alike are the buffers.
// CHECK-LABEL: func @take_turns_behind_reshapes
// CHECK-SAME:    %[[H:[a-z0-9]+]]: memref<1x8xf32>
// CHECK:         scf.for {{.*}} iter_args(%[[NOW:.*]] = %[[H]], %[[THEN:.*]] = %{{.*}})
// CHECK:           linalg.exp ins(%[[NOW]] : {{.*}} outs(%[[THEN]] :
// CHECK-NOT:       memref.copy
// CHECK:           scf.yield %[[THEN]], %[[NOW]]
func.func @take_turns_behind_reshapes(%h: memref<1x8xf32>, %t: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %wide = memref.expand_shape %h [[0, 1], [2]] output_shape [1, 1, 8]
      : memref<1x8xf32> into memref<1x1x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %n = memref.alloc() : memref<1x8xf32>
    linalg.exp ins(%h : memref<1x8xf32>) outs(%n : memref<1x8xf32>)
    %new = memref.expand_shape %n [[0, 1], [2]] output_shape [1, 1, 8]
        : memref<1x8xf32> into memref<1x1x8xf32>
    memref.copy %new, %wide : memref<1x1x8xf32> to memref<1x1x8xf32>
  }
  return
}
