// RUN: fovea-opt %s -split-input-file -fovea-form-resident-grids | FileCheck %s

// With as many blocks as the launch has, weights are read in front of the steps; else each step
// reads them again.
// CHECK-LABEL: func private @resident_0(
// CHECK:         fovea_kernel.grid
// CHECK-NEXT:    ^bb0(%[[BLOCK:.*]]: index, %[[THREAD:.*]]: index):
// CHECK:           %[[KEPT:.*]] = fovea_warp.shared
// CHECK:           %[[THERE:.*]] = gpu.grid_dim x
// CHECK:           %[[ENOUGH:.*]] = arith.cmpi ule, %{{.*}}, %[[THERE]]
// CHECK:           %[[USED:.*]] = arith.cmpi ult, %[[BLOCK]]
// CHECK:           %[[FILLS:.*]] = arith.andi %[[ENOUGH]], %[[USED]]
// CHECK:           scf.if %[[FILLS]] {
// CHECK:             %[[ROW:.*]] = arith.addi %[[BLOCK]], %[[BLOCK]]
// CHECK:             %[[W:.*]] = memref.load %{{.*}}[%[[ROW]], %[[THREAD]]] : memref<8x128xf32>
// CHECK:             memref.store %[[W]], %[[KEPT]][%[[THREAD]]]
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK-NOT:         fovea_warp.shared
// CHECK:             %[[AGAIN:.*]] = arith.xori %[[ENOUGH]]
// CHECK:             scf.if %[[AGAIN]] {
// CHECK-NEXT:          fovea_kernel.keep
// CHECK:             memref.load %[[KEPT]]
// CHECK:             gpu.barrier
// CHECK:           fovea_kernel.meet
func.func @keep_weights(%w: memref<8x128xf32>, %y: memref<128xf32>, %t: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %t step %c1 {
    fovea_kernel.launch @gates(%w, %y) : memref<8x128xf32>, memref<128xf32>
  }
  return
}
func.func private @gates(%w: memref<8x128xf32>, %y: memref<128xf32>)
    attributes {fovea_kernel.kernel} {
  %n = arith.constant 4 : index
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    %row = arith.addi %block, %block : index
    %s = fovea_warp.shared : memref<128xf32, #gpu.address_space<workgroup>>
    fovea_kernel.keep from(%w : memref<8x128xf32>) {
      %v = memref.load %w[%row, %thread] : memref<8x128xf32>
      memref.store %v, %s[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    }
    %v = memref.load %s[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    memref.store %v, %y[%thread] : memref<128xf32>
  }
  return
}

// -----

// CHECK-LABEL: func private @resident_0(
// CHECK-NOT:     scf.if
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-NOT:         scf.if
// CHECK:             fovea_kernel.keep
// CHECK-LABEL: func private @resident_1(
// CHECK-NOT:     scf.if
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-NOT:         scf.if
// CHECK:             fovea_kernel.keep
func.func @do_not_keep_what_steps_change(%w: memref<?x8x128xf32>, %y: memref<128xf32>, %t: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %t step %c1 {
    %own = memref.subview %w[%i, 0, 0] [1, 8, 128] [1, 1, 1]
        : memref<?x8x128xf32> to memref<8x128xf32, strided<[128, 1], offset: ?>>
    fovea_kernel.launch @gates(%own, %y)
        : memref<8x128xf32, strided<[128, 1], offset: ?>>, memref<128xf32>
  }
  %one = memref.subview %w[0, 0, 0] [1, 8, 128] [1, 1, 1]
      : memref<?x8x128xf32> to memref<8x128xf32, strided<[128, 1]>>
  %row = memref.subview %w[0, 1, 0] [1, 1, 128] [1, 1, 1]
      : memref<?x8x128xf32> to memref<128xf32, strided<[1], offset: 128>>
  scf.for %i = %c0 to %t step %c1 {
    fovea_kernel.launch @gates(%one, %y) : memref<8x128xf32, strided<[128, 1]>>, memref<128xf32>
    fovea_kernel.launch @clear(%row) : memref<128xf32, strided<[1], offset: 128>>
  }
  return
}
func.func private @gates(%w: memref<8x128xf32, strided<[128, 1]>>, %y: memref<128xf32>)
    attributes {fovea_kernel.kernel} {
  %n = arith.constant 4 : index
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    %s = fovea_warp.shared : memref<128xf32, #gpu.address_space<workgroup>>
    fovea_kernel.keep from(%w : memref<8x128xf32, strided<[128, 1]>>) {
      %v = memref.load %w[%block, %thread] : memref<8x128xf32, strided<[128, 1]>>
      memref.store %v, %s[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    }
    %v = memref.load %s[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    memref.store %v, %y[%thread] : memref<128xf32>
  }
  return
}
func.func private @clear(%row: memref<128xf32, strided<[1]>>) attributes {fovea_kernel.kernel} {
  %n = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %row[%thread] : memref<128xf32, strided<[1]>>
  }
  return
}
