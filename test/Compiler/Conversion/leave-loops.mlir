// RUN: fovea-opt %s -convert-scf-to-cf -fovea-leave-loops | FileCheck %s
// RUN: not fovea-opt %s -fovea-leave-loops 2>&1 | FileCheck %s --check-prefix=LOOP

// What the loop gives are the arguments of the block that counts; an inner loop has its own.
// LOOP:        'fovea_kernel.leave_unless' op expected the number of a loop that is blocks
// CHECK-LABEL: func @leave_the_loop_that_counts
// CHECK:         cf.br ^[[COUNTS:bb[0-9]+]](
// CHECK:       ^[[COUNTS]](%{{.*}}: index, %[[V:.*]]: f32):
// CHECK:         cf.cond_br %{{.*}}, ^[[BODY:bb[0-9]+]], ^[[END:bb[0-9]+]]
// CHECK:       ^[[BODY]]:
// CHECK:         %[[GO:.*]] = arith.cmpf olt, %[[V]]
// CHECK-NEXT:    cf.cond_br %[[GO]], ^[[REST:bb[0-9]+]], ^[[END]]
// CHECK:       ^[[REST]]:
// CHECK:         cf.br ^[[INNER:bb[0-9]+]](
// CHECK:       ^[[INNER]](%{{.*}}: index, %[[W:.*]]: f32):
// CHECK:         cf.cond_br %{{.*}}, ^[[STEP:bb[0-9]+]], ^[[OVER:bb[0-9]+]]
// CHECK:       ^[[STEP]]:
// CHECK:         cf.cond_br %{{.*}}, ^{{bb[0-9]+}}, ^[[OVER]]
// CHECK:       ^[[OVER]]:
// CHECK:         cf.br ^[[COUNTS]]({{.*}}, %[[W]]
// CHECK:       ^[[END]]:
// CHECK:         return %[[V]]
func.func @leave_the_loop_that_counts(%n: index, %x: f32, %limit: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%v = %x) -> f32 {
    %go = arith.cmpf olt, %v, %limit : f32
    fovea_kernel.leave_unless %go of %i
    %s = scf.for %j = %c0 to %n step %c1 iter_args(%w = %v) -> f32 {
      %on = arith.cmpf ogt, %w, %limit : f32
      fovea_kernel.leave_unless %on of %j
      %t = arith.addf %w, %x : f32
      scf.yield %t : f32
    }
    scf.yield %s : f32
  }
  return %r : f32
}
