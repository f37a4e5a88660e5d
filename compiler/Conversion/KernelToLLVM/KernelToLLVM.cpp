//===- KernelToLLVM.cpp - the last conversion and legality check ----------===//
//
// Converts all that is left to the LLVM dialect, with one pattern of our own: memrefs over raw
// pointers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/DialectConversion.h"

namespace fovea {
#define GEN_PASS_DEF_KERNELTOLLVM
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

/// A descriptor over the pointer: offset 0, sizes and strides given or implied by the layout.
struct ViewLowering : ConvertOpToLLVMPattern<kernel::ViewOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(kernel::ViewOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getResult().getType());
    Type converted = getTypeConverter()->convertType(type);
    if (!converted)
      return rewriter.notifyMatchFailure(op, "memref type has no descriptor");
    auto descriptor = MemRefDescriptor::poison(rewriter, loc, converted);
    descriptor.setAllocatedPtr(rewriter, loc, adaptor.getPointer());
    descriptor.setAlignedPtr(rewriter, loc, adaptor.getPointer());
    Type word = getIndexType();
    auto [strides, offset] = type.getStridesAndOffset();
    // The pointer is that of the buffer: an offset that the type tells comes on top.
    descriptor.setOffset(
        rewriter, loc,
        createIndexAttrConstant(rewriter, loc, word, ShapedType::isDynamic(offset) ? 0 : offset));
    SmallVector<Value> sizes;
    unsigned nextSize = 0, nextStride = 0;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      sizes.push_back(type.isDynamicDim(dim)
                          ? adaptor.getSizes()[nextSize++]
                          : createIndexAttrConstant(rewriter, loc, word, type.getDimSize(dim)));
      descriptor.setSize(rewriter, loc, dim, sizes.back());
    }
    if (!type.getLayout().isIdentity()) {
      for (auto [dim, stride] : llvm::enumerate(strides))
        descriptor.setStride(rewriter, loc, dim,
                             ShapedType::isDynamic(stride)
                                 ? adaptor.getStrides()[nextStride++]
                                 : createIndexAttrConstant(rewriter, loc, word, stride));
      rewriter.replaceOp(op, {descriptor});
      return success();
    }
    Value running = createIndexAttrConstant(rewriter, loc, word, 1);
    for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
      Value stride = ShapedType::isDynamic(strides[dim])
                         ? running
                         : createIndexAttrConstant(rewriter, loc, word, strides[dim]);
      descriptor.setStride(rewriter, loc, dim, stride);
      running = LLVM::MulOp::create(rewriter, loc, stride, sizes[dim]);
    }
    rewriter.replaceOp(op, {descriptor});
    return success();
  }
};

struct KernelToLLVM : fovea::impl::KernelToLLVMBase<KernelToLLVM> {
  void runOnOperation() override {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    vector::populateVectorMultiReductionLoweringPatterns(
        patterns, vector::VectorMultiReductionLowering::InnerReduction);
    vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
    vector::populateVectorShapeCastLoweringPatterns(patterns);
    vector::populateVectorStepLoweringPatterns(patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    patterns.add<ViewLowering>(converter);

    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp, WeightOp>();
    target.addLegalOp<UnrealizedConversionCastOp>();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      (void)function;
      ++numFunctions;
    }
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([](LLVM::BrOp branch) { takeLoopAnnotation(branch); });
  }

private:
  /// Upstream's conversions carry a loop's annotation as an attribute of any name, which the
  /// translation to LLVM IR does not read.
  static void takeLoopAnnotation(LLVM::BrOp branch) {
    StringRef name = LLVM::LoopAnnotationAttr::name;
    if (auto annotation = branch->getAttrOfType<LLVM::LoopAnnotationAttr>(name)) {
      branch.setLoopAnnotationAttr(annotation);
      branch->removeAttr(name);
    }
  }
};

} // namespace
