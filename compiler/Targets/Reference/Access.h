//===- Access.h - indexing maps as offsets --------------------------------===//
//
// Where the element of an operand lies for a point of an iteration space.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_ACCESS_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_ACCESS_H

#include "mlir/IR/AffineMap.h"

#include <optional>

namespace fovea::reference {

/// An indexing map applied to a dense row-major array of a shape. Map results that are sums of
/// multiples of dimensions become strides; others (floordiv, mod) are evaluated point by point.
class Access {
public:
  Access(mlir::AffineMap map, llvm::ArrayRef<int64_t> shape);

  /// True when every point of the box stays in the array, as far as strides tell.
  bool contains(llvm::ArrayRef<int64_t> extents) const;
  /// Offset of a point's element; -1 when a result that is no sum leaves the array.
  int64_t at(llvm::ArrayRef<int64_t> point) const;
  /// True when moving along the dimension moves by a fixed stride.
  bool isLinearIn(unsigned dim) const { return !nonlinear[dim]; }
  bool isLinear() const { return terms.empty(); }
  int64_t stride(unsigned dim) const { return strides[dim]; }

private:
  /// The map's result for one dimension of the array: a sum.
  struct Sum {
    llvm::SmallVector<int64_t> factors;
    int64_t constant, extent;
  };
  /// A result that is no sum.
  struct Term {
    mlir::AffineExpr expr;
    int64_t extent, stride;
  };
  llvm::SmallVector<int64_t> strides;
  llvm::SmallVector<bool> nonlinear;
  llvm::SmallVector<Sum> sums;
  llvm::SmallVector<Term> terms;
  int64_t base = 0;
};

/// Extents of the dimensions of maps over arrays of the given shapes: where a dimension is a result
/// of its own it has the array's extent. Nothing when extents disagree or one is found nowhere;
/// `why` then says so.
std::optional<llvm::SmallVector<int64_t>>
iterationExtents(llvm::ArrayRef<mlir::AffineMap> maps,
                 llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes, std::string &why);

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_ACCESS_H
