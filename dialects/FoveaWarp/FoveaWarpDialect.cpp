//===- FoveaWarpDialect.cpp - registration --------------------------------===//
//
// Registers what the dialect defines.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.cpp.inc"
#include "dialects/FoveaWarp/FoveaWarpEnums.cpp.inc"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/FoveaWarp/FoveaWarpTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/FoveaWarp/FoveaWarpOps.cpp.inc"

using namespace mlir;
using namespace fovea::warp;

void FoveaWarpDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/FoveaWarp/FoveaWarpOps.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/FoveaWarp/FoveaWarpTypes.cpp.inc"
      >();
}

bool fovea::warp::isShared(MemRefType type) {
  return gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(type);
}
