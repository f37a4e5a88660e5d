//===- Emitter.h - building operations from symbolic sizes ----------------===//
//
// Wraps a builder with what operators of a model need again and again: sizes as values, types from
// sizes, generic operations, reshapes with unknown sizes, and run-time requirements.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_EMITTER_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_EMITTER_H

#include "compiler/Base/SizeExpr.h"
#include "compiler/Frontends/Onnx/OnnxTypes.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea::onnx_frontend {

using Sizes = llvm::SmallVector<SizeExpr, 4>;

/// Builds the scalar body of a generic operation: block arguments to yielded values.
using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ImplicitLocOpBuilder &,
                                                               mlir::ValueRange)>;

/// A dimension of a tensor that the run may expand: its size afterwards, and whether it has that
/// size before, or 1.
struct ExpandedDim {
  int64_t number;
  mlir::Value want, equal, single;
};
struct Expansion {
  mlir::Value source;
  llvm::SmallVector<ExpandedDim, 2> dims;
  /// Positions of the result per position of the source; null where that has one.
  mlir::Value repeat;
};
/// Marks branches that expand a tensor while a module is imported.
inline constexpr llvm::StringLiteral kExpansionAttr = "expansion";

class Emitter {
public:
  Emitter(mlir::MLIRContext *context, SizeContext &sizes)
      : b(mlir::UnknownLoc::get(context), context), sizes(sizes), cached(1) {}

  /// Sizes are computed once per block that is open; this opens one for a nested region.
  class Nested {
  public:
    explicit Nested(Emitter &emitter) : emitter(emitter), guard(emitter.b) {
      emitter.cached.emplace_back();
    }
    ~Nested() { emitter.cached.pop_back(); }

  private:
    Emitter &emitter;
    mlir::OpBuilder::InsertionGuard guard;
  };

  /// The size of a dimension of an entry argument stands for the symbol from now on.
  void bind(unsigned symbol, mlir::Value argument, int64_t dim) {
    arguments.try_emplace(symbol, argument, dim);
  }

  mlir::Value index(const SizeExpr &expr);
  mlir::OpFoldResult foldable(const SizeExpr &expr);
  llvm::SmallVector<mlir::OpFoldResult> foldable(llvm::ArrayRef<SizeExpr> exprs);
  mlir::Value constantIndex(int64_t value) { return index(SizeExpr(value)); }

  mlir::Type type(Dtype dtype) { return mlirType(b.getContext(), dtype); }
  mlir::RankedTensorType type(Dtype dtype, llvm::ArrayRef<SizeExpr> shape);
  mlir::RankedTensorType type(mlir::Type element, llvm::ArrayRef<SizeExpr> shape);

  /// Scalar constants of a type; integers are truncated to its width.
  mlir::Value scalar(Dtype dtype, double value) { return scalar(b, type(dtype), value); }
  static mlir::Value scalar(mlir::ImplicitLocOpBuilder &b, mlir::Type type, double value);
  static mlir::Value integer(mlir::ImplicitLocOpBuilder &b, mlir::Type type, int64_t value);

  mlir::Value empty(mlir::Type element, llvm::ArrayRef<SizeExpr> shape);
  mlir::Value filled(mlir::Value scalar, llvm::ArrayRef<SizeExpr> shape);

  mlir::AffineMap map(unsigned dims, llvm::ArrayRef<mlir::AffineExpr> results);
  mlir::AffineMap identity(unsigned rank) {
    return mlir::AffineMap::getMultiDimIdentityMap(rank, b.getContext());
  }
  mlir::AffineExpr dim(unsigned number) { return mlir::getAffineDimExpr(number, b.getContext()); }
  mlir::AffineExpr constantExpr(int64_t value) {
    return mlir::getAffineConstantExpr(value, b.getContext());
  }

  /// linalg.generic into `inits`; dimensions missing from the first init's map are reductions.
  llvm::SmallVector<mlir::Value> generic(mlir::ValueRange ins, mlir::ValueRange inits,
                                         llvm::ArrayRef<mlir::AffineMap> maps, Body body);
  /// The same with one init: an empty tensor of `shape`, mapped by identity.
  mlir::Value map(mlir::ValueRange ins, llvm::ArrayRef<mlir::AffineMap> inMaps, mlir::Type element,
                  llvm::ArrayRef<SizeExpr> shape, Body body);

  /// tensor.cast where the types differ.
  mlir::Value cast(mlir::Value value, mlir::RankedTensorType type);
  /// `value` of sizes `from` seen with sizes `to`; their products must agree.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<SizeExpr> from,
                      llvm::ArrayRef<SizeExpr> to);
  /// Elements of `value` at positions `perm` of its dimensions.
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<SizeExpr> shape,
                        llvm::ArrayRef<int64_t> perm);
  mlir::Value slice(mlir::Value value, llvm::ArrayRef<SizeExpr> offsets,
                    llvm::ArrayRef<SizeExpr> extents, llvm::ArrayRef<int64_t> strides);
  mlir::Value concat(mlir::ValueRange values, int64_t axis, mlir::RankedTensorType type);
  mlir::Value extract(mlir::Value tensor, mlir::ValueRange indices) {
    return mlir::tensor::ExtractOp::create(b, tensor, indices);
  }

  /// fovea.require with the current node's name.
  void require(mlir::Value condition, mlir::Value value, mlir::Value limit, Fault fault);
  /// Requires have == want at run time unless it is known.
  void requireEqual(const SizeExpr &have, const SizeExpr &want);
  /// Requires have == want or have == 1 at run time unless it is known.
  void requireEqualOrOne(const SizeExpr &have, const SizeExpr &want);
  /// What is known of sizes, also from earlier requirements.
  bool areEqual(const SizeExpr &left, const SizeExpr &right);
  bool isNotOne(const SizeExpr &size) const;
  /// True for a size and one that is cut at more than 1: where one of them is 1, both are.
  bool areOneTogether(const SizeExpr &left, const SizeExpr &right) const;
  /// Requires have >= least at run time unless it is known.
  void requireAtLeast(const SizeExpr &have, const SizeExpr &least);

  mlir::ImplicitLocOpBuilder b;
  SizeContext &sizes;
  /// Name quoted by run-time faults.
  std::string node;
  /// The sizes that a size from broadcasting is common to.
  std::map<SizeExpr, Sizes> commonTo;
  /// By their branches, which have kExpansionAttr.
  std::map<mlir::Operation *, Expansion> expansions;
  /// Body of the entry function: constants and argument sizes go to its start.
  mlir::Block *entry = nullptr;

private:
  mlir::Value symbolValue(unsigned number);
  mlir::Value termValue(const SizeExpr::Term &term);
  mlir::Value regroup(mlir::Value value, llvm::ArrayRef<SizeExpr> from, llvm::ArrayRef<SizeExpr> to,
                      llvm::ArrayRef<mlir::ReassociationIndices> fromGroups,
                      llvm::ArrayRef<mlir::ReassociationIndices> toGroups);

  llvm::DenseMap<unsigned, std::pair<mlir::Value, int64_t>> arguments;
  std::vector<std::map<SizeExpr, mlir::Value>> cached;
};

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_EMITTER_H
