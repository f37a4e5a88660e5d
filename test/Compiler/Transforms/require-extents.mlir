// RUN: fovea-opt %s -fovea-require-extents | FileCheck %s

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: func @symbols_that_differ
// CHECK-SAME:    %[[A:.*]]: tensor<?xf32> {{.*}}, %[[B:.*]]: tensor<?xf32> {{.*}})
// CHECK-DAG:     %[[N:.*]] = tensor.dim %[[A]]
// CHECK-DAG:     %[[M:.*]] = tensor.dim %[[B]]
// CHECK:         %[[OK:.*]] = arith.cmpi eq, %[[M]], %[[N]]
// CHECK:         fovea.require %[[OK]], %[[M]], %[[N]] fault shape node "linalg.generic in line
// CHECK:         linalg.generic
// CHECK-NOT:     fovea.require
func.func @symbols_that_differ(%a: tensor<?xf32> {fovea.shape = ["n"]},
    %b: tensor<?xf32> {fovea.shape = ["m"]}) -> tensor<?xf32> attributes {fovea.entry} {
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : tensor<?xf32>) outs(%b : tensor<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  } -> tensor<?xf32>
  %s = arith.addf %r, %a : tensor<?xf32>
  return %s : tensor<?xf32>
}

// CHECK-LABEL: func @do_not_check_equal_symbols
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_check_equal_symbols(%a: tensor<?xf32> {fovea.shape = ["n"]},
    %b: tensor<?xf32> {fovea.shape = ["n"]}) -> tensor<?xf32> attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%b : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: func @do_not_check_what_is_required_already
// CHECK:         fovea.require
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_check_what_is_required_already(%a: tensor<?xf32>, %b: tensor<?xf32>)
    -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %m = tensor.dim %b, %c0 : tensor<?xf32>
  %same = arith.cmpi eq, %n, %m : index
  fovea.require %same, %n, %m fault shape node "Add"
  %s = arith.addf %a, %b : tensor<?xf32>
  return %s : tensor<?xf32>
}

// What a reshape makes and takes back is what it was.
// CHECK-LABEL: func @do_not_check_inverse_reshapes
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_check_inverse_reshapes(%a: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %a, %c0 : tensor<?x?x8xf32>
  %s = tensor.dim %a, %c1 : tensor<?x?x8xf32>
  %flat = tensor.collapse_shape %a [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  %r = tensor.expand_shape %flat [[0, 1], [2]] output_shape [%b, %s, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %r : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @reshape_to_sizes_from_elsewhere
// CHECK:         %[[ALL:.*]] = arith.muli
// CHECK:         arith.cmpi eq, %[[ALL]]
// CHECK:         fovea.require {{.*}} fault shape node "tensor.expand_shape
func.func @reshape_to_sizes_from_elsewhere(%a: tensor<?x8xf32>, %b: index, %s: index)
    -> tensor<?x?x8xf32> {
  %r = tensor.expand_shape %a [[0, 1], [2]] output_shape [%b, %s, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %r : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @cast_and_slice
// CHECK-SAME:    %[[A:.*]]: tensor<?xf32>
// CHECK:         %[[N:.*]] = tensor.dim %[[A]]
// CHECK:         %[[TEN:.*]] = arith.constant 10
// CHECK:         arith.cmpi eq, %[[N]], %[[TEN]]
// CHECK:         fovea.require {{.*}} node "tensor.cast
// CHECK:         tensor.cast
// CHECK-NOT:     fovea.require
// CHECK:         tensor.extract_slice
func.func @cast_and_slice(%a: tensor<?xf32>) -> tensor<4xf32> {
  %ten = tensor.cast %a : tensor<?xf32> to tensor<10xf32>
  %r = tensor.extract_slice %a[6] [4] [1] : tensor<?xf32> to tensor<4xf32>
  return %r : tensor<4xf32>
}

// The slice may become the place in which %x is computed: the check is in front of both.
// CHECK-LABEL: func @check_as_early_as_sizes_are_known
// CHECK:         fovea.require {{.*}} node "tensor.insert_slice
// CHECK:         math.exp
// CHECK:         tensor.insert_slice
func.func @check_as_early_as_sizes_are_known(%x: tensor<4xf32>, %a: tensor<?xf32>, %at: index)
    -> tensor<?xf32> {
  %y = math.exp %x : tensor<4xf32>
  %r = tensor.insert_slice %y into %a[%at] [4] [1] : tensor<4xf32> into tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: func @size_that_may_be_negative
// CHECK:         arith.cmpi sge
// CHECK:         fovea.require {{.*}} node "tensor.empty
// CHECK:         tensor.empty
func.func @size_that_may_be_negative(%n: index) -> tensor<?xf32> {
  %e = tensor.empty(%n) : tensor<?xf32>
  return %e : tensor<?xf32>
}

// CHECK-LABEL: func @element_at_an_index_from_data
// CHECK:         fovea.require {{.*}} fault index node "tensor.extract
// CHECK:         tensor.extract
func.func @element_at_an_index_from_data(%a: tensor<4xf32>, %i: index) -> f32 {
  %x = tensor.extract %a[%i] : tensor<4xf32>
  return %x : f32
}

// CHECK-LABEL: func @do_not_check_a_checked_index
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_check_a_checked_index(%a: tensor<?xf32>, %raw: i64) -> f32 {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %i = fovea.checked_index %raw in %n node "Gather" : i64
  %x = tensor.extract %a[%i] : tensor<?xf32>
  return %x : f32
}

// A branch that does not run must not stop the run.
// CHECK-LABEL: func @check_inside_the_branch
// CHECK-NOT:     fovea.require
// CHECK:         scf.if
// CHECK:           fovea.require
func.func @check_inside_the_branch(%a: tensor<?xf32>, %c: i1, %z: tensor<10xf32>)
    -> tensor<10xf32> {
  %r = scf.if %c -> tensor<10xf32> {
    %ten = tensor.cast %a : tensor<?xf32> to tensor<10xf32>
    scf.yield %ten : tensor<10xf32>
  } else {
    scf.yield %z : tensor<10xf32>
  }
  return %r : tensor<10xf32>
}

// CHECK-LABEL: func @guard_an_element_read_by_a_body
// CHECK:         linalg.generic
// CHECK:           %[[I:.*]] = arith.index_cast
// CHECK:           %[[SAFE:.*]] = fovea.checked_index %[[I]] in {{.*}} node "linalg.generic in
// CHECK:           tensor.extract %{{.*}}[%[[SAFE]]]
func.func @guard_an_element_read_by_a_body(%a: tensor<9xf32>, %at: tensor<4xi64>,
    %o: tensor<4xf32>) -> tensor<4xf32> {
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%at : tensor<4xi64>) outs(%o : tensor<4xf32>) {
  ^bb0(%raw: i64, %y: f32):
    %i = arith.index_cast %raw : i64 to index
    %x = tensor.extract %a[%i] : tensor<9xf32>
    linalg.yield %x : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @do_not_guard_a_position_that_fits
// CHECK-NOT:     fovea.checked_index
// CHECK:         return
func.func @do_not_guard_a_position_that_fits(%a: tensor<9xf32>, %o: tensor<4xf32>)
    -> tensor<4xf32> {
  %r = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]}
      outs(%o : tensor<4xf32>) {
  ^bb0(%y: f32):
    %p = linalg.index 0 : index
    %five = arith.constant 5 : index
    %i = arith.addi %p, %five : index
    %x = tensor.extract %a[%i] : tensor<9xf32>
    linalg.yield %x : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @do_not_require_of_a_tensor_that_a_branch_expands
// CHECK-NOT:     fovea.require
// CHECK:         return
func.func @do_not_require_of_a_tensor_that_a_branch_expands(
    %a: tensor<?xf32> {fovea.shape = ["n"]}, %b: tensor<?xf32> {fovea.shape = ["m"]})
    -> tensor<?xf32> attributes {fovea.entry} {
  %zero = arith.constant 0 : index
  %n = tensor.dim %a, %zero : tensor<?xf32>
  %m = tensor.dim %b, %zero : tensor<?xf32>
  %same = arith.cmpi eq, %n, %m : index
  %e = scf.if %same -> tensor<?xf32> {
    scf.yield %a : tensor<?xf32>
  } else {
    %wide = tensor.empty(%m) : tensor<?xf32>
    scf.yield %wide : tensor<?xf32>
  }
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%e : tensor<?xf32>) outs(%b : tensor<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// CHECK-LABEL: func @require_of_branches_of_other_sizes
// CHECK:         scf.if
// CHECK:         fovea.require {{.*}} fault shape node "linalg.generic in line
func.func @require_of_branches_of_other_sizes(
    %a: tensor<?xf32> {fovea.shape = ["n"]}, %b: tensor<?xf32> {fovea.shape = ["m"]}, %f: i1)
    -> tensor<?xf32> attributes {fovea.entry} {
  %zero = arith.constant 0 : index
  %m = tensor.dim %b, %zero : tensor<?xf32>
  %e = scf.if %f -> tensor<?xf32> {
    scf.yield %a : tensor<?xf32>
  } else {
    %wide = tensor.empty(%m) : tensor<?xf32>
    scf.yield %wide : tensor<?xf32>
  }
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%e : tensor<?xf32>) outs(%b : tensor<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}
