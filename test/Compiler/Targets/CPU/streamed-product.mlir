// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#t = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Columns on the lanes; 8 rows of the matrix at a time, what comes is asked for twice.
// CHECK-LABEL: func private @columns
// CHECK-SAME:    form = "streamed_product"
// CHECK:         fovea_kernel.product {{.*}} rows 5 vectors 2 lanes 16 ahead(%{{.*}}, %{{.*}} :
func.func private @columns(%a: memref<5x64xf32>, %b: memref<64x32xf32>, %c: memref<5x32xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x64xf32>, memref<64x32xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// What is summed on the lanes, without products of panels.
// CHECK-LABEL: func private @runs
// CHECK-SAME:    form = "streamed_product"
// CHECK:         memref.prefetch
// CHECK:         vector.fma
// CHECK-NOT:     fovea_kernel.product
func.func private @runs(%a: memref<5x64xf32>, %b: memref<32x64xf32>, %c: memref<5x32xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x64xf32>, memref<32x64xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #t, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @do_not_stream_for_many_rows
// CHECK-SAME:    form = "panel_product"
func.func private @do_not_stream_for_many_rows(%a: memref<9x64xf32>, %b: memref<64x32xf32>,
    %c: memref<9x32xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<9x64xf32>, memref<64x32xf32>) outs(%c : memref<9x32xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @do_not_stream_parts_of_a_vector
// CHECK-SAME:    form = "panel_product"
// CHECK-SAME:    refused = [{form = "streamed_product", reason = "shape"
// CHECK-SAME:    text = "what is summed is no multiple of 16 lanes"
func.func private @do_not_stream_parts_of_a_vector(%a: memref<5x63xf32>, %b: memref<32x63xf32>,
    %c: memref<5x32xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x63xf32>, memref<32x63xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #t, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @do_not_stream_fewer_columns_than_lanes
// CHECK-SAME:    form = "panel_product"
// CHECK-SAME:    text = "fewer columns than 16 lanes"
func.func private @do_not_stream_fewer_columns_than_lanes(%a: memref<5x64xf32>,
    %b: memref<64x8xf32>, %c: memref<5x8xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<5x64xf32>, memref<64x8xf32>) outs(%c : memref<5x8xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// CHECK-LABEL: func private @do_not_stream_nothing
// CHECK-SAME:    form = "panel_product"
func.func private @do_not_stream_nothing(%a: memref<4x0xf32>, %b: memref<16x0xf32>,
    %c: memref<4x16xf32>) attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<4x0xf32>, memref<16x0xf32>) outs(%c : memref<4x16xf32>)
      {indexing_maps = [#a, #t, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}
