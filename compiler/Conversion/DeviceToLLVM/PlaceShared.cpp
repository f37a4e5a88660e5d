//===- PlaceShared.cpp - places in the memory of the block ----------------===//
//
// Refuses kernels that no lowering takes, and lays the buffers of the others side by side.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/DeviceCode.h"
#include "compiler/Conversion/DeviceToLLVM/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace fovea {
#define GEN_PASS_DEF_PLACESHARED
#include "compiler/Conversion/DeviceToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Most threads of a block, on all devices.
static constexpr int64_t kMostThreads = 1024;

/// Threads of a block; 0 unless they are told, in one dimension.
static int64_t threadsOf(gpu::GPUFuncOp kernel) {
  std::optional<ArrayRef<int32_t>> size = kernel.getKnownBlockSize();
  return size && size->size() == 3 && (*size)[1] == 1 && (*size)[2] == 1 ? (*size)[0] : 0;
}

/// True for functions of math that are an instruction or a few on every target.
static bool isNative(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::RoundEvenOp, math::SqrtOp,
             math::TruncOp>(op);
}

static LogicalResult checkSignature(gpu::GPUFuncOp kernel) {
  if (!kernel.isKernel() || kernel.getNumResults() != 0)
    return kernel.emitOpError("expected a kernel without results");
  if (kernel.getNumWorkgroupAttributions() != 0 || kernel.getNumPrivateAttributions() != 0)
    return kernel.emitOpError("expected no memory attributions, but fovea_warp.shared and "
                              "memref.alloca");
  ArrayRef<Type> types = kernel.getArgumentTypes();
  if (types.empty() || !isa<LLVM::LLVMPointerType>(types.back()))
    return kernel.emitOpError("expected the pointer to the fault record as the last parameter");
  for (Type type : types)
    if (!type.isInteger(64) && type != LLVM::LLVMPointerType::get(kernel.getContext()))
      return kernel.emitOpError("expected parameters of i64 and !llvm.ptr, got ") << type;
  int64_t threads = threadsOf(kernel);
  if (threads < 1 || threads > kMostThreads)
    return kernel.emitOpError("expected a known block size of 1 to ")
           << kMostThreads << " threads in one dimension";
  return success();
}

/// True for what both lowerings know of the gpu dialect: threads, blocks, and values of 32 bits
/// that go from one thread to another.
static bool isKnown(Operation *op) {
  if (auto shuffle = dyn_cast<gpu::ShuffleOp>(op))
    return shuffle.getValue().getType().isInteger(32) || shuffle.getValue().getType().isF32();
  return isa<gpu::ThreadIdOp, gpu::BlockIdOp, gpu::BlockDimOp, gpu::GridDimOp, gpu::LaneIdOp,
             gpu::BarrierOp, gpu::ReturnOp>(op);
}

/// True for what has a form in device code, as far as one operation shows it.
static bool hasForm(Operation *op) {
  if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
    return isNative(op);
  if (isa_and_nonnull<gpu::GPUDialect>(op->getDialect()))
    return isKnown(op);
  return !isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp, arith::RemFOp>(op);
}

/// True for atomic operations on memory that blocks share.
static bool isGlobalAtomic(Operation *op) {
  if (auto rmw = dyn_cast<memref::AtomicRMWOp>(op))
    return !warp::isShared(rmw.getMemRefType());
  if (auto rmw = dyn_cast<memref::GenericAtomicRMWOp>(op))
    return !warp::isShared(cast<MemRefType>(rmw.getMemref().getType()));
  return isa<LLVM::AtomicRMWOp, LLVM::AtomicCmpXchgOp>(op);
}

static LogicalResult checkBody(gpu::GPUFuncOp kernel) {
  WalkResult result = kernel.getBody().walk([](Operation *op) -> WalkResult {
    if (hasForm(op))
      return WalkResult::advance();
    return op->emitOpError("has no form in device code");
  });
  return failure(result.wasInterrupted());
}

namespace {

struct PlaceShared : fovea::impl::PlaceSharedBase<PlaceShared> {
  using PlaceSharedBase::PlaceSharedBase;

  void runOnOperation() override {
    for (auto device : getOperation().getOps<gpu::GPUModuleOp>())
      for (auto kernel : device.getOps<gpu::GPUFuncOp>()) {
        if (failed(checkSignature(kernel)) || failed(checkBody(kernel)))
          return signalPassFailure();
        place(kernel);
      }
  }

  void place(gpu::GPUFuncOp kernel) {
    KernelFacts facts;
    facts.threads = threadsOf(kernel);
    facts.words = kernel.getNumArguments() - 1;
    kernel.walk([&](warp::SharedOp op) {
      facts.sharedBytes = llvm::alignTo(facts.sharedBytes, alignment);
      op.setOffset(facts.sharedBytes);
      facts.sharedBytes += op.getBytes();
      ++numBuffers;
    });
    kernel.walk([&](Operation *op) {
      facts.cooperative |= isa<warp::GridBarrierOp>(op);
      facts.atomics |= isGlobalAtomic(op);
    });
    setFacts(kernel, facts);
  }
};

} // namespace
