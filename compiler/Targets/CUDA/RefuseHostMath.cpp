//===- RefuseHostMath.cpp - no host's functions in kernels ----------------===//
//
// Kernels of a GPU cannot call the host table.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Targets/CUDA/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

namespace fovea {
#define GEN_PASS_DEF_REFUSEHOSTMATH
#include "compiler/Targets/CUDA/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

static StringRef nameOf(Value function) {
  APInt number;
  StringRef name;
  if (matchPattern(function, m_ConstantInt(&number)))
    name = nameOfHostMath(number.getSExtValue());
  return name.empty() ? "an elementary function" : name;
}

namespace {

struct RefuseHostMath : fovea::impl::RefuseHostMathBase<RefuseHostMath> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(kernel::kKernelAttr))
        continue;
      WalkResult walk = kernel.walk([](func::CallOp call) {
        if (call.getCallee() != kHostMathName)
          return WalkResult::advance();
        emitRefusal(call, kNoDeviceForm)
            << "'" << nameOf(call.getOperand(0))
            << "' of f64 has no form for a GPU, whose kernels have elementary functions of f32, "
               "f16 and bf16 alone";
        return WalkResult::interrupt();
      });
      if (walk.wasInterrupted())
        return signalPassFailure();
      ++numKernels;
    }
  }
};

} // namespace
