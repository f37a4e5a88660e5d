// RUN: fovea-opt %s -fovea-outline-tasks -verify-diagnostics

// expected-error @+1 {{expected a kernel scheduled as one fovea_kernel.parallel}}
func.func private @kernel_without_schedule(%a: memref<4xf32>) attributes {fovea_kernel.kernel} {
  linalg.exp ins(%a : memref<4xf32>) outs(%a : memref<4xf32>)
  return
}
