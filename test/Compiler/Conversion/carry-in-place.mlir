// RUN: fovea-opt %s -fovea-carry-in-place | FileCheck %s

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: func @carry_what_is_computed_elsewhere
// CHECK:         scf.for {{.*}} iter_args(%[[S:.*]] = %{{.*}})
// CHECK:           %[[N:.*]] = arith.addf %[[S]]
// CHECK:           %[[IN:.*]] = bufferization.materialize_in_destination %[[N]] in %[[S]]
// CHECK:           scf.yield %[[IN]]
func.func @carry_what_is_computed_elsewhere(%s: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %s) -> tensor<8xf32> {
    %t = arith.addf %h, %s : tensor<8xf32>
    scf.yield %t : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// CHECK-LABEL: func @save_states_that_change_places
// CHECK:         scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) ->
// CHECK:           %[[SB:.*]] = bufferization.alloc_tensor() copy(%[[B]])
// CHECK:           %[[SA:.*]] = bufferization.alloc_tensor() copy(%[[A]])
// CHECK:           %[[NA:.*]] = bufferization.materialize_in_destination %[[SB]] in %[[A]]
// CHECK:           %[[NB:.*]] = bufferization.materialize_in_destination %[[SA]] in %[[B]]
// CHECK:           scf.yield %[[NA]], %[[NB]]
func.func @save_states_that_change_places(%x: tensor<?xf32>, %y: tensor<?xf32>, %n: index)
    -> (tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y)
      -> (tensor<?xf32>, tensor<?xf32>) {
    scf.yield %b, %a : tensor<?xf32>, tensor<?xf32>
  }
  return %r#0, %r#1 : tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: func @do_not_copy_what_is_written_in_place
// CHECK-NOT:     materialize_in_destination
// CHECK:         return
func.func @do_not_copy_what_is_written_in_place(%s: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %s) -> tensor<8xf32> {
    %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%s : tensor<8xf32>) outs(%h : tensor<8xf32>) {
      ^bb0(%a: f32, %old: f32):
        %u = arith.addf %a, %old : f32
        linalg.yield %u : f32
      } -> tensor<8xf32>
    %v = scf.for %j = %c0 to %n step %c1 iter_args(%inner = %t) -> tensor<8xf32> {
      scf.yield %inner : tensor<8xf32>
    }
    scf.yield %v : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// Bufferization computes %t elsewhere, since %h is read behind it: the loop gets a copy.
// CHECK-LABEL: func @copy_what_is_written_before_a_read
// CHECK:         scf.for {{.*}} iter_args(%[[H:.*]] = %{{.*}}) ->
// CHECK:           linalg.generic {{.*}} outs(%[[H]]
// CHECK:           %[[U:.*]] = linalg.generic
// CHECK:           %[[IN:.*]] = bufferization.materialize_in_destination %[[U]] in %[[H]]
// CHECK:           scf.yield %[[IN]]
func.func @copy_what_is_written_before_a_read(%s: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%h = %s) -> tensor<8xf32> {
    %t = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]}
        outs(%h : tensor<8xf32>) {
      ^bb0(%old: f32):
        %two = arith.addf %old, %old : f32
        linalg.yield %two : f32
      } -> tensor<8xf32>
    %part = tensor.extract_slice %h[0] [8] [1] : tensor<8xf32> to tensor<8xf32>
    %u = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%part : tensor<8xf32>) outs(%t : tensor<8xf32>) {
      ^bb0(%a: f32, %old: f32):
        %sum = arith.addf %a, %old : f32
        linalg.yield %sum : f32
      } -> tensor<8xf32>
    scf.yield %u : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// Both results lie in either buffer: one-shot bufferization would hold the two for one.
// CHECK-LABEL: func @save_what_branches_swap
// CHECK:         scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) ->
// CHECK:           %[[R:.*]]:2 = scf.if
// CHECK:             %[[E:.*]] = math.exp %[[A]]
// CHECK-DAG:         bufferization.alloc_tensor() copy(%[[B]])
// CHECK-DAG:         bufferization.alloc_tensor() copy(%[[E]])
// CHECK:           } else {
// CHECK-DAG:         bufferization.alloc_tensor() copy(%[[A]])
// CHECK-DAG:         bufferization.alloc_tensor() copy(%[[B]])
// CHECK:           bufferization.materialize_in_destination %[[R]]#0 in %[[A]]
// CHECK:           bufferization.materialize_in_destination %[[R]]#1 in %[[B]]
func.func @save_what_branches_swap(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index, %swap: i1)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y)
      -> (tensor<4xf32>, tensor<4xf32>) {
    %w:2 = scf.if %swap -> (tensor<4xf32>, tensor<4xf32>) {
      %e = math.exp %a : tensor<4xf32>
      scf.yield %b, %e : tensor<4xf32>, tensor<4xf32>
    } else {
      scf.yield %a, %b : tensor<4xf32>, tensor<4xf32>
    }
    scf.yield %w#0, %w#1 : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @do_not_copy_what_branches_leave_in_place
// CHECK-NOT:     alloc_tensor
// CHECK-NOT:     materialize_in_destination
// CHECK:         return
func.func @do_not_copy_what_branches_leave_in_place(%x: tensor<4xf32>, %n: index, %on: i1)
    -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<4xf32> {
    %w = scf.if %on -> tensor<4xf32> {
      %f = linalg.fill ins(%zero : f32) outs(%a : tensor<4xf32>) -> tensor<4xf32>
      scf.yield %f : tensor<4xf32>
    } else {
      scf.yield %a : tensor<4xf32>
    }
    scf.yield %w : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @make_empty_tensors_in_the_step
// CHECK-SAME:    %[[X:.*]]: tensor<?xf32>
// CHECK:         scf.for
// CHECK:           %[[OWN:.*]] = tensor.empty(%{{.*}})
// CHECK-NEXT:      linalg.exp {{.*}} outs(%[[OWN]]
func.func @make_empty_tensors_in_the_step(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %size = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%size) : tensor<?xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<?xf32> {
    %f = linalg.exp ins(%a : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %f : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// Memory of a size from data is asked for when it is made, and kept until the run ends.
// CHECK-LABEL: func @do_not_make_tensors_of_sizes_from_data_in_the_step
// CHECK:         tensor.empty
// CHECK:         scf.for
// CHECK-NOT:       tensor.empty
func.func @do_not_make_tensors_of_sizes_from_data_in_the_step(%x: tensor<?xf32>, %n: index,
    %size: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty(%size) : tensor<?xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<?xf32> {
    %f = linalg.exp ins(%a : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %f : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// One value cannot be in two buffers.
// CHECK-LABEL: func @copy_what_is_carried_twice
// CHECK:           %[[E:.*]] = linalg.exp
// CHECK:           %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[E]])
// CHECK-DAG:       bufferization.materialize_in_destination %[[COPY]] in
func.func @copy_what_is_carried_twice(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y)
      -> (tensor<4xf32>, tensor<4xf32>) {
    %e = tensor.empty() : tensor<4xf32>
    %f = linalg.exp ins(%b : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %f, %f : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// Both products could be in one buffer, one after the other; loops that use them then could not
// run at the same time.
// CHECK-LABEL: func @give_each_its_own_empty
// CHECK-NEXT:    %[[A:.*]] = tensor.empty()
// CHECK-NEXT:    linalg.exp {{.*}} outs(%[[A]] :
// CHECK-NEXT:    %[[B:.*]] = tensor.empty()
// CHECK-NEXT:    linalg.exp {{.*}} outs(%[[B]] :
func.func @give_each_its_own_empty(%x: tensor<8xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %a = linalg.exp ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %b = linalg.exp ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %b : tensor<8xf32>
}
