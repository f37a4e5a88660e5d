// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @rnn_c1_rank_of_x(%x: tensor<5xf32>) {
  // expected-error @+1 {{rnn_c1: expected x of rank at least 2, got 'tensor<5xf32>'}}
  %r = fovea.rnn %x cell {
  ^bb0(%t: tensor<f32>):
    fovea.yield %t : tensor<f32>
  } : tensor<5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @rnn_c1_rank_along(%x: tensor<5x2x8xf32>, %done: tensor<5xi1>) {
  // expected-error @+1 {{rnn_c1: expected sequences of shape [T, B, ...] as x, }}
  %r = fovea.rnn %x along(%done : tensor<5xi1>) cell {
  ^bb0(%t: tensor<2x8xf32>, %flag: tensor<i1>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c1_steps_along(%x: tensor<5x2x8xf32>, %done: tensor<4x2xi1>) {
  // expected-error @+1 {{rnn_c1: expected sequences of shape [T, B, ...] as x, }}
  %r = fovea.rnn %x along(%done : tensor<4x2xi1>) cell {
  ^bb0(%t: tensor<2x8xf32>, %flag: tensor<2xi1>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c1_batch_of_states(%x: tensor<5x2x8xf32>, %s: tensor<3x8xf32>) {
  // expected-error @+1 {{rnn_c1: expected states of batch size 2, got 'tensor<3x8xf32>'}}
  %r:2 = fovea.rnn %x init(%s) cell {
  ^bb0(%t: tensor<2x8xf32>, %h: tensor<3x8xf32>):
    fovea.yield %t, %h : tensor<2x8xf32>, tensor<3x8xf32>
  } : tensor<5x2x8xf32>, tensor<3x8xf32> -> tensor<5x2x8xf32>, tensor<3x8xf32>
  return
}

// -----

func.func @rnn_c1_batch_of_lengths(%x: tensor<5x2x8xf32>, %n: tensor<3xi64>) {
  // expected-error @+1 {{rnn_c1: expected one length per row, got 'tensor<3xi64>'}}
  %r = fovea.rnn %x lengths(%n : tensor<3xi64>) cell {
  ^bb0(%t: tensor<2x8xf32>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c2_type(%x: tensor<5x2x8xf32>, %n: tensor<2xi8>) {
  // expected-error @+1 {{rnn_c2: expected lengths of type i32 or i64, got 'i8'}}
  %r = fovea.rnn %x lengths(%n : tensor<2xi8>) cell {
  ^bb0(%t: tensor<2x8xf32>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c2_shape(%x: tensor<5x2x8xf32>, %n: tensor<2x1xi64>) {
  // expected-error @+1 {{rnn_c2: expected lengths of shape [B]}}
  %r = fovea.rnn %x lengths(%n : tensor<2x1xi64>) cell {
  ^bb0(%t: tensor<2x8xf32>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c3_arguments(%x: tensor<5x2x8xf32>) {
  // expected-error @+1 {{rnn_c3: expected cell arguments ('tensor<2x8xf32>')}}
  %r = fovea.rnn %x cell {
  ^bb0(%t: tensor<5x2x8xf32>):
    fovea.yield %t : tensor<5x2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c3_argument_along(%x: tensor<5x2x8xf32>, %done: tensor<5x2xi1>) {
  // expected-error @+1 {{rnn_c3: expected cell arguments ('tensor<2x8xf32>', 'tensor<2xi1>')}}
  %r = fovea.rnn %x along(%done : tensor<5x2xi1>) cell {
  ^bb0(%t: tensor<2x8xf32>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x8xf32>
  return
}

// -----

func.func @rnn_c3_yields_the_states(%x: tensor<5x2x8xf32>, %s: tensor<2x8xf32>) {
  // expected-error @+1 {{rnn_c3: expected a cell that yields one step of y and the states}}
  %r:2 = fovea.rnn %x init(%s) cell {
  ^bb0(%t: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
  return
}

// -----

func.func @rnn_c4(%x: tensor<5x2x8xf32>) {
  // expected-error @+1 {{rnn_c4: expected results of the types of y and the states}}
  %r = fovea.rnn %x cell {
  ^bb0(%t: tensor<2x8xf32>):
    fovea.yield %t : tensor<2x8xf32>
  } : tensor<5x2x8xf32> -> tensor<4x2x8xf32>
  return
}
