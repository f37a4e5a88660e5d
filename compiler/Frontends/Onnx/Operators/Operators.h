//===- Operators.h - functions that import operators ----------------------===//
//
// Declares the import functions that the operator table names, and what the families share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_OPERATORS_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_OPERATORS_H

#include "compiler/Frontends/Onnx/ConstantFolder.h"

namespace fovea::onnx_frontend {

/// Elementwise.cpp
mlir::LogicalResult importUnary(Node &node);
mlir::LogicalResult importBinary(Node &node);
mlir::LogicalResult importVariadic(Node &node);
mlir::LogicalResult importWhere(Node &node);
mlir::LogicalResult importCast(Node &node);
mlir::LogicalResult importClip(Node &node);
mlir::LogicalResult importPow(Node &node);
mlir::LogicalResult importIdentity(Node &node);
mlir::LogicalResult importPRelu(Node &node);
mlir::LogicalResult importSwiGlu(Node &node);
/// Movement.cpp
mlir::LogicalResult importTranspose(Node &node);
mlir::LogicalResult importConcat(Node &node);
mlir::LogicalResult importSplit(Node &node);
mlir::LogicalResult importTile(Node &node);
mlir::LogicalResult importExpand(Node &node);
/// Slicing.cpp
mlir::LogicalResult importSlice(Node &node);
mlir::LogicalResult importPad(Node &node);
/// ShapeOps.cpp
mlir::LogicalResult importReshape(Node &node);
mlir::LogicalResult importFlatten(Node &node);
mlir::LogicalResult importSqueeze(Node &node);
mlir::LogicalResult importUnsqueeze(Node &node);
mlir::LogicalResult importShape(Node &node);
mlir::LogicalResult importSize(Node &node);
/// Generators.cpp
mlir::LogicalResult importConstant(Node &node);
mlir::LogicalResult importConstantOfShape(Node &node);
mlir::LogicalResult importRange(Node &node);
mlir::LogicalResult importTrilu(Node &node);
mlir::LogicalResult importEyeLike(Node &node);
mlir::LogicalResult importOneHot(Node &node);
/// Indexing.cpp
mlir::LogicalResult importGather(Node &node);
mlir::LogicalResult importGatherElements(Node &node);
mlir::LogicalResult importGatherND(Node &node);
mlir::LogicalResult importScatterElements(Node &node);
mlir::LogicalResult importScatterND(Node &node);
/// Reductions.cpp
mlir::LogicalResult importReduce(Node &node);
mlir::LogicalResult importArgExtreme(Node &node);
mlir::LogicalResult importSoftmax(Node &node);
mlir::LogicalResult importCumSum(Node &node);
mlir::LogicalResult importHardmax(Node &node);
/// x - max - log(sum(exp(x - max))) along an axis.
mlir::Value logSoftmax(Node &node, mlir::Value x, Dtype dtype, const Sizes &shape, int64_t axis);
/// BitOps.cpp
mlir::LogicalResult importBitShift(Node &node);
mlir::LogicalResult importBitCast(Node &node);
/// Losses.cpp
mlir::LogicalResult importLoss(Node &node);
/// Quantization.cpp
mlir::LogicalResult importQuantizeLinear(Node &node);
mlir::LogicalResult importDequantizeLinear(Node &node);
mlir::LogicalResult importDynamicQuantizeLinear(Node &node);
/// AxisNormalizations.cpp
mlir::LogicalResult importLpNormalization(Node &node);
mlir::LogicalResult importMeanVarianceNormalization(Node &node);
/// Mean and variance (of the population) over axes, without them, in the type of sums.
struct Statistics {
  Tensor mean, variance;
};
Statistics statisticsOf(Node &node, const Tensor &x, llvm::ArrayRef<int64_t> axes);
/// Pooling.cpp
mlir::LogicalResult importPool(Node &node);
mlir::LogicalResult importGlobalPool(Node &node);
/// Products.cpp
mlir::LogicalResult importMatMul(Node &node);
mlir::LogicalResult importGemm(Node &node);
/// Where `value` is a transposed tensor, takes that tensor and changes `map` accordingly.
void absorbTranspose(mlir::Value &value, mlir::AffineMap &map);
/// fovea.contract of lhs and rhs into `shape`; maps of lhs, rhs and out. The sum is multiplied by
/// `alpha`, then `beta` times the element of `addend` (may be null) at `addendMap` is added.
mlir::Value contract(Node &node, Dtype dtype, mlir::Value lhs, mlir::Value rhs,
                     llvm::ArrayRef<SizeExpr> shape, llvm::ArrayRef<mlir::AffineMap> maps,
                     mlir::Value addend = {}, mlir::AffineMap addendMap = {}, double alpha = 1,
                     double beta = 1);
/// IntegerProducts.cpp
mlir::LogicalResult importMatMulInteger(Node &node);
/// Einsum.cpp
mlir::LogicalResult importEinsum(Node &node);
/// Convolution.cpp
mlir::LogicalResult importConv(Node &node);
/// Normalizations.cpp
mlir::LogicalResult importLayerNormalization(Node &node);
mlir::LogicalResult importRMSNormalization(Node &node);
mlir::LogicalResult importBatchNormalization(Node &node);
mlir::LogicalResult importGroupedNormalization(Node &node);
/// AttentionOps.cpp
mlir::LogicalResult importAttention(Node &node);
/// RotaryEmbedding.cpp
mlir::LogicalResult importRotaryEmbedding(Node &node);
/// Recurrent.cpp
mlir::LogicalResult importLstm(Node &node);
mlir::LogicalResult importGru(Node &node);
mlir::LogicalResult importRnn(Node &node);
/// CacheOps.cpp
mlir::LogicalResult importTensorScatter(Node &node);
/// Rearrangement.cpp
mlir::LogicalResult importRearrangement(Node &node);
/// ControlFlow.cpp
mlir::LogicalResult importIf(Node &node);
/// ParameterCases.cpp: imports a node, once for each choice of its axes where only the run knows
/// them.
mlir::LogicalResult importByCases(Node &node, Node::Import import);

/// Builds one scalar from the scalars of the inputs.
using ScalarBody = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

/// The size that sizes broadcast to; what is not known of them is required at run time. Nothing,
/// with a problem, when they cannot.
std::optional<SizeExpr> broadcastSize(Node &node, llvm::ArrayRef<SizeExpr> sizes,
                                      const llvm::Twine &what);
/// The common shape of inputs under ONNX's broadcasting, dimension by dimension as above.
std::optional<Sizes> broadcastShapes(Node &node, llvm::ArrayRef<const Tensor *> inputs);
/// Requires or checks that `have` is `want` or 1; failure, with a problem, when it cannot.
mlir::LogicalResult broadcastsTo(Node &node, const SizeExpr &have, const SizeExpr &want,
                                 const llvm::Twine &what);
/// Map from `shape` to an operand of sizes `from` that broadcasts to it. The map has `dims`
/// dimensions, of which shape's are the first ones.
mlir::AffineMap broadcastMap(Emitter &e, llvm::ArrayRef<SizeExpr> from,
                             llvm::ArrayRef<SizeExpr> shape, unsigned dims);
/// The tensor as a value whose sizes are those of `shape` but for the static ones, which are 1
/// where it is broadcast. Sizes that may be 1 where shape's are not are expanded in the run.
mlir::Value refined(Node &node, const Tensor &tensor, llvm::ArrayRef<SizeExpr> shape);
/// RunTimeExpansion.cpp: the tensor with sizes `to`, which differ at `dims` only. There an element
/// comes from position 0 where the tensor has one position, or, with `repeat`, from that divided by
/// it. In a run in which all sizes are equal it is the tensor itself.
mlir::Value expandedInRun(Node &node, const Tensor &tensor, llvm::ArrayRef<SizeExpr> to,
                          llvm::ArrayRef<int64_t> dims, mlir::Value repeat = {});
/// Moves expansions over computations that only they read, in a module without unused operations.
void moveExpansions(Emitter &e, mlir::Operation *module);
/// A generic operation over broadcast inputs; constants of one element are put into its body.
mlir::Value elementwise(Node &node, llvm::ArrayRef<const Tensor *> inputs,
                        llvm::ArrayRef<SizeExpr> shape, Dtype result, ScalarBody body);
/// Elements converted to another type.
Tensor converted(Node &node, const Tensor &tensor, Dtype to);
/// A tensor known only as a value.
Tensor tensorOf(Dtype dtype, llvm::ArrayRef<SizeExpr> shape, mlir::Value value);
/// Requires or checks that two sizes agree; failure, with a problem, when they cannot.
mlir::LogicalResult agree(Node &node, const SizeExpr &have, const SizeExpr &want,
                          const llvm::Twine &what);
/// Folds `function` over `axes`, in the type `accum`, after `prepare` (which takes and gives
/// elements of that type). The result lacks the axes.
mlir::Value reduce(Node &node, mlir::Value source, Dtype dtype, llvm::ArrayRef<SizeExpr> shape,
                   llvm::ArrayRef<int64_t> axes, Binary function, Dtype accum,
                   ScalarBody prepare = nullptr);
/// `shape` without `axes`, or with 1 in their place.
Sizes withoutAxes(llvm::ArrayRef<SizeExpr> shape, llvm::ArrayRef<int64_t> axes, bool keep);
/// Map from all dimensions to those that are not among the axes.
mlir::AffineMap mapWithout(Emitter &e, unsigned rank, llvm::ArrayRef<int64_t> axes);
/// A size as a scalar of a type.
mlir::Value sizeAs(Node &node, const SizeExpr &size, Dtype dtype);
/// f32 for f16 and bf16, else the type itself.
Dtype accumulatorOf(Dtype dtype);

/// One of the model's index elements as an index in [0, extent).
mlir::Value checkedIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value element, mlir::Value extent,
                         llvm::StringRef node, Dtype dtype);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_OPERATORS_H
