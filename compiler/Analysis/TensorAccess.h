//===- TensorAccess.h - where an element of a tensor comes from -----------===//
//
// Follows one element of a tensor back through reshapes, transposes and broadcasts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_ANALYSIS_TENSORACCESS_H
#define FOVEA_COMPILER_ANALYSIS_TENSORACCESS_H

#include "compiler/Analysis/IndexSpace.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace fovea {

/// The element of `value` at `index`, one form per dimension.
struct TensorAccess {
  mlir::Value value;
  llvm::SmallVector<LinearIndex> index;

  bool operator==(const TensorAccess &other) const {
    return value == other.value && index == other.index;
  }
  /// True when the position depends on the atom.
  bool uses(unsigned atom) const {
    return llvm::any_of(index, [&](const LinearIndex &part) { return part.uses(atom); });
  }
};

/// True when the generic is all-parallel on tensors, gives one of them and writes each element once
/// at a permutation of its dimensions.
bool isElementwiseGeneric(mlir::linalg::GenericOp op);

/// True when it only moves elements of its one input (transposes, repeats).
bool isCopyGeneric(mlir::linalg::GenericOp op);

/// Values of the generic's loop indices where it computes the element of its result at `index`.
llvm::SmallVector<LinearIndex> loopIndices(mlir::linalg::GenericOp op,
                                           llvm::ArrayRef<LinearIndex> index);

/// Access of an operand through `map` at the given loop indices.
std::optional<TensorAccess> accessOf(IndexSpace &space, mlir::Value operand, mlir::AffineMap map,
                                     llvm::ArrayRef<LinearIndex> loops);

/// The same element one reshape, cast, transpose or broadcast earlier; nothing when the value is
/// made otherwise, or when the position there is no linear form.
std::optional<TensorAccess> beforeView(IndexSpace &space, const TensorAccess &access);

/// The constant that every element of the tensor equals.
mlir::TypedAttr splatConstant(mlir::Value tensor);

} // namespace fovea

#endif // FOVEA_COMPILER_ANALYSIS_TENSORACCESS_H
