//===- WarpToNVVM.cpp - operations of warps that NVVM has -----------------===//
//
// Shared memory, votes, matrices of a warp, asynchronous copies and barriers in memory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToNVVM/Patterns.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace fovea;

/// All lanes of a warp.
static Value fullMask(OpBuilder &builder, Location loc) {
  return LLVM::ConstantOp::create(builder, loc, builder.getI32Type(),
                                  builder.getI32IntegerAttr(-1));
}

static NVVM::VoteSyncKind kindOf(warp::Vote kind) {
  switch (kind) {
  case warp::Vote::All:
    return NVVM::VoteSyncKind::all;
  case warp::Vote::Any:
    return NVVM::VoteSyncKind::any;
  case warp::Vote::Uni:
    return NVVM::VoteSyncKind::uni;
  case warp::Vote::Ballot:
    return NVVM::VoteSyncKind::ballot;
  }
  llvm_unreachable("no such vote");
}

/// The elements of a struct of registers.
static SmallVector<Value> elementsOf(OpBuilder &builder, Location loc, Value registers) {
  auto type = dyn_cast<LLVM::LLVMStructType>(registers.getType());
  if (!type)
    return {registers};
  SmallVector<Value> elements;
  for (size_t place = 0; place < type.getBody().size(); ++place)
    elements.push_back(
        LLVM::ExtractValueOp::create(builder, loc, registers, ArrayRef<int64_t>(place)));
  return elements;
}

namespace {

struct SharedLowering : ConvertOpToLLVMPattern<warp::SharedOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::SharedOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!op.getOffset())
      return rewriter.notifyMatchFailure(op, "not placed");
    Location loc = op.getLoc();
    auto pointer =
        LLVM::LLVMPointerType::get(getContext(), unsigned(NVVM::NVVMMemorySpace::Shared));
    Value base = LLVM::AddressOfOp::create(rewriter, loc, pointer, kSharedSymbol);
    Value start = LLVM::GEPOp::create(rewriter, loc, pointer, rewriter.getI8Type(), base,
                                      LLVM::GEPArg(*op.getOffset()));
    rewriter.replaceOp(op,
                       {MemRefDescriptor::fromStaticShape(rewriter, loc, *getTypeConverter(),
                                                          cast<MemRefType>(op.getType()), start)});
    return success();
  }
};

struct VoteLowering : ConvertOpToLLVMPattern<warp::VoteOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::VoteOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::VoteSyncOp>(
        op, op.getType(), fullMask(rewriter, op.getLoc()), adaptor.getCondition(),
        NVVM::VoteSyncKindAttr::get(getContext(), kindOf(op.getKind())));
    return success();
  }
};

struct SyncWarpLowering : ConvertOpToLLVMPattern<warp::SyncWarpOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::SyncWarpOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::SyncWarpOp>(op, fullMask(rewriter, op.getLoc()));
    return success();
  }
};

struct LdMatrixLowering : ConvertOpToLLVMPattern<warp::LdMatrixOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::LdMatrixOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value row = getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getSource().getType()),
                                     adaptor.getSource(), adaptor.getIndices());
    int32_t count = op.getRegisters().size();
    Type i32 = rewriter.getI32Type(), result = i32;
    if (count > 1)
      result = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(count, i32));
    Value registers = NVVM::LdMatrixOp::create(
        rewriter, loc, result, row, rewriter.getI32IntegerAttr(count),
        NVVM::MMALayoutAttr::get(getContext(),
                                 op.getTransposed() ? NVVM::MMALayout::col : NVVM::MMALayout::row),
        NVVM::LdStMatrixShapeAttr::get(getContext(), 8, 8),
        NVVM::LdStMatrixEltTypeAttr::get(getContext(), NVVM::LdStMatrixEltType::B16));
    rewriter.replaceOp(op, elementsOf(rewriter, loc, registers));
    return success();
  }
};

struct MmaSyncLowering : ConvertOpToLLVMPattern<warp::MmaSyncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  static NVVM::MMATypes typeOf(warp::Product product) {
    switch (product) {
    case warp::Product::F16:
      return NVVM::MMATypes::f16;
    case warp::Product::BF16:
      return NVVM::MMATypes::bf16;
    case warp::Product::TF32:
      return NVVM::MMATypes::tf32;
    case warp::Product::S8:
      return NVVM::MMATypes::s8;
    }
    llvm_unreachable("no such product");
  }

  static int64_t depthOf(warp::Product product) {
    return product == warp::Product::TF32 ? 8 : product == warp::Product::S8 ? 32 : 16;
  }

  LogicalResult matchAndRewrite(warp::MmaSyncOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    warp::Product product = op.getProduct();
    // NVVM has registers of f16 as vectors, all others as words.
    auto asOperands = [&](ValueRange values) {
      SmallVector<Value> operands(values);
      if (product == warp::Product::F16)
        for (Value &value : operands)
          value = LLVM::BitcastOp::create(rewriter, loc,
                                          VectorType::get({2}, rewriter.getF16Type()), value);
      return operands;
    };
    Type sum = op.getD().front().getType();
    auto result = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(4, sum));
    std::optional<NVVM::MMAIntOverflow> overflow;
    if (product == warp::Product::S8)
      overflow = NVVM::MMAIntOverflow::wrapped;
    NVVM::MMATypes type = typeOf(product);
    Value sums = NVVM::MmaOp::create(
        rewriter, loc, result, asOperands(adaptor.getA()), asOperands(adaptor.getB()),
        adaptor.getC(), ArrayRef<int64_t>{16, 8, depthOf(product)}, std::nullopt, overflow,
        std::array{type, type}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
    rewriter.replaceOp(op, elementsOf(rewriter, loc, sums));
    return success();
  }
};

struct CpAsyncLowering : ConvertOpToLLVMPattern<warp::CpAsyncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::CpAsyncOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value from = getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getFrom().getType()),
                                      adaptor.getFrom(), adaptor.getFromIndices());
    Value to = getStridedElementPtr(rewriter, loc, cast<MemRefType>(op.getTo().getType()),
                                    adaptor.getTo(), adaptor.getToIndices());
    auto global = LLVM::LLVMPointerType::get(getContext(), unsigned(NVVM::NVVMMemorySpace::Global));
    if (from.getType() != global)
      from = LLVM::AddrSpaceCastOp::create(rewriter, loc, global, from);
    // Only copies of 16 bytes can pass by the first cache.
    auto modifier =
        op.getBytes() == 16 ? NVVM::LoadCacheModifierKind::CG : NVVM::LoadCacheModifierKind::CA;
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncOp>(
        op, to, from, rewriter.getI32IntegerAttr(op.getBytes()),
        NVVM::LoadCacheModifierKindAttr::get(getContext(), modifier), adaptor.getValid());
    return success();
  }
};

struct CpAsyncCommitLowering : ConvertOpToLLVMPattern<warp::CpAsyncCommitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::CpAsyncCommitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncCommitGroupOp>(op);
    return success();
  }
};

struct CpAsyncWaitLowering : ConvertOpToLLVMPattern<warp::CpAsyncWaitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::CpAsyncWaitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncWaitGroupOp>(op, op.getPendingAttr());
    return success();
  }
};

/// Where the state of a barrier lies.
template <typename Op> struct MbarrierLowering : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  Value stateOf(Op op, typename Op::Adaptor adaptor, ConversionPatternRewriter &rewriter) const {
    return this->getStridedElementPtr(rewriter, op.getLoc(),
                                      cast<MemRefType>(op.getBarrier().getType()),
                                      adaptor.getBarrier(), adaptor.getIndices());
  }
};

struct MbarrierInitLowering : MbarrierLowering<warp::MbarrierInitOp> {
  using MbarrierLowering::MbarrierLowering;

  LogicalResult matchAndRewrite(warp::MbarrierInitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::MBarrierInitOp>(op, stateOf(op, adaptor, rewriter),
                                                      adaptor.getCount(), /*predicate=*/Value());
    return success();
  }
};

struct MbarrierArriveLowering : MbarrierLowering<warp::MbarrierArriveOp> {
  using MbarrierLowering::MbarrierLowering;

  LogicalResult matchAndRewrite(warp::MbarrierArriveOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    // What it gives names the phase; waits name theirs by its parity.
    NVVM::MBarrierArriveOp::create(rewriter, op.getLoc(), rewriter.getI64Type(),
                                   stateOf(op, adaptor, rewriter), /*count=*/Value(),
                                   NVVM::MemScopeKind::CTA, /*relaxed=*/false);
    rewriter.eraseOp(op);
    return success();
  }
};

struct MbarrierArriveCopiesLowering : MbarrierLowering<warp::MbarrierArriveCopiesOp> {
  using MbarrierLowering::MbarrierLowering;

  LogicalResult matchAndRewrite(warp::MbarrierArriveCopiesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    // Without noinc the phase would wait for one arrival more.
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncMBarrierArriveOp>(op, stateOf(op, adaptor, rewriter),
                                                               /*noinc=*/true);
    return success();
  }
};

struct MbarrierTryWaitLowering : MbarrierLowering<warp::MbarrierTryWaitOp> {
  using MbarrierLowering::MbarrierLowering;

  LogicalResult matchAndRewrite(warp::MbarrierTryWaitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    // mbarrier.test_wait, which does not hold the thread up: try_wait begins with sm_90.
    rewriter.replaceOpWithNewOp<NVVM::MBarrierTestWaitOp>(
        op, rewriter.getI1Type(), stateOf(op, adaptor, rewriter), adaptor.getParity(),
        NVVM::MemScopeKind::CTA, /*relaxed=*/false);
    return success();
  }
};

} // namespace

void fovea::populateWarpToNVVM(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<SharedLowering, VoteLowering, SyncWarpLowering, LdMatrixLowering, MmaSyncLowering,
               CpAsyncLowering, CpAsyncCommitLowering, CpAsyncWaitLowering, MbarrierInitLowering,
               MbarrierArriveLowering, MbarrierArriveCopiesLowering, MbarrierTryWaitLowering>(
      converter);
}
