// RUN: fovea-opt %s | fovea-opt | FileCheck %s

!states = memref<4xi64, #gpu.address_space<workgroup>>

// CHECK-LABEL: func @barriers
func.func @barriers(%s: !states, %i: index, %count: i32, %parity: i32) -> i1 {
  // CHECK: fovea_warp.mbarrier_init %[[S:.*]][%[[I:.*]]], %{{.*}} : memref<4xi64,
  fovea_warp.mbarrier_init %s[%i], %count : !states
  // CHECK: fovea_warp.mbarrier_arrive %[[S]][%[[I]]] : memref<4xi64,
  fovea_warp.mbarrier_arrive %s[%i] : !states
  // CHECK: fovea_warp.mbarrier_arrive_copies %[[S]][%[[I]]] : memref<4xi64,
  fovea_warp.mbarrier_arrive_copies %s[%i] : !states
  // CHECK: %[[DONE:.*]] = fovea_warp.mbarrier_try_wait %[[S]][%[[I]]] parity %{{.*}} : memref
  %done = fovea_warp.mbarrier_try_wait %s[%i] parity %parity : !states
  // CHECK: return %[[DONE]]
  return %done : i1
}
