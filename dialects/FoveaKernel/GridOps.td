//===- GridOps.td - kernels of devices -----------------------*- tablegen -*-===//
//
// Blocks of threads, and what they do together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_GRID_OPS
#define FOVEA_KERNEL_GRID_OPS

include "dialects/FoveaKernel/FoveaKernelBase.td"

def FoveaKernel_GridOp : FoveaKernel_Op<"grid", [
    RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "blocks of threads of a kernel";
  let description = [{
    What a kernel of a device does: `blocks` blocks of `threads` threads run the body, in any order,
    those of a block at the same time. The number of blocks is computed from the kernel's scalar
    arguments and the sizes of its buffers alone. Neighbours of 32 threads are a warp.

    Where the body has a `fovea_kernel.meet`, all blocks run at the same time, and `blocks` is how
    many are of use: there are as many as the device can run at once, if that is less.
    `gpu.grid_dim x` says how many there are.

    Constraints:
    - grid_c1: the body takes two indices, the block and the thread in it.
    - grid_c2: the number of threads is a multiple of 32, from 32 to 1024.

    ```mlir
    fovea_kernel.grid %n threads(128) {
    ^bb0(%block: index, %thread: index):
      fovea_kernel.yield
    }
    ```
  }];
  let arguments = (ins Index:$blocks, I64Attr:$threads);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$blocks `threads` `(` $threads `)` $body attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getBlockId() { return getBody().getArgument(0); }
    ::mlir::Value getThreadId() { return getBody().getArgument(1); }
  }];
}

def FoveaKernel_MeetOp : FoveaKernel_Op<"meet", []> {
  let summary = "point where all blocks of a grid wait for each other";
  let description = [{
    Behind it, every thread sees what all threads of all blocks wrote in front of it. All threads
    come to it equally often.

    ```mlir
    fovea_kernel.meet
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def FoveaKernel_KeepOp : FoveaKernel_Op<"keep", [
    NoRegionArguments, RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "what a block of a grid may keep for later steps";
  let description = [{
    The body fills memory of the block (`fovea_warp.shared`), which nothing else writes, with what
    hangs on the number of the block and on elements of the buffers `from` alone. All threads of the
    block come to it, and wait for each other behind it. Where a grid is run again and again in one
    kernel, by the same blocks and with nobody writing to these buffers, the first time is enough.

    Constraints:
    - keep_c1: it stands in the body of a grid.

    ```mlir
    fovea_kernel.keep from(%w : memref<64x64xf32>) {
      %v = memref.load %w[%block, %thread] : memref<64x64xf32>
      memref.store %v, %s[%thread] : memref<64xf32, #gpu.address_space<workgroup>>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyStridedMemRef>:$from);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`from` `(` $from `:` type($from) `)` $body attr-dict";
  let hasVerifier = 1;
}

def FoveaKernel_RebaseOp : FoveaKernel_Op<"rebase", [Pure]> {
  let summary = "the same buffer, starting at offset 0";
  let description = [{
    What a kernel sees of an argument, for code that has a kernel's body in it.

    Constraints:
    - rebase_c1: the result has the source's type, but for the offset, which is 0.

    ```mlir
    %a = fovea_kernel.rebase %row
        : memref<8xf32, strided<[1], offset: ?>> -> memref<8xf32, strided<[1]>>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$source);
  let results = (outs AnyStridedMemRef:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

#endif // FOVEA_KERNEL_GRID_OPS
