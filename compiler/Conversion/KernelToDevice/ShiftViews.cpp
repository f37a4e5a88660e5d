//===- ShiftViews.cpp - kernels that find where their buffers start -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea {
#define GEN_PASS_DEF_SHIFTVIEWS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct ShiftViews : fovea::impl::ShiftViewsBase<ShiftViews> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kernel::kKernelAttr) || kernel.isExternal())
      return;
    for (BlockArgument cell : kernel.getArguments()) {
      auto shifted = kernel.getArgAttrOfType<IntegerAttr>(cell.getArgNumber(), kShiftsAttr);
      if (!shifted)
        continue;
      shift(kernel, kernel.getArgument(shifted.getInt()), cell);
      kernel.removeArgAttr(cell.getArgNumber(), kShiftsAttr);
      ++numShifted;
    }
  }

private:
  /// Uses of the buffer but for its sizes become uses of one that starts further on.
  static void shift(func::FuncOp kernel, BlockArgument buffer, BlockArgument cell) {
    ImplicitLocOpBuilder b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(), &kernel.front());
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : buffer.getUses())
      if (!isa<memref::DimOp>(use.getOwner()))
        uses.push_back(&use);
    auto type = cast<MemRefType>(buffer.getType());
    int64_t bytes = type.getElementType().isIndex() ? 8 : type.getElementTypeBitWidth() / 8;
    Value distance = memref::LoadOp::create(b, cell, ValueRange());
    Value width = arith::ConstantIndexOp::create(b, std::max<int64_t>(1, bytes));
    Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
    start = arith::AddIOp::create(b, start, arith::MulIOp::create(b, distance, width));
    start = arith::IndexCastOp::create(b, b.getI64Type(), start);
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    SmallVector<Value> sizes, strides;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(b, buffer, dim));
    auto [known, offset] = type.getStridesAndOffset();
    if (!type.getLayout().isIdentity() && llvm::any_of(known, ShapedType::isDynamic)) {
      auto metadata = memref::ExtractStridedMetadataOp::create(b, buffer);
      for (auto [dim, stride] : llvm::enumerate(known))
        if (ShapedType::isDynamic(stride))
          strides.push_back(metadata.getStrides()[dim]);
    }
    Value view = kernel::ViewOp::create(b, type, LLVM::IntToPtrOp::create(b, pointer, start), sizes,
                                        strides);
    for (OpOperand *use : uses)
      use->set(view);
  }
};

} // namespace
