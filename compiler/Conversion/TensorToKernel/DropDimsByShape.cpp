//===- DropDimsByShape.cpp - which dimensions a view is without -----------===//
//
// Makes views that drop dimensions say which.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace fovea {
#define GEN_PASS_DEF_DROPDIMSBYSHAPE
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// One group of dimensions for each that is left: it, and what is dropped next to it.
static SmallVector<ReassociationIndices> groupsOf(int64_t rank,
                                                  const llvm::SmallDenseSet<unsigned> &dropped) {
  SmallVector<ReassociationIndices> groups(1);
  bool hasKept = false;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool kept = !dropped.contains(dim);
    if (kept && hasKept)
      groups.emplace_back();
    hasKept |= kept;
    groups.back().push_back(dim);
  }
  return groups;
}

/// Replaces a view by one with all dimensions, some of which are then merged.
static void takeApart(memref::SubViewOp op, const llvm::SmallDenseSet<unsigned> &dropped) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto whole = memref::SubViewOp::create(builder, loc, op.getSource(), op.getMixedOffsets(),
                                         op.getMixedSizes(), op.getMixedStrides());
  Value view = memref::CollapseShapeOp::create(builder, loc, whole,
                                               groupsOf(whole.getType().getRank(), dropped));
  if (view.getType() != op.getType())
    view = memref::CastOp::create(builder, loc, op.getType(), view);
  op.replaceAllUsesWith(view);
  op.erase();
}

/// True when reading a view by its strides gives it another dimension of more than one element.
static bool readsOthers(memref::SubViewOp op, const llvm::SmallDenseSet<unsigned> &dropped) {
  llvm::SmallBitVector read = op.getDroppedDims();
  SmallVector<unsigned> byShape, byStrides;
  for (unsigned dim = 0; dim < read.size(); ++dim) {
    if (!dropped.contains(dim))
      byShape.push_back(dim);
    if (!read.test(dim))
      byStrides.push_back(dim);
  }
  return llvm::any_of(llvm::zip(byShape, byStrides), [&](auto pair) {
    auto [want, got] = pair;
    return want != got && op.getStaticSizes()[want] != 1;
  });
}

namespace {

struct DropDimsByShape : fovea::impl::DropDimsByShapeBase<DropDimsByShape> {
  void runOnOperation() override {
    SmallVector<memref::SubViewOp> views;
    getOperation()->walk([&](memref::SubViewOp op) { views.push_back(op); });
    for (memref::SubViewOp op : views) {
      auto dropped = computeRankReductionMask(op.getStaticSizes(), op.getType().getShape());
      if (!dropped || dropped->empty() || !readsOthers(op, *dropped))
        continue;
      takeApart(op, *dropped);
      ++numTakenApart;
    }
  }
};

} // namespace
