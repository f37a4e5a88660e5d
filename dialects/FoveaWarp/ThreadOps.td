//===- ThreadOps.td - what single threads say --------------*- tablegen -*-===//
//
// Operations on the registers of one thread: both lowerings of device code know all of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_WARP_THREAD_OPS
#define FOVEA_WARP_THREAD_OPS

include "dialects/FoveaWarp/FoveaWarpBase.td"

def FoveaWarp_SharedOp : FoveaWarp_Op<"shared", []> {
  let summary = "buffer in the memory of the block";
  let description = [{
    Uninitialized; the same buffer for all threads of a block, until the kernel ends. Buffers of a
    kernel do not overlap. `fovea-place-shared` gives each its `offset` in bytes.

    Constraints:
    - shared_c1: the type has a static shape, the identity layout and the workgroup's space.
    - shared_c2: the elements are integers or floats of whole bytes.

    ```mlir
    %s = fovea_warp.shared : memref<64x64xbf16, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Size of the buffer.
    int64_t getBytes();
  }];
}

def FoveaWarp_ApproxOp : FoveaWarp_Op<"approx", [Pure, SameOperandsAndResultType]> {
  let summary = "function that the hardware approximates";
  let description = [{
    `ex2` and `lg2` are 2^x and log2 x, `rcp` and `rsqrt` 1/x and 1/sqrt x. Relative errors are
    about 2^-22 (`lg2`: absolute, near 1), of `tanh` 2^-11. Denormal numbers are read and given as
    0, except by `tanh`. `tf32` is x rounded to the nearest number of 10 bits behind the point, of
    two as near the one away from 0; infinities and NaN stay, and so do denormal numbers.

    ```mlir
    %p = fovea_warp.approx ex2 %s : f32
    ```
  }];
  let arguments = (ins FoveaWarp_Approximation:$function, F32:$x);
  let results = (outs F32:$result);
  let assemblyFormat = "$function $x attr-dict `:` type($x)";
}

def FoveaWarp_VoteOp : FoveaWarp_Op<"vote", []> {
  let summary = "question to all threads of a warp";
  let description = [{
    Whether the condition holds in `all` threads of the warp, in `any`, or has one value in all
    (`uni`); `ballot` gives it as bits, that of lane i in bit i. All threads of the warp ask.

    Constraints:
    - vote_c1: the result of a ballot is i32, that of other questions i1.

    ```mlir
    %whole = fovea_warp.vote all %inside : i1
    ```
  }];
  let arguments = (ins FoveaWarp_Vote:$kind, I1:$condition);
  let results = (outs AnyTypeOf<[I1, I32]>:$result);
  let assemblyFormat = "$kind $condition attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def FoveaWarp_SyncWarpOp : FoveaWarp_Op<"sync_warp", []> {
  let summary = "barrier of a warp";
  let description = [{
    Waits for all threads of the warp, and makes what each has written visible to the others.

    ```mlir
    fovea_warp.sync_warp
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def FoveaWarp_GridBarrierOp : FoveaWarp_Op<"grid_barrier", []> {
  let summary = "barrier of all blocks";
  let description = [{
    Waits for all threads of all blocks, and makes what each has written visible to the others. The
    kernel is launched cooperatively: all of its blocks run at the same time. `counter` points to 4
    bytes of the device's memory that were 0 before the first launch; they serve one launch at a
    time, and any number one after the other.

    ```mlir
    fovea_warp.grid_barrier %counter : !llvm.ptr
    ```
  }];
  let arguments = (ins LLVM_AnyPointer:$counter);
  let assemblyFormat = "$counter attr-dict `:` type($counter)";
}

def FoveaWarp_FaultOp : FoveaWarp_Op<"fault", []> {
  let summary = "report of a value that must not be";
  let description = [{
    Fills the fovea_fault_record unless it was filled before: the first fault wins. The thread goes
    on with a harmless value. `kind` is a number of fovea_fault, `node` that of the node to blame.

    ```mlir
    fovea_warp.fault %record kind 1 node 3 value %index limit %size : !llvm.ptr
    ```
  }];
  let arguments = (ins LLVM_AnyPointer:$record, I32Attr:$kind, I64Attr:$node, I64:$value,
    I64:$limit);
  let assemblyFormat = [{
    $record `kind` $kind `node` $node `value` $value `limit` $limit attr-dict `:` type($record)
  }];
}

def FoveaWarp_LdMatrixOp : FoveaWarp_Op<"ldmatrix", []> {
  let summary = "8x8 matrices from the memory of the block";
  let description = [{
    Loads `count` matrices of 8 rows of 16 bytes. Lane l gives the address of row l mod 8 of matrix
    l / 8. Register r of lane l holds, of 16-bit elements of matrix r,
    ```
    row l / 4, columns 2 (l mod 4) and one more
    ```
    the first in the low half; with `transposed` rows and columns are exchanged. Of 32-bit elements
    it is row l / 4, column l mod 4. All threads of the warp take part.

    Constraints:
    - ldmatrix_c1: there are 1, 2 or 4 results.
    - ldmatrix_c2: the buffer lies in the workgroup's memory, has elements of 16 or 32 bits and one
      index per dimension.
    - ldmatrix_c3: `transposed` are matrices of 16-bit elements.

    ```mlir
    %r:4 = fovea_warp.ldmatrix %s[%i, %j]
        : memref<64x64xbf16, #gpu.address_space<workgroup>> -> i32, i32, i32, i32
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$source, Variadic<Index>:$indices, UnitAttr:$transposed);
  let results = (outs Variadic<I32>:$registers);
  let assemblyFormat = [{
    $source `[` $indices `]` (`transposed` $transposed^)? attr-dict
    `:` type($source) `->` type($registers)
  }];
  let hasVerifier = 1;
}

def FoveaWarp_MmaSyncOp : FoveaWarp_Op<"mma_sync", [AttrSizedOperandSegments]> {
  let summary = "matrix product of a warp";
  let description = [{
    d = a b + c with the registers of all threads of a warp. a holds the rows of 16 x K, b the
    columns of K x 8, two elements of 16 bits or four of 8 a register; sums are in f32 or i32. With
    lane l, of m16n8k16:
    ```
    c[i]: row l / 4 + 8 (i / 2), column 2 (l mod 4) + i mod 2
    a[r]: row l / 4 + 8 (r mod 2), k = 2 (l mod 4) + 8 (r / 2) and one more
    b[r]: k = 2 (l mod 4) + 8 r and one more, column l / 4
    ```
    and of m16n8k8, whose registers have one element of tf32 in their upper 19 bits:
    ```
    a[r]: row l / 4 + 8 (r mod 2), k = l mod 4 + 4 (r / 2)
    b[r]: k = l mod 4 + 4 r, column l / 4
    ```
    All threads of the warp take part.

    Constraints:
    - mma_sync_c1: a has 4 registers, b 2, c and the results 4 of one type: i32 for bytes, else f32.

    ```mlir
    %d:4 = fovea_warp.mma_sync m16n8k16_bf16 a(%a0, %a1, %a2, %a3) b(%b0, %b1)
        c(%c0, %c1, %c2, %c3) : f32, f32, f32, f32 -> f32, f32, f32, f32
    ```
  }];
  let arguments = (ins FoveaWarp_Product:$product, Variadic<I32>:$a, Variadic<I32>:$b,
    Variadic<AnyTypeOf<[F32, I32]>>:$c);
  let results = (outs Variadic<AnyTypeOf<[F32, I32]>>:$d);
  let assemblyFormat = [{
    $product `a` `(` $a `)` `b` `(` $b `)` `c` `(` $c `)` attr-dict
    `:` type($c) `->` type($d)
  }];
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "Product":$product, "::mlir::ValueRange":$a,
      "::mlir::ValueRange":$b, "::mlir::ValueRange":$c), [{
    build($_builder, $_state, ::mlir::TypeRange(c), product, a, b, c);
  }]>];
}

def FoveaWarp_CpAsyncOp : FoveaWarp_Op<"cp_async", [AttrSizedOperandSegments]> {
  let summary = "copy of one thread that lands later";
  let description = [{
    Copies 4, 8 or 16 bytes from the device's memory to the block's, both aligned to that many. Only
    a `cp_async_wait` says that they have landed. With `valid`, bytes behind that many are 0 and
    nothing is read there.

    Constraints:
    - cp_async_c1: 4, 8 or 16 bytes.
    - cp_async_c2: from global to the workgroup's memory, with one index per dimension.

    ```mlir
    fovea_warp.cp_async 16 %m[%i, %j] to %s[%k, %l] valid %bytes
        : memref<?x64xbf16> to memref<64x64xbf16, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins I64Attr:$bytes, AnyStridedMemRef:$from, Variadic<Index>:$fromIndices,
    AnyStridedMemRef:$to, Variadic<Index>:$toIndices, Optional<I32>:$valid);
  let assemblyFormat = [{
    $bytes $from `[` $fromIndices `]` `to` $to `[` $toIndices `]` (`valid` $valid^)? attr-dict
    `:` type($from) `to` type($to)
  }];
  let hasVerifier = 1;
}

def FoveaWarp_CpAsyncCommitOp : FoveaWarp_Op<"cp_async_commit", []> {
  let summary = "group of a thread's copies";
  let description = [{
    The thread's copies since the last group are a group.

    ```mlir
    fovea_warp.cp_async_commit
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def FoveaWarp_CpAsyncWaitOp : FoveaWarp_Op<"cp_async_wait", []> {
  let summary = "wait for a thread's copies";
  let description = [{
    Waits until all but the `pending` latest groups of the thread have landed. Other threads see
    them behind a barrier.

    ```mlir
    fovea_warp.cp_async_wait 1
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "$pending attr-dict";
}

#endif // FOVEA_WARP_THREAD_OPS
