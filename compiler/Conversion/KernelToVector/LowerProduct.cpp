//===- LowerProduct.cpp - register products as loops of FMAs --------------===//
//
// The one emitter of register kernels: every shape of the target's table comes from here.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Unrolling.h"
#include "compiler/Conversion/KernelToVector/EvenOdd.h"
#include "compiler/Conversion/KernelToVector/MemoryRequests.h"
#include "compiler/Conversion/KernelToVector/Passes.h"
#include "compiler/Conversion/KernelToVector/ProductUnits.h"
#include "compiler/Conversion/KernelToVector/RowElements.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace fovea {
#define GEN_PASS_DEF_LOWERPRODUCT
#include "compiler/Conversion/KernelToVector/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using kernel::ProductOp;

/// Most steps of the depth in one turn of the loop: what counts and moves pointers competes with
/// the multiply-adds for ports.
static constexpr int64_t kUnroll = 4;
/// Broadcasts in one turn, at most: LLVM moves them up until registers run out.
static constexpr int64_t kBroadcasts = 32;
/// Up to so many rows the panel's way to the registers bounds the time, and turns follow from its
/// bytes. What prefetches for a load takes the distance to the same load's last one, the bytes of a
/// turn: 2048 are too many for it on some processors.
static constexpr int64_t kFewRows = 4, kTurnBytes = 1024;
/// Where rows of a panel from memory lie so many bytes apart or more, turns have fewer bytes: Zen 5
/// reads 87 % of the bandwidth with two steps of 128 bytes in a turn, 67 % with four.
static constexpr int64_t kFarRowBytes = 2048, kFarTurnBytes = 256;

/// True when the panel is asked for ahead and its rows lie far apart.
static bool hasFarRows(ProductOp op) {
  auto type = cast<MemRefType>(op.getPanel().getType());
  int64_t stride = type.getStridesAndOffset().first.front();
  return !op.getAhead().empty() && (ShapedType::isDynamic(stride) ||
                                    stride * type.getElementTypeBitWidth() / 8 >= kFarRowBytes);
}

int64_t fovea::stepsOfTurn(ProductOp op, int64_t rowBytes) {
  int64_t rows = op.getRows(), most = kBroadcasts / rows;
  bool far = hasFarRows(op);
  if (rows <= kFewRows || far)
    most = std::min<int64_t>(
        most, llvm::bit_floor<uint64_t>((far ? kFarTurnBytes : kTurnBytes) / rowBytes));
  return std::clamp<int64_t>(most, 1, kUnroll);
}

void fovea::keepTurn(scf::ForOp loop, ProductOp op) {
  if (static_cast<int64_t>(op.getRows()) > kFewRows && !hasFarRows(op))
    return;
  keepRolled(loop);
}

SmallVector<Value> fovea::inlineRegion(OpBuilder &builder, Region &region, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(region.getArguments(), arguments);
  for (Operation &op : region.front().without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(region.front().getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

SmallVector<Value> fovea::rowsOf(OpBuilder &builder, ProductOp op) {
  SmallVector<Value> rows{op.getRow()};
  for (int64_t row = 1; row < static_cast<int64_t>(op.getRows()); ++row) {
    Value offset = arith::ConstantIndexOp::create(builder, op.getLoc(), row);
    rows.push_back(arith::AddIOp::create(builder, op.getLoc(), op.getRow(), offset));
  }
  return rows;
}

SmallVector<Value> fovea::initialSums(OpBuilder &builder, ProductOp op, VectorType type,
                                      ArrayRef<Value> rows) {
  SmallVector<Value> sums;
  if (op.getInit().empty()) {
    Value zero = arith::ConstantOp::create(builder, op.getLoc(), builder.getZeroAttr(type));
    sums.assign(rows.size() * op.getVectors(), zero);
  } else {
    for (Value row : rows)
      llvm::append_range(sums, inlineRegion(builder, op.getInit(), row));
  }
  return sums;
}

void fovea::finishRows(OpBuilder &builder, ProductOp op, ArrayRef<Value> sums,
                       ArrayRef<Value> rows) {
  SmallVector<Value> carried(op.getCarried());
  for (auto [number, row] : llvm::enumerate(rows)) {
    SmallVector<Value> arguments{row};
    llvm::append_range(arguments, sums.slice(number * op.getVectors(), op.getVectors()));
    llvm::append_range(arguments, carried);
    carried = inlineRegion(builder, op.getFinish(), arguments);
  }
  op.replaceAllUsesWith(carried);
}

namespace {

/// Emits one product.
class ProductEmitter {
public:
  ProductEmitter(OpBuilder &builder, ProductOp op, bool laneOperands)
      : builder(builder), op(op), loc(op.getLoc()), rows(op.getRows()), vectors(op.getVectors()),
        group(op.getGroup()),
        type(VectorType::get({static_cast<int64_t>(op.getLanes())}, builder.getF32Type())),
        laneOperands(laneOperands) {}

  void emit() {
    rowIndex = rowsOf(builder, op);
    SmallVector<Value> sums =
        pairs(addUp(pairs(initialSums(builder, op, type, rowIndex), evenAndOdd)), interleaved);
    finishRows(builder, op, sums, rowIndex);
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

  Type panelElement() { return cast<MemRefType>(op.getPanel().getType()).getElementType(); }

  int64_t elementBytes() { return panelElement().getIntOrFloatBitWidth() / 8; }

  /// True when vectors `vector` and the next hold the even and the odd ones of their elements while
  /// sums are added up: a pair of bf16 becomes two f32 by a shift and a mask, without a shuffle.
  bool isPair(int64_t vector) {
    return group == 1 && fovea::isPair(vector, vectors, panelElement());
  }

  using Shuffle = std::pair<Value, Value> (*)(OpBuilder &, Location, Value, Value);

  /// The sums with both vectors of each pair shuffled.
  SmallVector<Value> pairs(SmallVector<Value> sums, Shuffle shuffle) {
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t vector = 0; vector < vectors; ++vector)
        if (isPair(vector)) {
          Value *pair = &sums[row * vectors + vector];
          std::tie(pair[0], pair[1]) = shuffle(builder, loc, pair[0], pair[1]);
        }
    return sums;
  }

  /// The sums over the whole depth: turns of several steps, then single steps.
  SmallVector<Value> addUp(SmallVector<Value> sums) {
    Value depth = op.getDepth(), whole = depth;
    int64_t steps = std::max(group, stepsOfTurn(op, vectors * op.getLanes() * elementBytes()));
    APInt known;
    bool constant = matchPattern(depth, m_ConstantInt(&known));
    if (constant) {
      whole = index(known.getSExtValue() / steps * steps);
    } else {
      Value rest = arith::RemUIOp::create(builder, loc, depth, index(steps));
      whole = arith::SubIOp::create(builder, loc, depth, rest);
    }
    if (!constant || known.getSExtValue() >= steps)
      sums = loop(index(0), whole, steps, sums);
    if (!constant || known.getSExtValue() % steps != 0)
      sums = loop(whole, depth, group, sums);
    return sums;
  }

  /// The sums after steps [low, high), a number of them a turn; chains begin with 0 but the first.
  SmallVector<Value> loop(Value low, Value high, int64_t steps, ValueRange sums) {
    size_t count = sums.size(), chains = steps == group ? 1 : op.getChains();
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
    SmallVector<Value> all(sums);
    all.append((chains - 1) * count, zero);
    auto turn = [&](OpBuilder &, Location, Value k, ValueRange carried) {
      SmallVector<Value> next(carried);
      RowLoad load = laneOperands ? chooseRowLoad(op, steps) : RowLoad();
      for (int64_t offset = 0; offset < steps; offset += load.steps) {
        auto *chain = next.begin() + offset / load.steps % chains * count;
        llvm::copy(step(k, offset, load, SmallVector<Value>(chain, chain + count)), chain);
      }
      scf::YieldOp::create(builder, loc, next);
    };
    auto loop = scf::ForOp::create(builder, loc, low, high, index(steps), all, turn);
    if (steps > group || hasFarRows(op))
      keepTurn(loop, op);
    SmallVector<Value> total(loop.getResults().take_front(count));
    for (auto [number, part] : llvm::enumerate(loop.getResults().drop_front(count)))
      total[number % count] = arith::AddFOp::create(builder, loc, total[number % count], part);
    return total;
  }

  Value plus(Value k, int64_t offset) {
    return offset == 0 ? k : arith::AddIOp::create(builder, loc, k, index(offset)).getResult();
  }

  /// Asks for what step `offset` of a turn should; steps that ask for the same do it once a turn.
  void askAhead(Value turn, int64_t offset) {
    if (!op.getAhead().empty())
      keepRequestsApart(builder, loc);
    Value k = plus(turn, offset);
    for (Value ahead : op.getAhead()) {
      auto type = cast<MemRefType>(ahead.getType());
      SmallVector<Value> place{k};
      if (type.getRank() == 3) {
        int64_t each = type.getDimSize(1);
        if (offset % each != 0)
          continue;
        place = {arith::DivUIOp::create(builder, loc, k, index(each)), index(0)};
      }
      for (int64_t column = 0; column < type.getShape().back();
           column += elementsOfRequest(ahead)) {
        place.push_back(index(column));
        requestLine(builder, loc, ahead, place);
        place.pop_back();
      }
    }
  }

  /// The panel's vectors at step `offset` of the turn that begins with step k, as f32.
  SmallVector<Value> panelRow(Value turn, int64_t offset) {
    if (group == 2)
      return rowOfPairs(turn, offset);
    Value k = plus(turn, offset);
    SmallVector<Value> panel;
    Type element = panelElement();
    for (int64_t vector = 0; vector < vectors; ++vector) {
      if (isPair(vector)) {
        auto [even, odd] =
            loadEvenAndOdd(builder, loc, op.getPanel(), {k, index(vector * op.getLanes())}, type);
        panel.append({even, odd});
        ++vector;
        continue;
      }
      Value lanes = vector::LoadOp::create(builder, loc, type.clone(element), op.getPanel(),
                                           ValueRange{k, index(vector * op.getLanes())});
      panel.push_back(
          element.isF32() ? lanes : arith::ExtFOp::create(builder, loc, type, lanes).getResult());
    }
    return panel;
  }

  /// The same of words of two steps, one half of each.
  SmallVector<Value> rowOfPairs(Value turn, int64_t offset) {
    Value word = plus(arith::DivUIOp::create(builder, loc, turn, index(group)), offset / group);
    SmallVector<Value> panel;
    for (int64_t vector = 0; vector < vectors; ++vector) {
      auto [even, odd] = loadEvenAndOdd(builder, loc, op.getPanel(),
                                        {word, index(vector * group * op.getLanes())}, type);
      panel.push_back(offset % group ? odd : even);
    }
    return panel;
  }

  /// The steps of the depth from `first` of a turn on that one load of a row covers: the panel's
  /// vectors, then a broadcast per row and step.
  SmallVector<Value> step(Value turn, int64_t first, RowLoad load, ValueRange sums) {
    SmallVector<SmallVector<Value>> panel;
    for (int64_t offset = first; offset < first + load.steps; ++offset) {
      askAhead(turn, offset);
      panel.push_back(panelRow(turn, offset));
    }
    SmallVector<Value> next(sums);
    RowElements elements(builder, op, rowIndex, plus(turn, first), load);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t offset = 0; offset < load.steps; ++offset) {
        Value all = elements.onAllLanes(row, offset, type);
        for (int64_t vector = 0; vector < vectors; ++vector) {
          Value &sum = next[row * vectors + vector];
          sum = vector::FMAOp::create(builder, loc, all, panel[offset][vector], sum);
        }
      }
    return next;
  }

  OpBuilder &builder;
  ProductOp op;
  Location loc;
  int64_t rows, vectors, group;
  VectorType type;
  bool laneOperands;
  SmallVector<Value> rowIndex;
};

struct LowerProduct : fovea::impl::LowerProductBase<LowerProduct> {
  using LowerProductBase::LowerProductBase;

  void runOnOperation() override {
    SmallVector<ProductOp> products;
    getOperation()->walk([&](ProductOp product) { products.push_back(product); });
    for (ProductOp product : products) {
      OpBuilder builder(product);
      if (failed(emit(builder, product)))
        return signalPassFailure();
      product.erase();
      ++numProducts;
    }
  }

private:
  LogicalResult emit(OpBuilder &builder, ProductOp product) {
    switch (product.getUnit()) {
    case kernel::Unit::Fma:
      ProductEmitter(builder, product, laneOperands).emit();
      return success();
    case kernel::Unit::Dot:
      return emitDots(builder, product);
    case kernel::Unit::Tile:
      return emitTiles(builder, product);
    }
  }
};

} // namespace
