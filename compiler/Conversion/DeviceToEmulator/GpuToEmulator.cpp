//===- GpuToEmulator.cpp - threads, barriers and shuffles -----------------===//
//
// Operations of the gpu dialect as reads of the fovea_thread and calls of its emulator.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToEmulator/EmulatedKernel.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "fovea_device_abi.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace fovea;

namespace {

/// An i32 field as an index; other dimensions than x hold `otherwise`.
template <typename Op> struct FieldLowering : EmulatedPattern<Op> {
  FieldLowering(const LLVMTypeConverter &converter, EmulatedKernel &kernel, int64_t offset,
                int64_t otherwise)
      : EmulatedPattern<Op>(converter, kernel), offset(offset), otherwise(otherwise) {}

  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type index = this->getIndexType();
    if (op.getDimension() != gpu::Dimension::x) {
      rewriter.replaceOpWithNewOp<LLVM::ConstantOp>(op, index, IntegerAttr::get(index, otherwise));
      return success();
    }
    Value number = this->kernel.field(rewriter, loc, offset, rewriter.getI32Type());
    rewriter.replaceOpWithNewOp<LLVM::ZExtOp>(op, index, number);
    return success();
  }

  int64_t offset, otherwise;
};

struct LaneIdLowering : EmulatedPattern<gpu::LaneIdOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(gpu::LaneIdOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value thread =
        kernel.field(rewriter, loc, offsetof(fovea_thread, thread), rewriter.getI32Type());
    Value lane =
        LLVM::AndOp::create(rewriter, loc, thread, constantWord(rewriter, loc, FOVEA_WARP - 1));
    rewriter.replaceOpWithNewOp<LLVM::ZExtOp>(op, getIndexType(), lane);
    return success();
  }
};

struct BarrierLowering : EmulatedPattern<gpu::BarrierOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(gpu::BarrierOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    kernel.call(rewriter, loc, offsetof(fovea_emulator, barrier), Type(),
                {kernel.thread(), constantWord(rewriter, loc, 0),
                 constantWord(rewriter, loc, llvm::alignTo(kernel.facts.threads, FOVEA_WARP)),
                 kernel.site(rewriter, loc, "barrier")});
    rewriter.eraseOp(op);
    return success();
  }
};

struct ShuffleLowering : EmulatedPattern<gpu::ShuffleOp> {
  using EmulatedPattern::EmulatedPattern;

  static fovea_shuffle kindOf(gpu::ShuffleMode mode) {
    switch (mode) {
    case gpu::ShuffleMode::XOR:
      return FOVEA_SHUFFLE_BFLY;
    case gpu::ShuffleMode::UP:
      return FOVEA_SHUFFLE_UP;
    case gpu::ShuffleMode::DOWN:
      return FOVEA_SHUFFLE_DOWN;
    case gpu::ShuffleMode::IDX:
      return FOVEA_SHUFFLE_IDX;
    }
    llvm_unreachable("no such mode");
  }

  LogicalResult matchAndRewrite(gpu::ShuffleOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type i32 = rewriter.getI32Type(), type = op.getShuffleResult().getType();
    if (!type.isInteger(32) && !type.isF32())
      return rewriter.notifyMatchFailure(op, "not a value of 32 bits");
    // As upstream's conversion to shfl.sync: lanes below the width take part.
    Value full = constantWord(rewriter, loc, -1);
    Value width = adaptor.getWidth();
    Value rest = LLVM::SubOp::create(rewriter, loc, constantWord(rewriter, loc, FOVEA_WARP), width);
    Value mask = LLVM::LShrOp::create(rewriter, loc, full, rest);
    Value clamp = op.getMode() == gpu::ShuffleMode::UP
                      ? rest
                      : LLVM::AddOp::create(rewriter, loc, width, full).getResult();
    Value value = adaptor.getValue(), inRange = kernel.scratch();
    if (type.isF32())
      value = LLVM::BitcastOp::create(rewriter, loc, i32, value);
    Value result = kernel.call(rewriter, loc, offsetof(fovea_emulator, shuffle), i32,
                               {kernel.thread(), constantWord(rewriter, loc, kindOf(op.getMode())),
                                mask, value, adaptor.getOffset(), clamp, inRange,
                                kernel.site(rewriter, loc, "shuffle")});
    Value told = loadUnchecked(rewriter, loc, i32, inRange, 0);
    Value valid = LLVM::ICmpOp::create(rewriter, loc, LLVM::ICmpPredicate::ne, told,
                                       constantWord(rewriter, loc, 0));
    if (type.isF32())
      result = LLVM::BitcastOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, {result, valid});
    return success();
  }
};

/// Functions in double precision that the CPU's kernels ask the host for, and these the emulator.
struct HostMathLowering : EmulatedPattern<func::CallOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(func::CallOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (op.getCallee() != kHostMath)
      return rewriter.notifyMatchFailure(op, "not the host's function");
    rewriter.replaceOp(op, kernel.call(rewriter, op.getLoc(), offsetof(fovea_emulator, math),
                                       rewriter.getF64Type(), adaptor.getOperands()));
    return success();
  }
};

} // namespace

void fovea::populateGpuToEmulator(const LLVMTypeConverter &converter, EmulatedKernel &kernel,
                                  RewritePatternSet &patterns) {
  patterns.add<FieldLowering<gpu::ThreadIdOp>>(converter, kernel, offsetof(fovea_thread, thread),
                                               0);
  patterns.add<FieldLowering<gpu::BlockIdOp>>(converter, kernel, offsetof(fovea_thread, block), 0);
  patterns.add<FieldLowering<gpu::BlockDimOp>>(converter, kernel, offsetof(fovea_thread, threads),
                                               1);
  patterns.add<FieldLowering<gpu::GridDimOp>>(converter, kernel, offsetof(fovea_thread, blocks), 1);
  patterns.add<LaneIdLowering, BarrierLowering, ShuffleLowering, HostMathLowering>(converter,
                                                                                   kernel);
}
