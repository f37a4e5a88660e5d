// RUN: fovea-opt %s -split-input-file -verify-diagnostics -fovea-refuse-host-math

func.func private @fovea_math_f64(i64, f64, f64) -> f64

func.func @kernel_0_refuse_fmod(%x: f64, %y: memref<f64>) attributes {fovea_kernel.kernel} {
  %fmod = arith.constant 7 : i64
  // expected-error @below {{'fmod' of f64 has no form for a GPU}}
  %r = func.call @fovea_math_f64(%fmod, %x, %x) : (i64, f64, f64) -> f64
  memref.store %r, %y[] : memref<f64>
  return
}

// -----

func.func private @fovea_math_f64(i64, f64, f64) -> f64

func.func @kernel_0_refuse_a_number_that_is_not_constant(%n: i64, %x: f64)
    attributes {fovea_kernel.kernel} {
  // expected-error @below {{'an elementary function' of f64 has no form for a GPU}}
  %r = func.call @fovea_math_f64(%n, %x, %x) : (i64, f64, f64) -> f64
  return
}

// -----

func.func private @fovea_math_f64(i64, f64, f64) -> f64
func.func private @other(f64) -> f64

func.func @do_not_refuse_host_code(%x: f64) -> f64 {
  %exp = arith.constant 0 : i64
  %r = func.call @fovea_math_f64(%exp, %x, %x) : (i64, f64, f64) -> f64
  return %r : f64
}

func.func @do_not_refuse_other_calls(%x: f64) attributes {fovea_kernel.kernel} {
  %r = func.call @other(%x) : (f64) -> f64
  return
}
