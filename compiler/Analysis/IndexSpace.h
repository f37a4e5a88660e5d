//===- IndexSpace.h - positions as sums of loop indices -------------------===//
//
// Positions in tensors as linear forms over the indices of a loop nest, and what reshapes do to
// them. A loop over merged dimensions (batch * heads) is cut in two where a reshape asks for it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_ANALYSIS_INDEXSPACE_H
#define FOVEA_COMPILER_ANALYSIS_INDEXSPACE_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/SmallVector.h"

#include <map>
#include <optional>

namespace fovea {

/// offset + the sum of factor * atom. Atoms of extent 1 are left out.
struct LinearIndex {
  /// (atom, factor), in order of atoms, no factor 0.
  llvm::SmallVector<std::pair<unsigned, int64_t>, 4> terms;
  int64_t offset = 0;

  bool operator==(const LinearIndex &other) const {
    return terms == other.terms && offset == other.offset;
  }
  bool isZero() const { return terms.empty() && offset == 0; }
  bool uses(unsigned atom) const;
  /// The only atom when the form is just that atom.
  std::optional<unsigned> singleAtom() const;
  LinearIndex plus(const LinearIndex &other) const;
  LinearIndex times(int64_t factor) const;
};

/// Dimensions of a loop nest, each cut into atoms by the strides at which reshapes divide it.
class IndexSpace {
public:
  struct Atom {
    /// Dimension, and stride of the atom in it.
    unsigned dim;
    int64_t stride;
    /// ShapedType::kDynamic when unknown.
    int64_t extent;
  };
  /// Strides at which each dimension is cut; kept from one attempt to the next.
  using Cuts = std::map<unsigned, llvm::SmallVector<int64_t>>;

  explicit IndexSpace(const Cuts &cuts) : cuts(cuts) {}

  /// The next dimension; only those that may be `cut` are divided.
  LinearIndex addDim(int64_t extent, bool cut);

  /// Quotient and remainder by a positive constant. When they are no linear forms, but would be if
  /// a dimension were cut, `newCut` says so.
  std::optional<std::pair<LinearIndex, LinearIndex>> divide(const LinearIndex &index, int64_t by);

  /// Value of an affine expression whose dimensions are `dims`.
  std::optional<LinearIndex> evaluate(mlir::AffineExpr expr, llvm::ArrayRef<LinearIndex> dims);

  const Atom &atom(unsigned number) const { return atoms[number]; }
  unsigned size() const { return atoms.size(); }

  /// A cut that would have helped: dimension and stride.
  std::optional<std::pair<unsigned, int64_t>> newCut;

private:
  std::optional<int64_t> largest(const LinearIndex &index) const;
  void suggestCut(const LinearIndex &index, int64_t by);

  const Cuts &cuts;
  llvm::SmallVector<Atom> atoms;
  llvm::SmallVector<bool> cuttable;
};

} // namespace fovea

#endif // FOVEA_COMPILER_ANALYSIS_INDEXSPACE_H
