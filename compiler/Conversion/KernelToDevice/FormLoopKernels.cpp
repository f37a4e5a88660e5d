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
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

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
    for (scf::ForOp loop : loops)
      outline(loop);
  }

private:
  void outline(scf::ForOp loop) {
    SetVector<Value> captured, constants, inputs;
    captured.insert_range(loop->getOperands());
    getUsedValuesDefinedAbove(loop->getRegions(), captured);
    for (Value value : captured)
      (matchPattern(value, m_Constant()) ? constants : inputs).insert(value);
    OpBuilder builder(loop);
    requireElements(builder, loop);
    func::FuncOp kernel = makeKernel(loop, inputs, constants);
    kernel::LaunchOp::create(builder, loop.getLoc(), kernel.getName(), inputs.getArrayRef(),
                             Value());
    loop.erase();
    ++numLoops;
  }

  /// An index out of range goes on as 0: without an element 0 the loop must not start.
  static void requireElements(OpBuilder &builder, scf::ForOp loop) {
    Location loc = loop.getLoc();
    DenseSet<Value> done;
    loop.walk([&](CheckedIndexOp index) {
      Value extent = index.getExtent();
      std::optional<int64_t> known = getConstantIntValue(extent);
      if ((known && *known > 0) || !loop.isDefinedOutsideOfLoop(extent) ||
          !done.insert(extent).second)
        return;
      Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
      Value fine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, extent, zero);
      for (Operation *around = index; around != loop->getParentOp(); around = around->getParentOp())
        if (auto inner = dyn_cast<scf::ForOp>(around);
            inner && loop.isDefinedOutsideOfLoop(inner.getLowerBound()) &&
            loop.isDefinedOutsideOfLoop(inner.getUpperBound())) {
          Value none = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle,
                                             inner.getUpperBound(), inner.getLowerBound());
          fine = arith::OrIOp::create(builder, loc, fine, none);
        }
      RequireOp::create(builder, loc, fine, zero, extent, Fault::Index, index.getNodeAttr());
    });
  }

  func::FuncOp makeKernel(scf::ForOp loop, const SetVector<Value> &inputs,
                          const SetVector<Value> &constants) {
    OpBuilder builder(&getContext());
    Location loc = loop.getLoc();
    SmallVector<Type> types;
    for (Value input : inputs)
      types.push_back(kernelTypeOf(input.getType()));
    auto kernel = func::FuncOp::create(loc, "kernel_loop", builder.getFunctionType(types, {}));
    kernel.setPrivate();
    kernel->setAttr(kernel::kKernelAttr, builder.getUnitAttr());
    kernel->setAttr(kMayAliasAttr, builder.getUnitAttr());
    SymbolTable(getOperation()).insert(kernel);
    builder.setInsertionPointToStart(kernel.addEntryBlock());
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    auto grid = kernel::GridOp::create(builder, loc, one, kThreads);
    func::ReturnOp::create(builder, loc);
    Type index = builder.getIndexType();
    Block *block = builder.createBlock(&grid.getBody(), {}, {index, index}, {loc, loc});
    IRMapping mapping;
    for (auto [input, argument] : llvm::zip_equal(inputs, kernel.getArguments()))
      mapping.map(input, argument);
    for (Value constant : constants)
      builder.clone(*constant.getDefiningOp(), mapping);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value first =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, block->getArgument(1), zero);
    scf::IfOp::create(builder, loc, first, [&](OpBuilder &inner, Location) {
      inner.clone(*loop, mapping);
      scf::YieldOp::create(inner, loc);
    });
    kernel::YieldOp::create(builder, loc);
    return kernel;
  }
};

} // namespace
