//===- GatherLoops.cpp - independent loops side by side -------------------===//
//
// Moves loops of equally many steps that do not need each other together, so that they can run at
// the same time: the two directions of a recurrence, for example. This is done on tensors, where
// it is plain what needs what, and before bufferization lets the second loop's operands share
// buffers with the first's.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/LoopSteps.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace fovea {
#define GEN_PASS_DEF_GATHERLOOPS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Bytes of weights of a step from which on loops better follow each other, each on all cores:
/// a core that runs a loop alone has to keep all of its weights in its cache, not a part
/// (docs/Rationale/Recurrence.md has the measurement).
static constexpr int64_t kManyWeightBytes = int64_t(1) << 20;

/// Bytes of the weights that products of a step read; nothing when only the run knows.
static std::optional<int64_t> weightBytesOf(scf::ForOp loop) {
  int64_t bytes = 0;
  WalkResult result = loop.walk([&](Operation *op) {
    auto gates = dyn_cast<GatesOp>(op);
    auto contract = dyn_cast<ContractOp>(op);
    if (!gates && !contract)
      return WalkResult::advance();
    auto type = cast<ShapedType>((gates ? gates.getWeight() : contract.getRhs()).getType());
    if (!type.hasStaticShape())
      return WalkResult::interrupt();
    bytes += llvm::divideCeil(type.getNumElements() * type.getElementTypeBitWidth(), 8);
    return WalkResult::advance();
  });
  return result.wasInterrupted() ? std::nullopt : std::optional(bytes);
}

/// True for a loop that does nothing but compute tensors.
static bool computesTensors(scf::ForOp loop) {
  return isMemoryEffectFree(loop) && loop.getNumResults() > 0 &&
         llvm::all_of(loop.getResultTypes(), llvm::IsaPred<RankedTensorType>);
}

/// True when `op`, or what it contains, uses a result of `sources`, which are in its block.
static bool reads(Operation *op, const DenseSet<Operation *> &sources) {
  return op
      ->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (sources.contains(operand.getDefiningOp()))
            return WalkResult::interrupt();
        return WalkResult::advance();
      })
      .wasInterrupted();
}

/// What lies between `group`, operations without others between them, and `target` and has to come
/// behind the group; nothing when the target itself does, or something that has effects.
static std::optional<SmallVector<Operation *>> readersBefore(Operation *target,
                                                             ArrayRef<Operation *> group) {
  DenseSet<Operation *> late(group.begin(), group.end());
  SmallVector<Operation *> readers;
  for (Operation *op = group.back()->getNextNode(); op != target; op = op->getNextNode()) {
    if (!reads(op, late))
      continue;
    if (!isMemoryEffectFree(op))
      return std::nullopt;
    late.insert(op);
    readers.push_back(op);
  }
  if (reads(target, late))
    return std::nullopt;
  return readers;
}

/// What speaks against running the loops at the same time; empty when nothing does.
static std::string whyNotTogether(scf::ForOp first, scf::ForOp loop) {
  std::optional<int64_t> bytes = weightBytesOf(first), more = weightBytesOf(loop);
  if (!bytes || !more)
    return "only the run knows how many weights a step reads";
  int64_t most = std::max(*bytes, *more);
  if (most < kManyWeightBytes)
    return "";
  return "a step reads " + std::to_string(most) +
         " bytes of weights, of which each core keeps a part when loops follow each other, and "
         "would have to keep all when they run at the same time";
}

namespace {

struct GatherLoops : fovea::impl::GatherLoopsBase<GatherLoops> {
  void runOnOperation() override {
    for (Block &block : getOperation().getBody())
      visit(block);
  }

private:
  /// Gathers in `block` and in branches, not in loops: their steps are for all threads.
  void visit(Block &block) {
    SmallVector<scf::ForOp> loops;
    for (Operation &op : block) {
      if (auto loop = dyn_cast<scf::ForOp>(op); loop && computesTensors(loop))
        loops.push_back(loop);
      if (isa<scf::IfOp>(op))
        for (Region &branch : op.getRegions())
          for (Block &inner : branch)
            visit(inner);
    }
    DenseSet<Operation *> done;
    for (scf::ForOp first : loops) {
      if (done.contains(first))
        continue;
      SmallVector<Operation *> group{first};
      for (scf::ForOp other : loops)
        if (first->isBeforeInBlock(other) && !done.contains(other) && takeSameSteps(first, other) &&
            join(group, other))
          done.insert(other);
    }
  }

  /// Moves the group down to `loop` and adds that, when it may be there and gains by it.
  bool join(SmallVector<Operation *> &group, scf::ForOp loop) {
    std::optional<SmallVector<Operation *>> readers = readersBefore(loop, group);
    if (!readers)
      return false;
    std::string reason = whyNotTogether(cast<scf::ForOp>(group.front()), loop);
    if (!reason.empty()) {
      addGraphRecord(getOperation(), loop, "loop_by_itself",
                     RefusedForm{"sections", "speed", reason, /*special=*/true});
      ++numLeft;
      return false;
    }
    for (Operation *op : group)
      op->moveBefore(loop);
    for (Operation *op : llvm::reverse(*readers))
      op->moveAfter(loop);
    group.push_back(loop);
    ++numGathered;
    return true;
  }
};

} // namespace
