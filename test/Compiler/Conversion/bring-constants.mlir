// RUN: fovea-opt %s -fovea-bring-constants | FileCheck %s

// CHECK:       func private @copy(%{{.*}}: memref<4xf32>, %{{.*}}: memref<4xf32>)
// CHECK:       func private @[[OWN:.*]](%[[TO:.*]]: memref<4xf32>)
// CHECK:         %[[TABLE:.*]] = memref.get_global @table
// CHECK:         memref.load %[[TABLE]]
// CHECK:       func @main
// CHECK-SAME:    %[[X:.*]]: memref<4xf32>
// CHECK:         fovea_kernel.launch @[[OWN]](%[[X]]) : memref<4xf32>
// CHECK:         fovea_kernel.launch @[[OWN]](%[[X]]) : memref<4xf32>
// CHECK:         fovea_kernel.launch @copy(%[[X]], %[[X]])
// do_not_: what the device's memory holds stays an argument.
memref.global "private" constant @table : memref<4xf32> = dense<[0.0, 1.0, 2.0, 3.0]>
func.func private @copy(%from: memref<4xf32>, %to: memref<4xf32>)
    attributes {fovea_kernel.kernel} {
  %c1 = arith.constant 1 : index
  fovea_kernel.grid %c1 threads(32) {
  ^bb0(%block: index, %thread: index):
    %v = memref.load %from[%block] : memref<4xf32>
    memref.store %v, %to[%block] : memref<4xf32>
  }
  return
}
func.func @main(%x: memref<4xf32>) attributes {fovea.entry} {
  %table = memref.get_global @table : memref<4xf32>
  fovea_kernel.launch @copy(%table, %x) : memref<4xf32>, memref<4xf32>
  fovea_kernel.launch @copy(%table, %x) : memref<4xf32>, memref<4xf32>
  fovea_kernel.launch @copy(%x, %x) : memref<4xf32>, memref<4xf32>
  return
}
