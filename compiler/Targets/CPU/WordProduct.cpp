//===- WordProduct.cpp - contraction by dots and by tiles -----------------===//
//
// As PanelProduct, with four bytes of each column side by side in the panels. Tasks are (loops,
// panel, block of rows); the epilogue finishes each row of sums.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/WordPanels.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Bytes of a row, and of a column, that a task copies at a time; longer sums go through partial
/// sums in scratch memory.
static constexpr int64_t kBlockBytes = 4096;
/// Rows of a task, in strips.
static constexpr int64_t kStripsPerTask = 16;
/// The same, and panels of a task, where copies of strips are shared by panels.
static constexpr int64_t kStripsOfPanels = 4, kPanelsPerTask = 16;
/// Bytes of a row up to which the copy of a strip stays in the first level of cache meanwhile.
static constexpr int64_t kSharedBytes = 1024;
/// Rows of a tile.
static constexpr int64_t kTileRows = 16;

/// Contractions of what words are made of.
static bool handles(Operation *op) {
  auto contract = dyn_cast<ContractOp>(op);
  Type element = contract ? elementTypeOf(contract.getLhs()) : Type();
  return element && elementTypeOf(contract.getRhs()) == element &&
         (element.isBF16() || element.isInteger(8));
}

namespace {

/// Writes the schedule of one contraction.
class WordProduct : WordPanels {
public:
  WordProduct(ContractOp op, Nest &nest, const Capabilities &cpu, const WordPlan &plan)
      : WordPanels(op, nest, cpu, plan), block(kBlockBytes / (4 / plan.group)),
        isPacked(dims.packedWidth != 0) {}

  void write() {
    Value rows = dims.m ? extent[*dims.m] : nest.index(1), step = kStride();
    directRows = step && constant(step) == 1 && !plan.row->takesUnsigned;
    std::optional<int64_t> known = constant(depth);
    blocked = !(known && *known <= block) && !(directRows && isPacked);
    // A copy of a strip pays where it is read for several panels from the first level of cache.
    shares = byTiles() && isPacked && directRows && known &&
             *known * 4 / plan.group <= kSharedBytes &&
             !(constant(rows) && *constant(rows) < plan.tile.rows) &&
             !(constant(extent[dims.n]) && *constant(extent[dims.n]) <= width);
    int64_t panelsPerTask = shares ? kPanelsPerTask : 1;
    int64_t rowsPerTask = plan.tile.rows * (shares ? kStripsOfPanels : kStripsPerTask);
    if (std::optional<int64_t> count = constant(rows))
      rowsPerTask = std::min<int64_t>(rowsPerTask, std::max<int64_t>(1, *count));
    overTasks(rowsPerTask, width * panelsPerTask,
              [&](ArrayRef<Value> position, Value firstRow, Value count) {
                writeTask(position, {firstRow, count}, rowsPerTask);
              });
  }

private:
  /// emit(place, first row, rows): strips have places of their own also where their rows overlap.
  using Strip = function_ref<void(Value, Value, int64_t)>;

  bool byTiles() const { return plan.row->unit == RowUnit::Tile; }

  void writeTask(ArrayRef<Value> position, const RowRange &rows, int64_t rowsPerTask) {
    if (plan.row->takesUnsigned)
      excess = nest.scratch({1, width}, nest.builder.getI32Type());
    if (!byTiles() || constant(rows.count))
      return writeRows(position, rows, rowsPerTask);
    Value enough = arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::sge,
                                         rows.count, nest.index(kTileRows));
    nest.branch(
        enough, [&] { writeRows(position, rows, rowsPerTask); },
        [&] { writePartOfTile(position, rows); });
  }

  /// body(position) for every panel of the task.
  void overPanels(ArrayRef<Value> position, function_ref<void(ArrayRef<Value>)> body) {
    if (!shares)
      return body(position);
    Value end =
        nest.min(nest.add(position[dims.n], nest.index(width * kPanelsPerTask)), extent[dims.n]);
    nest.loop(position[dims.n], end, nest.index(width), [&](Value column) {
      SmallVector<Value> at(position);
      at[dims.n] = column;
      body(at);
    });
  }

  /// Copies each strip once, to where its rows are aligned and filled up to the end of a step, and
  /// multiplies it with several panels.
  void writePanels(ArrayRef<Value> position, const RowRange &rows) {
    Value zero = nest.index(0);
    int64_t filled = (*constant(depth) + plan.step - 1) / plan.step * plan.step;
    rowsScratch = nest.scratch({plan.tile.rows, filled}, element);
    strips(rows.count, Tail::Overlap, [&](Value, Value start, int64_t count) {
      Value first = nest.add(rows.first, start);
      copyRows(position, {first, nest.index(count)}, zero, depth, rowsScratch, /*shift=*/false);
      overPanels(position, [&](ArrayRef<Value> at) {
        makeProduct(rowsScratch, packedPanel(at, zero), zero, nest.index(filled), count, {},
                    [&](Value row, ValueRange sums) { finishRow(at, nest.add(first, row), sums); });
      });
    });
  }

  void writeRows(ArrayRef<Value> position, const RowRange &rows, int64_t rowsPerTask) {
    if (shares)
      return writePanels(position, rows);
    if (!directRows)
      rowsScratch = nest.scratch({plan.tile.rows, blockOf(depth)}, element);
    Value zero = nest.index(0);
    if (!blocked) {
      Value columns = columnsFrom(position, zero, depth, constant(depth).value_or(0));
      strips(rows.count, Tail::Overlap, [&](Value, Value first, int64_t count) {
        writeStrip(position, columns, {zero, depth}, nest.add(rows.first, first), count, {},
                   [&](Value row, ValueRange sums) {
                     finishRow(position, nest.add(nest.add(rows.first, first), row), sums);
                   });
      });
      return;
    }
    Value partial = nest.scratch({(rowsPerTask + 31) / 32 * 32, width}, sums.getElementType());
    overBlocks(block, [&](Value k0, Value length) {
      Value columns = columnsFrom(position, k0, length, blockOf(depth));
      strips(rows.count, Tail::Exact, [&](Value place, Value first, int64_t count) {
        writeStrip(
            position, columns, {k0, length}, nest.add(rows.first, first), count,
            [&](Value row) { return loadSums(partial, nest.add(place, row), k0); },
            [&](Value row, ValueRange sums) { storeSums(partial, nest.add(place, row), sums); });
      });
    });
    strips(rows.count, Tail::Exact, [&](Value place, Value first, int64_t count) {
      nest.loop(zero, nest.index(count), nest.index(1), [&](Value row) {
        finishRow(position, nest.add(nest.add(rows.first, first), row),
                  loadSums(partial, nest.add(place, row), depth));
      });
    });
  }

  /// Fewer rows than a tile has, of a number that only the run knows: a function has tiles of one
  /// height, so they are copied to where the tile may read the others; once where panels share
  /// them.
  void writePartOfTile(ArrayRef<Value> position, const RowRange &rows) {
    Value zero = nest.index(0), partial = nest.scratch({kTileRows, width}, sums.getElementType());
    rowsScratch = nest.scratch({kTileRows, blockOf(depth)}, element);
    if (shares)
      copyRows(position, rows, zero, depth, rowsScratch, /*shift=*/false);
    overPanels(position, [&](ArrayRef<Value> at) { writePartOfTile(at, rows, partial); });
  }

  /// The same of one panel, with sums in `partial`.
  void writePartOfTile(ArrayRef<Value> position, const RowRange &rows, Value partial) {
    Value zero = nest.index(0);
    overBlocks(block, [&](Value k0, Value length) {
      Value columns = columnsFrom(position, k0, length, blockOf(depth));
      if (!shares)
        copyRows(position, rows, k0, length, rowsScratch, /*shift=*/false);
      makeProduct(
          rowsScratch, columns, zero, length, kTileRows,
          [&](Value row) { return loadSums(partial, row, k0); },
          [&](Value row, ValueRange sums) { storeSums(partial, row, sums); });
    });
    nest.loop(zero, rows.count, nest.index(1), [&](Value row) {
      finishRow(position, nest.add(rows.first, row), loadSums(partial, row, depth));
    });
  }

  /// Summed elements of a block, to whole vectors.
  int64_t blockOf(Value depth) {
    return (std::min(block, constant(depth).value_or(block)) + 63) / 64 * 64;
  }

  /// Strips over `count` rows. All tiles of a function have one height, and so a place of their own
  /// for partial sums where rows occur twice.
  void strips(Value count, Tail tail, Strip emit) {
    if (!byTiles())
      return nest.strips(count, plan.tile.rows, tail,
                         [&](Value row, int64_t rows) { emit(row, row, rows); });
    Value zero = nest.index(0), both = nest.index(2 * kTileRows), one = nest.index(kTileRows);
    auto cover = [&](Value from, Value to, Value step) {
      Value last = nest.sub(count, step);
      nest.loop(from, to, step, [&](Value row) {
        emit(row, nest.min(row, last), step == both ? 2 * kTileRows : kTileRows);
      });
    };
    std::optional<int64_t> known = constant(count);
    if (known && *known < kTileRows)
      return emit(zero, zero, *known);
    if (known) {
      int64_t whole = *known / (2 * kTileRows) * 2 * kTileRows, rest = *known - whole;
      bool pair = rest > kTileRows && whole > 0;
      cover(zero, nest.index(whole + (pair ? rest : 0)), both);
      if (rest && !pair)
        cover(nest.index(whole), count, one);
      return;
    }
    Value enough =
        arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::sge, count, both);
    nest.branch(enough, [&] { cover(zero, count, both); }, [&] { cover(zero, count, one); });
  }

  /// The task's columns from summed element `k0` on.
  Value columnsFrom(ArrayRef<Value> position, Value k0, Value length, int64_t capacity) {
    Value columns =
        isPacked ? packedPanel(position, k0) : packColumns(position, k0, length, capacity);
    if (plan.row->takesUnsigned && !isPacked)
      addExcess(columns, k0, length);
    if (plan.row->takesUnsigned && isPacked)
      copyExcess(position);
    return columns;
  }

  /// Rows are 128 too large, sums by 128 times those of the columns: `excess`, added up block by
  /// block by a row of 128.
  void addExcess(Value columns, Value k0, Value length) {
    OpBuilder &b = nest.builder;
    Value row = nest.scratch({1, block}, element);
    auto type = VectorType::get({cpu.lanes * plan.group}, element);
    Value all = arith::ConstantOp::create(b, nest.loc,
                                          DenseElementsAttr::get(type, b.getI8IntegerAttr(-128)));
    nest.loop(nest.index(0), length, nest.index(type.getDimSize(0)), [&](Value k) {
      vector::StoreOp::create(b, nest.loc, all, row, ValueRange{nest.index(0), k});
    });
    makeProduct(
        row, columns, nest.index(0), length, 1, [&](Value at) { return loadSums(excess, at, k0); },
        [&](Value at, ValueRange sums) { storeSums(excess, at, sums); });
  }

  /// The same from the last row of a packed panel.
  void copyExcess(ArrayRef<Value> position) {
    OpBuilder &b = nest.builder;
    Value panel = packedPanel(position, nest.index(0));
    auto bytes = VectorType::get({cpu.lanes * plan.group}, element);
    Value last = nest.sub(nest.size(panel, 0), nest.index(1));
    for (int64_t vector = 0; vector < plan.tile.vectors; ++vector) {
      Value loaded = vector::LoadOp::create(
          b, nest.loc, bytes, panel, ValueRange{last, nest.index(vector * bytes.getDimSize(0))});
      Value words = vector::BitCastOp::create(b, nest.loc, sums, loaded);
      vector::StoreOp::create(b, nest.loc, words, excess,
                              ValueRange{nest.index(0), nest.index(vector * cpu.lanes)});
    }
  }

  void finishRow(ArrayRef<Value> position, Value row, ValueRange values) {
    if (!plan.row->takesUnsigned)
      return finish(position, row, values);
    SmallVector<Value> exact;
    for (auto [vector, sum] : llvm::enumerate(values)) {
      Value over =
          vector::LoadOp::create(nest.builder, nest.loc, sums, excess,
                                 ValueRange{nest.index(0), nest.index(vector * cpu.lanes)});
      exact.push_back(arith::SubIOp::create(nest.builder, nest.loc, sum, over));
    }
    finish(position, row, exact);
  }

  /// Summed elements: the first and their number.
  struct Range {
    Value first, length;
  };

  /// `count` rows from row `first` on; regions count them from 0.
  void writeStrip(ArrayRef<Value> position, Value columns, const Range &k, Value first,
                  int64_t count, Init init, Finish finishRow) {
    if (!directRows) {
      copyRows(position, {first, nest.index(count)}, k.first, k.length, rowsScratch,
               plan.row->takesUnsigned);
      makeProduct(rowsScratch, columns, nest.index(0), k.length, count, init, finishRow);
      return;
    }
    auto from = [&](Value row) { return init(nest.sub(row, first)); };
    makeProduct(rowsView(position, k.first), columns, first, k.length, count,
                init ? Init(from) : Init(),
                [&](Value row, ValueRange sums) { finishRow(nest.sub(row, first), sums); });
  }

  void makeProduct(Value lhs, Value columns, Value start, Value length, int64_t strip, Init init,
                   Finish finishRow) {
    auto unit = byTiles() ? kernel::Unit::Tile : kernel::Unit::Dot;
    auto product = kernel::ProductOp::create(nest.builder, nest.loc, lhs, columns, start, length,
                                             strip, plan.tile.vectors, cpu.lanes, {}, {}, unit,
                                             plan.row->takesUnsigned);
    writeRegions(product, init, finishRow);
  }

  /// Summed elements that are copied at a time.
  int64_t block;
  bool isPacked, directRows = false, blocked = false;
  /// Whether a task multiplies a copy of each strip with several panels.
  bool shares = false;
  Value rowsScratch, excess;
};

} // namespace

template <RowUnit unit> static Refusal refuse(Operation *op, const Capabilities &cpu) {
  WordPlan plan;
  return planWords(cast<ContractOp>(op), cpu, unit, plan);
}

template <RowUnit unit> static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  WordPlan plan;
  (void)planWords(cast<ContractOp>(op), cpu, unit, plan);
  WordProduct(cast<ContractOp>(op), nest, cpu, plan).write();
}

const Form cpu::kTileProduct = {"tile_product",          handles, refuse<RowUnit::Tile>,
                                schedule<RowUnit::Tile>, nullptr, /*special=*/true};
const Form cpu::kDotProduct = {"dot_product",          handles, refuse<RowUnit::Dot>,
                               schedule<RowUnit::Dot>, nullptr, /*special=*/true};
