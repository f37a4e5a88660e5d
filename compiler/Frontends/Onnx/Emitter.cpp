//===- Emitter.cpp - building operations from symbolic sizes --------------===//
//
// Sizes as index values, generic operations, and reshapes grouped by equal products of sizes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Emitter.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

Value Emitter::symbolValue(unsigned number) {
  const SizeContext::Symbol &symbol = sizes.symbol(number);
  switch (symbol.kind) {
  case SizeContext::Kind::Value:
    return symbol.value;
  case SizeContext::Kind::Named: {
    auto [argument, dim] = arguments.lookup(number);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entry);
    Value position = index(SizeExpr(dim));
    b.setInsertionPointAfterValue(position);
    return tensor::DimOp::create(b, argument, position);
  }
  default:
    break;
  }
  Value lhs = index(symbol.lhs), rhs = index(symbol.rhs);
  switch (symbol.kind) {
  case SizeContext::Kind::FloorDiv:
    if (!symbol.rhs.constant()) {
      // A divisor that is 0 only in a run that a later requirement stops.
      Value zero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rhs, constantIndex(0));
      rhs = arith::SelectOp::create(b, zero, constantIndex(1), rhs);
    }
    return arith::FloorDivSIOp::create(b, lhs, rhs);
  case SizeContext::Kind::Min:
    return arith::MinSIOp::create(b, lhs, rhs);
  default:
    return arith::MaxSIOp::create(b, lhs, rhs);
  }
}

Value Emitter::termValue(const SizeExpr::Term &term) {
  Value product;
  for (unsigned number : term.symbols) {
    SizeExpr single;
    single.terms.push_back({1, {number}});
    Value factor = index(single);
    product = product ? arith::MulIOp::create(b, product, factor).getResult() : factor;
  }
  if (!product)
    return constantIndex(term.factor);
  if (term.factor == 1)
    return product;
  return arith::MulIOp::create(b, product, constantIndex(term.factor));
}

Value Emitter::index(const SizeExpr &expr) {
  for (auto &values : llvm::reverse(cached))
    if (auto found = values.find(expr); found != values.end())
      return found->second;
  Value result;
  bool global = false;
  if (auto value = expr.constant()) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entry);
    result = arith::ConstantIndexOp::create(b, *value);
    global = true;
  } else if (auto symbol = expr.symbol()) {
    global = sizes.symbol(*symbol).kind == SizeContext::Kind::Named;
    result = symbolValue(*symbol);
  } else {
    for (const SizeExpr::Term &term : expr.terms) {
      if (result && term.factor < 0) {
        SizeExpr::Term positive{-term.factor, term.symbols};
        result = arith::SubIOp::create(b, result, termValue(positive));
      } else {
        Value value = termValue(term);
        result = result ? arith::AddIOp::create(b, result, value).getResult() : value;
      }
    }
  }
  (global ? cached.front() : cached.back())[expr] = result;
  return result;
}

OpFoldResult Emitter::foldable(const SizeExpr &expr) {
  if (auto value = expr.constant())
    return b.getIndexAttr(*value);
  return index(expr);
}

SmallVector<OpFoldResult> Emitter::foldable(ArrayRef<SizeExpr> exprs) {
  return llvm::map_to_vector(exprs, [&](const SizeExpr &expr) { return foldable(expr); });
}

RankedTensorType Emitter::type(Type element, ArrayRef<SizeExpr> shape) {
  SmallVector<int64_t> extents;
  for (const SizeExpr &size : shape)
    extents.push_back(size.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(extents, element);
}

RankedTensorType Emitter::type(Dtype dtype, ArrayRef<SizeExpr> shape) {
  return type(type(dtype), shape);
}

Value Emitter::scalar(ImplicitLocOpBuilder &b, Type type, double value) {
  if (auto floating = dyn_cast<FloatType>(type)) {
    APFloat number(value);
    bool lossy;
    number.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lossy);
    return arith::ConstantOp::create(b, b.getFloatAttr(floating, number));
  }
  return integer(b, type, static_cast<int64_t>(value));
}

Value Emitter::integer(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  if (type.isIndex())
    return arith::ConstantIndexOp::create(b, value);
  APInt bits(64, static_cast<uint64_t>(value));
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(type, bits.trunc(type.getIntOrFloatBitWidth())));
}

Value Emitter::empty(Type element, ArrayRef<SizeExpr> shape) {
  return tensor::EmptyOp::create(b, foldable(shape), element);
}

Value Emitter::filled(Value scalar, ArrayRef<SizeExpr> shape) {
  Value init = empty(scalar.getType(), shape);
  return linalg::FillOp::create(b, scalar, init).getResult(0);
}

AffineMap Emitter::map(unsigned dims, ArrayRef<AffineExpr> results) {
  return AffineMap::get(dims, 0, results, b.getContext());
}

SmallVector<Value> Emitter::generic(ValueRange ins, ValueRange inits, ArrayRef<AffineMap> maps,
                                    Body body) {
  AffineMap out = maps[ins.size()];
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim = 0; dim < out.getNumDims(); ++dim)
    iterators.push_back(out.isFunctionOfDim(dim) ? utils::IteratorType::parallel
                                                 : utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(b, inits.getTypes(), ins, inits, maps, iterators,
                                      [&](OpBuilder &inner, Location loc, ValueRange args) {
                                        ImplicitLocOpBuilder nested(loc, inner);
                                        linalg::YieldOp::create(nested, body(nested, args));
                                      });
  return SmallVector<Value>(op.getResults());
}

Value Emitter::map(ValueRange ins, ArrayRef<AffineMap> inMaps, Type element,
                   ArrayRef<SizeExpr> shape, Body body) {
  SmallVector<AffineMap> maps(inMaps);
  maps.push_back(identity(shape.size()));
  return generic(ins, empty(element, shape), maps, body).front();
}

Value Emitter::cast(Value value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(b, type, value);
}

/// Groups of dimensions whose products agree from left to right; one group where none is found.
static void groupDims(SizeContext &sizes, ArrayRef<SizeExpr> from, ArrayRef<SizeExpr> to,
                      SmallVectorImpl<ReassociationIndices> &fromGroups,
                      SmallVectorImpl<ReassociationIndices> &toGroups) {
  size_t i = 0, j = 0;
  auto zero = [](const SizeExpr &size) { return size.is(0); };
  bool degenerate = llvm::any_of(from, zero) || llvm::any_of(to, zero);
  while (i < from.size() && j < to.size() && !degenerate) {
    ReassociationIndices left{static_cast<int64_t>(i)}, right{static_cast<int64_t>(j)};
    SizeExpr have = from[i++], want = to[j++];
    while (!(have == want)) {
      // Extend the side that the other one is a multiple of, else whichever has dimensions left.
      bool extendLeft = i < from.size() && (j == to.size() || sizes.divideExactly(want, have) ||
                                            !sizes.divideExactly(have, want));
      if (extendLeft) {
        left.push_back(i);
        have = sizes.mul(have, from[i++]);
      } else if (j < to.size()) {
        right.push_back(j);
        want = sizes.mul(want, to[j++]);
      } else {
        break;
      }
    }
    fromGroups.push_back(left);
    toGroups.push_back(right);
  }
  if (degenerate || fromGroups.empty()) {
    fromGroups.assign(1, llvm::to_vector<2>(llvm::seq<int64_t>(0, from.size())));
    toGroups.assign(1, llvm::to_vector<2>(llvm::seq<int64_t>(0, to.size())));
    return;
  }
  // Trailing sizes of 1 belong to the last group.
  for (; i < from.size(); ++i)
    fromGroups.back().push_back(i);
  for (; j < to.size(); ++j)
    toGroups.back().push_back(j);
}

Value Emitter::regroup(Value value, ArrayRef<SizeExpr> from, ArrayRef<SizeExpr> to,
                       ArrayRef<ReassociationIndices> fromGroups,
                       ArrayRef<ReassociationIndices> toGroups) {
  Type element = llvm::cast<RankedTensorType>(value.getType()).getElementType();
  SmallVector<SizeExpr> middle, source(from);
  for (auto [left, right] : llvm::zip_equal(fromGroups, toGroups)) {
    bool staticTo = true;
    SizeExpr have = 1, want = 1;
    for (int64_t dim : left)
      have = sizes.mul(have, from[dim]);
    for (int64_t dim : right) {
      want = sizes.mul(want, to[dim]);
      staticTo = staticTo && to[dim].constant();
    }
    middle.push_back(staticTo ? want : have);
  }
  if (fromGroups.size() != from.size()) {
    SmallVector<SizeExpr> collapsed;
    for (const ReassociationIndices &group : fromGroups) {
      SizeExpr size = 1;
      for (int64_t dim : group)
        size = sizes.mul(size, from[dim]);
      bool isStatic = llvm::all_of(group, [&](int64_t dim) { return from[dim].constant(); });
      // A product may be known where its factors are not; the operation infers from the factors.
      collapsed.push_back(size);
      if (!isStatic && size.constant())
        collapsed.back() = sizes.value(Value());
    }
    value = tensor::CollapseShapeOp::create(b, type(element, collapsed), value, fromGroups);
  }
  if (toGroups.size() == to.size())
    return cast(value, type(element, to));
  SmallVector<int64_t> extents;
  for (auto [group, size] : llvm::zip_equal(toGroups, middle)) {
    bool isStatic = llvm::all_of(group, [&](int64_t dim) { return to[dim].constant(); });
    extents.push_back(isStatic ? size.constant().value_or(ShapedType::kDynamic)
                               : ShapedType::kDynamic);
  }
  value = cast(value, RankedTensorType::get(extents, element));
  return tensor::ExpandShapeOp::create(b, type(element, to), value, toGroups, foldable(to));
}

Value Emitter::reshape(Value value, ArrayRef<SizeExpr> from, ArrayRef<SizeExpr> to) {
  if (from == to)
    return value;
  Type element = llvm::cast<RankedTensorType>(value.getType()).getElementType();
  if (llvm::any_of(to, [](const SizeExpr &size) { return size.is(0); }))
    return empty(element, to);
  if (from.empty() || to.empty()) {
    SmallVector<SizeExpr> ones(std::max(from.size(), to.size()), SizeExpr(1));
    if (from.empty()) {
      value = tensor::ExpandShapeOp::create(b, type(element, ones), value,
                                            ArrayRef<ReassociationIndices>(), foldable(ones));
      return cast(value, type(element, to));
    }
    value = cast(value, type(element, ones));
    return tensor::CollapseShapeOp::create(b, type(element, to), value,
                                           ArrayRef<ReassociationIndices>());
  }
  SmallVector<ReassociationIndices> fromGroups, toGroups;
  groupDims(sizes, from, to, fromGroups, toGroups);
  return regroup(value, from, to, fromGroups, toGroups);
}

Value Emitter::transpose(Value value, ArrayRef<SizeExpr> shape, ArrayRef<int64_t> perm) {
  SmallVector<SizeExpr> result;
  SmallVector<AffineExpr> exprs(perm.size());
  for (auto [position, source] : llvm::enumerate(perm)) {
    result.push_back(shape[source]);
    exprs[source] = dim(position);
  }
  Type element = llvm::cast<RankedTensorType>(value.getType()).getElementType();
  return map(
      value, map(perm.size(), exprs), element, result,
      [](ImplicitLocOpBuilder &, ValueRange args) -> SmallVector<Value> { return {args.front()}; });
}

Value Emitter::slice(Value value, ArrayRef<SizeExpr> offsets, ArrayRef<SizeExpr> extents,
                     ArrayRef<int64_t> strides) {
  Type element = llvm::cast<RankedTensorType>(value.getType()).getElementType();
  // Nothing can be taken from an empty tensor; slices of one do not verify.
  bool nothing = llvm::is_contained(llvm::cast<RankedTensorType>(value.getType()).getShape(), 0);
  if (nothing || llvm::any_of(extents, [](const SizeExpr &extent) { return extent.is(0); }))
    return empty(element, extents);
  SmallVector<OpFoldResult> steps =
      llvm::map_to_vector(strides, [&](int64_t s) -> OpFoldResult { return b.getIndexAttr(s); });
  return tensor::ExtractSliceOp::create(b, type(element, extents), value, foldable(offsets),
                                        foldable(extents), steps);
}

Value Emitter::concat(ValueRange values, int64_t axis, RankedTensorType type) {
  Value result = tensor::ConcatOp::create(b, axis, values);
  return cast(result, type);
}

void Emitter::require(Value condition, Value value, Value limit, Fault fault) {
  RequireOp::create(b, condition, value, limit, fault, node);
}

void Emitter::requireEqual(const SizeExpr &have, const SizeExpr &want) {
  if (areEqual(have, want))
    return;
  sizes.assume(sizes.sub(have, want), 0);
  sizes.assume(sizes.sub(want, have), 0);
  Value left = index(have), right = index(want);
  require(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, left, right), left, right,
          Fault::Shape);
}

void Emitter::requireEqualOrOne(const SizeExpr &have, const SizeExpr &want) {
  if (have.is(1) || areEqual(have, want))
    return;
  if (isNotOne(have))
    return requireEqual(have, want);
  Value left = index(have), right = index(want);
  Value equal = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, left, right);
  Value one = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, left, constantIndex(1));
  require(arith::OrIOp::create(b, equal, one), left, right, Fault::Shape);
}

bool Emitter::areEqual(const SizeExpr &left, const SizeExpr &right) {
  if (left == right)
    return true;
  auto above = sizes.least(sizes.sub(left, right)), below = sizes.least(sizes.sub(right, left));
  return above && below && *above >= 0 && *below >= 0;
}

bool Emitter::areOneTogether(const SizeExpr &left, const SizeExpr &right) const {
  auto cuts = [&](const SizeExpr &least, const SizeExpr &size) {
    auto number = least.symbol();
    if (!number || sizes.symbol(*number).kind != SizeContext::Kind::Min)
      return false;
    const SizeContext::Symbol &symbol = sizes.symbol(*number);
    auto isCutAbove = [&](const SizeExpr &cut) {
      auto low = sizes.least(cut);
      return low && *low > 1;
    };
    return (symbol.lhs == size && isCutAbove(symbol.rhs)) ||
           (symbol.rhs == size && isCutAbove(symbol.lhs));
  };
  return cuts(left, right) || cuts(right, left);
}

bool Emitter::isNotOne(const SizeExpr &size) const {
  if (auto value = size.constant())
    return *value != 1;
  auto least = sizes.least(size);
  return least && *least > 1;
}

void Emitter::requireAtLeast(const SizeExpr &have, const SizeExpr &least) {
  SizeExpr difference = sizes.sub(have, least);
  auto bound = sizes.least(difference);
  if (bound && *bound >= 0)
    return;
  sizes.assume(difference, 0);
  Value left = index(have), right = index(least);
  require(arith::CmpIOp::create(b, arith::CmpIPredicate::sge, left, right), left, right,
          Fault::Shape);
}
