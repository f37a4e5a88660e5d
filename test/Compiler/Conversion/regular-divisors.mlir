// Divisions whose divisors lie in [1, inf] say so, for targets whose divisions are long.
// RUN: fovea-opt %s -fovea-math-to-arith | FileCheck %s

// CHECK-LABEL: func @sigmoid
// CHECK:         arith.divf %{{.*}}, %{{.*}} {fovea.regular_divisor} : f32
func.func @sigmoid(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %minus = arith.negf %x : f32
  %e = math.exp %minus : f32
  %sum = arith.addf %e, %one : f32
  %y = arith.divf %one, %sum : f32
  return %y : f32
}

// CHECK-LABEL: func @tanh
// CHECK:         arith.divf %{{.*}}, %{{.*}} {fovea.regular_divisor} : f32
func.func @tanh(%x: f32) -> f32 {
  %y = math.tanh %x : f32
  return %y : f32
}

// The dividend may be infinite, and the quotient normal where the reciprocal is not.
// CHECK-LABEL: func @do_not_mark_division_of_a_variable
// CHECK-NOT:     fovea.regular_divisor
func.func @do_not_mark_division_of_a_variable(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %minus = arith.negf %x : f32
  %e = math.exp %minus : f32
  %sum = arith.addf %e, %one : f32
  %y = arith.divf %x, %sum : f32
  return %y : f32
}

// CHECK-LABEL: func @do_not_mark_division_by_small_sum
// CHECK-NOT:     fovea.regular_divisor
func.func @do_not_mark_division_by_small_sum(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %little = arith.constant 0.5 : f32
  %e = math.exp %x : f32
  %sum = arith.addf %e, %little : f32
  %y = arith.divf %one, %sum : f32
  return %y : f32
}

// CHECK-LABEL: func @do_not_mark_division_of_the_sum
// CHECK-NOT:     fovea.regular_divisor
func.func @do_not_mark_division_of_the_sum(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %e = math.exp %x : f32
  %sum = arith.addf %e, %one : f32
  %y = arith.divf %sum, %one : f32
  return %y : f32
}
