//===- PanelProduct.cpp - contraction as register products over panels ----===//
//
// The columns lie in panels of the register tile's width: packed by the compiler when they are a
// weight, else by the task. Tasks are (loops, panel, block of rows); in a task, strips of rows run
// against the panel and the epilogue finishes each row in registers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/ContractTask.h"
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/WidenRows.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Summed elements that a task packs at a time; longer sums go through partial sums in scratch.
static constexpr int64_t kDepthBlock = 1024;
/// A packed panel that has more bytes in f32, whatever its elements, is taken in such blocks, too:
/// half of a small L2.
static constexpr int64_t kPanelBytes = 512 * 1024;
/// Rows of a task, in strips.
static constexpr int64_t kStripsPerTask = 16;
/// Strips from which on a task widens its panel of short floats once, instead of every strip.
static constexpr int64_t kStripsToWidenFor = 3;
/// With few rows, memory bounds the time: this many bytes ahead a packed panel is asked for. With
/// one, loads alone run far enough ahead.
static constexpr int64_t kFewRows = 16, kBytesAhead = 8192;
/// Vectors of one row up to which sums of every second step are taken apart: fewer do not fill the
/// time that a multiply-add takes.
static constexpr int64_t kMostOfTwoChains = 4;

static bool handles(Operation *op) { return isa<ContractOp>(op); }

static Refusal refuse(Operation *op, const Capabilities &cpu) {
  auto contract = cast<ContractOp>(op);
  std::optional<ProductDims> dims = ProductDims::of(contract);
  if (Refusal refusal = refuseFloatLanes(contract, dims, cpu))
    return refusal;
  if (dims->packedGroup > 1)
    return {"layout", "the weight is packed in words for dots or tiles"};
  return {};
}

namespace {

/// Writes the schedule of one contraction.
class PanelProduct : ContractTask {
public:
  PanelProduct(ContractOp op, Nest &nest, const Capabilities &cpu)
      : ContractTask(op, nest, cpu), f32(nest.builder.getF32Type()) {}

  void write() {
    chooseTile();
    std::optional<int64_t> known = constant(depth);
    int64_t wholeDepth = dims.packedWidth ? kPanelBytes / (4 * width) : kDepthBlock;
    blocked = !(known && *known <= wholeDepth);
    Value rows = dims.m ? extent[*dims.m] : nest.index(1), step = kStride();
    bool widensRows = step && constant(step) == 1 && elementTypeOf(dims.rows) != f32;
    directRows = step && !widensRows;
    widensPanel = dims.packedWidth && elementTypeOf(dims.columns) != f32 &&
                  !(constant(rows) && *constant(rows) < tile.rows * kStripsToWidenFor);
    blocked |= (!directRows || widensPanel) && !(known && *known <= kDepthBlock);
    int64_t rowsPerTask = tile.rows * kStripsPerTask;
    if (std::optional<int64_t> count = constant(rows))
      rowsPerTask = std::min<int64_t>(rowsPerTask, std::max<int64_t>(1, *count));
    overTasks(rowsPerTask, width, [&](ArrayRef<Value> position, Value firstRow, Value count) {
      writeTask(position, firstRow, count, rowsPerTask);
    });
  }

private:
  void chooseTile() {
    tile = cpu.tileFor(constant(extent[dims.n]), dims.rowCount());
    if (std::optional<RegisterTile> asked = requestedTile(op))
      tile = *asked; // As wide as packed panels: see refuseTile.
    else if (dims.packedWidth && dims.packedWidth % cpu.lanes == 0 &&
             dims.packedWidth / cpu.lanes <= cpu.maxVectors())
      tile = {cpu.rowsFor(dims.packedWidth / cpu.lanes), dims.packedWidth / cpu.lanes};
    else
      dims.packedWidth = 0;
    width = tile.vectors * cpu.lanes;
  }

  void writeTask(ArrayRef<Value> position, Value firstRow, Value count, int64_t rowsPerTask) {
    if (!directRows)
      rowsScratch = nest.scratch(
          {tile.rows, std::min(kDepthBlock, constant(depth).value_or(kDepthBlock))}, f32);
    if (!blocked) {
      Value columns =
          panelOf(position, nest.index(0), depth, constant(depth).value_or(kDepthBlock));
      writeStrips(position, columns, nest.index(0), depth, firstRow, count, Tail::Overlap, {},
                  [&](Value row, ValueRange sums) { finish(position, row, sums); });
      return;
    }
    Value partial = nest.scratch({rowsPerTask, width}, f32);
    overBlocks(kDepthBlock, [&](Value k0, Value length) {
      Value columns = panelOf(position, k0, length, kDepthBlock);
      writeStrips(
          position, columns, k0, length, firstRow, count, Tail::Exact,
          [&](Value row) { return loadSums(partial, nest.sub(row, firstRow), k0); },
          [&](Value row, ValueRange sums) { storeSums(partial, nest.sub(row, firstRow), sums); });
    });
    nest.loop(nest.index(0), count, nest.index(1), [&](Value row) {
      finish(position, nest.add(firstRow, row), loadSums(partial, row, depth));
    });
  }

  /// `length` summed elements, at most `capacity`, of the task's columns from `k0` on.
  Value panelOf(ArrayRef<Value> position, Value k0, Value length, int64_t capacity) {
    if (!dims.packedWidth)
      return packColumns(position, k0, length, capacity);
    Value packed = packedPanel(position, k0);
    return widensPanel ? widened(packed, length, capacity) : packed;
  }

  /// The first `length` rows of a panel of short floats, in scratch memory as f32.
  Value widened(Value panel, Value length, int64_t capacity) {
    Value wide = nest.scratch({capacity, width}, f32);
    widenRows(nest, panel, {nest.index(0), length}, nest.index(width), wide, cpu.lanes);
    return wide;
  }

  /// The panel of a packed weight, as [depth, width], from summed element `k0` on.
  Value packedPanel(ArrayRef<Value> position, Value k0) {
    Value offset = offsetAt(dims.columns, dims.columnsMap, position);
    offset = nest.add(offset, nest.mul(k0, nest.index(width)));
    return nest.view(dims.columns, offset, {depth, nest.index(width)},
                     {nest.index(width), nest.index(1)});
  }

  /// Copies `length` summed elements of the task's columns into a panel in scratch memory.
  Value packColumns(ArrayRef<Value> position, Value k0, Value length, int64_t capacity) {
    Value panel = nest.scratch({std::max<int64_t>(1, capacity), width}, f32);
    nest.loop(nest.index(0), length, nest.index(1), [&](Value k) {
      SmallVector<Value> at = atDepth(position, nest.add(k0, k));
      for (int64_t vector = 0; vector < tile.vectors; ++vector) {
        LaneGroup group = groupAt(at, vector);
        Value lanes =
            broadcast(nest, loadLanes(nest, dims.columns, dims.columnsMap, group), cpu.lanes);
        lanes = widen(lanes);
        vector::StoreOp::create(nest.builder, nest.loc, lanes, panel,
                                ValueRange{k, nest.index(vector * cpu.lanes)});
      }
    });
    return panel;
  }

  Value widen(Value value) {
    auto type = cast<VectorType>(value.getType());
    if (type.getElementType().isF32())
      return value;
    return arith::ExtFOp::create(nest.builder, nest.loc, type.clone(f32), value);
  }

  void writeStrips(ArrayRef<Value> position, Value columns, Value k0, Value length, Value firstRow,
                   Value count, Tail tail, Init init, Finish finishRow) {
    nest.strips(count, tile.rows, tail, [&](Value row, int64_t rows) {
      Value first = nest.add(firstRow, row);
      Value lhs = directRows ? rowsView(position, k0)
                             : copyRows(position, first, rows, {k0, length}, rowsScratch);
      Value start = directRows ? first : nest.index(0);
      auto product = kernel::ProductOp::create(nest.builder, nest.loc, lhs, columns, start, length,
                                               rows, tile.vectors, cpu.lanes, {}, aheadOf(columns));
      // Of one row alone: rows of a batch are summed up alike wherever they lie in it.
      if (dims.rowCount() == 1 && tile.vectors <= kMostOfTwoChains)
        product.setChains(2);
      // In packed rows the product counts from 0.
      auto absolute = [&](Value at) { return directRows ? at : nest.add(first, at); };
      auto from = [&](Value at) { return init(absolute(at)); };
      writeRegions(product, init ? Init(from) : Init(),
                   [&](Value at, ValueRange sums) { finishRow(absolute(at), sums); });
    });
  }

  /// What follows a packed panel's rows by some bytes, if there are few rows.
  SmallVector<Value, 1> aheadOf(Value panel) {
    std::optional<int64_t> rows = dims.rowCount();
    if (!dims.packedWidth || widensPanel || !rows || *rows == 1 || *rows > kFewRows)
      return {};
    int64_t bytes = cast<MemRefType>(panel.getType()).getElementTypeBitWidth() / 8;
    Value offset = nest.add(nest.offset(panel), nest.index(kBytesAhead / bytes));
    return {
        nest.view(panel, offset, {depth, nest.index(width)}, {nest.index(width), nest.index(1)})};
  }

  Type f32;
  RegisterTile tile{};
  Value rowsScratch;
  bool blocked = false, directRows = false;
  /// Whether the packed panel is widened to f32 in scratch memory.
  bool widensPanel = false;
};

} // namespace

static Refusal refuseTile(Operation *op, RegisterTile tile, const Capabilities &cpu) {
  if (Refusal refusal = refuseRegisters(tile, cpu))
    return refusal;
  int64_t packed = ProductDims::of(cast<ContractOp>(op))->packedWidth;
  int64_t width = tile.vectors * cpu.lanes;
  if (packed == 0 || packed == width)
    return {};
  return {kScheduleReason.str(), llvm::formatv("the weight is packed in panels of {0} columns; "
                                               "tiles of {1} vectors are {2} columns wide",
                                               packed, tile.vectors, width)};
}

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  PanelProduct(cast<ContractOp>(op), nest, cpu).write();
}

const Form cpu::kPanelProduct = {"panel_product", handles, refuse, schedule, refuseTile};
