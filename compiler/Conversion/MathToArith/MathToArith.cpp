//===- MathToArith.cpp - the pass fovea-math-to-arith ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/MathToArith.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_MATHTOARITH
#include "compiler/Conversion/MathToArith/Passes.h.inc"

using namespace mlir;

namespace {
/// Counts for the statistics.
struct Counter : RewriterBase::Listener {
  int64_t expanded = 0, hostCalls = 0;

  void notifyOperationReplaced(Operation *op, ValueRange replacement) override { ++expanded; }
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint previous) override {
    if (auto call = dyn_cast<func::CallOp>(op))
      hostCalls += call.getCallee() == kHostMathName;
  }
};

struct MathToArith : impl::MathToArithBase<MathToArith> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathToArithPatterns(patterns);
    Counter counter;
    walkAndApplyPatterns(getOperation(), std::move(patterns), &counter);
    numExpanded += counter.expanded;
    numHostCalls += counter.hostCalls;
  }
};
} // namespace
} // namespace fovea
