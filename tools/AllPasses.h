//===- AllPasses.h - everything that the developers' tools register -------===//
//
// All dialects and passes, of Fovea and upstream.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TOOLS_ALLPASSES_H
#define FOVEA_TOOLS_ALLPASSES_H

#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/KernelToVector/Passes.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Driver/Dialects.h"
#include "compiler/Pipelines/CPU.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace fovea {

/// Adds all dialects to `registry`, and all passes and pipelines to the process.
inline void registerEverything(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  addDialects(registry);
  registerFoveaTransformsPasses();
  registerMathToArithPasses();
  registerTensorToKernelPasses();
  registerKernelToVectorPasses();
  registerKernelToLLVMPasses();
  registerCpuPasses();
  registerCpuPipelines();
}

} // namespace fovea

#endif // FOVEA_TOOLS_ALLPASSES_H
