//===- CodeToLLVM.cpp - what host and device code convert alike ---------===//
//
// Upstream's patterns, and descriptors of memrefs that start at a pointer or at an element.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/CodeToLLVM.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"

using namespace mlir;
using namespace fovea;

namespace {

/// A descriptor over the pointer: offset 0, sizes and strides given or implied by the layout.
struct ViewLowering : ConvertOpToLLVMPattern<kernel::ViewOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  /// The pointer in the address space of the memref; null when that has no number.
  Value inSpaceOf(MemRefType type, Value pointer, OpBuilder &builder, Location loc) const {
    FailureOr<unsigned> space = getTypeConverter()->getMemRefAddressSpace(type);
    if (failed(space))
      return {};
    auto wanted = LLVM::LLVMPointerType::get(builder.getContext(), *space);
    if (pointer.getType() == wanted)
      return pointer;
    return LLVM::AddrSpaceCastOp::create(builder, loc, wanted, pointer);
  }

  LogicalResult matchAndRewrite(kernel::ViewOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getResult().getType());
    Type converted = getTypeConverter()->convertType(type);
    if (!converted)
      return rewriter.notifyMatchFailure(op, "memref type has no descriptor");
    auto descriptor = MemRefDescriptor::poison(rewriter, loc, converted);
    Value pointer = inSpaceOf(type, adaptor.getPointer(), rewriter, loc);
    if (!pointer)
      return rewriter.notifyMatchFailure(op, "memory space has no number");
    descriptor.setAllocatedPtr(rewriter, loc, pointer);
    descriptor.setAlignedPtr(rewriter, loc, pointer);
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

/// The descriptor with its offset added to its pointer.
struct RebaseLowering : ConvertOpToLLVMPattern<kernel::RebaseOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(kernel::RebaseOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getSource().getType());
    MemRefDescriptor descriptor(adaptor.getSource());
    Value start = descriptor.alignedPtr(rewriter, loc);
    Value offset = descriptor.offset(rewriter, loc);
    start =
        LLVM::GEPOp::create(rewriter, loc, start.getType(),
                            getTypeConverter()->convertType(type.getElementType()), start, offset);
    descriptor.setAllocatedPtr(rewriter, loc, start);
    descriptor.setAlignedPtr(rewriter, loc, start);
    descriptor.setOffset(rewriter, loc, createIndexAttrConstant(rewriter, loc, getIndexType(), 0));
    rewriter.replaceOp(op, {descriptor});
    return success();
  }
};

} // namespace

void fovea::populateCodeToLLVM(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  vector::populateVectorMultiReductionLoweringPatterns(
      patterns, vector::VectorMultiReductionLowering::InnerReduction);
  vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  vector::populateVectorStepLoweringPatterns(patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  populateMathToLLVMConversionPatterns(converter, patterns, /*approximateLog1p=*/true,
                                       /*benefit=*/2);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  index::populateIndexToLLVMConversionPatterns(converter, patterns);
  patterns.add<RebaseLowering, ViewLowering>(converter);
}

void fovea::takeLoopAnnotations(Operation *root) {
  root->walk([](LLVM::BrOp branch) {
    StringRef name = LLVM::LoopAnnotationAttr::name;
    if (auto annotation = branch->getAttrOfType<LLVM::LoopAnnotationAttr>(name)) {
      branch.setLoopAnnotationAttr(annotation);
      branch->removeAttr(name);
    }
  });
}
