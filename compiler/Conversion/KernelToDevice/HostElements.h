//===- HostElements.h - elements of tensors that the host computes --------===//
//
// Sizes travel through small tensors: a model joins the extents of a tensor, multiplies them and
// reads the products. Host code computes such an element by itself where it depends on extents,
// constants and small inputs alone.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_HOSTELEMENTS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_HOSTELEMENTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

#include <map>

namespace fovea {

/// Of lists of sizes, axes or steps, which the host can read: elements of an input at most.
inline constexpr int64_t kMostHostElements = 64;

/// Inputs of an entry in the host's memory, as buffers that kernels do not know.
class HostInputs {
public:
  /// The element, read where the entry begins; null for what is no input that the host can read.
  mlir::Value elementOf(mlir::Value tensor, llvm::ArrayRef<int64_t> index);

private:
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
};

/// One element, followed back at the place of what reads it. Every step takes one element of a
/// tensor at constant indices; computations are repeated for that element, sums term by term.
class HostElement {
public:
  HostElement(mlir::tensor::ExtractOp extract, HostInputs &given)
      : builder(extract), extract(extract), given(given) {
    value = indicesOf(extract, extract.getIndices());
  }

  /// The element as a scalar; null when the host cannot compute it.
  mlir::Value get() const { return value; }
  /// The inputs that it is computed from.
  llvm::ArrayRef<mlir::BlockArgument> inputs() const { return sources.getArrayRef(); }
  /// Erases what was built.
  void giveUp();

private:
  using Index = llvm::SmallVector<int64_t>;

  mlir::Value indicesOf(mlir::tensor::ExtractOp op, mlir::ValueRange indices);
  mlir::Value element(mlir::Value tensor, const Index &index);
  mlir::Value trace(mlir::Value tensor, const Index &index);
  mlir::Value ofConstant(mlir::Attribute values, mlir::Value tensor, const Index &index);
  mlir::Value ofReshape(mlir::Value source, mlir::Value result, const Index &index);
  mlir::Value ofSlice(mlir::tensor::ExtractSliceOp op, const Index &index);
  mlir::Value ofInserted(mlir::tensor::InsertSliceOp op, const Index &index);
  mlir::Value ofInserted(mlir::tensor::InsertOp op, const Index &index);
  mlir::Value ofComputation(mlir::linalg::LinalgOp op, mlir::OpResult result, const Index &index);
  /// The results of one step of a computation at the loops' indices; `carried` are the elements of
  /// its results before it.
  bool step(mlir::linalg::LinalgOp op, llvm::ArrayRef<int64_t> loops,
            llvm::SmallVectorImpl<mlir::Value> &carried);
  bool repeat(mlir::Operation &op, llvm::ArrayRef<int64_t> loops, mlir::IRMapping &mapping);
  /// What is built is kept in mind; a constant where it folds.
  mlir::Operation *note(mlir::Operation *op);

  mlir::OpBuilder builder;
  mlir::tensor::ExtractOp extract;
  HostInputs &given;
  mlir::Value value;
  std::map<std::pair<void *, std::vector<int64_t>>, mlir::Value> known;
  llvm::SetVector<mlir::BlockArgument> sources;
  llvm::SmallVector<mlir::Operation *> built;
};

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_HOSTELEMENTS_H
