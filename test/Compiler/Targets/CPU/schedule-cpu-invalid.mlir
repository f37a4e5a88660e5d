// RUN: fovea-opt %s -split-input-file -fovea-schedule-cpu -verify-diagnostics

// expected-error @+1 {{expected a computation that some form of the CPU handles}}
func.func private @nothing_to_compute(%x: memref<4xf32>) attributes {fovea_kernel.kernel} {
  return
}

// -----

func.func private @sugar_is_left(%q: memref<1x2x5x8xf32>) attributes {fovea_kernel.kernel} {
  // expected-error @+4 {{no form of the CPU computes this operation}}
  // expected-note @+3 {{form = "streamed_attention", reason = "order"}}
  // expected-note @+2 {{form = "transposed_attention", reason = "order"}}
  // expected-note @+1 {{form = "row_attention", reason = "order"}}
  fovea.attention ins(%q, %q, %q : memref<1x2x5x8xf32>, memref<1x2x5x8xf32>, memref<1x2x5x8xf32>)
      softcap 2.0 outs(%q : memref<1x2x5x8xf32>) {indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
  return
}
