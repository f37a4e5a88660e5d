//===- DecodeBlock.cpp - what the forms of attention of few queries share -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/DecodeBlock.h"

#include "compiler/Targets/CUDA/RowCopies.h"
#include "compiler/Targets/CUDA/SharedMemory.h"
#include "compiler/Transforms/AttentionNotes.h"
#include "compiler/Transforms/FewQueries.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

Refusal cuda::refuseDecode(AttentionOp op) {
  if (Refusal refusal = refuseOnWarps(op))
    return refusal;
  if (auto reason = op->getAttrOfType<StringAttr>(kNotForFewAttr))
    return {"shape", "of some queries: " + reason.str()};
  int64_t queries = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::I);
  if (ShapedType::isDynamic(queries) || queries > kFewQueries)
    return {"shape",
            "there may be more than " + std::to_string(kFewQueries) + " queries for each head"};
  if (queries == 0)
    return {"shape", "there are no queries"};
  if (!op.getProb().empty())
    return {"order", "its probability region needs the sums over all keys"};
  if (elementTypeOf(op.getQuery()) != elementTypeOf(op.getKey()) ||
      elementTypeOf(op.getValue()) != elementTypeOf(op.getKey()))
    return {"dtype", "queries, keys and values are of different types"};
  for (int64_t size : {staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::D),
                       staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E)})
    if (size % elementsOfPiece(op.getKey()) != 0)
      return {"shape", "a row of " + std::to_string(size) + " elements is no multiple of 16 bytes"};
  return refuseRows(rowOperandsOf(op));
}

DecodeBlock::DecodeBlock(AttentionOp op, Nest &nest)
    : AttentionBlock(op, nest), queries(*constant(extent[Dim::I])) {}

void DecodeBlock::writeGrid(function_ref<void()> body) {
  Value blocks = nest.index(llvm::divideCeil(queries, rows));
  SmallVector<Value> space{extent[Dim::B], extent[Dim::H], blocks};
  nest.grid(nest.product(space), kBlockThreads, [&](Value block, Value inBlock) {
    thread = inBlock;
    lane = nest.rem(thread, nest.index(warp::kWarp));
    number = nest.div(thread, nest.index(warp::kWarp));
    SmallVector<Value> place = nest.delinearize(block, space);
    enter(place[0], place[1]);
    firstQuery = nest.mul(place[2], nest.index(rows));
    aligned = areAligned(nest, rowOperandsOf(op));
    range = keysOf(op, nest, head, extent[Dim::J]);
    if (!op.getMask().empty()) {
      Value end = nest.min(nest.add(firstQuery, nest.index(rows)), extent[Dim::I]);
      range = BlockMask(op, nest, {batch, head, {firstQuery, end}}, Readers())
                  .within(range, /*block=*/1);
    }
    body();
  });
}

DecodeBlock::Values DecodeBlock::either(Value condition, function_ref<Values()> then,
                                        function_ref<Values()> otherwise) {
  auto yield = [&](function_ref<Values()> body) {
    return [this, body](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, body()); };
  };
  return Values(
      scf::IfOp::create(b, nest.loc, condition, yield(then), yield(otherwise)).getResults());
}

DecodeBlock::Values DecodeBlock::loadQueries(const LaneRows &from, ArrayRef<Value> ofRows) {
  auto load = [&](bool isAligned) {
    Values all;
    for (Value row : ofRows)
      all.append(from.load(
          [&](Value column) {
            return nest.apply(op.getQueryMap(), at(queryAt(row), Value(), column));
          },
          isAligned));
    return all;
  };
  return from.unpack(either(aligned, [&] { return load(true); }, [&] { return load(false); }));
}

DecodeBlock::Values DecodeBlock::loadGroup(const LaneRows &from, const Source &source, Value start,
                                           ArrayRef<Value> places) {
  Value first = firstOfWarp(start), end = range.end;
  auto load = [&](bool isWhole, bool isAligned) {
    Values all;
    for (Value place : places) {
      Value key = nest.add(first, place);
      if (!isWhole)
        key = nest.min(key, nest.sub(end, nest.index(1)));
      Values point = at(Value(), placeOfKey(op, nest, batch, key));
      all.append(from.load(
          [&](Value column) {
            point[source.columnDim] = column;
            return nest.apply(source.map, point);
          },
          isAligned));
    }
    return all;
  };
  auto none = [&] { return Values(places.size() * from.pieces, from.none()); };
  auto part = [&] {
    return either(aligned, [&] { return load(false, true); }, [&] { return load(false, false); });
  };
  auto rest = [&] { return either(compare(arith::CmpIPredicate::slt, start, end), part, none); };
  // Places of keys that all exist differ by constants.
  Value last = nest.add(start, nest.index(groupKeys * kWarps));
  Value whole = both(aligned, compare(arith::CmpIPredicate::sle, last, end));
  return from.unpack(either(whole, [&] { return load(true, true); }, rest));
}

Value DecodeBlock::scoreOf(Value dot, Value row, Value key) {
  Value last = nest.sub(range.end, nest.index(1));
  Value score = modified(mulf(dot, f32(scale())), at(queryAt(row), nest.min(key, last)),
                         /*masked=*/true);
  return select(compare(arith::CmpIPredicate::slt, key, range.end), score, infinity());
}

void DecodeBlock::placeShared() {
  parts = sharedBuffer(nest, {kWarps, rows, width}, b.getF32Type());
  all = sharedBuffer(nest, {kWarps, rows, 2}, b.getF32Type());
}

void DecodeBlock::keepSum(Value sum, Value row, Value channel) {
  memref::StoreOp::create(b, nest.loc, sum, parts, ValueRange{number, row, channel});
}

void DecodeBlock::keepStatistics(const Statistics &own, Value row) {
  memref::StoreOp::create(b, nest.loc, own.maximum, all, ValueRange{number, row, nest.index(0)});
  memref::StoreOp::create(b, nest.loc, own.total, all, ValueRange{number, row, nest.index(1)});
}

Value DecodeBlock::read(Value buffer, int64_t warp, Value row, Value column) {
  return memref::LoadOp::create(b, nest.loc, buffer, ValueRange{nest.index(warp), row, column});
}

DecodeBlock::Statistics DecodeBlock::merged(Value row) {
  Statistics of{infinity(), f32(0)};
  for (int64_t one = 0; one < kWarps; ++one)
    of.maximum = larger(read(all, one, row, nest.index(0)), of.maximum);
  for (int64_t one = 0; one < kWarps; ++one)
    of.total = fma(read(all, one, row, nest.index(1)), factorOf(one, row, of), of.total);
  return of;
}

Value DecodeBlock::factorOf(int64_t one, Value row, const Statistics &of) {
  return weigh(read(all, one, row, nest.index(0)), safe(of.maximum));
}

void DecodeBlock::mergeAndStore() {
  gpu::BarrierOp::create(b, nest.loc);
  Value count = nest.min(nest.index(rows), nest.sub(extent[Dim::I], firstQuery));
  Value channels = nest.index(width), step = nest.index(kBlockThreads);
  nest.loop(thread, nest.mul(count, channels), step, [&](Value place) {
    Value row = nest.div(place, channels), channel = nest.rem(place, channels);
    Statistics of = merged(row);
    Value sum = f32(0);
    for (int64_t one = 0; one < kWarps; ++one)
      sum = fma(read(parts, one, row, channel), factorOf(one, row, of), sum);
    store(mulf(sum, inverse(of.total)), op.getOut(), op.getOutMap(),
          at(nest.add(firstQuery, row), Value(), Value(), channel));
  });
  if (!op.hasLse())
    return;
  nest.branch(compare(arith::CmpIPredicate::slt, thread, count), [&] {
    Statistics of = merged(thread);
    store(logOfSum(of.maximum, of.total), op.getLse(), op.getLseMap(),
          at(nest.add(firstQuery, thread), Value()));
    if (op.hasMax())
      store(maximumOf(of.maximum, of.total), op.getMax(), op.getMaxMap(),
            at(nest.add(firstQuery, thread), Value()));
  });
}
