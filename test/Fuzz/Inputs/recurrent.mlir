// The named recurrences with lengths and resets, and a loop with a cell of its own.
func.func @main(%x: tensor<5x2x8xf32>, %w: tensor<2x16x8xf32>, %r: tensor<2x16x4xf32>,
    %b: tensor<2x32xf32>, %n: tensor<2xi32>, %gw: tensor<1x12x8xf32>, %gr: tensor<1x12x4xbf16>,
    %d: tensor<5x2xi1>)
    -> (tensor<5x2x2x4xf32>, tensor<5x1x2x4xf32>, tensor<5x2x8xf32>) {
  %y, %h, %c = fovea.lstm %x, %w, %r bias(%b : tensor<2x32xf32>) lengths(%n : tensor<2xi32>) {
      direction = #fovea.direction<bidirectional>,
      gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                     #fovea.activation<tanh>, #fovea.activation<sigmoid>,
                     #fovea.activation<leaky_relu, alpha = 0.1 : f64>, #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<2x16x8xf32>, tensor<2x16x4xf32>
    -> tensor<5x2x2x4xf32>, tensor<2x2x4xf32>, tensor<2x2x4xf32>
  %gy, %gh = fovea.gru %x, %gw, %gr resets(%d : tensor<5x2xi1>) {
      reset = #fovea.reset<after>, clip = 3.0 : f64,
      gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xbf16>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  %zero = arith.constant dense<0.5> : tensor<2x8xf32>
  %u, %s = fovea.rnn %x along(%d : tensor<5x2xi1>) init(%zero) lengths(%n : tensor<2xi32>)
      reverse cell {
  ^bb0(%xt: tensor<2x8xf32>, %dt: tensor<2xi1>, %st: tensor<2x8xf32>):
    %t = arith.addf %xt, %st : tensor<2x8xf32>
    fovea.yield %t, %t : tensor<2x8xf32>, tensor<2x8xf32>
  } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
  return %y, %gy, %u : tensor<5x2x2x4xf32>, tensor<5x1x2x4xf32>, tensor<5x2x8xf32>
}
