//===- DistanceBias.cpp - a pass plug-in that changes attention's scores --===//
//
// `distance-bias{slope=S}` takes S * |i - j| from every score of every attention, as ALiBi does:
// a score function that the model does not have, and that its kernels then compute in place.
//   fovea explain MODEL --pass-plugin=libDistanceBias.so --after='graph:distance-bias{slope=0.5}'
// Fovea's operations are known to a plug-in by name alone, docs/Spec.md describes them; operations
// of MLIR have their classes. `fovea verify` says how far the results are from the model's own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {
struct DistanceBias : PassWrapper<DistanceBias, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(DistanceBias)
  DistanceBias() = default;
  DistanceBias(const DistanceBias &other) : PassWrapper(other) {}
  Option<double> slope{*this, "slope", llvm::cl::desc("what a step of distance costs"),
                       llvm::cl::init(0.5)};

  StringRef getArgument() const override { return "distance-bias"; }
  StringRef getDescription() const override { return "Lower scores by the distance of the key"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect>();
  }
  void runOnOperation() override;
};
} // namespace

/// The score region's block (score, b, h, i, j, captures...) that yields the score, made if absent.
static Block &scoreBlockOf(Operation *attention, Location loc) {
  Region &score = attention->getRegion(0);
  if (!score.empty())
    return score.front();
  OpBuilder builder(attention->getContext());
  SmallVector<Type> types = {builder.getF32Type()};
  types.append(4, builder.getIndexType());
  // Operands are query, key, value, captures, offset, outs.
  auto sizes = attention->getAttrOfType<DenseI32ArrayAttr>("operandSegmentSizes");
  for (Value capture : attention->getOperands().slice(3, sizes[3]))
    types.push_back(getElementTypeOrSelf(capture));
  Block *block = builder.createBlock(&score, {}, types, SmallVector<Location>(types.size(), loc));
  builder.create(OperationState(loc, "fovea.yield", block->getArgument(0), {}, {}));
  return *block;
}

void DistanceBias::runOnOperation() {
  getOperation()->walk([&](Operation *op) {
    if (op->getName().getStringRef() != "fovea.attention")
      return;
    Location loc = op->getLoc();
    Block &block = scoreBlockOf(op, loc);
    Operation *yield = block.getTerminator();
    OpBuilder at(yield);
    Type f32 = at.getF32Type(), i32 = at.getI32Type();
    Value apart = arith::SubIOp::create(at, loc, block.getArgument(3), block.getArgument(4));
    Value whole = arith::IndexCastOp::create(at, loc, i32, apart);
    Value steps = arith::SIToFPOp::create(at, loc, f32, whole);
    Value distance = math::AbsFOp::create(at, loc, steps);
    Value cost = arith::ConstantOp::create(at, loc, at.getF32FloatAttr(slope));
    Value bias = arith::MulFOp::create(at, loc, distance, cost);
    yield->setOperand(0, arith::SubFOp::create(at, loc, yield->getOperand(0), bias));
    op->emitRemark("scores fall by ") << slope.getValue() << " a step of distance";
  });
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "DistanceBias", "1", [] { PassRegistration<DistanceBias>(); }};
}
