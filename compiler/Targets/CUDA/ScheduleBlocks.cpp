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
  using ScheduleBlocksBase::ScheduleBlocksBase;

  void runOnOperation() override {
    const loops::BoundForm forms[] = {
        bind(cuda::kDecodeTiles),   bind(cuda::kTileAttention), bind(cuda::kDecodeAttention),
        bind(cuda::kWarpAttention), bind(loops::kRowAttention), bind(cuda::kResidentGates),
        bind(cuda::kWarpGates),     bind(loops::kLoopGates),    cuda::tileProduct(tf32),
        bind(cuda::kFmaProduct),    bind(cuda::kWarpProduct),   bind(loops::kLoopProduct),
        bind(loops::kRowSoftmax),   bind(loops::kRowNorm),      bind(loops::kReduction),
        bind(loops::kElementwise)};
    FailureOr<int64_t> scheduled =
        loops::scheduleKernels(getOperation(), {forms, "CUDA", /*note=*/nullptr, kLoopThreads});
    if (failed(scheduled))
      return signalPassFailure();
    numScheduled += *scheduled;
  }
};

} // namespace
