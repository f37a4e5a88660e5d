// RUN: fovea-opt %s -split-input-file -fovea-specialize-few-queries | FileCheck %s
// RUN: fovea-opt %s -split-input-file \
// RUN:   -fovea-specialize-few-queries="head-step=1 in-turns=false" \
// RUN:   | FileCheck %s --check-prefix=ONCE

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 4, j, e)>
#n = affine_map<(b, h, i, j, d, e) -> (b)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// CHECK-LABEL: func @attend_to_one_some_and_many
// CHECK-SAME:      (%[[Q:.*]]: tensor<2x8x?x16xf32>, %[[K:.*]]: tensor<2x2x?x16xf32>,
// CHECK-DAG:     %[[S:.*]] = tensor.dim %[[Q]]
// CHECK-DAG:     %[[ONE:.*]] = arith.cmpi eq, %[[S]], %{{.*}}
// CHECK:         %[[R:.*]] = scf.if %[[ONE]]
// CHECK:           %[[ROW:.*]] = tensor.cast %[[Q]] : {{.*}} to tensor<2x8x1x16xf32>
// CHECK:           fovea.attention ins(%[[ROW]], %[[K]], %[[K]] :
// CHECK-SAME:          fovea.queries = "1 query"
// CHECK:         } else {
// CHECK:           %[[FEW:.*]] = arith.cmpi ule, %[[S]], %{{.*}}
// CHECK:           scf.if %[[FEW]]
// CHECK:             scf.for %[[FIRST:.*]] = %{{.*}} to %[[S]] step
// CHECK:               %[[PART:.*]] = tensor.extract_slice %[[Q]][0, 0, %[[FIRST]], 0]
// CHECK:               %[[ROWS:.*]] = tensor.pad %[[PART]]
// CHECK:               %[[AT:.*]] = arith.index_cast %[[FIRST]] : index to i64
// CHECK:               %[[MOVE:.*]] = tensor.from_elements %[[AT]]
// CHECK:               %[[Y:.*]] = fovea.attention ins(%[[ROWS]], %[[K]], %[[K]] :
// CHECK-SAME:              captures(%{{.*}}, %[[MOVE]] :
// CHECK-SAME:              fovea.queries = "up to 16 queries, 4 at a time"
// CHECK:            ^bb0({{.*}}, %[[I:[^:]*]]: index, %[[J:[^:]*]]: index, {{.*}}, %[[M:.*]]: i64):
// CHECK:                 %[[BEGIN:.*]] = arith.index_cast %[[M]]
// CHECK:                 %[[ABOVE:.*]] = arith.maxsi %[[BEGIN]], %{{.*}}
// CHECK:                 %[[WITHIN:.*]] = arith.minsi %[[ABOVE]], %{{.*}}
// CHECK:                 %[[OWN:.*]] = arith.addi %[[I]], %[[WITHIN]]
// CHECK:                 %[[LAST:.*]] = arith.addi %[[OWN]], %{{.*}}
// CHECK:                 arith.cmpi sle, %[[J]], %[[LAST]]
// CHECK:               %[[THERE:.*]] = tensor.extract_slice %[[Y]]
// CHECK:               tensor.insert_slice %[[THERE]] into %{{.*}}[0, 0, %[[FIRST]], 0]
// CHECK:           } else {
// CHECK:             fovea.attention ins(%[[Q]], %[[K]], %[[K]] :
// CHECK-SAME:            fovea.queries = "more than 16 queries"
// CHECK:         return %[[R]]

// ONCE-LABEL: func @attend_to_one_some_and_many
// ONCE-SAME:      (%[[Q:.*]]: tensor<2x8x?x16xf32>, %{{.*}}, %{{.*}}, %[[O:.*]]: tensor
// ONCE-DAG:     %[[S:.*]] = tensor.dim %[[Q]]
// ONCE-NOT:     scf.for
// ONCE:         fovea.queries = "1 query"
// ONCE:         arith.cmpi ule, %[[S]], %c4
// ONCE:           %[[PART:.*]] = tensor.extract_slice %[[Q]][0, 0, 0, 0] [2, 8, %[[S]], 16]
// ONCE:           %[[ROWS:.*]] = tensor.pad %[[PART]]
// ONCE:           tensor<2x8x?x16xf32> to tensor<2x8x4x16xf32>
// ONCE:           %[[Y:.*]] = fovea.attention ins(%[[ROWS]], {{.*}} captures(%{{[^,]*}} :
// ONCE-SAME:          fovea.queries = "up to 4 queries"
// ONCE:           %[[THERE:.*]] = tensor.extract_slice %[[Y]]
// ONCE:           tensor.insert_slice %[[THERE]] into %[[O]]
// ONCE:         arith.cmpi ule, %[[S]], %c16
// ONCE:           fovea.queries = "up to 16 queries"
// ONCE:           fovea.queries = "more than 16 queries"
func.func @attend_to_one_some_and_many(%q: tensor<2x8x?x16xf32>, %k: tensor<2x2x?x16xf32>,
    %n: tensor<2xi64>, %o: tensor<2x8x?x16xf32>) -> tensor<2x8x?x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>,
      tensor<2x2x?x16xf32>) captures(%n : tensor<2xi64>) outs(%o : tensor<2x8x?x16xf32>)
      {indexing_maps = [#q, #k, #v, #n, #o]} mask {
    ^bb0(%b: index, %h: index, %i: index, %j: index, %at: i64):
      %offset = arith.index_cast %at : i64 to index
      %last = arith.addi %i, %offset : index
      %keep = arith.cmpi sle, %j, %last : index
      fovea.yield %keep : i1
    } -> tensor<2x8x?x16xf32>
  return %r : tensor<2x8x?x16xf32>
}

// -----

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#m = affine_map<(b, h, i, j, d, e) -> (i, j)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#t = affine_map<(b, h, i, j, d, e) -> ()>

// CHECK-LABEL: func @do_not_fill_up_captures_of_queries
// CHECK:         scf.if
// CHECK:           %[[ROW:.*]] = tensor.cast %{{.*}} : tensor<?x?xf32> to tensor<1x?xf32>
// CHECK:           captures(%[[ROW]] :
// CHECK-SAME:          fovea.queries = "1 query"
// CHECK-NOT:     scf.for
// CHECK:         fovea.not_for_few_queries = "a capture has an element for each query
// CHECK-SAME:    fovea.queries = "any other number of queries"
func.func @do_not_fill_up_captures_of_queries(%q: tensor<1x2x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %m: tensor<?x?xf32>, %o: tensor<1x2x?x16xf32>) -> tensor<1x2x?x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>,
      tensor<1x2x?x16xf32>) captures(%m : tensor<?x?xf32>) outs(%o : tensor<1x2x?x16xf32>)
      {indexing_maps = [#q, #k, #v, #m, #o]} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %bias: f32):
      %x = arith.addf %s, %bias : f32
      fovea.yield %x : f32
    } -> tensor<1x2x?x16xf32>
  return %r : tensor<1x2x?x16xf32>
}

// CHECK-LABEL: func @do_not_fill_up_with_queries_that_a_table_lacks
// CHECK:         fovea.queries = "1 query"
// CHECK-NOT:     scf.for
// CHECK:         fovea.not_for_few_queries = "a region reads a table
func.func @do_not_fill_up_with_queries_that_a_table_lacks(%q: tensor<1x2x?x16xf32>,
    %k: tensor<1x2x?x16xf32>, %m: tensor<?xf32>, %o: tensor<1x2x?x16xf32>)
    -> tensor<1x2x?x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>,
      tensor<1x2x?x16xf32>) captures(%m : tensor<?xf32>) outs(%o : tensor<1x2x?x16xf32>)
      {indexing_maps = [#q, #k, #v, #t, #o]} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %table: tensor<?xf32>):
      %bias = fovea.capture_load %table[%i] : tensor<?xf32> -> f32
      %x = arith.addf %s, %bias : f32
      fovea.yield %x : f32
    } -> tensor<1x2x?x16xf32>
  return %r : tensor<1x2x?x16xf32>
}

// CHECK-LABEL: func @do_not_specialize_a_known_number
// CHECK-NOT:     scf.if
func.func @do_not_specialize_a_known_number(%q: tensor<1x2x5x16xf32>, %k: tensor<1x2x?x16xf32>)
    -> tensor<1x2x5x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x5x16xf32>, tensor<1x2x?x16xf32>,
      tensor<1x2x?x16xf32>) outs(%q : tensor<1x2x5x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x2x5x16xf32>
  return %r : tensor<1x2x5x16xf32>
}

// CHECK-LABEL: func @do_not_specialize_what_a_capture_knows
// CHECK-NOT:     scf.if
func.func @do_not_specialize_what_a_capture_knows(%q: tensor<1x2x?x16xf32>,
    %k: tensor<1x2x?x16xf32>, %m: tensor<5x?xf32>, %o: tensor<1x2x?x16xf32>)
    -> tensor<1x2x?x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>,
      tensor<1x2x?x16xf32>) captures(%m : tensor<5x?xf32>) outs(%o : tensor<1x2x?x16xf32>)
      {indexing_maps = [#q, #k, #v, #m, #o]} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %bias: f32):
      %x = arith.addf %s, %bias : f32
      fovea.yield %x : f32
    } -> tensor<1x2x?x16xf32>
  return %r : tensor<1x2x?x16xf32>
}

// CHECK-LABEL: func @do_not_specialize_as_many_keys_as_queries
// CHECK-NOT:     scf.if
func.func @do_not_specialize_as_many_keys_as_queries(%q: tensor<1x2x?x16xf32>)
    -> tensor<1x2x?x16xf32> {
  %r = fovea.attention ins(%q, %q, %q : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>,
      tensor<1x2x?x16xf32>) outs(%q : tensor<1x2x?x16xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x2x?x16xf32>
  return %r : tensor<1x2x?x16xf32>
}

// CHECK-LABEL: func @do_not_specialize_heads_of_other_sizes
// CHECK-NOT:     scf.if

// ONCE-LABEL: func @do_not_specialize_heads_of_other_sizes
// ONCE-COUNT-2: scf.if
// ONCE-NOT:     "up to 4 queries"
func.func @do_not_specialize_heads_of_other_sizes(%q: tensor<1x2x?x24xf32>,
    %k: tensor<1x2x?x24xf32>) -> tensor<1x2x?x24xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x?x24xf32>, tensor<1x2x?x24xf32>,
      tensor<1x2x?x24xf32>) outs(%q : tensor<1x2x?x24xf32>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x2x?x24xf32>
  return %r : tensor<1x2x?x24xf32>
}

// CHECK-LABEL: func @do_not_specialize_f64
// CHECK-NOT:     scf.if
func.func @do_not_specialize_f64(%q: tensor<1x2x?x16xf64>, %k: tensor<1x2x?x16xf64>)
    -> tensor<1x2x?x16xf64> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x?x16xf64>, tensor<1x2x?x16xf64>,
      tensor<1x2x?x16xf64>) outs(%q : tensor<1x2x?x16xf64>)
      {indexing_maps = [#q, #k, #v, #o]} -> tensor<1x2x?x16xf64>
  return %r : tensor<1x2x?x16xf64>
}

// CHECK-LABEL: func @do_not_specialize_what_has_a_schedule
// CHECK-NOT:     scf.if
func.func @do_not_specialize_what_has_a_schedule(%q: tensor<1x2x?x16xf32>,
    %k: tensor<1x2x?x16xf32>) -> tensor<1x2x?x16xf32> {
  %r = fovea.attention ins(%q, %k, %k : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>,
      tensor<1x2x?x16xf32>) outs(%q : tensor<1x2x?x16xf32>) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<form = "transposed_attention">} -> tensor<1x2x?x16xf32>
  return %r : tensor<1x2x?x16xf32>
}
