// RUN: fovea-opt %s -split-input-file -fovea-split-depth | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (n)>
#y = affine_map<(m, n, k) -> (m, n)>

// 4 tiles of 64 columns, and 16 parts of 512 elements.
// CHECK-DAG:   #[[$PART:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-DAG:   #[[$COLUMN:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d3, d2)>
// CHECK-DAG:   #[[$SUM:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d0, d1)>
// CHECK-DAG:   #[[$FIRST:.*]] = affine_map<(d0, d1) -> (0, d0, d1)>
// CHECK-DAG:   #[[$LAST:.*]] = affine_map<(d0, d1) -> (15, d0, d1)>
// CHECK-DAG:   #[[$OFFSET:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func @add_parts_of_few_tiles
// CHECK-SAME:      (%[[X:.*]]: tensor<16x8192xbf16>, %[[W:.*]]: tensor<256x8192xbf16>, %[[C:.*]]:
// CHECK-DAG:     %[[XS:.*]] = tensor.expand_shape %[[X]] {{.*}} into tensor<16x16x512xbf16>
// CHECK-DAG:     %[[WS:.*]] = tensor.expand_shape %[[W]] {{.*}} into tensor<256x16x512xbf16>
// CHECK:         %[[S:.*]] = fovea.contract ins(%[[XS]], %[[WS]] :
// CHECK-SAME:        fovea.depth_parts = 16
// CHECK-SAME:        indexing_maps = [#[[$PART]], #[[$COLUMN]], #[[$SUM]]]
// CHECK:           -> tensor<16x16x256xf32>
// CHECK:         linalg.generic {indexing_maps = [#[[$FIRST]], {{.*}}#[[$LAST]], #[[$OFFSET]],
// CHECK-COUNT-15:  arith.addf {{.*}} : f32
// CHECK:           %[[R:.*]] = arith.truncf
// CHECK:           arith.addf %[[R]], %{{.*}} : bf16
func.func @add_parts_of_few_tiles(%x: tensor<16x8192xbf16>, %w: tensor<256x8192xbf16>,
    %c: tensor<256xbf16>, %o: tensor<16x256xbf16>) -> tensor<16x256xbf16> {
  %y = fovea.contract ins(%x, %w : tensor<16x8192xbf16>, tensor<256x8192xbf16>)
      captures(%c : tensor<256xbf16>) outs(%o : tensor<16x256xbf16>)
      {indexing_maps = [#a, #w, #c, #y]} epilogue {
    ^bb0(%s: f32, %t: bf16):
      %r = arith.truncf %s : f32 to bf16
      %z = arith.addf %r, %t : bf16
      fovea.yield %z : bf16
    } -> tensor<16x256xbf16>
  return %y : tensor<16x256xbf16>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// A block has four elements of one row: 64 blocks, 4 parts.
// CHECK-LABEL: func @add_parts_of_few_elements
// CHECK:         fovea.depth_parts = 4
// CHECK:           -> tensor<4x1x256xf32>
func.func @add_parts_of_few_elements(%x: tensor<1x4096xf32>, %w: tensor<256x4096xf32>,
    %o: tensor<1x256xf32>) -> tensor<1x256xf32> {
  %y = fovea.contract ins(%x, %w : tensor<1x4096xf32>, tensor<256x4096xf32>)
      outs(%o : tensor<1x256xf32>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<1x256xf32>
  return %y : tensor<1x256xf32>
}

// CHECK-LABEL: func @do_not_split_a_short_depth
// CHECK-NOT:     fovea.depth_parts
func.func @do_not_split_a_short_depth(%x: tensor<16x2048xf32>, %w: tensor<256x2048xf32>,
    %o: tensor<16x256xf32>) -> tensor<16x256xf32> {
  %y = fovea.contract ins(%x, %w : tensor<16x2048xf32>, tensor<256x2048xf32>)
      outs(%o : tensor<16x256xf32>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<16x256xf32>
  return %y : tensor<16x256xf32>
}

// CHECK-LABEL: func @do_not_split_what_has_many_blocks
// CHECK-NOT:     fovea.depth_parts
func.func @do_not_split_what_has_many_blocks(%x: tensor<16x4096xf32>, %w: tensor<16384x4096xf32>,
    %o: tensor<16x16384xf32>) -> tensor<16x16384xf32> {
  %y = fovea.contract ins(%x, %w : tensor<16x4096xf32>, tensor<16384x4096xf32>)
      outs(%o : tensor<16x16384xf32>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<16x16384xf32>
  return %y : tensor<16x16384xf32>
}

// CHECK-LABEL: func @do_not_split_many_rows
// CHECK-NOT:     fovea.depth_parts
func.func @do_not_split_many_rows(%x: tensor<65x4096xf32>, %w: tensor<256x4096xf32>,
    %o: tensor<65x256xf32>) -> tensor<65x256xf32> {
  %y = fovea.contract ins(%x, %w : tensor<65x4096xf32>, tensor<256x4096xf32>)
      outs(%o : tensor<65x256xf32>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<65x256xf32>
  return %y : tensor<65x256xf32>
}

// CHECK-LABEL: func @do_not_split_rows_of_any_number
// CHECK-NOT:     fovea.depth_parts
func.func @do_not_split_rows_of_any_number(%x: tensor<?x4096xf32>, %w: tensor<256x4096xf32>,
    %o: tensor<?x256xf32>) -> tensor<?x256xf32> {
  %y = fovea.contract ins(%x, %w : tensor<?x4096xf32>, tensor<256x4096xf32>)
      outs(%o : tensor<?x256xf32>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<?x256xf32>
  return %y : tensor<?x256xf32>
}

// CHECK-LABEL: func @do_not_split_an_odd_depth
// CHECK-NOT:     fovea.depth_parts
func.func @do_not_split_an_odd_depth(%x: tensor<16x4100xf32>, %w: tensor<256x4100xf32>,
    %o: tensor<16x256xf32>) -> tensor<16x256xf32> {
  %y = fovea.contract ins(%x, %w : tensor<16x4100xf32>, tensor<256x4100xf32>)
      outs(%o : tensor<16x256xf32>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f32):
      fovea.yield %s : f32
    } -> tensor<16x256xf32>
  return %y : tensor<16x256xf32>
}

// CHECK-LABEL: func @do_not_split_f64
// CHECK-NOT:     fovea.depth_parts
func.func @do_not_split_f64(%x: tensor<16x4096xf64>, %w: tensor<256x4096xf64>,
    %o: tensor<16x256xf64>) -> tensor<16x256xf64> {
  %y = fovea.contract ins(%x, %w : tensor<16x4096xf64>, tensor<256x4096xf64>)
      outs(%o : tensor<16x256xf64>) {indexing_maps = [#a, #w, #y]} epilogue {
    ^bb0(%s: f64):
      fovea.yield %s : f64
    } -> tensor<16x256xf64>
  return %y : tensor<16x256xf64>
}
