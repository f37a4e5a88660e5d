//===- TransposedAttention.cpp - attention with queries on the lanes ------===//
//
// The transposed form: S^T = K Q^T, P^T = exp2(S^T), O^T += V^T P^T for a block of queries that lie
// along the lanes. Only the block of queries is transposed; keys and values are read where they
// are. Maximum, sum and rescaling are lane-wise, scores never leave scratch memory.
// Recurrence of the running maximum and sum: Milakov and Gimelshein, arXiv:1805.02867.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/LaneMath.h"
#include "compiler/Targets/CPU/LaneRegion.h"
#include "compiler/Targets/CPU/MaskIntervals.h"
#include "compiler/Targets/CPU/ScalarLoops.h"
#include "compiler/Targets/CPU/TransposedCopy.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Keys of a block, about, and of the parts by which a block is cut where the mask keeps nothing;
/// multiples of the product's rows.
static constexpr int64_t kKeyBlock = 96;
static constexpr int64_t kKeyPart = 24;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *op, const Capabilities &) {
  auto attention = cast<AttentionOp>(op);
  if (attention.getCausal() || attention.getWindow() || attention.getSoftcap())
    return {"order", "sugar is left; fovea-materialize-mods runs first"};
  if (attention.getScoreType().isF64() || elementTypeOf(attention.getOut()).isF64())
    return {"dtype", "scores and sums on the lanes are in f32; the elements are of f64"};
  auto extentOf = [](Value buffer, AffineMap map, unsigned dim) {
    AffineExpr expr = getAffineDimExpr(dim, map.getContext());
    unsigned place = llvm::find(map.getResults(), expr) - map.getResults().begin();
    return cast<ShapedType>(buffer.getType()).getDimSize(place);
  };
  int64_t depth = extentOf(attention.getQuery(), attention.getQueryMap(), AttentionOp::D);
  int64_t width = extentOf(attention.getValue(), attention.getValueMap(), AttentionOp::E);
  if (ShapedType::isDynamic(depth) || ShapedType::isDynamic(width))
    return {"shape", "the head size is known only at run time"};
  if (depth > 1024 || width > 1024)
    return {"shape", "the head size is above 1024"};
  return {};
}

namespace {

class TransposedAttention : LaneMath {
public:
  TransposedAttention(AttentionOp op, Nest &nest, const Capabilities &cpu)
      : LaneMath(nest, cpu.lanes), op(op), cpu(cpu), f32(nest.builder.getF32Type()) {}

  void write() {
    readExtents();
    std::optional<int64_t> queries = constant(extent[AttentionOp::I]);
    vectors = cpu.maxVectors();
    if (queries)
      vectors = std::clamp<int64_t>(llvm::divideCeil(*queries, cpu.lanes), 1, vectors);
    rows = cpu.rowsFor(vectors);
    width = vectors * cpu.lanes;
    keyBlock = kKeyBlock / rows * rows;
    keyPart = kKeyPart / rows * rows;
    Value blocks = nest.ceilDiv(extent[AttentionOp::I], nest.index(width));
    SmallVector<Value> space{extent[AttentionOp::B], extent[AttentionOp::H], blocks};
    Value tasks = nest.product(space);
    nest.parallel(tasks, [&](Value task) {
      // Under a causal mask the last queries have the most keys: threads end together when those
      // are begun first.
      if (!op.getMask().empty())
        task = nest.sub(nest.sub(tasks, nest.index(1)), task);
      SmallVector<Value> place = nest.delinearize(task, space);
      batch = place[0];
      head = place[1];
      firstQuery = nest.mul(place[2], nest.index(width));
      writeTask();
    });
  }

private:
  using Dim = AttentionOp::Dim;

  void readExtents() {
    extent.resize(6);
    auto read = [&](Value buffer, AffineMap map, ArrayRef<unsigned> dims) {
      for (auto [place, expr] : llvm::enumerate(map.getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(expr))
          if (llvm::is_contained(dims, dim.getPosition()))
            extent[dim.getPosition()] = nest.size(buffer, place);
    };
    read(op.getQuery(), op.getQueryMap(), {Dim::B, Dim::H, Dim::I, Dim::D});
    read(op.getKey(), op.getKeyMap(), {Dim::J});
    read(op.getValue(), op.getValueMap(), {Dim::E});
    depth = *constant(extent[Dim::D]);
    outWidth = *constant(extent[Dim::E]);
  }

  Value lane(int64_t vector) { return nest.index(vector * cpu.lanes); }
  void forVectors(function_ref<void(int64_t)> body) {
    for (int64_t vector = 0; vector < vectors; ++vector)
      body(vector);
  }

  /// True when a task has so few queries that memory bounds it. The product's order over rows hides
  /// from the processor that it reads from end to end.
  bool streams() { return vectors == 1; }

  /// Scores are in units of log2(e) when nothing sees them before the exponential.
  bool inLog2() { return op.getScore().empty(); }

  LaneGroup group(int64_t vector, Value key = Value()) {
    Value zero = nest.index(0);
    Value query = nest.add(firstQuery, lane(vector));
    LaneGroup lanes{Dim::I, {batch, head, query, key ? key : zero, zero, zero}, cpu.lanes, Value()};
    std::optional<int64_t> queries = constant(extent[Dim::I]);
    if (!queries || *queries % width != 0)
      lanes.mask = laneMask(nest, query, extent[Dim::I], cpu.lanes);
    return lanes;
  }

  void writeTask() {
    scaledQuery = nest.scratch({depth, width}, f32);
    scores = nest.scratch({keyBlock, width}, f32);
    sums = nest.scratch({outWidth, width}, f32);
    maxima = nest.scratch({width}, f32);
    totals = nest.scratch({width}, f32);
    newMaxima = nest.scratch({width}, f32);
    rescale = nest.scratch({width}, f32);
    packQuery();
    forVectors([&](int64_t v) {
      store(splat(-std::numeric_limits<double>::infinity()), maxima, lane(v));
      store(splat(0), totals, lane(v));
    });
    nest.loop(nest.index(0), extent[Dim::E], nest.index(1), [&](Value e) {
      forVectors([&](int64_t v) { store(splat(0), sums, {e, lane(v)}); });
    });
    bool twice = !op.getProb().empty();
    sweep(/*statistics=*/true, /*weigh=*/!twice);
    if (twice) {
      forVectors([&](int64_t v) { store(inverseTotal(v), totals, lane(v)); });
      sweep(/*statistics=*/false, /*weigh=*/true);
    }
    finish(twice);
  }

  /// The block of queries as [depth, width], scaled.
  void packQuery() {
    double scale = op.getScale().convertToDouble() * (inLog2() ? M_LOG2E : 1.0);
    loadTransposed(nest, headView(op.getQuery(), op.getQueryMap(), Dim::I, Dim::D), firstQuery,
                   extent[Dim::I], scale, {scaledQuery, depth, vectors, cpu.lanes});
  }

  /// A buffer at this task's batch and head: element (row, column) with the two dimensions.
  Value headView(Value buffer, AffineMap map, unsigned rowDim, unsigned columnDim) {
    Value zero = nest.index(0);
    SmallVector<Value> at = nest.apply(map, {batch, head, zero, zero, zero, zero});
    Value offset = nest.offset(buffer), rowStride, columnStride;
    for (auto [place, index] : llvm::enumerate(at)) {
      Value stride = nest.stride(buffer, place);
      offset = nest.add(offset, nest.mul(index, stride));
      if (map.getResult(place) == getAffineDimExpr(rowDim, map.getContext()))
        rowStride = stride;
      if (map.getResult(place) == getAffineDimExpr(columnDim, map.getContext()))
        columnStride = stride;
    }
    return nest.view(buffer, offset, {extent[rowDim], extent[columnDim]},
                     {rowStride, columnStride});
  }

  /// One pass over the keys: running statistics, and the weighted sum of values.
  void sweep(bool statistics, bool weigh) {
    Value keys = extent[Dim::J], block = nest.index(keyBlock);
    nest.loop(nest.index(0), keys, block, [&](Value firstKey) {
      Value end = nest.min(nest.add(firstKey, block), keys);
      auto writeWhole = [&] { writeBlock(firstKey, nest.sub(end, firstKey), statistics, weigh); };
      masked = !op.getMask().empty();
      if (!judgesBlocks(op))
        return writeWhole();
      Value lastQuery = nest.min(nest.add(firstQuery, nest.index(width)), extent[Dim::I]);
      QueryBlock queries{batch, head, {firstQuery, lastQuery}};
      Kept kept = keptOf(op, nest, queries, {firstKey, end});
      auto writeMasked = [&] {
        masked = true;
        nest.branch(kept.some, [&] {
          Positions part = trim(op, nest, queries, {firstKey, end}, keyPart, keyBlock / keyPart);
          auto write = [&] {
            writeBlock(part.first, nest.sub(part.end, part.first), statistics, weigh);
          };
          Value any = arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::slt,
                                            part.first, part.end);
          nest.branch(any, write);
        });
      };
      masked = false;
      nest.branch(kept.all, writeWhole, writeMasked);
    });
  }

  void writeBlock(Value firstKey, Value count, bool statistics, bool weigh) {
    forVectors([&](int64_t v) { store(load(maxima, lane(v)), newMaxima, lane(v)); });
    computeScores(firstKey, count, statistics);
    if (statistics)
      updateMaxima();
    exponentiate(firstKey, count, statistics);
    if (weigh)
      weighValues(firstKey, count, /*rescaled=*/statistics);
  }

  void computeScores(Value firstKey, Value count, bool statistics) {
    Value keyRows = headView(op.getKey(), op.getKeyMap(), Dim::J, Dim::D);
    Value valueRows = headView(op.getValue(), op.getValueMap(), Dim::J, Dim::E);
    nest.strips(count, rows, Tail::Overlap, [&](Value row, int64_t stripRows) {
      if (streams()) {
        Value first = nest.add(firstKey, row);
        prefetchRows(nest, valueRows, first, stripRows, outWidth);
        prefetchRows(nest, keyRows, nest.add(first, nest.index(stripRows)), stripRows, depth);
      }
      SmallVector<Value> most;
      if (statistics)
        forVectors([&](int64_t v) { most.push_back(load(newMaxima, lane(v))); });
      auto product = kernel::ProductOp::create(nest.builder, nest.loc, keyRows, scaledQuery,
                                               nest.add(firstKey, row), extent[Dim::D], stripRows,
                                               vectors, cpu.lanes, most);
      finishRegion(product, [&](Value key, ValueRange dots, ValueRange carried) {
        SmallVector<Value> next;
        forVectors([&](int64_t v) {
          Value score = modify(dots[v], key, v);
          store(score, scores, {nest.sub(key, firstKey), lane(v)});
          if (statistics)
            next.push_back(
                select(compare(arith::CmpFPredicate::OGT, score, carried[v]), score, carried[v]));
        });
        return next;
      });
      for (auto [v, value] : llvm::enumerate(product.getResults()))
        store(value, newMaxima, lane(v));
    });
  }

  using Finish = function_ref<SmallVector<Value>(Value, ValueRange, ValueRange)>;

  /// body(row, sums, carried) gives the next carried values.
  void finishRegion(kernel::ProductOp product, Finish body) {
    OpBuilder::InsertionGuard guard(nest.builder);
    SmallVector<Type> types(1 + vectors + product.getCarried().size(), lanesType);
    types[0] = nest.builder.getIndexType();
    Block *block = nest.builder.createBlock(&product.getFinish(), {}, types,
                                            SmallVector<Location>(types.size(), nest.loc));
    ValueRange arguments(block->getArguments());
    SmallVector<Value> next =
        body(arguments[0], arguments.slice(1, vectors), arguments.drop_front(1 + vectors));
    nest.builder.setInsertionPointToEnd(block);
    kernel::YieldOp::create(nest.builder, nest.loc, next);
  }

  /// Arguments of a region behind its first: b, h, i, j and the captures.
  SmallVector<Value> regionArguments(Value key, const LaneGroup &lanes) {
    SmallVector<Value> arguments{batch, head, laneIndices(nest, lanes.dims[Dim::I], cpu.lanes),
                                 key};
    for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
      AffineMap map = op.getCaptureMap(index);
      arguments.push_back(isTable(capture, map) ? capture : loadLanes(nest, capture, map, lanes));
    }
    return arguments;
  }

  /// Score and mask regions on one lane group.
  Value modify(Value score, Value key, int64_t vector) {
    if (op.getScore().empty() && !masked)
      return score;
    LaneGroup lanes = group(vector, key);
    SmallVector<Value> arguments = regionArguments(key, lanes);
    if (!op.getScore().empty()) {
      SmallVector<Value> scored{score};
      llvm::append_range(scored, arguments);
      score = broadcast(nest, inlineLanes(nest, op.getScore(), scored, lanes), cpu.lanes);
    }
    if (!masked)
      return score;
    Value keep = broadcast(nest, inlineLanes(nest, op.getMask(), arguments, lanes), cpu.lanes);
    return select(keep, score, splat(-std::numeric_limits<double>::infinity()));
  }

  /// A maximum without the -inf of rows that keep nothing yet.
  Value safe(Value maximum) {
    Value none = compare(arith::CmpFPredicate::OEQ, maximum,
                         splat(-std::numeric_limits<double>::infinity()));
    return select(none, splat(0), maximum);
  }

  /// e or 2 to a power that is at most 0; subnormal results, which the CPU computes by a slow path
  /// and every excluded key would have, are 0.
  Value power(Value shifted) {
    if (!inLog2())
      shifted = mulf(shifted, splat(M_LOG2E));
    return buildExp2(nest.builder, nest.loc, shifted);
  }

  void updateMaxima() {
    forVectors([&](int64_t v) {
      Value most = load(newMaxima, lane(v));
      Value factor = power(subf(load(maxima, lane(v)), safe(most)));
      store(factor, rescale, lane(v));
      store(most, maxima, lane(v));
      store(mulf(load(totals, lane(v)), factor), totals, lane(v));
    });
  }

  /// Scores to weights, in place; an excluded key's weight is -0, which `weighExactly` knows.
  void exponentiate(Value firstKey, Value count, bool statistics) {
    SmallVector<Value> shift, initial;
    forVectors([&](int64_t v) {
      shift.push_back(safe(load(maxima, lane(v))));
      initial.push_back(load(totals, lane(v)));
    });
    auto totalsNext =
        nest.loop(nest.index(0), count, nest.index(1), initial, [&](Value row, ValueRange carried) {
          Nest::Carried next;
          forVectors([&](int64_t v) {
            Value score = load(scores, {row, lane(v)});
            Value weight = power(subf(score, shift[v]));
            if (!statistics)
              weight = probability(mulf(weight, carried[v]), nest.add(firstKey, row), v);
            next.push_back(statistics ? addf(carried[v], weight) : carried[v]);
            if (masked)
              weight = select(compare(arith::CmpFPredicate::OEQ, score,
                                      splat(-std::numeric_limits<double>::infinity())),
                              splat(-0.0), weight);
            store(weight, scores, {row, lane(v)});
          });
          return next;
        });
    if (statistics)
      forVectors([&](int64_t v) { store(totalsNext[v], totals, lane(v)); });
  }

  Value probability(Value weight, Value key, int64_t vector) {
    LaneGroup lanes = group(vector, key);
    SmallVector<Value> arguments{weight};
    llvm::append_range(arguments, regionArguments(key, lanes));
    return broadcast(nest, inlineLanes(nest, op.getProb(), arguments, lanes), cpu.lanes);
  }

  /// sums = sums * rescale + V^T P^T.
  void weighValues(Value firstKey, Value count, bool rescaled) {
    if (!masked)
      return weighProduct(firstKey, count, rescaled);
    Value values = headView(op.getValue(), op.getValueMap(), Dim::J, Dim::E);
    Value finite = allFinite(nest, values, {firstKey, count}, extent[Dim::E], cpu.lanes);
    nest.branch(
        finite, [&] { weighProduct(firstKey, count, rescaled); },
        [&] { weighExactly(firstKey, count, rescaled); });
  }

  Value rescaled(Value sum, int64_t vector, bool active) {
    return active ? mulf(sum, load(rescale, lane(vector))) : sum;
  }

  void weighProduct(Value firstKey, Value count, bool active) {
    Value columns = headView(op.getValue(), op.getValueMap(), Dim::E, Dim::J);
    Value fromKey = nest.view(
        columns, nest.add(nest.offset(columns), nest.mul(firstKey, nest.stride(columns, 1))),
        {extent[Dim::E], count}, {nest.stride(columns, 0), nest.stride(columns, 1)});
    nest.strips(extent[Dim::E], rows, Tail::Exact, [&](Value row, int64_t stripRows) {
      auto product = kernel::ProductOp::create(nest.builder, nest.loc, fromKey, scores, row, count,
                                               stripRows, vectors, cpu.lanes);
      finishRegion(product, [&](Value e, ValueRange results, ValueRange) {
        forVectors([&](int64_t v) { store(results[v], sums, {e, lane(v)}); });
        return SmallVector<Value>();
      });
      OpBuilder::InsertionGuard guard(nest.builder);
      Block *block =
          nest.builder.createBlock(&product.getInit(), {}, nest.builder.getIndexType(), nest.loc);
      SmallVector<Value> initial;
      forVectors([&](int64_t v) {
        initial.push_back(rescaled(load(sums, {block->getArgument(0), lane(v)}), v, active));
      });
      kernel::YieldOp::create(nest.builder, nest.loc, initial);
    });
  }

  /// As `weighProduct`, key by key, leaving out excluded keys instead of weighing them by 0.
  void weighExactly(Value firstKey, Value count, bool active) {
    Value values = headView(op.getValue(), op.getValueMap(), Dim::J, Dim::E);
    nest.loop(nest.index(0), extent[Dim::E], nest.index(1), [&](Value e) {
      SmallVector<Value> initial;
      forVectors(
          [&](int64_t v) { initial.push_back(rescaled(load(sums, {e, lane(v)}), v, active)); });
      auto results = nest.loop(
          nest.index(0), count, nest.index(1), initial, [&](Value row, ValueRange carried) {
            Value value =
                broadcast(nest, loadWide(nest, values, {nest.add(firstKey, row), e}), cpu.lanes);
            Nest::Carried next;
            forVectors([&](int64_t v) {
              Value weight = load(scores, {row, lane(v)});
              // As the product does it, so that other rows have the bits of a run without NaN.
              Value with = math::FmaOp::create(nest.builder, nest.loc, weight, value, carried[v]);
              next.push_back(select(isExcluded(weight), carried[v], with));
            });
            return next;
          });
      forVectors([&](int64_t v) { store(results[v], sums, {e, lane(v)}); });
    });
  }

  /// True in lanes whose weight is -0.
  Value isExcluded(Value weight) {
    auto bitsType = VectorType::get({cpu.lanes}, nest.builder.getI32Type());
    Value bits = arith::BitcastOp::create(nest.builder, nest.loc, bitsType, weight);
    Value minusZero = arith::ConstantOp::create(
        nest.builder, nest.loc,
        DenseElementsAttr::get(bitsType, std::numeric_limits<int32_t>::min()));
    return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::eq, bits, minusZero);
  }

  /// 1 / total, 0 in rows that keep no key.
  Value inverseTotal(int64_t vector) {
    Value total = load(totals, lane(vector));
    Value inverse = arith::DivFOp::create(nest.builder, nest.loc, splat(1), total);
    return select(compare(arith::CmpFPredicate::OEQ, total, splat(0)), splat(0), inverse);
  }

  void finish(bool normalized) {
    if (op.hasLse())
      storeLse(normalized);
    if (!normalized)
      nest.loop(nest.index(0), extent[Dim::E], nest.index(1), [&](Value e) {
        forVectors([&](int64_t v) {
          store(mulf(load(sums, {e, lane(v)}), inverseTotal(v)), sums, {e, lane(v)});
        });
      });
    storeTransposed(nest, {sums, outWidth, vectors, cpu.lanes},
                    headView(op.getOut(), op.getOutMap(), Dim::I, Dim::E), firstQuery,
                    extent[Dim::I]);
  }

  /// lse = maximum + log(total), -inf in rows that keep no key; `inverted` totals are 1 / total.
  void storeLse(bool inverted) {
    forVectors([&](int64_t v) {
      Value total = load(totals, lane(v));
      Value logarithm = math::LogOp::create(nest.builder, nest.loc, total);
      if (inverted)
        logarithm = subf(splat(0), logarithm);
      Value most = load(maxima, lane(v));
      if (inLog2())
        most = mulf(most, splat(M_LN2));
      Value empty = compare(arith::CmpFPredicate::OEQ, total, splat(0));
      store(select(empty, splat(-std::numeric_limits<double>::infinity()), addf(most, logarithm)),
            newMaxima, lane(v));
    });
    Value queries = nest.min(nest.sub(extent[Dim::I], firstQuery), nest.index(width));
    nest.loop(nest.index(0), queries, nest.index(1), [&](Value query) {
      Value value = memref::LoadOp::create(nest.builder, nest.loc, newMaxima, ValueRange{query});
      Value zero = nest.index(0);
      SmallVector<Value> at =
          nest.apply(op.getLseMap(), {batch, head, nest.add(firstQuery, query), zero, zero, zero});
      memref::StoreOp::create(nest.builder, nest.loc, value, op.getLse(), at);
    });
  }

  AttentionOp op;
  const Capabilities &cpu;
  Type f32;
  SmallVector<Value> extent;
  int64_t vectors = 0, rows = 0, width = 0, keyBlock = 0, keyPart = 0, depth = 0, outWidth = 0;
  /// Whether the mask may exclude keys of the block that is being written.
  bool masked = false;
  Value batch, head, firstQuery;
  Value scaledQuery, scores, sums, maxima, totals, newMaxima, rescale;
};

} // namespace

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  TransposedAttention(cast<AttentionOp>(op), nest, cpu).write();
}

const Form cpu::kTransposedAttention = {"transposed_attention", handles, refuse, schedule};
