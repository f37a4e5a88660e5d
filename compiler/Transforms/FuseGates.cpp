//===- FuseGates.cpp - products of one state finished together ------------===//
//
// Finds the products of a step that belong together, in whichever of three ways they are written,
// and makes one fovea.gates of them and of the elementwise operations that read them. Where the
// target wants them, single products that a state comes from and goes to are such, too.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/ScalarBody.h"
#include "compiler/Transforms/GateCell.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace fovea {
#define GEN_PASS_DEF_FUSEGATES
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Most gates of a unit whose sums stay in registers.
static constexpr int64_t kMostGates = 8;

namespace {

/// One gate: what its product computes, and what reads it.
struct GateProduct {
  ContractOp product;
  /// From the product's n to this gate's.
  int64_t first = 0;
  /// The gate's number where the product has a dimension for it.
  std::optional<int64_t> number;
  /// What stands for the gate: a result, a slice of one, or operands that read it in place.
  Value whole;
  SmallVector<OpOperand *> readers;
};

/// The gates of one unit with their weight.
struct Gates {
  Value weight;
  /// Which dimensions of the weight are g, n and k.
  SmallVector<int64_t> order;
  SmallVector<GateProduct> gates;
  OpFoldResult units;
};

} // namespace

static bool isSummable(Type element) {
  return element.isF32() || element.isF16() || element.isBF16();
}

/// Where dimension `dim` is a result of `map`, -1 when it is none.
static int64_t placeOf(AffineMap map, unsigned dim) {
  return map.getResultPosition(getAffineDimExpr(dim, map.getContext())).value_or(-1);
}

/// True for state [m, k] times a constant-sized weight, without a schedule of its own.
static bool isStateProduct(ContractOp op, unsigned dims) {
  Builder builder(op.getContext());
  auto weight = dyn_cast<RankedTensorType>(op.getRhs().getType());
  return op.getNumDims() == dims && op->getNumResults() == 1 && !op.getScheduleAttr() && weight &&
         weight.hasStaticShape() && weight.getNumElements() > 0 && weight.getRank() == dims - 1 &&
         op.getLhsMap() == mapOf(builder, dims, {0, dims - 1}) &&
         op.getRhsMap().isProjectedPermutation() && !op.getRhsMap().isFunctionOfDim(0) &&
         isSummable(getElementTypeOrSelf(op.getLhs())) && isSummable(weight.getElementType()) &&
         op.getSumType().isF32();
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

/// A product into [m, g, n] whose gates are read one by one in elementwise operations over [m, n].
static std::optional<Gates> gatesOfDimension(ContractOp op) {
  Builder builder(op.getContext());
  if (!isStateProduct(op, 4) || op.getOutMap() != mapOf(builder, 4, {0, 1, 2}))
    return std::nullopt;
  auto weight = cast<RankedTensorType>(op.getRhs().getType());
  AffineMap map = op.getRhsMap();
  Gates found{op.getRhs(), {placeOf(map, 1), placeOf(map, 2), placeOf(map, 3)}, {}, {}};
  int64_t count = weight.getDimSize(found.order[0]);
  if (count > kMostGates)
    return std::nullopt;
  for (int64_t number = 0; number < count; ++number)
    found.gates.push_back({op, 0, number, {}, {}});
  for (OpOperand &use : op.getResult().getUses()) {
    auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!reader || !reader.isDpsInput(&use) || reader->getBlock() != op->getBlock() ||
        !isElementwiseOverUnits(reader))
      return std::nullopt;
    std::optional<int64_t> number = gateOf(reader.getMatchingIndexingMap(&use));
    if (!number)
      return std::nullopt;
    found.gates[*number].readers.push_back(&use);
  }
  found.units = builder.getIndexAttr(weight.getDimSize(found.order[1]));
  return found;
}

/// True when a product has as many rows; it is not asked with new operations, since it may stay.
static bool areAllRows(OpFoldResult size, ContractOp op) {
  FailureOr<bool> equal = ValueBoundsConstraintSet::areEqual(
      size, ValueBoundsConstraintSet::Variable(op.getResult(), 0));
  return succeeded(equal) && *equal;
}

/// A product into [m, G * n] of which slices of n columns are read.
static std::optional<Gates> gatesOfSlices(ImplicitLocOpBuilder &builder, ContractOp op) {
  if (!isStateProduct(op, 3) || op.getOutMap() != mapOf(builder, 3, {0, 1}))
    return std::nullopt;
  auto weight = cast<RankedTensorType>(op.getRhs().getType());
  int64_t columns = weight.getDimSize(placeOf(op.getRhsMap(), 1)), units = 0;
  SmallVector<tensor::ExtractSliceOp> slices;
  for (Operation *user : op.getResult().getUsers()) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    if (!slice || slice.getType().getRank() != 2 || !slice.hasUnitStride() ||
        slice.getStaticOffset(0) != 0 || slice.isDynamicOffset(1) || slice.isDynamicSize(1) ||
        !areAllRows(slice.getMixedSizes()[0], op))
      return std::nullopt;
    units = units ? units : slice.getStaticSize(1);
    if (slice.getStaticSize(1) != units || slice.getStaticOffset(1) % units != 0)
      return std::nullopt;
    slices.push_back(slice);
  }
  if (!units || columns % units != 0 || columns / units > kMostGates || columns / units < 2)
    return std::nullopt;
  bool columnsFirst = placeOf(op.getRhsMap(), 1) == 0;
  Gates found{
      {}, columnsFirst ? SmallVector<int64_t>{0, 1, 2} : SmallVector<int64_t>{1, 2, 0}, {}, {}};
  for (int64_t first = 0; first < columns; first += units)
    found.gates.push_back({op, first, {}, {}, {}});
  for (tensor::ExtractSliceOp slice : slices) {
    GateProduct &gate = found.gates[slice.getStaticOffset(1) / units];
    if (gate.whole)
      return std::nullopt;
    gate.whole = slice.getResult();
  }
  builder.setInsertionPointAfterValue(op.getRhs());
  found.weight = splitDim(builder, op.getRhs(), columnsFirst ? 0 : 1, columns / units);
  found.units = builder.getIndexAttr(units);
  return found;
}

/// Adds what an operation of a cell computes its results from; nothing for one that is neither
/// elementwise, nor a product, nor a view.
static void addSourcesOfCell(Operation *op, SetVector<Value> &sources) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    if (generic.getNumParallelLoops() != generic.getNumLoops())
      return;
    for (OpOperand &operand : op->getOpOperands())
      if (generic.payloadUsesValueFromOperand(&operand))
        sources.insert(operand.get());
  } else if (auto product = dyn_cast<ContractOp>(op)) {
    sources.insert(product.getLhs());
    sources.insert_range(product.getCaptures());
  } else if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
                 tensor::ExtractSliceOp>(op)) {
    sources.insert(op->getOperand(0));
  }
}

/// True when the state that `op` multiplies is computed, in a step before, from what it gives, by
/// elementwise operations and products alone.
static bool comesBackAsState(ContractOp op) {
  SetVector<Value> sources;
  sources.insert(op.getLhs());
  for (size_t next = 0; next < sources.size(); ++next) {
    Value source = sources[next];
    if (source == op.getResult())
      return true;
    if (auto argument = dyn_cast<BlockArgument>(source)) {
      auto loop = dyn_cast<LoopLikeOpInterface>(op->getParentOp());
      OpOperand *yielded = loop ? loop.getTiedLoopYieldedValue(argument) : nullptr;
      if (yielded)
        sources.insert(yielded->get());
    } else if (source.getParentBlock() == op->getBlock()) {
      addSourcesOfCell(source.getDefiningOp(), sources);
    }
  }
  return false;
}

/// A product into [m, n] by itself, between one step's state and the next.
static std::optional<Gates> gateByItself(ContractOp op) {
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  auto loop = dyn_cast<LoopLikeOpInterface>(op->getParentOp());
  bool isKnown = op.getRhs().getDefiningOp<GetWeightOp>() ||
                 (loop && loop.isDefinedOutsideOfLoop(op.getRhs()));
  auto areUnits = [](Operation *user) {
    auto reader = dyn_cast<linalg::GenericOp>(user);
    return !reader || isElementwiseOverUnits(reader);
  };
  if (!isStateProduct(op, 3) || op.getOutMap() != mapOf(builder, 3, {0, 1}) || !isKnown ||
      !llvm::all_of(op.getResult().getUsers(), areUnits) || !comesBackAsState(op))
    return std::nullopt;
  AffineMap map = op.getRhsMap();
  Gates found{{}, {0, 1 + placeOf(map, 1), 1 + placeOf(map, 2)}, {}, {}};
  found.gates.push_back({op, 0, {}, op.getResult(), {}});
  found.units = builder.getIndexAttr(
      cast<RankedTensorType>(op.getRhs().getType()).getDimSize(placeOf(map, 1)));
  builder.setInsertionPointAfterValue(op.getRhs());
  found.weight = insertUnitDim(builder, op.getRhs(), 0);
  return found;
}

namespace {

struct FuseGates : fovea::impl::FuseGatesBase<FuseGates> {
  using FuseGatesBase::FuseGatesBase;

  void runOnOperation() override {
    SmallVector<LoopLikeOpInterface> loops;
    getOperation().walk([&](LoopLikeOpInterface loop) { loops.push_back(loop); });
    for (LoopLikeOpInterface loop : loops)
      for (Region *region : loop.getLoopRegions())
        for (Block &block : *region)
          fuseIn(block);
  }

private:
  void fuseIn(Block &block) {
    SmallVector<Gates> found;
    SmallVector<ContractOp> products(block.getOps<ContractOp>());
    llvm::SmallPtrSet<Operation *, 8> taken;
    for (ContractOp product : products) {
      if (taken.contains(product))
        continue;
      ImplicitLocOpBuilder builder(product.getLoc(), product);
      std::optional<Gates> gates = gatesOfDimension(product);
      if (!gates)
        gates = gatesOfSlices(builder, product);
      if (!gates)
        gates = gatesOfSeveral(product, products);
      if (!gates && single)
        gates = gateByItself(product);
      if (!gates)
        continue;
      for (GateProduct &gate : gates->gates)
        taken.insert(gate.product);
      found.push_back(std::move(*gates));
    }
    // A cell may take what another's state is computed by: all gates are there before one grows.
    SmallVector<GatesOp> built;
    for (Gates &gates : found)
      built.push_back(build(gates));
    llvm::for_each(built, growCell);
    numFused += built.size();
  }

  /// Products of one state with weights of one type, each into [m, n].
  std::optional<Gates> gatesOfSeveral(ContractOp first, ArrayRef<ContractOp> products) {
    ImplicitLocOpBuilder builder(first.getLoc(), first);
    if (!isStateProduct(first, 3) || first.getOutMap() != mapOf(builder, 3, {0, 1}))
      return std::nullopt;
    Gates found;
    SmallVector<Value> weights;
    for (ContractOp product : products) {
      bool fits = product.getLhs() == first.getLhs() && isStateProduct(product, 3) &&
                  product.getRhs().getType() == first.getRhs().getType() &&
                  product.getRhsMap() == first.getRhsMap() &&
                  product.getOutMap() == first.getOutMap() &&
                  !llvm::is_contained(weights, product.getRhs());
      if (!fits)
        continue;
      found.gates.push_back({product, 0, {}, product.getResult(), {}});
      weights.push_back(product.getRhs());
    }
    if (weights.size() < 2 || static_cast<int64_t>(weights.size()) > kMostGates)
      return std::nullopt;
    found.weight = joined(weights);
    if (!found.weight)
      found.weight = joinedBefore(first->getBlock()->getParentOp(), weights);
    if (!found.weight)
      return std::nullopt;
    AffineMap map = first.getRhsMap();
    found.order = {0, 1 + placeOf(map, 1), 1 + placeOf(map, 2)};
    auto type = cast<RankedTensorType>(first.getRhs().getType());
    found.units = builder.getIndexAttr(type.getDimSize(placeOf(map, 1)));
    return found;
  }

  /// Constant weights as one, with their number in front; null when one is not constant.
  Value joined(ArrayRef<Value> weights) {
    SmallVector<Attribute> names;
    WeightOp last;
    for (Value value : weights) {
      auto get = value.getDefiningOp<GetWeightOp>();
      auto weight = get ? getOperation().lookupSymbol<WeightOp>(get.getWeight()) : WeightOp();
      if (!weight || weight.isDerived())
        return {};
      names.push_back(get.getWeightAttr());
      if (!last || last->isBeforeInBlock(weight))
        last = weight;
    }
    auto type = cast<RankedTensorType>(weights.front().getType());
    SmallVector<int64_t> shape{static_cast<int64_t>(weights.size())};
    llvm::append_range(shape, type.getShape());
    auto whole = RankedTensorType::get(shape, type.getElementType());
    OpBuilder builder(last);
    builder.setInsertionPointAfter(last);
    std::string name = (last.getSymName() + ".joined").str();
    for (unsigned suffix = 0; getOperation().lookupSymbol(name); ++suffix)
      name = (last.getSymName() + ".joined" + Twine(suffix)).str();
    WeightOp::create(builder, last.getLoc(), builder.getStringAttr(name), builder.getStringAttr(""),
                     builder.getI64IntegerAttr(0), TypeAttr::get(whole), FlatSymbolRefAttr(),
                     PanelsAttr(), builder.getArrayAttr(names), FlatSymbolRefAttr(),
                     DenseI64ArrayAttr());
    builder.setInsertionPointAfter(weights.back().getDefiningOp());
    return GetWeightOp::create(builder, weights.back().getLoc(), whole,
                               FlatSymbolRefAttr::get(&getContext(), name));
  }

  /// Weights that only the run knows as one, with their number in front, copied before the
  /// outermost loop that does not make them; null when `loop` makes one.
  static Value joinedBefore(Operation *loop, ArrayRef<Value> weights) {
    auto areKnown = [&](LoopLikeOpInterface around) {
      return around && llvm::all_of(weights, [&](Value weight) {
               return around.isDefinedOutsideOfLoop(weight);
             });
    };
    if (!areKnown(dyn_cast<LoopLikeOpInterface>(loop)))
      return {};
    while (areKnown(loop->getParentOfType<LoopLikeOpInterface>()))
      loop = loop->getParentOfType<LoopLikeOpInterface>();
    ImplicitLocOpBuilder builder(loop->getLoc(), loop);
    auto type = cast<RankedTensorType>(weights.front().getType());
    SmallVector<int64_t> shape{static_cast<int64_t>(weights.size())};
    llvm::append_range(shape, type.getShape());
    Value all = tensor::EmptyOp::create(builder, shape, type.getElementType());
    SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0)), sizes,
        strides(shape.size(), builder.getIndexAttr(1));
    for (int64_t size : shape)
      sizes.push_back(builder.getIndexAttr(size));
    sizes.front() = builder.getIndexAttr(1);
    for (auto [number, weight] : llvm::enumerate(weights)) {
      offsets.front() = builder.getIndexAttr(number);
      all = tensor::InsertSliceOp::create(builder, weight, all, offsets, sizes, strides);
    }
    return all;
  }

  /// The gates with a cell that gives what their products do.
  static GatesOp build(Gates &found) {
    ContractOp last = found.gates.front().product;
    for (GateProduct &gate : found.gates)
      if (last->isBeforeInBlock(gate.product))
        last = gate.product;
    ImplicitLocOpBuilder builder(last.getLoc(), last);
    // Gates that were built before may have taken the place of what was found.
    Value state = found.gates.front().product.getLhs();
    SmallVector<Value> captures, inits;
    SmallVector<AffineMap> maps;
    SmallVector<unsigned> starts;
    OpFoldResult rows = tensor::getMixedSize(builder, last.getLoc(), state, 0);
    for (GateProduct &gate : found.gates) {
      starts.push_back(captures.size());
      for (auto [index, capture] : llvm::enumerate(gate.product.getCaptures())) {
        captures.push_back(capture);
        maps.push_back(mapOfGate(builder, gate, gate.product.getCaptureMap(index)));
      }
      inits.push_back(emptyTensor(builder, {rows, found.units},
                                  getElementTypeOrSelf(gate.product.getResult())));
    }
    DenseI64ArrayAttr order = found.order == SmallVector<int64_t>{0, 1, 2}
                                  ? DenseI64ArrayAttr()
                                  : builder.getDenseI64ArrayAttr(found.order);
    auto op = GatesOp::create(builder, ValueRange(inits).getTypes(), state, found.weight, captures,
                              inits, builder.getAffineMapArrayAttr(maps), order, IntegerAttr());
    fill(op, found.gates, starts);
    replace(op, found);
    return op;
  }

  /// A capture's map over the dimensions of a product as one over (m, n) of a gate.
  static AffineMap mapOfGate(Builder &builder, const GateProduct &gate, AffineMap map) {
    AffineExpr m = builder.getAffineDimExpr(0), n = builder.getAffineDimExpr(1);
    AffineExpr none = builder.getAffineConstantExpr(0);
    SmallVector<AffineExpr> dims{m, n + gate.first, none};
    if (gate.number)
      dims = {m, builder.getAffineConstantExpr(*gate.number), n, none};
    return map.replaceDimsAndSymbols(dims, {}, 2, 0);
  }

  static void fill(GatesOp op, ArrayRef<GateProduct> gates, ArrayRef<unsigned> starts) {
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    SmallVector<Type> types(gates.size(), builder.getF32Type());
    for (Value capture : op.getCaptures())
      types.push_back(getElementTypeOrSelf(capture));
    SmallVector<Location> locations(types.size(), builder.getLoc());
    Block *block = builder.createBlock(&op.getCell(), {}, types, locations);
    SmallVector<Value> sums;
    for (auto [number, gate] : llvm::enumerate(gates)) {
      ContractOp product = gate.product;
      Block &epilogue = product.getEpilogue().front();
      IRMapping mapping;
      mapping.map(epilogue.getArgument(0), block->getArgument(number));
      for (unsigned index = 0; index < product.getCaptures().size(); ++index)
        mapping.map(epilogue.getArgument(1 + index),
                    block->getArgument(gates.size() + starts[number] + index));
      sums.push_back(cloneScalarBody(builder, epilogue, mapping).front());
    }
    YieldOp::create(builder, sums);
  }

  /// Lets readers of the products read the gates' results.
  static void replace(GatesOp op, Gates &found) {
    Builder builder(op.getContext());
    for (auto [number, gate] : llvm::enumerate(found.gates)) {
      Value result = op->getResult(number);
      if (gate.whole) {
        ImplicitLocOpBuilder casts(op.getLoc(), op->getBlock(), std::next(op->getIterator()));
        gate.whole.replaceAllUsesWith(castTo(casts, result, gate.whole.getType()));
        if (auto slice = gate.whole.getDefiningOp<tensor::ExtractSliceOp>())
          slice.erase();
      }
      for (OpOperand *reader : gate.readers) {
        auto generic = cast<linalg::GenericOp>(reader->getOwner());
        SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
        maps[reader->getOperandNumber()] = builder.getMultiDimIdentityMap(2);
        generic.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
        reader->set(result);
      }
    }
    llvm::SmallPtrSet<Operation *, 8> products;
    for (GateProduct &gate : found.gates)
      products.insert(gate.product);
    for (Operation *product : products)
      product->erase();
  }
};

} // namespace
