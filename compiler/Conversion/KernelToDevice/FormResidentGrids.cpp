//===- FormResidentGrids.cpp - loops as one launch ------------------------===//
//
// A loop of the host that does nothing but launch kernels becomes one kernel, whose blocks stay on
// the device for all steps and wait for each other between launches.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/EarlyEnd.h"
#include "compiler/Conversion/KernelToDevice/KeptMemory.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"

#include "mlir/IR/SymbolTable.h"

namespace fovea {
#define GEN_PASS_DEF_FORMRESIDENTGRIDS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Bytes of memory that a block can have on all devices since compute capability 8.0.
static constexpr int64_t kMostShared = 99 << 10;
/// The forms of a loop.
static constexpr llvm::StringLiteral kForm = "resident_grid", kLaunches = "launches";

namespace {

/// Why a loop stays with the host: a class and a sentence. Empty when it does not.
struct Obstacle {
  StringRef reason;
  std::string text;
};

struct FormResidentGrids : fovea::impl::FormResidentGridsBase<FormResidentGrids> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    forLaunchingLoops(getOperation(),
                      [&](scf::ForOp loop, int64_t launches) { visit(symbols, loop, launches); });
    addToLedger(getOperation(), records);
  }

private:
  void visit(SymbolTable &symbols, scf::ForOp loop, int64_t launches) {
    Obstacle obstacle = obstacleOf(loop);
    bool fits = obstacle.reason.empty();
    StringRef taken = fits ? kForm : kLaunches, refused = fits ? StringLiteral("") : kForm;
    records.push_back(
        recordOfLoop(loop.getLoc(), taken, launches, refused, obstacle.reason, obstacle.text)
            .getDictionary(&getContext()));
    if (fits)
      form(symbols, loop);
  }

  /// Threads of a block that can run each launch's blocks: the most that one has.
  static int64_t threadsFor(scf::ForOp loop) {
    int64_t most = 0;
    loop.walk([&](kernel::LaunchOp launch) {
      most = std::max<int64_t>(most, gridOf(kernelOf(launch)).getThreads());
    });
    return most;
  }

  static Obstacle obstacleOf(scf::ForOp loop) {
    if (std::string text = onlyOnHost(loop.getRegion()); !text.empty())
      return {"order", text};
    int64_t threads = threadsFor(loop), shared = 0, other = 0;
    loop.walk([&](kernel::LaunchOp launch) {
      func::FuncOp kernel = kernelOf(launch);
      int64_t own = gridOf(kernel).getThreads();
      if (threads % own != 0 || (own != threads && needsWholeBlock(kernel)))
        other = own;
      shared += llvm::alignTo(sharedBytesOf(kernel), 1024);
    });
    if (other != 0)
      return {"threads", "its steps launch blocks of " + std::to_string(other) + " and of " +
                             std::to_string(threads) + " threads"};
    if (shared > kMostShared)
      return {"shared", "its kernels use " + std::to_string(shared) +
                            " bytes of a block's memory together, more than " +
                            std::to_string(kMostShared)};
    return {};
  }

  void form(SymbolTable &symbols, scf::ForOp loop) {
    Location loc = loop.getLoc();
    OpBuilder builder(loop);
    OuterValues outer = outerValuesOf(loop);
    func::FuncOp kernel =
        launchNewKernel(symbols, builder, loop, "resident", kMayAliasAttr, outer.inputs, {});
    OpBuilder inner = OpBuilder::atBlockBegin(&kernel.front());
    IRMapping mapping = bringOuterValues(inner, kernel, outer);
    int64_t threads = threadsFor(loop);
    numKept += markKept(loop);
    Value end = endOf(loop);
    Value blocks = blocksOfUse(inner, loop, threads, mapping);
    auto grid = kernel::GridOp::create(inner, loc, blocks, threads);
    Type index = inner.getIndexType();
    Block *body = inner.createBlock(&grid.getBody(), {}, {index, index}, {loc, loc});
    auto steps = cast<scf::ForOp>(inner.clone(*loop, mapping));
    inner.setInsertionPointToEnd(body);
    kernel::YieldOp::create(inner, loc);
    Value cell = end ? mapping.lookup(end) : Value();
    inlineLaunches(steps, grid, cell);
    if (cell) {
      endEarly(steps, cell);
      ++numEnding;
    }
    leaveViews(symbols, loop);
    ++numFormed;
  }

  /// Of the host's loop remains which buffers it gives; kernels without a launch go.
  void leaveViews(SymbolTable &symbols, scf::ForOp loop) {
    SmallVector<kernel::LaunchOp> launches;
    loop.walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    for (kernel::LaunchOp launch : launches) {
      func::FuncOp kernel = kernelOf(launch);
      launch.erase();
      if (kernel.symbolKnownUseEmpty(getOperation()))
        symbols.erase(kernel);
    }
    if (loop->use_empty())
      loop.erase();
  }

  SmallVector<Attribute> records;
};

} // namespace
