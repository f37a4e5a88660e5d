//===- FoveaWarpDialect.cpp - registration --------------------------------===//
//
// Registers what the dialect defines.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.cpp.inc"
#include "dialects/FoveaWarp/FoveaWarpEnums.cpp.inc"

using namespace mlir;
using namespace fovea::warp;

void FoveaWarpDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/FoveaWarp/FoveaWarpOps.cpp.inc"
      >();
}

bool fovea::warp::isShared(MemRefType type) {
  return gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(type);
}
