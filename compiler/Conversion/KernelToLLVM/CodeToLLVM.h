//===- CodeToLLVM.h - what host and device code convert alike -------------===//
//
// Patterns to the LLVM dialect that do not depend on where the code runs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_CODETOLLVM_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_CODETOLLVM_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/PatternMatch.h"

namespace fovea {

/// Adds the patterns for arith, cf, index, math, memref, vector, `fovea_kernel.view` and
/// `fovea_kernel.rebase`. Those for math come before any that make calls of a library.
void populateCodeToLLVM(const mlir::LLVMTypeConverter &converter,
                        mlir::RewritePatternSet &patterns);

/// Gives branches back the annotations of their loops. Upstream's conversions carry them as an
/// attribute of any name, which the translation to LLVM IR does not read.
void takeLoopAnnotations(mlir::Operation *root);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_CODETOLLVM_H
