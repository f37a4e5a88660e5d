//===- FuseGates.cpp - products of one state finished together ------------===//
//
// Makes fovea.gates of a product into [rows, gates, units] and the elementwise operations that read
// its gates.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/ScalarBody.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_FUSEGATES
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Most gates of a unit whose sums stay in registers.
static constexpr int64_t kMostGates = 8;

static bool isSummable(Type element) {
  return element.isF32() || element.isF16() || element.isBF16();
}

/// The gate that a map (m, n) -> (m, gate, n) reads; none for another map.
static std::optional<int64_t> gateOf(AffineMap map) {
  if (map.getNumDims() != 2 || map.getNumResults() != 3)
    return std::nullopt;
  auto gate = dyn_cast<AffineConstantExpr>(map.getResult(1));
  MLIRContext *context = map.getContext();
  if (!gate || map.getResult(0) != getAffineDimExpr(0, context) ||
      map.getResult(2) != getAffineDimExpr(1, context))
    return std::nullopt;
  return gate.getValue();
}

/// True for state [m, k] times weight [g, n, k] into [m, g, n], with sizes that panels can have.
static bool isGateProduct(ContractOp op) {
  Builder builder(op.getContext());
  auto weight = dyn_cast<RankedTensorType>(op.getRhs().getType());
  if (op.getNumDims() != 4 || op->getNumResults() != 1 || op.getScheduleAttr() || !weight ||
      !weight.hasStaticShape() || weight.getRank() != 3 || weight.getDimSize(0) > kMostGates)
    return false;
  return op.getLhsMap() == mapOf(builder, 4, {0, 3}) &&
         op.getRhsMap() == mapOf(builder, 4, {1, 2, 3}) &&
         op.getOutMap() == mapOf(builder, 4, {0, 1, 2}) && weight.getNumElements() > 0 &&
         isSummable(getElementTypeOrSelf(op.getLhs())) && isSummable(weight.getElementType());
}

/// True for an elementwise operation over [m, n] that writes each element once.
static bool isElementwise(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumLoops() != 2 || op.getNumParallelLoops() != 2 ||
      !isScalarBody(*op.getBody()))
    return false;
  return llvm::all_of(op.getDpsInitsMutable(),
                      [&](OpOperand &init) { return op.getMatchingIndexingMap(&init).isIdentity(); });
}

namespace {

/// A cell as it grows: operands, and a body that is filled at the end.
struct Parts {
  Value state, weight;
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps;

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

/// Builds the gates of a product and the one elementwise operation that reads it.
class GatesBuilder {
public:
  GatesBuilder(ContractOp product, linalg::GenericOp consumer)
      : product(product), consumer(consumer), builder(consumer.getLoc(), consumer),
        gates(cast<RankedTensorType>(product.getRhs().getType()).getDimSize(0)) {
    parts.state = product.getLhs();
    parts.weight = product.getRhs();
  }

  GatesOp build() {
    findCaptures();
    SmallVector<Value> inits = destinations();
    auto op = GatesOp::create(builder, ValueRange(inits).getTypes(), parts.state, parts.weight,
                              parts.captures, inits, builder.getAffineMapArrayAttr(parts.maps),
                              IntegerAttr());
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Type> types(gates, builder.getF32Type());
    for (Value capture : parts.captures)
      types.push_back(getElementTypeOrSelf(capture));
    SmallVector<Location> locations(types.size(), builder.getLoc());
    Block *block = builder.createBlock(&op.getCell(), {}, types, locations);
    YieldOp::create(builder, fill(*block));
    return op;
  }

private:
  void findCaptures() {
    for (unsigned index = 0; index < product.getCaptures().size(); ++index)
      for (int64_t gate = 0; gate < gates; ++gate) {
        AffineExpr m = builder.getAffineDimExpr(0), n = builder.getAffineDimExpr(1);
        AffineMap map = product.getCaptureMap(index).replaceDimsAndSymbols(
            {m, builder.getAffineConstantExpr(gate), n, builder.getAffineConstantExpr(0)}, {}, 2,
            0);
        ofProduct.push_back(parts.capture(product.getCaptures()[index], map));
      }
    for (OpOperand *input : consumer.getDpsInputOperands())
      if (input->get() != product.getResult())
        ofInputs[consumer.getMatchingBlockArgument(input)] =
            parts.capture(input->get(), consumer.getMatchingIndexingMap(input));
    for (OpOperand &init : consumer.getDpsInitsMutable())
      if (consumer.payloadUsesValueFromOperand(&init))
        ofInputs[consumer.getMatchingBlockArgument(&init)] =
            parts.capture(init.get(), builder.getMultiDimIdentityMap(2));
    for (Value outer : scalarsFromOutside(*consumer.getBody())) {
      auto type = RankedTensorType::get({}, outer.getType());
      Value scalar = tensor::FromElementsOp::create(builder, type, outer);
      ofInputs[outer] = parts.capture(scalar, AffineMap::get(2, 0, builder.getContext()));
    }
  }

  /// The consumer's, but what the product still reads elsewhere is not written.
  SmallVector<Value> destinations() {
    return llvm::map_to_vector(consumer.getDpsInits(), [&](Value init) -> Value {
      bool isRead = init == parts.state;
      for (auto [capture, map] : llvm::zip_equal(parts.captures, parts.maps))
        isRead |= capture == init && !map.isIdentity();
      if (!isRead)
        return init;
      return castTo(builder,
                    emptyTensor(builder, tensor::getMixedSizes(builder, builder.getLoc(), init),
                                getElementTypeOrSelf(init)),
                    init.getType());
    });
  }

  SmallVector<Value> fill(Block &block) {
    auto captured = [&](unsigned place) { return block.getArgument(gates + place); };
    SmallVector<Value> sums;
    Block &epilogue = product.getEpilogue().front();
    for (int64_t gate = 0; gate < gates; ++gate) {
      IRMapping mapping;
      mapping.map(epilogue.getArgument(0), block.getArgument(gate));
      for (unsigned index = 0; index < product.getCaptures().size(); ++index)
        mapping.map(epilogue.getArgument(1 + index), captured(ofProduct[index * gates + gate]));
      sums.push_back(cloneScalarBody(builder, epilogue, mapping).front());
    }
    IRMapping mapping;
    for (OpOperand *input : consumer.getDpsInputOperands())
      if (input->get() == product.getResult())
        mapping.map(consumer.getMatchingBlockArgument(input),
                    sums[*gateOf(consumer.getMatchingIndexingMap(input))]);
    for (auto [value, place] : ofInputs)
      mapping.map(value, captured(place));
    return cloneScalarBody(builder, *consumer.getBody(), mapping);
  }

  ContractOp product;
  linalg::GenericOp consumer;
  ImplicitLocOpBuilder builder;
  int64_t gates;
  Parts parts;
  SmallVector<unsigned> ofProduct;
  llvm::MapVector<Value, unsigned> ofInputs;
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
    if (reader->getBlock() != op->getBlock() || !isElementwise(reader))
      return false;
    for (OpOperand &operand : reader->getOpOperands()) {
      bool own = operand.get().getDefiningOp() == op.getOperation();
      if (own && reader.getMatchingIndexingMap(&operand).isIdentity())
        continue;
      if (own || !isBefore(operand.get()))
        return false;
    }
    return llvm::all_of(scalarsFromOutside(*reader.getBody()),
                        [&](Value outer) { return isBefore(outer); });
  }

  bool isBefore(Value value) { return canComeBefore(value.getDefiningOp()); }

  /// True for what lies before the gates, and for views that can.
  bool canComeBefore(Operation *def) {
    if (!def || def->getBlock() != op->getBlock() || def->isBeforeInBlock(op))
      return true;
    return isa<tensor::ExtractSliceOp, tensor::EmptyOp, tensor::DimOp, arith::IndexCastOp,
               tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(def) &&
           llvm::all_of(def->getOperands(), [&](Value operand) { return isBefore(operand); });
  }

  void bringBefore(Value value) {
    Operation *def = value.getDefiningOp();
    if (!def || def->getBlock() != op->getBlock() || def->isBeforeInBlock(op))
      return;
    for (Value operand : def->getOperands())
      bringBefore(operand);
    def->moveBefore(op);
  }

  /// True when a result that has another use, too, is written into a slice.
  bool mayWrite(tensor::InsertSliceOp insert, OpResult result) {
    auto type = cast<RankedTensorType>(result.getType());
    return insert->getBlock() == op->getBlock() && insert.getSource() == result &&
           !result.hasOneUse() && type.getElementType() == insert.getDestType().getElementType() &&
           llvm::all_of(insert->getOperands().drop_front(), [&](Value operand) {
             return isBefore(operand);
           });
  }

  /// A copy of the op with further captures and results; `extend` gets the mapped values that the
  /// old cell yields, and all captures' scalars, and gives those of the new results.
  void rebuild(Parts parts, ArrayRef<Value> inits,
               function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange, Block &)> extend) {
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    SmallVector<Value> all(op.getInits());
    llvm::append_range(all, inits);
    auto next = GatesOp::create(builder, ValueRange(all).getTypes(), op.getState(), op.getWeight(),
                                parts.captures, all, builder.getAffineMapArrayAttr(parts.maps),
                                op.getPanelsAttr());
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

  Parts partsOf() {
    Parts parts;
    llvm::append_range(parts.captures, op.getCaptures());
    for (unsigned index = 0; index < op.getCaptures().size(); ++index)
      parts.maps.push_back(op.getCaptureMap(index));
    return parts;
  }

  void writeBeside(tensor::InsertSliceOp insert, OpResult result) {
    for (Value operand : insert->getOperands().drop_front())
      bringBefore(operand);
    ImplicitLocOpBuilder builder(insert.getLoc(), op);
    Value place = tensor::ExtractSliceOp::create(
        builder, cast<RankedTensorType>(result.getType()), insert.getDest(),
        insert.getMixedOffsets(), insert.getMixedSizes(), insert.getMixedStrides());
    unsigned number = result.getResultNumber();
    rebuild(partsOf(), place, [&](ImplicitLocOpBuilder &, ValueRange yielded, Block &) {
      return SmallVector<Value>{yielded[number]};
    });
    insert.getSourceMutable().assign(op->getResults().back());
  }

  void take(linalg::GenericOp reader) {
    for (Value operand : reader->getOperands())
      if (operand.getDefiningOp() != op.getOperation())
        bringBefore(operand);
    for (Value outer : scalarsFromOutside(*reader.getBody()))
      bringBefore(outer);
    ImplicitLocOpBuilder builder(reader.getLoc(), op);
    Parts parts = partsOf();
    llvm::MapVector<Value, unsigned> places;
    SmallVector<std::pair<Value, unsigned>> own;
    SmallVector<Value> inits;
    for (OpOperand &operand : reader->getOpOperands()) {
      Value argument = reader.getMatchingBlockArgument(&operand);
      if (operand.get().getDefiningOp() == op.getOperation())
        own.push_back({argument, cast<OpResult>(operand.get()).getResultNumber()});
      else if (reader.isDpsInput(&operand) || reader.payloadUsesValueFromOperand(&operand))
        places[argument] = parts.capture(operand.get(), reader.getMatchingIndexingMap(&operand));
      if (!reader.isDpsInit(&operand))
        continue;
      bool taken = operand.get().getDefiningOp() == op.getOperation() ||
                   operand.get() == op.getState() ||
                   llvm::is_contained(op.getInits(), operand.get());
      Value init = operand.get();
      if (taken)
        init = castTo(builder,
                      emptyTensor(builder, tensor::getMixedSizes(builder, builder.getLoc(),
                                                                 op.getInits().front()),
                                  getElementTypeOrSelf(init)),
                      init.getType());
      inits.push_back(init);
    }
    for (Value outer : scalarsFromOutside(*reader.getBody())) {
      Value scalar = tensor::FromElementsOp::create(
          builder, RankedTensorType::get({}, outer.getType()), outer);
      places[outer] = parts.capture(scalar, AffineMap::get(2, 0, builder.getContext()));
    }
    int64_t gates = op.getGateCount();
    unsigned before = op->getNumResults();
    rebuild(parts, inits, [&](ImplicitLocOpBuilder &scalars, ValueRange yielded, Block &block) {
      IRMapping mapping;
      for (auto [argument, number] : own)
        mapping.map(argument, yielded[number]);
      for (auto [value, place] : places)
        mapping.map(value, block.getArgument(gates + place));
      return cloneScalarBody(scalars, *reader.getBody(), mapping);
    });
    reader->replaceAllUsesWith(op->getResults().drop_front(before));
    reader.erase();
  }

  GatesOp op;
};

/// Drops results that nobody reads, and captures that only they needed.
static GatesOp dropUnused(GatesOp op) {
  if (llvm::none_of(op->getResults(), [](OpResult result) { return result.use_empty(); }))
    return op;
  SmallVector<unsigned> kept;
  for (OpResult result : op->getResults())
    if (!result.use_empty())
      kept.push_back(result.getResultNumber());
  if (kept.empty())
    return op;
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  SmallVector<Value> inits =
      llvm::map_to_vector(kept, [&](unsigned number) -> Value { return op.getInits()[number]; });
  auto next = GatesOp::create(builder, ValueRange(inits).getTypes(), op.getState(), op.getWeight(),
                              op.getCaptures(), inits, op.getCaptureMapsAttr(), op.getPanelsAttr());
  next.getCell().takeBody(op.getCell());
  Operation *yield = next.getCell().front().getTerminator();
  yield->setOperands(
      llvm::map_to_vector(kept, [&](unsigned number) { return yield->getOperand(number); }));
  for (auto [place, number] : llvm::enumerate(kept))
    op->getResult(number).replaceAllUsesWith(next->getResult(place));
  op.erase();
  return next;
}

struct FuseGates : fovea::impl::FuseGatesBase<FuseGates> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> consumers;
    getOperation().walk([&](linalg::GenericOp op) { consumers.push_back(op); });
    for (linalg::GenericOp consumer : consumers) {
      ContractOp product = productOf(consumer);
      if (!product)
        continue;
      GatesOp gates = GatesBuilder(product, consumer).build();
      consumer->replaceAllUsesWith(gates->getResults());
      consumer.erase();
      product.erase();
      made.push_back(gates);
      ++numFused;
    }
    for (GatesOp gates : made)
      dropUnused(ReaderFolder(gates).run());
  }

private:
  /// The product that only `consumer` reads, gate by gate.
  static ContractOp productOf(linalg::GenericOp consumer) {
    if (!isElementwise(consumer))
      return {};
    for (Value outer : scalarsFromOutside(*consumer.getBody()))
      if (!outer.getType().isIntOrIndexOrFloat())
        return {};
    for (OpOperand *input : consumer.getDpsInputOperands()) {
      auto product = input->get().getDefiningOp<ContractOp>();
      if (!product || product->getBlock() != consumer->getBlock() || !isGateProduct(product))
        continue;
      bool alone = llvm::all_of(product.getResult().getUses(), [&](OpOperand &use) {
        return use.getOwner() == consumer && consumer.isDpsInput(&use) &&
               gateOf(consumer.getMatchingIndexingMap(&use));
      });
      if (alone)
        return product;
    }
    return {};
  }

  SmallVector<GatesOp> made;
};

} // namespace
