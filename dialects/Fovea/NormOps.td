//===- NormOps.td - normalisation and rotary positions -------*- tablegen -*-===//
//
// Layer norm, root-mean-square norm and rotary position embedding.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_NORM_OPS
#define FOVEA_NORM_OPS

include "dialects/Fovea/FoveaBase.td"

def Fovea_LayerNormOp : Fovea_DestinationOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "layer normalization over the trailing dimensions";
  let description = [{
    Over the dimensions from `axis` on, with N their element count, in f32 (f64 for f64):
    ```
    mean = sum(x) / N;  inv = 1 / sqrt(sum((x - mean)^2) / N + epsilon)
    out = (x - mean) * inv * weight + bias
    ```
    Optional further `outs` receive mean and inv, shaped as x with the normalized sizes 1.

    Constraints:
    - layer_norm_c1: 0 <= axis < rank of x; epsilon >= 0.
    - layer_norm_c2: weight and bias have the shape of x from axis on.
    - layer_norm_c3: out has the shape of x; there are 1 or 3 outs; mean and inv are as above.
    - layer_norm_c4: element types are floating point; x, weight, bias and out agree.

    ```mlir
    %r = fovea.layer_norm ins(%x, %w : tensor<4x8xf32>, tensor<8xf32>) bias(%b : tensor<8xf32>)
        outs(%o : tensor<4x8xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Fovea_Buffer:$x, Fovea_Buffer:$weight, Optional<Fovea_Buffer>:$bias,
    Variadic<Fovea_Buffer>:$inits, I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $x `,` $weight `:` type($x) `,` type($weight) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
  }];
}

def Fovea_RmsNormOp : Fovea_DestinationOp<"rms_norm"> {
  let summary = "root-mean-square normalization over the trailing dimensions";
  let description = [{
    Over the dimensions from `axis` on, with N their element count, in f32 (f64 for f64):
    ```
    out = x / sqrt(sum(x^2) / N + epsilon) * weight
    ```

    Constraints:
    - rms_norm_c1: 0 <= axis < rank of x; epsilon >= 0.
    - rms_norm_c2: weight has the shape of x from axis on.
    - rms_norm_c3: out has the shape of x.
    - rms_norm_c4: element types are floating point; x, weight and out agree.

    ```mlir
    %r = fovea.rms_norm ins(%x, %w : tensor<4x8xf32>, tensor<8xf32>)
        outs(%o : tensor<4x8xf32>) {axis = 1 : i64, epsilon = 1.0e-6 : f64} -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Fovea_Buffer:$x, Fovea_Buffer:$weight, Fovea_Buffer:$init, I64Attr:$axis,
    F64Attr:$epsilon);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $x `,` $weight `:` type($x) `,` type($weight) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Fovea_RopeOp : Fovea_Op<"rope", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "rotary position embedding";
  let description = [{
    x has shape [B, H, S, D]; its first R = rotary_dim channels (all D where that is 0) are rotated
    in pairs, the rest pass. With half = R / 2, c and s the cosine and sine of position and pair p:
    ```
    (a, b) = interleaved ? (x[2p], x[2p+1]) : (x[p], x[half + p])
    result at these places = (c*a - s*b, s*a + c*b)
    ```
    cos and sin are [B, S, half], or [P, half] read at `positions` [B, S] (checked against P).

    Constraints:
    - rope_c1: x has rank 4 and a floating-point element type, which cos and sin share.
    - rope_c2: R is even and 0 < R <= D.
    - rope_c3: cos and sin have one shape: [B, S, half] without positions, [P, half] with them.
    - rope_c4: positions has shape [B, S] and element type i64.

    ```mlir
    %r = fovea.rope %x, %c, %s {rotary_dim = 8 : i64}
        : tensor<2x4x5x8xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$cos, AnyRankedTensor:$sin,
    Optional<AnyRankedTensor>:$positions, I64Attr:$rotary_dim, UnitAttr:$interleaved,
    DefaultValuedAttr<StrAttr, "\"\"">:$node);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $x `,` $cos `,` $sin (`positions` `(` $positions^ `:` type($positions) `)`)? attr-dict
    `:` type($x) `,` type($cos) `,` type($sin)
  }];
  let hasVerifier = 1;
}

#endif // FOVEA_NORM_OPS
