//===- SizeFromSources.cpp - sizes of merged dimensions -------------------===//
//
// Reads the sizes of views with merged dimensions off what they are views of.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea {
#define GEN_PASS_DEF_SIZEFROMSOURCES
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct SizeFromSources : fovea::impl::SizeFromSourcesBase<SizeFromSources> {
  void runOnOperation() override {
    SmallVector<memref::DimOp> dims;
    getOperation()->walk([&](memref::DimOp op) { dims.push_back(op); });
    while (!dims.empty()) {
      memref::DimOp op = dims.pop_back_val();
      auto view = op.getSource().getDefiningOp<memref::CollapseShapeOp>();
      std::optional<int64_t> dim = op.getConstantIndex();
      if (!view || !dim || !view.getType().isDynamicDim(*dim))
        continue;
      op.replaceAllUsesWith(mergedSize(view, *dim, dims));
      op.erase();
      ++numRead;
    }
  }

private:
  /// The product of the sizes that dimension `dim` of `view` is merged from, in front of it. Sizes
  /// that are read for it are added to `dims`: they may be those of a view themselves.
  static Value mergedSize(memref::CollapseShapeOp view, int64_t dim,
                          SmallVectorImpl<memref::DimOp> &dims) {
    ImplicitLocOpBuilder builder(view.getLoc(), view);
    auto type = cast<MemRefType>(view.getSrc().getType());
    Value size;
    int64_t known = 1;
    for (int64_t part : view.getReassociationIndices()[dim]) {
      if (!type.isDynamicDim(part)) {
        known *= type.getDimSize(part);
        continue;
      }
      dims.push_back(memref::DimOp::create(builder, view.getSrc(), part));
      Value read = dims.back();
      size = size ? arith::MulIOp::create(builder, size, read).getResult() : read;
    }
    if (known == 1)
      return size;
    return arith::MulIOp::create(builder, size, arith::ConstantIndexOp::create(builder, known));
  }
};

} // namespace
