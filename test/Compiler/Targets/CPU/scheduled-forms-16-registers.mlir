// RUN: fovea-opt %s -split-input-file -fovea-schedule-cpu="lanes=8 registers=16" \
// RUN:   -verify-diagnostics | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func private @largest_tile
// CHECK:         fovea_kernel.product {{.*}} rows 7 vectors 2 lanes 8
func.func private @largest_tile(%a: memref<7x8xf32>, %b: memref<8x32xf32>, %c: memref<7x32xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.contract ins(%a, %b : memref<7x8xf32>, memref<8x32xf32>) outs(%c : memref<7x32xf32>)
      {indexing_maps = [#a, #b, #c],
       schedule = #fovea.schedule<form = "panel_product", tiles = [7, 2]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func private @tile_is_too_large(%a: memref<5x8xf32>, %b: memref<8x32xf32>,
    %c: memref<5x32xf32>) attributes {fovea_kernel.kernel} {
  // expected-error @+2 {{cannot follow}}
  // expected-note @+1 {{tiles of 8 rows x 2 vectors are more than the 14 sums that 16 registers}}
  fovea.contract ins(%a, %b : memref<5x8xf32>, memref<8x32xf32>) outs(%c : memref<5x32xf32>)
      {indexing_maps = [#a, #b, #c],
       schedule = #fovea.schedule<form = "panel_product", tiles = [8, 2]>} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}
