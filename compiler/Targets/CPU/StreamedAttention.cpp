//===- StreamedAttention.cpp - attention of few queries on many keys ------===//
//
// Decoding: memory bounds it, and a few queries do not fill the lanes. Keys and values are read
// once, in their order, as they lie: scores are dot products with the head's elements on the lanes,
// then keys lie there for the softmax, then the values' elements. What the next step reads is asked
// for while this one computes, and again shortly before it is read, so that memory never waits.
// Recurrence of the running maximum and sum: Milakov and Gimelshein, arXiv:1805.02867.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/MemoryRequests.h"
#include "compiler/Targets/CPU/AttentionTask.h"
#include "compiler/Targets/CPU/LaneDots.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"
#include "compiler/Transforms/AttentionNotes.h"
#include "compiler/Transforms/FewQueries.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Keys of a block, at least and at most, and bytes of its keys. What is asked for ahead is as far
/// away as a block is large, and memory is kept busy best from a short distance.
static constexpr int64_t kLeastKeyBlock = 16, kMostKeyBlock = 32, kBlockBytes = 8192;
/// What is asked for a second time is so far away.
static constexpr int64_t kBytesAgain = 2048;

static bool hasFewQueries(AttentionOp op) {
  using Dim = AttentionOp::Dim;
  int64_t queries = staticExtent(op.getQuery(), op.getQueryMap(), Dim::I);
  int64_t keys = op.getKeyCount();
  bool few = !ShapedType::isDynamic(keys) && keys < kFewKeys;
  return !ShapedType::isDynamic(queries) && queries <= (few ? kFewQueriesOnFewKeys : kFewQueries);
}

/// Nobody asks why other attention does not take this form, unless a schedule wants it or the run
/// may give few queries.
static bool handles(Operation *op) {
  auto attention = dyn_cast<AttentionOp>(op);
  return attention && (hasFewQueries(attention) || scheduleOf(op) || op->hasAttr(kNotForFewAttr));
}

static Refusal refuse(Operation *op, const Capabilities &cpu) {
  auto attention = cast<AttentionOp>(op);
  if (Refusal refusal = refuseOnLanes(attention))
    return refusal;
  if (auto reason = op->getAttrOfType<StringAttr>(kNotForFewAttr))
    return {"shape", "of some queries: " + reason.str()};
  if (!hasFewQueries(attention))
    return {"shape",
            llvm::formatv("the queries are not known to be few: {0}, or {1} on less than {2} keys",
                          kFewQueries, kFewQueriesOnFewKeys, kFewKeys)};
  using Dim = AttentionOp::Dim;
  int64_t depth = staticExtent(attention.getQuery(), attention.getQueryMap(), Dim::D);
  int64_t width = staticExtent(attention.getValue(), attention.getValueMap(), Dim::E);
  if (depth == 0 || width == 0 || depth % cpu.lanes != 0 || width % cpu.lanes != 0)
    return {"shape", "the head size is no multiple of the lanes"};
  if (staticStride(attention.getKey(), attention.getKeyMap(), Dim::D) != 1 ||
      staticStride(attention.getValue(), attention.getValueMap(), Dim::E) != 1 ||
      staticStride(attention.getOut(), attention.getOutMap(), Dim::E) != 1)
    return {"layout", "the elements of a head are not contiguous"};
  if (attention.getPages() && attention.getPageSize() % kLeastKeyBlock != 0)
    return {"layout", "a page is no multiple of " + std::to_string(kLeastKeyBlock) + " keys"};
  return {};
}

namespace {

class StreamedAttention : AttentionTask {
public:
  StreamedAttention(AttentionOp op, Nest &nest, const Capabilities &cpu)
      : AttentionTask(op, nest, cpu), queries(*constant(extent[Dim::I])),
        tile(dotTile(queries, cpu.lanes)), block(keysOfBlock()) {}

  void write() {
    SmallVector<Value> space{extent[Dim::B], extent[Dim::H]};
    nest.parallel(nest.product(space), [&](Value task) {
      SmallVector<Value> place = nest.delinearize(task, space);
      batch = place[0];
      head = place[1];
      writeTask();
    });
  }

private:
  int64_t keysOfBlock() {
    int64_t rowBytes = depth * elementTypeOf(op.getKey()).getIntOrFloatBitWidth() / 8;
    int64_t keys = llvm::bit_floor<uint64_t>(kBlockBytes / rowBytes);
    keys = std::clamp(keys, kLeastKeyBlock, kMostKeyBlock);
    return op.getPages() && op.getPageSize() % keys != 0 ? kLeastKeyBlock : keys;
  }

  void writeTask() {
    int64_t lanes = cpu.lanes;
    scaledQuery = nest.scratch({queries, depth}, f32);
    scores = nest.scratch({queries, block}, f32);
    sums = nest.scratch({queries, outWidth}, f32);
    // All lanes of a maximum and of a factor are equal; those of a total add up to it.
    maxima = nest.scratch({queries, lanes}, f32);
    totals = nest.scratch({queries, lanes}, f32);
    rescale = nest.scratch({queries, lanes}, f32);
    forQueries([&](Value query) {
      packQuery(query);
      store(infinity(), maxima, first(query));
      store(splat(0), totals, first(query));
      forElements([&](Value e) { store(splat(0), sums, {query, e}); });
    });
    bool twice = !op.getProb().empty();
    sweep(/*statistics=*/true, /*weigh=*/!twice);
    forQueries([&](Value query) { addTotal(query); });
    if (twice)
      sweep(/*statistics=*/false, /*weigh=*/true);
    forQueries([&](Value query) { finish(query, twice); });
  }

  void forQueries(Nest::Body body) {
    nest.loop(nest.index(0), nest.index(queries), nest.index(1), body);
  }
  void forElements(Nest::Body body) {
    nest.loop(nest.index(0), nest.index(outWidth), nest.index(cpu.lanes), body);
  }
  SmallVector<Value> first(Value query) { return {query, nest.index(0)}; }

  /// A query's elements as f32, scaled, in the order that the dot products want.
  void packQuery(Value query) {
    Value zero = nest.index(0);
    SmallVector<Value> row;
    for (int64_t d = 0; d < depth; d += cpu.lanes) {
      LaneGroup lanes{Dim::D, {batch, head, query, zero, nest.index(d), zero}, cpu.lanes, Value()};
      Value elements = loadLanes(nest, op.getQuery(), op.getQueryMap(), lanes);
      if (elements.getType() != lanesType)
        elements = arith::ExtFOp::create(nest.builder, nest.loc, lanesType, elements);
      row.push_back(mulf(elements, splat(scale())));
    }
    for (auto [place, value] : llvm::enumerate(inDotOrder(nest, row, elementTypeOf(op.getKey()))))
      store(value, scaledQuery, {query, nest.index(place * cpu.lanes)});
  }

  /// One pass over the keys: running statistics, and the weighted sum of values.
  void sweep(bool statistics, bool weigh) {
    Positions all{nest.index(0), extent[Dim::I]};
    forKeyBlocks(all, block, block, [&](Value firstKey, Value count) {
      // A block of keys is in one page.
      keys = rowsFrom(firstKey, op.getKey(), op.getKeyMap(), Dim::D);
      values = rowsFrom(firstKey, op.getValue(), op.getValueMap(), Dim::E);
      nextKeys = rowsFrom(nest.add(firstKey, count), op.getKey(), op.getKeyMap(), Dim::D);
      computeScores(count, weigh);
      forQueries([&](Value query) {
        // The first half of the values once more.
        if (weigh)
          prefetchPart(nest, values, nest.index(0), block / 2, outWidth, query, queries);
        if (statistics)
          updateMaximum(query, firstKey, count);
        exponentiate(query, firstKey, count, statistics);
      });
      if (weigh)
        weighValues(count, /*active=*/statistics);
    });
  }

  /// Dot products of all queries with a block of keys. The last key stands in for keys behind it.
  /// In between, as many of its values are asked for, and once more the following keys.
  void computeScores(Value count, bool weigh) {
    Value last = nest.sub(count, nest.index(1));
    nest.loop(nest.index(0), count, nest.index(tile.right), [&](Value group) {
      SmallVector<Value> rows;
      for (int64_t row = 0; row < tile.right; ++row) {
        Value key = nest.add(group, nest.index(row));
        if (!fillsLanes())
          key = nest.min(key, last);
        rows.push_back(key);
      }
      Value following = nest.add(group, nest.index(tile.right));
      auto ask = [&](const DotsPlace &at) {
        keepRequestsApart(nest.builder, nest.loc);
        if (weigh)
          prefetchPart(nest, values, group, tile.right, outWidth, at.number, at.parts);
        prefetchPart(nest, keys, following, tile.right, depth, at.number, at.parts);
      };
      for (int64_t query = 0; query < queries; query += tile.left) {
        DotTile part{std::min(tile.left, queries - query), tile.right};
        Value dots = laneDots(nest, scaledQuery, query, keys, rows, part, depth, cpu.lanes,
                              query == 0 ? BetweenDots(ask) : nullptr);
        for (int64_t row = 0; row < part.left; ++row) {
          auto lanes =
              llvm::to_vector(llvm::seq<int64_t>(row * part.right, (row + 1) * part.right));
          Value some = vector::ShuffleOp::create(nest.builder, nest.loc, dots, dots, lanes);
          vector::StoreOp::create(nest.builder, nest.loc, some, scores,
                                  ValueRange{nest.index(query + row), group});
        }
      }
    });
  }

  /// True when blocks and parts of them are whole vectors of keys.
  bool fillsLanes() {
    std::optional<int64_t> count = constant(extent[Dim::J]);
    return count && *count % (cpu.lanes * keyPartsOf(op)) == 0;
  }

  LaneGroup keyGroup(Value query, Value key, Value end) {
    Value zero = nest.index(0);
    LaneGroup lanes{Dim::J, {batch, head, query, key, zero, zero}, cpu.lanes, Value()};
    if (!fillsLanes())
      lanes.mask = laneMask(nest, key, end, cpu.lanes);
    return lanes;
  }

  /// Scores as the regions leave them, and the maximum of what was and these.
  void updateMaximum(Value query, Value firstKey, Value count) {
    Value before = load(maxima, first(query)), end = nest.add(firstKey, count);
    auto most = nest.loop(nest.index(0), count, nest.index(cpu.lanes), before,
                          [&](Value k, ValueRange carried) {
                            Value score = modified(query, k, firstKey, end);
                            store(score, scores, {query, k});
                            Value above = compare(arith::CmpFPredicate::OGT, score, carried[0]);
                            return Nest::Carried{select(above, score, carried[0])};
                          });
    // No lane is NaN, and knowing that makes a tree of a chain as long as a block's products.
    Value largest =
        vector::ReductionOp::create(nest.builder, nest.loc, vector::CombiningKind::MAXNUMF,
                                    most.front(), arith::FastMathFlags::nnan);
    Value now = broadcast(nest, largest, cpu.lanes);
    Value factor = power(subf(before, safe(now)));
    store(now, maxima, first(query));
    store(factor, rescale, first(query));
    store(mulf(load(totals, first(query)), factor), totals, first(query));
  }

  Value modified(Value query, Value k, Value firstKey, Value end) {
    LaneGroup lanes = keyGroup(query, nest.add(firstKey, k), end);
    Value score = modify(load(scores, {query, k}), lanes);
    return lanes.mask ? select(lanes.mask, score, infinity()) : score;
  }

  /// Scores to weights, in place; an excluded key's weight is -0, which `weighExactly` knows.
  void exponentiate(Value query, Value firstKey, Value count, bool statistics) {
    Value shift = safe(load(maxima, first(query))), end = nest.add(firstKey, count);
    auto total = nest.loop(
        nest.index(0), count, nest.index(cpu.lanes), load(totals, first(query)),
        [&](Value k, ValueRange carried) {
          Value score = statistics ? load(scores, {query, k}) : modified(query, k, firstKey, end);
          Value weight = power(subf(score, shift));
          Value next = carried[0];
          if (statistics)
            next = addf(next, weight);
          else
            weight = probability(mulf(weight, next), keyGroup(query, nest.add(firstKey, k), end));
          store(marked(weight, score), scores, {query, k});
          return Nest::Carried{next};
        });
    if (statistics)
      store(total.front(), totals, first(query));
  }

  /// sums = sums * rescale + P V.
  void weighValues(Value count, bool active) {
    if (!masked)
      return weighProduct(count, active);
    Value finite = allFinite(nest, values, {nest.index(0), count}, extent[Dim::E], cpu.lanes);
    nest.branch(finite, [&] { weighProduct(count, active); }, [&] { weighExactly(count, active); });
  }

  Value rescaled(Value query, Value e, bool active) {
    Value sum = load(sums, {query, e});
    return active ? mulf(sum, load(rescale, first(query))) : sum;
  }

  /// `width` elements from `column` on of `count` rows of `matrix`, from `row` on.
  Value part(Value matrix, Value count, int64_t column, int64_t width, int64_t row = 0) {
    Value skipped = nest.mul(nest.index(row), nest.stride(matrix, 0));
    Value start = nest.add(nest.add(nest.offset(matrix), skipped), nest.index(column));
    return nest.view(matrix, start, {count, nest.index(width)},
                     {nest.stride(matrix, 0), nest.index(1)});
  }

  /// While the first queries' products run, the next block's keys are asked for, and once more the
  /// following values.
  void weighProduct(Value count, bool active) {
    int64_t strips = llvm::divideCeil(queries, kRowsOfSums);
    int64_t rows = llvm::divideCeil(queries, strips);
    // With vectors of 4 lanes, one load of short floats becomes two of them in registers.
    bool widens = cpu.lanes == 4 && !elementTypeOf(op.getValue()).isF32();
    int64_t all = outWidth / cpu.lanes, most = (cpu.registers - (widens ? 8 : 2)) / (rows + 1);
    int64_t vectors = llvm::divideCeil(all, llvm::divideCeil(all, most));
    int64_t share = llvm::divideCeil(depth, llvm::divideCeil(all, vectors));
    int64_t valueBytes = outWidth * elementTypeOf(op.getValue()).getIntOrFloatBitWidth() / 8;
    int64_t rowsAgain = std::max<int64_t>(kBytesAgain / valueBytes, 1);
    for (int64_t vector = 0; vector < all; vector += vectors) {
      int64_t some = std::min(vectors, all - vector), column = vector / vectors * share;
      SmallVector<Value> ahead;
      if (column < depth)
        ahead.push_back(part(nextKeys, count, column, std::min(share, depth - column)));
      if (vector == 0)
        ahead.push_back(part(values, count, 0, outWidth, rowsAgain));
      Value panel = part(values, count, vector * cpu.lanes, some * cpu.lanes);
      for (int64_t query = 0; query < queries; query += rows) {
        writeProduct(panel, query, std::min(rows, queries - query), vector, some, ahead, active);
        ahead.clear();
      }
    }
  }

  void writeProduct(Value panel, int64_t query, int64_t rows, int64_t vector, int64_t vectors,
                    ValueRange ahead, bool active) {
    OpBuilder &builder = nest.builder;
    auto product =
        kernel::ProductOp::create(builder, nest.loc, scores, panel, nest.index(query),
                                  nest.size(panel, 0), rows, vectors, cpu.lanes, {}, ahead);
    auto place = [&](int64_t v) { return nest.index((vector + v) * cpu.lanes); };
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&product.getInit(), {}, builder.getIndexType(), nest.loc);
    SmallVector<Value> initial;
    for (int64_t v = 0; v < vectors; ++v)
      initial.push_back(rescaled(block->getArgument(0), place(v), active));
    kernel::YieldOp::create(builder, nest.loc, initial);
    SmallVector<Type> types(1 + vectors, lanesType);
    types[0] = builder.getIndexType();
    block = builder.createBlock(&product.getFinish(), {}, types,
                                SmallVector<Location>(types.size(), nest.loc));
    for (int64_t v = 0; v < vectors; ++v)
      store(block->getArgument(1 + v), sums, {block->getArgument(0), place(v)});
    kernel::YieldOp::create(builder, nest.loc);
  }

  /// As `weighProduct`, leaving out excluded keys instead of weighing them by 0.
  void weighExactly(Value count, bool active) {
    AffineMap element = AffineMap::getMultiDimIdentityMap(2, nest.builder.getContext());
    forQueries([&](Value query) {
      forElements([&](Value e) {
        auto sum = nest.loop(
            nest.index(0), count, nest.index(1), rescaled(query, e, active),
            [&](Value k, ValueRange carried) {
              LaneGroup lanes{1, {k, e}, cpu.lanes, Value()};
              Value value = loadLanes(nest, values, element, lanes);
              if (value.getType() != lanesType)
                value = arith::ExtFOp::create(nest.builder, nest.loc, lanesType, value);
              Value weight = broadcast(nest, loadWide(nest, scores, {query, k}), cpu.lanes);
              // As the product does it, so that other rows have the bits of a run without NaN.
              Value with = math::FmaOp::create(nest.builder, nest.loc, weight, value, carried[0]);
              return Nest::Carried{select(isExcluded(weight), carried[0], with)};
            });
        store(sum.front(), sums, {query, e});
      });
    });
  }

  /// The total's lanes added up; 1 / total when weights are normalized in a second pass.
  void addTotal(Value query) {
    Value sum = vector::ReductionOp::create(nest.builder, nest.loc, vector::CombiningKind::ADD,
                                            load(totals, first(query)));
    Value total = broadcast(nest, sum, cpu.lanes);
    store(op.getProb().empty() ? total : inverse(total), totals, first(query));
  }

  /// A result of a query, which all lanes are.
  void storeOfRow(Value lanes, Value buffer, AffineMap map, Value query) {
    Value value = vector::ExtractOp::create(nest.builder, nest.loc, lanes, int64_t(0));
    Value zero = nest.index(0);
    memref::StoreOp::create(nest.builder, nest.loc, value, buffer,
                            nest.apply(map, {batch, head, query, zero, zero, zero}));
  }

  void finish(Value query, bool normalized) {
    Value total = load(totals, first(query)), zero = nest.index(0);
    if (op.hasLse())
      storeOfRow(logOfSum(load(maxima, first(query)), total, normalized), op.getLse(),
                 op.getLseMap(), query);
    if (op.hasMax())
      storeOfRow(maximumOf(load(maxima, first(query)), total), op.getMax(), op.getMaxMap(), query);
    Value factor = normalized ? splat(1) : inverse(total);
    forElements([&](Value e) {
      LaneGroup lanes{Dim::E, {batch, head, query, zero, zero, e}, cpu.lanes, Value()};
      Value result = mulf(load(sums, {query, e}), factor);
      Type element = elementTypeOf(op.getOut());
      if (!element.isF32())
        result = arith::TruncFOp::create(nest.builder, nest.loc, lanesType.clone(element), result);
      storeLanes(nest, result, op.getOut(), op.getOutMap(), lanes);
    });
  }

  /// Most queries whose sums are in registers at a time.
  static constexpr int64_t kRowsOfSums = 4;

  int64_t queries;
  DotTile tile;
  /// Keys of a block.
  int64_t block;
  /// Rows of a block of keys, of its values and of the next block's keys.
  Value keys, values, nextKeys;
  Value scaledQuery, scores, sums, maxima, totals, rescale;
};

} // namespace

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  StreamedAttention(cast<AttentionOp>(op), nest, cpu).write();
}

const Form cpu::kStreamedAttention = {"streamed_attention", handles, refuse, schedule, nullptr,
                                      /*special=*/true};
