//===- InlinePtx.cpp - what NVVM does not have, as PTX --------------------===//
//
// The only file with PTX text: approximations that read denormal numbers as 0, the barrier of all
// blocks, the first fault. Semantics: PTX ISA 8.0.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToNVVM/Patterns.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"
#include "fovea_device_abi.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace fovea;

/// Inline assembly with one result of `result`, or none for null.
static LLVM::InlineAsmOp assembly(OpBuilder &builder, Location loc, Type result,
                                  ValueRange operands, StringRef text, StringRef constraints,
                                  bool hasEffects) {
  return LLVM::InlineAsmOp::create(builder, loc, result ? TypeRange(result) : TypeRange(), operands,
                                   builder.getStringAttr(text), builder.getStringAttr(constraints),
                                   hasEffects ? builder.getUnitAttr() : UnitAttr(), UnitAttr(),
                                   LLVM::TailCallKindAttr(), LLVM::AsmDialectAttr(), ArrayAttr());
}

static StringRef textOf(warp::Approximation function) {
  switch (function) {
  case warp::Approximation::Ex2:
    return "ex2.approx.ftz.f32 $0, $1;";
  case warp::Approximation::Lg2:
    return "lg2.approx.ftz.f32 $0, $1;";
  case warp::Approximation::Rcp:
    return "rcp.approx.ftz.f32 $0, $1;";
  case warp::Approximation::Rsqrt:
    return "rsqrt.approx.ftz.f32 $0, $1;";
  case warp::Approximation::Tanh:
    return "tanh.approx.f32 $0, $1;";
  case warp::Approximation::TF32:
    return "cvt.rna.tf32.f32 $0, $1;";
  }
  llvm_unreachable("no such function");
}

/// Each block adds 1, the first so much that the sum of all is 2^31: the top bit changes when the
/// last has come, and the counter serves the next barrier as it is. One thread of each block does
/// this, between two barriers of the block. $0 is the counter.
static constexpr llvm::StringLiteral kGridBarrier = R"({
.reg .pred other, first, early;
.reg .b32 mine, blocks, add, old, now;
mov.u32 mine, %tid.x;
setp.ne.u32 other, mine, 0;
@other bra arrived;
mov.u32 mine, %ctaid.x;
mov.u32 blocks, %nctaid.x;
sub.u32 add, 0x80000001, blocks;
setp.eq.u32 first, mine, 0;
selp.b32 add, add, 1, first;
atom.add.acq_rel.gpu.u32 old, [$0], add;
again:
ld.acquire.gpu.u32 now, [$0];
xor.b32 now, now, old;
setp.ge.s32 early, now, 0;
@early bra again;
arrived:
})";

/// $0 is the record, $1 the kind, $2 the node, $3 the value, $4 the limit.
static constexpr llvm::StringLiteral kFault = R"({
.reg .pred first;
.reg .b32 old;
atom.relaxed.gpu.cas.b32 old, [$0], 0, 1;
setp.eq.b32 first, old, 0;
@first st.b32 [$0+4], $1;
@first st.b64 [$0+8], $2;
@first st.b64 [$0+16], $3;
@first st.b64 [$0+24], $4;
})";

static_assert(offsetof(fovea_fault_record, taken) == 0 &&
              offsetof(fovea_fault_record, fault) == 4 && offsetof(fovea_fault_record, node) == 8 &&
              offsetof(fovea_fault_record, value) == 16 &&
              offsetof(fovea_fault_record, limit) == 24);

namespace {

struct ApproxLowering : ConvertOpToLLVMPattern<warp::ApproxOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::ApproxOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    StringRef text = textOf(op.getFunction());
    if (op.getFunction() != warp::Approximation::TF32) {
      rewriter.replaceOp(op, assembly(rewriter, loc, op.getType(), adaptor.getX(), text, "=f,f",
                                      /*hasEffects=*/false));
      return success();
    }
    // PTX has tf32 in registers of bits.
    auto word = assembly(rewriter, loc, rewriter.getI32Type(), adaptor.getX(), text, "=r,f",
                         /*hasEffects=*/false);
    rewriter.replaceOpWithNewOp<LLVM::BitcastOp>(op, op.getType(), word.getResult(0));
    return success();
  }
};

struct GridBarrierLowering : ConvertOpToLLVMPattern<warp::GridBarrierOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::GridBarrierOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    NVVM::Barrier0Op::create(rewriter, op.getLoc());
    assembly(rewriter, op.getLoc(), Type(), adaptor.getCounter(), kGridBarrier, "l,~{memory}",
             /*hasEffects=*/true);
    rewriter.replaceOpWithNewOp<NVVM::Barrier0Op>(op);
    return success();
  }
};

struct FaultLowering : ConvertOpToLLVMPattern<warp::FaultOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(warp::FaultOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value kind = LLVM::ConstantOp::create(rewriter, loc, op.getKindAttr());
    Value node = LLVM::ConstantOp::create(rewriter, loc, op.getNodeAttr());
    rewriter.replaceOp(
        op, assembly(rewriter, loc, Type(),
                     {adaptor.getRecord(), kind, node, adaptor.getValue(), adaptor.getLimit()},
                     kFault, "l,r,l,l,l,~{memory}", /*hasEffects=*/true));
    return success();
  }
};

} // namespace

void fovea::populateWarpToInlinePtx(const LLVMTypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<ApproxLowering, GridBarrierLowering, FaultLowering>(converter);
}
