// RUN: fovea-opt %s -fovea-hoist-outputs | FileCheck %s

// CHECK-LABEL: func @hoist_when_sizes_come_from_arguments
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK:         %[[TWICE:.*]] = arith.addi %[[N]], %[[N]]
// CHECK-NEXT:    fovea_kernel.output 0(%[[TWICE]])
// CHECK:         math.exp
func.func @hoist_when_sizes_come_from_arguments(%x: tensor<?x8xf32>) {
  %y = math.exp %x : tensor<?x8xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %twice = arith.addi %n, %n : index
  %o = fovea_kernel.output 0 (%twice) : memref<?x8xf32>
  return
}

// CHECK-LABEL: func @keep_the_order_of_requests
// CHECK-NEXT:    fovea_kernel.output 0()
// CHECK-NEXT:    fovea_kernel.output 1()
// CHECK-NEXT:    math.exp
func.func @keep_the_order_of_requests(%x: tensor<4xf32>) {
  %y = math.exp %x : tensor<4xf32>
  %o = fovea_kernel.output 0 () : memref<4xf32>
  %p = fovea_kernel.output 1 () : memref<4xf32>
  return
}

// CHECK-LABEL: func @hoist_the_tensor_over_the_buffer
// CHECK-NEXT:    %[[O:.*]] = fovea_kernel.output 0()
// CHECK-NEXT:    bufferization.to_tensor %[[O]] restrict writable
// CHECK-NEXT:    math.exp
func.func @hoist_the_tensor_over_the_buffer(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = math.exp %x : tensor<4xf32>
  %o = fovea_kernel.output 0 () : memref<4xf32>
  %t = bufferization.to_tensor %o restrict writable : memref<4xf32> to tensor<4xf32>
  return %t : tensor<4xf32>
}

// CHECK-LABEL: func @do_not_hoist_when_size_depends_on_data
// CHECK:         math.exp
// CHECK:         %[[N:.*]] = tensor.extract
// CHECK:         fovea_kernel.output 0(%[[N]])
func.func @do_not_hoist_when_size_depends_on_data(%x: tensor<4xf32>, %sizes: tensor<1xindex>) {
  %y = math.exp %x : tensor<4xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.extract %sizes[%c0] : tensor<1xindex>
  %o = fovea_kernel.output 0 (%n) : memref<?xf32>
  return
}

// CHECK-LABEL: func @hoist_when_branches_agree_on_the_size
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?xf32>, %[[N:[^:]*]]: index
// CHECK:         fovea_kernel.output 0(%[[N]])
// CHECK:         scf.if
func.func @hoist_when_branches_agree_on_the_size(%x: tensor<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %have = tensor.dim %x, %c0 : tensor<?xf32>
  %same = arith.cmpi eq, %have, %n : index
  %y = scf.if %same -> tensor<?xf32> {
    scf.yield %x : tensor<?xf32>
  } else {
    %wide = tensor.empty(%n) : tensor<?xf32>
    scf.yield %wide : tensor<?xf32>
  }
  %size = tensor.dim %y, %c0 : tensor<?xf32>
  %o = fovea_kernel.output 0 (%size) : memref<?xf32>
  return
}

// CHECK-LABEL: func @do_not_hoist_when_branches_differ
// CHECK:         %[[Y:.*]] = scf.if
// CHECK:         %[[N:.*]] = tensor.dim %[[Y]]
// CHECK:         fovea_kernel.output 0(%[[N]])
func.func @do_not_hoist_when_branches_differ(%x: tensor<?xf32>, %n: index, %f: i1) {
  %c0 = arith.constant 0 : index
  %y = scf.if %f -> tensor<?xf32> {
    scf.yield %x : tensor<?xf32>
  } else {
    %wide = tensor.empty(%n) : tensor<?xf32>
    scf.yield %wide : tensor<?xf32>
  }
  %size = tensor.dim %y, %c0 : tensor<?xf32>
  %o = fovea_kernel.output 0 (%size) : memref<?xf32>
  return
}
