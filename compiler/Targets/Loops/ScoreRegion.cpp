//===- ScoreRegion.cpp - a score region before it is inlined --------------===//
//
// Divisions become products.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/ScoreRegion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

void loops::multiplyByReciprocals(Region &score) {
  for (auto division : llvm::make_early_inc_range(score.getOps<arith::DivFOp>())) {
    APFloat divisor(0.0f), reciprocal(1.0f);
    if (!matchPattern(division.getRhs(), m_ConstantFloat(&divisor)) || !division.getType().isF32())
      continue;
    reciprocal.divide(divisor, APFloat::rmNearestTiesToEven);
    if (!reciprocal.isNormal())
      continue;
    OpBuilder builder(division);
    Value factor = arith::ConstantOp::create(builder, division.getLoc(),
                                             builder.getFloatAttr(division.getType(), reciprocal));
    Value product = arith::MulFOp::create(builder, division.getLoc(), division.getLhs(), factor);
    division.replaceAllUsesWith(product);
    division.erase();
  }
}
