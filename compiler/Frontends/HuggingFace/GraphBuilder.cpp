//===- GraphBuilder.cpp - emits the operations of encoder graphs ----------===//
//
// One function per kind of step.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/GraphBuilder.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace fovea;
using namespace mlir;

void GraphBuilder::at(StringRef node) { location = NameLoc::get(builder.getStringAttr(node)); }

StringRef GraphBuilder::node() const {
  auto name = dyn_cast<NameLoc>(location);
  return name ? name.getName().getValue() : StringRef();
}

Sizes GraphBuilder::sizesOf(Value tensor) {
  if (auto found = known.find(tensor); found != known.end())
    return found->second;
  auto type = cast<RankedTensorType>(tensor.getType());
  Sizes sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    sizes.push_back(type.isDynamicDim(dim)
                        ? Size(tensor::DimOp::create(builder, location, tensor, dim).getResult())
                        : size(type.getDimSize(dim)));
  sized(tensor, sizes);
  return sizes;
}

Value GraphBuilder::sized(Value value, ArrayRef<Size> sizes) {
  known[value] = Sizes(sizes);
  return value;
}

Value GraphBuilder::index(Size size) {
  return getValueOrCreateConstantIndexOp(builder, location, size);
}

Value GraphBuilder::f32(double value) {
  return arith::ConstantOp::create(builder, location, builder.getF32FloatAttr(value));
}

void GraphBuilder::requireAtMost(Size value, int64_t limit) {
  if (std::optional<int64_t> known = getConstantIntValue(value); known && *known <= limit)
    return;
  Value have = index(value), most = index(size(limit));
  Value ok =
      arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sle, have, most).getResult();
  RequireOp::create(builder, location, ok, have, most, Fault::Length, node());
}

void GraphBuilder::requirePositive(Size value) {
  if (std::optional<int64_t> known = getConstantIntValue(value); known && *known >= 1)
    return;
  Value have = index(value), least = index(size(1));
  Value ok =
      arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sge, have, least).getResult();
  RequireOp::create(builder, location, ok, have, least, Fault::Length, node());
}

Value GraphBuilder::weight(StringRef symbol) {
  Operation *module = builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  auto declared = cast<WeightOp>(SymbolTable::lookupSymbolIn(module, symbol));
  return GetWeightOp::create(builder, location, declared.getType(), symbol);
}

Value GraphBuilder::empty(ArrayRef<Size> sizes) {
  return sized(tensor::EmptyOp::create(builder, location, sizes, builder.getF32Type()), sizes);
}

Value GraphBuilder::filled(ArrayRef<Size> sizes, double value) {
  return sized(linalg::FillOp::create(builder, location, f32(value), empty(sizes)).getResult(0),
               sizes);
}

AffineMap GraphBuilder::dims(unsigned rank, ArrayRef<unsigned> dims) {
  SmallVector<AffineExpr> results;
  for (unsigned dim : dims)
    results.push_back(builder.getAffineDimExpr(dim));
  return AffineMap::get(rank, 0, results, builder.getContext());
}

Value GraphBuilder::generic(ValueRange inputs, Value init, ArrayRef<AffineMap> maps,
                            ScalarBody body) {
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim = 0; dim < maps.back().getNumDims(); ++dim)
    iterators.push_back(maps.back().isFunctionOfDim(dim) ? utils::IteratorType::parallel
                                                         : utils::IteratorType::reduction);
  auto build = [&](OpBuilder &inner, Location loc, ValueRange elements) {
    linalg::YieldOp::create(inner, loc, body(inner, loc, elements));
  };
  auto op = linalg::GenericOp::create(builder, location, init.getType(), inputs, init, maps,
                                      iterators, build);
  return sized(op.getResult(0), sizesOf(init));
}

Value GraphBuilder::elementwise(ValueRange inputs, ScalarBody body) {
  unsigned rank = cast<RankedTensorType>(inputs.front().getType()).getRank();
  SmallVector<AffineMap> maps(inputs.size() + 1, builder.getMultiDimIdentityMap(rank));
  return generic(inputs, empty(sizesOf(inputs.front())), maps, body);
}

Value GraphBuilder::add(Value lhs, Value rhs) {
  return elementwise({lhs, rhs}, [](OpBuilder &inner, Location loc, ValueRange x) -> Value {
    return arith::AddFOp::create(inner, loc, x[0], x[1]);
  });
}

Value GraphBuilder::linear(Value x, Value weight, Value bias) {
  auto type = cast<RankedTensorType>(x.getType());
  // Iteration dimensions: those of x but the last, then n, then k.
  unsigned outer = type.getRank() - 1, n = outer, k = outer + 1;
  SmallVector<unsigned> left = llvm::to_vector(llvm::seq(0u, outer)), out = left;
  left.push_back(k);
  out.push_back(n);
  SmallVector<AffineMap> maps{dims(k + 1, left), dims(k + 1, {n, k})};
  if (bias)
    maps.push_back(dims(k + 1, {n}));
  maps.push_back(dims(k + 1, out));
  Sizes sizes = sizesOf(x);
  sizes.back() = sizeOf(weight, 0);
  Value init = empty(sizes);
  auto op = ContractOp::create(builder, location, init.getType(), x, weight,
                               bias ? ValueRange(bias) : ValueRange(), init,
                               builder.getAffineMapArrayAttr(maps), ScheduleAttr());
  OpBuilder::InsertionGuard guard(builder);
  Block &block = op.getEpilogue().emplaceBlock();
  builder.setInsertionPointToEnd(&block);
  Value result = block.addArgument(builder.getF32Type(), location);
  if (bias)
    result = arith::AddFOp::create(builder, location, result,
                                   block.addArgument(builder.getF32Type(), location));
  YieldOp::create(builder, location, result);
  return sized(op.getResult(), sizes);
}

Value GraphBuilder::layerNorm(Value x, Value weight, Value bias, double epsilon) {
  auto type = cast<RankedTensorType>(x.getType());
  Sizes sizes = sizesOf(x);
  auto op = LayerNormOp::create(
      builder, location, TypeRange(type), x, weight, bias, ValueRange(empty(sizes)),
      builder.getI64IntegerAttr(type.getRank() - 1), builder.getF64FloatAttr(epsilon));
  return sized(op.getResult(0), sizes);
}

/// 0.5 * x * (1 + inner), with `inner` erf(x / sqrt(2)) or its approximation by tanh.
static Value gelu(OpBuilder &builder, Location loc, Value x, bool byTanh) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
  };
  auto mul = [&](Value a, Value b) -> Value { return arith::MulFOp::create(builder, loc, a, b); };
  auto add = [&](Value a, Value b) -> Value { return arith::AddFOp::create(builder, loc, a, b); };
  Value inner;
  if (byTanh) {
    Value cube = mul(constant(0.044715), mul(x, mul(x, x)));
    // sqrt(2 / pi)
    inner = math::TanhOp::create(builder, loc, mul(constant(0.79788456080286535588), add(x, cube)));
  } else {
    // 1 / sqrt(2)
    inner = math::ErfOp::create(builder, loc, mul(x, constant(0.70710678118654752440)));
  }
  return mul(mul(constant(0.5), x), add(constant(1.0), inner));
}

Value GraphBuilder::activation(HfActivation kind, Value x) {
  if (kind == HfActivation::Identity)
    return x;
  return elementwise(x, [&](OpBuilder &inner, Location loc, ValueRange elements) -> Value {
    Value element = elements[0];
    switch (kind) {
    case HfActivation::Gelu:
    case HfActivation::GeluTanh:
      return gelu(inner, loc, element, kind == HfActivation::GeluTanh);
    case HfActivation::Relu: {
      Value zero = arith::ConstantOp::create(inner, loc, inner.getF32FloatAttr(0));
      return arith::MaximumFOp::create(inner, loc, element, zero);
    }
    case HfActivation::Tanh:
      return math::TanhOp::create(inner, loc, element);
    case HfActivation::Identity:
      break;
    }
    return element;
  });
}

Value GraphBuilder::splitHeads(Value x, int64_t heads) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t width = type.getDimSize(2) / heads;
  auto split = RankedTensorType::get({type.getDimSize(0), type.getDimSize(1), heads, width},
                                     type.getElementType());
  Sizes sizes{sizeOf(x, 0), sizeOf(x, 1), size(heads), size(width)};
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2, 3}};
  return sized(tensor::ExpandShapeOp::create(builder, location, split, x, groups, sizes), sizes);
}

Value GraphBuilder::joinHeads(Value x) {
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2, 3}};
  auto type = cast<RankedTensorType>(x.getType());
  Sizes sizes{sizeOf(x, 0), sizeOf(x, 1), size(type.getDimSize(2) * type.getDimSize(3))};
  return sized(tensor::CollapseShapeOp::create(builder, location, x, groups), sizes);
}

Value GraphBuilder::attention(Value query, Value key, Value value, Value keep, double scale) {
  using A = AttentionOp;
  SmallVector<AffineMap> maps{dims(6, {A::B, A::I, A::H, A::D}), dims(6, {A::B, A::J, A::H, A::D}),
                              dims(6, {A::B, A::J, A::H, A::E}), dims(6, {A::B, A::J}),
                              dims(6, {A::B, A::I, A::H, A::E})};
  Value init = empty(sizesOf(query));
  auto op = AttentionOp::create(
      builder, location, TypeRange(init.getType()), query, key, value, ValueRange(keep),
      ValueRange(init), builder.getAffineMapArrayAttr(maps), builder.getF64FloatAttr(scale));
  OpBuilder::InsertionGuard guard(builder);
  Block &block = op.getMask().emplaceBlock();
  builder.setInsertionPointToEnd(&block);
  for (unsigned position = 0; position < 4; ++position)
    block.addArgument(builder.getIndexType(), location);
  Value element = block.addArgument(builder.getI64Type(), location);
  Value zero = arith::ConstantOp::create(builder, location, builder.getI64IntegerAttr(0));
  Value kept = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne, element, zero);
  YieldOp::create(builder, location, kept);
  return sized(op.getResult(0), sizesOf(init));
}

Value GraphBuilder::firstStep(Value x) {
  Size batch = sizeOf(x, 0), width = sizeOf(x, 2);
  requirePositive(sizeOf(x, 1));
  auto type = cast<RankedTensorType>(x.getType());
  auto row = RankedTensorType::get({type.getDimSize(0), type.getDimSize(2)}, type.getElementType());
  Sizes offsets(3, size(0)), strides(3, size(1)), sizes{batch, size(1), width};
  return sized(tensor::ExtractSliceOp::create(builder, location, row, x, offsets, sizes, strides),
               {batch, width});
}
