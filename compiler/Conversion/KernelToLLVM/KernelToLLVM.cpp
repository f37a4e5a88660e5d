//===- KernelToLLVM.cpp - the last conversion and legality check ----------===//
//
// Converts all that is left to the LLVM dialect.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/CodeToLLVM.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"

#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/DialectConversion.h"

namespace fovea {
#define GEN_PASS_DEF_KERNELTOLLVM
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct KernelToLLVM : fovea::impl::KernelToLLVMBase<KernelToLLVM> {
  void runOnOperation() override {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateCodeToLLVM(converter, patterns);

    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp, WeightOp>();
    target.addLegalOp<UnrealizedConversionCastOp>();
    // Kernels of a GPU are in LLVM's and NVVM's dialects already, their constants are not.
    target.addLegalOp<gpu::GPUModuleOp>();
    target.addLegalDialect<NVVM::NVVMDialect>();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      (void)function;
      ++numFunctions;
    }
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    takeLoopAnnotations(getOperation());
  }
};

} // namespace
