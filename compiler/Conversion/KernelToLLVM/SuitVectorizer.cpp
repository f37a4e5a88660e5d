//===- SuitVectorizer.cpp - loops as LLVM's vectorizer takes them ---------===//
//
// LLVM takes short loops apart before it looks for vectors, and what is left of them are scalars.
// Maxima over a loop it knows as its own operation, not as comparisons that NaN passes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Unrolling.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {
#define GEN_PASS_DEF_SUITVECTORIZER
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// What has fewer steps LLVM makes vectors of across the loop around it, or nothing; loops of more
/// steps are not taken apart.
static constexpr int64_t kLeastSteps = 9, kMostSteps = 100;

/// True for a loop that LLVM might take apart.
static bool isShort(scf::ForOp loop) {
  std::optional<llvm::APInt> steps = loop.getStaticTripCount();
  return steps && steps->getSExtValue() >= kLeastSteps && steps->getSExtValue() <= kMostSteps;
}

/// True for a loop whose steps are scalars of memory, one after the other.
static bool isOverElements(scf::ForOp loop) {
  if (getConstantIntValue(loop.getStep()) != 1)
    return false;
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat() || isa<MemRefType>(type); };
  bool touchesMemory = false;
  for (Operation &op : *loop.getBody()) {
    if (op.getNumRegions() > 0 || !llvm::all_of(op.getResultTypes(), isScalar))
      return false;
    touchesMemory |= isa<memref::LoadOp, memref::StoreOp>(op);
  }
  return touchesMemory;
}

/// Makes LLVM's own operation of a maximum or minimum of the value that the loop carries in its
/// place; false for another operation. Zeros are alike, as in arith's expansion.
template <typename Arith, typename Llvm>
static bool replaceExtremum(scf::ForOp loop, Operation *op) {
  auto extremum = dyn_cast<Arith>(op);
  if (!extremum || !extremum->hasOneUse() || extremum.getType().getIntOrFloatBitWidth() < 32)
    return false;
  OpOperand &use = *extremum->use_begin();
  if (use.getOwner() != loop.getBody()->getTerminator())
    return false;
  Value carried = loop.getRegionIterArgs()[use.getOperandNumber()];
  if (!carried.hasOneUse() || !llvm::is_contained(extremum->getOperands(), carried))
    return false;
  OpBuilder builder(op);
  auto replacement = Llvm::create(builder, op->getLoc(), extremum.getLhs(), extremum.getRhs());
  replacement.setFastmathFlags(LLVM::FastmathFlags::nsz);
  extremum.replaceAllUsesWith(replacement.getResult());
  extremum.erase();
  return true;
}

namespace {

struct SuitVectorizer : fovea::impl::SuitVectorizerBase<SuitVectorizer> {
  void runOnOperation() override {
    getOperation()->walk([&](scf::ForOp loop) {
      if (!isOverElements(loop))
        return;
      for (Operation &op : llvm::make_early_inc_range(*loop.getBody()))
        numMaxima += replaceExtremum<arith::MaximumFOp, LLVM::MaximumOp>(loop, &op) ||
                     replaceExtremum<arith::MinimumFOp, LLVM::MinimumOp>(loop, &op);
      if (loop->hasAttr(LLVM::LoopAnnotationAttr::name) || !isShort(loop))
        return;
      keepRolled(loop);
      ++numKept;
    });
  }
};

} // namespace
