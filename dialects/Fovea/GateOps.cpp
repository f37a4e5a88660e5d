//===- GateOps.cpp - verification of gates --------------------------------===//
//
// Verifier and interface methods of fovea.gates.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;

/// Most sums that one unit has.
static constexpr int64_t kMostGates = 8;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

int64_t GatesOp::getRows() { return shapeOf(getState())[0]; }
int64_t GatesOp::getDepth() { return shapeOf(getState())[1]; }
int64_t GatesOp::getUnits() { return shapeOf(getInits().front())[1]; }

ArrayRef<int64_t> GatesOp::getWeightDims() {
  static constexpr int64_t kPlain[] = {0, 1, 2};
  std::optional<ArrayRef<int64_t>> order = getWeightOrder();
  return order ? *order : ArrayRef<int64_t>(kPlain);
}

/// Keeps what is known of an extent; fails when `extent` contradicts it.
static LogicalResult agree(GatesOp op, int64_t &known, int64_t extent, StringRef name) {
  if (ShapedType::isDynamic(extent))
    return success();
  if (!ShapedType::isDynamic(known) && known != extent)
    return emitConstraint(op, "gates_c4")
           << "expected extent " << known << " for " << name << ", got " << extent;
  known = extent;
  return success();
}

static LogicalResult verifyWeight(GatesOp op, int64_t &n, int64_t &k) {
  ArrayRef<int64_t> shape = shapeOf(op.getWeight());
  int64_t gates = op.getGateCount();
  bool isRounded = elementTypeOf(op.getWeight()).isInteger(8);
  bool ofPairs = elementTypeOf(op.getWeight()).isBF16() && shape.size() == 4 && k % 2 == 0;
  bool inWords = op.getPanels() && (isRounded || ofPairs);
  if (shape.size() != (inWords ? 4 : 3) || gates < 1 || gates > kMostGates)
    return emitConstraint(op, "gates_c1")
           << "expected a weight of rank " << (inWords ? 4 : 3) << " and 1 to " << kMostGates
           << " sums, got " << op.getWeight().getType() << " and " << gates;
  if (auto order = op.getWeightOrder()) {
    SmallVector<int64_t> sorted(*order);
    llvm::sort(sorted);
    if (sorted != SmallVector<int64_t>{0, 1, 2} || op.getPanels())
      return emitConstraint(op, "gates_c1")
             << "expected a weight order that is a permutation of 0, 1, 2, and none with panels";
  }
  if (!op.getPanels()) {
    int64_t count = gates;
    ArrayRef<int64_t> dims = op.getWeightDims();
    if (ShapedType::isDynamic(shape[dims[0]]))
      return emitConstraint(op, "gates_c1") << "expected a static number of gates";
    return success(succeeded(agree(op, count, shape[dims[0]], "the gates")) &&
                   succeeded(agree(op, n, shape[dims[1]], "n")) &&
                   succeeded(agree(op, k, shape[dims[2]], "k")));
  }
  int64_t width = *op.getPanels();
  bool known = width >= 1 && !ShapedType::isDynamic(n) && !ShapedType::isDynamic(k);
  SmallVector<int64_t> panels;
  if (known && inWords && ofPairs)
    panels = {int64_t(llvm::divideCeil(n, width)), k / 2, gates * width, 2};
  else if (known && inWords)
    panels = {int64_t(llvm::divideCeil(n, width)), int64_t(llvm::divideCeil(k, 4)) + 1,
              gates * width, 4};
  else if (known)
    panels = {int64_t(llvm::divideCeil(n, width)), k * gates, width};
  if (shape != ArrayRef<int64_t>(panels))
    return emitConstraint(op, "gates_c1") << "expected panels of shape [ceil(N / L), "
                                          << (ofPairs     ? "K / 2, G * L, 2"
                                              : isRounded ? "ceil(K / 4) + 1, G * L, 4"
                                                          : "K * G, L")
                                          << "], got " << op.getWeight().getType();
  return success();
}

static bool isSummable(Value value) {
  Type element = elementTypeOf(value);
  return element.isF32() || element.isF16() || element.isBF16();
}

static LogicalResult verifyCell(GatesOp op) {
  SmallVector<Type> expected(op.getGateCount(), Float32Type::get(op.getContext()));
  for (Value capture : op.getCaptures())
    expected.push_back(getElementTypeOrSelf(capture));
  auto yield = dyn_cast<YieldOp>(op.getCell().front().getTerminator());
  SmallVector<Type> yielded;
  for (Value init : op.getInits())
    yielded.push_back(elementTypeOf(init));
  if (!llvm::equal(op.getCell().getArgumentTypes(), expected) || !yield ||
      !llvm::equal(yield.getOperandTypes(), yielded))
    return emitConstraint(op, "gates_c5")
           << "expected a cell that takes (" << expected << ") and yields (" << yielded << ")";
  return verifyScalarRegion(op, "gates_c6", op.getCell());
}

/// Checks that the first and the last unit are read inside a capture.
static LogicalResult verifyInside(GatesOp op, AffineMap map, ArrayRef<int64_t> shape,
                                  ArrayRef<int64_t> extents) {
  if (llvm::any_of(extents,
                   [](int64_t extent) { return ShapedType::isDynamic(extent) || !extent; }))
    return success();
  for (bool isLast : {false, true}) {
    SmallVector<int64_t> at = llvm::map_to_vector(
        extents, [&](int64_t extent) -> int64_t { return isLast ? extent - 1 : 0; });
    for (auto [index, size] : llvm::zip_equal(map.compose(at), shape))
      if (index < 0 || (!ShapedType::isDynamic(size) && index >= size))
        return emitConstraint(op, "gates_c4")
               << "expected indices in [0, " << size << ") of a capture, got " << index;
  }
  return success();
}

LogicalResult GatesOp::verify() {
  if (shapeOf(getState()).size() != 2 || getInits().empty())
    return emitConstraint(*this, "gates_c1")
           << "expected a state of rank 2 and at least one of outs, got " << getState().getType();
  bool isRounded = elementTypeOf(getWeight()).isInteger(8);
  if (!isSummable(getState()) || (!isSummable(getWeight()) && !isRounded))
    return emitConstraint(*this, "gates_c2")
           << "expected elements of f32, f16 or bf16, got " << elementTypeOf(getState()) << " and "
           << elementTypeOf(getWeight());
  if (getCaptureMaps().size() != getCaptures().size())
    return emitConstraint(*this, "gates_c3") << "expected " << getCaptures().size()
                                             << " capture maps, got " << getCaptureMaps().size();
  int64_t m = getRows(), n = ShapedType::kDynamic, k = getDepth();
  AffineMap identity = AffineMap::getMultiDimIdentityMap(2, getContext());
  SmallVector<AffineMap> maps;
  SmallVector<Value> shaped;
  for (Value init : getInits()) {
    if (shapeOf(init).size() != 2)
      return emitConstraint(*this, "gates_c1") << "expected outs of rank 2, got " << init.getType();
    if (failed(agree(*this, m, shapeOf(init)[0], "m")) ||
        failed(agree(*this, n, shapeOf(init)[1], "n")))
      return failure();
    maps.push_back(identity);
    shaped.push_back(init);
  }
  if (failed(verifyWeight(*this, n, k)))
    return failure();
  for (auto [index, capture] : llvm::enumerate(getCaptures())) {
    AffineMap map = getCaptureMap(index);
    if (!isa<ShapedType>(capture.getType())) {
      if (map != AffineMap::get(2, 0, getContext()))
        return emitConstraint(*this, "gates_c3") << "expected a map without results for a scalar";
      continue;
    }
    if (failed(verifyMap(*this, "gates_c3", map, 2, capture.getType())) ||
        failed(verifyInside(*this, map, shapeOf(capture), {m, n})))
      return failure();
    if (llvm::is_contained(getInits(), capture) && map != identity)
      return emitConstraint(*this, "gates_c3")
             << "expected the identity as map of a capture that is in outs";
  }
  if (failed(verifyExtents(*this, "gates_c4", maps, shaped, Division::Exact)) ||
      failed(verifyCell(*this)))
    return failure();
  return verifyDestinations(*this, "gates_c1", getInits());
}

void GatesOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addDestinationEffects(*this, effects);
}

LogicalResult GatesOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinationShapes(builder, *this, shapes);
}
