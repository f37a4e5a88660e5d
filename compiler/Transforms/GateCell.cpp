//===- GateCell.cpp - gates with the operations around them ---------------===//
//
// Every operation that is taken in makes a new fovea.gates with a longer cell.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/GateCell.h"

#include "compiler/Analysis/ScalarBody.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace fovea;

bool fovea::isElementwiseOverUnits(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumLoops() != 2 || op.getNumParallelLoops() != 2 ||
      !isScalarBody(*op.getBody()))
    return false;
  return llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    return op.getMatchingIndexingMap(&init).isIdentity();
  });
}

/// The element of a constant tensor of equal ones; null for another tensor.
static Attribute splatOf(Value tensor) {
  DenseElementsAttr elements;
  return matchPattern(tensor, m_Constant(&elements)) && elements.isSplat()
             ? elements.getSplatValue<Attribute>()
             : Attribute();
}

namespace {

/// Captures of a cell as it grows.
struct Parts {
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps;

  explicit Parts(GatesOp op) : captures(op.getCaptures()) {
    for (unsigned index = 0; index < captures.size(); ++index)
      maps.push_back(op.getCaptureMap(index));
  }

  /// The place of a capture, added when it is new.
  unsigned capture(Value value, AffineMap map) {
    for (auto [place, known] : llvm::enumerate(llvm::zip_equal(captures, maps)))
      if (known == std::tuple(value, map))
        return place;
    captures.push_back(value);
    maps.push_back(map);
    return captures.size() - 1;
  }
};

/// Adds elementwise readers of the gates' results, and copies of these, to the cell.
class ReaderFolder {
public:
  explicit ReaderFolder(GatesOp op) : op(op) {}

  GatesOp run() {
    while (fold())
      continue;
    return op;
  }

private:
  bool fold() {
    for (OpResult result : op->getResults())
      for (OpOperand &use : result.getUses()) {
        auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
        if (reader && mayTake(reader)) {
          take(reader);
          return true;
        }
        auto insert = dyn_cast<tensor::InsertSliceOp>(use.getOwner());
        if (insert && mayWrite(insert, result)) {
          writeBeside(insert, result);
          return true;
        }
      }
    return false;
  }

  /// True when what an operation reads is there before the gates, and it reads their results at its
  /// own place.
  bool mayTake(linalg::GenericOp reader) {
    if (reader->getBlock() != op->getBlock() || !isElementwiseOverUnits(reader))
      return false;
    for (OpOperand &operand : reader->getOpOperands()) {
      bool own = operand.get().getDefiningOp() == op.getOperation();
      if (own && reader.getMatchingIndexingMap(&operand).isIdentity())
        continue;
      // What is in outs, too, may be read at its own place alone.
      bool isWritten = llvm::is_contained(op.getInits(), operand.get()) &&
                       !reader.getMatchingIndexingMap(&operand).isIdentity();
      if (own || isWritten || !isBefore(operand.get()))
        return false;
    }
    return llvm::all_of(scalarsFromOutside(*reader.getBody()), [&](Value outer) {
      return outer.getType().isIntOrFloat() && isBefore(outer);
    });
  }

  bool isBefore(Value value) { return canComeBefore(value.getDefiningOp()); }

  /// True for what lies before the gates, and for what can be computed there.
  bool canComeBefore(Operation *def) {
    if (!def || def->getBlock() != op->getBlock() || def->isBeforeInBlock(op))
      return true;
    SetVector<Value> used;
    used.insert_range(def->getOperands());
    getUsedValuesDefinedAbove(def->getRegions(), used);
    return def != op && isPure(def) &&
           llvm::all_of(used, [&](Value operand) { return isBefore(operand); });
  }

  void bringBefore(Value value) {
    Operation *def = value.getDefiningOp();
    if (!def || def->getBlock() != op->getBlock() || def->isBeforeInBlock(op))
      return;
    SetVector<Value> used;
    used.insert_range(def->getOperands());
    getUsedValuesDefinedAbove(def->getRegions(), used);
    for (Value operand : used)
      bringBefore(operand);
    def->moveBefore(op);
  }

  /// True when a result that has another use, too, is written into a slice.
  bool mayWrite(tensor::InsertSliceOp insert, OpResult result) {
    auto type = cast<RankedTensorType>(result.getType());
    return insert->getBlock() == op->getBlock() && insert.getSource() == result &&
           !result.hasOneUse() && type.getElementType() == insert.getDestType().getElementType() &&
           llvm::all_of(insert->getOperands().drop_front(),
                        [&](Value operand) { return isBefore(operand); });
  }

  /// A copy of the op with further captures and results; `extend` gets the mapped values that the
  /// old cell yields, and all captures' scalars, and gives those of the new results.
  void
  rebuild(Parts parts, ArrayRef<Value> inits,
          function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange, Block &)> extend) {
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    SmallVector<Value> all(op.getInits());
    llvm::append_range(all, inits);
    auto next = GatesOp::create(builder, ValueRange(all).getTypes(), op.getState(), op.getWeight(),
                                parts.captures, all, builder.getAffineMapArrayAttr(parts.maps),
                                op.getWeightOrderAttr(), op.getPanelsAttr());
    SmallVector<Type> types(op.getGateCount(), builder.getF32Type());
    for (Value capture : parts.captures)
      types.push_back(getElementTypeOrSelf(capture));
    SmallVector<Location> locations(types.size(), builder.getLoc());
    Block *block = builder.createBlock(&next.getCell(), {}, types, locations);
    Block &old = op.getCell().front();
    IRMapping mapping;
    mapping.map(old.getArguments(), block->getArguments().take_front(old.getNumArguments()));
    SmallVector<Value> yielded = cloneScalarBody(builder, old, mapping);
    llvm::append_range(yielded, extend(builder, yielded, *block));
    YieldOp::create(builder, yielded);
    op->replaceAllUsesWith(next->getResults().take_front(op->getNumResults()));
    op.erase();
    op = next;
  }

  void writeBeside(tensor::InsertSliceOp insert, OpResult result) {
    for (Value operand : insert->getOperands().drop_front())
      bringBefore(operand);
    ImplicitLocOpBuilder builder(insert.getLoc(), op);
    Value place = tensor::ExtractSliceOp::create(builder, cast<RankedTensorType>(result.getType()),
                                                 insert.getDest(), insert.getMixedOffsets(),
                                                 insert.getMixedSizes(), insert.getMixedStrides());
    unsigned number = result.getResultNumber();
    rebuild(Parts(op), place, [&](ImplicitLocOpBuilder &, ValueRange yielded, Block &) {
      return SmallVector<Value>{yielded[number]};
    });
    insert.getSourceMutable().assign(op->getResults().back());
  }

  /// True unless the gates may write a tensor: what a loop carries, a part of it, or a fresh one,
  /// that neither they nor `parts` need otherwise.
  bool isTaken(Value init, const Parts &parts) {
    auto slice = init.getDefiningOp<tensor::ExtractSliceOp>();
    bool isPlace = init.getDefiningOp<tensor::EmptyOp>() ||
                   isa<BlockArgument>(slice ? slice.getSource() : init);
    bool isOut = llvm::is_contained(op.getInits(), init) && !init.getDefiningOp<tensor::EmptyOp>();
    if (!isPlace || isOut || init == op.getState())
      return true;
    for (auto [capture, map] : llvm::zip_equal(parts.captures, parts.maps))
      if (capture == init && !map.isIdentity())
        return true;
    return false;
  }

  /// Another tensor of that type, with the sizes of the gates' results.
  Value emptyLike(ImplicitLocOpBuilder &builder, Value init) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, builder.getLoc(), op.getInits().front());
    return castTo(builder, emptyTensor(builder, sizes, getElementTypeOrSelf(init)), init.getType());
  }

  void take(linalg::GenericOp reader) {
    for (Value operand : reader->getOperands())
      if (operand.getDefiningOp() != op.getOperation())
        bringBefore(operand);
    for (Value outer : scalarsFromOutside(*reader.getBody()))
      bringBefore(outer);
    ImplicitLocOpBuilder builder(reader.getLoc(), op);
    Parts parts(op);
    llvm::MapVector<Value, unsigned> places;
    SmallVector<std::pair<Value, unsigned>> own;
    SmallVector<std::pair<Value, TypedAttr>> constants;
    SmallVector<Value> inits;
    for (OpOperand &operand : reader->getOpOperands()) {
      Value argument = reader.getMatchingBlockArgument(&operand);
      if (Attribute value = splatOf(operand.get()); value && reader.isDpsInput(&operand))
        constants.push_back({argument, cast<TypedAttr>(value)});
      else if (operand.get().getDefiningOp() == op.getOperation())
        own.push_back({argument, cast<OpResult>(operand.get()).getResultNumber()});
      else if (reader.isDpsInput(&operand) || reader.payloadUsesValueFromOperand(&operand))
        places[argument] = parts.capture(operand.get(), reader.getMatchingIndexingMap(&operand));
      if (!reader.isDpsInit(&operand))
        continue;
      inits.push_back(operand.get());
    }
    for (Value outer : scalarsFromOutside(*reader.getBody()))
      places[outer] = parts.capture(outer, AffineMap::get(2, 0, builder.getContext()));
    for (Value &init : inits)
      if (isTaken(init, parts))
        init = emptyLike(builder, init);
    int64_t gates = op.getGateCount();
    unsigned before = op->getNumResults();
    rebuild(parts, inits, [&](ImplicitLocOpBuilder &scalars, ValueRange yielded, Block &block) {
      IRMapping mapping;
      for (auto [argument, number] : own)
        mapping.map(argument, yielded[number]);
      for (auto [argument, value] : constants)
        mapping.map(argument, arith::ConstantOp::create(scalars, value).getResult());
      for (auto [value, place] : places)
        mapping.map(value, block.getArgument(gates + place));
      return cloneScalarBody(scalars, *reader.getBody(), mapping);
    });
    reader->replaceAllUsesWith(op->getResults().drop_front(before));
    reader.erase();
  }

  GatesOp op;
};

} // namespace

/// Lets maps, instead of views, tell where in a tensor captures are read.
static void foldSlices(GatesOp op) {
  SmallVector<Attribute> maps(op.getCaptureMaps().begin(), op.getCaptureMaps().end());
  for (auto [number, capture] : llvm::enumerate(op.getCapturesMutable())) {
    auto slice = capture.get().getDefiningOp<tensor::ExtractSliceOp>();
    AffineMap map = op.getCaptureMap(number);
    bool folds = slice && slice.hasUnitStride() && slice.getDroppedDims().none() &&
                 !llvm::is_contained(slice.getStaticOffsets(), ShapedType::kDynamic) &&
                 !llvm::is_contained(op.getInits(), capture.get());
    if (!folds)
      continue;
    SmallVector<AffineExpr> exprs;
    for (auto [expr, offset] : llvm::zip_equal(map.getResults(), slice.getStaticOffsets()))
      exprs.push_back(expr + offset);
    maps[number] = AffineMapAttr::get(AffineMap::get(2, 0, exprs, op.getContext()));
    capture.set(slice.getSource());
  }
  op.setCaptureMapsAttr(ArrayAttr::get(op.getContext(), maps));
}

/// Drops results and captures without a reader.
static GatesOp dropUnused(GatesOp op) {
  SmallVector<unsigned> results, captures;
  for (OpResult result : op->getResults())
    if (!result.use_empty())
      results.push_back(result.getResultNumber());
  Block &cell = op.getCell().front();
  Operation *yield = cell.getTerminator();
  if (results.empty())
    return op;
  yield->setOperands(
      llvm::map_to_vector(results, [&](unsigned number) { return yield->getOperand(number); }));
  for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(cell.without_terminator())))
    if (inner.use_empty())
      inner.erase();
  unsigned gates = op.getGateCount();
  llvm::BitVector unused(cell.getNumArguments());
  SmallVector<Value> kept;
  SmallVector<Attribute> maps;
  for (auto [number, capture] : llvm::enumerate(op.getCaptures())) {
    if (cell.getArgument(gates + number).use_empty()) {
      unused.set(gates + number);
      continue;
    }
    kept.push_back(capture);
    maps.push_back(op.getCaptureMaps()[number]);
  }
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  SmallVector<Value> inits =
      llvm::map_to_vector(results, [&](unsigned number) -> Value { return op.getInits()[number]; });
  auto next = GatesOp::create(builder, ValueRange(inits).getTypes(), op.getState(), op.getWeight(),
                              kept, inits, builder.getArrayAttr(maps), op.getWeightOrderAttr(),
                              op.getPanelsAttr());
  cell.eraseArguments(unused);
  next.getCell().takeBody(op.getCell());
  for (auto [place, number] : llvm::enumerate(results))
    op->getResult(number).replaceAllUsesWith(next->getResult(place));
  op.erase();
  return next;
}

/// Writes results that a loop carries on into what it carries, where the gates read that at its own
/// place alone.
static void writeInPlace(GatesOp op) {
  auto loop = dyn_cast<scf::ForOp>(op->getParentOp());
  if (!loop)
    return;
  Operation *yield = loop.getBody()->getTerminator();
  for (auto [argument, next] : llvm::zip_equal(loop.getRegionIterArgs(), yield->getOperands())) {
    auto result = dyn_cast<OpResult>(next);
    if (!result || result.getOwner() != op || argument.getType() != result.getType())
      continue;
    OpOperand &init = *op.getTiedOpOperand(result);
    bool isFree = init.get().getDefiningOp<tensor::EmptyOp>() &&
                  llvm::all_of(argument.getUses(), [&](OpOperand &use) {
                    unsigned first = op.getCaptures().getBeginOperandIndex();
                    unsigned number = use.getOperandNumber();
                    return use.getOwner() == op && number >= first &&
                           number < first + op.getCaptures().size() &&
                           op.getCaptureMap(number - first).isIdentity();
                  });
    if (isFree)
      init.set(argument);
  }
}

GatesOp fovea::growCell(GatesOp op) {
  GatesOp grown = dropUnused(ReaderFolder(op).run());
  foldSlices(grown);
  writeInPlace(grown);
  return grown;
}
