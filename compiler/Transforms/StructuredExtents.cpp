//===- StructuredExtents.cpp - demands of structured operations -----------===//
//
// Extents that operands share by indexing maps, or by the letters of a documented shape.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ExtentDemands.h"
#include "compiler/Transforms/ScalarBounds.h"
#include "dialects/Fovea/StructuredOps.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace fovea;

static std::optional<IndexRange> rangeOfQuotient(SizeContext &context, AffineExprKind kind,
                                                 const IndexRange &of, int64_t by) {
  if (by <= 0)
    return std::nullopt;
  if (kind == AffineExprKind::FloorDiv)
    return IndexRange{context.floorDiv(of.least, by), context.floorDiv(of.most, by)};
  if (kind == AffineExprKind::CeilDiv)
    return IndexRange{context.ceilDiv(of.least, by), context.ceilDiv(of.most, by)};
  std::optional<int64_t> least = context.least(of.least);
  if (least && *least >= 0)
    return IndexRange{0, context.min(of.most, by - 1)};
  return IndexRange{0, by - 1};
}

std::optional<IndexRange> fovea::rangeOf(TensorSizes &sizes, AffineExpr expr,
                                         ArrayRef<SizeExpr> extents) {
  SizeContext &context = sizes.context;
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return IndexRange{constant.getValue(), constant.getValue()};
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return IndexRange{0, context.sub(extents[dim.getPosition()], 1)};
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  auto lhs = binary ? rangeOf(sizes, binary.getLHS(), extents) : std::nullopt;
  auto rhs = binary ? rangeOf(sizes, binary.getRHS(), extents) : std::nullopt;
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return IndexRange{context.add(lhs->least, rhs->least), context.add(lhs->most, rhs->most)};
  std::optional<int64_t> by = rhs->least.constant();
  if (!by || !(rhs->least == rhs->most))
    return std::nullopt;
  if (expr.getKind() != AffineExprKind::Mul)
    return rangeOfQuotient(context, expr.getKind(), *lhs, *by);
  IndexRange scaled{context.mul(lhs->least, *by), context.mul(lhs->most, *by)};
  if (*by < 0)
    std::swap(scaled.least, scaled.most);
  return scaled;
}

/// An operand and the map that says which of its elements an iteration reads.
using Mapped = std::pair<Value, AffineMap>;

/// Extents of the iteration dimensions, by the first operand that has each; the others are to
/// agree. With `grouped`, `d floordiv G` in an operand says that d has G times its extent.
static SmallVector<SizeExpr> demandMaps(ArrayRef<Mapped> operands, bool grouped,
                                        ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  unsigned dims = operands.front().second.getNumDims();
  SmallVector<std::optional<SizeExpr>> extents(dims);
  for (auto [value, map] : operands)
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      SizeExpr size = sizes.sizeOf(value, position);
      std::optional<SizeExpr> &extent = extents[dim.getPosition()];
      if (extent)
        demands.equal(size, *extent);
      else
        extent = size;
    }
  // Keys in pages: their table alone tells how many there may be.
  for (auto [value, map] : operands)
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
      auto dim = dyn_cast_or_null<AffineDimExpr>(quotient ? quotient.getLHS() : AffineExpr());
      if (!grouped || !dim || expr.getKind() != AffineExprKind::FloorDiv ||
          extents[dim.getPosition()])
        continue;
      int64_t group = cast<AffineConstantExpr>(quotient.getRHS()).getValue();
      extents[dim.getPosition()] = sizes.context.mul(sizes.sizeOf(value, position), group);
    }
  // A dimension that no operand has by itself does not occur in what verifiers accept.
  SmallVector<SizeExpr> all;
  for (std::optional<SizeExpr> &extent : extents)
    all.push_back(extent.value_or(SizeExpr(0)));
  for (auto [value, map] : operands)
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      if (isa<AffineDimExpr>(expr))
        continue;
      SizeExpr size = sizes.sizeOf(value, position);
      auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
      if (grouped && quotient && quotient.getKind() == AffineExprKind::FloorDiv &&
          isa<AffineDimExpr>(quotient.getLHS())) {
        int64_t group = cast<AffineConstantExpr>(quotient.getRHS()).getValue();
        SizeExpr whole = all[cast<AffineDimExpr>(quotient.getLHS()).getPosition()];
        demands.equal(sizes.context.mul(size, group), whole);
      } else if (auto range = rangeOf(sizes, expr, all)) {
        demands.inside(*range, size, all);
      }
    }
  return all;
}

/// Checks indices at which the body reads tensors, where they are neither checked nor bounded.
static void guardElements(linalg::LinalgOp op, ArrayRef<SizeExpr> extents, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  SizeContext &context = sizes.context;
  auto leaf = [&](Value value) -> Bounds {
    if (auto index = value.getDefiningOp<linalg::IndexOp>())
      return {SizeExpr(0), context.sub(extents[index.getDim()], 1)};
    if (auto index = value.getDefiningOp<CheckedIndexOp>())
      return {SizeExpr(0), context.sub(sizes.valueOf(index.getExtent()), 1)};
    bool outside = !op->isAncestor(value.getParentBlock()->getParentOp());
    if (outside && value.getType().isIndex())
      return {sizes.valueOf(value), sizes.valueOf(value)};
    return {};
  };
  op->walk([&](tensor::ExtractOp read) {
    for (auto [dim, index] : llvm::enumerate(read.getIndicesMutable())) {
      SizeExpr extent = sizes.sizeOf(read.getTensor(), dim);
      Bounds bounds = boundsOfScalar(context, index.get(), leaf);
      bool bounded = bounds.least && bounds.most && sizes.isAtLeast(*bounds.least, 0) &&
                     sizes.isAtLeast(context.sub(extent, 1), *bounds.most);
      if (!std::exchange(context.overflowed, false) && bounded)
        continue;
      demands.guard(index, extent);
    }
  });
}

static void demandLinalg(linalg::LinalgOp op, ExtentDemands &demands) {
  SmallVector<Mapped> operands;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()))
      operands.emplace_back(operand.get(), op.getMatchingIndexingMap(&operand));
  if (!operands.empty())
    guardElements(op, demandMaps(operands, /*grouped=*/false, demands), demands);
}

static void demandAttention(AttentionOp op, ExtentDemands &demands) {
  SmallVector<Mapped> operands{{op.getQuery(), op.getQueryMap()},
                               {op.getKey(), op.getMapInPage(op.getKeyMap())},
                               {op.getValue(), op.getMapInPage(op.getValueMap())}};
  if (op.getPages())
    operands.emplace_back(op.getPages(), op.getPagesMap());
  if (op.getLengths())
    operands.emplace_back(op.getLengths(),
                          AffineMap::get(6, 0, getAffineDimExpr(AttentionOp::B, op.getContext())));
  if (op.getSlopes())
    operands.emplace_back(op.getSlopes(),
                          AffineMap::get(6, 0, getAffineDimExpr(AttentionOp::H, op.getContext())));
  if (Value starts = op.getQueryStarts()) {
    SizeExpr count = demands.sizes.sizeOf(starts, 0);
    demands.equal(demands.sizes.sizeOf(op.getKeyStarts(), 0), count);
    demands.atLeast(count, 1);
  }
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    if (!isTable(capture, op.getCaptureMap(index)))
      operands.emplace_back(capture, op.getCaptureMap(index));
  operands.emplace_back(op.getOut(), op.getOutMap());
  if (op.hasLse())
    operands.emplace_back(op.getLse(), op.getLseMap());
  if (op.hasMax())
    operands.emplace_back(op.getMax(), op.getMaxMap());
  SmallVector<SizeExpr> extents = demandMaps(operands, /*grouped=*/true, demands);
  bool positional = op.getCausal() || op.getWindow() || op.getSlopes() || op.getLengths() ||
                    op.getQueryStarts() ||
                    llvm::any_of(op->getRegions(), [](Region &region) { return !region.empty(); });
  if (positional)
    for (unsigned dim : {AttentionOp::I, AttentionOp::J})
      demands.atLeast(kMaxPositions, extents[dim]);
  // Regions see the number of the sequence as their batch.
  if (Value starts = op.getQueryStarts())
    extents[AttentionOp::B] = demands.sizes.context.sub(demands.sizes.sizeOf(starts, 0), 1);
  demandTables(op, extents, demands);
}

static void demandContract(ContractOp op, ExtentDemands &demands) {
  SmallVector<Mapped> operands;
  for (auto [operand, map] :
       llvm::zip_equal(op->getOperands(), op.getIndexingMaps().getAsValueRange<AffineMapAttr>()))
    operands.emplace_back(operand, map);
  demandMaps(operands, /*grouped=*/false, demands);
}

/// Demands that every dimension of `value` equals the same of `like`.
static void demandSameShape(Value value, Value like, ExtentDemands &demands) {
  for (int64_t dim = 0; dim < cast<RankedTensorType>(like.getType()).getRank(); ++dim)
    demands.equal(demands.sizes.sizeOf(value, dim), demands.sizes.sizeOf(like, dim));
}

/// Norms: parameters as x from the axis on, the first out as x, further ones 1 from the axis on.
static void demandNorm(Value x, int64_t axis, ValueRange parameters, ValueRange outs,
                       ExtentDemands &demands) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  TensorSizes &sizes = demands.sizes;
  for (Value parameter : parameters)
    for (int64_t dim = axis; parameter && dim < rank; ++dim)
      demands.equal(sizes.sizeOf(parameter, dim - axis), sizes.sizeOf(x, dim));
  demandSameShape(outs.front(), x, demands);
  for (Value extra : outs.drop_front())
    for (int64_t dim = 0; dim < rank; ++dim)
      demands.equal(sizes.sizeOf(extra, dim), dim < axis ? sizes.sizeOf(x, dim) : SizeExpr(1));
}

static void demandRope(RopeOp op, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  SizeExpr batch = sizes.sizeOf(op.getX(), 0), steps = sizes.sizeOf(op.getX(), 2);
  SizeExpr width = sizes.sizeOf(op.getX(), 3);
  SizeExpr rotated = op.getRotaryDim() == 0 ? width : SizeExpr(op.getRotaryDim());
  demands.atLeast(width, rotated);
  demandSameShape(op.getSin(), op.getCos(), demands);
  Value placed = op.getPositions() ? op.getPositions() : op.getCos();
  demands.equal(sizes.sizeOf(placed, 0), batch);
  demands.equal(sizes.sizeOf(placed, 1), steps);
  SizeExpr half = sizes.sizeOf(op.getCos(), op.getPositions() ? 1 : 2);
  demands.equal(sizes.context.mul(half, 2), rotated);
  demandSameShape(op->getResult(0), op.getX(), demands);
}

namespace {
/// Shapes written with letters, a factor in front where a dimension is a multiple ("4H").
class Letters {
public:
  Letters(ExtentDemands &demands) : demands(demands) {}

  void set(char letter, const SizeExpr &size) { known[letter] = size; }

  void match(Value value, ArrayRef<StringRef> names) {
    if (!value)
      return;
    for (auto [dim, name] : llvm::enumerate(names)) {
      int64_t factor = 1;
      StringRef letter = name;
      if (letter.consumeInteger(10, factor))
        factor = 1;
      SizeExpr size = demands.sizes.sizeOf(value, dim);
      auto found = known.find(letter.front());
      if (found != known.end())
        demands.equal(size, demands.sizes.context.mul(found->second, factor));
      else
        known[letter.front()] = size;
    }
  }

private:
  ExtentDemands &demands;
  std::map<char, SizeExpr> known;
};
} // namespace

/// What LSTM and GRU share; P is H where `states` is 1. R gives P first, so that no factor divides.
template <typename OpTy>
static void demandGates(OpTy op, Letters &letters, ArrayRef<StringRef> rows, StringRef biases) {
  bool batchMajor = op.getLayout() == SequenceLayout::BatchMajor;
  using Names = SmallVector<StringRef>;
  letters.set('D', op.getDirection() == Direction::Bidirectional ? 2 : 1);
  letters.match(op.getX(), batchMajor ? Names{"B", "T", "I"} : Names{"T", "B", "I"});
  letters.match(op.getR(), {"D", "R", "P"});
  letters.match(op.getW(), {"D", rows.front(), "I"});
  letters.match(op.getR(), {"D", rows.front(), "P"});
  letters.match(op.getBias(), {"D", biases});
  Names states = batchMajor ? Names{"B", "D", "P"} : Names{"D", "B", "P"};
  letters.match(op.getInitialH(), states);
  letters.match(op.getLengths(), {"B"});
  letters.match(op.getResets(), batchMajor ? Names{"B", "T"} : Names{"T", "B"});
  letters.match(op.getY(), batchMajor ? Names{"B", "T", "D", "P"} : Names{"T", "D", "B", "P"});
  letters.match(op.getYH(), states);
}

static void demandLstm(LstmOp op, ExtentDemands &demands) {
  Letters letters(demands);
  Value projection = op.getProjection();
  letters.set('H', demands.sizes.sizeOf(projection ? projection : op.getR(), 2));
  demandGates(op, letters, {"4H"}, "8H");
  letters.match(projection, {"D", "P", "H"});
  letters.match(op.getPeephole(), {"D", "3H"});
  bool batchMajor = op.getLayout() == SequenceLayout::BatchMajor;
  using Names = SmallVector<StringRef>;
  Names cells = batchMajor ? Names{"B", "D", "H"} : Names{"D", "B", "H"};
  letters.match(op.getInitialC(), cells);
  letters.match(op.getYC(), cells);
}

static void demandGru(GruOp op, ExtentDemands &demands) {
  Letters letters(demands);
  letters.set('H', demands.sizes.sizeOf(op.getR(), 2));
  demandGates(op, letters, {"3H"}, "6H");
}

/// Sequences have one number of steps; they, states and lengths have one batch size; a cell keeps
/// the sizes of its states (demandYield).
static void demandRnn(RnnOp op, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  SizeExpr batch = sizes.sizeOf(op.getX(), 1);
  for (Value sequence : op.getAlong()) {
    demands.equal(sizes.sizeOf(sequence, 0), sizes.sizeOf(op.getX(), 0));
    demands.equal(sizes.sizeOf(sequence, 1), batch);
  }
  for (Value state : op.getStates())
    demands.equal(sizes.sizeOf(state, 0), batch);
  if (Value lengths = op.getLengths())
    demands.equal(sizes.sizeOf(lengths, 0), batch);
  demands.equal(sizes.sizeOf(op.getY(), 1), batch);
  // y is made before the first step.
  for (int64_t dim = 2; dim < cast<RankedTensorType>(op.getY().getType()).getRank(); ++dim)
    demands.atLeast(sizes.sizeOf(op.getY(), dim), 0);
}

/// At the end of a recurrence's cell.
static void demandYield(YieldOp yield, ExtentDemands &demands) {
  auto op = dyn_cast<RnnOp>(yield->getParentOp());
  if (!op)
    return;
  TensorSizes &sizes = demands.sizes;
  demands.equal(sizes.sizeOf(yield.getOperand(0), 0), sizes.sizeOf(op.getX(), 1));
  for (auto [next, state] : llvm::zip_equal(yield.getOperands().drop_front(), op.getStates()))
    demandSameShape(next, state, demands);
}

bool fovea::demandStructured(Operation *op, ExtentDemands &demands) {
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](AttentionOp op) { return demandAttention(op, demands), true; })
      .Case([&](ContractOp op) { return demandContract(op, demands), true; })
      .Case([&](LayerNormOp op) {
        demandNorm(op.getX(), op.getAxis(), {op.getWeight(), op.getBias()}, op.getInits(), demands);
        return true;
      })
      .Case([&](RmsNormOp op) {
        demandNorm(op.getX(), op.getAxis(), op.getWeight(), op.getInit(), demands);
        return true;
      })
      .Case([&](RopeOp op) { return demandRope(op, demands), true; })
      .Case([&](LstmOp op) { return demandLstm(op, demands), true; })
      .Case([&](GruOp op) { return demandGru(op, demands), true; })
      .Case([&](RnnOp op) { return demandRnn(op, demands), true; })
      .Case([&](YieldOp op) { return demandYield(op, demands), true; })
      .Case([&](linalg::SoftmaxOp op) {
        demandSameShape(op.getOutput(), op.getInput(), demands);
        return true;
      })
      .Case([&](linalg::LinalgOp op) { return demandLinalg(op, demands), true; })
      .Default([](Operation *) { return false; });
}
