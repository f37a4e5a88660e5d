//===- FormTeams.cpp - loops as one parallel region -----------------------===//
//
// A loop of the host that does nothing but launch kernels becomes one kernel, whose threads run the
// loop together and share out the tasks of each launch.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"

#include "mlir/IR/Matchers.h"

namespace fovea {
#define GEN_PASS_DEF_FORMTEAMS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct FormTeams : fovea::impl::FormTeamsBase<FormTeams> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    forLaunchingLoops(getOperation(),
                      [&](scf::ForOp loop, int64_t launches) { visit(symbols, loop, launches); });
    addToLedger(getOperation(), records);
  }

private:
  void visit(SymbolTable &symbols, scf::ForOp loop, int64_t launches) {
    std::string reason = onlyOnHost(loop.getRegion());
    bool fits = reason.empty();
    records.push_back(recordOfLoop(loop.getLoc(), fits ? "team" : "launches", launches,
                                   fits ? "" : "team", "order", reason)
                          .getDictionary(&getContext()));
    if (fits)
      form(symbols, loop);
  }

  void form(SymbolTable &symbols, scf::ForOp loop) {
    OpBuilder builder(loop);
    Value shares = sharesOf(builder, loop);
    // A thread that is alone in any run meets nobody.
    bool isAlone = matchPattern(shares, m_One()) && loop.getBody()->getOps<ProceedIfOp>().empty();
    launchAsKernel(
        symbols, builder, loop, "team", isAlone ? kernel::kSectionedAttr : kernel::kTeamAttr,
        shares, [&](OpBuilder &inner, IRMapping &mapping, Value) { inner.clone(*loop, mapping); });
    // Of the host's loop remains which buffers it gives.
    SmallVector<kernel::LaunchOp> launches;
    loop.walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    for (kernel::LaunchOp launch : launches)
      launch.erase();
    if (loop->use_empty())
      loop.erase();
    else
      countSteps(builder, loop);
    ++numTeams;
  }

  /// The host's loop has as many steps as the team's had.
  static void countSteps(OpBuilder &builder, scf::ForOp loop) {
    auto ends = llvm::to_vector(loop.getBody()->getOps<ProceedIfOp>());
    if (ends.empty())
      return;
    Location loc = loop.getLoc();
    Value steps = kernel::StepsOp::create(builder, loc, builder.getIndexType());
    Value span = arith::MulIOp::create(builder, loc, steps, loop.getStep());
    loop.setUpperBound(arith::AddIOp::create(builder, loc, loop.getLowerBound(), span));
    for (ProceedIfOp end : ends)
      end.erase();
  }

  /// Threads that share a step: all, or one when there is little to do.
  static Value sharesOf(OpBuilder &builder, scf::ForOp loop) {
    Location loc = loop.getLoc();
    Value enough = hasWorkForTeam(builder, loop);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    if (matchPattern(enough, m_Zero()))
      return one;
    Value threads = kernel::ThreadsOp::create(builder, loc, builder.getIndexType());
    if (matchPattern(enough, m_One()))
      return threads;
    return arith::SelectOp::create(builder, loc, enough, threads, one);
  }

  SmallVector<Attribute> records;
};

} // namespace
