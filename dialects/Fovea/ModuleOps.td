//===- ModuleOps.td - weights and run-time checks ------------*- tablegen -*-===//
//
// Weights as symbols, and the checks that guard indices, shapes and lengths that come from data.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_MODULE_OPS
#define FOVEA_MODULE_OPS

include "dialects/Fovea/FoveaBase.td"

def Fovea_PanelsAttr : AttrDef<Fovea_Dialect, "Panels"> {
  let mnemonic = "panels";
  let summary = "how a weight is packed into panels for a register kernel";
  let description = [{
    The source is seen as [batch][n][k] by grouping its dimensions (`n` and `k` list source
    dimensions, outer first, all others are batch in source order). The packed weight has shape
    [batch..., ceil(N / width), K, width]; lanes behind N are 0.

    With `group`, words of so many elements of a column, two bf16 or four i8, lie side by side, and
    K is filled with zeros to a multiple of `step`, itself one of `group`: the shape is
    [batch..., ceil(N / width), ceil(K / step) * step / group, width, group]. Panels of i8 have one
    row of words more, the last: 128 times the sum of each column, as i32.

    Dimensions of `beside`, B elements in all, lie between panel and lane: a row of a panel has the
    `width` lanes of each of them side by side, B * width columns.
  }];
  let parameters = (ins "int64_t":$width, ArrayRefParameter<"int64_t">:$n,
    ArrayRefParameter<"int64_t">:$k, DefaultValuedParameter<"int64_t", "1">:$group,
    DefaultValuedParameter<"int64_t", "1">:$step, OptionalArrayRefParameter<"int64_t">:$beside);
  let assemblyFormat = [{
    `<` `width` `=` $width `,` `n` `=` `[` $n `]` `,` `k` `=` `[` $k `]`
    (`beside` `=` `[` $beside^ `]`)? (`,` `group` `=` $group^ `,` `step` `=` $step)? `>`
  }];
  let builders = [AttrBuilder<(ins "int64_t":$width, "::llvm::ArrayRef<int64_t>":$n,
                                   "::llvm::ArrayRef<int64_t>":$k), [{
    return $_get($_ctxt, width, n, k, 1, 1, ::llvm::ArrayRef<int64_t>());
  }]>];
  let extraClassDeclaration = [{
    /// Rows of a panel for K summed elements of a type.
    int64_t getRows(int64_t depth, ::mlir::Type element) const;
  }];
}

def Fovea_WeightOp : Fovea_Op<"weight", [Symbol]> {
  let summary = "constant tensor kept outside the module";
  let description = [{
    Declares a tensor whose dense row-major little-endian bytes lie in `source` (a file, or a key of
    the weight store that the frontend filled) at `offset`. With `panels`, the contents are those
    of the weight `of` packed by the recipe. With `joins`, they are those of these weights one after
    the other.

    With `rounds`, they are made of the weight w named there and rounded: the elements that differ
    in dimensions of `along` alone are a channel and share a scale,
    ```
    scale = max |w| / 127,  integer = round(w / scale) in [-127, 127], 0 where scale is 0
    ```
    A type of i8 and w's shape has the integers, one of f32 without the dimensions of `along` the
    scales. A weight with NaN or infinities is not rounded: the compilation ends with an error.

    Constraints:
    - weight_c1: the type has a static shape whose byte size fits in 63 bits.
    - weight_c2: offset >= 0.
    - weight_c3: `panels` and `of` come together; `of` names a weight in f32, f16 or bf16, with
      a group one whose words are 4 bytes of bf16 or i8, that is not packed itself; n, k and
      `beside` list its dimensions, each at most once; the step is a multiple of the group; the type
      is the packed type, of the same elements.
    - weight_c4: `joins` names at least one weight; all have one type, are neither packed nor joined
      themselves, and the type is that with their number in front.
    - weight_c5: `rounds` comes with `along`, neither with `packs` nor `joins`, and names a weight
      in f32, f16 or bf16 that is neither packed nor rounded; `along` lists dimensions of it, each
      at most once; the type is that of integers or of scales.

    ```mlir
    fovea.weight @w from "model.safetensors" offset 1024 : tensor<384x384xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$source,
    DefaultValuedAttr<I64Attr, "0">:$offset, TypeAttr:$type,
    OptionalAttr<FlatSymbolRefAttr>:$of, OptionalAttr<Fovea_PanelsAttr>:$panels,
    OptionalAttr<TypedArrayAttrBase<FlatSymbolRefAttr, "weights">>:$joins,
    OptionalAttr<FlatSymbolRefAttr>:$rounded, OptionalAttr<DenseI64ArrayAttr>:$along);
  let assemblyFormat = [{
    $sym_name `from` $source (`offset` $offset^)? (`packs` $of^ $panels)? (`joins` $joins^)?
    (`rounds` $rounded^ `along` $along)? attr-dict `:` $type
  }];
  let extraClassDeclaration = [{
    /// Bytes of the tensor; elements of less than a byte take one.
    uint64_t getByteSize();
    /// True when the contents are made of other weights.
    bool isDerived() { return getOf() || getJoins() || getRounded(); }
  }];
  let hasVerifier = 1;
}

def Fovea_GetWeightOp : Fovea_Op<"get_weight", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "value of a weight";
  let description = [{
    The tensor (or, after bufferization, the read-only memref) of a `fovea.weight`.

    Constraints:
    - get_weight_c1: the symbol is a fovea.weight of the same shape and element type.

    ```mlir
    %w = fovea.get_weight @w : tensor<384x384xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Fovea_Buffer:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def Fovea_CheckedIndexOp : Fovea_Op<"checked_index", [Pure]> {
  let summary = "index that comes from data, checked against an extent";
  let description = [{
    With 0 <= index < extent the index itself; with `wrap`, a negative index >= -extent counts from
    the end. Anything else records a fault of node `node` and gives 0, so that what follows stays
    in bounds; the run then ends with an error.

    ```mlir
    %i = fovea.checked_index %raw in %extent wrap node "embed/Gather" : i64
    ```
  }];
  let arguments = (ins AnySignlessIntegerOrIndex:$index, Index:$extent, UnitAttr:$wrap,
    StrAttr:$node);
  let results = (outs Index:$result);
  let assemblyFormat =
    "$index `in` $extent (`wrap` $wrap^)? `node` $node attr-dict `:` type($index)";
}

def Fovea_RequireOp : Fovea_Op<"require", []> {
  let summary = "condition without which the run stops";
  let description = [{
    Stops the run with a fault of node `node` that names value and limit unless the condition holds.
    Only outside parallel code.

    ```mlir
    fovea.require %ok, %have, %want fault shape node "Reshape_3"
    ```
  }];
  let arguments = (ins I1:$condition, Index:$value, Index:$limit, Fovea_FaultAttr:$fault,
    StrAttr:$node);
  let assemblyFormat =
    "$condition `,` $value `,` $limit `fault` $fault `node` $node attr-dict";
}

def Fovea_ProceedIfOp : Fovea_Op<"proceed_if", []> {
  let summary = "condition without which a loop ends";
  let description = [{
    Ends the `scf.for` around it unless the condition holds; the loop's results are then the values
    that the step began with. Models say `scf.while`, of which fovea-count-while makes this.

    Constraints:
    - proceed_if_c1: it stands in the body of an `scf.for`; what stands before it in the body
      computes scalars alone and has no regions.

    ```mlir
    scf.for %i = %c0 to %most step %c1 {
      %last = tensor.extract %ids[%i] : tensor<20xi64>
      %goes_on = arith.cmpi ne, %last, %end : i64
      fovea.proceed_if %goes_on
    }
    ```
  }];
  let arguments = (ins I1:$condition);
  let assemblyFormat = "$condition attr-dict";
  let hasVerifier = 1;
}

#endif // FOVEA_MODULE_OPS
