//===- RecurrentOps.td - recurrence --------------------------*- tablegen -*-===//
//
// A recurrence over a sequence with a free cell, and LSTM and GRU as named forms of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RECURRENT_OPS
#define FOVEA_RECURRENT_OPS

include "dialects/Fovea/FoveaBase.td"

def Fovea_RnnOp : Fovea_Op<"rnn", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "recurrence over the outer dimension of sequences";
  let description = [{
    With x of shape [T, B, ...], any further sequences `along` it (flags, attention scores; also
    [T, B, ...], of any element type) and states s of shape [B, ...]:
    ```
    for t in 0 .. T-1 (T-1 .. 0 when reverse):
      y_t, s' = cell(x[t], along[t], s)
      y[t], s = t < lengths[b] ? (y_t, s') : (0, s)   for every row b
    ```
    Results are y [T, B, ...] and the final states. A reverse recurrence starts at each row's last
    valid step, since the steps behind it leave the state as it is. A cell may also use values from
    outside of it. A y that nothing uses is neither computed nor stored.

    Constraints:
    - rnn_c1: x has rank >= 2; the sequences along it agree with it in T and B, states and lengths
      in B.
    - rnn_c2: lengths has shape [B] and element type i32 or i64.
    - rnn_c3: the cell takes the types of x and of the sequences along it without their outer
      dimension, and the states; it yields one output [B, ...] and the states in the same types.
    - rnn_c4: results are the output with T in front, then the states' types.

    ```mlir
    %y, %s = fovea.rnn %x init(%s0) cell {
    ^bb0(%xt: tensor<2x8xf32>, %h: tensor<2x8xf32>):
      %n = arith.addf %xt, %h : tensor<2x8xf32>
      fovea.yield %n, %n : tensor<2x8xf32>, tensor<2x8xf32>
    } : tensor<5x2x8xf32>, tensor<2x8xf32> -> tensor<5x2x8xf32>, tensor<2x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Variadic<AnyRankedTensor>:$along,
    Variadic<AnyRankedTensor>:$states,
    Optional<AnyRankedTensor>:$lengths, UnitAttr:$reverse);
  let regions = (region SizedRegion<1>:$cell);
  let results = (outs AnyRankedTensor:$y, Variadic<AnyRankedTensor>:$finals);
  let assemblyFormat = [{
    $x (`along` `(` $along^ `:` type($along) `)`)? (`init` `(` $states^ `)`)?
    (`lengths` `(` $lengths^ `:` type($lengths) `)`)?
    (`reverse` $reverse^)? `cell` $cell attr-dict
    `:` type($x) (`,` type($states)^)? `->` type($y) (`,` type($finals)^)?
  }];
  let extraClassDeclaration = [{
    /// x and the sequences along it, as many as the cell's first arguments.
    ::mlir::OperandRange getSequences() { return getOperands().take_front(1 + getAlong().size()); }
  }];
  let hasVerifier = 1;
}

class Fovea_NamedRnnOp<string mnemonic> : Fovea_Op<mnemonic, [AttrSizedOperandSegments, Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]>;

def Fovea_LstmOp : Fovea_NamedRnnOp<"lstm"> {
  let summary = "long short-term memory over a sequence";
  let description = [{
    Per direction, with W [G*H, I], R [G*H, P], bias Wb and Rb, peepholes p and P the width of the
    output state (H, or the projection's width):
    ```
    s_g = W_g x_t + R_g h + Wb_g + Rb_g
    i = f1(clip(s_i + p_i * c));   f = coupled ? 1 - i : f1(clip(s_f + p_f * c))
    c' = f * c + i * f2(clip(s_c));   o = f1(clip(s_o + p_o * c'))
    h' = o * f3(c')   (then h' = h' projection^T)
    ```
    as ONNX LSTM-22 (which has no projection) and PyTorch's LSTM with proj_size. Rows shorter than
    T by `lengths` keep their state and give 0 behind their end. Where `resets` is set, h and c of
    the row are 0 before the step, whatever they were, NaN included (in a reverse direction: before
    the step in its order); behind a row's end resets change nothing.

    Shapes (D directions): x [T, B, I] (batch major: [B, T, I]); w [D, 4H, I]; r [D, 4H, P];
    bias [D, 8H] (Wb then Rb); initial_h [D, B, P], initial_c [D, B, H] (batch major: [B, D, .]);
    peephole [D, 3H] in the order i, o, f; projection [D, P, H]; lengths [B]; resets [T, B] (batch
    major: [B, T]);
    y [T, D, B, P] (batch major: [B, T, D, P]); y_h, y_c as the initial states.

    Constraints:
    - lstm_c1: operand and result shapes as above; x, the states and results have one
      floating-point element type, each of the other operands one that is no wider than the type of
      x's sums (f64 for f64, else f32): weights are stored, and read, in their own.
    - lstm_c2: gate_order is a permutation of i, o, f, c.
    - lstm_c3: three activations per direction.
    - lstm_c4: clip is positive.
    - lstm_c5: lengths has element type i32 or i64.
    - lstm_c6: resets has element type i1.

    ```mlir
    %y, %h, %c = fovea.lstm %x, %w, %r {
        gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>],
        activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                       #fovea.activation<tanh>]}
      : tensor<5x2x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$w, AnyRankedTensor:$r,
    Optional<AnyRankedTensor>:$bias, Optional<AnyRankedTensor>:$initial_h,
    Optional<AnyRankedTensor>:$initial_c, Optional<AnyRankedTensor>:$peephole,
    Optional<AnyRankedTensor>:$projection, Optional<AnyRankedTensor>:$lengths,
    Optional<AnyRankedTensor>:$resets,
    Fovea_GateOrderAttr:$gate_order, Fovea_ActivationArrayAttr:$activations,
    DefaultValuedAttr<Fovea_DirectionAttr, "Direction::Forward">:$direction,
    DefaultValuedAttr<Fovea_LayoutAttr, "SequenceLayout::TimeMajor">:$layout,
    UnitAttr:$coupled, OptionalAttr<F64Attr>:$clip);
  let results = (outs AnyRankedTensor:$y, AnyRankedTensor:$y_h, AnyRankedTensor:$y_c);
  let assemblyFormat = [{
    $x `,` $w `,` $r (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`initial_h` `(` $initial_h^ `:` type($initial_h) `)`)?
    (`initial_c` `(` $initial_c^ `:` type($initial_c) `)`)?
    (`peephole` `(` $peephole^ `:` type($peephole) `)`)?
    (`projection` `(` $projection^ `:` type($projection) `)`)?
    (`lengths` `(` $lengths^ `:` type($lengths) `)`)?
    (`resets` `(` $resets^ `:` type($resets) `)`)? attr-dict
    `:` type($x) `,` type($w) `,` type($r) `->` type($y) `,` type($y_h) `,` type($y_c)
  }];
  let hasVerifier = 1;
}

def Fovea_GruOp : Fovea_NamedRnnOp<"gru"> {
  let summary = "gated recurrent unit over a sequence";
  let description = [{
    Per direction, with W [3H, I], R [3H, H], biases Wb and Rb:
    ```
    z = f1(clip(W_z x_t + R_z h + Wb_z + Rb_z));   r = f1(clip(W_r x_t + R_r h + Wb_r + Rb_r))
    reset before:  n = f2(clip(W_n x_t + R_n (r * h) + Rb_n + Wb_n))
    reset after:   n = f2(clip(W_n x_t + r * (R_n h + Rb_n) + Wb_n))
    keep old:      h' = z * h + (1 - z) * n          keep new:  h' = z * n + (1 - z) * h
    ```
    ONNX GRU-22 is gate order z, r, n and keep old, with reset after when linear_before_reset;
    PyTorch and cuDNN are gate order r, z, n, reset after, keep old. `lengths` and `resets` are as
    for fovea.lstm.

    Shapes (D directions): x [T, B, I] (batch major: [B, T, I]); w [D, 3H, I]; r [D, 3H, H];
    bias [D, 6H]; initial_h [D, B, H] (batch major: [B, D, H]); lengths [B]; resets [T, B] (batch
    major: [B, T]);
    y [T, D, B, H] (batch major: [B, T, D, H]); y_h as initial_h.

    Constraints:
    - gru_c1: operand and result shapes as above, element types as for fovea.lstm.
    - gru_c2: gate_order is a permutation of z, r, n.
    - gru_c3: two activations per direction.
    - gru_c4: clip is positive.
    - gru_c5: lengths has element type i32 or i64.
    - gru_c6: resets has element type i1.

    ```mlir
    %y, %h = fovea.gru %x, %w, %r {reset = #fovea.reset<after>,
        gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>],
        activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
      : tensor<5x2x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<5x1x2x4xf32>, tensor<1x2x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$w, AnyRankedTensor:$r,
    Optional<AnyRankedTensor>:$bias, Optional<AnyRankedTensor>:$initial_h,
    Optional<AnyRankedTensor>:$lengths, Optional<AnyRankedTensor>:$resets,
    Fovea_GateOrderAttr:$gate_order, Fovea_ActivationArrayAttr:$activations,
    DefaultValuedAttr<Fovea_DirectionAttr, "Direction::Forward">:$direction,
    DefaultValuedAttr<Fovea_LayoutAttr, "SequenceLayout::TimeMajor">:$layout,
    Fovea_ResetAttr:$reset, DefaultValuedAttr<Fovea_KeepAttr, "Keep::Old">:$keep,
    OptionalAttr<F64Attr>:$clip);
  let results = (outs AnyRankedTensor:$y, AnyRankedTensor:$y_h);
  let assemblyFormat = [{
    $x `,` $w `,` $r (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`initial_h` `(` $initial_h^ `:` type($initial_h) `)`)?
    (`lengths` `(` $lengths^ `:` type($lengths) `)`)?
    (`resets` `(` $resets^ `:` type($resets) `)`)? attr-dict
    `:` type($x) `,` type($w) `,` type($r) `->` type($y) `,` type($y_h)
  }];
  let hasVerifier = 1;
}

#endif // FOVEA_RECURRENT_OPS
