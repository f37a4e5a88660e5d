//===- ContractOps.cpp - verification of contraction ----------------------===//
//
// Verifier, builder and interface methods of fovea.contract.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;

Type ContractOp::getSumType(Type element) {
  Builder builder(element.getContext());
  if (element.isF32() || element.isF16() || element.isBF16())
    return builder.getF32Type();
  if (element.isF64() || element.isInteger(64))
    return element;
  if (element.isInteger(8) || element.isInteger(32))
    return builder.getI32Type();
  return {};
}

Type ContractOp::getSumType(Type lhs, Type rhs) {
  if (lhs == rhs)
    return getSumType(lhs);
  if (!isa<FloatType>(lhs) || !isa<FloatType>(rhs))
    return {};
  Type left = getSumType(lhs), right = getSumType(rhs);
  return left && right && right.isF64() ? right : left && right ? left : Type();
}

Type ContractOp::getSumType() {
  return getSumType(elementTypeOf(getLhs()), elementTypeOf(getRhs()));
}

int64_t ContractOp::getStaticExtent(unsigned dim) {
  AffineExpr expr = getAffineDimExpr(dim, getContext());
  std::pair<Value, AffineMap> operands[] = {
      {getLhs(), getLhsMap()}, {getRhs(), getRhsMap()}, {getInit(), getOutMap()}};
  for (auto &[operand, map] : operands) {
    std::optional<unsigned> place = map.getResultPosition(expr);
    if (auto type = cast<ShapedType>(operand.getType()); place && !type.isDynamicDim(*place))
      return type.getDimSize(*place);
  }
  return ShapedType::kDynamic;
}

void ContractOp::build(OpBuilder &builder, OperationState &state, Value lhs, Value rhs, Value init,
                       ArrayRef<AffineMap> maps) {
  SmallVector<Type, 1> results;
  if (isa<RankedTensorType>(init.getType()))
    results.push_back(init.getType());
  build(builder, state, TypeRange(results), lhs, rhs, ValueRange(), init,
        builder.getAffineMapArrayAttr(maps), ScheduleAttr());
  OpBuilder::InsertionGuard guard(builder);
  Type sum = getSumType(elementTypeOf(lhs), elementTypeOf(rhs)), out = elementTypeOf(init);
  Block *body = builder.createBlock(state.regions.front().get(), {}, {sum}, {state.location});
  Value value = body->getArgument(0);
  if (sum != out)
    value = isa<FloatType>(sum)
                ? arith::TruncFOp::create(builder, state.location, out, value).getResult()
                : arith::TruncIOp::create(builder, state.location, out, value).getResult();
  YieldOp::create(builder, state.location, value);
}

static LogicalResult verifyMaps(ContractOp op) {
  SmallVector<Value> shaped{op.getLhs(), op.getRhs()};
  llvm::append_range(shaped, op.getCaptures());
  shaped.push_back(op.getInit());
  if (op.getIndexingMaps().size() != shaped.size())
    return emitConstraint(op, "contract_c1")
           << "expected " << shaped.size() << " indexing maps, got " << op.getIndexingMaps().size();
  unsigned dims = op.getNumDims();
  SmallVector<AffineMap> maps;
  for (auto [index, value] : llvm::enumerate(shaped)) {
    maps.push_back(op.getMap(index));
    if (failed(verifyMap(op, "contract_c1", maps.back(), dims, value.getType())))
      return failure();
  }
  if (!op.getOutMap().isProjectedPermutation())
    return emitConstraint(op, "contract_c2")
           << "expected an out map that is a projected permutation, got "
           << AffineMapAttr::get(op.getOutMap());
  for (unsigned dim = 0; dim < dims; ++dim) {
    AffineExpr expr = getAffineDimExpr(dim, op.getContext());
    AffineMap bearers[] = {op.getLhsMap(), op.getRhsMap(), op.getOutMap()};
    if (llvm::none_of(bearers,
                      [&](AffineMap map) { return llvm::is_contained(map.getResults(), expr); }))
      return emitConstraint(op, "contract_c3")
             << "expected dimension d" << dim << " as a result of its own in a lhs, rhs or out map";
  }
  for (unsigned index = 0; index < op.getCaptures().size(); ++index)
    for (unsigned dim = 0; dim < dims; ++dim)
      if (op.isReduction(dim) && op.getCaptureMap(index).isFunctionOfDim(dim))
        return emitConstraint(op, "contract_c5")
               << "expected a capture map over the out map's dimensions, got "
               << AffineMapAttr::get(op.getCaptureMap(index));
  return verifyExtents(op, "contract_c4", maps, shaped, Division::Padded);
}

LogicalResult ContractOp::verify() {
  if (!getSumType())
    return emitConstraint(*this, "contract_c6")
           << "expected lhs and rhs of one element type out of f32, f64, f16, bf16, i8, i32 and "
              "i64, or of two floating-point types of these, got "
           << elementTypeOf(getLhs()) << " and " << elementTypeOf(getRhs());
  if (failed(verifyMaps(*this)))
    return failure();
  SmallVector<AffineMap> maps;
  for (unsigned index = 0; index < getCaptures().size(); ++index)
    maps.push_back(getCaptureMap(index));
  if (failed(verifyRegionTypes(*this, "contract_c7", getEpilogue(), getSumType(), getCaptures(),
                               maps, elementTypeOf(getInit()))) ||
      failed(verifyScalarRegion(*this, "contract_c8", getEpilogue())) ||
      failed(verifySchedule(*this, "contract_c9", getScheduleAttr(), /*keys=*/false)))
    return failure();
  return verifyDestinations(*this, "contract_c1", getInit());
}

void ContractOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addDestinationEffects(*this, effects);
}

LogicalResult ContractOp::reifyResultShapes(OpBuilder &builder,
                                            ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinationShapes(builder, *this, shapes);
}
