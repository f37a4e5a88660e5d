//===- ModuleOps.cpp - verification of weights ----------------------------===//
//
// Verifiers of fovea.weight and fovea.get_weight.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace fovea;

/// True when lists have dimensions below `rank`, none of them twice.
static bool listDimensions(ArrayRef<ArrayRef<int64_t>> lists, int64_t rank) {
  llvm::SmallBitVector seen(rank);
  for (ArrayRef<int64_t> dims : lists)
    for (int64_t dim : dims) {
      if (dim < 0 || dim >= rank || seen.test(dim))
        return false;
      seen.set(dim);
    }
  return true;
}

static int64_t bytesOfElement(RankedTensorType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8u);
}

uint64_t WeightOp::getByteSize() {
  auto type = cast<RankedTensorType>(getType());
  return type.getNumElements() * bytesOfElement(type);
}

/// True for elements that panels with words of `group` elements hold.
static bool isPacked(Type element, int64_t group) {
  if (!element)
    return false;
  if (group == 1)
    return element.isF32() || element.isF16() || element.isBF16();
  return (element.isBF16() && group == 2) || (element.isInteger(8) && group == 4);
}

int64_t PanelsAttr::getRows(int64_t depth, Type element) const {
  int64_t words = llvm::divideCeil(depth, getStep()) * getStep() / getGroup();
  return words + (element.isInteger(8) ? 1 : 0);
}

static LogicalResult verifyPanels(WeightOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  auto source = SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, op.getOfAttr());
  if (!source)
    return emitConstraint(op, "weight_c3") << "expected a fovea.weight named " << *op.getOf();
  auto plain = dyn_cast<RankedTensorType>(source.getType());
  Type element = plain ? plain.getElementType() : Type();
  PanelsAttr panels = *op.getPanels();
  if (source.getOf() || !isPacked(element, panels.getGroup()) || !plain.hasStaticShape())
    return emitConstraint(op, "weight_c3")
           << "expected the packed weight to be plain and in f32, f16 or bf16, or in words of bf16 "
              "or i8, got "
           << source.getType() << " in groups of " << panels.getGroup();
  ArrayRef<int64_t> shape = plain.getShape();
  if (!listDimensions({panels.getN(), panels.getK(), panels.getBeside()}, plain.getRank()))
    return emitConstraint(op, "weight_c3")
           << "expected n, k and beside to list dimensions of " << plain << " at most once";
  SmallVector<int64_t> packed;
  int64_t n = 1, k = 1, beside = 1;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    if (llvm::is_contained(panels.getN(), static_cast<int64_t>(dim)))
      n *= extent;
    else if (llvm::is_contained(panels.getK(), static_cast<int64_t>(dim)))
      k *= extent;
    else if (llvm::is_contained(panels.getBeside(), static_cast<int64_t>(dim)))
      beside *= extent;
    else
      packed.push_back(extent);
  }
  if (panels.getWidth() < 1)
    return emitConstraint(op, "weight_c3") << "expected a positive panel width";
  if (panels.getStep() < 1 || panels.getStep() % panels.getGroup() != 0)
    return emitConstraint(op, "weight_c3")
           << "expected a step that is a multiple of the group, got " << panels.getStep();
  llvm::append_values(packed, llvm::divideCeil(n, panels.getWidth()), panels.getRows(k, element),
                      panels.getWidth() * beside);
  if (panels.getGroup() > 1)
    packed.push_back(panels.getGroup());
  if (type.getShape() != ArrayRef<int64_t>(packed) || type.getElementType() != element)
    return emitConstraint(op, "weight_c3")
           << "expected the packed shape (" << packed << ") in " << element << ", got " << type;
  return success();
}

static LogicalResult verifyRounding(WeightOp op) {
  if (!op.getRounded() || !op.getAlong() || op.getOf() || op.getJoins())
    return emitConstraint(op, "weight_c5")
           << "expected `rounds` with `along`, without `packs` and `joins`";
  auto source = SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, op.getRoundedAttr());
  auto plain = source ? dyn_cast<RankedTensorType>(source.getType()) : RankedTensorType();
  if (!plain || source.getOf() || source.getRounded() || !plain.hasStaticShape() ||
      !isPacked(plain.getElementType(), 1))
    return emitConstraint(op, "weight_c5")
           << "expected a plain fovea.weight in f32, f16 or bf16 named " << *op.getRounded();
  ArrayRef<int64_t> along = *op.getAlong();
  if (!listDimensions(along, plain.getRank()))
    return emitConstraint(op, "weight_c5")
           << "expected `along` to list dimensions of " << plain << " at most once";
  SmallVector<int64_t> channels;
  for (auto [dim, extent] : llvm::enumerate(plain.getShape()))
    if (!llvm::is_contained(along, static_cast<int64_t>(dim)))
      channels.push_back(extent);
  Builder builder(op.getContext());
  if (op.getType() != RankedTensorType::get(plain.getShape(), builder.getI8Type()) &&
      op.getType() != RankedTensorType::get(channels, builder.getF32Type()))
    return emitConstraint(op, "weight_c5")
           << "expected integers of i8 or one scale of f32 a channel of " << plain << ", got "
           << op.getType();
  return success();
}

static LogicalResult verifyJoined(WeightOp op, RankedTensorType type) {
  auto parts = op.getJoins()->getAsRange<FlatSymbolRefAttr>();
  int64_t count = op.getJoins()->size();
  bool fits = count > 0 && !op.getOf() && type.getRank() > 0 && type.getDimSize(0) == count;
  for (FlatSymbolRefAttr name : parts) {
    auto part = SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, name);
    auto own = part ? dyn_cast<RankedTensorType>(part.getType()) : RankedTensorType();
    fits = fits && own && !part.isDerived() && own.getElementType() == type.getElementType() &&
           own.getShape() == type.getShape().drop_front();
  }
  if (fits)
    return success();
  return emitConstraint(op, "weight_c4") << "expected plain weights of one type, which " << type
                                         << " has with their number in front";
}

LogicalResult WeightOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return emitConstraint(*this, "weight_c1")
           << "expected a static tensor of numbers, got " << getType();
  std::optional<int64_t> bytes = bytesOfElement(type);
  for (int64_t extent : type.getShape())
    bytes = bytes ? llvm::checkedMul<int64_t>(*bytes, extent) : bytes;
  if (!bytes)
    return emitConstraint(*this, "weight_c1")
           << "expected a byte size below 2^63, got " << getType();
  if (static_cast<int64_t>(getOffset()) < 0)
    return emitConstraint(*this, "weight_c2")
           << "expected a non-negative offset, got " << static_cast<int64_t>(getOffset());
  if (getRounded() || getAlong())
    return verifyRounding(*this);
  if (getJoins())
    return verifyJoined(*this, type);
  if (getOf().has_value() != getPanels().has_value())
    return emitConstraint(*this, "weight_c3") << "expected `packs` with a weight and a recipe";
  return getOf() ? verifyPanels(*this) : success();
}

LogicalResult GetWeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  auto type = cast<ShapedType>(getResult().getType());
  if (!weight)
    return emitConstraint(*this, "get_weight_c1")
           << "expected a fovea.weight named " << getWeight();
  auto declared = cast<RankedTensorType>(weight.getType());
  if (declared.getShape() != type.getShape() || declared.getElementType() != type.getElementType())
    return emitConstraint(*this, "get_weight_c1")
           << "expected a result like " << declared << ", got " << type;
  return success();
}

LogicalResult ProceedIfOp::verify() {
  auto loop = dyn_cast_or_null<scf::ForOp>((*this)->getParentOp());
  if (!loop)
    return emitConstraint(*this, "proceed_if_c1") << "expected an scf.for around it";
  for (Operation &op : *loop.getBody()) {
    if (&op == getOperation())
      break;
    // After bufferization views may come first.
    bool isScalar = llvm::none_of(op.getResultTypes(), llvm::IsaPred<TensorType>);
    if (op.getNumRegions() != 0 || !isScalar)
      return emitConstraint(*this, "proceed_if_c1")
             << "expected nothing but scalars before it, got " << op.getName();
  }
  return success();
}
