//===- Passes.h - register products to vectors ----------------------------===//
//
// Declares the pass that emits register products.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PASSES_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PASSES_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Conversion/KernelToVector/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/KernelToVector/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PASSES_H
