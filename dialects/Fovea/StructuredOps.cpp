//===- StructuredOps.cpp - checks shared by operations with indexing maps -===//
//
// Verifier parts and interface bodies that attention, contraction and norms have in common.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;

InFlightDiagnostic fovea::emitConstraint(Operation *op, StringRef label) {
  return op->emitOpError() << label << ": ";
}

Type fovea::elementTypeOf(Value shaped) {
  return cast<ShapedType>(shaped.getType()).getElementType();
}

LogicalResult fovea::verifySchedule(Operation *op, StringRef label, ScheduleAttr schedule,
                                    bool keys) {
  if (!schedule)
    return success();
  auto isCount = [](int64_t value) { return value >= 1; };
  if (DenseI64ArrayAttr tiles = schedule.getTiles();
      tiles && (tiles.size() != 2 || !llvm::all_of(tiles.asArrayRef(), isCount)))
    return emitConstraint(op, label)
           << "expected tiles of two counts, rows and vectors, each at least 1";
  if (schedule.getKvSplit() && !keys)
    return emitConstraint(op, label) << "expected no kv_split: there are no keys";
  if (schedule.getKvSplit() && !isCount(*schedule.getKvSplit()))
    return emitConstraint(op, label)
           << "expected a kv_split of at least 1, got " << *schedule.getKvSplit();
  return success();
}

int64_t fovea::keyPartsOf(Operation *op) {
  auto parts = op->getAttrOfType<IntegerAttr>(kKeyPartsAttr);
  bool sound = parts && parts.getType().isSignlessInteger(64) && parts.getInt() >= 1;
  return sound ? parts.getInt() : 1;
}

bool fovea::isTable(Value capture, AffineMap map) {
  return map.getNumResults() == 0 && cast<ShapedType>(capture.getType()).getRank() != 0;
}

LogicalResult fovea::verifyMap(Operation *op, StringRef label, AffineMap map, unsigned dims,
                               Type type) {
  if (map.getNumDims() != dims || map.getNumSymbols() != 0)
    return emitConstraint(op, label)
           << "expected an indexing map with " << dims << " dimensions and no symbols, got "
           << AffineMapAttr::get(map);
  int64_t rank = cast<ShapedType>(type).getRank();
  if (map.getNumResults() != rank)
    return emitConstraint(op, label)
           << "expected " << rank << " results in the map of an operand of type " << type
           << ", got " << AffineMapAttr::get(map);
  return success();
}

/// Dimension and factor of `d` or `d floordiv G`; -1 for any other expression.
static std::pair<int, int64_t> dimAndGroup(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return {dim.getPosition(), 1};
  auto div = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!div || div.getKind() != AffineExprKind::FloorDiv)
    return {-1, 1};
  auto dim = dyn_cast<AffineDimExpr>(div.getLHS());
  auto group = dyn_cast<AffineConstantExpr>(div.getRHS());
  if (!dim || !group || group.getValue() < 1)
    return {-1, 1};
  return {static_cast<int>(dim.getPosition()), group.getValue()};
}

/// Least and largest value.
using Span = std::pair<int64_t, int64_t>;

static std::optional<Span> addRanges(Span a, Span b) {
  std::optional<int64_t> least = llvm::checkedAdd(a.first, b.first);
  std::optional<int64_t> most = llvm::checkedAdd(a.second, b.second);
  return least && most ? std::optional<Span>({*least, *most}) : std::nullopt;
}

static std::optional<Span> scaleRange(Span range, int64_t factor) {
  std::optional<int64_t> a = llvm::checkedMul(range.first, factor);
  std::optional<int64_t> b = llvm::checkedMul(range.second, factor);
  return a && b ? std::optional<Span>(std::minmax(*a, *b)) : std::nullopt;
}

/// Values of `expr` over dimensions of these extents; none when an extent is not known.
static std::optional<Span> rangeOf(AffineExpr expr, ArrayRef<int64_t> extents) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Span(constant.getValue(), constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    int64_t extent = extents[dim.getPosition()];
    return extent > 0 ? std::optional<Span>({0, extent - 1}) : std::nullopt;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  auto lhs = binary ? rangeOf(binary.getLHS(), extents) : std::nullopt;
  auto rhs = binary ? rangeOf(binary.getRHS(), extents) : std::nullopt;
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return addRanges(*lhs, *rhs);
  int64_t by = rhs->first;
  if (by != rhs->second)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mul)
    return scaleRange(*lhs, by);
  if (by <= 0)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::FloorDiv)
    return Span(llvm::divideFloorSigned(lhs->first, by), llvm::divideFloorSigned(lhs->second, by));
  if (expr.getKind() == AffineExprKind::CeilDiv)
    return Span(llvm::divideCeilSigned(lhs->first, by), llvm::divideCeilSigned(lhs->second, by));
  return lhs->first >= 0 && lhs->second < by ? *lhs : Span(0, by - 1);
}

/// Checks the indices that are computed from several dimensions or from numbers.
static LogicalResult verifyComputedIndices(Operation *op, StringRef label, ArrayRef<AffineMap> maps,
                                           ValueRange operands, ArrayRef<int64_t> extents) {
  if (llvm::is_contained(extents, 0))
    return success();
  for (auto [map, operand] : llvm::zip_equal(maps, operands)) {
    auto type = cast<ShapedType>(operand.getType());
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      if (isa<AffineDimExpr>(expr) || type.isDynamicDim(position))
        continue;
      std::optional<Span> range = rangeOf(expr, extents);
      if (range && (range->first < 0 || range->second >= type.getDimSize(position)))
        return fovea::emitConstraint(op, label)
               << "expected indices in [0, " << type.getDimSize(position) << ") for dimension "
               << position << " of " << type << ", got " << range->first << " to " << range->second;
    }
  }
  return success();
}

LogicalResult fovea::verifyExtents(Operation *op, StringRef label, ArrayRef<AffineMap> maps,
                                   ValueRange operands, Division division) {
  SmallVector<int64_t> extents(maps.front().getNumDims(), ShapedType::kDynamic);
  for (auto [map, operand] : llvm::zip_equal(maps, operands)) {
    auto type = cast<ShapedType>(operand.getType());
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      auto [dim, group] = dimAndGroup(expr);
      bool divided = !isa<AffineDimExpr>(expr);
      if (dim < 0 || type.isDynamicDim(position) || (divided && division == Division::Padded))
        continue;
      int64_t extent = type.getDimSize(position);
      if (extent > (int64_t(1) << 40))
        return emitConstraint(op, label) << "extent " << extent << " is too large";
      extent *= group;
      if (!ShapedType::isDynamic(extents[dim]) && extents[dim] != extent)
        return emitConstraint(op, label) << "expected extent " << extents[dim] << " for dimension d"
                                         << dim << ", got " << extent;
      extents[dim] = extent;
    }
  }
  return verifyComputedIndices(op, label, maps, operands, extents);
}

LogicalResult fovea::verifyRegionTypes(Operation *op, StringRef label, Region &region,
                                       TypeRange leading, ValueRange captures,
                                       ArrayRef<AffineMap> captureMaps, Type yielded) {
  SmallVector<Type> expected(leading);
  for (auto [capture, map] : llvm::zip_equal(captures, captureMaps))
    expected.push_back(isTable(capture, map) ? capture.getType() : elementTypeOf(capture));
  if (!llvm::equal(region.getArgumentTypes(), expected))
    return emitConstraint(op, label) << "expected region arguments (" << expected << "), got ("
                                     << region.getArgumentTypes() << ")";
  auto yield = dyn_cast<YieldOp>(region.front().getTerminator());
  if (!yield || yield.getNumOperands() != 1 || yield.getOperand(0).getType() != yielded)
    return emitConstraint(op, label) << "expected a region that yields one " << yielded;
  return success();
}

LogicalResult fovea::verifyScalarRegion(Operation *op, StringRef label, Region &region) {
  if (region.empty())
    return success();
  for (Operation &inner : region.front()) {
    bool scalar =
        llvm::none_of(inner.getResultTypes(), [](Type type) { return isa<ShapedType>(type); });
    bool known = isa<YieldOp, CaptureLoadOp, arith::ConstantOp>(inner) ||
                 (inner.getNumRegions() == 0 && OpTrait::hasElementwiseMappableTraits(&inner));
    if (!scalar || !known)
      return emitConstraint(op, label)
                 .append("expected only elementwise scalar operations in the region, got '",
                         inner.getName(), "'")
                 .attachNote(inner.getLoc())
             << "in this operation";
    for (Value operand : inner.getOperands())
      if (operand.getParentRegion() != &region && !matchPattern(operand, m_Constant()))
        return emitConstraint(op, label) << "expected a region that uses only its arguments and "
                                            "constants; pass outer values as captures";
  }
  return success();
}

void fovea::addDestinationEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
}

LogicalResult fovea::reifyDestinationShapes(OpBuilder &builder, DestinationStyleOpInterface op,
                                            ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : op->getResults())
    shapes.push_back(
        tensor::getMixedSizes(builder, op.getLoc(), op.getTiedOpOperand(result)->get()));
  return success();
}

LogicalResult fovea::verifyDestinations(Operation *op, StringRef label, ValueRange inits) {
  unsigned results = 0;
  for (Value init : inits) {
    if (!isa<RankedTensorType>(init.getType()))
      continue;
    if (results >= op->getNumResults() || op->getResult(results).getType() != init.getType())
      return emitConstraint(op, label)
             << "expected a result of type " << init.getType() << " for each tensor in outs";
    ++results;
  }
  if (results != op->getNumResults())
    return emitConstraint(op, label) << "expected no result for a memref in outs";
  return success();
}
