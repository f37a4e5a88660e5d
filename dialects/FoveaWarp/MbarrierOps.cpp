//===- MbarrierOps.cpp - verification of barriers in memory ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

using namespace mlir;
using namespace fovea::warp;

static LogicalResult verifyState(Operation *op, Value barrier, ValueRange indices) {
  auto type = cast<MemRefType>(barrier.getType());
  if (isShared(type) && type.getElementType().isInteger(64) &&
      int64_t(indices.size()) == type.getRank())
    return success();
  return op->emitOpError("mbarrier_c1: expected one index per dimension of a buffer of i64 in the "
                         "workgroup's memory, got ")
         << indices.size() << " of " << type;
}

LogicalResult MbarrierInitOp::verify() { return verifyState(*this, getBarrier(), getIndices()); }

LogicalResult MbarrierArriveOp::verify() { return verifyState(*this, getBarrier(), getIndices()); }

LogicalResult MbarrierArriveCopiesOp::verify() {
  return verifyState(*this, getBarrier(), getIndices());
}

LogicalResult MbarrierTryWaitOp::verify() { return verifyState(*this, getBarrier(), getIndices()); }
