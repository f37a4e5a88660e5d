//===- ScheduleBlocks.cpp - a form for every kernel -----------------------===//
//
// The order of the forms of CUDA devices.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/Passes.h"

namespace fovea {
#define GEN_PASS_DEF_SCHEDULEBLOCKS
#include "compiler/Targets/CUDA/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Threads of a block where each has an element or a row of its own.
static constexpr int64_t kLoopThreads = 128;

namespace {

struct ScheduleBlocks : fovea::impl::ScheduleBlocksBase<ScheduleBlocks> {
  void runOnOperation() override {
    const loops::BoundForm forms[] = {
        loops::bind(cuda::kTileAttention), loops::bind(cuda::kWarpAttention),
        loops::bind(loops::kRowAttention), loops::bind(loops::kLoopGates),
        loops::bind(loops::kLoopProduct),  loops::bind(loops::kRowSoftmax),
        loops::bind(loops::kRowNorm),      loops::bind(loops::kReduction),
        loops::bind(loops::kElementwise)};
    FailureOr<int64_t> scheduled =
        loops::scheduleKernels(getOperation(), {forms, "CUDA", /*note=*/nullptr, kLoopThreads});
    if (failed(scheduled))
      return signalPassFailure();
    numScheduled += *scheduled;
  }
};

} // namespace
