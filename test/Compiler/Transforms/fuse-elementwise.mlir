// RUN: fovea-opt %s -fovea-fuse-elementwise | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#col = affine_map<(i, j) -> (j)>
#vec = affine_map<(i) -> (i)>
#one = {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
#two = {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}

// CHECK-LABEL: func @chain
// CHECK:         linalg.generic
// CHECK:           math.exp
// CHECK-NEXT:      math.tanh
// CHECK-NOT:     linalg.generic
func.func @chain(%a: tensor<?x6xf32>, %o: tensor<?x6xf32>) -> tensor<?x6xf32> {
  %p = linalg.generic #one ins(%a : tensor<?x6xf32>) outs(%o : tensor<?x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %t = math.exp %x : f32
      linalg.yield %t : f32
    } -> tensor<?x6xf32>
  %q = linalg.generic #one ins(%p : tensor<?x6xf32>) outs(%o : tensor<?x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %t = math.tanh %x : f32
      linalg.yield %t : f32
    } -> tensor<?x6xf32>
  return %q : tensor<?x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_when_expensive_producer_is_repeated
// CHECK:         math.exp
// CHECK:         linalg.generic
func.func @do_not_fuse_when_expensive_producer_is_repeated(%a: tensor<5x6xf32>, %b: tensor<6xf32>,
    %o: tensor<5x6xf32>, %ob: tensor<6xf32>) -> tensor<5x6xf32> {
  %p = linalg.generic {indexing_maps = [#vec, #vec], iterator_types = ["parallel"]}
      ins(%b : tensor<6xf32>) outs(%ob : tensor<6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %t = math.exp %x : f32
      linalg.yield %t : f32
    } -> tensor<6xf32>
  %q = linalg.generic #two ins(%a, %p : tensor<5x6xf32>, tensor<6xf32>)
      outs(%o : tensor<5x6xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %t = arith.addf %x, %y : f32
      linalg.yield %t : f32
    } -> tensor<5x6xf32>
  return %q : tensor<5x6xf32>
}

// CHECK-LABEL: func @repeat_cheap_producer
// CHECK:         linalg.generic
// CHECK:           arith.mulf
// CHECK-NEXT:      arith.addf
// CHECK-NOT:     linalg.generic
func.func @repeat_cheap_producer(%a: tensor<5x6xf32>, %b: tensor<6xf32>, %o: tensor<5x6xf32>,
    %ob: tensor<6xf32>) -> tensor<5x6xf32> {
  %p = linalg.generic {indexing_maps = [#vec, #vec], iterator_types = ["parallel"]}
      ins(%b : tensor<6xf32>) outs(%ob : tensor<6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %t = arith.mulf %x, %x : f32
      linalg.yield %t : f32
    } -> tensor<6xf32>
  %q = linalg.generic #two ins(%a, %p : tensor<5x6xf32>, tensor<6xf32>)
      outs(%o : tensor<5x6xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %t = arith.addf %x, %y : f32
      linalg.yield %t : f32
    } -> tensor<5x6xf32>
  return %q : tensor<5x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_into_gather
// CHECK:         arith.addi
// CHECK:         linalg.generic
// CHECK:           tensor.extract
func.func @do_not_fuse_into_gather(%i: tensor<5xi64>, %t: tensor<9xf32>, %oi: tensor<5xi64>,
    %o: tensor<5xf32>) -> tensor<5xf32> {
  %p = linalg.generic {indexing_maps = [#vec, #vec], iterator_types = ["parallel"]}
      ins(%i : tensor<5xi64>) outs(%oi : tensor<5xi64>) {
    ^bb0(%x: i64, %z: i64):
      %s = arith.addi %x, %x : i64
      linalg.yield %s : i64
    } -> tensor<5xi64>
  %n = arith.constant 9 : index
  %q = linalg.generic {indexing_maps = [#vec, #vec], iterator_types = ["parallel"]}
      ins(%p : tensor<5xi64>) outs(%o : tensor<5xf32>) {
    ^bb0(%x: i64, %z: f32):
      %k = fovea.checked_index %x in %n node "Gather" : i64
      %v = tensor.extract %t[%k] : tensor<9xf32>
      linalg.yield %v : f32
    } -> tensor<5xf32>
  return %q : tensor<5xf32>
}

// CHECK-LABEL: func @drop_the_result_that_all_consumers_took_in
// CHECK-COUNT-2: = linalg.generic
// CHECK-NOT:   linalg.generic
// CHECK:         return %{{[0-9]+}}, %{{[0-9]+}} : tensor<5xf32>, tensor<5x6xf32>
func.func @drop_the_result_that_all_consumers_took_in(%a: tensor<5x6xi64>, %of: tensor<5x6xf32>,
    %os: tensor<5xf32>) -> (tensor<5xf32>, tensor<5x6xf32>) {
  %p = linalg.generic #one ins(%a : tensor<5x6xi64>) outs(%of : tensor<5x6xf32>) {
    ^bb0(%x: i64, %z: f32):
      %f = arith.sitofp %x : i64 to f32
      linalg.yield %f : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic {indexing_maps = [#id, affine_map<(i, j) -> (i)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<5x6xf32>) outs(%os : tensor<5xf32>) {
    ^bb0(%x: f32, %sum: f32):
      %t = arith.addf %sum, %x : f32
      linalg.yield %t : f32
    } -> tensor<5xf32>
  %r = linalg.generic #one ins(%p : tensor<5x6xf32>) outs(%of : tensor<5x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %e = math.exp %x : f32
      linalg.yield %e : f32
    } -> tensor<5x6xf32>
  return %q, %r : tensor<5xf32>, tensor<5x6xf32>
}

// CHECK-LABEL: func @forget_destinations_that_are_overwritten
// CHECK-SAME:    %[[A:.*]]: tensor<?x6xf32>
// CHECK:         %[[N:.*]] = tensor.dim %[[A]]
// CHECK:         %[[E:.*]] = tensor.empty(%[[N]])
// CHECK:         linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[E]]
// CHECK:           arith.addf
// CHECK-NEXT:      arith.addf
// CHECK-NEXT:      math.exp
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @forget_destinations_that_are_overwritten(%a: tensor<?x6xf32>) -> tensor<?x6xf32> {
  %p = linalg.generic #one ins(%a : tensor<?x6xf32>) outs(%a : tensor<?x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %s = arith.addf %x, %x : f32
      linalg.yield %s : f32
    } -> tensor<?x6xf32>
  %q = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %p : tensor<?x6xf32>, tensor<?x6xf32>) outs(%p : tensor<?x6xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %s = arith.addf %x, %y : f32
      linalg.yield %s : f32
    } -> tensor<?x6xf32>
  %r = linalg.generic #one ins(%q : tensor<?x6xf32>) outs(%q : tensor<?x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %e = math.exp %x : f32
      linalg.yield %e : f32
    } -> tensor<?x6xf32>
  return %r : tensor<?x6xf32>
}

// CHECK-LABEL: func @keep_destinations_that_are_read
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<5x6xf32>)
// CHECK:           arith.addf
func.func @keep_destinations_that_are_read(%a: tensor<5x6xf32>) -> tensor<5x6xf32> {
  %p = linalg.generic #one ins(%a : tensor<5x6xf32>) outs(%a : tensor<5x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %e = math.exp %x : f32
      linalg.yield %e : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic #one ins(%a : tensor<5x6xf32>) outs(%p : tensor<5x6xf32>) {
    ^bb0(%x: f32, %z: f32):
      %s = arith.addf %x, %z : f32
      linalg.yield %s : f32
    } -> tensor<5x6xf32>
  return %q : tensor<5x6xf32>
}

// The state that the first reads in its destination becomes an input: one result is left.
// CHECK-LABEL: func @drop_a_result_whose_destination_is_read
// CHECK-SAME:    %[[X:.*]]: tensor<8xf32>, %[[H:.*]]: tensor<8xf32>
// CHECK:         %[[R:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[H]] : {{.*}} outs(%[[H]] :
// CHECK:         return %[[R]]
func.func @drop_a_result_whose_destination_is_read(%x: tensor<8xf32>, %h: tensor<8xf32>)
    -> tensor<8xf32> {
  %a = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%h : tensor<8xf32>) {
    ^bb0(%in: f32, %old: f32):
      %sum = arith.addf %in, %old : f32
      linalg.yield %sum : f32
    } -> tensor<8xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%a : tensor<8xf32>) outs(%h : tensor<8xf32>) {
    ^bb0(%in: f32, %old: f32):
      %product = arith.mulf %in, %old : f32
      linalg.yield %product : f32
    } -> tensor<8xf32>
  return %b : tensor<8xf32>
}

// The largest so far is needed to find the place of the largest.
// CHECK-LABEL: func @do_not_drop_what_a_reduction_carries
// CHECK:         linalg.generic {{.*}} outs(%{{.*}}, %{{.*}} : tensor<f32>, tensor<i64>)
func.func @do_not_drop_what_a_reduction_carries(%x: tensor<8xf32>, %most: tensor<f32>,
    %place: tensor<i64>) -> tensor<i64> {
  %r:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>,
      affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%most, %place : tensor<f32>, tensor<i64>) {
    ^bb0(%in: f32, %largest: f32, %at: i64):
      %i = linalg.index 0 : index
      %here = arith.index_cast %i : index to i64
      %more = arith.cmpf ogt, %in, %largest : f32
      %next = arith.select %more, %in, %largest : f32
      %found = arith.select %more, %here, %at : i64
      linalg.yield %next, %found : f32, i64
    } -> (tensor<f32>, tensor<i64>)
  return %r#1 : tensor<i64>
}
