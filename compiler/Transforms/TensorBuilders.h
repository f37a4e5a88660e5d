//===- TensorBuilders.h - views, products and elementwise operations ------===//
//
// Builders of the few tensor-level shapes that the expanding passes emit: views of one slice,
// products with captures, elementwise generics.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_TENSORBUILDERS_H
#define FOVEA_COMPILER_TRANSFORMS_TENSORBUILDERS_H

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea {

using ScalarBody = llvm::function_ref<mlir::SmallVector<mlir::Value>(mlir::ImplicitLocOpBuilder &,
                                                                     mlir::ValueRange)>;

/// Uninitialised tensor of the given sizes.
mlir::Value emptyTensor(mlir::ImplicitLocOpBuilder &builder,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element);

/// Tensor of the given sizes filled with 0.
mlir::Value zeroTensor(mlir::ImplicitLocOpBuilder &builder,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element);

/// View of `value` at `index` of dimension `dim`, which disappears.
mlir::Value viewAt(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, int64_t dim,
                   int64_t index);

/// View of `count` elements of dimension `dim` from `offset` on.
mlir::Value viewRange(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, int64_t dim,
                      mlir::OpFoldResult offset, mlir::OpFoldResult count);

/// View of `value` with dimension `dim` split in two, the outer of `outer` parts.
mlir::Value splitDim(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, int64_t dim,
                     int64_t outer);

/// View of `value` with a dimension of size 1 inserted before `dim`.
mlir::Value insertUnitDim(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, int64_t dim);

/// `value / by` as an index.
mlir::OpFoldResult divideSize(mlir::ImplicitLocOpBuilder &builder, mlir::OpFoldResult value,
                              int64_t by);

/// `value`, or a tensor.cast of it, of type `type`.
mlir::Value castTo(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, mlir::Type type);

/// fovea.contract whose epilogue `body` gets the sum and the captures' scalars. `maps` are those of
/// lhs, rhs, captures and init.
mlir::Value createContract(mlir::ImplicitLocOpBuilder &builder, mlir::Value lhs, mlir::Value rhs,
                           mlir::ValueRange captures, mlir::Value init,
                           llvm::ArrayRef<mlir::AffineMap> maps, ScalarBody body,
                           ScheduleAttr schedule = {});

/// All-parallel linalg.generic over `rank` dimensions; every init is written at the identity map.
/// `body` gets one scalar per input and per init and gives one per init.
mlir::SmallVector<mlir::Value> createElementwise(mlir::ImplicitLocOpBuilder &builder,
                                                 mlir::ValueRange inputs,
                                                 llvm::ArrayRef<mlir::AffineMap> inputMaps,
                                                 mlir::ValueRange inits, ScalarBody body);

/// `value` with float elements of type `element`; `value` itself when it has them already.
mlir::Value convertElements(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                            mlir::Type element);

/// `value` with its dimensions in this order: dimension i of the result is `order[i]` of `value`,
/// which comes back itself when that changes nothing.
mlir::Value transposed(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                       llvm::ArrayRef<int64_t> order);

/// Map over `dims` dimensions whose results are these dimensions.
mlir::AffineMap mapOf(mlir::Builder &builder, unsigned dims, llvm::ArrayRef<unsigned> results);

/// Float scalar widened or rounded to `type`.
mlir::Value convertFloat(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, mlir::Type type);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_TENSORBUILDERS_H
