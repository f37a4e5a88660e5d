//===- TensorAccess.cpp - where an element of a tensor comes from ---------===//
//
// Follows one element of a tensor back through reshapes, transposes and broadcasts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

bool fovea::isElementwiseGeneric(linalg::GenericOp op) {
  return op.hasPureTensorSemantics() && op->getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getIndexingMapsArray().back().isPermutation() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

bool fovea::isCopyGeneric(linalg::GenericOp op) {
  return isElementwiseGeneric(op) && op.getNumDpsInputs() == 1 &&
         llvm::hasSingleElement(op.getBody()->getOperations()) &&
         op.getBody()->getTerminator()->getOperand(0) == op.getBody()->getArgument(0);
}

SmallVector<LinearIndex> fovea::loopIndices(linalg::GenericOp op, ArrayRef<LinearIndex> index) {
  SmallVector<LinearIndex> loops(op.getNumLoops());
  for (auto [position, expr] : llvm::enumerate(op.getIndexingMapsArray().back().getResults()))
    loops[cast<AffineDimExpr>(expr).getPosition()] = index[position];
  return loops;
}

std::optional<TensorAccess> fovea::accessOf(IndexSpace &space, Value operand, AffineMap map,
                                            ArrayRef<LinearIndex> loops) {
  TensorAccess access{operand, {}};
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    if (cast<ShapedType>(operand.getType()).getDimSize(position) == 1) {
      access.index.push_back({});
      continue;
    }
    std::optional<LinearIndex> part = space.evaluate(expr, loops);
    if (!part)
      return std::nullopt;
    access.index.push_back(*part);
  }
  return access;
}

/// Position in the merged dimension of parts at `index` in dimensions of the given sizes.
static std::optional<LinearIndex> merge(ArrayRef<LinearIndex> index, ArrayRef<int64_t> sizes) {
  LinearIndex sum;
  int64_t stride = 1;
  for (auto [part, size] : llvm::reverse(llvm::zip_equal(index, sizes))) {
    if (!part.isZero()) {
      if (ShapedType::isDynamic(stride))
        return std::nullopt;
      sum = sum.plus(part.times(stride));
    }
    if (size != 1)
      stride = ShapedType::isDynamic(size) || ShapedType::isDynamic(stride) ? ShapedType::kDynamic
                                                                            : stride * size;
  }
  return sum;
}

/// Positions in dimensions of the given sizes of `index` in their product.
static std::optional<SmallVector<LinearIndex>> split(IndexSpace &space, LinearIndex index,
                                                     ArrayRef<int64_t> sizes) {
  SmallVector<LinearIndex> parts(sizes.size());
  for (size_t dim = sizes.size(); dim-- > 0;) {
    if (sizes[dim] == 1)
      continue;
    bool outermost = llvm::all_of(sizes.take_front(dim), [](int64_t size) { return size == 1; });
    if (outermost || index.isZero()) {
      parts[dim] = index;
      break;
    }
    if (ShapedType::isDynamic(sizes[dim]))
      return std::nullopt;
    auto divided = space.divide(index, sizes[dim]);
    if (!divided)
      return std::nullopt;
    index = divided->first;
    parts[dim] = divided->second;
  }
  return parts;
}

static std::optional<TensorAccess> beforeExpand(tensor::ExpandShapeOp op,
                                                const TensorAccess &access) {
  TensorAccess before{op.getSrc(), {}};
  for (ArrayRef<int64_t> group : op.getReassociationIndices()) {
    auto sizes = op.getResultType().getShape().slice(group.front(), group.size());
    auto merged = merge(ArrayRef(access.index).slice(group.front(), group.size()), sizes);
    if (!merged)
      return std::nullopt;
    before.index.push_back(*merged);
  }
  return before;
}

static std::optional<TensorAccess> beforeCollapse(IndexSpace &space, tensor::CollapseShapeOp op,
                                                  const TensorAccess &access) {
  TensorAccess before{op.getSrc(), {}};
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  if (groups.empty())
    before.index.resize(op.getSrcType().getRank());
  for (auto [group, index] : llvm::zip_equal(groups, access.index)) {
    auto sizes = op.getSrcType().getShape().slice(group.front(), group.size());
    auto parts = split(space, index, sizes);
    if (!parts)
      return std::nullopt;
    llvm::append_range(before.index, *parts);
  }
  return before;
}

std::optional<TensorAccess> fovea::beforeView(IndexSpace &space, const TensorAccess &access) {
  Operation *op = access.value.getDefiningOp();
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(op))
    return TensorAccess{cast.getSource(), access.index};
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    return beforeExpand(expand, access);
  if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(op))
    return beforeCollapse(space, collapse, access);
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  if (!generic || !isCopyGeneric(generic))
    return std::nullopt;
  return accessOf(space, generic.getDpsInputs().front(), generic.getIndexingMapsArray().front(),
                  loopIndices(generic, access.index));
}

TypedAttr fovea::splatConstant(Value tensor) {
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>()) {
    TypedAttr value;
    return matchPattern(fill.getInputs().front(), m_Constant(&value)) ? value : TypedAttr();
  }
  DenseElementsAttr elements;
  if (!matchPattern(tensor, m_Constant(&elements)) || !elements.isSplat())
    return {};
  return elements.getSplatValue<TypedAttr>();
}
