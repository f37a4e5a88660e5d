//===- GraphBuilder.h - emits the operations of encoder graphs ------------===//
//
// The vocabulary of encoder models over f32 tensors: products with bias, norms, elementwise steps,
// reductions, attention. Fusion is the business of later passes: one operation per step here.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_GRAPHBUILDER_H
#define FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_GRAPHBUILDER_H

#include "compiler/Frontends/HuggingFace/ModelConfig.h"
#include "dialects/Fovea/FoveaDialect.h"

namespace fovea {

/// A size: an index attribute when static, an index value otherwise.
using Size = mlir::OpFoldResult;
using Sizes = llvm::SmallVector<Size>;

/// Emits at the builder's insertion point; every operation is located at the current node.
class GraphBuilder {
public:
  /// Body of a scalar region: element values in, result out.
  using ScalarBody =
      llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  explicit GraphBuilder(mlir::OpBuilder &builder)
      : builder(builder), location(builder.getUnknownLoc()) {}

  /// Names the model's node that the following operations stand for.
  void at(llvm::StringRef node);
  mlir::Location loc() const { return location; }
  llvm::StringRef node() const;

  Size size(int64_t value) { return builder.getIndexAttr(value); }
  /// Sizes of a tensor in terms of the entry's arguments, read once for each.
  Size sizeOf(mlir::Value tensor, int64_t dim) { return sizesOf(tensor)[dim]; }
  Sizes sizesOf(mlir::Value tensor);
  mlir::Value index(Size size);
  mlir::Value f32(double value);

  /// Stops the run unless `value` <= `limit`.
  void requireAtMost(Size value, int64_t limit);
  /// Stops the run unless `value` >= 1.
  void requirePositive(Size value);

  mlir::Value weight(llvm::StringRef symbol);
  mlir::Value empty(llvm::ArrayRef<Size> sizes);
  mlir::Value filled(llvm::ArrayRef<Size> sizes, double value);

  /// x [..., k] times weight [n, k] transposed, plus bias [n] (may be null).
  mlir::Value linear(mlir::Value x, mlir::Value weight, mlir::Value bias);
  /// Layer norm over the last dimension.
  mlir::Value layerNorm(mlir::Value x, mlir::Value weight, mlir::Value bias, double epsilon);
  /// One result shaped as the first input from inputs of that shape.
  mlir::Value elementwise(mlir::ValueRange inputs, ScalarBody body);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value activation(HfActivation kind, mlir::Value x);
  /// linalg.generic with one f32 result and iteration dimensions parallel, or reduction where
  /// the last map lacks them. `init` holds the initial values; the body's last value is its
  /// element.
  mlir::Value generic(mlir::ValueRange inputs, mlir::Value init,
                      llvm::ArrayRef<mlir::AffineMap> maps, ScalarBody body);
  /// Dimensions `dims` of an iteration space of `rank` dimensions.
  mlir::AffineMap dims(unsigned rank, llvm::ArrayRef<unsigned> dims);
  /// x [B, S, heads * d] seen as [B, S, heads, d].
  mlir::Value splitHeads(mlir::Value x, int64_t heads);
  /// The inverse of splitHeads.
  mlir::Value joinHeads(mlir::Value x);
  /// Self-attention over [B, S, H, D]; keys j with keep[b, j] == 0 are excluded.
  mlir::Value attention(mlir::Value query, mlir::Value key, mlir::Value value, mlir::Value keep,
                        double scale);
  /// x [B, S, C] at step 0, as [B, C].
  mlir::Value firstStep(mlir::Value x);

  mlir::OpBuilder &builder;

private:
  /// Notes the sizes of a value made here and gives it back.
  mlir::Value sized(mlir::Value value, llvm::ArrayRef<Size> sizes);

  mlir::Location location;
  llvm::DenseMap<mlir::Value, Sizes> known;
};

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_GRAPHBUILDER_H
