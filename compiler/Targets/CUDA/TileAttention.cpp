//===- TileAttention.cpp - attention in tiles of a block's warps ----------===//
//
// Four warps have 16 queries each. Keys and values come in tiles that are copied while the tile
// before is used: two stages, one barrier a tile. Tiles of which the mask keeps nothing are neither
// copied nor computed; mask and bounds are looked at in tiles that are not kept whole.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/TileAttention.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Elements of a head of which registers hold a row, with keys in tiles of 64 when there is a mask
/// and when there is none, and of 32.
static constexpr int64_t kMaskedNarrow = 64, kNarrow = 128, kWide = 256;
/// Operations of regions beside which a mask leaves the registers for tiles of 64 keys.
static constexpr int64_t kSmallRegions = 3;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *operation) {
  auto op = cast<AttentionOp>(operation);
  if (Refusal refusal = refuseOnWarps(op))
    return refusal;
  if (Refusal refusal = refuseElements(op))
    return refusal;
  for (int64_t size : {staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::D),
                       staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E)})
    if (size % 16 != 0 || size > kWide)
      return {"shape", "the head size " + std::to_string(size) + " is no multiple of 16 up to " +
                           std::to_string(kWide)};
  int64_t queries = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::I);
  if (!ShapedType::isDynamic(queries) && queries < kRows)
    return {"shape",
            "a product has 16 rows, and there are " + std::to_string(queries) + " queries"};
  return refuseRows(rowOperandsOf(op));
}

/// Whether regions at each pair are more than a comparison of positions, as a causal mask is.
static bool hasLargeRegions(AttentionOp op) {
  int64_t size = 0;
  for (Region *region : {&op.getMask(), &op.getScore(), &op.getProb()}) {
    if (region->empty())
      continue;
    size += llvm::range_size(region->front().without_terminator());
    ArrayRef<BlockArgument> captures = region->getArguments().take_back(op.getCaptures().size());
    if (llvm::any_of(captures, [](BlockArgument capture) { return !capture.use_empty(); }))
      return true;
  }
  return size > kSmallRegions;
}

/// Keys of a tile: what is live for each pair takes registers, of which wide sums leave few.
static int64_t tileKeysOf(AttentionOp op) {
  int64_t depth = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::D);
  int64_t width = staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E);
  int64_t widest = std::max(depth, width), keys = widest <= kNarrow ? 64 : 32;
  if (op.getMask().empty())
    return keys;
  bool fitsLess = hasLargeRegions(op) || (widest > kMaskedNarrow && widest <= kNarrow);
  return fitsLess ? keys / 2 : keys;
}

namespace {

class TileAttention : TileSteps {
public:
  TileAttention(AttentionOp op, Nest &nest) : TileSteps(op, nest, tileKeysOf(op)) {}

  void write() {
    Value blocks = nest.ceilDiv(extent[Dim::I], nest.index(kQueries));
    SmallVector<Value> space{extent[Dim::B], extent[Dim::H], blocks};
    Value tasks = nest.product(space);
    nest.grid(tasks, kBlockThreads, [&](Value task, Value inBlock) {
      thread = inBlock;
      number = nest.div(thread, nest.index(warp::kWarp));
      // Under a causal mask the last queries have the most keys: they begin first.
      if (!op.getMask().empty())
        task = nest.sub(nest.sub(tasks, nest.index(1)), task);
      SmallVector<Value> place = nest.delinearize(task, space);
      enter(place[0], place[1]);
      firstQuery = nest.mul(place[2], nest.index(kQueries));
      firstOfWarp = nest.add(firstQuery, nest.mul(number, nest.index(kRows)));
      writeBlock();
    });
  }

private:
  /// Of the largest score and the sum of exponentials of each row; rows.
  struct Statistics {
    Value maximum, total;
  };

  void writeBlock() {
    placeShared();
    copiers = {thread, areAligned(nest, rowOperandsOf(op))};
    Value none = warp::StartCopiesOp::create(b, nest.loc);
    RowSource ofQueries = rowsOf(op.getQuery(), op.getQueryMap(), Dim::I, Dim::D);
    Value begun = copyRows(nest, ofQueries, {firstQuery, extent[Dim::I], kQueries}, *queries, {},
                           copiers, none);
    Value landed = warp::CommitOp::create(b, nest.loc, begun);
    warp::WaitOp::create(b, nest.loc, landed);
    gpu::BarrierOp::create(b, nest.loc);
    loadQueries();
    findKeys();
    Values rows{fragments.splat(-std::numeric_limits<double>::infinity(), fragments.row()),
                fragments.splat(0, fragments.row())};
    bool twice = !op.getProb().empty();
    Values state = rows;
    if (!twice)
      state.append(emptySums());
    state = sweep(state, [&](const KeyTile &tile, ValueRange now) {
      return addTile(tile, now, /*weighs=*/!twice);
    });
    Statistics all{state[0], state[1]};
    Value factor =
        fragments.mapOne(all.total, [&](Value, Value, ValueRange x) { return inverse(x[0]); });
    if (!twice)
      return finish(all, ArrayRef(state).drop_front(2), factor);
    Value shift = shiftOf(all.maximum);
    Values sums = sweep(emptySums(), [&](const KeyTile &tile, ValueRange now) {
      Values scores = scoresOf(tile), weights = weightsOf(scores, shift);
      for (Value &weight : weights)
        weight = scaled(weight, factor);
      return addValues(tile, probabilities(tile, scores, weights), Values(now));
    });
    finish(all, sums, Value());
  }

  Values emptySums() {
    Values sums;
    for (Piece channels : piecesOf(width))
      sums.push_back(fragments.splat(0, fragments.sum(channels.size)));
    return sums;
  }

  Value scaled(Value sum, Value factor) {
    return fragments.mapOne({sum, factor},
                            [&](Value, Value, ValueRange x) { return mulf(x[0], x[1]); });
  }

  // Copies

  RowSource rowsOf(Value operand, AffineMap map, unsigned rowDim, unsigned columnDim) {
    auto indices = [this, map, rowDim, columnDim](Value row, Value column) {
      SmallVector<Value> point = at(Value(), Value());
      point[rowDim] = rowDim == Dim::J ? placeOfKey(op, nest, batch, row) : row;
      point[columnDim] = column;
      return nest.apply(map, point);
    };
    return {operand, indices, columnDim == Dim::D ? depth : width};
  }

  /// Begins to copy a tile of keys and values, where `needed`; the group to wait for.
  Value copyTile(Value first, Value stage, Value needed) {
    Value none = warp::StartCopiesOp::create(b, nest.loc);
    auto fetch = [&](OpBuilder &, Location) {
      RowSource ofKeys = rowsOf(op.getKey(), op.getKeyMap(), Dim::J, Dim::D);
      RowSource ofValues = rowsOf(op.getValue(), op.getValueMap(), Dim::J, Dim::E);
      RowRange rows{first, range.end, tileKeys};
      Value begun = copyRows(nest, ofKeys, rows, *keys, stage, copiers, none);
      begun = copyRows(nest, ofValues, rows, *values, stage, copiers, begun);
      scf::YieldOp::create(b, nest.loc, begun);
    };
    auto skip = [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, none); };
    auto begun = scf::IfOp::create(b, nest.loc, needed, fetch, skip);
    return warp::CommitOp::create(b, nest.loc, begun.getResult(0));
  }

  // Tiles

  /// The range of keys, and who judges tiles of it.
  void findKeys() {
    range = keysOf(op, nest, head, extent[Dim::J]);
    if (!judgesBlocks(op))
      return;
    Value end = nest.min(nest.add(firstQuery, nest.index(kQueries)), extent[Dim::I]);
    // All threads go the same way: each warp finds it out for itself, without a barrier.
    RowLanes warp{nest.rem(thread, nest.index(warp::kWarp)), warp::kWarp};
    mask.emplace(op, nest, QueryBlock{batch, head, Positions{firstQuery, end}}, Readers{1, warp});
    range = mask->within(range, tileKeys);
  }

  /// Whether the tile exists and some pair of it is kept; whether all are, and all keys exist.
  Kept judge(Value first) {
    Value exists = compare(arith::CmpIPredicate::slt, first, range.end);
    Value behind = nest.add(first, nest.index(tileKeys));
    Value whole = compare(arith::CmpIPredicate::sle, behind, range.end);
    if (mask) {
      Kept kept = mask->keptOf({first, nest.min(behind, range.end)});
      return {both(exists, kept.some), both(whole, kept.all)};
    }
    if (op.getMask().empty())
      return {exists, whole};
    return {exists, arith::ConstantIntOp::create(b, nest.loc, 0, 1)};
  }

  /// Runs `body` on every tile of which something is kept, with what it carries.
  Values sweep(ValueRange state, function_ref<Values(const KeyTile &, ValueRange)> body) {
    Value one = nest.index(1), stage = nest.index(0);
    Kept kept = judge(range.first);
    Values carried(state);
    carried.append({copyTile(range.first, stage, kept.some), stage, kept.some, kept.all});
    size_t count = state.size();
    auto step = [&](Value first, ValueRange now) {
      Value group = now[count], here = now[count + 1];
      Kept known{now[count + 2], now[count + 3]};
      // Behind this barrier the tile has landed, and nobody uses the other stage any more.
      warp::WaitOp::create(b, nest.loc, group);
      gpu::BarrierOp::create(b, nest.loc);
      Value other = nest.sub(one, here), next = nest.add(first, nest.index(tileKeys));
      Kept ahead = judge(next);
      Value later = copyTile(next, other, ahead.some);
      KeyTile tile{first, here, known.all, range.end};
      ValueRange before = now.take_front(count);
      auto compute = [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, nest.loc, body(tile, before));
      };
      auto skip = [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, before); };
      Values after;
      if (mask)
        after = Values(scf::IfOp::create(b, nest.loc, known.some, compute, skip).getResults());
      else
        after = body(tile, before);
      after.append({later, other, ahead.some, ahead.all});
      return Nest::Carried(after);
    };
    Values result = nest.loop(range.first, range.end, nest.index(tileKeys), carried, step);
    // The next sweep begins with the stage that the last tile may be in.
    gpu::BarrierOp::create(b, nest.loc);
    result.truncate(count);
    return result;
  }

  /// The online softmax, by one tile: maximum, total, sums.
  Values addTile(const KeyTile &tile, ValueRange now, bool weighs) {
    Values scores = scoresOf(tile);
    Value most = reduced(warp::RowReduction::Max, scores);
    most = fragments.mapOne({now[0], most}, [&](Value, Value, ValueRange x) {
      return Value(arith::MaximumFOp::create(b, nest.loc, x[0], x[1]));
    });
    Value shift = shiftOf(most), factor = rescaleOf(now[0], shift);
    Values weights = weightsOf(scores, shift);
    Value sum = reduced(warp::RowReduction::Add, weights);
    Value total = fragments.mapOne(
        {now[1], factor, sum}, [&](Value, Value, ValueRange x) { return fma(x[0], x[1], x[2]); });
    Values next{most, total};
    if (!weighs)
      return next;
    Values sums =
        llvm::map_to_vector(now.drop_front(2), [&](Value old) { return scaled(old, factor); });
    next.append(addValues(tile, weights, sums));
    return next;
  }

  // Results

  /// The rows of this batch and head along dimension i, and along e where asked for.
  Value resultView(Value buffer, AffineMap map, bool hasChannels) {
    Value offset = nest.offset(buffer);
    for (auto [place, index] : llvm::enumerate(nest.apply(map, at(Value(), Value()))))
      offset = nest.add(offset, nest.mul(index, nest.stride(buffer, place)));
    SmallVector<Value> sizes{extent[Dim::I]}, strides{nest.stride(buffer, placeOf(map, Dim::I))};
    if (hasChannels) {
      sizes.push_back(extent[Dim::E]);
      strides.push_back(nest.stride(buffer, placeOf(map, Dim::E)));
    }
    return nest.view(buffer, offset, sizes, strides);
  }

  void finish(const Statistics &rows, ArrayRef<Value> sums, Value factor) {
    Value out = resultView(op.getOut(), op.getOutMap(), /*hasChannels=*/true);
    for (auto [channels, sum] : llvm::zip_equal(piecesOf(width), sums)) {
      Value value = factor ? scaled(sum, factor) : sum;
      warp::StoreFragmentOp::create(b, nest.loc, value, out,
                                    ValueRange{firstOfWarp, nest.index(channels.first)},
                                    ValueRange{extent[Dim::I], extent[Dim::E]}, /*swizzle=*/0);
    }
    auto store = [&](Value buffer, AffineMap map, function_ref<Value(Value, Value)> result) {
      Value row = fragments.mapOne({rows.maximum, rows.total}, [&](Value, Value, ValueRange x) {
        return result(scalesLate() ? mulf(x[0], f32(scale())) : x[0], x[1]);
      });
      warp::StoreFragmentOp::create(b, nest.loc, row, resultView(buffer, map, false), firstOfWarp,
                                    extent[Dim::I], /*swizzle=*/0);
    };
    if (op.hasLse())
      store(op.getLse(), op.getLseMap(), [&](Value x, Value y) { return logOfSum(x, y); });
    if (op.hasMax())
      store(op.getMax(), op.getMaxMap(), [&](Value x, Value y) { return maximumOf(x, y); });
  }

  Copiers copiers;
  Positions range;
  std::optional<BlockMask> mask;
};

} // namespace

static void schedule(Operation *op, Nest &nest) {
  TileAttention(cast<AttentionOp>(op), nest).write();
}

const LoopForm cuda::kTileAttention = {"tile_attention", handles, refuse, schedule,
                                       /*roundsWeights=*/true};
