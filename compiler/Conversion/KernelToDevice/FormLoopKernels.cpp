//===- FormLoopKernels.cpp - loops of scalars become kernels --------------===//
//
// A loop that reads and writes single elements is one thread's work where its elements lie.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/DeviceScalars.h"
#include "compiler/Conversion/KernelToDevice/LoopsOfScalars.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/TensorToKernel/KernelArguments.h"
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace fovea {
#define GEN_PASS_DEF_FORMLOOPKERNELS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Threads of the one block, of which the first works.
static constexpr int64_t kThreads = 32;

bool fovea::isLoopOfScalars(scf::ForOp loop) {
  if (loop.getNumResults() != 0)
    return false;
  bool isOnDevice = false;
  WalkResult walk = loop.getBody()->walk([&](Operation *op) {
    bool checks = isa<RequireOp>(op) && op->getBlock()->getTerminator()->getNumOperands() == 0;
    isOnDevice |= isa<memref::StoreOp>(op) || loadsFromDevice(op);
    bool isOne = checks ||
                 isa<memref::LoadOp, memref::StoreOp, scf::ForOp, scf::IfOp, scf::YieldOp>(op) ||
                 (op->getNumRegions() == 0 && isMemoryEffectFree(op));
    bool isScalar =
        llvm::all_of(op->getResultTypes(), [](Type type) { return type.isIntOrIndexOrFloat(); });
    return isOne && isScalar ? WalkResult::advance() : WalkResult::interrupt();
  });
  return isOnDevice && !walk.wasInterrupted();
}

void fovea::walkLoopsOfScalars(func::FuncOp entry, function_ref<void(scf::ForOp)> take) {
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto loop = dyn_cast<scf::ForOp>(op);
    if (!loop || !isLoopOfScalars(loop))
      return WalkResult::advance();
    take(loop);
    return WalkResult::skip();
  });
}

namespace {

struct FormLoopKernels : fovea::impl::FormLoopKernelsBase<FormLoopKernels> {
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr(kEntryAttr))
        walkLoopsOfScalars(entry, [&](scf::ForOp loop) { loops.push_back(loop); });
    SymbolTable symbols(getOperation());
    for (scf::ForOp loop : loops)
      outline(symbols, loop);
  }

private:
  void outline(SymbolTable &symbols, scf::ForOp loop) {
    OpBuilder builder(loop);
    requireElements(builder, loop, [&](CheckedIndexOp index) {
      SmallVector<Value> empty;
      for (auto around = index->getParentOfType<scf::ForOp>(); around && loop->isAncestor(around);
           around = around->getParentOfType<scf::ForOp>())
        if (loop.isDefinedOutsideOfLoop(around.getLowerBound()) &&
            loop.isDefinedOutsideOfLoop(around.getUpperBound()))
          empty.push_back(arith::CmpIOp::create(builder, index.getLoc(), arith::CmpIPredicate::sle,
                                                around.getUpperBound(), around.getLowerBound()));
      return empty;
    });
    OuterValues outer = outerValuesOf(loop);
    func::FuncOp kernel =
        launchNewKernel(symbols, builder, loop, "kernel_loop", kMayAliasAttr, outer.inputs, {});
    fill(kernel, loop, outer);
    loop.erase();
    ++numLoops;
  }

  /// The first thread of one block runs the loop.
  static void fill(func::FuncOp kernel, scf::ForOp loop, const OuterValues &outer) {
    OpBuilder builder = OpBuilder::atBlockBegin(&kernel.front());
    Location loc = loop.getLoc();
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    auto grid = kernel::GridOp::create(builder, loc, one, kThreads);
    Type index = builder.getIndexType();
    Block *block = builder.createBlock(&grid.getBody(), {}, {index, index}, {loc, loc});
    IRMapping mapping = bringOuterValues(builder, kernel, outer);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value first =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, block->getArgument(1), zero);
    scf::IfOp::create(builder, loc, first, [&](OpBuilder &inner, Location) {
      inner.clone(*loop, mapping);
      scf::YieldOp::create(inner, loc);
    });
    kernel::YieldOp::create(builder, loc);
  }
};

} // namespace
