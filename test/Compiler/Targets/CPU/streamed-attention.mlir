// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

#few = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#keys = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#apart = affine_map<(b, h, i, j, d, e) -> (b, h, d, j)>
#values = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#out = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// Few queries: keys and values are read once, as they lie; what comes next is asked for.
// CHECK-LABEL: func private @few_queries
// CHECK-SAME:    form = "streamed_attention"
// CHECK-SAME:    refused = []
// CHECK:         fovea_kernel.parallel
// CHECK:           llvm.inline_asm has_side_effects "", "~{memory}"
// CHECK:           memref.prefetch
// CHECK:           vector.fma
// CHECK:           vector.shuffle
// CHECK:           vector.reduction <maxnumf>, %{{.*}} fastmath<nnan>
// CHECK:           fovea_kernel.product
// CHECK-SAME:        ahead(
// CHECK-NOT:     fovea.attention
// CHECK:         return
func.func private @few_queries(%q: memref<1x2x4x64xf32>, %k: memref<1x2x?x64xf32>,
    %o: memref<1x2x4x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x4x64xf32>, memref<1x2x?x64xf32>,
      memref<1x2x?x64xf32>) outs(%o : memref<1x2x4x64xf32>)
      {indexing_maps = [#few, #keys, #values, #out]}
  return
}

// Thirteen queries: where the keys are few, the transposed form is ahead.
// CHECK-LABEL: func private @more_queries_and_few_keys
// CHECK-SAME:    form = "transposed_attention"
// CHECK-SAME:    refused = []
func.func private @more_queries_and_few_keys(%q: memref<1x2x13x64xf32>, %k: memref<1x2x99x64xf32>,
    %o: memref<1x2x13x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x13x64xf32>, memref<1x2x99x64xf32>,
      memref<1x2x99x64xf32>) outs(%o : memref<1x2x13x64xf32>)
      {indexing_maps = [#few, #keys, #values, #out]}
  return
}

// CHECK-LABEL: func private @few_queries_on_keys_apart
// CHECK-SAME:    form = "transposed_attention"
// CHECK-SAME:    refused = [{form = "streamed_attention", reason = "layout"
func.func private @few_queries_on_keys_apart(%q: memref<1x2x4x64xf32>, %k: memref<1x2x64x99xf32>,
    %v: memref<1x2x99x64xf32>, %o: memref<1x2x4x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<1x2x4x64xf32>, memref<1x2x64x99xf32>,
      memref<1x2x99x64xf32>) outs(%o : memref<1x2x4x64xf32>)
      {indexing_maps = [#few, #apart, #values, #out]}
  return
}

// A division of scores by a constant is a product.
// CHECK-LABEL: func private @score_divided_by_a_constant
// CHECK:         arith.constant 0.333333343 : f32
// CHECK:         arith.divf
// CHECK-NOT:     arith.divf
// CHECK:         return
func.func private @score_divided_by_a_constant(%q: memref<1x2x4x64xf32>, %k: memref<1x2x?x64xf32>,
    %o: memref<1x2x4x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x4x64xf32>, memref<1x2x?x64xf32>,
      memref<1x2x?x64xf32>) outs(%o : memref<1x2x4x64xf32>)
      {indexing_maps = [#few, #keys, #values, #out]} score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %three = arith.constant 3.0 : f32
    %r = arith.divf %s, %three : f32
    fovea.yield %r : f32
  }
  return
}
