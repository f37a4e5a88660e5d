// RUN: fovea-opt %s -fovea-expand-host-math | FileCheck %s

func.func private @fovea_math_f64(i64, f64, f64) -> f64

// CHECK-LABEL: func @exponential
// CHECK-NOT:     call
// CHECK:         math.fma
// CHECK-NOT:     call
// CHECK:         return
func.func @exponential(%x: f64) -> f64 {
  %exp = arith.constant 0 : i64
  %r = func.call @fovea_math_f64(%exp, %x, %x) : (i64, f64, f64) -> f64
  return %r : f64
}

// CHECK-LABEL: func @power
// CHECK-NOT:     call
// CHECK:         return
func.func @power(%x: f64, %y: f64) -> f64 {
  %pow = arith.constant 6 : i64
  %r = func.call @fovea_math_f64(%pow, %x, %y) : (i64, f64, f64) -> f64
  return %r : f64
}

// Beyond 1 by e^(-x^2), of which a call is made and expanded, too.
// CHECK-LABEL: func @error_function
// CHECK-NOT:     call
// CHECK:         return
func.func @error_function(%x: f64) -> f64 {
  %erf = arith.constant 5 : i64
  %r = func.call @fovea_math_f64(%erf, %x, %x) : (i64, f64, f64) -> f64
  return %r : f64
}

// CHECK-LABEL: func @do_not_expand_fmod
// CHECK:         call @fovea_math_f64
func.func @do_not_expand_fmod(%x: f64, %y: f64) -> f64 {
  %fmod = arith.constant 7 : i64
  %r = func.call @fovea_math_f64(%fmod, %x, %y) : (i64, f64, f64) -> f64
  return %r : f64
}

// CHECK-LABEL: func @do_not_expand_what_is_not_constant
// CHECK:         call @fovea_math_f64
func.func @do_not_expand_what_is_not_constant(%n: i64, %x: f64) -> f64 {
  %r = func.call @fovea_math_f64(%n, %x, %x) : (i64, f64, f64) -> f64
  return %r : f64
}
