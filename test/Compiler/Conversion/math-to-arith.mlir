// RUN: fovea-opt %s -fovea-math-to-arith | FileCheck %s

// CHECK:       func.func private @fovea_math_f64(i64, f64, f64) -> f64

// The same arithmetic in every shape, with constants of that shape.
// CHECK-LABEL: func @keep_the_shape
// CHECK-NOT:     math.exp
// CHECK:         arith.constant dense<{{.*}}> : vector<3xf32>
// CHECK:         arith.shli %{{.*}} : vector<3xi32>
// CHECK-NOT:     vector.
func.func @keep_the_shape(%x: vector<3xf32>) -> vector<3xf32> {
  %r = math.exp %x : vector<3xf32>
  return %r : vector<3xf32>
}

// CHECK-LABEL: func @compute_half_in_single
// CHECK:         arith.extf %{{.*}} : vector<8xf16> to vector<8xf32>
// CHECK-NOT:     math.tanh
// CHECK:         %[[R:.*]] = arith.truncf %{{.*}} : vector<8xf32> to vector<8xf16>
// CHECK:         return %[[R]]
func.func @compute_half_in_single(%x: vector<8xf16>) -> vector<8xf16> {
  %r = math.tanh %x : vector<8xf16>
  return %r : vector<8xf16>
}

// 2^-64 belongs to the steps for subnormal results.
// CHECK-LABEL: func @handle_subnormal_results
// CHECK:         arith.constant 5.42101086E-20 : f32
func.func @handle_subnormal_results(%x: f32) -> f32 {
  %r = math.exp %x : f32
  return %r : f32
}

// CHECK-LABEL: func @omit_subnormal_results_in_sigmoid
// CHECK-NOT:     5.42101086E-20
// CHECK:         arith.divf
func.func @omit_subnormal_results_in_sigmoid(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %n = arith.negf %x : f32
  %e = math.exp %n : f32
  %d = arith.addf %one, %e : f32
  %r = arith.divf %one, %d : f32
  return %r : f32
}

// CHECK-LABEL: func @do_not_omit_subnormal_results_seen_elsewhere
// CHECK:         5.42101086E-20
func.func @do_not_omit_subnormal_results_seen_elsewhere(%x: f32) -> (f32, f32) {
  %one = arith.constant 1.0 : f32
  %e = math.exp %x : f32
  %d = arith.addf %one, %e : f32
  return %d, %e : f32, f32
}

// CHECK-LABEL: func @multiply_for_small_powers
// CHECK-SAME:    (%[[X:.*]]: vector<4xf32>)
// CHECK:         %[[S:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK:         %[[R:.*]] = arith.mulf %[[X]], %[[S]]
// CHECK:         return %[[R]]
func.func @multiply_for_small_powers(%x: vector<4xf32>) -> vector<4xf32> {
  %three = arith.constant dense<3.0> : vector<4xf32>
  %r = math.powf %x, %three : vector<4xf32>
  return %r : vector<4xf32>
}

// CHECK-LABEL: func @call_host_for_double
// CHECK-SAME:    (%[[X:.*]]: f64)
// CHECK:         %[[TANH:.*]] = arith.constant 4 : i64
// CHECK:         %[[R:.*]] = call @fovea_math_f64(%[[TANH]], %[[X]], %[[X]])
// CHECK:         return %[[R]]
func.func @call_host_for_double(%x: f64) -> f64 {
  %r = math.tanh %x : f64
  return %r : f64
}

// CHECK-LABEL: func @call_host_for_each_lane
// CHECK-COUNT-2: call @fovea_math_f64
// CHECK-NOT:     call
func.func @call_host_for_each_lane(%x: vector<2xf64>, %y: vector<2xf64>) -> vector<2xf64> {
  %r = arith.remf %x, %y : vector<2xf64>
  return %r : vector<2xf64>
}

// CHECK-LABEL: func @do_not_touch_instructions
// CHECK:         math.sqrt %{{.*}} : vector<16xf32>
// CHECK-NEXT:    math.floor
// CHECK-NEXT:    math.absf
// CHECK-NEXT:    math.fma
// CHECK-NEXT:    return
func.func @do_not_touch_instructions(%x: vector<16xf32>) -> vector<16xf32> {
  %a = math.sqrt %x : vector<16xf32>
  %b = math.floor %a : vector<16xf32>
  %c = math.absf %b : vector<16xf32>
  %r = math.fma %a, %b, %c : vector<16xf32>
  return %r : vector<16xf32>
}

// CHECK-LABEL: func @do_not_touch_tensors
// CHECK:         math.exp
func.func @do_not_touch_tensors(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = math.exp %x : tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @do_not_touch_other_floats
// CHECK:         math.exp %{{.*}} : f80
func.func @do_not_touch_other_floats(%x: f80) -> f80 {
  %r = math.exp %x : f80
  return %r : f80
}

// CHECK-LABEL: func @do_not_call_host_for_unknown_lanes
// CHECK:         math.log %{{.*}} : vector<[2]xf64>
func.func @do_not_call_host_for_unknown_lanes(%x: vector<[2]xf64>) -> vector<[2]xf64> {
  %r = math.log %x : vector<[2]xf64>
  return %r : vector<[2]xf64>
}
