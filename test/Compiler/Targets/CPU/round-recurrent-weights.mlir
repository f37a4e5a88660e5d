// RUN: fovea-opt %s -fovea-round-recurrent-weights="rows=avx512vnni" \
// RUN:   -mlir-print-local-scope | FileCheck %s
// RUN: fovea-opt %s -fovea-round-recurrent-weights="rows=avx512vnni" \
// RUN:   -fovea-pack-weights="rows=avx512vnni" -mlir-print-local-scope \
// RUN:   | FileCheck %s --check-prefix=PACKED
// RUN: fovea-opt %s -fovea-round-recurrent-weights -mlir-print-local-scope \
// RUN:   | FileCheck %s --check-prefix=STORED

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-DAG: fovea.weight @w.i8 from "" rounds @w along [2] : tensor<2x5x5xi8>
// CHECK-DAG: fovea.weight @w.scales from "" rounds @w along [2] : tensor<2x5xf32>
// CHECK-DAG: fovea.weight @u.i8 from "" rounds @u along [0] : tensor<7x5x2xi8>
// CHECK-DAG: fovea.weight @u.scales from "" rounds @u along [0] : tensor<5x2xf32>
// CHECK-NOT: rounds
// PACKED: packs @w.i8 <width = 16, n = [1], k = [2] beside = [0], group = 4, step = 4> :
// PACKED-SAME: tensor<1x3x32x4xi8>
// PACKED: packs @u.i8 <width = 16, n = [1], k = [0] beside = [2], group = 4, step = 4> :
// STORED-NOT: rounds
fovea.weight @w from "w.safetensors" : tensor<2x5x5xf32>
fovea.weight @v from "w.safetensors" offset 200 : tensor<5x5xf32>
fovea.weight @u from "w.safetensors" offset 300 : tensor<7x5x2xf32>
fovea.weight @d from "w.safetensors" offset 600 : tensor<5x5xf64>

// CHECK-LABEL: func @step
// CHECK-SAME:    form = "i8_weight"
// CHECK:         %[[$W:.*]] = fovea.get_weight @w.i8
// CHECK:         %[[$S:.*]] = fovea.get_weight @w.scales
// CHECK:         fovea.gates ins(%{{.*}}, %[[$W]] : tensor<1x5xf32>, tensor<2x5x5xi8>)
// CHECK-SAME:      captures(%{{.*}}, %[[$S]], %[[$S]] :
// CHECK-SAME:      affine_map<(d0, d1) -> (0, d1)>, affine_map<(d0, d1) -> (1, d1)>
// CHECK:         ^bb0(%[[S0:.*]]: f32, %[[S1:.*]]: f32, %{{.*}}: f32, %[[A:.*]]: f32,
// CHECK-SAME:      %[[B:.*]]: f32):
// CHECK-DAG:     %[[$FIRST:.*]] = arith.mulf %[[S0]], %[[A]] : f32
// CHECK-DAG:     %[[$SECOND:.*]] = arith.mulf %[[S1]], %[[B]] : f32
// CHECK:         arith.mulf %[[$FIRST]], %[[$SECOND]] : f32
// STORED-LABEL: func @step
// STORED-SAME:    form = "stored_weight"{{.*}}reason = "target"
func.func @step(%h: tensor<1x5xf32>, %x: tensor<1x5xf32>, %n: index) -> tensor<1x5xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = fovea.get_weight @w : tensor<2x5x5xf32>
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %h) -> tensor<1x5xf32> {
    %e = tensor.empty() : tensor<1x5xf32>
    %g = fovea.gates ins(%s, %w : tensor<1x5xf32>, tensor<2x5x5xf32>)
        captures(%x : tensor<1x5xf32>) outs(%e : tensor<1x5xf32>)
        {capture_maps = [affine_map<(m, n) -> (m, n)>]} cell {
        ^bb0(%s0: f32, %s1: f32, %in: f32):
          %p = arith.mulf %s0, %s1 : f32
          %q = arith.addf %p, %in : f32
          fovea.yield %q : f32
        } -> tensor<1x5xf32>
    scf.yield %g : tensor<1x5xf32>
  }
  return %r : tensor<1x5xf32>
}

// CHECK-LABEL: func @do_not_round_outside_of_loops
// CHECK-SAME:    form = "stored_weight"{{.*}}reason = "order"
// CHECK:         fovea.gates ins(%{{.*}} : tensor<1x5xf32>, tensor<2x5x5xf32>)
func.func @do_not_round_outside_of_loops(%h: tensor<1x5xf32>) -> tensor<1x5xf32> {
  %w = fovea.get_weight @w : tensor<2x5x5xf32>
  %e = tensor.empty() : tensor<1x5xf32>
  %g = fovea.gates ins(%h, %w : tensor<1x5xf32>, tensor<2x5x5xf32>) outs(%e : tensor<1x5xf32>)
      {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s1 : f32
      } -> tensor<1x5xf32>
  return %g : tensor<1x5xf32>
}

// CHECK-LABEL: func @do_not_round_when_only_the_run_knows_the_weight
// CHECK-SAME:    form = "stored_weight"{{.*}}reason = "dtype"
func.func @do_not_round_when_only_the_run_knows_the_weight(%h: tensor<1x5xf32>,
    %w: tensor<2x5x5xf32>, %n: index) -> tensor<1x5xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %h) -> tensor<1x5xf32> {
    %e = tensor.empty() : tensor<1x5xf32>
    %g = fovea.gates ins(%s, %w : tensor<1x5xf32>, tensor<2x5x5xf32>) outs(%e : tensor<1x5xf32>)
        {capture_maps = []} cell {
        ^bb0(%s0: f32, %s1: f32):
          fovea.yield %s1 : f32
        } -> tensor<1x5xf32>
    scf.yield %g : tensor<1x5xf32>
  }
  return %r : tensor<1x5xf32>
}

// CHECK-LABEL: func @do_not_round_what_is_not_made_of_gates
// CHECK-SAME:    form = "stored_weight"{{.*}}op = "fovea.contract"{{.*}}reason = "shape"
// CHECK:         fovea.get_weight @v
func.func @do_not_round_what_is_not_made_of_gates(%h: tensor<1x5xf32>, %n: index)
    -> tensor<1x5xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = fovea.get_weight @v : tensor<5x5xf32>
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %h) -> tensor<1x5xf32> {
    %e = tensor.empty() : tensor<1x5xf32>
    %g = fovea.contract ins(%s, %v : tensor<1x5xf32>, tensor<5x5xf32>)
        outs(%e : tensor<1x5xf32>) {indexing_maps = [#a, #b, #c]} epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<1x5xf32>
    scf.yield %g : tensor<1x5xf32>
  }
  return %r : tensor<1x5xf32>
}

// CHECK-LABEL: func @do_not_round_weights_of_f64
// CHECK-SAME:    form = "stored_weight"{{.*}}reason = "dtype"
// CHECK:         fovea.get_weight @d
func.func @do_not_round_weights_of_f64(%h: tensor<1x5xf64>, %n: index) -> tensor<1x5xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d = fovea.get_weight @d : tensor<5x5xf64>
  %e = tensor.empty() : tensor<1x5xf64>
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %h) -> tensor<1x5xf64> {
    %g = fovea.contract ins(%s, %d : tensor<1x5xf64>, tensor<5x5xf64>)
        outs(%e : tensor<1x5xf64>) {indexing_maps = [#a, #b, #c]} epilogue {
        ^bb0(%sum: f64):
          fovea.yield %sum : f64
        } -> tensor<1x5xf64>
    scf.yield %g : tensor<1x5xf64>
  }
  return %r : tensor<1x5xf64>
}

// One row of x at a time is no state: its weight is one of the input.
// CHECK-LABEL: func @do_not_round_weights_of_the_input
// CHECK-NOT:     _weight"
// CHECK:         fovea.gates ins(%{{.*}} : tensor<1x5xf32>, tensor<2x5x5xf32>)
func.func @do_not_round_weights_of_the_input(%x: tensor<9x5xf32>, %n: index) -> tensor<1x5xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = fovea.get_weight @w : tensor<2x5x5xf32>
  %v = fovea.get_weight @v : tensor<5x5xf32>
  %e = tensor.empty() : tensor<1x5xf32>
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %e) -> tensor<1x5xf32> {
    %in = tensor.extract_slice %x[%t, 0] [1, 5] [1, 1] : tensor<9x5xf32> to tensor<1x5xf32>
    %p = fovea.contract ins(%in, %v : tensor<1x5xf32>, tensor<5x5xf32>)
        outs(%s : tensor<1x5xf32>) {indexing_maps = [#a, #b, #c]} epilogue {
        ^bb0(%sum: f32):
          fovea.yield %sum : f32
        } -> tensor<1x5xf32>
    %g = fovea.gates ins(%p, %w : tensor<1x5xf32>, tensor<2x5x5xf32>)
        outs(%s : tensor<1x5xf32>) {capture_maps = []} cell {
        ^bb0(%s0: f32, %s1: f32):
          fovea.yield %s1 : f32
        } -> tensor<1x5xf32>
    scf.yield %g : tensor<1x5xf32>
  }
  return %r : tensor<1x5xf32>
}

// CHECK-LABEL: func @weight_in_another_order
// CHECK:         fovea.gates ins
// CHECK-SAME:      affine_map<(d0, d1) -> (d1, 0)>, affine_map<(d0, d1) -> (d1, 1)>
func.func @weight_in_another_order(%h: tensor<1x7xf32>, %n: index) -> tensor<1x7xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %u = fovea.get_weight @u : tensor<7x5x2xf32>
  %e = tensor.empty() : tensor<1x5xf32>
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %h) -> tensor<1x7xf32> {
    %g = fovea.gates ins(%s, %u : tensor<1x7xf32>, tensor<7x5x2xf32>)
        outs(%e : tensor<1x5xf32>) {capture_maps = [], weight_order = array<i64: 2, 1, 0>} cell {
        ^bb0(%s0: f32, %s1: f32):
          %p = arith.mulf %s0, %s1 : f32
          fovea.yield %p : f32
        } -> tensor<1x5xf32>
    %next = tensor.insert_slice %g into %s[0, 2] [1, 5] [1, 1]
        : tensor<1x5xf32> into tensor<1x7xf32>
    scf.yield %next : tensor<1x7xf32>
  }
  return %r : tensor<1x7xf32>
}
