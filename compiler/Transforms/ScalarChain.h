//===- ScalarChain.h - a chain of elementwise operations as one scalar ----===//
//
// Rewrites what elementwise tensor operations compute around a core (the product of query and key,
// the softmax) as scalar code in one block, with everything else as captures.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_SCALARCHAIN_H
#define FOVEA_COMPILER_TRANSFORMS_SCALARCHAIN_H

#include "compiler/Analysis/TensorAccess.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/SetVector.h"

namespace fovea {

/// Why something is not raised: the first operation that does not fit, and the reason.
struct Mismatch {
  mlir::Operation *op = nullptr;
  std::string reason;
};

/// Tensors (or outer scalars, with an empty index) that scalar code reads, shared by all chains of
/// one attention.
using ChainCaptures = llvm::SmallVector<TensorAccess>;

/// Scalar code in a block of its own. Its arguments, in any order: the core, then positions of
/// atoms and captures as they were needed. f16 and bf16 are computed in f32, f64 only around a core
/// in f64.
class ScalarChain {
public:
  /// `core` is the operation whose result is the block's first argument (for a contraction: its
  /// sum). Tensors that depend on the atoms `row` and `key` are computed in the chain.
  ScalarChain(IndexSpace &space, mlir::Operation *core, ChainCaptures &captures,
              llvm::ArrayRef<unsigned> rows, unsigned key);

  /// Builds the code for the element `access`. Null, with `mismatch` set, when it cannot.
  mlir::Value emit(const TensorAccess &access);

  mlir::Block &getBlock() { return *block; }
  mlir::Value getCore() { return block->getArgument(0); }
  /// Where the core is read; set once it is reached.
  const std::optional<TensorAccess> &getCoreAccess() const { return coreAccess; }
  /// Operations on the way to the core, the core among them.
  const llvm::SetVector<mlir::Operation *> &getPath() const { return path; }
  /// The argument of a capture or atom; null when the chain does not use it.
  mlir::Value captureArgument(unsigned capture) const { return captureArguments.lookup(capture); }
  const llvm::MapVector<unsigned, mlir::Value> &getAtomArguments() const { return atomArguments; }

  Mismatch mismatch;

private:
  bool leadsToCore(mlir::Value value);
  mlir::Value fail(mlir::Operation *op, const llvm::Twine &reason);
  mlir::Value emitUncached(const TensorAccess &access);
  mlir::Value emitCore(const TensorAccess &access);
  mlir::Value emitGeneric(mlir::linalg::GenericOp op, llvm::ArrayRef<LinearIndex> index);
  mlir::Value emitBody(mlir::Block &body, mlir::IRMapping &mapping,
                       llvm::ArrayRef<LinearIndex> loops);
  bool emitOperation(mlir::Operation &op, mlir::IRMapping &mapping,
                     llvm::ArrayRef<LinearIndex> loops);
  mlir::Value emitOuter(mlir::Value scalar);
  mlir::Value emitConstant(mlir::TypedAttr value, mlir::Location loc);
  mlir::Value emitIndex(const LinearIndex &index, mlir::Location loc);
  mlir::Value capture(const TensorAccess &access);
  bool belongsInChain(mlir::linalg::GenericOp op, const TensorAccess &access);

  IndexSpace &space;
  mlir::Operation *core;
  ChainCaptures &captures;
  llvm::SmallVector<unsigned> rows;
  unsigned key;
  std::unique_ptr<mlir::Block> block;
  mlir::OpBuilder builder;
  std::optional<TensorAccess> coreAccess;
  llvm::SetVector<mlir::Operation *> path;
  llvm::SmallVector<std::pair<TensorAccess, mlir::Value>> known;
  llvm::DenseMap<mlir::Value, bool> leads;
  llvm::DenseMap<unsigned, mlir::Value> captureArguments;
  llvm::MapVector<unsigned, mlir::Value> atomArguments;
};

/// f32 for f16 and bf16, any other type itself.
mlir::Type widenedType(mlir::Type type);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_SCALARCHAIN_H
