// RUN: fovea-opt %s -fovea-count-work | FileCheck %s

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>

fovea.weight @w from "w.bin" offset 0 : tensor<96x40xf32>

func.func private @product(%a: memref<?x40xf32>, %b: memref<96x40xf32>, %c: memref<?x96xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<?x40xf32>, memref<96x40xf32>) outs(%c : memref<?x96xf32>)
      {indexing_maps = [#lhs, #rhs, #out]} epilogue {
  ^bb0(%sum: f32):
    fovea.yield %sum : f32
  }
  return
}

func.func private @attend(%q: memref<2x4x?x16xf32>, %k: memref<2x4x?x16xf32>,
                          %v: memref<2x4x?x8xf32>, %o: memref<2x4x?x8xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<2x4x?x16xf32>, memref<2x4x?x16xf32>, memref<2x4x?x8xf32>)
      outs(%o : memref<2x4x?x8xf32>) {indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
  return
}

// 2 * 40 * 96.
// CHECK-LABEL: func @count_multiply_adds_twice
// CHECK:         fovea_kernel.launch @product({{.*}}) {fovea.flops = ["*", 7680, "n"]}
func.func @count_multiply_adds_twice(%x: memref<?x40xf32> {fovea.shape = ["n", ""]},
    %w: memref<96x40xf32>, %y: memref<?x96xf32>)
    attributes {fovea.entry, fovea.symbols = ["n"]} {
  fovea_kernel.launch @product(%x, %w, %y)
      : memref<?x40xf32>, memref<96x40xf32>, memref<?x96xf32>
  return
}

// 2 * 2 * 4 * (16 + 8).
// CHECK-LABEL: func @count_scores_and_weighted_sum
// CHECK:         fovea_kernel.launch @attend({{.*}}) {fovea.flops = ["*", 384, "s", "t"]}
func.func @count_scores_and_weighted_sum(
    %q: memref<2x4x?x16xf32> {fovea.shape = ["", "", "s", ""]},
    %k: memref<2x4x?x16xf32> {fovea.shape = ["", "", "t", ""]},
    %v: memref<2x4x?x8xf32> {fovea.shape = ["", "", "t", ""]}, %o: memref<2x4x?x8xf32>)
    attributes {fovea.entry, fovea.symbols = ["s", "t"]} {
  fovea_kernel.launch @attend(%q, %k, %v, %o)
      : memref<2x4x?x16xf32>, memref<2x4x?x16xf32>, memref<2x4x?x8xf32>, memref<2x4x?x8xf32>
  return
}

func.func private @attend_to_parts(%q: memref<2x8x1x16xf32>, %k: memref<2x2x?x16xf32>,
                                   %v: memref<2x2x?x8xf32>, %o: memref<2x8x1x8xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<2x8x1x16xf32>, memref<2x2x?x16xf32>, memref<2x2x?x8xf32>)
      outs(%o : memref<2x8x1x8xf32>) {fovea.key_parts = 4, indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
  return
}

// 2 * 2 * 2 * (16 + 8): each of 4 heads has a quarter of the keys.
// CHECK-LABEL: func @count_each_key_of_parts_once
// CHECK:         fovea_kernel.launch @attend_to_parts({{.*}}) {fovea.flops = ["*", 192, "t"]}
func.func @count_each_key_of_parts_once(%q: memref<2x8x1x16xf32>,
    %k: memref<2x2x?x16xf32> {fovea.shape = ["", "", "t", ""]},
    %v: memref<2x2x?x8xf32> {fovea.shape = ["", "", "t", ""]}, %o: memref<2x8x1x8xf32>)
    attributes {fovea.entry, fovea.symbols = ["t"]} {
  fovea_kernel.launch @attend_to_parts(%q, %k, %v, %o)
      : memref<2x8x1x16xf32>, memref<2x2x?x16xf32>, memref<2x2x?x8xf32>, memref<2x8x1x8xf32>
  return
}

// CHECK-LABEL: func @count_all_trips_of_a_loop
// CHECK:         fovea_kernel.launch @product({{.*}}) {fovea.flops = ["*", 7680, "b", "t"]}
func.func @count_all_trips_of_a_loop(%x: memref<?x?x40xf32> {fovea.shape = ["t", "b", ""]},
    %w: memref<96x40xf32>, %y: memref<?x96xf32>)
    attributes {fovea.entry, fovea.symbols = ["t", "b"]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = fovea_kernel.symbol 0 : index
  %b = fovea_kernel.symbol 1 : index
  scf.for %i = %c0 to %t step %c1 {
    %row = memref.subview %x[%i, 0, 0] [1, %b, 40] [1, 1, 1]
        : memref<?x?x40xf32> to memref<?x40xf32, strided<[40, 1], offset: ?>>
    fovea_kernel.launch @product(%row, %w, %y)
        : memref<?x40xf32, strided<[40, 1], offset: ?>>, memref<96x40xf32>, memref<?x96xf32>
  }
  return
}

// CHECK-LABEL: func @follow_views_to_the_buffer
// CHECK:         fovea_kernel.launch @product({{.*}}) {fovea.flops = ["*", 23040, ["+", "n", 1]]}
func.func @follow_views_to_the_buffer(%w: memref<96x40xf32>, %y: memref<?x96xf32>)
    attributes {fovea.entry, fovea.symbols = ["n"]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = fovea_kernel.symbol 0 : index
  %m = arith.addi %n, %c1 : index
  %buffer = fovea_kernel.arena %c0 sizes(%m) : memref<3x?x40xf32>
  %rows = memref.collapse_shape %buffer [[0, 1], [2]] : memref<3x?x40xf32> into memref<?x40xf32>
  fovea_kernel.launch @product(%rows, %w, %y)
      : memref<?x40xf32>, memref<96x40xf32>, memref<?x96xf32>
  return
}

// CHECK-LABEL: func @mark_what_a_run_may_leave_out
// CHECK:         fovea_kernel.launch @product
// CHECK-SAME:      {fovea.conditional, fovea.flops = ["*", 7680, "n"]}
func.func @mark_what_a_run_may_leave_out(%p: i1, %x: memref<?x40xf32> {fovea.shape = ["n", ""]},
    %w: memref<96x40xf32>, %y: memref<?x96xf32>)
    attributes {fovea.entry, fovea.symbols = ["n"]} {
  scf.if %p {
    fovea_kernel.launch @product(%x, %w, %y)
        : memref<?x40xf32>, memref<96x40xf32>, memref<?x96xf32>
  }
  return
}

// CHECK-LABEL: func @do_not_count_what_depends_on_data
// CHECK:         fovea_kernel.launch @product(%{{[^)]*}}) :
func.func @do_not_count_what_depends_on_data(%count: memref<1xindex>, %w: memref<96x40xf32>,
    %y: memref<?x96xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %n = memref.load %count[%c0] : memref<1xindex>
  %x = fovea_kernel.allocate (%n) : memref<?x40xf32>
  fovea_kernel.launch @product(%x, %w, %y)
      : memref<?x40xf32>, memref<96x40xf32>, memref<?x96xf32>
  return
}

func.func private @choose(%i: index, %t: memref<96x40xf32>, %y: memref<40xf32>)
    attributes {fovea_kernel.kernel} {
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      outs(%y : memref<40xf32>) {
  ^bb0(%old: f32):
    %a = linalg.index 0 : index
    %v = memref.load %t[%i, %a] : memref<96x40xf32>
    linalg.yield %v : f32
  }
  return
}

// CHECK-LABEL: func @count_the_bytes_of_weights
// CHECK:         fovea_kernel.launch @product({{.*}}) {{{.*}}fovea.weight_bytes = 15360 : i64}
func.func @count_the_bytes_of_weights(%x: memref<?x40xf32> {fovea.shape = ["n", ""]},
    %y: memref<?x96xf32>) attributes {fovea.entry, fovea.symbols = ["n"]} {
  %w = fovea.get_weight @w : memref<96x40xf32>
  fovea_kernel.launch @product(%x, %w, %y)
      : memref<?x40xf32>, memref<96x40xf32>, memref<?x96xf32>
  return
}

// CHECK-LABEL: func @do_not_count_tables
// CHECK:         fovea_kernel.launch @choose(%{{[^)]*}}) :
func.func @do_not_count_tables(%i: index, %y: memref<40xf32>) attributes {fovea.entry} {
  %w = fovea.get_weight @w : memref<96x40xf32>
  fovea_kernel.launch @choose(%i, %w, %y) : index, memref<96x40xf32>, memref<40xf32>
  return
}
