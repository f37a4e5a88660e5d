//===- TensorBuilders.cpp - views, products and elementwise operations ----===//
//
// Builders of the few tensor-level shapes that the expanding passes emit.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace fovea;

Value fovea::emptyTensor(ImplicitLocOpBuilder &builder, ArrayRef<OpFoldResult> sizes,
                         Type element) {
  return tensor::EmptyOp::create(builder, sizes, element);
}

Value fovea::zeroTensor(ImplicitLocOpBuilder &builder, ArrayRef<OpFoldResult> sizes, Type element) {
  Value zero = arith::ConstantOp::create(builder, builder.getZeroAttr(element));
  Value init = emptyTensor(builder, sizes, element);
  return linalg::FillOp::create(builder, zero, init).getResult(0);
}

/// Reassociation of `rank` dimensions into groups of one, except that `dim` joins the next.
static SmallVector<ReassociationIndices> pairAt(int64_t rank, int64_t dim) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i) {
    if (i == dim + 1)
      groups.back().push_back(i);
    else
      groups.push_back({i});
  }
  return groups;
}

Value fovea::viewAt(ImplicitLocOpBuilder &builder, Value value, int64_t dim, int64_t index) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rank = type.getRank();
  if (type.getDimSize(dim) == 1 && rank > 1)
    return tensor::CollapseShapeOp::create(builder, value,
                                           pairAt(rank, dim + 1 < rank ? dim : dim - 1));
  Location loc = builder.getLoc();
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  offsets[dim] = builder.getIndexAttr(index);
  sizes[dim] = builder.getIndexAttr(1);
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + dim);
  auto result = RankedTensorType::get(shape, type.getElementType());
  return tensor::ExtractSliceOp::create(builder, result, value, offsets, sizes, strides);
}

Value fovea::viewRange(ImplicitLocOpBuilder &builder, Value value, int64_t dim, OpFoldResult offset,
                       OpFoldResult count) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), value);
  offsets[dim] = offset;
  sizes[dim] = count;
  return tensor::ExtractSliceOp::create(builder, value, offsets, sizes, strides);
}

Value fovea::splitDim(ImplicitLocOpBuilder &builder, Value value, int64_t dim, int64_t outer) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), value);
  sizes[dim] = divideSize(builder, sizes[dim], outer);
  sizes.insert(sizes.begin() + dim, builder.getIndexAttr(outer));
  SmallVector<int64_t> shape(type.getShape());
  if (!ShapedType::isDynamic(shape[dim]))
    shape[dim] /= outer;
  shape.insert(shape.begin() + dim, outer);
  return tensor::ExpandShapeOp::create(builder, RankedTensorType::get(shape, type.getElementType()),
                                       value, pairAt(shape.size(), dim), sizes);
}

Value fovea::insertUnitDim(ImplicitLocOpBuilder &builder, Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), value);
  sizes.insert(sizes.begin() + dim, builder.getIndexAttr(1));
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + dim, 1);
  int64_t first = dim == type.getRank() ? dim - 1 : dim;
  return tensor::ExpandShapeOp::create(builder, RankedTensorType::get(shape, type.getElementType()),
                                       value, pairAt(shape.size(), first), sizes);
}

OpFoldResult fovea::divideSize(ImplicitLocOpBuilder &builder, OpFoldResult value, int64_t by) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return builder.getIndexAttr(*constant / by);
  if (by == 1)
    return value;
  Value divisor = arith::ConstantIndexOp::create(builder, by);
  return arith::DivUIOp::create(builder, cast<Value>(value), divisor).getResult();
}

Value fovea::castTo(ImplicitLocOpBuilder &builder, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(builder, type, value);
}

Value fovea::createContract(ImplicitLocOpBuilder &builder, Value lhs, Value rhs,
                            ValueRange captures, Value init, ArrayRef<AffineMap> maps,
                            ScalarBody body, ScheduleAttr schedule) {
  auto op = ContractOp::create(builder, TypeRange(init.getType()), lhs, rhs, captures, init,
                               builder.getAffineMapArrayAttr(maps), schedule);
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types{op.getSumType()};
  for (Value capture : captures)
    types.push_back(getElementTypeOrSelf(capture));
  SmallVector<Location> locations(types.size(), builder.getLoc());
  Block *block = builder.createBlock(&op.getEpilogue(), {}, types, locations);
  YieldOp::create(builder, body(builder, block->getArguments()));
  return op.getResult();
}

SmallVector<Value> fovea::createElementwise(ImplicitLocOpBuilder &builder, ValueRange inputs,
                                            ArrayRef<AffineMap> inputMaps, ValueRange inits,
                                            ScalarBody body) {
  int64_t rank = cast<RankedTensorType>(inits.front().getType()).getRank();
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(inits.size(), builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(builder, inits.getTypes(), inputs, inits, maps, iterators,
                                      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
                                        ImplicitLocOpBuilder scalars(loc, nested);
                                        linalg::YieldOp::create(scalars, body(scalars, arguments));
                                      });
  return llvm::to_vector(ValueRange(op.getResults()));
}

Value fovea::transposed(ImplicitLocOpBuilder &builder, Value value, ArrayRef<int64_t> order) {
  if (isIdentityPermutation(order))
    return value;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), value);
  Value empty = emptyTensor(builder, applyPermutation(sizes, order), getElementTypeOrSelf(value));
  return linalg::TransposeOp::create(builder, value, empty, order)->getResult(0);
}

AffineMap fovea::mapOf(Builder &builder, unsigned dims, ArrayRef<unsigned> results) {
  return AffineMap::getMultiDimMapWithTargets(dims, results, builder.getContext());
}

Value fovea::convertFloat(ImplicitLocOpBuilder &builder, Value value, Type type) {
  if (value.getType() == type)
    return value;
  if (value.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, type, value);
  return arith::TruncFOp::create(builder, type, value);
}

Value fovea::convertElements(ImplicitLocOpBuilder &builder, Value value, Type element) {
  if (getElementTypeOrSelf(value) == element)
    return value;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  Value init =
      emptyTensor(builder, tensor::getMixedSizes(builder, builder.getLoc(), value), element);
  return createElementwise(builder, value, builder.getMultiDimIdentityMap(rank), init,
                           [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
                             return {convertFloat(scalars, in[0], element)};
                           })
      .front();
}
