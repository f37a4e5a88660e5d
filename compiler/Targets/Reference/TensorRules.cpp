//===- TensorRules.cpp - tensor: creation, elements and shapes ------------===//
//
// empty, splat, from_elements, dim, cast, extract, insert, expand_shape and collapse_shape. The
// rules for whole slices are in SliceRules.cpp.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>

using namespace mlir;
using namespace fovea::reference;
using Kind = RunError::Kind;

/// Static extents of a type with the dynamic ones filled in from operands.
static SmallVector<int64_t> shapeOf(OpRun &run, RankedTensorType type, ValueRange dynamic) {
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t &extent : shape) {
    if (!ShapedType::isDynamic(extent))
      continue;
    extent = run.integer(dynamic.front());
    dynamic = dynamic.drop_front();
  }
  return shape;
}

static LogicalResult runEmpty(OpRun &run) {
  auto op = run.as<tensor::EmptyOp>();
  FailureOr<Array> array = run.allocate(shapeOf(run, op.getType(), op.getDynamicSizes()));
  if (failed(array))
    return failure();
  run.set(0, std::move(*array));
  return success();
}

static LogicalResult runSplat(OpRun &run) {
  auto op = run.as<tensor::SplatOp>();
  FailureOr<Array> array = run.allocate(shapeOf(run, op.getType(), op.getDynamicSizes()));
  if (failed(array))
    return failure();
  std::fill_n(array->mutableData(), array->count, run.operand(0).cell);
  run.set(0, std::move(*array));
  return success();
}

static LogicalResult runFromElements(OpRun &run) {
  auto op = run.as<tensor::FromElementsOp>();
  FailureOr<Array> array = run.allocate(op.getType().getShape());
  if (failed(array))
    return failure();
  for (unsigned index = 0; index < op->getNumOperands(); ++index)
    array->mutableData()[index] = run.operand(index).cell;
  run.set(0, std::move(*array));
  return success();
}

static LogicalResult runDim(OpRun &run) {
  auto op = run.as<tensor::DimOp>();
  const Array &array = run.array(op.getSource());
  int64_t dim = run.integer(op.getIndex());
  if (failed(run.checkIndex(dim, array.shape.size())))
    return failure();
  run.set(0, array.shape[dim]);
  return success();
}

static LogicalResult runCast(OpRun &run) {
  auto type = dyn_cast<RankedTensorType>(run.op()->getResult(0).getType());
  if (!type)
    return run.fail(Kind::Unsupported, "only ranked tensors are evaluated");
  ArrayRef<int64_t> shape = run.operand(0).array.shape;
  for (auto [have, want] : llvm::zip_equal(shape, type.getShape()))
    if (!ShapedType::isDynamic(want) && have != want)
      return run.fail(Kind::Shape, "expected an extent of " + std::to_string(want) + ", got " +
                                       std::to_string(have));
  run.set(0, run.take(0));
  return success();
}

/// Offset of the element that the operands from `first` on name.
static FailureOr<int64_t> offsetOf(OpRun &run, ArrayRef<int64_t> shape, unsigned first) {
  int64_t offset = 0;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    int64_t index = run.operand(first + dim).cell.integer;
    if (failed(run.checkIndex(index, extent)))
      return failure();
    offset = offset * extent + index;
  }
  return offset;
}

static LogicalResult runExtract(OpRun &run) {
  const Array &array = run.operand(0).array;
  FailureOr<int64_t> offset = offsetOf(run, array.shape, 1);
  if (failed(offset))
    return failure();
  run.set(0, Datum{array.data()[*offset], {}});
  return success();
}

static LogicalResult runInsert(OpRun &run) {
  Cell value = run.operand(0).cell;
  FailureOr<int64_t> offset = offsetOf(run, run.operand(1).array.shape, 2);
  if (failed(offset))
    return failure();
  FailureOr<Array> array = run.takeUnique(1);
  if (failed(array))
    return failure();
  array->mutableData()[*offset] = value;
  run.set(0, std::move(*array));
  return success();
}

static LogicalResult reshape(OpRun &run, ArrayRef<int64_t> shape) {
  Datum datum = run.take(0);
  if (fovea::elementCount(shape) != datum.array.count)
    return run.fail(Kind::Shape, "the new shape does not have the " +
                                     std::to_string(datum.array.count) + " elements of the old");
  datum.array.shape.assign(shape.begin(), shape.end());
  run.set(0, std::move(datum));
  return success();
}

static LogicalResult runExpandShape(OpRun &run) {
  auto op = run.as<tensor::ExpandShapeOp>();
  return reshape(run, run.integers(op.getMixedOutputShape()));
}

static LogicalResult runCollapseShape(OpRun &run) {
  auto op = run.as<tensor::CollapseShapeOp>();
  ArrayRef<int64_t> source = run.operand(0).array.shape;
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    shape.push_back(1);
    for (int64_t dim : group)
      shape.back() *= source[dim];
  }
  return reshape(run, shape);
}

void fovea::reference::addTensorRules(RuleTable &table) {
  table["tensor.empty"] = runEmpty;
  table["tensor.splat"] = runSplat;
  table["tensor.from_elements"] = runFromElements;
  table["tensor.dim"] = runDim;
  table["tensor.cast"] = runCast;
  table["tensor.extract"] = runExtract;
  table["tensor.insert"] = runInsert;
  table["tensor.expand_shape"] = runExpandShape;
  table["tensor.collapse_shape"] = runCollapseShape;
}
