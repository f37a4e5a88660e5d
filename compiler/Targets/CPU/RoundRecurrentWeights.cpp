//===- RoundRecurrentWeights.cpp - gates with weights of 8 bits -----------===//
//
// Declares the integers and the scales of a recurrent weight, and lets its gates read them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/CPU/WordPanels.h"
#include "compiler/Targets/Target.h"
#include "compiler/Transforms/Passes.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace fovea {
#define GEN_PASS_DEF_ROUNDRECURRENTWEIGHTS
#include "compiler/Targets/CPU/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// The weight of floats that an operand is, as the model has it.
static WeightOp storedWeight(Value value) {
  auto get = value.getDefiningOp<GetWeightOp>();
  if (!get || !isa<FloatType>(elementTypeOf(value)))
    return {};
  auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(get, get.getWeightAttr());
  return weight && !weight.getOf() && !weight.getRounded() ? weight : WeightOp();
}

static bool isInLoop(Operation *op) {
  return op->getParentOfType<LoopLikeOpInterface>() != nullptr;
}

/// Adds what `result` is computed from. Destinations whose contents are not read are not among it.
static void addSources(OpResult result, SetVector<Value> &sources) {
  Operation *op = result.getOwner();
  // A size is none of the values.
  if (isa<tensor::DimOp>(op))
    return;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    bool isRead = true;
    if (destination && destination.isDpsInit(&operand))
      isRead = generic ? generic.payloadUsesValueFromOperand(&operand)
                       : !isa<GatesOp, ContractOp, linalg::FillOp>(op);
    if (isRead)
      sources.insert(operand.get());
  }
  getUsedValuesDefinedAbove(op->getRegions(), sources);
}

/// True when `value` hangs on what a loop around `user` carries from step to step.
static bool isOfState(Value value, Operation *user) {
  SetVector<Value> sources;
  sources.insert(value);
  for (size_t next = 0; next < sources.size(); ++next) {
    Value source = sources[next];
    if (auto result = dyn_cast<OpResult>(source)) {
      if (isInLoop(result.getOwner()))
        addSources(result, sources);
      continue;
    }
    auto loop = dyn_cast<LoopLikeOpInterface>(source.getParentBlock()->getParentOp());
    if (!loop || !loop->isAncestor(user))
      continue;
    std::optional<SmallVector<Value>> counters = loop.getLoopInductionVars();
    if (!counters || !llvm::is_contained(*counters, source))
      return true;
  }
  return false;
}

namespace {

struct RoundRecurrentWeights : fovea::impl::RoundRecurrentWeightsBase<RoundRecurrentWeights> {
  using RoundRecurrentWeightsBase::RoundRecurrentWeightsBase;

  void runOnOperation() override {
    Capabilities cpu;
    cpu.lanes = lanes;
    cpu.rows.assign(rows.begin(), rows.end());
    hasDots = rowFor("i8", RowUnit::Dot, cpu) != nullptr;
    SmallVector<Operation *> products;
    getOperation().walk([&](Operation *op) {
      if (isa<GatesOp, ContractOp>(op))
        products.push_back(op);
    });
    for (Operation *op : products)
      visit(op);
  }

private:
  void visit(Operation *op) {
    auto gates = dyn_cast<GatesOp>(op);
    if (isInLoop(op) && !isOfState(op->getOperand(0), op) &&
        (gates || !isOfState(op->getOperand(1), op)))
      return;
    Refusal refusal = gates ? refuse(gates) : refuseProduct(cast<ContractOp>(op));
    if (!gates && !refusal)
      return;
    auto function = op->getParentOfType<func::FuncOp>();
    if (refusal)
      return addGraphRecord(function, op, kStoredWeight,
                            RefusedForm{kRoundedWeight, refusal.reason, refusal.text});
    addGraphRecord(function, op, kRoundedWeight);
    round(gates, storedWeight(gates.getWeight()));
    ++numRounded;
  }

  Refusal refuse(GatesOp op) {
    if (!isInLoop(op))
      return {"order", "the product is not in a loop"};
    if (op.getPanels() || !storedWeight(op.getWeight()))
      return {"dtype", "the weight is not a constant of floats"};
    if (!hasDots)
      return {"target", "the target has no dot products of i8"};
    return {};
  }

  /// Of a product that is not made of gates: nothing when it is none of a recurrence.
  Refusal refuseProduct(ContractOp op) {
    if (!isInLoop(op) || (!storedWeight(op.getLhs()) && !storedWeight(op.getRhs())))
      return {};
    if (op.getSumType().isF64())
      return {"dtype", "sums of f64 are not taken of rounded weights"};
    if (!hasDots)
      return {"target", "the target has no dot products of i8"};
    return {"shape", "the product is not one of at most eight gates that elementwise operations "
                     "read one by one, on the way from a state to the next"};
  }

  void round(GatesOp op, WeightOp weight) {
    auto type = cast<RankedTensorType>(op.getWeight().getType());
    OpBuilder builder(op);
    Type i8 = builder.getI8Type(), f32 = builder.getF32Type();
    ArrayRef<int64_t> dims = op.getWeightDims();
    int64_t along = dims[2];
    Value integers =
        declare(builder, weight, ".i8", along, RankedTensorType::get(type.getShape(), i8));
    SmallVector<int64_t> channels(type.getShape());
    channels.erase(channels.begin() + along);
    Value scales = declare(builder, weight, ".scales", along, RankedTensorType::get(channels, f32));
    op.getWeightMutable().assign(integers);
    // The cell's sums are multiplied by what they stand for.
    SmallVector<Attribute> maps(op.getCaptureMaps().begin(), op.getCaptureMaps().end());
    Block &cell = op.getCell().front();
    builder.setInsertionPointToStart(&cell);
    for (int64_t gate = 0, count = op.getGateCount(); gate < count; ++gate) {
      AffineExpr exprs[] = {builder.getAffineConstantExpr(gate), builder.getAffineDimExpr(1)};
      if (dims[1] < dims[0])
        std::swap(exprs[0], exprs[1]);
      maps.push_back(AffineMapAttr::get(AffineMap::get(2, 0, exprs, &getContext())));
      op.getCapturesMutable().append(scales);
      Value scale = cell.addArgument(f32, op.getLoc()), sum = cell.getArgument(gate);
      auto scaled = arith::MulFOp::create(builder, op.getLoc(), sum, scale);
      sum.replaceAllUsesExcept(scaled, scaled);
    }
    op.setCaptureMapsAttr(builder.getArrayAttr(maps));
  }

  /// A value of `weight` rounded along a dimension.
  Value declare(OpBuilder &at, WeightOp weight, StringRef suffix, int64_t along,
                RankedTensorType type) {
    WeightOp &rounded = known[{weight, along, type}];
    if (!rounded) {
      OpBuilder builder(weight);
      builder.setInsertionPointAfter(weight);
      std::string name = (weight.getSymName() + suffix).str();
      for (unsigned number = 0; getOperation().lookupSymbol(name); ++number)
        name = (weight.getSymName() + suffix + Twine(number)).str();
      rounded = WeightOp::create(
          builder, weight.getLoc(), builder.getStringAttr(name), builder.getStringAttr(""),
          builder.getI64IntegerAttr(0), TypeAttr::get(type), FlatSymbolRefAttr(), PanelsAttr(),
          ArrayAttr(), FlatSymbolRefAttr::get(weight), builder.getDenseI64ArrayAttr(along));
    }
    return GetWeightOp::create(at, weight.getLoc(), type, FlatSymbolRefAttr::get(rounded));
  }

  bool hasDots = false;
  DenseMap<std::tuple<Operation *, int64_t, Type>, WeightOp> known;
};

} // namespace
