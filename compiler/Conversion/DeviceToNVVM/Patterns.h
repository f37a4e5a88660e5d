//===- Patterns.h - from warps to NVVM ------------------------------------===//
//
// Declares the two sets of patterns for operations of the dialect fovea_warp.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_DEVICETONVVM_PATTERNS_H
#define FOVEA_COMPILER_CONVERSION_DEVICETONVVM_PATTERNS_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/PatternMatch.h"

namespace fovea {

/// The dynamic buffer of a block's memory, in the module of device code.
inline constexpr llvm::StringLiteral kSharedSymbol = "fovea_shared";

/// Operations that NVVM has.
void populateWarpToNVVM(const mlir::LLVMTypeConverter &converter,
                        mlir::RewritePatternSet &patterns);

/// Operations that NVVM lacks or orders otherwise than they need: all PTX text is there.
void populateWarpToInlinePtx(const mlir::LLVMTypeConverter &converter,
                             mlir::RewritePatternSet &patterns);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_DEVICETONVVM_PATTERNS_H
