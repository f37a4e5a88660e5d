// RUN: fovea-opt %s -split-input-file -fovea-decide-on-device | FileCheck %s

// What is carried is in a cell, which keeps its value behind the end.
// CHECK-LABEL: func @carries_a_sum_to_its_end
// CHECK:         %[[GOING:.*]] = memref.alloc() : memref<i1>
// CHECK:         %[[SUM:.*]] = memref.alloc() : memref<f32>
// CHECK:         linalg.generic {{.*}} outs(%[[SUM]] : memref<f32>)
// CHECK:         scf.for %{{.*}} = %c0 to %c8 step %c1 {
// CHECK:           %[[GOES:.*]] = memref.load %[[GOING]][]
// CHECK:           scf.if %[[GOES]] {
// CHECK:             linalg.generic {{.*}} outs(%[[SUM]] : memref<f32>)
// CHECK:               arith.addf
// CHECK:         linalg.generic {{.*}} outs(%arg1 : memref<f32>)
func.func @carries_a_sum_to_its_end(%on: memref<8xi1>, %x: memref<f32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> (f32) {
    %goes = memref.load %on[%i] : memref<8xi1>
    fovea.proceed_if %goes
    %v = memref.load %x[] : memref<f32>
    %next = arith.addf %s, %v : f32
    scf.yield %next : f32
  }
  memref.store %sum, %x[] : memref<f32>
  return
}

// -----

// The bound is part of the condition.
// CHECK-LABEL: func @ends_below_a_size
// CHECK:         scf.for %{{.*}} = %c0 to %arg2 step %c1 {
func.func @ends_below_a_size(%on: memref<i1>, %x: memref<8xf32>, %n: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %most = arith.constant 9223372036854775807 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %most step %c1 {
    %goes = memref.load %on[] : memref<i1>
    %few = arith.cmpi slt, %i, %n : index
    %both = arith.andi %goes, %few : i1
    fovea.proceed_if %both
    linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  }
  return
}

// -----

// A loop of scalars keeps its cell within: it is one kernel's.
// CHECK-LABEL: func @carries_a_count
// CHECK:         %[[COUNT:.*]] = memref.alloc() : memref<i64>
// CHECK:         scf.for
// CHECK:           %[[OLD:.*]] = memref.load %[[COUNT]][]
// CHECK:           %[[NEXT:.*]] = arith.addi %[[OLD]]
// CHECK:           memref.store %[[NEXT]], %[[COUNT]][]
// CHECK:         linalg.generic {{.*}} outs(%arg1 : memref<i64>)
func.func @carries_a_count(%x: memref<8xi64>, %y: memref<i64>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0 : i64
  %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> (i64) {
    %v = memref.load %x[%i] : memref<8xi64>
    %next = arith.addi %s, %v : i64
    scf.yield %next : i64
  }
  memref.store %sum, %y[] : memref<i64>
  return
}

// -----

// Nothing behind a requirement that has failed takes place, in the loop or behind it.
// CHECK-LABEL: func @requires_lengths
// CHECK:         %[[FINE:.*]] = memref.alloc() : memref<i1>
// CHECK:         linalg.generic {{.*}} outs(%[[FINE]] : memref<i1>)
// CHECK:         scf.for
// CHECK:           %[[SO_FAR:.*]] = memref.load %[[FINE]][]
// CHECK:           scf.if %[[SO_FAR]] {
// CHECK:             %[[IS:.*]] = arith.cmpi ule
// CHECK:             fovea.require %[[IS]]
// CHECK:             %[[HOLDS:.*]] = arith.andi %{{.*}}, %[[IS]]
// CHECK:             memref.store %[[HOLDS]], %[[FINE]][]
// CHECK:             scf.if %[[IS]] {
// CHECK:               memref.store %{{.*}}, %arg1
// CHECK:         %[[ALL:.*]] = memref.load %[[FINE]][]
// CHECK:         scf.if %[[ALL]] {
// CHECK:           linalg.fill
// CHECK:         } {fovea_kernel.checked}
func.func @requires_lengths(%n: memref<4xindex>, %y: memref<4xindex>, %x: memref<8xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c4 step %c1 {
    %length = memref.load %n[%i] : memref<4xindex>
    %is = arith.cmpi ule, %length, %c8 : index
    fovea.require %is, %length, %c8 fault length node "attention"
    memref.store %length, %y[%i] : memref<4xindex>
  }
  linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  return
}

// -----

// CHECK-LABEL: func @do_not_wait_for_sizes
// CHECK-NOT:     memref.alloc
// CHECK:         scf.for
// CHECK-NEXT:      arith.cmpi
// CHECK-NEXT:      fovea.require
// CHECK:         linalg.fill
func.func @do_not_wait_for_sizes(%x: memref<8xf32>, %n: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c4 step %c1 {
    %is = arith.cmpi ule, %i, %n : index
    fovea.require %is, %i, %n fault length node "attention"
  }
  linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  return
}

// -----

// What a step gives is read before cells of the step before are written.
// CHECK-LABEL: func @hands_on_what_was_carried
// CHECK:         %[[CURRENT:.*]] = memref.alloc() : memref<index>
// CHECK:         %[[PREVIOUS:.*]] = memref.alloc() : memref<index>
// CHECK:         scf.for
// CHECK:           %[[HANDED:.*]] = memref.load %[[CURRENT]][]
// CHECK:           %[[LOADED:.*]] = memref.load %arg0
// CHECK:           memref.store %[[LOADED]], %[[CURRENT]][]
// CHECK-NEXT:      memref.store %[[HANDED]], %[[PREVIOUS]][]
func.func @hands_on_what_was_carried(%n: memref<4xindex>, %y: memref<4xindex>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %last:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%previous = %c0, %current = %c1)
      -> (index, index) {
    %loaded = memref.load %n[%i] : memref<4xindex>
    memref.store %previous, %y[%i] : memref<4xindex>
    scf.yield %current, %loaded : index, index
  }
  memref.store %last#0, %y[%last#1] : memref<4xindex>
  return
}

// -----

// Behind a failure there are no later steps of the loop around, and nothing behind that loop.
// CHECK-LABEL: func @requires_in_steps
// CHECK:         %[[FINE:.*]] = memref.alloc() : memref<i1>
// CHECK:         scf.for
// CHECK-NEXT:      %[[SO_FAR:.*]] = memref.load %[[FINE]][]
// CHECK-NEXT:      scf.if %[[SO_FAR]] {
// CHECK:             linalg.fill
// CHECK:             scf.for
// CHECK:               fovea.require
// CHECK:               memref.store
// CHECK:             %[[STILL:.*]] = memref.load %[[FINE]][]
// CHECK-NEXT:        scf.if %[[STILL]] {
// CHECK-NEXT:          linalg.fill
// CHECK:         %[[ALL:.*]] = memref.load %[[FINE]][]
// CHECK-NEXT:    scf.if %[[ALL]] {
// CHECK-NEXT:      linalg.fill
func.func @requires_in_steps(%n: memref<4xindex>, %x: memref<8xf32>, %y: memref<8xf32>,
    %z: memref<8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.for %step = %c0 to %c8 step %c1 {
    linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
    scf.for %i = %c0 to %c4 step %c1 {
      %length = memref.load %n[%i] : memref<4xindex>
      %is = arith.cmpi ule, %length, %c8 : index
      fovea.require %is, %length, %c8 fault length node "attention"
    }
    linalg.fill ins(%zero : f32) outs(%y : memref<8xf32>)
  }
  linalg.fill ins(%zero : f32) outs(%z : memref<8xf32>)
  return
}

// -----

// What a loop carries is there in any case; each computation by itself is left out.
// CHECK-LABEL: func @requires_beside_what_is_carried
// CHECK:         %[[FINE:.*]] = memref.alloc() : memref<i1>
// CHECK:         scf.for {{.*}} iter_args
// CHECK:             fovea.require
// CHECK:             memref.store
// CHECK:           %[[SO_FAR:.*]] = memref.load %[[FINE]][]
// CHECK-NEXT:      scf.if %[[SO_FAR]] {
// CHECK-NEXT:        linalg.fill
// CHECK-NEXT:      } {fovea_kernel.checked}
// CHECK-NEXT:      scf.yield %{{.*}}, %{{.*}} : memref<8xf32>, memref<8xf32>
func.func @requires_beside_what_is_carried(%n: memref<4xindex>, %x: memref<8xf32>,
    %y: memref<8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %last:2 = scf.for %step = %c0 to %c8 step %c1 iter_args(%a = %x, %b = %y)
      -> (memref<8xf32>, memref<8xf32>) {
    scf.for %i = %c0 to %c4 step %c1 {
      %length = memref.load %n[%i] : memref<4xindex>
      %is = arith.cmpi ule, %length, %c8 : index
      fovea.require %is, %length, %c8 fault length node "attention"
    }
    linalg.fill ins(%zero : f32) outs(%a : memref<8xf32>)
    scf.yield %b, %a : memref<8xf32>, memref<8xf32>
  }
  return
}
