// RUN: fovea-opt %s | fovea-opt | FileCheck %s

// CHECK-LABEL: func @rnn
// CHECK:         fovea.rnn %{{.*}} init(%{{.*}}) cell {
// CHECK:         ^bb0(%{{.*}}: tensor<2x8xf32>, %{{.*}}: tensor<2x8xf32>):
// CHECK:           fovea.yield %[[N:.*]], %[[N]] : tensor<2x8xf32>, tensor<2x8xf32>
// CHECK:         } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
func.func @rnn(%x: tensor<5x2x8xf32>, %s0: tensor<2x8xf32>)
    -> (tensor<5x2x8xf32>, tensor<2x8xf32>) {
  %y, %s = fovea.rnn %x init(%s0) cell {
  ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
    %n = arith.addf %xt, %h : tensor<2x8xf32>
    fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
  return %y, %s : tensor<5x2x8xf32>, tensor<2x8xf32>
}

// CHECK-LABEL: func @rnn_without_states
// CHECK:         fovea.rnn %{{[a-z0-9]+}} lengths(%{{.*}} : tensor<?xi32>) reverse cell {
// CHECK:         } : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
func.func @rnn_without_states(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>) -> tensor<?x?x8xf32> {
  %y = fovea.rnn %x lengths(%n : tensor<?xi32>) reverse cell {
  ^bb0(%xt: tensor<?x8xf32>):
    fovea.yield %xt : tensor<?x8xf32>
  } : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @rnn_with_flags_and_scores
// CHECK:         fovea.rnn %{{.*}} along(%{{.*}}, %{{.*}} : tensor<5x2xi1>, tensor<?x2xf32>)
// CHECK-SAME:      init(%{{.*}}) cell {
// CHECK:         ^bb0(%{{.*}}: tensor<2x8xf32>, %{{.*}}: tensor<2xi1>, %{{.*}}: tensor<2xf32>,
func.func @rnn_with_flags_and_scores(%x: tensor<5x2x8xf32>, %done: tensor<5x2xi1>,
    %score: tensor<?x2xf32>, %s0: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %y, %s = fovea.rnn %x along(%done, %score : tensor<5x2xi1>, tensor<?x2xf32>) init(%s0) cell {
  ^bb0(%xt: tensor<2x8xf32>, %flag: tensor<2xi1>, %at: tensor<2xf32>, %h: tensor<2x8xf32>):
    fovea.yield %xt, %h : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
  return %s : tensor<2x8xf32>
}

// CHECK-LABEL: func @lstm
// CHECK:         fovea.lstm %{{.*}}, %{{.*}}, %{{.*}} {activations =
// CHECK-SAME:      [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]
// CHECK-SAME:      gate_order =
// CHECK-SAME:      [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
// CHECK-SAME:      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
// CHECK-SAME:      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
func.func @lstm(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>, %r: tensor<1x16x4xf32>)
    -> tensor<5x1x2x4xf32> {
  %y, %h, %c = fovea.lstm %x, %w, %r {
      gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                     #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}

// CHECK-LABEL: func @lstm_with_every_operand
// CHECK:         fovea.lstm
// CHECK-SAME:      bias(%{{.*}} : tensor<1x32xf32>) initial_h(%{{.*}} : tensor<2x1x3xf32>)
// CHECK-SAME:      initial_c(%{{.*}} : tensor<2x1x4xf32>) peephole(%{{.*}} : tensor<1x12xf32>)
// CHECK-SAME:      projection(%{{.*}} : tensor<1x3x4xf32>) lengths(%{{.*}} : tensor<2xi64>)
// CHECK-SAME:      #fovea.activation<leaky_relu, alpha = {{[^>]*}}>
// CHECK-SAME:      clip = 3.000000e+00 : f64, coupled, direction = #fovea.direction<reverse>
// CHECK-SAME:      layout = #fovea.layout<batch_major>
func.func @lstm_with_every_operand(%x: tensor<2x5x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x3xf32>, %b: tensor<1x32xf32>, %h0: tensor<2x1x3xf32>, %c0: tensor<2x1x4xf32>,
    %p: tensor<1x12xf32>, %down: tensor<1x3x4xf32>, %n: tensor<2xi64>) -> tensor<2x5x1x3xf32> {
  %y, %h, %c = fovea.lstm %x, %w, %r bias(%b : tensor<1x32xf32>)
      initial_h(%h0 : tensor<2x1x3xf32>) initial_c(%c0 : tensor<2x1x4xf32>)
      peephole(%p : tensor<1x12xf32>) projection(%down : tensor<1x3x4xf32>)
      lengths(%n : tensor<2xi64>) {clip = 3.0 : f64, coupled,
      direction = #fovea.direction<reverse>, layout = #fovea.layout<batch_major>,
      gate_order = [#fovea.gate<i>, #fovea.gate<f>, #fovea.gate<c>, #fovea.gate<o>],
      activations = [#fovea.activation<sigmoid>,
                     #fovea.activation<leaky_relu, alpha = 0.1 : f64>,
                     #fovea.activation<scaled_tanh, alpha = 1.7 : f64, beta = 0.6 : f64>]}
    : tensor<2x5x8xf32>, tensor<1x16x8xf32>, tensor<1x16x3xf32>
    -> tensor<2x5x1x3xf32>, tensor<2x1x3xf32>, tensor<2x1x4xf32>
  return %y : tensor<2x5x1x3xf32>
}

// CHECK-LABEL: func @gru
// CHECK:         fovea.gru %{{.*}}, %{{.*}}, %{{.*}} {activations =
// CHECK-SAME:      gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>]
// CHECK-SAME:      reset = #fovea.reset<after>
// CHECK-SAME:      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
// CHECK-SAME:      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
func.func @gru(%x: tensor<5x2x8xf32>, %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>)
    -> tensor<5x1x2x4xf32> {
  %y, %h = fovea.gru %x, %w, %r {reset = #fovea.reset<after>,
      gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}

// CHECK-LABEL: func @bidirectional_gru_that_keeps_new
// CHECK:         fovea.gru
// CHECK-SAME:      bias(%{{.*}} : tensor<2x24xf32>) initial_h(%{{.*}} : tensor<2x2x4xf32>)
// CHECK-SAME:      lengths(%{{.*}} : tensor<2xi32>)
// CHECK-SAME:      direction = #fovea.direction<bidirectional>
// CHECK-SAME:      keep = #fovea.keep<new>, reset = #fovea.reset<before>
func.func @bidirectional_gru_that_keeps_new(%x: tensor<5x2x8xf32>, %w: tensor<2x12x8xf32>,
    %r: tensor<2x12x4xf32>, %b: tensor<2x24xf32>, %h0: tensor<2x2x4xf32>, %n: tensor<2xi32>)
    -> tensor<5x2x2x4xf32> {
  %y, %h = fovea.gru %x, %w, %r bias(%b : tensor<2x24xf32>) initial_h(%h0 : tensor<2x2x4xf32>)
      lengths(%n : tensor<2xi32>) {reset = #fovea.reset<before>, keep = #fovea.keep<new>,
      direction = #fovea.direction<bidirectional>,
      gate_order = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                     #fovea.activation<hard_sigmoid>, #fovea.activation<softsign>]}
    : tensor<5x2x8xf32>, tensor<2x12x8xf32>, tensor<2x12x4xf32>
    -> tensor<5x2x2x4xf32>, tensor<2x2x4xf32>
  return %y : tensor<5x2x2x4xf32>
}

// CHECK-LABEL: func @lstm_with_short_weights_and_resets
// CHECK:         fovea.lstm
// CHECK-SAME:      bias(%{{.*}} : tensor<1x32xf16>) resets(%{{.*}} : tensor<5x2xi1>)
// CHECK-SAME:      : tensor<5x2x8xf32>, tensor<1x16x8xbf16>, tensor<1x16x4xbf16>
func.func @lstm_with_short_weights_and_resets(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xbf16>,
    %r: tensor<1x16x4xbf16>, %b: tensor<1x32xf16>, %done: tensor<5x2xi1>) -> tensor<1x2x4xf32> {
  %y, %h, %c = fovea.lstm %x, %w, %r bias(%b : tensor<1x32xf16>) resets(%done : tensor<5x2xi1>) {
      gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                     #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<1x16x8xbf16>, tensor<1x16x4xbf16>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return %h : tensor<1x2x4xf32>
}
