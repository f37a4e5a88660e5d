//===- FoveaKernelOps.td - kernels and register-level operations of the CPU -*- tablegen -*-===//
//
// The `fovea_kernel` dialect: how a scheduled computation is cut into tasks, what a task keeps in
// scratch memory, and the register product on which attention, contraction and recurrence stand.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_OPS
#define FOVEA_KERNEL_OPS

include "dialects/FoveaKernel/FoveaKernelBase.td"
include "dialects/FoveaKernel/GridOps.td"
include "dialects/FoveaKernel/LaunchOps.td"

def FoveaKernel_YieldOp : FoveaKernel_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "values that a region gives back";
  let description = [{
    Ends the regions of this dialect.

    ```mlir
    fovea_kernel.yield %x : vector<16xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ /* yields nothing */ }]>];
}

def FoveaKernel_ParallelOp : FoveaKernel_Op<"parallel", [
    RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "independent tasks of a kernel";
  let description = [{
    Runs the body once for every task in [0, count), in any order and on any thread. The count is
    computed from the kernel's scalar arguments and the sizes of its buffers alone.

    Constraints:
    - parallel_c1: the body takes one index, the task.

    ```mlir
    fovea_kernel.parallel %n {
    ^bb0(%task: index):
      fovea_kernel.yield
    }
    ```
  }];
  let arguments = (ins Index:$count);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count $body attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getTask() { return getBody().getArgument(0); }
  }];
}

def FoveaKernel_ScratchOp : FoveaKernel_Op<"scratch", []> {
  let summary = "buffer in the thread's scratch memory";
  let description = [{
    Uninitialized, 64-byte aligned, private to the task until it ends; in a grid, to the thread.
    Buffers of one kernel do not overlap.

    Constraints:
    - scratch_c1: the type has a static shape and the identity layout.

    ```mlir
    %s = fovea_kernel.scratch : memref<96x64xf32>
    ```
  }];
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def FoveaKernel_Unit : I32EnumAttr<"Unit", "instructions that a register product is made of", [
    I32EnumAttrCase<"Fma", 0, "fma">, I32EnumAttrCase<"Dot", 1, "dot">,
    I32EnumAttrCase<"Tile", 2, "tile">]> {
  let cppNamespace = "::fovea::kernel";
}

def FoveaKernel_ProductOp : FoveaKernel_Op<"product", [AttrSizedOperandSegments,
    RecursiveMemoryEffects,
    RangedTypesMatchWith<"carried values keep their types", "carried", "results", "$_self">]> {
  let summary = "register tile of a matrix product";
  let description = [{
    With R = rows, V = vectors and L = lanes, for r < R and v < V, in registers:
    ```
    acc[r][v] = init(row + r)[v] + sum over k < depth of
                lhs[row + r, k] * panel[k, v*L .. v*L+L-1]
    carried = finish(row + r, acc[r][0], ..., acc[r][V-1], carried)
    ```
    `lhs` and panel may be f32, f16 or bf16; `lhs` is read element by element, so any strides do,
    the panel has contiguous rows. Without an init region the sum starts at 0. The finish region is
    ordinary IR on the accumulators of one row and stores what it makes of them; what it yields,
    e.g. a running maximum, goes to the next row's and is the operation's result in the end.
    Step k asks for row k of each matrix of `ahead`, of static width, which is read soon, here or
    by what comes next; of one with rank 3, [M, S, width], for row k floordiv S, once in S steps at
    least.
    With `chains` N, sums of multiply-adds are taken of every N-th step apart and added in the end:
    few of them do not fill the time that one takes otherwise. A panel of bf16 that is twice as wide
    has words of two steps, laid out as for `by dot` with G = 2; the depth then is even.

    Without `by` the sums are made of multiply-adds. `by dot` and `by tile` take a whole word of
    four bytes of each column a step, G = 2 elements of bf16 or 4 of i8: the panel has them side by
    side,
    ```
    element (k, column) is panel[k floordiv G, column * G + k mod G]
    ```
    `dot` sums in vector registers. `tile` sums in tiles of 16 rows x 16 lanes, which go through
    scratch memory to and from the regions, and takes 16 words a step. The panel reaches to the end
    of the last step and holds 0 behind `depth`; of `lhs` nothing there is read. Rows of i8 are
    signed, with `unsigned` they are not; panels always are.
    Sums of bf16 are in f32, those of i8 in i32, exact modulo 2^32.

    Constraints:
    - product_c1: lhs and panel have rank 2 and elements of f32, f16 or bf16; the panel has the
      static width V*L, or of bf16 V*L*2, and stride 1.
    - product_c2: 1 <= rows, vectors, lanes; rows * vectors <= 30.
    - product_c3: init takes an index and yields V vectors of L sums.
    - product_c4: finish takes an index, V vectors of L sums and the carried values, and yields
      values of the carried ones' types.
    - product_c5: the matrices of `ahead` have rank 2 and a static width, or rank 3 and a second
      dimension of static extent and stride 0 besides.
    - product_c6: by dots and tiles, instead of c1: lhs and panel have rank 2, the same elements,
      bf16 or i8, and stride 1; the panel has the static width V*L*G.
    - product_c7: tiles have 16 lanes, instead of c2 at most 32 rows of 2 vectors.
    - product_c8: only rows of i8 are unsigned; dots of i8 with 16 lanes have such rows.
    - product_c9: chains are 1 to 4, 1 by dots and tiles; their sums together are at most 30.

    ```mlir
    fovea_kernel.product %a, %b row %r depth %k rows 8 vectors 2 lanes 16 finish {
    ^bb0(%row: index, %v0: vector<16xf32>, %v1: vector<16xf32>):
      vector.store %v0, %c[%row, %c0] : memref<?x32xf32>, vector<16xf32>
      fovea_kernel.yield
    } : memref<?x?xf32>, memref<?x32xf32>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$lhs, AnyStridedMemRef:$panel, Index:$row, Index:$depth,
    Variadic<AnyType>:$carried, Variadic<AnyStridedMemRef>:$ahead, I64Attr:$rows,
    I64Attr:$vectors, I64Attr:$lanes,
    DefaultValuedAttr<FoveaKernel_Unit, "::fovea::kernel::Unit::Fma">:$unit,
    UnitAttr:$unsigned_rows, DefaultValuedAttr<I64Attr, "1">:$chains);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region MaxSizedRegion<1>:$init, SizedRegion<1>:$finish);
  let assemblyFormat = [{
    $lhs `,` $panel `row` $row `depth` $depth `rows` $rows `vectors` $vectors `lanes` $lanes
    (`by` $unit^)? (`unsigned` $unsigned_rows^)? (`chains` $chains^)?
    (`carry` `(` $carried^ `:` type($carried) `)`)? (`ahead` `(` $ahead^ `:` type($ahead) `)`)?
    (`init` $init^)? `finish` $finish attr-dict
    `:` type($lhs) `,` type($panel)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$panel, "::mlir::Value":$row,
      "::mlir::Value":$depth, "int64_t":$rows, "int64_t":$vectors, "int64_t":$lanes,
      CArg<"::mlir::ValueRange", "{}">:$carried, CArg<"::mlir::ValueRange", "{}">:$ahead,
      CArg<"Unit", "Unit::Fma">:$unit, CArg<"bool", "false">:$unsigned_rows), [{
    build($_builder, $_state, carried.getTypes(), lhs, panel, row, depth, carried, ahead, rows,
          vectors, lanes, unit, unsigned_rows, /*chains=*/1);
  }]>];
  let extraClassDeclaration = [{
    /// Elements of a column that lie side by side in the panel: G, for multiply-adds 1, or 2 of
    /// bf16.
    int64_t getGroup();
    /// The type of V sums each: a vector of L f32 or i32.
    ::mlir::VectorType getSumType();
  }];
  let hasVerifier = 1;
}

def FoveaKernel_OutputOp : FoveaKernel_Op<"output", []> {
  let summary = "buffer of a result of the entry";
  let description = [{
    Asks the host for the buffer of result `index`, with the dynamic sizes given.

    ```mlir
    %o = fovea_kernel.output 0 (%n) : memref<?x8xf32>
    ```
  }];
  let arguments = (ins I64Attr:$index, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$index `(` $sizes `)` attr-dict `:` type($result)";
}

def FoveaKernel_AllocateOp : FoveaKernel_Op<"allocate", []> {
  let summary = "memory whose size depends on data";
  let description = [{
    Asks the host for memory that it frees when the run ends; the arena holds all other buffers.

    ```mlir
    %o = fovea_kernel.allocate (%n) : memref<?x8xf32>
    ```
  }];
  let arguments = (ins Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "`(` $sizes `)` attr-dict `:` type($result)";
}

def FoveaKernel_ViewOp : FoveaKernel_Op<"view", [Pure, AttrSizedOperandSegments]> {
  let summary = "memref over a raw pointer";
  let description = [{
    The memref that starts at a pointer, with one size per dynamic dimension and one stride per
    dynamic stride of its layout (none for the identity layout).

    ```mlir
    %m = fovea_kernel.view %p sizes(%n) : memref<?x8xf32>
    ```
  }];
  let arguments = (ins LLVM_AnyPointer:$pointer, Variadic<Index>:$sizes, Variadic<Index>:$strides);
  let results = (outs AnyStridedMemRef:$result);
  let assemblyFormat = [{
    $pointer `sizes` `(` $sizes `)` (`strides` `(` $strides^ `)`)? attr-dict
    `:` type($pointer) `->` type($result)
  }];
}

def FoveaKernel_SymbolOp : FoveaKernel_Op<"symbol", [Pure]> {
  let summary = "value of a symbolic dimension of the entry";
  let description = [{
    The size that symbol number `index` of the entry has in this run.

    ```mlir
    %n = fovea_kernel.symbol 0 : index
    ```
  }];
  let arguments = (ins I64Attr:$index);
  let results = (outs Index:$result);
  let assemblyFormat = "$index attr-dict `:` type($result)";
}

def FoveaKernel_ThreadsOp : FoveaKernel_Op<"threads", [Pure]> {
  let summary = "threads that the run may use";
  let description = [{
    At least 1.

    ```mlir
    %n = fovea_kernel.threads : index
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def FoveaKernel_StepsOp : FoveaKernel_Op<"steps", []> {
  let summary = "how often the team that ran last went on";
  let description = [{
    Of the loop of the team that was launched last: steps that its `fovea.proceed_if` let begin.

    ```mlir
    %n = fovea_kernel.steps : index
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def FoveaKernel_LeaveUnlessOp : FoveaKernel_Op<"leave_unless", []> {
  let summary = "end of a loop that may be in the middle of it";
  let description = [{
    Ends the loop that counts `number` unless the condition holds. Structured control flow has no
    such end: `fovea-leave-loops` makes a branch of it when loops are blocks.

    ```mlir
    fovea_kernel.leave_unless %goes_on of %i
    ```
  }];
  let arguments = (ins I1:$condition, Index:$number);
  let assemblyFormat = "$condition `of` $number attr-dict";
}

def FoveaKernel_ArenaOp : FoveaKernel_Op<"arena"> {
  let summary = "buffer in the arena of the run";
  let description = [{
    The memref that starts `offset` bytes into the arena.

    ```mlir
    %b = fovea_kernel.arena %offset sizes(%n) : memref<?x8xf32>
    ```
  }];
  let arguments = (ins Index:$offset, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$offset `sizes` `(` $sizes `)` attr-dict `:` type($result)";
}

def FoveaKernel_CallOp : FoveaKernel_Op<"call", [Pure]> {
  let summary = "the fovea_call of the running function";
  let description = [{
    Pointer to the call (fovea_abi.h) on whose behalf the function runs; in kernels and entries.

    ```mlir
    %c = fovea_kernel.call : !llvm.ptr
    ```
  }];
  let results = (outs LLVM_AnyPointer:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

#endif // FOVEA_KERNEL_OPS
