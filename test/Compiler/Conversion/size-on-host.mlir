// RUN: fovea-opt %s -split-input-file -fovea-size-on-host | FileCheck %s

// What is read of an input that decides a size is read in the host's memory, where the run begins.
// CHECK-LABEL: func @size_of_an_input
// CHECK-SAME:    fovea.read_by = "host"
// CHECK:         %[[CALL:.*]] = fovea_kernel.call
// CHECK:         %[[BUFFER:.*]] = fovea_kernel.view {{.*}} -> memref<2xi64>
// CHECK:         %[[WORD:.*]] = memref.load %[[BUFFER]][%{{.*}}]
// CHECK-NOT:     tensor.extract
// CHECK:         %[[SIZE:.*]] = arith.index_cast %[[WORD]]
// CHECK:         tensor.empty(%[[SIZE]])
func.func @size_of_an_input(%shape: tensor<2xi64>) -> tensor<?xf32> attributes {fovea.entry} {
  %c1 = arith.constant 1 : index
  %word = tensor.extract %shape[%c1] : tensor<2xi64>
  %size = arith.index_cast %word : i64 to index
  %x = tensor.empty(%size) : tensor<?xf32>
  return %x : tensor<?xf32>
}

// -----

// An extent that goes through a tensor is the extent; no input is read.
// CHECK-LABEL: func @extent_through_a_list
// CHECK-NOT:     fovea.read_by
// CHECK-NOT:     tensor.extract
// CHECK:         %[[DIM:.*]] = tensor.dim %arg0
// CHECK:         %[[WORD:.*]] = arith.index_cast %[[DIM]]
// CHECK:         %[[SIZE:.*]] = arith.index_cast %[[WORD]]
// CHECK:         tensor.empty(%[[SIZE]])
func.func @extent_through_a_list(%x: tensor<?x4xf32>) -> tensor<?xf32> attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %dim = tensor.dim %x, %c0 : tensor<?x4xf32>
  %word = arith.index_cast %dim : index to i64
  %one = tensor.from_elements %word : tensor<1xi64>
  %none = tensor.empty() : tensor<2xi64>
  %list = tensor.insert_slice %one into %none[1] [1] [1] : tensor<1xi64> into tensor<2xi64>
  %read = tensor.extract %list[%c1] : tensor<2xi64>
  %size = arith.index_cast %read : i64 to index
  %y = tensor.empty(%size) : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// The product of a list, factor by factor, 1 left out. The list is a result, too.
// CHECK-LABEL: func @product_of_an_input
// CHECK-SAME:    fovea.read_by = "both"
// CHECK-COUNT-2: memref.load
// CHECK:         %[[ALL:.*]] = arith.muli
// CHECK-NEXT:    %[[SIZE:.*]] = arith.index_cast %[[ALL]]
// CHECK:         tensor.empty(%[[SIZE]])
func.func @product_of_an_input(%shape: tensor<2xi64>) -> (tensor<?xf32>, tensor<2xi64>)
    attributes {fovea.entry} {
  %one = arith.constant 1 : i64
  %none = tensor.empty() : tensor<i64>
  %ones = linalg.fill ins(%one : i64) outs(%none : tensor<i64>) -> tensor<i64>
  %all = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%shape : tensor<2xi64>) outs(%ones : tensor<i64>) {
  ^bb0(%in: i64, %out: i64):
    %next = arith.muli %out, %in : i64
    linalg.yield %next : i64
  } -> tensor<i64>
  %word = tensor.extract %all[] : tensor<i64>
  %size = arith.index_cast %word : i64 to index
  %x = tensor.empty(%size) : tensor<?xf32>
  return %x, %shape : tensor<?xf32>, tensor<2xi64>
}

// -----

// Branches of unlike sizes are the host's choice.
// CHECK-LABEL: func @branches_of_unlike_sizes
// CHECK:         %[[IS:.*]] = memref.load
// CHECK:         scf.if %[[IS]]
func.func @branches_of_unlike_sizes(%x: tensor<?x?xf32>, %on: tensor<i1>) -> tensor<?x?xf32>
    attributes {fovea.entry} {
  %is = tensor.extract %on[] : tensor<i1>
  %r = scf.if %is -> (tensor<?x?xf32>) {
    scf.yield %x : tensor<?x?xf32>
  } else {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %m = tensor.dim %x, %c0 : tensor<?x?xf32>
    %n = tensor.dim %x, %c1 : tensor<?x?xf32>
    %e = tensor.empty(%n, %m) : tensor<?x?xf32>
    %t = linalg.transpose ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) permutation = [1, 0]
    scf.yield %t : tensor<?x?xf32>
  }
  return %r : tensor<?x?xf32>
}

// -----

// An offset and a flag can stay on the device.
// CHECK-LABEL: func @do_not_read_offsets_and_flags
// CHECK-NOT:     fovea.read_by
// CHECK-NOT:     memref.load
func.func @do_not_read_offsets_and_flags(%x: tensor<8xf32>, %at: tensor<1xindex>, %on: tensor<i1>)
    -> tensor<4xf32> attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %start = tensor.extract %at[%c0] : tensor<1xindex>
  %part = tensor.extract_slice %x[%start] [4] [1] : tensor<8xf32> to tensor<4xf32>
  %is = tensor.extract %on[] : tensor<i1>
  %r = scf.if %is -> (tensor<4xf32>) {
    scf.yield %part : tensor<4xf32>
  } else {
    %first = tensor.extract_slice %x[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
    scf.yield %first : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// A large input is the device's, as is what loops compute.
// CHECK-LABEL: func @do_not_read_large_inputs
// CHECK-NOT:     fovea.read_by
// CHECK:         tensor.extract %arg0
func.func @do_not_read_large_inputs(%x: tensor<65xindex>) -> tensor<?xf32>
    attributes {fovea.entry} {
  %c1 = arith.constant 1 : index
  %size = tensor.extract %x[%c1] : tensor<65xindex>
  %y = tensor.empty(%size) : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @do_not_read_at_an_index_of_the_run
// CHECK-NOT:     fovea.read_by
// CHECK:         tensor.extract %arg0
func.func @do_not_read_at_an_index_of_the_run(%x: tensor<4xindex>, %rows: tensor<?xf32>)
    -> tensor<?xf32> attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %rows, %c0 : tensor<?xf32>
  %size = tensor.extract %x[%n] : tensor<4xindex>
  %y = tensor.empty(%size) : tensor<?xf32>
  return %y : tensor<?xf32>
}
