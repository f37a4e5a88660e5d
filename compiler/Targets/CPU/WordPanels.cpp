//===- WordPanels.cpp - columns in words for dots and tiles ---------------===//
//
// The choice of a row, and copies of operands in its layout.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/WordPanels.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/Fovea/StructuredOps.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Rows below which tiles are mostly empty: multiply-adds are as fast in bf16, dots in i8
/// (docs/Rationale/Products.md).
static constexpr int64_t kFewestRowsOfBf16 = 3, kFewestRowsOfBytes = 4;
/// Words of a step by tiles, and rows and columns of two tiles beside each other.
static constexpr int64_t kTileWords = 16, kTwoTiles = 32;

const ProductRow *cpu::rowFor(StringRef elements, RowUnit unit, const Capabilities &cpu) {
  for (const std::string &name : cpu.rows) {
    const ProductRow *row = findProductRow(name);
    if (row && row->unit == unit && row->elements == elements && row->lanes == cpu.lanes)
      return row;
  }
  return nullptr;
}

/// Why the operands of a contraction cannot be read in words.
static Refusal refuseOperands(ContractOp op, const std::optional<ProductDims> &dims,
                              const Capabilities &cpu) {
  Type element = elementTypeOf(op.getLhs());
  if (elementTypeOf(op.getRhs()) != element)
    return {"dtype", "words are of one type; the operands are of two"};
  if (!element.isBF16() && !element.isInteger(8))
    return {"dtype", "words are of bf16 or of 8-bit integers; the elements are of another type"};
  return refuseLanes(op, dims, cpu);
}

/// Why instructions of a unit are not the fastest that the target has for so many rows.
static Refusal refuseRows(std::optional<int64_t> rows, StringRef elements, RowUnit unit,
                          const Capabilities &cpu) {
  bool isBf16 = elements == "bf16";
  if (unit == RowUnit::Dot && isBf16)
    return {"speed", "dots of bf16 were nowhere measured to be faster than multiply-adds"};
  // Bytes without dots would be left to scalar loops.
  bool alternative = isBf16 || rowFor(elements, RowUnit::Dot, cpu);
  int64_t fewest = isBf16 ? kFewestRowsOfBf16 : kFewestRowsOfBytes;
  if (unit == RowUnit::Tile && rows && *rows < fewest && alternative)
    return {"shape", llvm::formatv("{0} rows leave tiles mostly empty", *rows)};
  return {};
}

Refusal cpu::planWords(ContractOp op, const Capabilities &cpu, RowUnit unit, WordPlan &plan) {
  std::optional<ProductDims> dims = ProductDims::of(op);
  if (Refusal refusal = refuseOperands(op, dims, cpu))
    return refusal;
  bool tiles = unit == RowUnit::Tile;
  StringRef elements = elementTypeOf(op.getLhs()).isBF16() ? "bf16" : "i8";
  plan.row = rowFor(elements, unit, cpu);
  if (!plan.row)
    return {"target", llvm::formatv("the target has no {0} of {1}",
                                    tiles ? "tile products" : "dot products", elements)};
  if (dims->packedWidth && dims->packedGroup == 1)
    return {"layout", "the weight is packed for multiply-adds"};
  std::optional<int64_t> rows = dims->rowCount();
  if (!namesForm(op))
    if (Refusal refusal = refuseRows(rows, elements, unit, cpu))
      return refusal;
  plan.group = elements == "bf16" ? 2 : 4;
  plan.step = tiles ? kTileWords * plan.group : plan.group;
  auto [bearer, place] = bearerOf(op, dims->n);
  int64_t columns = cast<ShapedType>(bearer.getType()).getDimSize(place);
  bool isKnown = !ShapedType::isDynamic(columns);
  if (tiles)
    plan.tile = {kTwoTiles, isKnown && columns <= cpu.lanes ? 1 : 2};
  else
    plan.tile = cpu.tileFor(isKnown ? std::optional(columns) : std::nullopt, rows);
  if (!dims->packedWidth)
    return {};
  // Panels are as wide as they were packed.
  int64_t words = cast<ShapedType>(dims->columns.getType()).getShape().drop_back(2).back();
  int64_t vectors = dims->packedWidth / cpu.lanes;
  if (dims->packedWidth % cpu.lanes != 0 || vectors > (tiles ? 2 : cpu.maxVectors()) ||
      (tiles && words / kTileWords * kTileWords != words - (plan.group == 4)))
    return {"layout", "the weight is packed for another target"};
  plan.tile = {tiles ? kTwoTiles : cpu.rowsFor(vectors), vectors};
  return {};
}

std::optional<WordPlan> cpu::planWords(ContractOp op, const Capabilities &cpu) {
  WordPlan plan;
  for (auto [unit, form] :
       {std::pair(RowUnit::Tile, &kTileProduct), std::pair(RowUnit::Dot, &kDotProduct)})
    if (isAskedFor(op, form->name) && !requestedTile(op) && !planWords(op, cpu, unit, plan))
      return plan;
  return std::nullopt;
}

WordPanels::WordPanels(ContractOp op, Nest &nest, const Capabilities &cpu, const WordPlan &plan)
    : ContractTask(op, nest, cpu), plan(plan), element(elementTypeOf(op.getLhs())) {
  width = plan.tile.vectors * cpu.lanes;
}

Value WordPanels::packedPanel(ArrayRef<Value> position, Value k0) {
  int64_t row = width * plan.group;
  Value offset = offsetAt(dims.columns, dims.columnsMap, position);
  offset = nest.add(offset, nest.mul(nest.div(k0, nest.index(plan.group)), nest.index(row)));
  int64_t words = cast<ShapedType>(dims.columns.getType()).getShape().drop_back(2).back();
  return nest.view(dims.columns, offset, {nest.index(words), nest.index(row)},
                   {nest.index(row), nest.index(1)});
}

Value WordPanels::packColumns(ArrayRef<Value> position, Value k0, Value length, int64_t capacity) {
  int64_t most = std::max<int64_t>(1, llvm::divideCeil(capacity, plan.step)) * plan.step;
  Value panel = nest.scratch({most / plan.group, width * plan.group}, element);
  Value group = nest.index(plan.group), step = nest.index(plan.step), one = nest.index(1);
  Value whole = nest.div(length, group);
  Value all = nest.div(nest.mul(nest.ceilDiv(length, step), step), group);
  nest.loop(nest.index(0), whole, one,
            [&](Value word) { packWord(position, k0, word, {}, panel); });
  if (constant(whole) && constant(whole) == constant(all))
    return panel;
  nest.loop(whole, all, one, [&](Value word) { packWord(position, k0, word, length, panel); });
  return panel;
}

/// Elements in order from vectors of the first ones, the second ones, ... of every word.
static Value interleaved(Nest &nest, ArrayRef<Value> parts) {
  auto zip = [&](Value a, Value b) -> Value {
    return vector::InterleaveOp::create(nest.builder, nest.loc, a, b);
  };
  return parts.size() == 2 ? zip(parts[0], parts[1])
                           : zip(zip(parts[0], parts[2]), zip(parts[1], parts[3]));
}

/// One word of every column; with `length`, elements from there on are 0.
void WordPanels::packWord(ArrayRef<Value> position, Value k0, Value word, Value length,
                          Value panel) {
  OpBuilder &b = nest.builder;
  auto bits = VectorType::get({cpu.lanes}, b.getIntegerType(element.getIntOrFloatBitWidth()));
  Value zeros = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(bits));
  for (int64_t vector = 0; vector < plan.tile.vectors; ++vector) {
    SmallVector<Value> parts;
    for (int64_t place = 0; place < plan.group; ++place) {
      Value k = nest.add(nest.mul(word, nest.index(plan.group)), nest.index(place));
      auto load = [&]() -> Value {
        LaneGroup group = groupAt(atDepth(position, nest.add(k0, k)), vector);
        Value lanes =
            broadcast(nest, loadLanes(nest, dims.columns, dims.columnsMap, group), cpu.lanes);
        return lanes.getType() == bits ? lanes : arith::BitcastOp::create(b, nest.loc, bits, lanes);
      };
      if (!length) {
        parts.push_back(load());
        continue;
      }
      Value inside = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::ult, k, length);
      auto some = scf::IfOp::create(
          b, nest.loc, inside,
          [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, load()); },
          [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, zeros); });
      parts.push_back(some.getResult(0));
    }
    Value words = interleaved(nest, parts);
    auto elements = VectorType::get({cpu.lanes * plan.group}, element);
    if (words.getType() != elements)
      words = vector::BitCastOp::create(b, nest.loc, elements, words);
    vector::StoreOp::create(b, nest.loc, words, panel,
                            ValueRange{word, nest.index(vector * cpu.lanes * plan.group)});
  }
}

void WordPanels::copyRows(ArrayRef<Value> position, const RowRange &strip, Value k0, Value length,
                          Value copy, bool shift) {
  OpBuilder &b = nest.builder;
  auto shifted = [&](Value value) -> Value {
    if (!shift)
      return value;
    Attribute flip = b.getI8IntegerAttr(-128);
    if (auto type = dyn_cast<VectorType>(value.getType()))
      flip = DenseElementsAttr::get(type, flip);
    return arith::XOrIOp::create(b, nest.loc, value,
                                 arith::ConstantOp::create(b, nest.loc, cast<TypedAttr>(flip)));
  };
  Value step = kStride(), one = nest.index(1);
  bool contiguous = step && constant(step) == 1;
  int64_t lanes = cpu.lanes * plan.group;
  Value whole = nest.index(0), rows = contiguous ? rowsView(position, k0) : Value();
  if (contiguous)
    whole = nest.sub(length, nest.rem(length, nest.index(lanes)));
  nest.loop(nest.index(0), strip.count, one, [&](Value row) {
    Value from = nest.add(strip.first, row);
    auto type = VectorType::get({lanes}, element);
    if (contiguous)
      nest.loop(nest.index(0), whole, nest.index(lanes), [&](Value k) {
        Value some = vector::LoadOp::create(b, nest.loc, type, rows, ValueRange{from, k});
        vector::StoreOp::create(b, nest.loc, shifted(some), copy, ValueRange{row, k});
      });
    if (contiguous && constant(whole) && constant(whole) != constant(length))
      vector::StoreOp::create(b, nest.loc,
                              arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(type)), copy,
                              ValueRange{row, whole});
    nest.loop(whole, length, one, [&](Value k) {
      SmallVector<Value> at = atDepth(position, nest.add(k0, k));
      if (dims.m)
        at[*dims.m] = from;
      Value value = memref::LoadOp::create(b, nest.loc, dims.rows, nest.apply(dims.rowsMap, at));
      memref::StoreOp::create(b, nest.loc, shifted(value), copy, ValueRange{row, k});
    });
  });
}
