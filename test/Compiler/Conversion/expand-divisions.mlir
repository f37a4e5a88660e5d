// RUN: fovea-opt %s -fovea-expand-divisions -canonicalize | FileCheck %s

gpu.module @device {
  // Two approximations of the quotient, corrected by two remainders.
  // CHECK-LABEL: gpu.func @quotient
  // CHECK-NOT:     arith.divf
  // CHECK:         fovea_warp.approx rcp
  // CHECK-COUNT-6: math.fma
  // CHECK-NOT:     math.fma
  // CHECK:         arith.select
  gpu.func @quotient(%a: f32, %b: f32, %to: memref<f32>) kernel {
    %q = arith.divf %a, %b : f32
    memref.store %q, %to[] : memref<f32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @root
  // CHECK-NOT:     math.sqrt
  // CHECK:         fovea_warp.approx rsqrt
  // CHECK-NOT:     math.sqrt
  // CHECK:         gpu.return
  gpu.func @root(%a: f32, %to: memref<f32>) kernel {
    %root = math.sqrt %a : f32
    memref.store %root, %to[] : memref<f32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @quotient_of_f64
  // CHECK-NOT:     arith.divf
  // CHECK:         fovea_warp.approx rcp %{{.*}} : f32
  // CHECK-NOT:     arith.divf
  // CHECK:         gpu.return
  gpu.func @quotient_of_f64(%a: f64, %b: f64, %to: memref<f64>) kernel {
    %q = arith.divf %a, %b : f64
    memref.store %q, %to[] : memref<f64>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @short_quotient
  // CHECK-COUNT-2: arith.extf
  // CHECK:         fovea_warp.approx rcp
  // CHECK:         arith.truncf
  gpu.func @short_quotient(%a: bf16, %b: bf16, %to: memref<bf16>) kernel {
    %q = arith.divf %a, %b : bf16
    memref.store %q, %to[] : memref<bf16>
    gpu.return
  }

  // The reciprocal is known: nothing is approximated.
  // CHECK-LABEL: gpu.func @third
  // CHECK-NOT:     fovea_warp.approx
  // CHECK-COUNT-4: math.fma
  // CHECK-NOT:     math.fma
  // CHECK:         gpu.return
  gpu.func @third(%a: f32, %to: memref<f32>) kernel {
    %three = arith.constant 3.0 : f32
    %q = arith.divf %a, %three : f32
    memref.store %q, %to[] : memref<f32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @eighth
  // CHECK:         %[[EIGHTH:.*]] = arith.constant 1.250000e-01 : f32
  // CHECK:         arith.mulf %{{.*}}, %[[EIGHTH]] : f32
  // CHECK-NOT:     math.fma
  // CHECK:         gpu.return
  gpu.func @eighth(%a: f32, %to: memref<f32>) kernel {
    %eight = arith.constant 8.0 : f32
    %q = arith.divf %a, %eight : f32
    memref.store %q, %to[] : memref<f32>
    gpu.return
  }

  // No exponents are asked about.
  // CHECK-LABEL: gpu.func @regular
  // CHECK-NOT:     arith.bitcast
  // CHECK:         fovea_warp.approx rcp
  // CHECK-COUNT-2: math.fma
  // CHECK-NOT:     math.fma
  // CHECK:         gpu.return
  gpu.func @regular(%b: f32, %to: memref<f32>) kernel {
    %one = arith.constant 1.0 : f32
    %q = arith.divf %one, %b {fovea.regular_divisor} : f32
    memref.store %q, %to[] : memref<f32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @do_not_expand_vectors
  // CHECK:         arith.divf
  gpu.func @do_not_expand_vectors(%a: vector<2xf32>, %to: memref<vector<2xf32>>) kernel {
    %q = arith.divf %a, %a : vector<2xf32>
    memref.store %q, %to[] : memref<vector<2xf32>>
    gpu.return
  }
}
