// RUN: fovea-opt %s -fovea-lower-rnn | FileCheck %s

// CHECK-LABEL: func @forward
// CHECK-SAME:    %[[X:.*]]: tensor<?x2x8xf32>, %[[S:.*]]: tensor<2x8xf32>
// CHECK:         scf.for %[[T:.*]] = {{.*}} iter_args(%[[Y:.*]] = %{{.*}}, %[[H:.*]] = %[[S]])
// CHECK:           %[[XT:.*]] = tensor.extract_slice %[[X]][%[[T]], 0, 0]
// CHECK:           %[[N:.*]] = arith.addf %[[XT]], %[[H]]
// CHECK:           %[[IN:.*]] = tensor.insert_slice %[[N]] into %[[Y]][%[[T]], 0, 0]
// CHECK:           scf.yield %[[IN]], %[[N]]
func.func @forward(%x: tensor<?x2x8xf32>, %s: tensor<2x8xf32>) -> tensor<?x2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %n = arith.addf %xt, %h : tensor<2x8xf32>
    fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<?x2x8xf32>, tensor<2x8xf32> -> tensor<?x2x8xf32>, tensor<2x8xf32>
  return %y : tensor<?x2x8xf32>
}

// Rows that have ended give 0 and keep their state.
// CHECK-LABEL: func @reverse_with_lengths
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<5x2x8xf32>
// CHECK-SAME:    %[[LEN:[a-z0-9]+]]: tensor<2xi32>
// CHECK:         %[[STEPS:.*]] = tensor.dim %[[X]]
// CHECK:         %[[ROWS:.*]] = tensor.dim %[[LEN]]
// CHECK:         scf.for %[[B:.*]] = %{{.*}} to %[[ROWS]] step
// CHECK:           %[[GIVEN:.*]] = tensor.extract %[[LEN]][%[[B]]]
// CHECK:           %[[N:.*]] = arith.index_cast %[[GIVEN]] : i32 to index
// CHECK:           %[[VALID:.*]] = arith.cmpi ule, %[[N]], %[[STEPS]]
// CHECK:           fovea.require %[[VALID]], %[[N]], %[[STEPS]] fault length node "encoder"
// CHECK:         scf.for %[[I:.*]] = %{{.*}} to %[[STEPS]] step
// CHECK:           %[[LAST:.*]] = arith.subi %[[STEPS]]
// CHECK:           %[[T:.*]] = arith.subi %[[LAST]], %[[I]]
// CHECK:           %[[T32:.*]] = arith.index_cast %[[T]] : index to i32
// CHECK:           linalg.generic
// CHECK:             arith.cmpi slt, %[[T32]]
// CHECK:             arith.constant 0.0
// CHECK:           linalg.generic {{.*}} outs(%{{.*}} : tensor<2x8xf32>)
// CHECK:           ^bb0(%[[NEW:.*]]: f32, %{{.*}}: i32, %[[OLD:.*]]: f32):
// CHECK:             arith.select %{{.*}}, %[[NEW]], %[[OLD]]
func.func @reverse_with_lengths(%x: tensor<5x2x8xf32>, %s: tensor<2x8xf32>, %len: tensor<2xi32>)
    -> tensor<5x2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) lengths(%len : tensor<2xi32>) reverse cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %n = arith.addf %xt, %h : tensor<2x8xf32>
    fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
      loc("encoder")
  return %y : tensor<5x2x8xf32>
}

// CHECK-LABEL: func @read_a_step_of_each_sequence
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x2x8xf32>, %[[D:[a-z0-9]+]]: tensor<?x2xi1>
// CHECK:         scf.for %[[T:.*]] = {{.*}} iter_args
// CHECK-DAG:       %[[XT:.*]] = tensor.extract_slice %[[X]][%[[T]], 0, 0]
// CHECK-DAG:       %[[DT:.*]] = tensor.extract_slice %[[D]][%[[T]], 0] {{.*}} to tensor<2xi1>
// CHECK:           linalg.generic {{.*}} ins(%[[XT]], %[[DT]] :
func.func @read_a_step_of_each_sequence(%x: tensor<?x2x8xf32>, %done: tensor<?x2xi1>,
    %s: tensor<2x8xf32>) -> tensor<?x2x8xf32> {
  %y, %f = fovea.rnn %x along(%done : tensor<?x2xi1>) init(%s) cell {
  ^bb0(%xt: tensor<2x8xf32>, %flag: tensor<2xi1>, %h: tensor<2x8xf32>):
    %n = linalg.generic {indexing_maps = [affine_map<(b, i) -> (b, i)>,
        affine_map<(b, i) -> (b)>, affine_map<(b, i) -> (b, i)>],
        iterator_types = ["parallel", "parallel"]}
        ins(%xt, %flag : tensor<2x8xf32>, tensor<2xi1>) outs(%h : tensor<2x8xf32>) {
    ^bb0(%a: f32, %d: i1, %old: f32):
      %kept = arith.select %d, %a, %old : f32
      linalg.yield %kept : f32
    } -> tensor<2x8xf32>
    fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<?x2x8xf32>, tensor<2x8xf32> -> tensor<?x2x8xf32>, tensor<2x8xf32>
  return %y : tensor<?x2x8xf32>
}

// CHECK-LABEL: func @do_not_store_an_output_without_uses
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x2x8xf32>, %[[S:[a-z0-9]+]]: tensor<2x8xf32>
// CHECK-NOT:     tensor.empty
// CHECK:         %[[LAST:.*]] = scf.for {{.*}} iter_args(%[[H:.*]] = %[[S]]) -> (tensor<2x8xf32>)
// CHECK-NOT:       tensor.insert_slice
// CHECK:           %[[N:.*]] = linalg.generic
// CHECK-NOT:       linalg.generic
// CHECK:           scf.yield %[[N]] :
// CHECK:         return %[[LAST]]
func.func @do_not_store_an_output_without_uses(%x: tensor<?x2x8xf32>, %s: tensor<2x8xf32>,
    %len: tensor<2xi64>) -> tensor<2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) lengths(%len : tensor<2xi64>) cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %n = arith.addf %xt, %h : tensor<2x8xf32>
    fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<?x2x8xf32>, tensor<2x8xf32> -> tensor<?x2x8xf32>, tensor<2x8xf32>
  return %f : tensor<2x8xf32>
}

// The cell states the size of its output; what it takes for that is there before the first step.
// CHECK-LABEL: func @output_of_a_captured_size
// CHECK-SAME:    %[[N:[a-z0-9]+]]: index
// CHECK:         %[[E:.*]] = tensor.empty(%[[N]]) : tensor<5x2x?xf32>
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %[[E]])
func.func @output_of_a_captured_size(%x: tensor<5x2x8xf32>, %n: index)
    -> tensor<5x2x?xf32> {
  %y = fovea.rnn %x cell {
  ^bb0(%xt: tensor<2x8xf32>):
    %e = tensor.extract_slice %xt[0, 0] [2, %n] [1, 1] : tensor<2x8xf32> to tensor<2x?xf32>
    fovea.yield %e : tensor<2x?xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x?xf32>
  return %y : tensor<5x2x?xf32>
}

// The ledger reads which recurrences there were.
// CHECK-LABEL: func @leave_a_record
// CHECK-SAME:    fovea.graph_records = [{form = "rolled_loop", node = "layer/GRU", op = "fovea.rnn"
func.func @leave_a_record(%x: tensor<?x2x8xf32>, %s: tensor<2x8xf32>) -> tensor<?x2x8xf32> {
  %y, %f = fovea.rnn %x init(%s) cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %n = arith.addf %xt, %h : tensor<2x8xf32>
    fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<?x2x8xf32>, tensor<2x8xf32> -> tensor<?x2x8xf32>, tensor<2x8xf32> loc("layer/GRU")
  return %y : tensor<?x2x8xf32>
}
