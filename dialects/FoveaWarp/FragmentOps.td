//===- FragmentOps.td - matrices of a warp ------------------*- tablegen -*-===//
//
// Operations on fragments: `fovea-distribute-fragments` makes registers of each thread of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_WARP_FRAGMENT_OPS
#define FOVEA_WARP_FRAGMENT_OPS

include "dialects/FoveaWarp/FoveaWarpBase.td"

def FoveaWarp_YieldOp : FoveaWarp_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "values that a region gives back";
  let description = [{
    Ends the regions of this dialect.

    ```mlir
    fovea_warp.yield %x : f32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ /* yields nothing */ }]>];
}

def FoveaWarp_SplatOp : FoveaWarp_Op<"splat", [Pure]> {
  let summary = "fragment of one value";
  let description = [{
    A sum or row whose elements are all the same.

    Constraints, of the type of fragments everywhere:
    - fragment_c1: sizes are multiples of 16 x 16 of `a`, 16 x 8 of `b` and `acc`, 16 of `row`.
    - fragment_c2: elements are f16, bf16 or tf32 of `a` and `b`, f32 of `acc` and `row`.

    Of this operation:
    - splat_c1: the result is a sum or a row.

    ```mlir
    %zero = fovea_warp.splat %x : f32 -> !fovea_warp.fragment<16x64xf32, acc>
    ```
  }];
  let arguments = (ins F32:$value);
  let results = (outs FoveaWarp_Fragment:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `->` type($result)";
  let hasVerifier = 1;
}

def FoveaWarp_LoadFragmentOp : FoveaWarp_Op<"load_fragment", []> {
  let summary = "operand of a product from the memory of the block";
  let description = [{
    With the last two indices i and j of the matrix, element (r, c) of the fragment is
    ```
    source[..., i + r, j + c], with `transposed` source[..., i + c, j + r]
    ```
    `swizzle` is that with which the matrix was written: of S bytes, columns in pieces of 16 bytes
    are exchanged within S bytes,
    ```
    piece p of row r lies at p xor (r min(P, 128) / 128 mod (S / 16))
    ```
    for rows of P bytes, so that pieces of 8 neighboring rows lie in different banks. f32 becomes
    tf32 by rounding (`fovea_warp.approx tf32`). All threads of the warp take part.

    Constraints:
    - load_fragment_c1: the result is an operand; the source has its elements, f32 for tf32, rank 2
      or more and one index per dimension, and lies in the workgroup's memory.
    - swizzle_c1: a swizzle is 32, 64 or 128 bytes, or 0 for none.
    - swizzle_c2: with a swizzle of S bytes rows have a static size of P bytes, a multiple of S; P
      divides 128 when it is less.

    ```mlir
    %a = fovea_warp.load_fragment %s[%i, %j] swizzle 128
        : memref<64x64xbf16, #gpu.address_space<workgroup>> -> !fovea_warp.fragment<16x64xbf16, a>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$source, Variadic<Index>:$indices, UnitAttr:$transposed,
    DefaultValuedAttr<I64Attr, "0">:$swizzle);
  let results = (outs FoveaWarp_Fragment:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` (`transposed` $transposed^)? (`swizzle` $swizzle^)? attr-dict
    `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def FoveaWarp_StoreFragmentOp : FoveaWarp_Op<"store_fragment", [AttrSizedOperandSegments]> {
  let summary = "fragment to memory";
  let description = [{
    With the last two indices i and j, element (r, c) of a sum goes to `target[..., i + r, j + c]`,
    that of a row, with the last index i, to `target[..., i + r]`; rounded to the target's elements.
    With bounds only elements with i + r < rows and j + c < columns do; a row has the first alone.
    With `pairs` two neighbors of a row go at once: j, the second bound and all strides of the
    target but the last are even, and it starts at a multiple of a pair's size.

    Constraints:
    - store_fragment_c1: the fragment is a sum or a row; the target has f32, f16 or bf16, one index
      per dimension and at least as many dimensions as the fragment.
    - store_fragment_c2: there are as many bounds as the fragment has dimensions, or none.
    - store_fragment_c3: pairs are of sums, and lie side by side.
    - swizzle_c1, swizzle_c2: as of load_fragment.

    ```mlir
    fovea_warp.store_fragment %sum, %m[%i, %j] bounds(%rows, %columns)
        : !fovea_warp.fragment<16x64xf32, acc>, memref<?x64xbf16>
    ```
  }];
  let arguments = (ins FoveaWarp_Fragment:$fragment, AnyStridedMemRef:$target,
    Variadic<Index>:$indices, Variadic<Index>:$bounds,
    DefaultValuedAttr<I64Attr, "0">:$swizzle, UnitAttr:$pairs);
  let assemblyFormat = [{
    $fragment `,` $target `[` $indices `]` (`bounds` `(` $bounds^ `)`)? (`swizzle` $swizzle^)?
    (`pairs` $pairs^)? attr-dict `:` type($fragment) `,` type($target)
  }];
  let hasVerifier = 1;
}

def FoveaWarp_StartCopiesOp : FoveaWarp_Op<"start_copies", []> {
  let summary = "no copies yet";
  let description = [{
    The start of a chain of copies of one thread.

    ```mlir
    %none = fovea_warp.start_copies
    ```
  }];
  let results = (outs FoveaWarp_Copies:$result);
  let assemblyFormat = "attr-dict";
}

def FoveaWarp_CopyAsyncOp : FoveaWarp_Op<"copy_async", [AttrSizedOperandSegments]> {
  let summary = "one more copy of one thread";
  let description = [{
    As `fovea_warp.cp_async`, to a matrix with a swizzle (as of `fovea_warp.load_fragment`); the
    result is what the thread has begun up to here.

    Constraints:
    - copy_async_c1: as cp_async_c1 and cp_async_c2.
    - copy_async_c2: with a swizzle the copy is of 16 bytes, to a matrix.
    - swizzle_c1, swizzle_c2: as of load_fragment.

    ```mlir
    %some = fovea_warp.copy_async 16 %m[%i, %j] to %s[%k, %l] swizzle 128 valid %n after %none
        : memref<?x64xbf16> to memref<64x64xbf16, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins I64Attr:$bytes, AnyStridedMemRef:$from, Variadic<Index>:$fromIndices,
    AnyStridedMemRef:$to, Variadic<Index>:$toIndices, Optional<I32>:$valid,
    FoveaWarp_Copies:$before, DefaultValuedAttr<I64Attr, "0">:$swizzle);
  let results = (outs FoveaWarp_Copies:$result);
  let assemblyFormat = [{
    $bytes $from `[` $fromIndices `]` `to` $to `[` $toIndices `]` (`swizzle` $swizzle^)?
    (`valid` $valid^)? `after` $before attr-dict `:` type($from) `to` type($to)
  }];
  let hasVerifier = 1;
}

def FoveaWarp_CommitOp : FoveaWarp_Op<"commit", []> {
  let summary = "end of a chain of copies";
  let description = [{
    The copies become a group that can be waited for.

    ```mlir
    %group = fovea_warp.commit %some
    ```
  }];
  let arguments = (ins FoveaWarp_Copies:$copies);
  let results = (outs FoveaWarp_CopyGroup:$result);
  let assemblyFormat = "$copies attr-dict";
}

def FoveaWarp_WaitOp : FoveaWarp_Op<"wait", []> {
  let summary = "wait for a group of copies";
  let description = [{
    Waits until the group has landed, when `pending` groups of the thread have been committed behind
    it. Other threads see what has landed behind a barrier. Groups need no wait where nobody touches
    what their copies write; the emulator stops a kernel that does before the wait.

    ```mlir
    fovea_warp.wait %group pending 1
    ```
  }];
  let arguments = (ins FoveaWarp_CopyGroup:$group,
    DefaultValuedAttr<ConfinedAttr<I32Attr, [IntNonNegative]>, "0">:$pending);
  let assemblyFormat = "$group (`pending` $pending^)? attr-dict";
}

def FoveaWarp_MmaOp : FoveaWarp_Op<"mma", [Pure,
    TypesMatchWith<"the result is the sum in flight", "sum", "result",
      "::fovea::warp::PendingType::get($_ctxt, ::llvm::cast<FragmentType>($_self))">]> {
  let summary = "matrix product of a warp, in flight";
  let description = [{
    Begins sum + a b. The sum comes back from `fovea_warp.await` alone: nothing else takes a result
    that is in flight.

    Constraints:
    - mma_c1: a is M x K of role `a`, b is K x N of role `b`, the sum is M x N of role `acc`.
    - mma_c2: a and b have the same elements.

    ```mlir
    %p = fovea_warp.mma %a, %b, %c : !fovea_warp.fragment<16x64xbf16, a>,
        !fovea_warp.fragment<64x32xbf16, b>, !fovea_warp.fragment<16x32xf32, acc>
    ```
  }];
  let arguments = (ins FoveaWarp_Fragment:$a, FoveaWarp_Fragment:$b, FoveaWarp_Fragment:$sum);
  let results = (outs FoveaWarp_Pending:$result);
  let assemblyFormat = "$a `,` $b `,` $sum attr-dict `:` type($a) `,` type($b) `,` type($sum)";
  let hasVerifier = 1;
}

def FoveaWarp_AwaitOp : FoveaWarp_Op<"await", [Pure,
    TypesMatchWith<"the result is what was in flight", "pending", "result",
      "::llvm::cast<PendingType>($_self).getFragment()">]> {
  let summary = "sum of a product that has ended";
  let description = [{
    Waits for the product and gives its sum.

    ```mlir
    %sum = fovea_warp.await %p : !fovea_warp.pending<!fovea_warp.fragment<16x32xf32, acc>>
    ```
  }];
  let arguments = (ins FoveaWarp_Pending:$pending);
  let results = (outs FoveaWarp_Fragment:$result);
  let assemblyFormat = "$pending attr-dict `:` type($pending)";
}

def FoveaWarp_MapOp : FoveaWarp_Op<"map", [
    RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "scalar function of the elements of fragments";
  let description = [{
    Runs the region for each element (r, c) with r, c and the elements of the operands, of rows that
    of row r, and makes fragments of what it yields. Where all operands and results are rows, the
    region takes r and not c. Values from around the region may be used in it.

    Constraints:
    - map_c1: there is a result; results are sums of the shape of all operands that are sums, or
      all operands and results are rows, of one size; rows have the size of a sum's columns.
    - map_c2: the region takes one index a dimension of the result and one f32 an operand, and
      yields one f32 a result.

    ```mlir
    %q = fovea_warp.map %s, %m : !fovea_warp.fragment<16x32xf32, acc>,
        !fovea_warp.fragment<16xf32, row> -> !fovea_warp.fragment<16x32xf32, acc> {
    ^bb0(%i: index, %j: index, %x: f32, %max: f32):
      %d = arith.subf %x, %max : f32
      fovea_warp.yield %d : f32
    }
    ```
  }];
  let arguments = (ins Variadic<FoveaWarp_Fragment>:$inputs);
  let results = (outs Variadic<FoveaWarp_Fragment>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$inputs `:` type($inputs) `->` type($results) $body attr-dict";
  let hasVerifier = 1;
}

def FoveaWarp_ReduceRowsOp : FoveaWarp_Op<"reduce_rows", [Pure]> {
  let summary = "one value of each row";
  let description = [{
    The sum or the largest of the values of each row, NaN when one is. All threads of the warp take
    part, and those that hold a row get the same value. With `partial` each of the four threads that
    hold a row takes its own elements alone: the row's value is what `fovea_warp.combine_rows` makes
    of these.

    Constraints:
    - reduce_rows_c1: the operand is a sum, the result a row of as many.

    ```mlir
    %m = fovea_warp.reduce_rows max %s
        : !fovea_warp.fragment<16x32xf32, acc> -> !fovea_warp.fragment<16xf32, row>
    ```
  }];
  let arguments = (ins FoveaWarp_RowReduction:$kind, FoveaWarp_Fragment:$input, UnitAttr:$partial);
  let results = (outs FoveaWarp_Fragment:$result);
  let assemblyFormat = [{
    $kind $input (`partial` $partial^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def FoveaWarp_CombineRowsOp : FoveaWarp_Op<"combine_rows", [Pure, SameOperandsAndResultType]> {
  let summary = "one value of what the threads hold of each row";
  let description = [{
    The sum or the largest of the values that the four threads hold of a row, in all of them.
    Sums over many products reduce partially in each step and are combined once, in the end.

    Constraints:
    - combine_rows_c1: the operand is a row.

    ```mlir
    %l = fovea_warp.combine_rows add %s : !fovea_warp.fragment<16xf32, row>
    ```
  }];
  let arguments = (ins FoveaWarp_RowReduction:$kind, FoveaWarp_Fragment:$input);
  let results = (outs FoveaWarp_Fragment:$result);
  let assemblyFormat = "$kind $input attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def FoveaWarp_HasNanOp : FoveaWarp_Op<"has_nan", []> {
  let summary = "whether a fragment holds a NaN";
  let description = [{
    True in all threads of the warp when an element is NaN. All of them take part.

    Constraints:
    - has_nan_c1: the operand is a sum or a row.

    ```mlir
    %bad = fovea_warp.has_nan %s : !fovea_warp.fragment<16x32xf32, acc>
    ```
  }];
  let arguments = (ins FoveaWarp_Fragment:$input);
  let results = (outs I1:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def FoveaWarp_ConvertOp : FoveaWarp_Op<"convert", [Pure]> {
  let summary = "sum as the operand of a product";
  let description = [{
    Rounds the elements of a sum. No thread gives a value to another one: neighboring tiles of a sum
    lie where those of an operand `a` are wanted.

    Constraints:
    - convert_c1: from role `acc` to role `a`, of the same shape.
    - convert_c2: to elements of 16 bits; those of tf32 lie elsewhere.

    ```mlir
    %a = fovea_warp.convert %s
        : !fovea_warp.fragment<16x32xf32, acc> -> !fovea_warp.fragment<16x32xbf16, a>
    ```
  }];
  let arguments = (ins FoveaWarp_Fragment:$input);
  let results = (outs FoveaWarp_Fragment:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

#endif // FOVEA_WARP_FRAGMENT_OPS
