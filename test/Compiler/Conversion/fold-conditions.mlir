// RUN: fovea-opt %s -fovea-fold-conditions | FileCheck %s

// Launches that expect the same share a kernel; a kernel without conditions stays as it is.
// CHECK:       func private @kernel(%{{.*}}: memref<4xf32>) attributes
// CHECK-NOT:     memref.load
// CHECK:       func private @[[BOTH:.*]](%{{.*}}: memref<4xf32>,
// CHECK-SAME:    %[[C:[a-z0-9]*]]: memref<i1>, %[[D:[a-z0-9]*]]: memref<i1>)
// CHECK:         fovea_kernel.grid
// CHECK:           memref.load %[[C]][]
// CHECK:           memref.load %[[D]][]
// CHECK:           %[[ALL:.*]] = arith.andi
// CHECK:           scf.if %[[ALL]] {
// CHECK:             memref.store
// CHECK:       func private @[[FIRST:.*]](%{{.*}}: memref<4xf32>, %{{.*}}: memref<i1>)
// CHECK:       func @main
// CHECK-SAME:    %[[X:.*]]: memref<4xf32>, %[[A:.*]]: memref<i1>, %[[B:.*]]: memref<i1>
// CHECK:         fovea_kernel.launch @[[FIRST]](%[[X]], %[[A]]) : memref<4xf32>, memref<i1>
// CHECK:         fovea_kernel.launch @[[FIRST]](%[[X]], %[[B]]) : memref<4xf32>, memref<i1>
// CHECK:         fovea_kernel.launch @[[BOTH]](%[[X]], %[[A]], %[[B]])
// CHECK:         fovea_kernel.launch @kernel(%[[X]]) : memref<4xf32>
func.func private @kernel(%x: memref<4xf32>) attributes {fovea_kernel.kernel} {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  fovea_kernel.grid %c1 threads(32) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %x[%block] : memref<4xf32>
  }
  return
}
func.func @main(%x: memref<4xf32>, %a: memref<i1>, %b: memref<i1>) attributes {fovea.entry} {
  fovea_kernel.launch @kernel(%x) when(%a) is [true] : memref<4xf32>
  fovea_kernel.launch @kernel(%x) when(%b) is [true] : memref<4xf32>
  fovea_kernel.launch @kernel(%x) when(%a, %b) is [true, false] : memref<4xf32>
  fovea_kernel.launch @kernel(%x) : memref<4xf32>
  return
}

// A size that is right behind the condition alone may be negative: then there is no block.
// CHECK:       func private @{{.*}}(%[[Y:.*]]: memref<?xf32>, %{{.*}}: memref<i1>)
// CHECK:         %[[BLOCKS:.*]] = memref.dim %[[Y]]
// CHECK:         %[[SIZE:.*]] = memref.dim %[[Y]]
// CHECK:         %[[RIGHT:.*]] = arith.cmpi sge, %[[SIZE]]
// CHECK:         %[[SOME:.*]] = arith.select %[[RIGHT]], %[[BLOCKS]]
// CHECK:         fovea_kernel.grid %[[SOME]]
func.func private @sized(%y: memref<?xf32>) attributes {fovea_kernel.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %y, %c0 : memref<?xf32>
  fovea_kernel.grid %n threads(32) {
  ^bb0(%block: index, %thread: index):
    memref.store %zero, %y[%block] : memref<?xf32>
  }
  return
}
func.func @other(%y: memref<?xf32>, %a: memref<i1>) attributes {fovea.entry} {
  fovea_kernel.launch @sized(%y) when(%a) is [true] : memref<?xf32>
  return
}
