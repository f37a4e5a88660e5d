//===- MaterializeLengths.cpp - lengths and sequences as masks ------------===//
//
// Folds how many keys a batch has, and where packed sequences begin, into attention's regions. What
// these numbers say is checked by the host first; so are tables of pages, which stay.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Transforms/AttentionRegions.h"
#include "compiler/Transforms/ExtentDemands.h"
#include "compiler/Transforms/TensorBuilders.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

namespace fovea {
#define GEN_PASS_DEF_MATERIALIZELENGTHS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using Dim = AttentionOp::Dim;
using Predicate = arith::CmpIPredicate;

namespace {

/// Index arithmetic of the host in front of an attention.
class HostNumbers {
public:
  explicit HostNumbers(AttentionOp op) : op(op), builder(op.getLoc(), op) {}

protected:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, value); }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, a, b); }
  Value sub(Value a, Value b) { return arith::SubIOp::create(builder, a, b); }
  Value least(Value a, Value b) { return arith::MinSIOp::create(builder, a, b); }
  Value most(Value a, Value b) { return arith::MaxSIOp::create(builder, a, b); }
  Value compare(Predicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(builder, predicate, a, b);
  }
  Value size(Value tensor, int64_t dim) {
    return tensor::DimOp::create(builder, tensor, dim).getResult();
  }
  Value sizeOf(Value tensor, AffineMap map, unsigned dim) {
    return size(tensor, placeOf(map, dim));
  }
  /// An element of a tensor of integers.
  Value read(Value tensor, ValueRange at) {
    Value element = tensor::ExtractOp::create(builder, tensor, at);
    return arith::IndexCastOp::create(builder, builder.getIndexType(), element);
  }
  void require(Value condition, Value value, Value limit, Fault fault) {
    RequireOp::create(builder, condition, value, limit, fault, nodeOrLine(op));
  }
  /// for iv in [low, high).
  void loop(Value low, Value high, function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(builder, low, high, index(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  AttentionOp op;
  ImplicitLocOpBuilder builder;
};

/// Lengths and pages of one attention.
class BatchLengths : HostNumbers {
public:
  using HostNumbers::HostNumbers;

  void write() {
    builder.setInsertionPoint(beforeSteps());
    Value keys = op.getPages() ? arith::MulIOp::create(builder, size(op.getPages(), 1),
                                                       index(op.getPageSize()))
                                     .getResult()
                               : sizeOf(op.getKey(), op.getKeyMap(), Dim::J);
    if (op.getLengths())
      requireLengths(keys);
    if (op.getPages())
      requirePages();
    if (op.getLengths())
      keepLengths();
  }

private:
  /// The attention, or the outermost recurrence or loop around it of which each step would check
  /// the same lengths and pages.
  Operation *beforeSteps() {
    Operation *front = op;
    SmallVector<Value> read{op.getKey(), op.getValue()};
    for (Value value : {op.getLengths(), op.getPages()})
      if (value)
        read.push_back(value);
    for (Operation *around = op->getParentOp(); isa<RnnOp, scf::ForOp>(around);
         around = around->getParentOp()) {
      if (llvm::any_of(read, [&](Value value) {
            return around->isAncestor(value.getParentBlock()->getParentOp());
          }))
        break;
      front = around;
      passed.push_back(around);
      if (auto rnn = dyn_cast<RnnOp>(around))
        read.push_back(rnn.getX());
      else
        read.append(
            {cast<scf::ForOp>(around).getLowerBound(), cast<scf::ForOp>(around).getUpperBound()});
    }
    return front;
  }

  /// `count`, or 0 where one of the loops that the checks stand before has no steps: nothing is
  /// read there, so nothing is checked.
  Value countOfSteps(Value count) {
    for (Operation *around : passed) {
      OpFoldResult low = builder.getIndexAttr(0), high;
      if (auto rnn = dyn_cast<RnnOp>(around)) {
        high = tensor::getMixedSize(builder, builder.getLoc(), rnn.getX(), 0);
      } else {
        auto loop = cast<scf::ForOp>(around);
        low = getAsOpFoldResult(loop.getLowerBound());
        high = getAsOpFoldResult(loop.getUpperBound());
      }
      std::optional<int64_t> first = getConstantIntValue(low), end = getConstantIntValue(high);
      if (first && end && *first < *end)
        continue;
      auto value = [&](OpFoldResult of) {
        return getValueOrCreateConstantIndexOp(builder, builder.getLoc(), of);
      };
      count = arith::SelectOp::create(builder, compare(Predicate::slt, value(low), value(high)),
                                      count, index(0));
    }
    return count;
  }

  /// Every length is in [0, keys].
  void requireLengths(Value keys) {
    loop(index(0), countOfSteps(size(op.getLengths(), 0)), [&](Value b) {
      Value length = read(op.getLengths(), b);
      require(compare(Predicate::ule, length, keys), length, keys, Fault::Length);
    });
  }

  /// Every entry of a page that holds a key names a page of both pools.
  void requirePages() {
    Value count = least(size(op.getKey(), op.getPagePlace(op.getKeyMap())),
                        size(op.getValue(), op.getPagePlace(op.getValueMap())));
    loop(index(0), countOfSteps(size(op.getPages(), 0)), [&](Value b) {
      Value used = size(op.getPages(), 1);
      if (op.getLengths())
        used =
            arith::CeilDivSIOp::create(builder, read(op.getLengths(), b), index(op.getPageSize()));
      loop(index(0), used, [&](Value block) {
        Value page = read(op.getPages(), {b, block});
        require(compare(Predicate::ult, page, count), page, count, Fault::Index);
      });
    });
  }

  void keepLengths() {
    addCapture(op, op.getLengths(),
               AffineMap::get(6, 0, getAffineDimExpr(Dim::B, op.getContext()), op.getContext()));
    conjoinMask(op, [](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
      Value length = arith::IndexCastOp::create(b, b.getIndexType(), arguments.back());
      return arith::CmpIOp::create(b, Predicate::slt, arguments[Dim::J], length);
    });
    op.getLengthsMutable().clear();
  }

  /// The loops that the checks stand before, from the inside.
  SmallVector<Operation *> passed;
};

/// Packed sequences of one attention: what each query keeps, as captures that the query picks.
class PackedSequences : HostNumbers {
public:
  explicit PackedSequences(AttentionOp op)
      : HostNumbers(op), queries(sizeOf(op.getQuery(), op.getQueryMap(), Dim::I)),
        keys(sizeOf(op.getKey(), op.getKeyMap(), Dim::J)) {}

  void write() {
    requireStarts(op.getQueryStarts(), queries);
    requireStarts(op.getKeyStarts(), keys);
    // While positions count from the sequence's first.
    if (op.getSlopes())
      appendSlopes(op);
    bool positions = seesPositions();
    SmallVector<Value> tables = fillTables(positions ? 5 : 2);
    unsigned first = op.getCaptures().size();
    AffineMap byQuery =
        AffineMap::get(6, 0, getAffineDimExpr(Dim::I, op.getContext()), op.getContext());
    for (Value table : tables)
      addCapture(op, table, byQuery);
    if (positions)
      for (Region *region : {&op.getScore(), &op.getMask(), &op.getProb()})
        if (!region->empty())
          countFromStarts(region->front(), region == &op.getMask() ? 0 : 1, first + 2);
    conjoinMask(op, [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
      Value key = arguments[Dim::J];
      auto bound = [&](unsigned table) -> Value {
        return arith::IndexCastOp::create(b, b.getIndexType(), arguments[4 + first + table]);
      };
      Value from = arith::CmpIOp::create(b, Predicate::sle, bound(0), key);
      return arith::AndIOp::create(b, from,
                                   arith::CmpIOp::create(b, Predicate::slt, key, bound(1)));
    });
    op.getQueryStartsMutable().clear();
    op.getKeyStartsMutable().clear();
    op.getOffsetMutable().clear();
    op.setAlignEnds(false);
    op.setCausal(false);
    op.removeWindowAttr();
  }

private:
  /// Starts begin at 0, no sequence has fewer than none or more than all, and the last ends.
  void requireStarts(Value starts, Value extent) {
    Value count = sub(size(starts, 0), index(1)), first = read(starts, index(0));
    require(compare(Predicate::eq, first, index(0)), first, index(0), Fault::Shape);
    loop(index(0), count, [&](Value n) {
      Value length = sub(read(starts, add(n, index(1))), read(starts, n));
      require(compare(Predicate::ule, length, extent), length, extent, Fault::Length);
    });
    Value last = read(starts, count);
    require(compare(Predicate::eq, last, extent), last, extent, Fault::Shape);
  }

  bool seesPositions() {
    for (Region *region : {&op.getScore(), &op.getMask(), &op.getProb()})
      if (!region->empty()) {
        unsigned leading = region == &op.getMask() ? 0 : 1;
        for (unsigned dim : {Dim::B, Dim::I, Dim::J})
          if (!region->getArgument(leading + dim).use_empty())
            return true;
      }
    return false;
  }

  /// For every query the first key that it keeps and the one behind the last; then its sequence and
  /// the starts of that in queries and in keys.
  SmallVector<Value> fillTables(unsigned count) {
    SmallVector<Value> tables;
    Type element = builder.getI32Type();
    OpFoldResult rows = getAsOpFoldResult(queries);
    for (unsigned table = 0; table < count; ++table)
      tables.push_back(emptyTensor(builder, rows, element));
    auto inSequence = [&](OpBuilder &, Location, Value n, ValueRange carried) {
      Value next = add(n, index(1));
      Value q = read(op.getQueryStarts(), n), k = read(op.getKeyStarts(), n);
      Value qEnd = read(op.getQueryStarts(), next), kEnd = read(op.getKeyStarts(), next);
      auto inQuery = [&](OpBuilder &, Location, Value i, ValueRange inner) {
        auto [from, to] = bounds(i, {q, qEnd}, {k, kEnd});
        Value values[] = {from, to, n, q, k};
        SmallVector<Value> written;
        for (auto [table, value] : llvm::zip(inner, values)) {
          Value word = arith::IndexCastOp::create(builder, element, value);
          written.push_back(tensor::InsertOp::create(builder, word, table, i));
        }
        scf::YieldOp::create(builder, written);
      };
      auto rows = scf::ForOp::create(builder, q, qEnd, index(1), carried, inQuery);
      scf::YieldOp::create(builder, rows.getResults());
    };
    Value sequences = sub(size(op.getQueryStarts(), 0), index(1));
    auto all = scf::ForOp::create(builder, index(0), sequences, index(1), tables, inSequence);
    return SmallVector<Value>(all.getResults());
  }

  /// Keys [first, end) that a query of a sequence keeps by sugar.
  std::pair<Value, Value> bounds(Value i, std::pair<Value, Value> q, std::pair<Value, Value> k) {
    Value from = k.first, to = k.second;
    if (!op.getOffset())
      return {from, to};
    // Where the query stands among the packed keys: an offset further away than any is as good.
    Value offset = most(least(op.getOffset(), index(kMaxPositions)), index(-kMaxPositions));
    Value center =
        op.getAlignEnds() ? add(sub(k.second, q.second), i) : add(sub(k.first, q.first), i);
    center = add(center, offset);
    auto window = op.getWindow();
    auto reach = [&](unsigned side) { return index(std::min((*window)[side], 2 * kMaxPositions)); };
    if (op.getCausal())
      to = least(to, add(center, index(1)));
    if (window && (*window)[0] >= 0)
      from = most(from, sub(center, reach(0)));
    if (window && (*window)[1] >= 0)
      to = least(to, add(add(center, reach(1)), index(1)));
    return {least(from, k.second), most(to, index(0))};
  }

  /// Lets a region see the sequence as its batch and positions from its starts on.
  void countFromStarts(Block &block, unsigned leading, unsigned firstCapture) {
    ImplicitLocOpBuilder inside(op.getLoc(), op.getContext());
    inside.setInsertionPointToStart(&block);
    auto capture = [&](unsigned table) -> Value {
      Value word = block.getArgument(leading + 4 + firstCapture + table);
      return arith::IndexCastOp::create(inside, inside.getIndexType(), word);
    };
    auto replace = [&](unsigned dim, Value seen) {
      Value argument = block.getArgument(leading + dim);
      argument.replaceAllUsesExcept(seen, seen.getDefiningOp());
    };
    replace(Dim::B, capture(0));
    Value i = block.getArgument(leading + Dim::I), j = block.getArgument(leading + Dim::J);
    Value first = arith::ConstantIndexOp::create(inside, 0);
    // No start is negative; said here, it tells that 32 bits hold what it is subtracted from.
    auto start = [&](unsigned table) -> Value {
      return arith::MaxSIOp::create(inside, capture(table), first);
    };
    replace(Dim::I, arith::SubIOp::create(inside, i, start(1)));
    // Keys of sequences before this one are excluded; tables are read for them, too.
    Value key = arith::SubIOp::create(inside, j, start(2));
    Value seen = arith::MaxSIOp::create(inside, key, first);
    j.replaceAllUsesExcept(seen, key.getDefiningOp());
  }

  Value queries, keys;
};

struct MaterializeLengths : fovea::impl::MaterializeLengthsBase<MaterializeLengths> {
  void runOnOperation() override {
    getOperation().walk([&](AttentionOp op) {
      if (op.getQueryStarts())
        PackedSequences(op).write();
      else if (op.getLengths() || op.getPages())
        BatchLengths(op).write();
      else
        return;
      ++numFolded;
    });
  }
};

} // namespace
