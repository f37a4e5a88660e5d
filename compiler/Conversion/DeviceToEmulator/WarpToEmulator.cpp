//===- WarpToEmulator.cpp - operations of warps as calls ------------------===//
//
// Operations of the dialect fovea_warp as calls of the thread's emulator.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToEmulator/EmulatedKernel.h"
#include "fovea_device_abi.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"

using namespace mlir;
using namespace fovea;

/// The word `place` of the kernel's scratch memory.
static Value wordOf(OpBuilder &builder, Location loc, Value scratch, int64_t place) {
  return LLVM::GEPOp::create(builder, loc, scratch.getType(), builder.getI32Type(), scratch,
                             LLVM::GEPArg(place));
}

namespace {

struct SharedLowering : EmulatedPattern<warp::SharedOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::SharedOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!op.getOffset())
      return rewriter.notifyMatchFailure(op, "not placed");
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(getContext(), FOVEA_SPACE_SHARED);
    Value base = kernel.field(rewriter, loc, offsetof(fovea_thread, shared), pointer);
    Value start = LLVM::GEPOp::create(rewriter, loc, pointer, rewriter.getI8Type(), base,
                                      LLVM::GEPArg(*op.getOffset()));
    rewriter.replaceOp(op,
                       {MemRefDescriptor::fromStaticShape(rewriter, loc, *getTypeConverter(),
                                                          cast<MemRefType>(op.getType()), start)});
    return success();
  }
};

struct ApproxLowering : EmulatedPattern<warp::ApproxOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::ApproxOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value function = constantWord(rewriter, op.getLoc(), int64_t(op.getFunction()));
    rewriter.replaceOp(op, kernel.call(rewriter, op.getLoc(), offsetof(fovea_emulator, approximate),
                                       op.getType(), {function, adaptor.getX()}));
    return success();
  }
};

struct VoteLowering : EmulatedPattern<warp::VoteOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::VoteOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type i32 = rewriter.getI32Type();
    Value condition = LLVM::ZExtOp::create(rewriter, loc, i32, adaptor.getCondition());
    Value result = kernel.call(rewriter, loc, offsetof(fovea_emulator, vote), i32,
                               {kernel.thread(), constantWord(rewriter, loc, int64_t(op.getKind())),
                                constantWord(rewriter, loc, -1), condition,
                                kernel.site(rewriter, loc, "vote")});
    if (op.getType().isInteger(1))
      result = LLVM::ICmpOp::create(rewriter, loc, LLVM::ICmpPredicate::ne, result,
                                    constantWord(rewriter, loc, 0));
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct SyncWarpLowering : EmulatedPattern<warp::SyncWarpOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::SyncWarpOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    kernel.call(rewriter, loc, offsetof(fovea_emulator, warp_barrier), Type(),
                {kernel.thread(), constantWord(rewriter, loc, -1),
                 kernel.site(rewriter, loc, "warp barrier")});
    rewriter.eraseOp(op);
    return success();
  }
};

struct GridBarrierLowering : EmulatedPattern<warp::GridBarrierOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::GridBarrierOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    kernel.call(
        rewriter, loc, offsetof(fovea_emulator, grid_barrier), Type(),
        {kernel.thread(), adaptor.getCounter(), kernel.site(rewriter, loc, "grid barrier")});
    rewriter.eraseOp(op);
    return success();
  }
};

/// The record is taken by an exchange; who has it writes the rest, others write to the stack.
struct FaultLowering : EmulatedPattern<warp::FaultOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::FaultOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value zero = constantWord(rewriter, loc, 0), record = adaptor.getRecord();
    Value one = constantWord(rewriter, loc, 1);
    Value old = LLVM::AtomicCmpXchgOp::create(rewriter, loc, record, zero, one,
                                              LLVM::AtomicOrdering::monotonic,
                                              LLVM::AtomicOrdering::monotonic);
    Value first = LLVM::ExtractValueOp::create(rewriter, loc, old, ArrayRef<int64_t>{1});
    Value to = LLVM::SelectOp::create(rewriter, loc, first, record, kernel.scratch());
    auto store = [&](Value value, int64_t offset) {
      Value place = LLVM::GEPOp::create(rewriter, loc, to.getType(), rewriter.getI8Type(), to,
                                        LLVM::GEPArg(offset));
      auto op = LLVM::StoreOp::create(rewriter, loc, value, place);
      op->setAttr(kUncheckedAttr, rewriter.getUnitAttr());
    };
    store(LLVM::ConstantOp::create(rewriter, loc, op.getKindAttr()),
          offsetof(fovea_fault_record, fault));
    store(LLVM::ConstantOp::create(rewriter, loc, op.getNodeAttr()),
          offsetof(fovea_fault_record, node));
    store(adaptor.getValue(), offsetof(fovea_fault_record, value));
    store(adaptor.getLimit(), offsetof(fovea_fault_record, limit));
    rewriter.eraseOp(op);
    return success();
  }
};

struct LdMatrixLowering : EmulatedPattern<warp::LdMatrixOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::LdMatrixOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value row = getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getSource().getType()),
                                     adaptor.getSource(), adaptor.getIndices());
    Value registers = kernel.scratch();
    kernel.call(rewriter, loc, offsetof(fovea_emulator, load_matrix), Type(),
                {kernel.thread(), row, constantWord(rewriter, loc, op.getRegisters().size()),
                 constantWord(rewriter, loc, op.getTransposed()), registers,
                 kernel.site(rewriter, loc, "ldmatrix")});
    SmallVector<Value> results;
    for (size_t place = 0; place < op.getRegisters().size(); ++place)
      results.push_back(loadUnchecked(rewriter, loc, rewriter.getI32Type(), registers, 4 * place));
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct MmaSyncLowering : EmulatedPattern<warp::MmaSyncOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::MmaSyncOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value scratch = kernel.scratch();
    int64_t place = 0;
    for (ValueRange values : {adaptor.getA(), adaptor.getB(), adaptor.getC()})
      for (Value value : values)
        LLVM::StoreOp::create(rewriter, loc, value, wordOf(rewriter, loc, scratch, place++));
    Value sums = wordOf(rewriter, loc, scratch, 6);
    kernel.call(rewriter, loc, offsetof(fovea_emulator, multiply), Type(),
                {kernel.thread(), constantWord(rewriter, loc, int64_t(op.getProduct())), scratch,
                 wordOf(rewriter, loc, scratch, 4), sums, kernel.site(rewriter, loc, "mma.sync")});
    SmallVector<Value> results;
    for (auto [place, result] : llvm::enumerate(op.getD()))
      results.push_back(loadUnchecked(rewriter, loc, result.getType(), sums, 4 * place));
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct CpAsyncLowering : EmulatedPattern<warp::CpAsyncOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::CpAsyncOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value from = getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getFrom().getType()),
                                      adaptor.getFrom(), adaptor.getFromIndices());
    Value to = getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getTo().getType()),
                                    adaptor.getTo(), adaptor.getToIndices());
    Value bytes = constantWord(rewriter, loc, op.getBytes());
    Value valid = adaptor.getValid() ? adaptor.getValid() : bytes;
    kernel.call(rewriter, loc, offsetof(fovea_emulator, copy_async), Type(),
                {kernel.thread(), to, from, bytes, valid, kernel.site(rewriter, loc, "cp.async")});
    rewriter.eraseOp(op);
    return success();
  }
};

struct CpAsyncCommitLowering : EmulatedPattern<warp::CpAsyncCommitOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::CpAsyncCommitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    kernel.call(rewriter, op.getLoc(), offsetof(fovea_emulator, commit_copies), Type(),
                {kernel.thread(), kernel.site(rewriter, op.getLoc(), "cp.async.commit_group")});
    rewriter.eraseOp(op);
    return success();
  }
};

struct CpAsyncWaitLowering : EmulatedPattern<warp::CpAsyncWaitOp> {
  using EmulatedPattern::EmulatedPattern;

  LogicalResult matchAndRewrite(warp::CpAsyncWaitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    kernel.call(rewriter, loc, offsetof(fovea_emulator, wait_copies), Type(),
                {kernel.thread(), constantWord(rewriter, loc, op.getPending()),
                 kernel.site(rewriter, loc, "cp.async.wait_group")});
    rewriter.eraseOp(op);
    return success();
  }
};

/// A call that begins with the thread and the address of a barrier's state, and ends with the site.
template <typename Op> struct MbarrierLowering : EmulatedPattern<Op> {
  MbarrierLowering(const LLVMTypeConverter &converter, EmulatedKernel &kernel, int64_t function,
                   StringRef what)
      : EmulatedPattern<Op>(converter, kernel), function(function), what(what) {}

  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value state =
        this->getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getBarrier().getType()),
                                   adaptor.getBarrier(), adaptor.getIndices());
    EmulatedKernel &kernel = this->kernel;
    SmallVector<Value> operands{kernel.thread(), state};
    Type result;
    if constexpr (std::is_same_v<Op, warp::MbarrierInitOp>) {
      operands.push_back(adaptor.getCount());
    } else if constexpr (std::is_same_v<Op, warp::MbarrierArriveOp>) {
      // No bytes are expected beside the arrivals.
      Type i64 = rewriter.getI64Type();
      operands.push_back(LLVM::ConstantOp::create(rewriter, loc, i64, 0));
    } else if constexpr (std::is_same_v<Op, warp::MbarrierTryWaitOp>) {
      operands.push_back(adaptor.getParity());
      result = rewriter.getI32Type();
    }
    operands.push_back(kernel.site(rewriter, loc, what));
    Value told = kernel.call(rewriter, loc, function, result, operands);
    if (!result) {
      rewriter.eraseOp(op);
      return success();
    }
    rewriter.replaceOpWithNewOp<LLVM::ICmpOp>(op, LLVM::ICmpPredicate::ne, told,
                                              constantWord(rewriter, loc, 0));
    return success();
  }

  int64_t function;
  StringRef what;
};

} // namespace

void fovea::populateWarpToEmulator(const LLVMTypeConverter &converter, EmulatedKernel &kernel,
                                   RewritePatternSet &patterns) {
  patterns.add<SharedLowering, ApproxLowering, VoteLowering, SyncWarpLowering, GridBarrierLowering,
               FaultLowering, LdMatrixLowering, MmaSyncLowering, CpAsyncLowering,
               CpAsyncCommitLowering, CpAsyncWaitLowering>(converter, kernel);
  patterns.add<MbarrierLowering<warp::MbarrierInitOp>>(
      converter, kernel, offsetof(fovea_emulator, mbarrier_init), "mbarrier.init");
  patterns.add<MbarrierLowering<warp::MbarrierArriveOp>>(
      converter, kernel, offsetof(fovea_emulator, mbarrier_arrive), "mbarrier.arrive");
  patterns.add<MbarrierLowering<warp::MbarrierArriveCopiesOp>>(
      converter, kernel, offsetof(fovea_emulator, mbarrier_arrive_copies),
      "cp.async.mbarrier.arrive");
  patterns.add<MbarrierLowering<warp::MbarrierTryWaitOp>>(
      converter, kernel, offsetof(fovea_emulator, mbarrier_try_wait), "mbarrier.try_wait");
}
