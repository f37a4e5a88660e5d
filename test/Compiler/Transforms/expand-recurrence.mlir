// RUN: fovea-opt %s -fovea-expand-recurrence | FileCheck %s

#gates = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]
#cell = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]

// One product for all steps with both biases, one product and one elementwise operation a step.
// CHECK-LABEL: func @hoist_input_product
// CHECK-SAME:    %[[X:.*]]: tensor<5x2x8xf32>, %[[W:.*]]: tensor<1x16x8xf32>
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[W]]
// CHECK:         %[[GATES:.*]] = tensor.expand_shape %[[FLAT]] {{.*}} into tensor<4x4x8xf32>
// CHECK:         %[[ALL:.*]] = fovea.contract ins(%[[X]], %[[GATES]]
// CHECK-SAME:      captures(%{{.*}}, %{{.*}} : tensor<4x4xf32>, tensor<4x4xf32>)
// CHECK:         } -> tensor<5x2x4x4xf32>
// CHECK:         fovea.rnn %[[ALL]]
// CHECK:           %[[P:.*]] = fovea.contract
// CHECK-NOT:       captures
// CHECK:           linalg.generic
// CHECK-NOT:     linalg.transpose
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @hoist_input_product(%x: tensor<5x2x8xf32>, %w: tensor<1x16x8xf32>,
    %r: tensor<1x16x4xf32>, %b: tensor<1x32xf32>) -> tensor<5x1x2x4xf32> {
  %y, %h, %c = fovea.lstm %x, %w, %r bias(%b : tensor<1x32xf32>) {
      gate_order = #gates, activations = #cell}
    : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}

// The recurrent bias is multiplied by the reset gate: it stays beside the recurrent product.
// CHECK-LABEL: func @do_not_hoist_recurrent_bias_when_reset_is_after
// CHECK:         fovea.contract
// CHECK-SAME:      captures(%{{[a-z_0-9]+}} : tensor<3x4xf32>)
// CHECK:         fovea.rnn
// CHECK:           fovea.contract
// CHECK-SAME:      captures(%{{[a-z_0-9]+}} : tensor<3x4xf32>)
// CHECK:           linalg.generic
// CHECK-NOT:       fovea.contract
// CHECK:         return
func.func @do_not_hoist_recurrent_bias_when_reset_is_after(%x: tensor<?x?x8xf32>,
    %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>, %b: tensor<1x24xf32>) -> tensor<?x1x?x4xf32> {
  %y, %h = fovea.gru %x, %w, %r bias(%b : tensor<1x24xf32>) {reset = #fovea.reset<after>,
      gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<?x?x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
    -> tensor<?x1x?x4xf32>, tensor<1x?x4xf32>
  return %y : tensor<?x1x?x4xf32>
}

// Gates z and r are not neighbours: each has a product, whose weights fovea-fuse-gates joins.
// CHECK-LABEL: func @products_of_gates_apart_when_reset_is_before
// CHECK:         fovea.rnn
// CHECK:           %[[WZ:.*]] = tensor.extract_slice %{{.*}}[0, 0, 0] [1, 4, 4] [1, 1, 1]
// CHECK:           %[[Z:.*]] = fovea.contract ins(%[[H:.*]], %[[WZ]]
// CHECK:           %[[WR:.*]] = tensor.extract_slice %{{.*}}[2, 0, 0] [1, 4, 4] [1, 1, 1]
// CHECK:           %[[R:.*]] = fovea.contract ins(%[[H]], %[[WR]]
// CHECK:           linalg.generic {{.*}} ins(%{{.*}}, %[[R]], %[[H]] :
// CHECK:           %[[N:.*]] = fovea.contract
// CHECK:           linalg.generic {{.*}} ins(%{{.*}}, %[[Z]], %{{.*}}, %[[N]] :
func.func @products_of_gates_apart_when_reset_is_before(%x: tensor<5x2x8xf32>,
    %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>) -> tensor<1x2x4xf32> {
  %y, %h = fovea.gru %x, %w, %r {reset = #fovea.reset<before>,
      gate_order = [#fovea.gate<z>, #fovea.gate<n>, #fovea.gate<r>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return %h : tensor<1x2x4xf32>
}

// CHECK-LABEL: func @two_products_when_reset_is_before
// CHECK:         fovea.rnn
// CHECK:           tensor.extract_slice %{{.*}}[1, 0, 0] [2, 4, 4] [1, 1, 1]
// CHECK:           fovea.contract
// CHECK:           linalg.generic
// CHECK:           fovea.contract
// CHECK:           linalg.generic
// CHECK-NOT:       fovea.contract
// CHECK:         return
func.func @two_products_when_reset_is_before(%x: tensor<5x2x8xf32>,
    %w: tensor<1x12x8xf32>, %r: tensor<1x12x4xf32>) -> tensor<1x2x4xf32> {
  %y, %h = fovea.gru %x, %w, %r {reset = #fovea.reset<before>,
      gate_order = [#fovea.gate<n>, #fovea.gate<z>, #fovea.gate<r>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
    -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
  return %h : tensor<1x2x4xf32>
}

// CHECK-LABEL: func @both_directions
// CHECK:         fovea.rnn
// CHECK-NOT:     reverse
// CHECK:         fovea.rnn {{.*}} lengths(%{{.*}} : tensor<?xi32>) reverse
// CHECK:         tensor.insert_slice {{.*}} into tensor<?x2x?x4xf32>
// CHECK:         tensor.insert_slice {{.*}} into tensor<?x2x?x4xf32>
func.func @both_directions(%x: tensor<?x?x8xf32>, %w: tensor<2x16x8xf32>, %r: tensor<2x16x4xf32>,
    %len: tensor<?xi32>) -> tensor<?x2x?x4xf32> {
  %y, %h, %c = fovea.lstm %x, %w, %r lengths(%len : tensor<?xi32>) {
      gate_order = #gates, direction = #fovea.direction<bidirectional>,
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>,
                     #fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]}
    : tensor<?x?x8xf32>, tensor<2x16x8xf32>, tensor<2x16x4xf32>
    -> tensor<?x2x?x4xf32>, tensor<2x?x4xf32>, tensor<2x?x4xf32>
  return %y : tensor<?x2x?x4xf32>
}

// Flags are read along x, and rows cleared in front of the product; f16 and bf16 weights stay so.
// CHECK-LABEL: func @clear_rows_where_resets_are_set
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x5x8xf32>
// CHECK-SAME:    %[[D:[a-z0-9]+]]: tensor<?x5xi1>
// CHECK:         %[[MAJOR:.*]] = linalg.generic {{.*}} ins(%[[D]] : tensor<?x5xi1>)
// CHECK:         fovea.contract ins(%[[X]], %{{.*}} : tensor<?x5x8xf32>, tensor<3x4x8xbf16>)
// CHECK:         fovea.rnn %{{.*}} along(%[[MAJOR]] : tensor<5x?xi1>)
// CHECK:         ^bb0(%{{.*}}: tensor<?x3x4xf32>, %[[FLAG:.*]]: tensor<?xi1>, %[[H:.*]]: tensor
// CHECK:           %[[CLEAR:.*]] = linalg.generic {{.*}} ins(%[[FLAG]] : {{.*}} outs(%[[H]] :
// CHECK:             arith.select
// CHECK:           fovea.contract ins(%[[CLEAR]], %{{.*}} : tensor<?x4xf32>, tensor<3x4x4xbf16>)
// CHECK:           linalg.generic {{.*}} outs(%[[CLEAR]] :
func.func @clear_rows_where_resets_are_set(%x: tensor<?x5x8xf32>, %w: tensor<1x12x8xbf16>,
    %r: tensor<1x12x4xbf16>, %done: tensor<?x5xi1>) -> tensor<?x1x4xf32> {
  %y, %h = fovea.gru %x, %w, %r resets(%done : tensor<?x5xi1>) {reset = #fovea.reset<after>,
      gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>],
      layout = #fovea.layout<batch_major>,
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<?x5x8xf32>, tensor<1x12x8xbf16>, tensor<1x12x4xbf16>
    -> tensor<?x5x1x4xf32>, tensor<?x1x4xf32>
  return %h : tensor<?x1x4xf32>
}
