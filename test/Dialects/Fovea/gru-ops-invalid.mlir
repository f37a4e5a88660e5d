// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_floating_point(%x: tensor<5x2x8xi32>, %w: tensor<1x12x8xf32>,
    %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c1: expected floating-point elements, got 'i32'}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xi32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_float_weights(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xi8>,
    %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c1: expected weights of a floating-point type no wider than 'f32'}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xi8>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_rank(%x: tensor<5x8xf32>, %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c1: expected x of rank 3}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_directions(%x: tensor<5x2x8xf32>, %w: tensor<2x12x8xf32>,
    %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c1: expected extent 1 (D) in dimension 0 of w, got 2}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<2x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_whole_gates(%x: tensor<5x2x8xf32>, %w: tensor<1x13x8xf32>,
    %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c1: expected extent 12 (3H) in dimension 1 of w, got 13}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x13x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_inputs(%x: tensor<5x2x8xf32>, %w: tensor<1x12x9xf32>, %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c1: expected extent 8 (I) in dimension 2 of w, got 9}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x9xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c1_lengths(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>,
    %r: tensor<1x12x4xf32>, %n: tensor<3xi64>) {
  // expected-error @+1 {{gru_c1: expected extent 2 (B) in dimension 0 of lengths, got 3}}
  %y:2 = fovea.gru %x, %w, %r lengths(%n : tensor<3xi64>)
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<z>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c2_each_gate_once(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>,
    %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c2: expected a gate order over z, r, n, got}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c2_number_of_gates(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>,
    %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c2: expected a gate order over z, r, n, got}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<tanh>]
func.func @gru_c3(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c3: expected 2 activations, got 1}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c4(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>) {
  // expected-error @+1 {{gru_c4: expected a positive clip}}
  %y:2 = fovea.gru %x, %w, %r
      {reset = #fovea.reset<after>, clip = 0.0 : f64, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c5(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>,
    %r: tensor<1x12x4xf32>, %n: tensor<2xi16>) {
  // expected-error @+1 {{gru_c5: expected lengths of type i32 or i64, got 'i16'}}
  %y:2 = fovea.gru %x, %w, %r lengths(%n : tensor<2xi16>)
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]
func.func @gru_c6(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>,
    %done: tensor<5x2xi64>) {
  // expected-error @+1 {{gru_c6: expected resets of type i1, got 'i64'}}
  %y:2 = fovea.gru %x, %w, %r resets(%done : tensor<5x2xi64>)
      {reset = #fovea.reset<after>, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return
}
