//===- ExchangeCarried.cpp - two buffers in turns instead of a copy -------===//
//
// A loop that makes a carried buffer anew in every step and copies it back at the end of the step
// lets the two buffers take turns.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace fovea {
#define GEN_PASS_DEF_EXCHANGECARRIED
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

/// A copy at the end of a step: from a buffer of the step to one that outlives the loop.
struct Turn {
  memref::CopyOp copy;
  memref::AllocOp fresh;
  Value carried;
};

struct ExchangeCarried : fovea::impl::ExchangeCarriedBase<ExchangeCarried> {
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) { loops.push_back(loop); });
    IRRewriter rewriter(&getContext());
    for (scf::ForOp loop : loops) {
      copyBehindReshapes(loop);
      SmallVector<Turn> turns = turnsOf(loop);
      if (!turns.empty())
        exchange(rewriter, loop, turns);
    }
  }

private:
  /// The reshape that gives `value`, and null when there is none.
  static Operation *reshapeOf(Value value) {
    Operation *op = value.getDefiningOp();
    return isa_and_present<memref::ExpandShapeOp, memref::CollapseShapeOp>(op) ? op : nullptr;
  }

  /// What is copied from one reshaped buffer to another that is reshaped alike is copied from
  /// buffer to buffer.
  static void copyBehindReshapes(scf::ForOp loop) {
    for (auto copy : loop.getBody()->getOps<memref::CopyOp>()) {
      Operation *from = reshapeOf(copy.getSource()), *to = reshapeOf(copy.getTarget());
      if (!from || !to || from->getName() != to->getName() ||
          from->getAttr("reassociation") != to->getAttr("reassociation") ||
          from->getOperand(0).getType() != to->getOperand(0).getType())
        continue;
      copy.getSourceMutable().assign(from->getOperand(0));
      copy.getTargetMutable().assign(to->getOperand(0));
    }
  }

  SmallVector<Turn> turnsOf(scf::ForOp loop) {
    BufferViewFlowAnalysis aliases(getOperation());
    SmallVector<Turn> turns;
    for (auto copy : loop.getBody()->getOps<memref::CopyOp>()) {
      auto fresh = copy.getSource().getDefiningOp<memref::AllocOp>();
      Value carried = copy.getTarget();
      bool fits = fresh && fresh->getBlock() == loop.getBody() &&
                  fresh.getType() == carried.getType() && loop.isDefinedOutsideOfLoop(carried) &&
                  llvm::none_of(turns, [&](Turn &turn) { return turn.carried == carried; });
      if (fits && isLast(loop, copy, aliases.resolve(fresh)) &&
          isOnlyView(loop, copy, carried, aliases))
        turns.push_back({copy, fresh, carried});
    }
    return turns;
  }

  /// True when none of `buffers` is used behind `copy` in a step.
  static bool isLast(scf::ForOp loop, memref::CopyOp copy,
                     const BufferViewFlowAnalysis::ValueSetT &buffers) {
    for (Value buffer : buffers)
      for (Operation *user : buffer.getUsers()) {
        Operation *inBody = loop.getBody()->findAncestorOpInBlock(*user);
        if (inBody && copy->isBeforeInBlock(inBody))
          return false;
      }
    return true;
  }

  /// True when the loop reaches the memory of `carried` through that value, or views of it in the
  /// loop, alone, and not behind the copy.
  static bool isOnlyView(scf::ForOp loop, memref::CopyOp copy, Value carried,
                         BufferViewFlowAnalysis &aliases) {
    for (Value root : aliases.resolveReverse(carried)) {
      BufferViewFlowAnalysis::ValueSetT buffers = aliases.resolve(root);
      if (!isLast(loop, copy, buffers))
        return false;
      for (Value buffer : buffers) {
        bool inside = !loop.isDefinedOutsideOfLoop(buffer);
        bool isOfLoop = llvm::is_contained(loop.getRegionIterArgs(), buffer);
        for (Operation *user : buffer.getUsers())
          if (buffer != carried && loop->isProperAncestor(user) && (!inside || isOfLoop))
            return false;
      }
    }
    return true;
  }

  void exchange(IRRewriter &rewriter, scf::ForOp loop, ArrayRef<Turn> turns) {
    Location loc = loop.getLoc();
    rewriter.setInsertionPoint(loop);
    SmallVector<Value> inits;
    for (const Turn &turn : turns) {
      auto type = cast<MemRefType>(turn.carried.getType());
      SmallVector<Value> sizes;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        if (type.isDynamicDim(dim))
          sizes.push_back(memref::DimOp::create(rewriter, loc, turn.carried, dim));
      Value other = memref::AllocOp::create(rewriter, loc, type, sizes);
      inits.append({turn.carried, other});
    }
    auto added = [&](OpBuilder &, Location, ArrayRef<BlockArgument> arguments) {
      SmallVector<Value> next;
      for (size_t number = 0; number < turns.size(); ++number)
        next.append({arguments[2 * number + 1], arguments[2 * number]});
      return next;
    };
    unsigned before = loop.getNumResults();
    auto next = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
        rewriter, inits, /*replaceInitOperandUsesInLoop=*/false, added));
    for (auto [number, given] : llvm::enumerate(turns)) {
      Turn turn = given;
      Value now = next.getRegionIterArgs()[before + 2 * number];
      Value then = next.getRegionIterArgs()[before + 2 * number + 1];
      turn.carried.replaceUsesWithIf(now, [&](OpOperand &use) {
        return next.getRegion().isAncestor(use.getOwner()->getParentRegion());
      });
      turn.fresh.getResult().replaceAllUsesWith(then);
      rewriter.eraseOp(turn.copy);
      rewriter.eraseOp(turn.fresh);
      // Whoever reads the carried buffer behind the loop reads the one whose turn it is.
      rewriter.setInsertionPointAfter(next);
      memref::CopyOp::create(rewriter, loc, next.getResult(before + 2 * number), turn.carried);
      ++numExchanged;
    }
  }
};

} // namespace
