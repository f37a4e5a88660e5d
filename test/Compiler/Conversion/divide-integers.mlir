// RUN: fovea-opt %s -fovea-divide-integers | FileCheck %s

gpu.module @device {
  // In 32 bits, or else bit by bit.
  // CHECK-LABEL: gpu.func @quotient
  // CHECK-NOT:     arith.divui %{{.*}} : {{index|i64}}
  // CHECK:         scf.if
  // CHECK:           arith.divui %{{.*}} : i32
  // CHECK:         else
  // CHECK:           scf.for
  // CHECK-NOT:     arith.divui
  // CHECK:         gpu.return
  gpu.func @quotient(%a: index, %b: index, %to: memref<index>) kernel {
    %q = arith.divui %a, %b : index
    memref.store %q, %to[] : memref<index>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @quotient_and_remainder_are_one
  // CHECK-COUNT-1: scf.if
  // CHECK-NOT:     scf.if
  // CHECK-NOT:     arith.remui
  // CHECK:         gpu.return
  gpu.func @quotient_and_remainder_are_one(%a: index, %b: index, %to: memref<2xindex>) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %r = arith.remui %a, %b : index
    %q = arith.divui %a, %b : index
    memref.store %q, %to[%c0] : memref<2xindex>
    memref.store %r, %to[%c1] : memref<2xindex>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @signed_quotient
  // CHECK-NOT:     arith.divsi
  // CHECK:         arith.divui %{{.*}} : i32
  // CHECK-NOT:     arith.divsi
  // CHECK:         gpu.return
  gpu.func @signed_quotient(%a: i64, %b: i64, %to: memref<i64>) kernel {
    %q = arith.divsi %a, %b : i64
    memref.store %q, %to[] : memref<i64>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @quotients_that_are_rounded
  // CHECK-NOT:     arith.{{floor|ceil}}
  // CHECK-NOT:     arith.divsi
  // CHECK:         arith.divui %{{.*}} : i32
  // CHECK-NOT:     arith.divsi
  // CHECK:         gpu.return
  gpu.func @quotients_that_are_rounded(%a: index, %b: index, %to: memref<2xindex>) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %down = arith.floordivsi %a, %b : index
    %up = arith.ceildivsi %a, %b : index
    memref.store %down, %to[%c0] : memref<2xindex>
    memref.store %up, %to[%c1] : memref<2xindex>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @do_not_touch_constant_divisors
  // CHECK:         arith.divui %{{.*}} : index
  // CHECK:         arith.remsi %{{.*}} : i64
  gpu.func @do_not_touch_constant_divisors(%a: index, %b: i64, %to: memref<index>,
                                           %rest: memref<i64>) kernel {
    %c7 = arith.constant 7 : index
    %seven = arith.constant 7 : i64
    %q = arith.divui %a, %c7 : index
    %r = arith.remsi %b, %seven : i64
    memref.store %q, %to[] : memref<index>
    memref.store %r, %rest[] : memref<i64>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @do_not_touch_32_bits
  // CHECK:         arith.divsi %{{.*}} : i32
  gpu.func @do_not_touch_32_bits(%a: i32, %b: i32, %to: memref<i32>) kernel {
    %q = arith.divsi %a, %b : i32
    memref.store %q, %to[] : memref<i32>
    gpu.return
  }
}
