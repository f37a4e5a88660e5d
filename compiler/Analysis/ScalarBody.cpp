//===- ScalarBody.cpp - bodies that compute scalars elementwise -----------===//
//
// What a block of scalar operations may hold, takes from outside, and how it is copied.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/ScalarBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace fovea;

bool fovea::isScalarOperation(Operation &op) {
  bool scalar = llvm::none_of(op.getResultTypes(), llvm::IsaPred<ShapedType>);
  return scalar && (isa<arith::ConstantOp>(op) ||
                    (op.getNumRegions() == 0 && OpTrait::hasElementwiseMappableTraits(&op)));
}

bool fovea::isScalarBody(Block &block) {
  return llvm::all_of(block.without_terminator(), isScalarOperation);
}

bool fovea::isCheapBody(Block &block) {
  int64_t operations = 0;
  for (Operation &op : block.without_terminator()) {
    if (!isScalarOperation(op) || isa<math::MathDialect>(op.getDialect()) ||
        isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::RemFOp>(op))
      return false;
    operations += !isa<arith::ConstantOp>(op) && !isa<CastOpInterface>(op);
  }
  return operations <= 2;
}

SmallVector<Value> fovea::scalarsFromOutside(Block &block) {
  llvm::SetVector<Value> found;
  for (Operation &op : block)
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() != &block && !matchPattern(operand, m_Constant()))
        found.insert(operand);
  return found.takeVector();
}

SmallVector<Value> fovea::cloneScalarBody(OpBuilder &builder, Block &block, IRMapping &mapping) {
  auto copyConstants = [&](Operation &op) {
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() != &block && !mapping.contains(operand) &&
          matchPattern(operand, m_Constant()))
        mapping.map(operand, builder.clone(*operand.getDefiningOp())->getResult(0));
  };
  for (Operation &op : block.without_terminator()) {
    copyConstants(op);
    builder.clone(op, mapping);
  }
  copyConstants(*block.getTerminator());
  return llvm::map_to_vector(block.getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookup(value); });
}
