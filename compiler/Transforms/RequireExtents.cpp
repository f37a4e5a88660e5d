//===- RequireExtents.cpp - extents that operands share are checked -------===//
//
// Walks a function in order of execution, and emits checks for demands that nothing proves.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ExtentDemands.h"

#include "compiler/Base/Refusal.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_REQUIREEXTENTS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

OpBuilder ExtentDemands::builderAt(ArrayRef<SizeExpr> exprs) {
  SmallVector<Value> sources;
  for (const SizeExpr &expr : exprs)
    sizes.sourcesOf(expr, sources);
  Block *block = op->getBlock();
  Operation *anchor = nullptr;
  for (Value source : sources) {
    Operation *def = source.getDefiningOp();
    if (def && def->getBlock() == block && (!anchor || anchor->isBeforeInBlock(def)))
      anchor = def;
  }
  // A size may be computed only because the model required something first.
  Operation *given = lastGiven.lookup(block);
  if (given && (!anchor || anchor->isBeforeInBlock(given)))
    anchor = given;
  place = {block, anchor};
  if (Operation *check = last.lookup(place))
    anchor = check;
  OpBuilder builder(op);
  if (anchor)
    builder.setInsertionPointAfter(anchor);
  else
    builder.setInsertionPointToStart(block);
  return builder;
}

void ExtentDemands::require(OpBuilder &builder, Value condition, Value value, Value limit,
                            Fault fault) {
  last[place] =
      RequireOp::create(builder, op->getLoc(), condition, value, limit, fault, nodeOrLine(op));
  ++numRequired;
}

bool ExtentDemands::contradicts(const SizeExpr &have, const SizeExpr &want) {
  if (!have.constant() || !want.constant())
    return false;
  if (!contradicted)
    emitRefusal(op, kSizesDisagree) << nodeOrLine(op) << " needs a size of " << *want.constant()
                                    << " where the model has " << *have.constant();
  return contradicted = true;
}

void ExtentDemands::equal(const SizeExpr &have, const SizeExpr &want) {
  if (sizes.areEqual(have, want) || contradicts(have, want))
    return;
  OpBuilder builder = builderAt({have, want});
  Location loc = op->getLoc();
  Value left = sizes.materialize(builder, loc, have), right = sizes.materialize(builder, loc, want);
  require(builder, arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, left, right), left,
          right, Fault::Shape);
  sizes.assumeEqual(have, want);
}

void ExtentDemands::atLeast(const SizeExpr &have, const SizeExpr &least) {
  if (sizes.isAtLeast(have, least))
    return;
  OpBuilder builder = builderAt({have, least});
  Location loc = op->getLoc();
  Value left = sizes.materialize(builder, loc, have);
  Value right = sizes.materialize(builder, loc, least);
  require(builder, arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, left, right),
          left, right, Fault::Shape);
  sizes.assumeAtLeast(have, least);
}

bool ExtentDemands::isInside(const IndexRange &range, const SizeExpr &extent) {
  return sizes.isAtLeast(range.least, 0) &&
         sizes.isAtLeast(extent, sizes.context.add(range.most, 1));
}

void ExtentDemands::inside(const IndexRange &range, const SizeExpr &extent,
                           ArrayRef<SizeExpr> extents, Fault fault) {
  if (isInside(range, extent))
    return;
  SmallVector<SizeExpr> all(extents);
  all.append({range.least, range.most, extent});
  OpBuilder builder = builderAt(all);
  Location loc = op->getLoc();
  auto compare = [&](arith::CmpIPredicate predicate, Value left, Value right) -> Value {
    return arith::CmpIOp::create(builder, loc, predicate, left, right);
  };
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value least = sizes.materialize(builder, loc, range.least);
  Value most = sizes.materialize(builder, loc, range.most);
  Value limit = sizes.materialize(builder, loc, extent);
  Value valid = compare(arith::CmpIPredicate::slt, most, limit);
  Value first = compare(arith::CmpIPredicate::sge, least, zero);
  valid = arith::AndIOp::create(builder, loc, valid, first);
  for (const SizeExpr &size : extents) {
    if (sizes.isAtLeast(size, 1))
      continue;
    Value none = compare(arith::CmpIPredicate::eq, sizes.materialize(builder, loc, size), zero);
    valid = arith::OrIOp::create(builder, loc, valid, none);
  }
  Value wrong = arith::SelectOp::create(builder, loc, first, most, least);
  require(builder, valid, wrong, limit, fault);
}

void ExtentDemands::given(Operation *given, Value condition) {
  lastGiven[given->getBlock()] = given;
  sizes.assume(condition);
}

void ExtentDemands::guard(OpOperand &index, const SizeExpr &extent) {
  OpBuilder outside(op), inside(index.getOwner());
  Value limit = sizes.materialize(outside, op->getLoc(), extent);
  index.set(CheckedIndexOp::create(inside, op->getLoc(), index.get(), limit, /*wrap=*/false,
                                   nodeOrLine(op)));
  ++numRequired;
}

namespace {
struct RequireExtents : fovea::impl::RequireExtentsBase<RequireExtents> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    ExtentDemands demands(getOperation());
    visit(getOperation().getBody(), demands);
    if (demands.contradicted)
      return signalPassFailure();
    numRequired += demands.numRequired;
  }

private:
  void visit(Region &region, ExtentDemands &demands) {
    for (Block &block : region)
      for (Operation &op : llvm::make_early_inc_range(block))
        visit(&op, demands);
  }

  void visit(Operation *op, ExtentDemands &demands) {
    if (auto given = dyn_cast<RequireOp>(op))
      return demands.given(given, given.getCondition());
    if (auto given = dyn_cast<ProceedIfOp>(op))
      return demands.given(given, given.getCondition());
    demands.at(op);
    if (!demandStructured(op, demands))
      demandViews(op, demands);
    if (isa<linalg::LinalgOp, AttentionOp, ContractOp>(op))
      return;
    // What a nested region checks is known inside only.
    for (Region &region : op->getRegions()) {
      TensorSizes::Scope scope(demands.sizes);
      if (auto loop = dyn_cast<scf::ForOp>(op); loop && !loop.getUnsignedCmp())
        demands.sizes.assumeAtLeast(
            demands.sizes.valueOf(loop.getUpperBound()),
            demands.sizes.context.add(demands.sizes.valueOf(loop.getInductionVar()), 1));
      visit(region, demands);
    }
  }
};
} // namespace
