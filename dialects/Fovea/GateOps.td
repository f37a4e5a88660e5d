//===- GateOps.td - gates of a recurrent cell ----------------*- tablegen -*-===//
//
// Products of one state with several weights, finished together by a scalar region.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_GATE_OPS
#define FOVEA_GATE_OPS

include "dialects/Fovea/FoveaBase.td"

def Fovea_GatesOp : Fovea_DestinationOp<"gates", [AttrSizedOperandSegments]> {
  let summary = "products of a state with several weights, finished by one scalar region";
  let description = [{
    With the state [M, K], the weight [G, N, K] and outs [M, N], for every m and n:
    ```
    s_g = sum over k of state[m, k] * weight[g, n, k]
    (outs[m, n] ...) = cell(s_0, ..., s_(G-1), captures[capture_maps(m, n)] ...)
    ```
    The previous contents of `outs` are not read, unless they are captures, too. Sums are taken in
    f32, whatever the elements. A capture that is also in `outs` is read at (m, n) alone. Captures
    are buffers, or scalars with a map without results.

    `weight_order` tells which dimensions of the weight are g, n and k when it is not [G, N, K].

    A weight of i8 is multiplied with the rows of the state rounded to as many levels; the sums of
    integers are exact:
    ```
    step_m = max over k of |state[m, k]| / 127
    s_g = step_m * sum over k of round(state[m, k] / step_m) * weight[g, n, k]
    ```
    What a unit of the weight stands for, a scale, is the cell's to multiply. A row with NaN or
    infinities has s_g = NaN.

    With `panels` L the weight is [ceil(N / L), K * G, L], element (g, n, k) at
    (n floordiv L, k * G + g, n mod L): gates of L units lie side by side. One of i8 is
    [ceil(N / L), ceil(K / 4) + 1, G * L, 4], element (g, n, k) at
    (n floordiv L, k floordiv 4, g * L + n mod L, k mod 4), and in the last words 128 times the sum
    of each column, as i32. One of bf16 may be [ceil(N / L), K / 2, G * L, 2] when K is even,
    element (g, n, k) at (n floordiv L, k floordiv 2, g * L + n mod L, k mod 2).

    `fovea-fuse-gates` makes the operation of products and elementwise operations; it is what the
    gates of LSTM, GRU and of cells written by hand become. `fovea-round-recurrent-weights` makes
    weights of i8.

    Constraints:
    - gates_c1: the state, and the weight with or without panels, have these shapes, with a static
      G of 1 to 8 and, with panels, a static K; all outs are [M, N]; the order of the weight is a
      permutation of 0, 1, 2, and absent with panels.
    - gates_c2: the state and the weight have elements of f32, f16 or bf16, each of one of them;
      the weight may have i8.
    - gates_c3: one capture map per capture, over (m, n), with as many results as its rank.
    - gates_c4: static extents agree; captures may reach further than they are read.
    - gates_c5: the cell takes G f32 and one scalar per capture and yields one element per out.
    - gates_c6: the cell contains only elementwise scalar operations.

    ```mlir
    %h1, %c1 = fovea.gates ins(%h, %w : tensor<2x8xf32>, tensor<2x6x8xf32>)
        captures(%c : tensor<2x6xf32>)
        outs(%h0, %c : tensor<2x6xf32>, tensor<2x6xf32>)
        {capture_maps = [affine_map<(m, n) -> (m, n)>]}
        cell {
        ^bb0(%s0: f32, %s1: f32, %old: f32):
          %a = arith.addf %s0, %old : f32
          %b = arith.mulf %a, %s1 : f32
          fovea.yield %b, %a : f32, f32
        } -> tensor<2x6xf32>, tensor<2x6xf32>
    ```
  }];
  let arguments = (ins Fovea_Buffer:$state, Fovea_Buffer:$weight,
    Variadic<AnyTypeOf<[Fovea_Buffer, AnySignlessInteger, AnyFloat]>>:$captures,
    Variadic<Fovea_Buffer>:$inits, AffineMapArrayAttr:$capture_maps,
    OptionalAttr<DenseI64ArrayAttr>:$weight_order, OptionalAttr<I64Attr>:$panels);
  let regions = (region SizedRegion<1>:$cell);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $state `,` $weight `:` type($state) `,` type($weight) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict `cell` $cell (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    ::mlir::AffineMap getCaptureMap(unsigned capture) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getCaptureMaps()[capture]).getValue();
    }
    /// Weights, and so sums, per unit: G.
    int64_t getGateCount() {
      return getCell().getNumArguments() - static_cast<int64_t>(getCaptures().size());
    }
    /// Which dimensions of a weight without panels are g, n and k.
    ::llvm::ArrayRef<int64_t> getWeightDims();
    /// Extents of m, n and k, possibly dynamic.
    int64_t getRows();
    int64_t getUnits();
    int64_t getDepth();
  }];
}

#endif // FOVEA_GATE_OPS
