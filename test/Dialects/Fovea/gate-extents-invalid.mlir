// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @gates_c3_one_map_per_capture(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %c0: tensor<2x6xf32>, %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c3: expected 1 capture maps, got 0}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      captures(%c0 : tensor<2x6xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32, %c: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c3_results_of_a_map(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %c0: tensor<2x6xf32>, %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c3: }}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      captures(%c0 : tensor<2x6xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = [affine_map<(m, n) -> (n)>]} cell {
      ^bb0(%s0: f32, %s1: f32, %c: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c3_no_results_for_a_scalar(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %c0: f32, %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c3: expected a map without results for a scalar}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      captures(%c0 : f32)
      outs(%e : tensor<2x6xf32>) {capture_maps = [affine_map<(m, n) -> (n)>]} cell {
      ^bb0(%s0: f32, %s1: f32, %c: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c3_what_is_written_is_read_in_place(%h: tensor<2x8xf32>, %w: tensor<2x2x8xf32>,
    %e: tensor<2x2xf32>) {
  // expected-error @+1 {{gates_c3: expected the identity as map of a capture that is in outs}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x2x8xf32>)
      captures(%e : tensor<2x2xf32>)
      outs(%e : tensor<2x2xf32>) {capture_maps = [affine_map<(m, n) -> (n, m)>]} cell {
      ^bb0(%s0: f32, %s1: f32, %c: f32):
        fovea.yield %c : f32
      } -> tensor<2x2xf32>
  return
}

// -----

func.func @gates_c4_rows(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %e: tensor<3x6xf32>) {
  // expected-error @+1 {{gates_c4: expected extent 2 for m, got 3}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      outs(%e : tensor<3x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<3x6xf32>
  return
}

// -----

func.func @gates_c4_units(%h: tensor<2x8xf32>, %w: tensor<2x5x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c4: expected extent 6 for n, got 5}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x5x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c4_depth(%h: tensor<2x8xf32>, %w: tensor<2x6x7xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c4: expected extent 8 for k, got 7}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x7xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c4_gates(%h: tensor<2x8xf32>, %w: tensor<3x6x8xf32>,
    %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c4: expected extent 2 for the gates, got 3}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<3x6x8xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = []} cell {
      ^bb0(%s0: f32, %s1: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}

// -----

func.func @gates_c4_captures_reach_as_far(%h: tensor<2x8xf32>, %w: tensor<2x6x8xf32>,
    %c0: tensor<2x6xf32>, %e: tensor<2x6xf32>) {
  // expected-error @+1 {{gates_c4: expected indices in [0, 6) of a capture, got 6}}
  %r = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
      captures(%c0 : tensor<2x6xf32>)
      outs(%e : tensor<2x6xf32>) {capture_maps = [affine_map<(m, n) -> (m, n + 1)>]} cell {
      ^bb0(%s0: f32, %s1: f32, %c: f32):
        fovea.yield %s0 : f32
      } -> tensor<2x6xf32>
  return
}
