//===- HostAbi.h - reads of the call and calls of its host ----------------===//
//
// Builds IR for the structures of fovea_abi.h; the only place that knows their layout.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_HOSTABI_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_HOSTABI_H

#include "dialects/Fovea/FoveaDialect.h"
#include "fovea_abi.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace fovea {

/// Builder of ABI accesses at one place, for one fovea_call pointer.
class HostAbi {
public:
  HostAbi(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value call)
      : builder(builder), loc(loc), call(call) {}

  /// Pointer to the data of input `index`.
  mlir::Value input(int64_t index);
  /// Pointer to its elements in the host's memory.
  mlir::Value hostInput(int64_t index);
  /// Value of symbol `index`, as i64.
  mlir::Value symbol(int64_t index);
  /// Threads that the run may use, as i64.
  mlir::Value threads();
  /// Pointer `offset` (i64) bytes into the weights section or the arena.
  mlir::Value weights(mlir::Value offset);
  mlir::Value arena(mlir::Value offset);

  /// Calls of the host's functions; arguments as in fovea_abi.h, without the call.
  void parallelFor(mlir::Value task, mlir::Value args, mlir::Value count);
  void team(mlir::Value task, mlir::Value args, mlir::Value shares);
  mlir::Value share(mlir::Value slot);
  mlir::Value proceed(mlir::Value slot, mlir::Value condition);
  mlir::Value steps();
  void launch(int64_t kernel, mlir::Value blocks, mlir::Value args);
  mlir::Value output(int64_t index, mlir::ValueRange sizes);
  mlir::Value allocate(mlir::Value bytes);
  void fault(fovea_fault fault, int64_t node, mlir::Value value, mlir::Value limit);
  void stop(fovea_fault fault, int64_t node, mlir::Value value, mlir::Value limit);
  mlir::Value math(mlir::Value function, mlir::Value a, mlir::Value b);

  /// An i64 constant.
  mlir::Value word(int64_t value);
  /// An index value as i64.
  mlir::Value word(mlir::Value index);
  /// Loads `type` at byte `offset` of `pointer`.
  mlir::Value load(mlir::Type type, mlir::Value pointer, int64_t offset);
  /// Pointer `offset` (i64) bytes behind `pointer`.
  mlir::Value advance(mlir::Value pointer, mlir::Value offset);

private:
  mlir::Value hostFunction(int64_t offset);
  mlir::Value invoke(int64_t offset, mlir::Type result, mlir::ValueRange arguments);
  mlir::Type pointerType() { return mlir::LLVM::LLVMPointerType::get(builder.getContext()); }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value call;
};

/// Stack memory of `words` 8-byte words, allocated once at the start of the enclosing function.
mlir::Value stackWords(mlir::OpBuilder &builder, mlir::Location loc, int64_t words);

/// A checked index: as it was given, whether it is in range once wrapped, and that or 0.
struct CheckedIndex {
  mlir::Value raw, inside, index;
};

/// wrapped = index < 0 ? index + extent : index, in range in [0, extent).
CheckedIndex checkIndex(mlir::OpBuilder &builder, CheckedIndexOp op);

/// Runs what `body` builds unless the condition holds.
void onFailure(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value condition,
               llvm::function_ref<void(mlir::OpBuilder &)> body);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_HOSTABI_H
