// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @layer_norm_c1_axis_in_range(%x: memref<4x8xf32>, %w: memref<8xf32>) {
  // expected-error @+1 {{layer_norm_c1: expected an axis in [0, 2), got 2}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
      {axis = 2 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c1_epsilon_not_negative(%x: memref<4x8xf32>, %w: memref<8xf32>) {
  // expected-error @+1 {{layer_norm_c1: expected a non-negative epsilon}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
      {axis = 1 : i64, epsilon = -1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c2_weight(%x: memref<4x8xf32>, %w: memref<8xf32>) {
  // expected-error @+1 {{layer_norm_c2: expected a parameter with the shape of x from axis 0 on}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
      {axis = 0 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c2_bias(%x: memref<4x8xf32>, %w: memref<8xf32>, %b: memref<7xf32>) {
  // expected-error @+1 {{layer_norm_c2: expected a parameter with the shape of x from axis 1 on}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) bias(%b : memref<7xf32>)
      outs(%x : memref<4x8xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c3_one_or_three_outs(%x: memref<4x8xf32>, %w: memref<8xf32>,
    %mean: memref<4x1xf32>) {
  // expected-error @+1 {{layer_norm_c3: expected 1 or 3 outs, got 2}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>)
      outs(%x, %mean : memref<4x8xf32>, memref<4x1xf32>) {axis = 1 : i64, epsilon = 0.0 : f64}
  return
}

// -----

func.func @layer_norm_c3_out_like_x(%x: memref<4x8xf32>, %w: memref<8xf32>, %o: memref<5x8xf32>) {
  // expected-error @+1 {{layer_norm_c3: expected out with the shape of x}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%o : memref<5x8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c3_mean_of_size_1(%x: memref<4x8xf32>, %w: memref<8xf32>,
    %mean: memref<4x8xf32>, %inv: memref<4x1xf32>) {
  // expected-error @+1 {{layer_norm_c3: expected mean and inv with the normalized sizes 1}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>)
      outs(%x, %mean, %inv : memref<4x8xf32>, memref<4x8xf32>, memref<4x1xf32>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c3_one_result_per_tensor(%x: tensor<4x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{layer_norm_c3: expected a result of type 'tensor<4x8xf32>'}}
  fovea.layer_norm ins(%x, %w : tensor<4x8xf32>, tensor<8xf32>) outs(%x : tensor<4x8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c4_floating_point(%x: memref<4x8xi32>, %w: memref<8xi32>) {
  // expected-error @+1 {{layer_norm_c4: expected one floating-point element type}}
  fovea.layer_norm ins(%x, %w : memref<4x8xi32>, memref<8xi32>) outs(%x : memref<4x8xi32>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @layer_norm_c4_one_type(%x: memref<4x8xf16>, %w: memref<8xf32>) {
  // expected-error @+1 {{layer_norm_c4: expected one floating-point element type}}
  fovea.layer_norm ins(%x, %w : memref<4x8xf16>, memref<8xf32>) outs(%x : memref<4x8xf16>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64}
  return
}

// -----

func.func @rms_norm_c1_axis_in_range(%x: memref<4x8xf32>, %w: memref<8xf32>) {
  // expected-error @+1 {{rms_norm_c1: expected an axis in [0, 2), got -1}}
  fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
      {axis = -1 : i64, epsilon = 1.0e-6 : f64}
  return
}

// -----

func.func @rms_norm_c1_epsilon_is_a_number(%x: memref<4x8xf32>, %w: memref<8xf32>) {
  // expected-error @+1 {{rms_norm_c1: expected a non-negative epsilon}}
  fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%x : memref<4x8xf32>)
      {axis = 1 : i64, epsilon = 0x7FF8000000000000 : f64}
  return
}

// -----

func.func @rms_norm_c2(%x: memref<4x8xf32>, %w: memref<4xf32>) {
  // expected-error @+1 {{rms_norm_c2: expected a parameter with the shape of x from axis 1 on}}
  fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<4xf32>) outs(%x : memref<4x8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-6 : f64}
  return
}

// -----

func.func @rms_norm_c3(%x: memref<4x8xf32>, %w: memref<8xf32>, %o: memref<8x4xf32>) {
  // expected-error @+1 {{rms_norm_c3: expected out with the shape of x}}
  fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%o : memref<8x4xf32>)
      {axis = 1 : i64, epsilon = 1.0e-6 : f64}
  return
}

// -----

func.func @rms_norm_c4(%x: memref<4x8xf32>, %w: memref<8xf32>, %o: memref<4x8xf16>) {
  // expected-error @+1 {{rms_norm_c4: expected one floating-point element type}}
  fovea.rms_norm ins(%x, %w : memref<4x8xf32>, memref<8xf32>) outs(%o : memref<4x8xf16>)
      {axis = 1 : i64, epsilon = 1.0e-6 : f64}
  return
}

// -----

func.func @rope_c1_rank_4(%x: tensor<4x5x8xf32>, %c: tensor<5x4xf32>) {
  // expected-error @+1 {{rope_c1: expected x of rank 4 and one floating-point element type}}
  %r = fovea.rope %x, %c, %c {rotary_dim = 8 : i64}
      : tensor<4x5x8xf32>, tensor<5x4xf32>, tensor<5x4xf32>
  return
}

// -----

func.func @rope_c1_one_type(%x: tensor<2x4x5x8xf16>, %c: tensor<2x5x4xf32>) {
  // expected-error @+1 {{rope_c1: expected x of rank 4 and one floating-point element type}}
  %r = fovea.rope %x, %c, %c {rotary_dim = 8 : i64}
      : tensor<2x4x5x8xf16>, tensor<2x5x4xf32>, tensor<2x5x4xf32>
  return
}

// -----

func.func @rope_c2_even(%x: tensor<2x4x5x8xf32>, %c: tensor<2x5x4xf32>) {
  // expected-error @+1 {{rope_c2: expected an even number of rotated channels up to 8, got 7}}
  %r = fovea.rope %x, %c, %c {rotary_dim = 7 : i64}
      : tensor<2x4x5x8xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>
  return
}

// -----

func.func @rope_c2_even_width(%x: tensor<2x4x5x7xf32>, %c: tensor<2x5x?xf32>) {
  // expected-error @+1 {{rope_c2: expected an even number of rotated channels up to 7, got 7}}
  %r = fovea.rope %x, %c, %c {rotary_dim = 0 : i64}
      : tensor<2x4x5x7xf32>, tensor<2x5x?xf32>, tensor<2x5x?xf32>
  return
}

// -----

func.func @rope_c2_at_most_the_head_size(%x: tensor<2x4x5x8xf32>, %c: tensor<2x5x4xf32>) {
  // expected-error @+1 {{rope_c2: expected an even number of rotated channels up to 8, got 10}}
  %r = fovea.rope %x, %c, %c {rotary_dim = 10 : i64}
      : tensor<2x4x5x8xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>
  return
}

// -----

func.func @rope_c3_without_positions(%x: tensor<2x4x5x8xf32>, %c: tensor<5x4xf32>) {
  // expected-error @+1 {{rope_c3: expected cos and sin of shape}}
  %r = fovea.rope %x, %c, %c {rotary_dim = 8 : i64}
      : tensor<2x4x5x8xf32>, tensor<5x4xf32>, tensor<5x4xf32>
  return
}

// -----

func.func @rope_c3_with_positions(%x: tensor<2x4x5x8xf32>, %c: tensor<9x3xf32>,
    %p: tensor<2x5xi64>) {
  // expected-error @+1 {{rope_c3: expected cos and sin of shape}}
  %r = fovea.rope %x, %c, %c positions(%p : tensor<2x5xi64>) {rotary_dim = 8 : i64}
      : tensor<2x4x5x8xf32>, tensor<9x3xf32>, tensor<9x3xf32>
  return
}

// -----

func.func @rope_c4_shape(%x: tensor<2x4x5x8xf32>, %c: tensor<9x4xf32>, %p: tensor<5xi64>) {
  // expected-error @+1 {{rope_c4: expected positions [B, S] of type i64}}
  %r = fovea.rope %x, %c, %c positions(%p : tensor<5xi64>) {rotary_dim = 8 : i64}
      : tensor<2x4x5x8xf32>, tensor<9x4xf32>, tensor<9x4xf32>
  return
}

// -----

func.func @rope_c4_type(%x: tensor<2x4x5x8xf32>, %c: tensor<9x4xf32>, %p: tensor<2x5xi32>) {
  // expected-error @+1 {{rope_c4: expected positions [B, S] of type i64}}
  %r = fovea.rope %x, %c, %c positions(%p : tensor<2x5xi32>) {rotary_dim = 8 : i64}
      : tensor<2x4x5x8xf32>, tensor<9x4xf32>, tensor<9x4xf32>
  return
}
