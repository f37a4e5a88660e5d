// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_floating_point(%x: tensor<5x2x8xi32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c1: expected floating-point elements, got 'i32'}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xi32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_wide_weights(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf64>,
    %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c1: expected weights of a floating-point type no wider than 'f32'}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf64>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_type_of_states(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>, %c: tensor<1x2x4xbf16>) {
  // expected-error @+1 {{lstm_c1: expected states of element type 'f32', got 'bf16'}}
  %y:3 = fovea.lstm %x, %w, %r initial_c(%c : tensor<1x2x4xbf16>)
      {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_resets(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>, %done: tensor<2x5xi1>) {
  // expected-error @+1 {{lstm_c1: expected extent 5 (T) in dimension 0 of resets, got 2}}
  %y:3 = fovea.lstm %x, %w, %r resets(%done : tensor<2x5xi1>)
      {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c6(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>, %r: tensor<1x16x4xf32>,
    %done: tensor<5x2xi8>) {
  // expected-error @+1 {{lstm_c6: expected resets of type i1, got 'i8'}}
  %y:3 = fovea.lstm %x, %w, %r resets(%done : tensor<5x2xi8>)
      {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_rank(%x: tensor<5x8xf32>, %w: tensor<1x16x8xf32>, %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c1: expected x of rank 3}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_directions(%x: tensor<5x2x8xf32>, %w: tensor<2x16x8xf32>,
    %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c1: expected extent 1 (D) in dimension 0 of w, got 2}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<2x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_whole_gates(%x: tensor<5x2x8xf32>, %w: tensor<1x17x8xf32>,
    %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c1: expected extent 16 (4H) in dimension 1 of w, got 17}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x17x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_inputs(%x: tensor<5x2x8xf32>, %w: tensor<1x16x9xf32>, %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c1: expected extent 8 (I) in dimension 2 of w, got 9}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x9xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_lengths(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>, %n: tensor<3xi64>) {
  // expected-error @+1 {{lstm_c1: expected extent 2 (B) in dimension 0 of lengths, got 3}}
  %y:3 = fovea.lstm %x, %w, %r lengths(%n : tensor<3xi64>)
      {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c1_no_projection(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x3xf32>) {
  // expected-error @+1 {{lstm_c1: expected r of shape [D, 4H, H] without a projection}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x3xf32>
      -> tensor<5x1x2x3xf32>, tensor<1x2x3xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<f>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c2_each_gate_once(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c2: expected a gate order over i, o, f, c, got}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c2_number_of_gates(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c2: expected a gate order over i, o, f, c, got}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<tanh>]
func.func @lstm_c3(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>, %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c3: expected 3 activations, got 1}}
  %y:3 = fovea.lstm %x, %w, %r {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c4(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>, %r: tensor<1x16x4xf32>) {
  // expected-error @+1 {{lstm_c4: expected a positive clip}}
  %y:3 = fovea.lstm %x, %w, %r
      {clip = 0.0 : f64, gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}

// -----

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#acts = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
func.func @lstm_c5(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>, %n: tensor<2xi16>) {
  // expected-error @+1 {{lstm_c5: expected lengths of type i32 or i64, got 'i16'}}
  %y:3 = fovea.lstm %x, %w, %r lengths(%n : tensor<2xi16>)
      {gate_order = #gates, activations = #acts}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return
}
