// RUN: fovea-opt %s -fovea-lower-rnn -verify-diagnostics

func.func @do_not_lower_when_only_a_step_knows_the_size(%x: tensor<5x2x8xindex>)
    -> tensor<5x2x?xindex> {
  // expected-note @below {{made before the first step}}
  // expected-error @below {{only its cell knows size 2 of the output}}
  %y = fovea.rnn %x cell {
  ^bb0(%xt: tensor<2x8xindex>):
    %c0 = arith.constant 0 : index
    %n = tensor.extract %xt[%c0, %c0] : tensor<2x8xindex>
    %e = tensor.extract_slice %xt[0, 0] [2, %n] [1, 1] : tensor<2x8xindex> to tensor<2x?xindex>
    fovea.yield %e : tensor<2x?xindex>
  } : tensor<5x2x8xindex> -> tensor<5x2x?xindex>
  return %y : tensor<5x2x?xindex>
}
