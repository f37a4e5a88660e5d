//===- ViewToLLVM.h - memrefs over raw pointers ---------------------------===//
//
// Declares the conversion of `fovea_kernel.view`, which host and device code share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_VIEWTOLLVM_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_VIEWTOLLVM_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/PatternMatch.h"

namespace fovea {

/// Adds the pattern that makes a memref's descriptor of a pointer, sizes and strides.
void populateViewToLLVM(const mlir::LLVMTypeConverter &converter,
                        mlir::RewritePatternSet &patterns);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_VIEWTOLLVM_H
