// RUN: fovea-opt %s -fovea-count-while | FileCheck %s

// The bound is the loop's; the rest of the condition ends it.
// CHECK-LABEL: func @bound_and_condition
// CHECK-SAME:    %[[X:.*]]: tensor<8xi64>
// CHECK:         %[[MOST:.*]] = arith.constant 5 : index
// CHECK:         %[[R:.*]]:2 = scf.for %[[I:.*]] = %{{.*}} to %[[MOST]] step
// CHECK-SAME:        iter_args(%{{.*}}, %[[V:.*]] = %[[X]])
// CHECK:           %[[E:.*]] = tensor.extract %[[V]][%[[I]]]
// CHECK:           %[[GO:.*]] = arith.cmpi ne, %[[E]]
// CHECK-NEXT:      fovea.proceed_if %[[GO]]
// CHECK:           tensor.insert %{{.*}} into %[[V]][%[[I]]]
// CHECK:           arith.addi %[[I]]
// CHECK:         return %[[R]]#1
func.func @bound_and_condition(%x: tensor<8xi64>, %end: i64) -> tensor<8xi64> {
  %c0 = arith.constant 0 : index
  %r:2 = scf.while (%i = %c0, %v = %x) : (index, tensor<8xi64>) -> (index, tensor<8xi64>) {
    %most = arith.constant 5 : index
    %few = arith.cmpi slt, %i, %most : index
    %e = tensor.extract %v[%i] : tensor<8xi64>
    %is = arith.cmpi ne, %e, %end : i64
    %go = arith.andi %few, %is : i1
    scf.condition(%go) %i, %v : index, tensor<8xi64>
  } do {
  ^bb0(%i: index, %v: tensor<8xi64>):
    %c1 = arith.constant 1 : index
    %w = tensor.insert %end into %v[%i] : tensor<8xi64>
    %j = arith.addi %i, %c1 : index
    scf.yield %j, %w : index, tensor<8xi64>
  }
  return %r#1 : tensor<8xi64>
}

// CHECK-LABEL: func @bound_alone
// CHECK-SAME:    %[[N:.*]]: i64
// CHECK:         %[[LOW:.*]] = arith.index_cast %{{.*}} : i64 to index
// CHECK:         %[[HIGH:.*]] = arith.index_cast %[[N]] : i64 to index
// CHECK:         scf.for %{{.*}} = %[[LOW]] to %[[HIGH]]
// CHECK-NOT:     fovea.proceed_if
// CHECK:         return
func.func @bound_alone(%n: i64, %x: f32) -> f32 {
  %c2 = arith.constant 2 : i64
  %c1 = arith.constant 1 : i64
  %r:2 = scf.while (%i = %c2, %v = %x) : (i64, f32) -> (i64, f32) {
    %few = arith.cmpi sgt, %n, %i : i64
    scf.condition(%few) %i, %v : i64, f32
  } do {
  ^bb0(%i: i64, %v: f32):
    %w = arith.addf %v, %v : f32
    %j = arith.addi %i, %c1 : i64
    scf.yield %j, %w : i64, f32
  }
  return %r#1 : f32
}

// A loop of a single step would be taken apart, with its end.
// CHECK-LABEL: func @keep_a_bound_of_one_step_in_the_condition
// CHECK:         %[[MOST:.*]] = arith.constant 9223372036854775807 : index
// CHECK:         scf.for %[[I:.*]] = %{{.*}} to %[[MOST]]
// CHECK:           arith.cmpi slt, %[[I]], %{{.*}}
// CHECK:           arith.andi
// CHECK-NEXT:      fovea.proceed_if
func.func @keep_a_bound_of_one_step_in_the_condition(%on: i1) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.while (%i = %c0) : (index) -> index {
    %few = arith.cmpi slt, %i, %c1 : index
    %go = arith.andi %on, %few : i1
    scf.condition(%go) %i : index
  } do {
  ^bb0(%i: index):
    %j = arith.addi %i, %c1 : index
    scf.yield %j : index
  }
  return %r : index
}

// Without signs the bound may be past the largest that has one; a narrow counter may wrap around.
// CHECK-LABEL: func @do_not_count_by_unsigned_or_narrow_counters
// CHECK:         scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[I:[a-z0-9]+]] =
// CHECK:           arith.cmpi ult, %[[I]], %{{.*}}
// CHECK:           fovea.proceed_if
func.func @do_not_count_by_unsigned_or_narrow_counters(%n: i32) -> i32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = scf.while (%i = %c0) : (i32) -> i32 {
    %few = arith.cmpi ult, %i, %n : i32
    scf.condition(%few) %i : i32
  } do {
  ^bb0(%i: i32):
    %j = arith.addi %i, %c1 : i32
    scf.yield %j : i32
  }
  return %r : i32
}

// Once in front, then at the end of each step; the answer is carried.
// CHECK-LABEL: func @compute_before_it_asks
// CHECK:         %[[FIRST:.*]] = linalg.exp
// CHECK:         %[[E:.*]] = tensor.extract %[[FIRST]]
// CHECK:         %[[GO:.*]] = arith.cmpf olt, %[[E]]
// CHECK:         %[[R:.*]]:2 = scf.for
// CHECK-SAME:        iter_args(%[[ON:.*]] = %[[GO]], %[[V:.*]] = %[[FIRST]])
// CHECK:           fovea.proceed_if %[[ON]]
// CHECK:           %[[W:.*]] = linalg.tanh ins(%[[V]]
// CHECK:           %[[THEN:.*]] = linalg.exp ins(%[[W]]
// CHECK:           %[[AGAIN:.*]] = arith.cmpf olt
// CHECK:           scf.yield %[[AGAIN]], %[[THEN]]
// CHECK:         return %[[R]]#1
func.func @compute_before_it_asks(%x: tensor<4xf32>, %limit: f32) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %r = scf.while (%v = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    %w = linalg.exp ins(%v : tensor<4xf32>) outs(%v : tensor<4xf32>) -> tensor<4xf32>
    %e = tensor.extract %w[%c0] : tensor<4xf32>
    %go = arith.cmpf olt, %e, %limit : f32
    scf.condition(%go) %w : tensor<4xf32>
  } do {
  ^bb0(%v: tensor<4xf32>):
    %w = linalg.tanh ins(%v : tensor<4xf32>) outs(%v : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %w : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
