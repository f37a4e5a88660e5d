//===- NormOps.cpp - verification of norms and rotary positions -----------===//
//
// Verifiers and interface methods of fovea.layer_norm, fovea.rms_norm and fovea.rope.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;

static bool sameShape(ArrayRef<int64_t> left, ArrayRef<int64_t> right) {
  return left.size() == right.size() && llvm::all_of(llvm::zip_equal(left, right), [](auto pair) {
           auto [l, r] = pair;
           return ShapedType::isDynamic(l) || ShapedType::isDynamic(r) || l == r;
         });
}

/// Constraints 1 to 4 of both norms; `prefix` is "layer_norm" or "rms_norm".
static LogicalResult verifyNorm(Operation *op, StringRef prefix, Value x, int64_t axis,
                                double epsilon, Value weight, Value bias, Value out) {
  std::string label = prefix.str();
  auto type = cast<ShapedType>(x.getType());
  if (axis < 0 || axis >= type.getRank())
    return emitConstraint(op, label + "_c1")
           << "expected an axis in [0, " << type.getRank() << "), got " << axis;
  if (!(epsilon >= 0))
    return emitConstraint(op, label + "_c1") << "expected a non-negative epsilon";
  for (Value parameter : {weight, bias}) {
    if (!parameter)
      continue;
    auto shape = cast<ShapedType>(parameter.getType()).getShape();
    if (!sameShape(shape, type.getShape().drop_front(axis)))
      return emitConstraint(op, label + "_c2")
             << "expected a parameter with the shape of x from axis " << axis << " on, got "
             << parameter.getType();
  }
  if (!sameShape(cast<ShapedType>(out.getType()).getShape(), type.getShape()))
    return emitConstraint(op, label + "_c3")
           << "expected out with the shape of x, got " << out.getType();
  Type element = type.getElementType();
  for (Value value : {weight, bias, out})
    if (!isa<FloatType>(element) || (value && elementTypeOf(value) != element))
      return emitConstraint(op, label + "_c4") << "expected one floating-point element type";
  return success();
}

LogicalResult LayerNormOp::verify() {
  if (getInits().size() != 1 && getInits().size() != 3)
    return emitConstraint(*this, "layer_norm_c3")
           << "expected 1 or 3 outs, got " << getInits().size();
  if (failed(verifyNorm(*this, "layer_norm", getX(), getAxis(), getEpsilon().convertToDouble(),
                        getWeight(), getBias(), getInits().front())))
    return failure();
  SmallVector<int64_t> reduced(cast<ShapedType>(getX().getType()).getShape());
  std::fill(reduced.begin() + getAxis(), reduced.end(), 1);
  for (Value extra : getInits().drop_front())
    if (!sameShape(cast<ShapedType>(extra.getType()).getShape(), reduced) ||
        !isa<FloatType>(elementTypeOf(extra)))
      return emitConstraint(*this, "layer_norm_c3")
             << "expected mean and inv with the normalized sizes 1, got " << extra.getType();
  return verifyDestinations(*this, "layer_norm_c3", getInits());
}

LogicalResult RmsNormOp::verify() {
  if (failed(verifyNorm(*this, "rms_norm", getX(), getAxis(), getEpsilon().convertToDouble(),
                        getWeight(), Value(), getInit())))
    return failure();
  return verifyDestinations(*this, "rms_norm_c3", getInit());
}

LogicalResult RopeOp::verify() {
  auto x = cast<ShapedType>(getX().getType());
  Type element = x.getElementType();
  if (x.getRank() != 4 || !isa<FloatType>(element) || elementTypeOf(getCos()) != element ||
      elementTypeOf(getSin()) != element)
    return emitConstraint(*this, "rope_c1")
           << "expected x of rank 4 and one floating-point element type, got " << x;
  int64_t any = ShapedType::kDynamic, depth = x.getDimSize(3), given = getRotaryDim();
  int64_t rotary = given == 0 ? depth : given;
  bool known = given != 0 || depth != any;
  if (known && (rotary <= 0 || rotary % 2 != 0 || (depth != any && rotary > depth)))
    return emitConstraint(*this, "rope_c2")
           << "expected an even number of rotated channels up to " << depth << ", got " << rotary;
  auto cos = cast<ShapedType>(getCos().getType()), sin = cast<ShapedType>(getSin().getType());
  int64_t half = known ? rotary / 2 : any;
  SmallVector<int64_t> wanted = getPositions()
                                    ? SmallVector<int64_t>{any, half}
                                    : SmallVector<int64_t>{x.getDimSize(0), x.getDimSize(2), half};
  if (!sameShape(cos.getShape(), wanted) || !sameShape(sin.getShape(), cos.getShape()))
    return emitConstraint(*this, "rope_c3")
           << "expected cos and sin of shape (" << wanted << "), got " << cos << " and " << sin;
  if (!getPositions())
    return success();
  auto positions = cast<ShapedType>(getPositions().getType());
  if (!positions.getElementType().isInteger(64) ||
      !sameShape(positions.getShape(), {x.getDimSize(0), x.getDimSize(2)}))
    return emitConstraint(*this, "rope_c4")
           << "expected positions [B, S] of type i64, got " << positions;
  return success();
}

void LayerNormOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addDestinationEffects(*this, effects);
}

LogicalResult LayerNormOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinationShapes(builder, *this, shapes);
}

void RmsNormOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addDestinationEffects(*this, effects);
}

LogicalResult RmsNormOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinationShapes(builder, *this, shapes);
}
