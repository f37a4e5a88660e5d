//===- ArgumentBlock.h - the words that a kernel is launched with ---------===//
//
// Builds IR that packs a launch's arguments into 8-byte words, and that takes them out again. Tasks
// of the CPU and kernels of devices have the same block (fovea_abi.h, fovea_device_abi.h).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_ARGUMENTBLOCK_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_ARGUMENTBLOCK_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"

namespace fovea {

/// Strides of a memref's layout that only the run tells, by dimension; none for the identity.
llvm::SmallVector<unsigned> dynamicStrides(mlir::MemRefType type);

/// Words that an argument takes in the block.
int64_t wordsOf(mlir::Type type);

/// True for what the argument block can carry.
bool isPassable(mlir::Type type);

/// A scalar as an i64 word, and the scalar of `type` behind one.
mlir::Value toWord(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);
mlir::Value fromWord(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value word,
                     mlir::Type type);

/// Calls `store` with each word of a buffer that the kernel sees as `seen`.
void storeBuffer(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value buffer,
                 mlir::MemRefType seen, llvm::function_ref<void(mlir::Value)> store);

/// Stack memory that holds `first` (which may be null) and the arguments of a kernel that sees them
/// as `seen`.
mlir::Value packArguments(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value first,
                          mlir::ValueRange arguments, mlir::TypeRange seen);

/// The argument of `type` behind the block arguments (pointers, words as index or i64, scalars)
/// from number `next` on, which moves behind them.
mlir::Value unpackArgument(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                           mlir::Block &block, unsigned &next);

/// Fails with an error unless a kernel can be launched: one block, arguments that the block can
/// carry, no results, and a number of tasks or blocks computed from its arguments.
mlir::LogicalResult checkKernel(mlir::func::FuncOp kernel, mlir::Value count);

/// True when `value` is computed in `block` from its arguments, without effects.
bool isComputedFromArguments(mlir::Value value, mlir::Block *block);

/// Repeats such a computation where the arguments are what `mapping` says.
mlir::Value cloneComputation(mlir::OpBuilder &builder, mlir::Value value, mlir::IRMapping &mapping);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_ARGUMENTBLOCK_H
