// RUN: fovea-opt %s -fovea-bind-outputs | FileCheck %s

// CHECK-LABEL: func @write_results_into_buffers_of_the_host
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32> {bufferization.writable = false, fovea.name = "x"}
// CHECK-NOT:     ->
// CHECK-SAME:    fovea.result_types = [tensor<4xf32>, tensor<4xf32>]
// CHECK-SAME:    fovea.results = [{fovea.name = "y"}, {}]
// CHECK:         %[[Y:.*]] = math.exp %[[X]]
// CHECK:         %[[FIRST:.*]] = fovea_kernel.output 0() : memref<4xf32>
// CHECK:         %[[PLACE:.*]] = bufferization.to_tensor %[[FIRST]] restrict writable
// CHECK:         %[[PLACED:.*]] = bufferization.materialize_in_destination %[[Y]] in %[[PLACE]]
// CHECK:         materialize_in_destination %[[PLACED]] in restrict writable %[[FIRST]]
// CHECK:         %[[SECOND:.*]] = fovea_kernel.output 1() : memref<4xf32>
// CHECK:         %[[PLACE:.*]] = bufferization.to_tensor %[[SECOND]] restrict writable
// CHECK:         %[[PLACED:.*]] = bufferization.materialize_in_destination %[[X]] in %[[PLACE]]
// CHECK:         materialize_in_destination %[[PLACED]] in restrict writable %[[SECOND]]
// CHECK:         return{{$}}
func.func @write_results_into_buffers_of_the_host(%x: tensor<4xf32> {fovea.name = "x"})
    -> (tensor<4xf32> {fovea.name = "y"}, tensor<4xf32>) attributes {fovea.entry} {
  %y = math.exp %x : tensor<4xf32>
  return %y, %x : tensor<4xf32>, tensor<4xf32>
}

// The branch may give %y itself, which must not be in its destination before that is read.
// CHECK-LABEL: func @write_last_computed_results_first
// CHECK:         %[[Y:.*]] = math.exp
// CHECK:         %[[Z:.*]] = scf.if
// CHECK:         materialize_in_destination %[[Z]]
// CHECK:         materialize_in_destination %[[Y]]
func.func @write_last_computed_results_first(%x: tensor<4xf32>, %f: tensor<i1>)
    -> (tensor<4xf32>, tensor<4xf32>) attributes {fovea.entry} {
  %y = math.exp %x : tensor<4xf32>
  %flag = tensor.extract %f[] : tensor<i1>
  %z = scf.if %flag -> tensor<4xf32> {
    scf.yield %y : tensor<4xf32>
  } else {
    scf.yield %x : tensor<4xf32>
  }
  return %y, %z : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @name_symbols_of_dynamic_sizes
// CHECK-SAME:    fovea.shape = ["batch", "x.1", ""]
// CHECK-SAME:    fovea.shape = ["batch", "arg1.1"]
// CHECK-SAME:    fovea.symbols = ["batch", "x.1", "arg1.1"]
// CHECK:         %[[Y:.*]] = math.exp
// CHECK:         %[[N:.*]] = tensor.dim %[[Y]]
// CHECK:         %[[M:.*]] = tensor.dim %[[Y]]
// CHECK:         fovea_kernel.output 0(%[[N]], %[[M]]) : memref<?x?x8xf32>
func.func @name_symbols_of_dynamic_sizes(
    %x: tensor<?x?x8xf32> {fovea.name = "x", fovea.shape = ["batch", "", ""]},
    %z: tensor<?x?xf32> {fovea.shape = ["batch", ""]})
    -> tensor<?x?x8xf32> attributes {fovea.entry} {
  %y = math.exp %x : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @do_not_bind_results_of_other_functions
// CHECK-SAME:    -> tensor<4xf32>
// CHECK-NOT:     fovea_kernel.output
// CHECK:         return %{{.*}} : tensor<4xf32>
func.func @do_not_bind_results_of_other_functions(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
