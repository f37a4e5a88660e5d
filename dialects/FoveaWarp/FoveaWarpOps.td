//===- FoveaWarpOps.td - all of the fovea_warp dialect ------*- tablegen -*-===//
//
// Includes the families, so that one run of mlir-tblgen sees all of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_WARP_OPS
#define FOVEA_WARP_OPS

include "dialects/FoveaWarp/FragmentOps.td"
include "dialects/FoveaWarp/MbarrierOps.td"
include "dialects/FoveaWarp/ThreadOps.td"

#endif // FOVEA_WARP_OPS
