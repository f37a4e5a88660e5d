//===- CarryInPlace.cpp - what loops carry stays in its buffer ------------===//
//
// Makes loops carry tensors in one buffer each, whatever their bodies yield.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/SetVector.h"

namespace fovea {
#define GEN_PASS_DEF_CARRYINPLACE
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {
/// Where a tensor may lie when everything is computed in place.
struct Destinations {
  explicit Destinations(Value value);

  /// Tensors whose buffers it may have.
  llvm::SetVector<Value> tensors;
  /// What the branches that it comes from yield.
  SmallVector<OpOperand *> yielded;
};
} // namespace

Destinations::Destinations(Value value) {
  llvm::SetVector<Value> queue;
  queue.insert(value);
  for (size_t next = 0; next < queue.size(); ++next) {
    auto result = dyn_cast<OpResult>(queue[next]);
    Operation *op = result ? result.getOwner() : nullptr;
    if (auto style = dyn_cast_or_null<DestinationStyleOpInterface>(op)) {
      queue.insert(style.getTiedOpOperand(result)->get());
    } else if (auto loop = dyn_cast_or_null<LoopLikeOpInterface>(op);
               loop && loop.getTiedLoopInit(result)) {
      queue.insert(loop.getTiedLoopInit(result)->get());
    } else if (auto choice = dyn_cast_or_null<scf::IfOp>(op)) {
      for (Block *branch : {choice.thenBlock(), choice.elseBlock()}) {
        OpOperand &operand = branch->getTerminator()->getOpOperand(result.getResultNumber());
        yielded.push_back(&operand);
        queue.insert(operand.get());
      }
    } else {
      tensors.insert(queue[next]);
    }
  }
}

/// True when `tensor`, or a view of it, is read behind the operation that overwrites it, or written
/// there twice.
static bool isReadBehind(Value tensor, OpOperand &overwritten) {
  Operation *writer = overwritten.getOwner();
  SmallVector<Value> aliases{tensor};
  for (size_t next = 0; next < aliases.size(); ++next)
    for (OpOperand &use : aliases[next].getUses()) {
      Operation *user = use.getOwner();
      if (&use == &overwritten || isa<tensor::DimOp>(user))
        continue;
      if (isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
              tensor::CastOp>(user)) {
        aliases.push_back(user->getResult(0));
        continue;
      }
      // Inputs of the writer itself are read before it writes.
      auto style = dyn_cast<DestinationStyleOpInterface>(user);
      Operation *there = writer->getBlock()->findAncestorOpInBlock(*user);
      if (user == writer ? style && style.isDpsInit(&use)
                         : !there || writer->isBeforeInBlock(there))
        return true;
    }
  return false;
}

/// True when what computes `value` overwrites, from `argument` on, only what nobody reads any more:
/// bufferization copies what it would overwrite too early.
static bool overwritesInOrder(Value value, BlockArgument argument) {
  while (value != argument) {
    auto result = dyn_cast<OpResult>(value);
    Operation *op = result ? result.getOwner() : nullptr;
    OpOperand *before = nullptr;
    if (auto style = dyn_cast_or_null<DestinationStyleOpInterface>(op))
      before = style.getTiedOpOperand(result);
    else if (auto loop = dyn_cast_or_null<LoopLikeOpInterface>(op))
      before = loop.getTiedLoopInit(result);
    // Branches are looked at by themselves.
    if (!before)
      return true;
    if (isReadBehind(before->get(), *before))
      return false;
    value = before->get();
  }
  return true;
}

namespace {

struct CarryInPlace : fovea::impl::CarryInPlaceBase<CarryInPlace> {
  void runOnOperation() override {
    getOperation().walk([&](tensor::EmptyOp empty) { splitEmpty(empty); });
    getOperation().walk([&](scf::ForOp loop) {
      ownEmpties(loop);
      carry(loop);
    });
  }

private:
  /// True when a size is known before the entry does anything.
  static bool isSizeOfArgument(Value size) {
    auto dim = size.getDefiningOp<tensor::DimOp>();
    auto argument = dim ? dyn_cast<BlockArgument>(dim.getSource()) : BlockArgument();
    return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp());
  }

  /// What two operations write are two tensors, each made where it is written: in one buffer,
  /// recurrences that follow each other could not run at the same time.
  void splitEmpty(tensor::EmptyOp empty) {
    if (empty->hasOneUse())
      return;
    for (OpOperand &use : llvm::make_early_inc_range(empty->getUses())) {
      Operation *user = use.getOwner();
      auto style = dyn_cast<DestinationStyleOpInterface>(user);
      bool isWritten = isa<scf::ForOp>(user) || (style && style.isDpsInit(&use));
      if (!isWritten || user->getBlock() != empty->getBlock())
        continue;
      use.set(OpBuilder(user).clone(*empty)->getResult(0));
      ++numEmpties;
    }
    if (empty->use_empty())
      empty->erase();
  }

  /// Tensors without contents that a step writes are the step's own: one made in front of the loop
  /// would be one buffer for all steps, which cannot take turns with another.
  void ownEmpties(scf::ForOp loop) {
    SmallVector<OpOperand *> uses;
    for (Operation &op : *loop.getBody())
      if (auto style = dyn_cast<DestinationStyleOpInterface>(op))
        for (OpOperand &init : style.getDpsInitsMutable())
          uses.push_back(&init);
    for (OpOperand *use : uses) {
      auto empty = use->get().getDefiningOp<tensor::EmptyOp>();
      if (!empty || !loop.isDefinedOutsideOfLoop(empty) ||
          !llvm::all_of(empty.getDynamicSizes(), isSizeOfArgument))
        continue;
      OpBuilder builder(use->getOwner());
      use->set(builder.clone(*empty)->getResult(0));
      ++numEmpties;
    }
  }

  /// A yielded tensor and the one of the iteration's start whose buffer it has to be in.
  struct Carried {
    OpOperand *operand;
    BlockArgument argument;
    /// Whether it is in that buffer now, and whether it may be in the one of another.
    bool inPlace, inOther;
  };

  /// Branches that do not agree on a buffer yield copies: one choice would tie the buffers
  /// together.
  Carried carried(scf::ForOp loop, OpOperand &operand, BlockArgument argument) {
    Destinations places(operand.get());
    bool inPlace = places.tensors.size() == 1 && places.tensors.front() == argument &&
                   overwritesInOrder(operand.get(), argument);
    bool inOther = llvm::any_of(places.tensors, [&](Value place) {
      auto other = dyn_cast<BlockArgument>(place);
      // What an operation with regions gives may be anything that it sees.
      return other ? other != argument && other.getOwner() == loop.getBody()
                   : place.getDefiningOp()->getNumRegions() > 0;
    });
    if (!inPlace && !places.yielded.empty()) {
      for (OpOperand *yielded : places.yielded) {
        OpBuilder builder(yielded->getOwner());
        yielded->set(copyOf(builder, yielded->get()));
        ++numSaved;
      }
      inOther = false;
    }
    return {&operand, argument, inPlace, inOther};
  }

  /// Values that lie in another carried buffer are saved before any buffer is written. Then nothing
  /// can be computed in place any more, since what it would overwrite is read at the end.
  void carry(scf::ForOp loop) {
    auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
    OpBuilder builder(yield);
    SmallVector<Carried> all;
    llvm::SetVector<Value> seen;
    for (OpOperand &operand : yield->getOpOperands())
      if (isa<RankedTensorType>(operand.get().getType()) && !seen.insert(operand.get())) {
        // One value cannot be in two buffers.
        operand.set(copyOf(builder, operand.get()));
        ++numSaved;
      }
    for (auto [operand, argument] :
         llvm::zip_equal(yield->getOpOperands(), loop.getRegionIterArgs()))
      if (isa<RankedTensorType>(argument.getType()) && operand.get() != argument)
        all.push_back(carried(loop, operand, argument));
    bool anyChanges = llvm::any_of(all, [](const Carried &one) { return one.inOther; });
    for (Carried &one : all)
      if (one.inOther) {
        one.operand->set(copyOf(builder, one.operand->get()));
        ++numSaved;
      }
    for (Carried &one : all)
      if (anyChanges || !one.inPlace) {
        one.operand->set(write(builder, one.operand->get(), one.argument));
        ++numWritten;
      }
  }

  /// A copy that no later step of bufferization takes for a destination.
  static Value copyOf(OpBuilder &builder, Value value) {
    return bufferization::AllocTensorOp::create(
        builder, value.getLoc(), cast<RankedTensorType>(value.getType()), ValueRange(), value);
  }

  static Value write(OpBuilder &builder, Value value, Value place) {
    return bufferization::MaterializeInDestinationOp::create(builder, value.getLoc(),
                                                             place.getType(), value, place)
        .getResult();
  }
};

} // namespace
