//===- SliceRules.cpp - tensor: slices ------------------------------------===//
//
// extract_slice, insert_slice, concat and pad: copies of boxes between row-major arrays.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>

using namespace mlir;
using namespace fovea::reference;
using Kind = RunError::Kind;

namespace {
/// A strided box in an array: its elements are at offsets[d] + i * steps[d].
struct Box {
  SmallVector<int64_t> offsets, sizes, steps;

  /// True when every element lies in an array of the shape.
  bool fits(ArrayRef<int64_t> shape) const {
    if (shape.size() != sizes.size())
      return false;
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      if (sizes[dim] < 0)
        return false;
      __int128 first = offsets[dim];
      __int128 last = first + static_cast<__int128>(sizes[dim] - 1) * steps[dim];
      // An empty box may lie at the very end.
      if (first < 0 || first > shape[dim] ||
          (sizes[dim] > 0 && (last < 0 || std::max(first, last) >= shape[dim])))
        return false;
    }
    return true;
  }
};
} // namespace

/// Calls f(offset in an array of `shape`, row length, stride) for each row of the box.
static void forEachRow(const Box &box, ArrayRef<int64_t> shape,
                       llvm::function_ref<void(int64_t, int64_t, int64_t)> f) {
  if (llvm::is_contained(box.sizes, 0))
    return;
  if (shape.empty())
    return f(0, 1, 1);
  SmallVector<int64_t> strides = stridesOf(shape), index(shape.size(), 0), rows(box.sizes);
  int64_t length = rows.back();
  rows.back() = 1;
  do {
    int64_t offset = 0;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      offset += (box.offsets[dim] + index[dim] * box.steps[dim]) * strides[dim];
    f(offset, length, box.steps.back());
  } while (advance(index, rows));
}

/// Copies the box out of `source` into consecutive cells.
static void readBox(const Box &box, const Array &source, Cell *target) {
  forEachRow(box, source.shape, [&](int64_t offset, int64_t length, int64_t step) {
    for (int64_t i = 0; i < length; ++i)
      *target++ = source.data()[offset + i * step];
  });
}

/// Copies consecutive cells into the box of `target`.
static void writeBox(const Box &box, const Cell *source, Array &target) {
  forEachRow(box, target.shape, [&](int64_t offset, int64_t length, int64_t step) {
    for (int64_t i = 0; i < length; ++i)
      target.mutableData()[offset + i * step] = *source++;
  });
}

template <typename OpTy> static Box boxOf(OpRun &run, OpTy op) {
  return {run.integers(op.getMixedOffsets()), run.integers(op.getMixedSizes()),
          run.integers(op.getMixedStrides())};
}

static LogicalResult outside(OpRun &run) {
  return run.fail(Kind::Invalid, "a slice that leaves its tensor");
}

static LogicalResult runExtractSlice(OpRun &run) {
  auto op = run.as<tensor::ExtractSliceOp>();
  Box box = boxOf(run, op);
  const Array &source = run.array(op.getSource());
  if (!box.fits(source.shape))
    return outside(run);
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(box.sizes))
    if (!dropped.test(dim))
      shape.push_back(size);
  FailureOr<Array> result = run.allocate(shape);
  if (failed(result))
    return failure();
  readBox(box, source, result->mutableData());
  run.set(0, std::move(*result));
  return success();
}

static LogicalResult runInsertSlice(OpRun &run) {
  auto op = run.as<tensor::InsertSliceOp>();
  Box box = boxOf(run, op);
  if (!box.fits(run.array(op.getDest()).shape))
    return outside(run);
  // The source keeps its own reference, so that a destination that shares its cells is copied.
  Array source = run.array(op.getSource());
  if (fovea::elementCount(box.sizes) != source.count)
    return run.fail(Kind::Shape, "the source does not have as many elements as the slice");
  FailureOr<Array> result = run.takeUnique(1);
  if (failed(result))
    return failure();
  writeBox(box, source.data(), *result);
  run.set(0, std::move(*result));
  return success();
}

static LogicalResult runConcat(OpRun &run) {
  auto op = run.as<tensor::ConcatOp>();
  int64_t dim = op.getDim();
  SmallVector<int64_t> shape(run.operand(0).array.shape);
  shape[dim] = 0;
  for (unsigned index = 0; index < op->getNumOperands(); ++index) {
    SmallVector<int64_t> part(run.operand(index).array.shape);
    shape[dim] += part[dim];
    part[dim] = shape[dim];
    if (part != shape)
      return run.fail(Kind::Shape, "operands differ outside the joined dimension");
  }
  FailureOr<Array> result = run.allocate(shape);
  if (failed(result))
    return failure();
  Box box{SmallVector<int64_t>(shape.size(), 0), {}, SmallVector<int64_t>(shape.size(), 1)};
  for (unsigned index = 0; index < op->getNumOperands(); ++index) {
    const Array &part = run.operand(index).array;
    box.sizes.assign(part.shape.begin(), part.shape.end());
    writeBox(box, part.data(), *result);
    box.offsets[dim] += part.shape[dim];
  }
  run.set(0, std::move(*result));
  return success();
}

/// Fills the array with what the pad's region yields at each position.
static LogicalResult fillPadding(OpRun &run, Array &result) {
  SmallVector<int64_t> index(result.shape.size(), 0);
  if (result.count == 0)
    return success();
  int64_t offset = 0;
  auto yield = cast<tensor::YieldOp>(run.op()->getRegion(0).front().getTerminator());
  if (yield.getValue().getParentRegion() != &run.op()->getRegion(0)) {
    std::fill_n(result.mutableData(), result.count, run.value(yield.getValue()).cell);
    return success();
  }
  do {
    SmallVector<Datum, 4> args;
    for (int64_t position : index)
      args.push_back(Datum{{position}, {}});
    FailureOr<Data> value = run.run(0, args);
    if (failed(value))
      return failure();
    result.mutableData()[offset++] = value->front().cell;
  } while (advance(index, result.shape));
  return success();
}

static LogicalResult runPad(OpRun &run) {
  auto op = run.as<tensor::PadOp>();
  const Array &source = run.array(op.getSource());
  SmallVector<int64_t> low = run.integers(op.getMixedLowPad());
  SmallVector<int64_t> high = run.integers(op.getMixedHighPad());
  SmallVector<int64_t> shape(source.shape);
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (low[dim] < 0 || high[dim] < 0)
      return run.fail(Kind::Length, "a negative amount of padding");
    __int128 extent = static_cast<__int128>(shape[dim]) + low[dim] + high[dim];
    if (extent > INT64_MAX)
      return run.fail(Kind::Memory, "an extent beyond 63 bits");
    shape[dim] = static_cast<int64_t>(extent);
  }
  FailureOr<Array> result = run.allocate(shape);
  if (failed(result) || failed(fillPadding(run, *result)))
    return failure();
  Box box{low, SmallVector<int64_t>(source.shape), SmallVector<int64_t>(shape.size(), 1)};
  writeBox(box, source.data(), *result);
  run.set(0, std::move(*result));
  return success();
}

void fovea::reference::addSliceRules(RuleTable &table) {
  table["tensor.extract_slice"] = runExtractSlice;
  table["tensor.insert_slice"] = runInsertSlice;
  table["tensor.concat"] = runConcat;
  table["tensor.pad"] = runPad;
}
