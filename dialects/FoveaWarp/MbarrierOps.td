//===- MbarrierOps.td - barriers in the memory of a block ----*- tablegen -*-===//
//
// Operations on the state of a barrier that lies in the memory of the block: threads arrive at one
// place and wait at another, for each other and for copies.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_WARP_MBARRIER_OPS
#define FOVEA_WARP_MBARRIER_OPS

include "dialects/FoveaWarp/FoveaWarpBase.td"

class FoveaWarp_MbarrierOp<string mnemonic> : FoveaWarp_Op<mnemonic> {
  let hasVerifier = 1;
}

def FoveaWarp_MbarrierInitOp : FoveaWarp_MbarrierOp<"mbarrier_init"> {
  let summary = "state of a barrier";
  let description = [{
    Makes an element of a buffer the state of a barrier whose phases are complete when `count`
    threads have arrived, 1 to 2^20 - 1. Once in the launch, by one thread; others use it behind a
    barrier of the block. From then on nothing else reads or writes the element.

    Constraints, of all operations on such a state:
    - mbarrier_c1: it is an i64 in the workgroup's memory, with one index per dimension.

    ```mlir
    fovea_warp.mbarrier_init %s[%i], %count : memref<4xi64, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$barrier, Variadic<Index>:$indices, I32:$count);
  let assemblyFormat = "$barrier `[` $indices `]` `,` $count attr-dict `:` type($barrier)";
}

def FoveaWarp_MbarrierArriveOp : FoveaWarp_MbarrierOp<"mbarrier_arrive"> {
  let summary = "arrival at a barrier";
  let description = [{
    The thread counts as come in the current phase and goes on. What it has written is visible to
    those whose wait for this phase succeeds.

    Constraints:
    - mbarrier_c1: as of mbarrier_init.

    ```mlir
    fovea_warp.mbarrier_arrive %s[%i] : memref<4xi64, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$barrier, Variadic<Index>:$indices);
  let assemblyFormat = "$barrier `[` $indices `]` attr-dict `:` type($barrier)";
}

def FoveaWarp_MbarrierArriveCopiesOp : FoveaWarp_MbarrierOp<"mbarrier_arrive_copies"> {
  let summary = "arrival at a barrier behind copies";
  let description = [{
    The thread goes on, and counts as come once all copies have landed that it has begun before
    (`fovea_warp.cp_async`); these are visible to those whose wait for the phase succeeds.

    Constraints:
    - mbarrier_c1: as of mbarrier_init.

    ```mlir
    fovea_warp.mbarrier_arrive_copies %s[%i] : memref<4xi64, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$barrier, Variadic<Index>:$indices);
  let assemblyFormat = "$barrier `[` $indices `]` attr-dict `:` type($barrier)";
}

def FoveaWarp_MbarrierTryWaitOp : FoveaWarp_MbarrierOp<"mbarrier_try_wait"> {
  let summary = "whether a phase of a barrier is complete";
  let description = [{
    True when the phase of parity `parity` (0 or 1) is complete: while the current phase has the
    other one. The first phase has parity 0, phases take turns. The thread may be held up for a
    while; it asks until it gets true.

    Constraints:
    - mbarrier_c1: as of mbarrier_init.

    ```mlir
    %done = fovea_warp.mbarrier_try_wait %s[%i] parity %p
        : memref<4xi64, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$barrier, Variadic<Index>:$indices, I32:$parity);
  let results = (outs I1:$complete);
  let assemblyFormat = "$barrier `[` $indices `]` `parity` $parity attr-dict `:` type($barrier)";
}

#endif // FOVEA_WARP_MBARRIER_OPS
