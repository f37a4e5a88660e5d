//===- AttentionOps.cpp - verification of attention -----------------------===//
//
// Verifier and interface methods of fovea.attention and fovea.capture_load.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace fovea;

/// True when `map` lists each of `dims` once; `h floordiv G` counts as h when `group` is given.
static bool permutes(AffineMap map, ArrayRef<unsigned> dims, int64_t *group = nullptr) {
  SmallVector<unsigned> seen;
  for (AffineExpr expr : map.getResults()) {
    auto div = dyn_cast<AffineBinaryOpExpr>(expr);
    if (group && div && div.getKind() == AffineExprKind::FloorDiv &&
        div.getLHS() == getAffineDimExpr(AttentionOp::H, map.getContext())) {
      auto factor = dyn_cast<AffineConstantExpr>(div.getRHS());
      if (!factor || factor.getValue() < 1)
        return false;
      *group = factor.getValue();
      expr = div.getLHS();
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return false;
    seen.push_back(dim.getPosition());
  }
  llvm::sort(seen);
  return ArrayRef<unsigned>(seen) == dims;
}

int64_t AttentionOp::getGroup() {
  int64_t group = 1;
  permutes(getKeyMap(), {B, H, J, D}, &group);
  return group;
}

FloatType AttentionOp::getScoreType() {
  if (elementTypeOf(getQuery()).isF64())
    return Float64Type::get(getContext());
  return Float32Type::get(getContext());
}

static LogicalResult verifyMaps(AttentionOp op) {
  using A = AttentionOp;
  SmallVector<Value> shaped{op.getQuery(), op.getKey(), op.getValue()};
  llvm::append_range(shaped, op.getCaptures());
  llvm::append_range(shaped, op.getInits());
  if (op.getInits().empty() || op.getInits().size() > 2)
    return emitConstraint(op, "attention_c13") << "expected out and optionally lse in outs";
  if (op.getIndexingMaps().size() != shaped.size())
    return emitConstraint(op, "attention_c2")
           << "expected " << shaped.size() << " indexing maps, got " << op.getIndexingMaps().size();
  for (auto [index, value] : llvm::enumerate(shaped)) {
    AffineMap map = op.getMap(index);
    bool capture = index >= 3 && index < 3 + op.getCaptures().size();
    if (capture && map.getNumDims() == 6 && isTable(value, map))
      continue;
    if (failed(verifyMap(op, "attention_c2", map, 6, value.getType())))
      return failure();
  }
  if (!permutes(op.getQueryMap(), {A::B, A::H, A::I, A::D}))
    return emitConstraint(op, "attention_c3") << "expected a query map that permutes (b, h, i, d), "
                                                 "got "
                                              << AffineMapAttr::get(op.getQueryMap());
  if (!permutes(op.getOutMap(), {A::B, A::H, A::I, A::E}))
    return emitConstraint(op, "attention_c3") << "expected an out map that permutes (b, h, i, e), "
                                                 "got "
                                              << AffineMapAttr::get(op.getOutMap());
  int64_t keyGroup = 1, valueGroup = 1;
  if (!permutes(op.getKeyMap(), {A::B, A::H, A::J, A::D}, &keyGroup))
    return emitConstraint(op, "attention_c4") << "expected a key map that permutes (b, H, j, d), "
                                                 "got "
                                              << AffineMapAttr::get(op.getKeyMap());
  if (!permutes(op.getValueMap(), {A::B, A::H, A::J, A::E}, &valueGroup))
    return emitConstraint(op, "attention_c4") << "expected a value map that permutes (b, H, j, e), "
                                                 "got "
                                              << AffineMapAttr::get(op.getValueMap());
  if (keyGroup != valueGroup)
    return emitConstraint(op, "attention_c4") << "expected one group size for key and value, got "
                                              << keyGroup << " and " << valueGroup;
  if (op.hasLse() && (!permutes(op.getLseMap(), {A::B, A::H, A::I}) ||
                      elementTypeOf(op.getLse()) != op.getScoreType()))
    return emitConstraint(op, "attention_c6")
           << "expected an " << op.getScoreType() << " lse whose map permutes (b, h, i), got "
           << op.getLse().getType();
  for (unsigned index = 0; index < op.getCaptures().size(); ++index)
    for (unsigned dim : {A::D, A::E})
      if (op.getCaptureMap(index).isFunctionOfDim(dim))
        return emitConstraint(op, "attention_c7")
               << "expected a capture map over b, h, i and j, got "
               << AffineMapAttr::get(op.getCaptureMap(index));
  return success();
}

static LogicalResult verifyScalarRegions(AttentionOp op) {
  Builder builder(op.getContext());
  Type score = op.getScoreType(), index = builder.getIndexType(), i1 = builder.getI1Type();
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < op.getCaptures().size(); ++i)
    maps.push_back(op.getCaptureMap(i));
  SmallVector<Type> scored{score, index, index, index, index};
  ArrayRef<Type> all(scored), positions = all.drop_front();
  struct Check {
    Region &region;
    ArrayRef<Type> leading;
    Type yielded;
  } checks[] = {
      {op.getScore(), all, score}, {op.getMask(), positions, i1}, {op.getProb(), all, score}};
  for (Check &check : checks) {
    if (check.region.empty())
      continue;
    if (failed(verifyRegionTypes(op, "attention_c8", check.region, check.leading, op.getCaptures(),
                                 maps, check.yielded)) ||
        failed(verifyScalarRegion(op, "attention_c9", check.region)))
      return failure();
  }
  return success();
}

static LogicalResult verifyElements(AttentionOp op) {
  Type element = elementTypeOf(op.getQuery());
  SmallVector<Value> shaped{op.getQuery()};
  llvm::append_range(shaped, op.getInits().take_front(1));
  for (Value value : shaped)
    if (Type type = elementTypeOf(value);
        !type.isF32() && !type.isF64() && !type.isF16() && !type.isBF16())
      return emitConstraint(op, "attention_c1")
             << "expected f32, f64, f16 or bf16 elements, got " << type;
  if (elementTypeOf(op.getKey()) != element || elementTypeOf(op.getValue()) != element)
    return emitConstraint(op, "attention_c1")
           << "expected query, key and value of one element type";
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyElements(*this)) || failed(verifyMaps(*this)))
    return failure();
  SmallVector<AffineMap> maps{getQueryMap(), getKeyMap(), getValueMap()};
  SmallVector<Value> shaped{getQuery(), getKey(), getValue()};
  for (auto [index, capture] : llvm::enumerate(getCaptures())) {
    if (isTable(capture, getCaptureMap(index)))
      continue;
    maps.push_back(getCaptureMap(index));
    shaped.push_back(capture);
  }
  for (auto [index, init] : llvm::enumerate(getInits())) {
    maps.push_back(index == 0 ? getOutMap() : getLseMap());
    shaped.push_back(init);
  }
  if (failed(verifyExtents(*this, "attention_c5", maps, shaped, Division::Exact)) ||
      failed(verifyScalarRegions(*this)))
    return failure();
  if ((getCausal() || getWindow()) && !getOffset())
    return emitConstraint(*this, "attention_c10") << "expected an offset with causal or window";
  if (getWindow() && (getWindow()->size() != 2 ||
                      llvm::any_of(*getWindow(), [](int64_t bound) { return bound < -1; })))
    return emitConstraint(*this, "attention_c11")
           << "expected a window of two counts, each at least -1";
  double scale = getScale().convertToDouble();
  if (!std::isfinite(scale))
    return emitConstraint(*this, "attention_c12") << "expected a finite scale";
  if (getSoftcap()) {
    double cap = getSoftcap()->convertToDouble();
    if (!std::isfinite(cap) || cap <= 0)
      return emitConstraint(*this, "attention_c12") << "expected a finite positive softcap";
  }
  if (failed(verifySchedule(*this, "attention_c14", getScheduleAttr(), /*keys=*/true)))
    return failure();
  return verifyDestinations(*this, "attention_c13", getInits());
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addDestinationEffects(*this, effects);
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinationShapes(builder, *this, shapes);
}

LogicalResult CaptureLoadOp::verify() {
  auto type = cast<ShapedType>(getTable().getType());
  if (static_cast<int64_t>(getIndices().size()) != type.getRank())
    return emitConstraint(*this, "capture_load_c1")
           << "expected " << type.getRank() << " indices, got " << getIndices().size();
  if (getResult().getType() != type.getElementType())
    return emitConstraint(*this, "capture_load_c2")
           << "expected a result of type " << type.getElementType();
  return success();
}
