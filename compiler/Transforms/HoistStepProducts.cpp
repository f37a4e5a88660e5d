//===- HoistStepProducts.cpp - products of inputs before the recurrence ---===//
//
// Takes products of a step's inputs with weights from outside over all steps at once, in front of
// the recurrence whose cell has them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/RegionUtils.h"

namespace fovea {
#define GEN_PASS_DEF_HOISTSTEPPRODUCTS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The sequence of `rnn` of which `value` is a step; null for another value.
static Value sequenceOf(RnnOp rnn, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  bool isStep = argument && argument.getOwner() == &rnn.getCell().front() &&
                argument.getArgNumber() < rnn.getSequences().size();
  return isStep ? rnn.getSequences()[argument.getArgNumber()] : Value();
}

static bool isOutside(RnnOp rnn, Value value) {
  return !rnn.getCell().isAncestor(value.getParentRegion());
}

/// True when the rows of operand `number` of a product are those of its result, whose extents are
/// all ones of operands.
static bool keepsRows(ContractOp op, unsigned number) {
  AffineMap from = op.getMap(number), to = op.getOutMap();
  if (from.getNumResults() == 0 || to.getNumResults() == 0 || from.getResult(0) != to.getResult(0))
    return false;
  return llvm::all_of(to.getResults(), [&](AffineExpr dim) {
    return op.getLhsMap().getResultPosition(dim) || op.getRhsMap().getResultPosition(dim);
  });
}

/// True when a product in the cell is one of steps of sequences and of values from outside.
static bool readsInputsAlone(RnnOp rnn, ContractOp op) {
  bool lhs = sequenceOf(rnn, op.getLhs()) != nullptr, rhs = sequenceOf(rnn, op.getRhs()) != nullptr;
  if (lhs == rhs || !keepsRows(op, lhs ? 0 : 1) || !isOutside(rnn, lhs ? op.getRhs() : op.getLhs()))
    return false;
  if (!llvm::all_of(op.getCaptures(), [&](Value capture) {
        return sequenceOf(rnn, capture) || isOutside(rnn, capture);
      }))
    return false;
  SetVector<Value> scalars;
  getUsedValuesDefinedAbove(op.getEpilogue(), scalars);
  return llvm::all_of(scalars, [&](Value scalar) { return isOutside(rnn, scalar); });
}

/// True when a step checks extents before it gets to the product, which might read past its
/// operands if it came first.
static bool isBehindCheck(ContractOp op) {
  return llvm::any_of(op->getBlock()->getOps<RequireOp>(),
                      [&](RequireOp check) { return check->isBeforeInBlock(op); });
}

/// `map` over one more dimension in front, the step, which is its first result when `steps` is set.
static AffineMap withSteps(AffineMap map, bool steps) {
  AffineMap shifted = map.shiftDims(1);
  return steps ? shifted.insertResult(getAffineDimExpr(0, map.getContext()), 0) : shifted;
}

namespace {

struct HoistStepProducts : fovea::impl::HoistStepProductsBase<HoistStepProducts> {
  void runOnOperation() override {
    // Inner recurrences first: what leaves them may leave the outer one.
    SmallVector<RnnOp> recurrences;
    getOperation().walk([&](RnnOp op) { recurrences.push_back(op); });
    for (RnnOp rnn : recurrences) {
      SmallVector<ContractOp> products(rnn.getCell().front().getOps<ContractOp>());
      for (ContractOp op : products)
        if (op->getNumResults() == 1 && !op.getScheduleAttr() && !isBehindCheck(op) &&
            readsInputsAlone(rnn, op))
          hoist(rnn, op);
    }
  }

private:
  void hoist(RnnOp rnn, ContractOp op) {
    ImplicitLocOpBuilder builder(op.getLoc(), rnn);
    SmallVector<Value> operands{op.getLhs(), op.getRhs()};
    llvm::append_range(operands, op.getCaptures());
    SmallVector<AffineMap> maps;
    for (auto [number, operand] : llvm::enumerate(operands)) {
      Value sequence = sequenceOf(rnn, operand);
      maps.push_back(withSteps(op.getMap(number), sequence != nullptr));
      operand = sequence ? sequence : operand;
    }
    maps.push_back(withSteps(op.getOutMap(), true));
    auto step = cast<RankedTensorType>(op.getResult().getType());
    SmallVector<OpFoldResult> sizes;
    for (AffineExpr dim : maps.back().getResults())
      sizes.push_back(sizeOf(builder, dim, maps, operands));
    Value init = emptyTensor(builder, sizes, step.getElementType());
    auto hoisted = cast<ContractOp>(builder.clone(*op));
    operands.push_back(init);
    hoisted->setOperands(operands);
    hoisted.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
    hoisted.getResult().setType(cast<RankedTensorType>(init.getType()));
    unsigned place = rnn.getSequences().size();
    SmallVector<int64_t> shape{cast<RankedTensorType>(rnn.getX().getType()).getDimSize(0)};
    llvm::append_range(shape, step.getShape());
    Value whole =
        castTo(builder, hoisted.getResult(), RankedTensorType::get(shape, step.getElementType()));
    rnn.getAlongMutable().append(whole);
    Value argument = rnn.getCell().front().insertArgument(place, step, op.getLoc());
    op.getResult().replaceAllUsesWith(argument);
    op.erase();
    ++numHoisted;
  }

  /// The extent of dimension `dim` in the operand that has it as a dimension of its own.
  static OpFoldResult sizeOf(ImplicitLocOpBuilder &builder, AffineExpr dim,
                             ArrayRef<AffineMap> maps, ArrayRef<Value> operands) {
    for (unsigned number : {0, 1})
      if (std::optional<unsigned> place = maps[number].getResultPosition(dim))
        return tensor::getMixedSize(builder, builder.getLoc(), operands[number], *place);
    return {};
  }
};

} // namespace
