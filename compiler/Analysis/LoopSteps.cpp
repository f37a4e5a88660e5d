//===- LoopSteps.cpp - steps of counted loops -----------------------------===//
//
// Comparisons of bounds.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/LoopSteps.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

bool fovea::takeSameSteps(scf::ForOp left, scf::ForOp right) {
  auto isEqual = [](Value one, Value other) {
    return isEqualConstantIntOrValue(OpFoldResult(one), OpFoldResult(other));
  };
  return isEqual(left.getLowerBound(), right.getLowerBound()) &&
         isEqual(left.getUpperBound(), right.getUpperBound()) &&
         isEqual(left.getStep(), right.getStep());
}
