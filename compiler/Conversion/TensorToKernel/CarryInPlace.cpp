//===- CarryInPlace.cpp - what loops carry stays in its buffer ------------===//
//
// Makes loops carry tensors in one buffer each, whatever their bodies yield.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace fovea {
#define GEN_PASS_DEF_CARRYINPLACE
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The tensor whose buffer `value` shares when everything is computed in place.
static Value destinationOf(Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    Operation *op = result.getOwner();
    if (auto style = dyn_cast<DestinationStyleOpInterface>(op))
      value = style.getTiedOpOperand(result)->get();
    else if (auto loop = dyn_cast<scf::ForOp>(op))
      value = loop.getTiedLoopInit(result)->get();
    else
      return value;
  }
  return value;
}

namespace {

struct CarryInPlace : fovea::impl::CarryInPlaceBase<CarryInPlace> {
  void runOnOperation() override {
    getOperation().walk([&](scf::ForOp loop) { carry(loop); });
  }

private:
  /// A yielded tensor and the one of the iteration's start whose buffer it has to be in.
  struct Carried {
    OpOperand *operand;
    BlockArgument argument;
    /// The carried tensor whose buffer it is in now; null when it is in none.
    BlockArgument held;
  };

  /// Values that lie in another carried buffer are saved before any buffer is written. Then nothing
  /// can be computed in place any more, since what it would overwrite is read at the end.
  void carry(scf::ForOp loop) {
    auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
    OpBuilder builder(yield);
    SmallVector<Carried> all;
    for (auto [operand, argument] :
         llvm::zip_equal(yield->getOpOperands(), loop.getRegionIterArgs())) {
      auto held = dyn_cast<BlockArgument>(destinationOf(operand.get()));
      if (isa<RankedTensorType>(argument.getType()) && operand.get() != argument)
        all.push_back({&operand, argument,
                       held && held.getOwner() == loop.getBody() ? held : BlockArgument()});
    }
    auto changesPlace = [](const Carried &one) { return one.held && one.held != one.argument; };
    bool anyChanges = llvm::any_of(all, changesPlace);
    for (Carried &one : all)
      if (changesPlace(one)) {
        one.operand->set(copyOf(builder, one.operand->get()));
        ++numSaved;
      }
    for (Carried &one : all)
      if (anyChanges || one.held != one.argument) {
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
