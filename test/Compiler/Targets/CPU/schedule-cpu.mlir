// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#row = affine_map<(i, j) -> (i)>
#all = affine_map<(i, j) -> (i, j)>

// The module's ledger has one record per launch.
// CHECK: module attributes {fovea.ledger = [
// CHECK-SAME: form = "panel_product", kernel = "panel_product", node = "Gemm_1"
// CHECK-SAME: op = "fovea.contract", refused = []

// CHECK-LABEL: func private @panel_product
// CHECK:         fovea_kernel.parallel
// CHECK:           fovea_kernel.product
// CHECK-NOT:     fovea.contract
func.func private @panel_product(%a: memref<9x8xf32>, %b: memref<8x32xf32>, %c: memref<9x32xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<9x8xf32>, memref<8x32xf32>) outs(%c : memref<9x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @do_not_use_registers_when_elements_are_f64
// CHECK-SAME:    form = "loop_product"
// CHECK-SAME:    refused = [{form = "panel_product", reason = "dtype"
// CHECK:         fovea_kernel.parallel
// CHECK-NOT:     fovea_kernel.product
// CHECK:         return
func.func private @do_not_use_registers_when_elements_are_f64(%a: memref<5x8xf64>,
    %b: memref<8x6xf64>, %c: memref<5x6xf64>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x8xf64>, memref<8x6xf64>) outs(%c : memref<5x6xf64>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f64):
        fovea.yield %sum : f64
      }
  return
}

// CHECK-LABEL: func private @do_not_use_registers_when_columns_are_apart
// CHECK-SAME:    refused = [{form = "streamed_product", reason = "layout"
// CHECK-SAME:    {form = "panel_product", reason = "layout"
func.func private @do_not_use_registers_when_columns_are_apart(%a: memref<5x8xf32>,
    %b: memref<8x6xf32>, %c: memref<5x6xf32, strided<[1, 5]>>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<8x6xf32>)
      outs(%c : memref<5x6xf32, strided<[1, 5]>>) {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @attention
// CHECK-SAME:    form = "transposed_attention"
// CHECK:         fovea_kernel.parallel
// CHECK:           fovea_kernel.product
// CHECK-NOT:     fovea.attention
func.func private @attention(%q: memref<1x2x5x8xf32>, %k: memref<1x2x7x8xf32>,
    %o: memref<1x2x5x8xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x5x8xf32>, memref<1x2x7x8xf32>, memref<1x2x7x8xf32>)
      outs(%o : memref<1x2x5x8xf32>) {indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
  return
}

// CHECK-LABEL: func private @softmax
// CHECK-SAME:    form = "row_softmax"
// CHECK:         fovea_kernel.parallel
func.func private @softmax(%x: memref<4x8xf32>, %y: memref<4x8xf32>)
    attributes {fovea_kernel.kernel} {
  linalg.softmax dimension(1) ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>)
  return
}

// CHECK-LABEL: func private @norm
// CHECK-SAME:    form = "row_norm"
// CHECK:         fovea_kernel.parallel
func.func private @norm(%x: memref<4x8xf32>, %w: memref<8xf32>) attributes {fovea_kernel.kernel} {
  fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-6 : f64}
  return
}

// Both computations of a group do the rows of a task, each in loops of its own.
// CHECK-LABEL: func private @rows
// CHECK-SAME:    fovea.ledger = [{form = "row_norm", {{.*}}}, {form = "elementwise_loops",
// CHECK:         fovea_kernel.parallel %{{.*}} {
// CHECK:           %[[FIRST:.*]] = arith.muli
// CHECK:           %[[LAST:.*]] = arith.minsi
// CHECK:           scf.for %{{.*}} = %[[FIRST]] to %[[LAST]]
// CHECK:             math.sqrt
// CHECK:           scf.for %{{.*}} = %[[FIRST]] to %[[LAST]]
// CHECK:             memref.load
// CHECK:         return
func.func private @rows(%x: memref<4x8xf32>, %w: memref<8xf32>, %y: memref<4x8xf32>)
    attributes {fovea_kernel.kernel} {
  %c4 = arith.constant 4 : index
  fovea_kernel.rows %c4 {
    fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
        {axis = 1 : i64, epsilon = 1.0e-6 : f64}
    linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>) {
    ^bb0(%v: f32, %o: f32):
      linalg.yield %v : f32
    }
  }
  return
}

// CHECK-LABEL: func private @reduction
// CHECK-SAME:    form = "reduction_loops"
// CHECK:         fovea_kernel.parallel
func.func private @reduction(%x: memref<4x8xf32>, %y: memref<4xf32>)
    attributes {fovea_kernel.kernel} {
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
    ^bb0(%v: f32, %sum: f32):
      %s = arith.addf %sum, %v : f32
      linalg.yield %s : f32
    }
  return
}

// CHECK-LABEL: func private @elementwise
// CHECK-SAME:    form = "elementwise_loops"
// CHECK:         fovea_kernel.parallel
func.func private @elementwise(%x: memref<4x8xf32>) attributes {fovea_kernel.kernel} {
  linalg.exp ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
  return
}

func.func @main(%a: memref<9x8xf32>, %b: memref<8x32xf32>, %c: memref<9x32xf32>)
    attributes {fovea.entry} {
  fovea_kernel.launch @panel_product(%a, %b, %c)
      : memref<9x8xf32>, memref<8x32xf32>, memref<9x32xf32> loc("Gemm_1")
  return
}

// CHECK-LABEL: func private @attention_with_a_head_size_of_the_run
// CHECK-SAME:    form = "row_attention"
// CHECK-SAME:    refused = [{form = "streamed_attention", reason = "shape"
// CHECK-SAME:                form = "transposed_attention", reason = "shape"
// CHECK:         fovea_kernel.parallel
// CHECK-NOT:     fovea.attention
// CHECK:         return
func.func private @attention_with_a_head_size_of_the_run(%q: memref<1x2x7x?xf32>,
    %k: memref<1x2x9x?xf32>, %o: memref<1x2x7x?xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x7x?xf32>, memref<1x2x9x?xf32>, memref<1x2x9x?xf32>)
      outs(%o : memref<1x2x7x?xf32>)
      {indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
  return
}

// CHECK-LABEL: func private @attention_in_f64
// CHECK-SAME:    form = "row_attention"
// CHECK-SAME:    refused = [{form = "streamed_attention", reason = "dtype"
// CHECK-SAME:                form = "transposed_attention", reason = "dtype"
// CHECK:         memref.load {{.*}}xf64>
// CHECK:         math.exp %{{.*}} : f64
// CHECK-NOT:     f32
// CHECK:         return
func.func private @attention_in_f64(%q: memref<1x2x7x8xf64>, %o: memref<1x2x7x8xf64>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x7x8xf64>, memref<1x2x7x8xf64>, memref<1x2x7x8xf64>)
      outs(%o : memref<1x2x7x8xf64>)
      {indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
  return
}

// Keys behind the last query are no part of the loop. A block is cut into what the mask keeps
// whole, at both ends, and the rest; what is whole has no mask.
// CHECK-LABEL: func private @attention_with_causal_mask
// CHECK:         arith.minsi %{{.*}}, %c300 : index
// CHECK:         %[[END:[0-9]+]] = arith.minsi %{{.*}}, %c300 : index
// CHECK:         scf.for %[[FIRST:.*]] = %{{.*}} to %[[END]] step %c96
// CHECK:           %[[SOME:[0-9]+]] = arith.cmpi sle, %[[FIRST]], {{.*}} : index
// CHECK:           scf.if %[[SOME]] {
// CHECK:             scf.for %[[NUMBER:[a-z0-9]+]] = %{{.*}} to %c3
// CHECK:               %[[MASKED:[0-9]+]] = arith.cmpi eq, %[[NUMBER]], %c1
// CHECK:               %[[ANY:[0-9]+]] = arith.cmpi slt
// CHECK:               scf.if %[[ANY]] {
// CHECK:                 scf.if %[[MASKED]] {
// CHECK:                   arith.cmpi sle, {{.*}} : vector<16xi32>
func.func private @attention_with_causal_mask(%q: memref<1x2x200x8xf32>, %k: memref<1x2x300x8xf32>,
    %o: memref<1x2x200x8xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x200x8xf32>, memref<1x2x300x8xf32>,
      memref<1x2x300x8xf32>) outs(%o : memref<1x2x200x8xf32>)
      {indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index):
        %keep = arith.cmpi sle, %j, %i : index
        fovea.yield %keep : i1
      }
  return
}

// Columns of two dimensions that lie in one row are summed in one loop.
// CHECK-LABEL: func private @norm_of_gates
// CHECK-SAME:    form = "row_norm"
// CHECK:         %[[ROWS:.*]] = memref.collapse_shape %arg0 {{.*}} into memref<8x256xf32>
// CHECK:         memref.load %[[ROWS]]
func.func private @norm_of_gates(%x: memref<8x4x64xf32>, %w: memref<4x64xf32>,
    %y: memref<8x4x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.layer_norm ins(%x, %w : memref<8x4x64xf32>, memref<4x64xf32>)
      outs(%y : memref<8x4x64xf32>) {axis = 1 : i64, epsilon = 1.0e-05 : f64}
  return
}

// CHECK-LABEL: func private @do_not_join_columns_that_lie_apart
// CHECK-NOT:     memref.collapse_shape %arg0
// CHECK:         memref.load %arg0[%{{.*}}, %{{.*}}, %{{.*}}]
func.func private @do_not_join_columns_that_lie_apart(
    %x: memref<8x4x64xf32, strided<[512, 128, 1]>>, %w: memref<4x64xf32>,
    %y: memref<8x4x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.layer_norm ins(%x, %w : memref<8x4x64xf32, strided<[512, 128, 1]>>, memref<4x64xf32>)
      outs(%y : memref<8x4x64xf32>) {axis = 1 : i64, epsilon = 1.0e-05 : f64}
  return
}
