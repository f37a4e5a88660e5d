//===- TransposedAttention.cpp - attention with queries on the lanes ------===//
//
// The transposed form: S^T = K Q^T, P^T = exp2(S^T), O^T += V^T P^T for a block of queries that lie
// along the lanes. Only the block of queries is transposed; keys and values are read where they
// are. Maximum, sum and rescaling are lane-wise, scores never leave scratch memory.
// Recurrence of the running maximum and sum: Milakov and Gimelshein, arXiv:1805.02867.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/AttentionTask.h"
#include "compiler/Targets/CPU/TransposedCopy.h"
#include "compiler/Targets/CPU/WidenRows.h"
#include "compiler/Targets/Loops/MaskShape.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Keys of a block, about, and of the parts by which a block is cut where the mask keeps nothing;
/// multiples of the product's rows.
static constexpr int64_t kKeyBlock = 96;
static constexpr int64_t kKeyPart = 24, kShortPart = 16;

/// On the border of what a mask keeps a smaller tile leaves out more; a wider one takes fewer
/// loads. Bands, and few queries, have it everywhere: much of what is computed lies on the border.
static constexpr RegisterTile kBorderTile = {8, 2};
static constexpr int64_t kFewForBorders = 1024;
/// Queries that have keys of their own on the border; fewer would gain little.
static constexpr int64_t kLeastNarrowed = 16;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *op, const Capabilities &) {
  return refuseOnLanes(cast<AttentionOp>(op));
}

namespace {

/// Queries side by side on the lanes, and what is in scratch memory for them: `vectors` groups of
/// lanes of which products compute `rows` keys or channels at a time.
struct QueryLanes {
  int64_t vectors = 0, rows = 0, width = 0;
  Value firstQuery;
  Value scaledQuery, scores, sums, maxima, totals, newMaxima, rescale;
};

class TransposedAttention : AttentionTask, QueryLanes {
public:
  TransposedAttention(AttentionOp op, Nest &nest, const Capabilities &cpu)
      : AttentionTask(op, nest, cpu) {}

  void write() {
    std::optional<int64_t> queries = constant(extent[AttentionOp::I]);
    vectors = cpu.maxVectors();
    if (queries)
      vectors = std::clamp<int64_t>(llvm::divideCeil(*queries, cpu.lanes), 1, vectors);
    rows = cpu.rowsFor(vectors);
    bool few = queries && *queries <= kFewForBorders;
    if (vectors > kBorderTile.vectors && judgesBlocks(op) && (few || keepsBand(op)))
      std::tie(rows, vectors) = std::tie(kBorderTile.rows, kBorderTile.vectors);
    if (std::optional<RegisterTile> asked = requestedTile(op))
      std::tie(rows, vectors) = std::tie(asked->rows, asked->vectors);
    narrows = boundsDistance(op) && kBorderTile.vectors * cpu.lanes >= kLeastNarrowed &&
              vectors > kBorderTile.vectors && vectors % kBorderTile.vectors == 0;
    width = vectors * cpu.lanes;
    ragged = !queries || *queries % width != 0;
    keyPart = kShortPart % rows == 0 ? kShortPart : std::max<int64_t>(kKeyPart / rows, 1) * rows;
    keyBlock = kKeyBlock / keyPart * keyPart;
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
  Value lane(int64_t vector) { return nest.index(vector * cpu.lanes); }
  void forVectors(function_ref<void(int64_t)> body) {
    for (int64_t vector = 0; vector < vectors; ++vector)
      body(vector);
  }

  /// True when a task has so few queries that memory bounds it. The product's order over rows hides
  /// from the processor that it reads from end to end.
  bool streams() { return vectors == 1 && !op.getPages(); }

  LaneGroup group(int64_t vector, Value key = Value()) {
    Value zero = nest.index(0);
    Value query = nest.add(firstQuery, lane(vector));
    LaneGroup lanes{Dim::I, {batch, head, query, key ? key : zero, zero, zero}, cpu.lanes, Value()};
    if (ragged)
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
    keyCopy = copyFor(op.getKey(), op.getKeyMap(), Dim::D, depth);
    valueCopy = copyFor(op.getValue(), op.getValueMap(), Dim::E, outWidth);
    packQuery();
    forVectors([&](int64_t v) {
      store(infinity(), maxima, lane(v));
      store(splat(0), totals, lane(v));
    });
    nest.loop(nest.index(0), extent[Dim::E], nest.index(1), [&](Value e) {
      forVectors([&](int64_t v) { store(splat(0), sums, {e, lane(v)}); });
    });
    bool twice = !op.getProb().empty();
    sweep(/*statistics=*/true, /*weigh=*/!twice);
    if (twice) {
      forVectors([&](int64_t v) { store(inverse(load(totals, lane(v))), totals, lane(v)); });
      sweep(/*statistics=*/false, /*weigh=*/true);
    }
    finish(twice);
  }

  /// Memory for a block of keys or values in f32, where they are in pages, or of short floats
  /// without gaps.
  Value copyFor(Value buffer, AffineMap map, unsigned columnDim, int64_t columns) {
    bool narrow = !elementTypeOf(buffer).isF32() && staticStride(buffer, map, columnDim) == 1;
    return narrow || op.getPages() ? nest.scratch({keyBlock, columns}, f32) : Value();
  }

  /// Fills such memory.
  void copyBlock(const RowRange &keys, Value buffer, AffineMap map, unsigned columnDim,
                 Value copy) {
    if (!op.getPages())
      return widenRows(nest, headView(buffer, map, Dim::J, columnDim), keys, extent[columnDim],
                       copy, cpu.lanes);
    nest.loop(nest.index(0), keys.count, nest.index(1), [&](Value row) {
      Value from = rowsFrom(nest.add(keys.first, row), buffer, map, columnDim);
      widenRow(nest, from, nest.index(0), extent[columnDim], copy, row, cpu.lanes);
    });
  }

  /// The block of queries as [depth, width], scaled.
  void packQuery() {
    loadTransposed(nest, headView(op.getQuery(), op.getQueryMap(), Dim::I, Dim::D), firstQuery,
                   extent[Dim::I], scale(), {scaledQuery, depth, vectors, cpu.lanes});
  }

  /// One pass over the keys: running statistics, and the weighted sum of values.
  void sweep(bool statistics, bool weigh) {
    Value lastQuery = nest.min(nest.add(firstQuery, nest.index(width)), extent[Dim::I]);
    forKeyBlocks({firstQuery, lastQuery}, keyBlock, keyPart, [&](Value firstKey, Value count) {
      if (masked && narrows)
        return writeBorder({firstKey, nest.add(firstKey, count)}, statistics, weigh);
      writeBlock(firstKey, count, statistics, weigh);
    });
  }

  /// Some of the queries, from a lane on.
  QueryLanes part(const QueryLanes &whole, RegisterTile tile, Value lane) {
    Value one = nest.index(1);
    int64_t size = tile.vectors * cpu.lanes;
    auto row = [&](Value buffer) { return nest.view(buffer, lane, {nest.index(size)}, {one}); };
    auto rows = [&](Value buffer) {
      Value count = nest.index(cast<MemRefType>(buffer.getType()).getDimSize(0));
      return nest.view(buffer, lane, {count, nest.index(size)}, {nest.index(whole.width), one});
    };
    return {tile.vectors,
            tile.rows,
            size,
            nest.add(whole.firstQuery, lane),
            rows(whole.scaledQuery),
            rows(whole.scores),
            rows(whole.sums),
            row(whole.maxima),
            row(whole.totals),
            row(whole.newMaxima),
            row(whole.rescale)};
  }

  /// A block that the mask cuts. Some queries after the other have their own keys of it, of which
  /// the mask then excludes fewer.
  void writeBorder(const Positions &keys, bool statistics, bool weigh) {
    const QueryLanes whole = *this;
    int64_t size = kBorderTile.vectors * cpu.lanes;
    nest.loop(nest.index(0), nest.index(width), nest.index(size), [&](Value lane) {
      static_cast<QueryLanes &>(*this) = part(whole, kBorderTile, lane);
      Value end = nest.min(nest.add(firstQuery, nest.index(size)), extent[Dim::I]);
      nest.branch(isBelow(firstQuery, end), [&] {
        BlockMask mask(op, nest, {batch, head, {firstQuery, end}}, Readers{cpu.lanes});
        Positions own = mask.within(keys, rows);
        nest.branch(isBelow(own.first, own.end), [&] {
          writeBlock(own.first, nest.sub(own.end, own.first), statistics, weigh);
        });
      });
    });
    static_cast<QueryLanes &>(*this) = whole;
  }

  Value isBelow(Value a, Value b) {
    return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::slt, a, b);
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
    if (keyCopy)
      copyBlock({firstKey, count}, op.getKey(), op.getKeyMap(), Dim::D, keyCopy);
    Value keyRows = op.getPages() ? keyCopy : headView(op.getKey(), op.getKeyMap(), Dim::J, Dim::D);
    // Rows of the copy count from the block's first key.
    Value lhs = keyCopy ? keyCopy : keyRows, base = keyCopy ? nest.index(0) : firstKey;
    nest.strips(count, rows, Tail::Overlap, [&](Value row, int64_t stripRows) {
      if (streams()) {
        Value first = nest.add(firstKey, row);
        Value valueRows = headView(op.getValue(), op.getValueMap(), Dim::J, Dim::E);
        prefetchRows(nest, valueRows, first, stripRows, outWidth);
        prefetchRows(nest, keyRows, nest.add(first, nest.index(stripRows)), stripRows, depth);
      }
      SmallVector<Value> most;
      if (statistics)
        forVectors([&](int64_t v) { most.push_back(load(newMaxima, lane(v))); });
      auto product =
          kernel::ProductOp::create(nest.builder, nest.loc, lhs, scaledQuery, nest.add(base, row),
                                    extent[Dim::D], stripRows, vectors, cpu.lanes, most);
      finishRegion(product, [&](Value lhsRow, ValueRange dots, ValueRange carried) {
        SmallVector<Value> next;
        Value inBlock = nest.sub(lhsRow, base), key = nest.add(firstKey, inBlock);
        forVectors([&](int64_t v) {
          Value score = modify(dots[v], group(v, key));
          store(score, scores, {inBlock, lane(v)});
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
              weight = probability(mulf(weight, carried[v]), group(v, nest.add(firstKey, row)));
            next.push_back(statistics ? addf(carried[v], weight) : carried[v]);
            store(marked(weight, score), scores, {row, lane(v)});
          });
          return next;
        });
    if (statistics)
      forVectors([&](int64_t v) { store(totalsNext[v], totals, lane(v)); });
  }

  /// sums = sums * rescale + V^T P^T.
  void weighValues(Value firstKey, Value count, bool rescaled) {
    if (valueCopy)
      copyBlock({firstKey, count}, op.getValue(), op.getValueMap(), Dim::E, valueCopy);
    if (!masked)
      return weighProduct(firstKey, count, rescaled);
    auto [values, base] = valueRows(firstKey);
    Value finite = allFinite(nest, values, {base, count}, extent[Dim::E], cpu.lanes);
    nest.branch(
        finite, [&] { weighProduct(firstKey, count, rescaled); },
        [&] { weighExactly(firstKey, count, rescaled); });
  }

  Value rescaled(Value sum, int64_t vector, bool active) {
    return active ? mulf(sum, load(rescale, lane(vector))) : sum;
  }

  /// A block of values as rows, and which is the first key's.
  std::pair<Value, Value> valueRows(Value firstKey) {
    if (valueCopy)
      return {valueCopy, nest.index(0)};
    return {headView(op.getValue(), op.getValueMap(), Dim::J, Dim::E), firstKey};
  }

  /// A block of values as [E, count].
  Value valueColumns(Value firstKey, Value count) {
    if (valueCopy)
      return nest.view(valueCopy, nest.index(0), {extent[Dim::E], count},
                       {nest.index(1), nest.index(outWidth)});
    Value columns = headView(op.getValue(), op.getValueMap(), Dim::E, Dim::J);
    Value offset = nest.add(nest.offset(columns), nest.mul(firstKey, nest.stride(columns, 1)));
    return nest.view(columns, offset, {extent[Dim::E], count},
                     {nest.stride(columns, 0), nest.stride(columns, 1)});
  }

  void weighProduct(Value firstKey, Value count, bool active) {
    Value fromKey = valueColumns(firstKey, count);
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
    auto [values, base] = valueRows(firstKey);
    nest.loop(
        nest.index(0), extent[Dim::E], nest.index(1), [&, values = values, base = base](Value e) {
          SmallVector<Value> initial;
          forVectors(
              [&](int64_t v) { initial.push_back(rescaled(load(sums, {e, lane(v)}), v, active)); });
          auto results = nest.loop(
              nest.index(0), count, nest.index(1), initial, [&](Value row, ValueRange carried) {
                Value value =
                    broadcast(nest, loadWide(nest, values, {nest.add(base, row), e}), cpu.lanes);
                Nest::Carried next;
                forVectors([&](int64_t v) {
                  Value weight = load(scores, {row, lane(v)});
                  // As the product does it, so that other rows have the bits of a run without NaN.
                  Value with =
                      math::FmaOp::create(nest.builder, nest.loc, weight, value, carried[v]);
                  next.push_back(select(isExcluded(weight), carried[v], with));
                });
                return next;
              });
          forVectors([&](int64_t v) { store(results[v], sums, {e, lane(v)}); });
        });
  }

  void finish(bool normalized) {
    if (op.hasLse())
      storeOfRows(op.getLse(), op.getLseMap(), [&](Value maximum, Value total) {
        return logOfSum(maximum, total, /*inverted=*/normalized);
      });
    if (op.hasMax())
      storeOfRows(op.getMax(), op.getMaxMap(),
                  [&](Value maximum, Value total) { return maximumOf(maximum, total); });
    if (!normalized) {
      SmallVector<Value> factors;
      forVectors([&](int64_t v) { factors.push_back(inverse(load(totals, lane(v)))); });
      nest.loop(nest.index(0), extent[Dim::E], nest.index(1), [&](Value e) {
        forVectors([&](int64_t v) {
          store(mulf(load(sums, {e, lane(v)}), factors[v]), sums, {e, lane(v)});
        });
      });
    }
    storeTransposed(nest, {sums, outWidth, vectors, cpu.lanes},
                    headView(op.getOut(), op.getOutMap(), Dim::I, Dim::E), firstQuery,
                    extent[Dim::I]);
  }

  /// A result of each query, from its statistics.
  void storeOfRows(Value buffer, AffineMap map, function_ref<Value(Value, Value)> result) {
    forVectors([&](int64_t v) {
      store(result(load(maxima, lane(v)), load(totals, lane(v))), newMaxima, lane(v));
    });
    Value queries = nest.min(nest.sub(extent[Dim::I], firstQuery), nest.index(width));
    nest.loop(nest.index(0), queries, nest.index(1), [&](Value query) {
      Value value = memref::LoadOp::create(nest.builder, nest.loc, newMaxima, ValueRange{query});
      Value zero = nest.index(0);
      SmallVector<Value> at =
          nest.apply(map, {batch, head, nest.add(firstQuery, query), zero, zero, zero});
      memref::StoreOp::create(nest.builder, nest.loc, value, buffer, at);
    });
  }

  int64_t keyBlock = 0, keyPart = 0;
  /// Whether queries may end within a task, and whether blocks on the mask's border are narrowed.
  bool ragged = false, narrows = false;
  Value keyCopy, valueCopy;
};

} // namespace

static Refusal refuseTile(Operation *, RegisterTile tile, const Capabilities &cpu) {
  return refuseRegisters(tile, cpu);
}

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  TransposedAttention(cast<AttentionOp>(op), nest, cpu).write();
}

const Form cpu::kTransposedAttention = {"transposed_attention", handles, refuse, schedule,
                                        refuseTile};
