// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @gates_c1_state_of_rank_2(%h: tensor<2x2x8xf32>, %w: tensor<2x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a state of rank 2 and at least one of outs}}
  %r = fovea.gates ins(%h, %w : tensor<2x2x8xf32>, tensor<2x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_outs_of_rank_2(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %e: tensor<6xf32>) {
  // expected-error @+1 {{gates_c1: expected outs of rank 2, got 'tensor<6xf32>'}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      outs(%e : tensor<6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<6xf32>
  return
}

// -----

func.func @gates_c1_weight_of_rank_3(%h: tensor<2x8xf32>, %w: tensor<12x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a weight of rank 3}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<12x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_at_most_8_gates(%h: tensor<2x8xf32>, %w: tensor<9x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a weight of rank 3 and 1 to 8 sums}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<9x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32, %s3: f32, %s4: f32, %s5: f32, %s6: f32, %s7: f32,
          %s8: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_static_number_of_gates(%h: tensor<2x8xf32>, %w: tensor<?x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a static number of gates}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<?x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_order_is_a_permutation(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a weight order that is a permutation of 0, 1, 2}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      outs(%e : tensor<2x6xf32>)
      {capture_maps = [], weight_order = array<i64: 0, 1, 1>} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_no_order_of_panels(%h: tensor<2x8xf32>, %w: tensor<1x16x16xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a weight order that is a permutation of 0, 1, 2}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<1x16x16xf32>)
      outs(%e : tensor<2x6xf32>)
      {capture_maps = [], weight_order = array<i64: 0, 1, 2>, panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_shape_of_panels(%h: tensor<2x8xf32>, %w: tensor<1x8x16xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected panels of shape [ceil(N / L), K * G, L]}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<1x8x16xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = [], panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c1_shape_of_pairs(%h: tensor<1x8xf32>, %w: tensor<1x8x32x2xbf16>,
    %e: tensor<1x6xf32>) {
  // expected-error @+1 {{gates_c1: expected panels of shape [ceil(N / L), K / 2, G * L, 2]}}
  %r = fovea.gates ins(%h, %w : tensor<1x8xf32>, tensor<1x8x32x2xbf16>)
      outs(%e : tensor<1x6xf32>) {capture_maps = [], panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<1x6xf32>
  return
}

// -----

func.func @gates_c1_no_pairs_of_an_odd_depth(%h: tensor<1x7xf32>, %w: tensor<1x4x32x2xbf16>,
    %e: tensor<1x6xf32>) {
  // expected-error @+1 {{gates_c1: expected a weight of rank 3}}
  %r = fovea.gates ins(%h, %w : tensor<1x7xf32>, tensor<1x4x32x2xbf16>)
      outs(%e : tensor<1x6xf32>) {capture_maps = [], panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<1x6xf32>
  return
}

// -----

func.func @gates_c1_static_depth_of_panels(%h: tensor<2x?xf32>, %w: tensor<1x16x16xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c1: expected panels of shape [ceil(N / L), K * G, L]}}
  %r = fovea.gates ins(%h, %w : tensor<2x?xf32>, tensor<1x16x16xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = [], panels = 16} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c2_elements_of_the_state(%h: tensor<2x8xf64>, %w: tensor<2x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c2: expected elements of f32, f16 or bf16, got 'f64' and 'f32'}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf64>, tensor<2x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c2_elements_of_the_weight(%h: tensor<2x8xf32>, %w: tensor<2x6x8xi16>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c2: expected elements of f32, f16 or bf16, got 'f32' and 'i16'}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xi16>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c5_types_of_sums(%h: tensor<2x8xf16>, %w: tensor<2x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c5: expected a cell that takes ('f32', 'f32') and yields ('f32')}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf16>, tensor<2x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f16):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c5_types_of_results(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %e: tensor<2x6xf16>) {
  // expected-error @+1 {{gates_c5: expected a cell that takes ('f32', 'f32') and yields ('f16')}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      outs(%e : tensor<2x6xf16>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf16>
  return
}

// -----

func.func @gates_c6_scalar_operations(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %i: index, %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c6: }}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        // expected-note @+1 {{in this operation}}
        %v = tensor.extract %e[%i, %i] : tensor<2x6xf32>
        fovea.yield %v : f32
      } -> tensor<2x6xf32>
  return
}
