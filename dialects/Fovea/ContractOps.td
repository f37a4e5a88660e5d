//===- ContractOps.td - contraction with an epilogue ---------*- tablegen -*-===//
//
// Products: matrix products, batched products, convolutions, with what follows them fused in.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_CONTRACT_OPS
#define FOVEA_CONTRACT_OPS

include "dialects/Fovea/FoveaBase.td"

def Fovea_ContractOp : Fovea_DestinationOp<"contract"> {
  let summary = "sum of products, finished by a scalar region";
  let description = [{
    Over iteration dimensions x, of which those missing from the out map are summed:
    ```
    out[out_map(x)] = epilogue(sum of lhs[lhs_map(x)] * rhs[rhs_map(x)], captures[capture_maps(x)])
    ```
    The previous contents of `outs` are not read. The sum is taken in f32 for f32, f16 and bf16, in
    f64 for f64, in i32 for i8 and i32, in i64 for i64. Maps are affine, so a convolution is a
    contraction whose input map is (n, c, o * stride + k * dilation) over padded input.
    `schedule` overrides the target's choice of how, never what (see Schedules).

    Constraints:
    - contract_c1: one indexing map per operand (lhs, rhs, captures, out), equal numbers of
      dimensions, no symbols, as many results as the operand's rank.
    - contract_c2: the out map is a projected permutation.
    - contract_c3: every dimension is a result of its own in the lhs, rhs or out map.
    - contract_c4: extents of the same dimension agree; any other index that a map computes stays
      inside its operand.
    - contract_c5: capture maps use the out map's dimensions alone.
    - contract_c6: lhs and rhs have the same element type out of f32, f64, f16, bf16, i8, i32, i64,
      or two different ones of f32, f64, f16, bf16; the sum is then in f64 where one is f64.
    - contract_c7: the epilogue takes the sum and one scalar per capture and yields one element of
      the out type.
    - contract_c8: the epilogue contains only elementwise scalar operations.
    - contract_c9: of a schedule, tiles are two counts, each at least 1; there is no kv_split.

    ```mlir
    %r = fovea.contract ins(%a, %b : tensor<5x8xf32>, tensor<8x6xf32>)
        captures(%bias : tensor<6xf32>)
        outs(%c : tensor<5x6xf32>)
        {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                          affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>]}
        epilogue {
        ^bb0(%sum: f32, %add: f32):
          %x = arith.addf %sum, %add : f32
          fovea.yield %x : f32
        } -> tensor<5x6xf32>
    ```
  }];
  let arguments = (ins Fovea_Buffer:$lhs, Fovea_Buffer:$rhs, Variadic<Fovea_Buffer>:$captures,
    Fovea_Buffer:$init, AffineMapArrayAttr:$indexing_maps,
    OptionalAttr<Fovea_ScheduleAttr>:$schedule);
  let regions = (region SizedRegion<1>:$epilogue);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `epilogue` $epilogue (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let builders = [
    /// Product whose epilogue yields the sum (cast to the out element type).
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs, "::mlir::Value":$init,
                   "::llvm::ArrayRef<::mlir::AffineMap>":$maps)>];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndexingMaps()[operand]).getValue();
    }
    ::mlir::AffineMap getLhsMap() { return getMap(0); }
    ::mlir::AffineMap getRhsMap() { return getMap(1); }
    ::mlir::AffineMap getCaptureMap(unsigned capture) { return getMap(2 + capture); }
    ::mlir::AffineMap getOutMap() { return getMap(2 + getCaptures().size()); }
    unsigned getNumDims() { return getOutMap().getNumDims(); }
    /// True when the dimension is summed, that is missing from the out map.
    bool isReduction(unsigned dim) { return !getOutMap().isFunctionOfDim(dim); }
    /// Extent of a dimension; kDynamic when no operand tells.
    int64_t getStaticExtent(unsigned dim);
    /// Type in which the sum is taken for elements of type `element`; null when unsupported.
    static ::mlir::Type getSumType(::mlir::Type element);
    /// The same for products of two types.
    static ::mlir::Type getSumType(::mlir::Type lhs, ::mlir::Type rhs);
    /// Type in which this operation takes its sum.
    ::mlir::Type getSumType();
  }];
}

#endif // FOVEA_CONTRACT_OPS
