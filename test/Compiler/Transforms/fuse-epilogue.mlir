// RUN: fovea-opt %s -fovea-fuse-epilogue --split-input-file | FileCheck %s

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#col = affine_map<(i, j) -> (j)>

// CHECK-LABEL: func @bias_then_residual
// CHECK-SAME:    %[[B:[a-z0-9]+]]: tensor<6xf32>, %[[S:[a-z0-9]+]]: tensor<5x6xf16>
// CHECK:         fovea.contract
// CHECK-SAME:      captures(%[[B]], %[[S]] : tensor<6xf32>, tensor<5x6xf16>)
// CHECK:         ^bb0(%[[SUM:.*]]: f32, %[[BIAS:.*]]: f32, %[[SKIP:.*]]: f16):
// CHECK:           %[[X:.*]] = arith.addf %[[SUM]], %[[BIAS]]
// CHECK:           %[[T:.*]] = math.tanh %[[X]]
// CHECK:           %[[H:.*]] = arith.truncf %[[T]]
// CHECK:           arith.addf %[[H]], %[[SKIP]] : f16
// CHECK:         } -> tensor<5x6xf16>
// CHECK-NOT:     linalg.generic
func.func @bias_then_residual(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>, %b: tensor<6xf32>,
    %s: tensor<5x6xf16>, %o: tensor<5x6xf32>, %oh: tensor<5x6xf16>) -> tensor<5x6xf16> {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<5x6xf32>, tensor<6xf32>) outs(%oh : tensor<5x6xf16>) {
    ^bb0(%x: f32, %y: f32, %z: f16):
      %t = arith.addf %x, %y : f32
      %u = math.tanh %t : f32
      %v = arith.truncf %u : f32 to f16
      linalg.yield %v : f16
    } -> tensor<5x6xf16>
  %e = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q, %s : tensor<5x6xf16>, tensor<5x6xf16>) outs(%oh : tensor<5x6xf16>) {
    ^bb0(%x: f16, %y: f16, %z: f16):
      %t = arith.addf %x, %y : f16
      linalg.yield %t : f16
    } -> tensor<5x6xf16>
  return %e : tensor<5x6xf16>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#id3 = affine_map<(i, j, k) -> (i, j, k)>

// The reshape moves behind the generic; the constant moves into the region.
// CHECK: #[[$T:.*]] = affine_map<(d0, d1, d2) -> (d1, d0)>

// CHECK-LABEL: func @through_reshape
// CHECK:         %[[P:.*]] = fovea.contract
// CHECK:           arith.constant
// CHECK:           arith.mulf
// CHECK:         tensor.expand_shape %[[P]]
// CHECK-NOT:     linalg.generic
func.func @through_reshape(%a: tensor<6x8xf32>, %w: tensor<8x6xf32>, %o: tensor<6x6xf32>,
    %o3: tensor<2x3x6xf32>) -> tensor<2x3x6xf32> {
  %two = arith.constant 2.0 : f32
  %p = fovea.contract ins(%a, %w : tensor<6x8xf32>, tensor<8x6xf32>) outs(%o : tensor<6x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<6x6xf32>
  %x = tensor.expand_shape %p [[0, 1], [2]] output_shape [2, 3, 6]
    : tensor<6x6xf32> into tensor<2x3x6xf32>
  %q = linalg.generic {indexing_maps = [#id3, #id3],
        iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<2x3x6xf32>) outs(%o3 : tensor<2x3x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      %t = arith.mulf %y, %two : f32
      linalg.yield %t : f32
    } -> tensor<2x3x6xf32>
  return %q : tensor<2x3x6xf32>
}

// CHECK-LABEL: func @transposed
// CHECK:         fovea.contract {{.*}} outs(%{{.*}} : tensor<6x5xf32>)
// CHECK-SAME:      #[[$T]]]
func.func @transposed(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>, %o: tensor<5x6xf32>,
    %ot: tensor<6x5xf32>) -> tensor<6x5xf32> {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, #id],
        iterator_types = ["parallel", "parallel"]}
      ins(%p : tensor<5x6xf32>) outs(%ot : tensor<6x5xf32>) {
    ^bb0(%y: f32, %z: f32):
      linalg.yield %y : f32
    } -> tensor<6x5xf32>
  return %q : tensor<6x5xf32>
}

// -----

#l = affine_map<(m, n, k) -> (m, k)>
#r = affine_map<(m, n, k) -> (k, n)>
#o = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#par = {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}

// CHECK-LABEL: func @do_not_fuse_when_product_has_other_readers
// CHECK:         linalg.generic
func.func @do_not_fuse_when_product_has_other_readers(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>,
    %o: tensor<5x6xf32>) -> (tensor<5x6xf32>, tensor<5x6xf32>) {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic #par ins(%p : tensor<5x6xf32>) outs(%o : tensor<5x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      %t = math.tanh %y : f32
      linalg.yield %t : f32
    } -> tensor<5x6xf32>
  return %p, %q : tensor<5x6xf32>, tensor<5x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_when_generic_uses_a_position
// CHECK:         linalg.generic
func.func @do_not_fuse_when_generic_uses_a_position(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>,
    %o: tensor<5x6xf32>) -> tensor<5x6xf32> {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic #par ins(%p : tensor<5x6xf32>) outs(%o : tensor<5x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      %i = linalg.index 0 : index
      %j = arith.index_cast %i : index to i32
      %f = arith.sitofp %j : i32 to f32
      %t = arith.addf %y, %f : f32
      linalg.yield %t : f32
    } -> tensor<5x6xf32>
  return %q : tensor<5x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_when_destination_is_read
// CHECK:         linalg.generic
func.func @do_not_fuse_when_destination_is_read(%a: tensor<5x8xf32>, %w: tensor<8x6xf32>,
    %o: tensor<5x6xf32>) -> tensor<5x6xf32> {
  %p = fovea.contract ins(%a, %w : tensor<5x8xf32>, tensor<8x6xf32>) outs(%o : tensor<5x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<5x6xf32>
  %q = linalg.generic #par ins(%p : tensor<5x6xf32>) outs(%o : tensor<5x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      %t = arith.addf %y, %z : f32
      linalg.yield %t : f32
    } -> tensor<5x6xf32>
  return %q : tensor<5x6xf32>
}

// CHECK-LABEL: func @do_not_fuse_when_the_product_reads_the_destination
// CHECK:         linalg.generic
func.func @do_not_fuse_when_the_product_reads_the_destination(%a: tensor<1x8x6xf32>,
    %w: tensor<6x6xf32>, %e: tensor<8x6xf32>) -> tensor<1x8x6xf32> {
  %h = tensor.collapse_shape %a [[0, 1], [2]] : tensor<1x8x6xf32> into tensor<8x6xf32>
  %p = fovea.contract ins(%h, %w : tensor<8x6xf32>, tensor<6x6xf32>) outs(%e : tensor<8x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<8x6xf32>
  %q = linalg.generic #par ins(%p : tensor<8x6xf32>) outs(%h : tensor<8x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      %t = math.tanh %y : f32
      linalg.yield %t : f32
    } -> tensor<8x6xf32>
  %x = tensor.expand_shape %q [[0, 1], [2]] output_shape [1, 8, 6]
      : tensor<8x6xf32> into tensor<1x8x6xf32>
  return %x : tensor<1x8x6xf32>
}

// Elementwise operations on tensors name their operand as destination.
// CHECK-LABEL: func @destination_is_the_product
// CHECK-SAME:    %[[E:[a-z0-9]+]]: tensor<8x6xf32>)
// CHECK:         fovea.contract {{.*}} outs(%[[E]]
// CHECK:           math.tanh
// CHECK-NOT:     linalg.generic
func.func @destination_is_the_product(%a: tensor<8x6xf32>, %w: tensor<6x6xf32>,
    %e: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %p = fovea.contract ins(%a, %w : tensor<8x6xf32>, tensor<6x6xf32>) outs(%e : tensor<8x6xf32>)
      {indexing_maps = [#l, #r, #o]} epilogue {
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    } -> tensor<8x6xf32>
  %q = linalg.generic #par ins(%p : tensor<8x6xf32>) outs(%p : tensor<8x6xf32>) {
    ^bb0(%y: f32, %z: f32):
      %t = math.tanh %y : f32
      linalg.yield %t : f32
    } -> tensor<8x6xf32>
  return %q : tensor<8x6xf32>
}
