//===- SizeSlice.h - sizes as functions of symbolic dimensions ------------===//
//
// Decides whether a size is computed from an entry's symbols alone, and repeats its computation
// elsewhere.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_SIZESLICE_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_SIZESLICE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace fovea {

/// Array of strings on an entry: its symbols in the order of the manifest.
inline constexpr llvm::StringLiteral kSymbolsAttr = "fovea.symbols";

/// True when `value` is computed by pure integer arithmetic from fovea_kernel.symbol and constants.
bool isFunctionOfSymbols(mlir::Value value);

/// Clones the computation of `value` at the builder's place, with symbol i replaced by symbols[i].
mlir::Value cloneSlice(mlir::OpBuilder &builder, mlir::Value value, mlir::ValueRange symbols,
                       mlir::IRMapping &mapping);

/// The value when every symbol is 128; only an estimate for ordering, at least 1.
int64_t estimate(mlir::Value value);

/// Bytes of one element in memory (i1 takes one byte).
int64_t byteWidth(mlir::Type element);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_SIZESLICE_H
