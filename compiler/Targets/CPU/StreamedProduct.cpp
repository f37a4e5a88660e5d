//===- StreamedProduct.cpp - products of few rows with a matrix of the run ===//
//
// Memory bounds a product of up to eight rows, and a matrix that only the run knows is read once,
// as it lies: no panel is copied. Where its columns are contiguous they go on the lanes, and a
// block of its rows is read across many columns, with partial sums in the first cache. Where the
// summed elements are, these go on the lanes, and a tree of shuffles adds the lanes up. Either way
// what comes next is asked for twice, far ahead and once more shortly before its use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/MemoryRequests.h"
#include "compiler/Targets/CPU/ContractTask.h"
#include "compiler/Targets/CPU/LaneDots.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/Fovea/StructuredOps.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// With more rows the multiply-adds take longer than memory.
static constexpr int64_t kMostRows = 8;
/// Columns of a task, by which it is a run of memory and not pieces of it: at most an eighth of
/// all, so that threads have tasks, and within these limits. Of matrices whose summed elements are
/// contiguous, every column is a run.
static constexpr int64_t kTasks = 8, kLeastColumns = 128, kMostColumns = 1024, kMostRuns = 256;
/// Rows of the matrix that are read side by side.
static constexpr int64_t kRowsAtOnce = 8, kRunsAtOnce = 4;
/// What is asked for lies so many bytes ahead of each of these, the second time so many.
static constexpr int64_t kBytesAhead = 1536, kBytesAgain = 512;
/// Rows of f32 that stay in the first cache beside the matrix, in bytes, and summed elements of
/// rows that are copied at a time.
static constexpr int64_t kRowsBytes = 16384, kDepthBlock = 1024;

/// The dimension of the matrix that is contiguous: n, the summed one, or none.
static std::optional<unsigned> contiguousDim(const ProductDims &dims) {
  auto type = cast<MemRefType>(dims.columns.getType());
  SmallVector<int64_t> strides = type.getStridesAndOffset().first;
  for (unsigned dim : {dims.n, dims.k.front()}) {
    auto expr = getAffineDimExpr(dim, dims.columnsMap.getContext());
    if (strides[*dims.columnsMap.getResultPosition(expr)] == 1)
      return dim;
  }
  return std::nullopt;
}

static int64_t extentOf(const ProductDims &dims, unsigned dim) {
  auto expr = getAffineDimExpr(dim, dims.columnsMap.getContext());
  return cast<MemRefType>(dims.columns.getType())
      .getDimSize(*dims.columnsMap.getResultPosition(expr));
}

static bool hasFewRows(const ProductDims &dims) {
  std::optional<int64_t> rows = dims.rowCount();
  return rows && *rows > 0 && *rows <= kMostRows;
}

/// Nobody asks why products of many rows, or with a packed weight, do not take this form, unless a
/// schedule wants it.
static bool handles(Operation *op) {
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract || scheduleOf(op))
    return contract != nullptr;
  std::optional<ProductDims> dims = ProductDims::of(contract);
  return contract.getSumType().isF32() && dims && hasFewRows(*dims) && !dims->packedWidth;
}

static Refusal refuse(Operation *op, const Capabilities &cpu) {
  auto contract = cast<ContractOp>(op);
  std::optional<ProductDims> dims = ProductDims::of(contract);
  if (Refusal refusal = refuseFloatLanes(contract, dims, cpu))
    return refusal;
  if (dims->packedWidth)
    return {"layout", "the weight is packed in panels"};
  if (!hasFewRows(*dims))
    return {"shape", llvm::formatv("the rows are not known to be 1 to {0}", kMostRows)};
  if (dims->k.size() != 1 || !runsAlone(dims->columnsMap, dims->k.front()) ||
      !runsAlone(dims->columnsMap, dims->n))
    return {"layout", "columns, or what is summed, go through the matrix in several dimensions"};
  std::optional<unsigned> contiguous = contiguousDim(*dims);
  if (!contiguous)
    return {"layout", "neither the columns of the matrix nor their elements are contiguous"};
  int64_t length = extentOf(*dims, *contiguous);
  if (*contiguous == dims->n && !ShapedType::isDynamic(length) && length < cpu.lanes)
    return {"shape", llvm::formatv("fewer columns than {0} lanes", cpu.lanes)};
  if (*contiguous != dims->n && (length <= 0 || length % cpu.lanes != 0))
    return {"shape", llvm::formatv("what is summed is no multiple of {0} lanes", cpu.lanes)};
  return {};
}

/// Most sums of a product that leave registers for the panel, rows and requests, so that LLVM's
/// scheduler puts none on the stack; with vectors of 4 lanes, rows are in registers as well.
static int64_t mostSums(const Capabilities &cpu) {
  if (cpu.lanes == 4)
    return 10;
  return cpu.registers >= 32 ? 16 : 6;
}

namespace {

/// What both orders of a matrix share: tasks, partial sums in scratch memory, and their epilogue.
class StreamedProduct : protected ContractTask {
protected:
  StreamedProduct(ContractOp op, Nest &nest, const Capabilities &cpu)
      : ContractTask(op, nest, cpu), f32(nest.builder.getF32Type()), rows(*dims.rowCount()),
        k(dims.k.front()), elementBytes(elementTypeOf(dims.columns).getIntOrFloatBitWidth() / 8) {}

  /// body(position) for tasks of at most `most` columns, which begin with the position's; sets
  /// `count` and `partial`.
  void overColumns(int64_t most, function_ref<void(ArrayRef<Value>)> body) {
    std::optional<int64_t> columns = constant(extent[dims.n]);
    int64_t columnsPerTask = most;
    if (columns) {
      int64_t share = std::clamp<int64_t>(llvm::divideCeil(*columns, kTasks), kLeastColumns, most);
      columnsPerTask = std::min<int64_t>(llvm::alignTo(share, kLeastColumns),
                                         llvm::alignTo(*columns, cpu.lanes));
    }
    overTasks(rows, columnsPerTask, [&](ArrayRef<Value> position, Value, Value) {
      Value limit = nest.index(columnsPerTask);
      count = columns && *columns % columnsPerTask == 0
                  ? limit
                  : nest.min(nest.sub(extent[dims.n], position[dims.n]), limit);
      // Two vectors more, so that rows of them are not as far apart as the sets of a cache.
      partial = nest.scratch({rows, columnsPerTask + 2 * cpu.lanes}, f32);
      width = cpu.lanes;
      Value zeros =
          arith::ConstantOp::create(nest.builder, nest.loc, nest.builder.getZeroAttr(sums));
      overVectors([&](Value row, Value column) {
        vector::StoreOp::create(nest.builder, nest.loc, zeros, partial, ValueRange{row, column});
      });
      body(position);
      overVectors([&](Value row, Value column) {
        SmallVector<Value> at(position);
        at[dims.n] = nest.add(position[dims.n], column);
        Value sum =
            vector::LoadOp::create(nest.builder, nest.loc, sums, partial, ValueRange{row, column});
        finish(at, row, sum);
      });
    });
  }

  /// body(row, column) for all vectors of partial sums.
  void overVectors(function_ref<void(Value, Value)> body) {
    nest.loop(nest.index(0), nest.index(rows), nest.index(1), [&](Value row) {
      nest.loop(nest.index(0), count, nest.index(cpu.lanes),
                [&](Value column) { body(row, column); });
    });
  }

  /// `bytes` in elements of the matrix.
  int64_t elementsOf(int64_t bytes) { return bytes / elementBytes; }

  /// True when rows are read where they lie, elements at any one distance or side by side.
  bool readsRows(bool sideBySide) {
    Value step = kStride();
    return step && elementTypeOf(dims.rows).isF32() && (!sideBySide || constant(step) == 1);
  }

  Type f32;
  int64_t rows;
  unsigned k;
  int64_t elementBytes;
  Value count, partial;
};

/// Columns are contiguous, [depth, columns].
class ColumnStream : StreamedProduct {
public:
  ColumnStream(ContractOp op, Nest &nest, const Capabilities &cpu)
      : StreamedProduct(op, nest, cpu) {
    int64_t most = mostSums(cpu);
    strip = llvm::divideCeil(rows, llvm::divideCeil(rows, most / 2));
    vectors = strip == 1 || strip * 8 <= most ? 4 : 2;
    while (vectors > 1 && constant(extent[dims.n]).value_or(kLeastColumns) < vectors * cpu.lanes)
      vectors /= 2;
    step = stepAlong(dims.columns, dims.columnsMap, k);
  }

  void write() {
    overColumns(kMostColumns, [&](ArrayRef<Value> position) {
      if (readsRows(/*sideBySide=*/false))
        return addUp(position, rowsView(position, nest.index(0)), nest.index(0), depth);
      int64_t capacity = std::min(kDepthBlock, constant(depth).value_or(kDepthBlock));
      Value memory = nest.scratch({rows, capacity}, f32);
      overBlocks(kDepthBlock, [&](Value k0, Value length) {
        copyRows(position, nest.index(0), rows, {k0, length}, memory);
        addUp(position, memory, k0, length);
      });
    });
  }

private:
  /// Partial sums with `length` summed elements from `k0` on added, with which `lhs` begins.
  void addUp(ArrayRef<Value> position, Value lhs, Value k0, Value length) {
    Value rest = nest.rem(length, nest.index(kRowsAtOnce)), whole = nest.sub(length, rest);
    auto block = [&](Value first, Value steps) {
      Value start = nest.add(nest.offset(lhs), nest.mul(first, nest.stride(lhs, 1)));
      Value part = nest.view(lhs, start, {nest.index(rows), steps},
                             {nest.stride(lhs, 0), nest.stride(lhs, 1)});
      addBlock(position, part, nest.add(k0, first), steps);
    };
    nest.loop(nest.index(0), whole, nest.index(kRowsAtOnce),
              [&](Value first) { block(first, nest.index(kRowsAtOnce)); });
    if (constant(rest) == 0)
      return;
    Value some = arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::sgt, rest,
                                       nest.index(0));
    nest.branch(some, [&] { block(whole, rest); });
  }

  /// The same of a few summed elements: panels of several vectors, single vectors, and what is left
  /// of one, which is copied.
  void addBlock(ArrayRef<Value> position, Value lhs, Value first, Value steps) {
    Value begin =
        nest.add(offsetAt(dims.columns, dims.columnsMap, position), nest.mul(first, step));
    auto sweep = [&](Value from, int64_t panel) {
      Value by = nest.index(panel * cpu.lanes), to = nest.sub(count, nest.rem(count, by));
      if (panel < vectors)
        to = nest.add(from, nest.mul(nest.div(nest.sub(count, from), by), by));
      if (constant(from) && constant(to) && *constant(from) == *constant(to))
        return to;
      nest.loop(from, to, by, [&](Value column) {
        multiply(lhs, panelAt(begin, column, steps, panel), column, steps, panel,
                 {ahead(begin, column, steps, panel, kBytesAgain),
                  ahead(begin, column, steps, panel, kBytesAhead)});
      });
      return to;
    };
    Value done = sweep(nest.index(0), vectors);
    if (vectors > 1)
      done = sweep(done, 1);
    if (constant(done) && constant(count) && *constant(done) == *constant(count))
      return;
    Value left =
        arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::slt, done, count);
    nest.branch(left,
                [&] { multiply(lhs, copied(position, first, done, steps), done, steps, 1, {}); });
  }

  /// The matrix from element `begin` on, at a column: `steps` rows of so many vectors.
  Value panelAt(Value begin, Value column, Value steps, int64_t panel) {
    return nest.view(dims.columns, nest.add(begin, column), {steps, nest.index(panel * cpu.lanes)},
                     {step, nest.index(1)});
  }

  /// What is read when so many bytes more of every row are: behind the task's columns, the next
  /// rows.
  Value ahead(Value begin, Value column, Value steps, int64_t panel, int64_t bytes) {
    OpBuilder &b = nest.builder;
    Value place = nest.add(column, nest.index(elementsOf(bytes)));
    Value inside = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::slt, place, count);
    Value skipped = nest.sub(nest.mul(nest.index(kRowsAtOnce), step), count);
    Value beyond = nest.add(place, skipped);
    Value at = arith::SelectOp::create(b, nest.loc, inside, place, beyond);
    return panelAt(begin, at, steps, panel);
  }

  /// The last columns, fewer than lanes, in scratch memory.
  Value copied(ArrayRef<Value> position, Value first, Value column, Value steps) {
    OpBuilder &b = nest.builder;
    Value memory = nest.scratch({kRowsAtOnce, cpu.lanes}, f32);
    nest.loop(nest.index(0), steps, nest.index(1), [&](Value row) {
      SmallVector<Value> at(position);
      at[k] = nest.add(first, row);
      at[dims.n] = nest.add(position[dims.n], column);
      LaneGroup group = groupAt(at, 0);
      Value lanes = loadLanes(nest, dims.columns, dims.columnsMap, group);
      if (lanes.getType() != sums)
        lanes = arith::ExtFOp::create(b, nest.loc, sums, lanes);
      vector::StoreOp::create(b, nest.loc, lanes, memory, ValueRange{row, nest.index(0)});
    });
    return memory;
  }

  /// All rows by a panel, added to the partial sums from `column` on.
  void multiply(Value lhs, Value panel, Value column, Value steps, int64_t panelVectors,
                ArrayRef<Value> requests) {
    OpBuilder &b = nest.builder;
    width = panelVectors * cpu.lanes;
    auto at = [&](int64_t vector) { return nest.add(column, nest.index(vector * cpu.lanes)); };
    for (int64_t row = 0; row < rows; row += strip) {
      auto product = kernel::ProductOp::create(b, nest.loc, lhs, panel, nest.index(row), steps,
                                               std::min(strip, rows - row), panelVectors, cpu.lanes,
                                               {}, requestsOf(row, requests));
      auto load = [&](Value place) {
        return llvm::map_to_vector(llvm::seq(panelVectors), [&](int64_t vector) -> Value {
          return vector::LoadOp::create(b, nest.loc, sums, partial, ValueRange{place, at(vector)});
        });
      };
      auto store = [&](Value place, ValueRange values) {
        for (auto [vector, value] : llvm::enumerate(values))
          vector::StoreOp::create(b, nest.loc, value, partial, ValueRange{place, at(vector)});
      };
      writeRegions(product, load, store);
    }
    width = cpu.lanes;
  }

  /// Of several strips, each has its share of the requests.
  ArrayRef<Value> requestsOf(int64_t row, ArrayRef<Value> requests) {
    if (strip >= rows || requests.empty())
      return requests;
    size_t number = row / strip;
    return number < requests.size() ? requests.slice(number, 1) : ArrayRef<Value>();
  }

  /// Rows whose sums are in registers at a time, vectors of them.
  int64_t strip, vectors;
  /// Distance of the matrix's rows.
  Value step;
};

/// The elements of a column are contiguous, [columns, depth].
class RunStream : StreamedProduct {
public:
  RunStream(ContractOp op, Nest &nest, const Capabilities &cpu) : StreamedProduct(op, nest, cpu) {
    tile.left = std::min<int64_t>(rows, std::max<int64_t>(cpu.lanes / 2, 4));
    tile.left = llvm::divideCeil(rows, llvm::divideCeil(rows, tile.left));
    tile.right = std::min<int64_t>(kRunsAtOnce, cpu.lanes / llvm::PowerOf2Ceil(tile.left));
    all = *constant(depth);
    // Even blocks of the depth, in turns of the dot products.
    int64_t turn = 2 * cpu.lanes, blocks = llvm::divideCeil(all * 4 * rows, kRowsBytes);
    block = std::min<int64_t>(all, llvm::alignTo(llvm::divideCeil(all, blocks), turn));
  }

  void write() {
    overColumns(kMostRuns, [&](ArrayRef<Value> position) {
      bool inPlace =
          rows == 1 && readsRows(/*sideBySide=*/true) && elementTypeOf(dims.columns).isF32();
      left = inPlace ? rowsView(position, nest.index(0)) : packedRows(position);
      Value start = offsetAt(dims.columns, dims.columnsMap, position);
      run = stepAlong(dims.columns, dims.columnsMap, dims.n);
      nest.loop(nest.index(0), nest.index(all / block * block), nest.index(block),
                [&](Value first) { addBlock(start, first, block); });
      if (all % block != 0)
        addBlock(start, nest.index(all / block * block), all % block);
    });
  }

private:
  /// All rows as f32, in the order of the dot products.
  Value packedRows(ArrayRef<Value> position) {
    OpBuilder &b = nest.builder;
    // Two vectors more, as for partial sums.
    Value memory = nest.scratch({rows, all + 2 * cpu.lanes}, f32);
    copyRows(position, nest.index(0), rows, {nest.index(0), depth}, memory);
    if (!elementTypeOf(dims.columns).isBF16())
      return memory;
    auto reorder = [&](Value row, Value first, int64_t number) {
      SmallVector<Value> places, vectors;
      for (int64_t vector = 0; vector < number; ++vector) {
        places.push_back(nest.add(first, nest.index(vector * cpu.lanes)));
        vectors.push_back(
            vector::LoadOp::create(b, nest.loc, sums, memory, ValueRange{row, places.back()}));
      }
      vectors = inDotOrder(nest, vectors, b.getBF16Type());
      for (auto [place, vector] : llvm::zip_equal(places, vectors))
        vector::StoreOp::create(b, nest.loc, vector, memory, ValueRange{row, place});
    };
    int64_t pair = 2 * cpu.lanes;
    nest.loop(nest.index(0), nest.index(rows), nest.index(1), [&](Value row) {
      nest.loop(nest.index(0), nest.index(all / pair * pair), nest.index(pair),
                [&](Value first) { reorder(row, first, 2); });
    });
    return memory;
  }

  /// Partial sums with `length` summed elements from `first` on added; the matrix begins at
  /// `start`.
  void addBlock(Value start, Value first, int64_t length) {
    Value from = nest.add(nest.offset(left), first);
    Value part = nest.view(left, from, {nest.index(rows), nest.index(length)},
                           {nest.stride(left, 0), nest.index(1)});
    Value runs = nest.view(dims.columns, nest.add(start, first), {count, nest.index(length)},
                           {run, nest.index(1)});
    Value last = nest.sub(count, nest.index(1));
    bool whole = constant(count) && *constant(count) % tile.right == 0;
    nest.loop(nest.index(0), count, nest.index(tile.right), [&](Value column) {
      SmallVector<Value> group;
      for (int64_t place = 0; place < tile.right; ++place) {
        Value at = nest.add(column, nest.index(place));
        group.push_back(whole ? at : nest.min(at, last));
      }
      auto ask = [&](const DotsPlace &at) {
        keepRequestsApart(nest.builder, nest.loc);
        for (int64_t bytes : {kBytesAgain, kBytesAhead})
          request(runs, column, at, elementsOf(bytes * kRowsAtOnce / tile.right), length);
      };
      for (int64_t row = 0; row < rows; row += tile.left) {
        DotTile some{std::min(tile.left, rows - row), tile.right};
        Value dots = laneDots(nest, part, row, runs, group, some, length, cpu.lanes,
                              row == 0 ? BetweenDots(ask) : nullptr);
        store(dots, row, column, some);
      }
    });
  }

  /// Asks for what is read `distance` elements behind a place, behind the block in the next
  /// columns.
  void request(Value runs, Value column, const DotsPlace &at, int64_t distance, int64_t length) {
    OpBuilder &b = nest.builder;
    // Behind the block, so many or one more groups of columns below.
    int64_t groups = distance / length, rest = distance % length;
    Value group = nest.sub(nest.mul(nest.index(tile.right), run), nest.index(length));
    Value same = nest.mul(group, nest.index(groups));
    Value inside = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::slt, at.element,
                                         nest.index(length - rest));
    Value skipped = arith::SelectOp::create(b, nest.loc, inside, same, nest.add(same, group));
    Value place = nest.add(nest.add(at.element, nest.index(distance)), skipped);
    for (int64_t line = 0; line < at.elements; line += elementsOfRequest(runs))
      requestLine(b, nest.loc, runs,
                  {nest.add(column, nest.index(at.row)), nest.add(place, nest.index(line))});
  }

  /// Adds sums of some rows by some columns to the partial ones.
  void store(Value dots, int64_t row, Value column, const DotTile &some) {
    OpBuilder &b = nest.builder;
    auto type = VectorType::get({some.right}, f32);
    for (int64_t r = 0; r < some.left; ++r) {
      auto lanes = llvm::to_vector(llvm::seq(r * some.right, (r + 1) * some.right));
      Value sum = vector::ShuffleOp::create(b, nest.loc, dots, dots, lanes);
      SmallVector<Value> at{nest.index(row + r), column};
      if (block < all) {
        Value before = vector::LoadOp::create(b, nest.loc, type, partial, at);
        sum = arith::AddFOp::create(b, nest.loc, before, sum);
      }
      vector::StoreOp::create(b, nest.loc, sum, partial, at);
    }
  }

  DotTile tile;
  /// Summed elements, and those of a block.
  int64_t all, block;
  /// Rows in dot order, and the distance of the matrix's columns.
  Value left, run;
};

} // namespace

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  auto contract = cast<ContractOp>(op);
  ProductDims dims = *ProductDims::of(contract);
  if (contiguousDim(dims) == dims.n)
    ColumnStream(contract, nest, cpu).write();
  else
    RunStream(contract, nest, cpu).write();
}

const Form cpu::kStreamedProduct = {"streamed_product", handles, refuse, schedule, nullptr,
                                    /*special=*/true};
