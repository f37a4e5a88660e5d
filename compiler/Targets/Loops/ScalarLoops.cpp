//===- ScalarLoops.cpp - structured operations as scalar loops ------------===//
//
// The innermost loop is written so that LLVM's vectorizer takes it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "compiler/Conversion/KernelToVector/MemoryRequests.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace fovea::loops;

SmallVector<Value> fovea::loops::extentsOf(Nest &nest, linalg::LinalgOp op) {
  SmallVector<Value> extents(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    for (auto [position, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      Value &extent = extents[dim.getPosition()];
      if (!extent || !constant(extent))
        extent = nest.size(operand.get(), position);
    }
  }
  return extents;
}

void fovea::loops::parallelRows(Nest &nest, Value rows, Value work, Nest::Body body,
                                function_ref<void()> begin) {
  if (nest.blockThreads > 0)
    return nest.parallel(rows, [&](Value row) {
      if (begin)
        begin();
      body(row);
    });
  if (nest.share) {
    if (begin)
      begin();
    Value inner = nest.div(rows, nest.share->count);
    return nest.loop(nest.mul(nest.share->first, inner), nest.mul(nest.share->last, inner),
                     nest.index(1), body);
  }
  parallelShares(nest, rows, work, [&](const RowShare &share) {
    if (begin)
      begin();
    nest.loop(share.first, share.last, nest.index(1), body);
  });
}

void fovea::loops::parallelShares(Nest &nest, Value rows, Value work,
                                  function_ref<void(const RowShare &)> body) {
  Value grain = nest.max(nest.div(nest.index(nest.taskElements), nest.max(work, nest.index(1))),
                         nest.index(1));
  nest.parallel(nest.ceilDiv(rows, grain), [&](Value task) {
    Value first = nest.mul(task, grain);
    body({first, nest.min(nest.add(first, grain), rows), rows});
  });
}

/// The value that the lane `distance` apart has, which is of 32 or 64 bits.
static Value exchanged(Nest &nest, Value value, int64_t distance, int64_t count) {
  OpBuilder &builder = nest.builder;
  Type type = value.getType(), i32 = builder.getI32Type();
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantIntOp::create(builder, nest.loc, number, 32);
  };
  auto exchange = [&](Value word) -> Value {
    return gpu::ShuffleOp::create(builder, nest.loc, word, constant(distance), constant(count),
                                  gpu::ShuffleMode::XOR)
        .getShuffleResult();
  };
  if (type.getIntOrFloatBitWidth() == 32)
    return exchange(value);
  auto halves = VectorType::get({2}, i32);
  auto whole = VectorType::get({1}, type);
  Value words = vector::BitCastOp::create(
      builder, nest.loc, halves, vector::BroadcastOp::create(builder, nest.loc, whole, value));
  SmallVector<Value> others;
  for (int64_t half : {0, 1})
    others.push_back(exchange(vector::ExtractOp::create(builder, nest.loc, words, half)));
  words = vector::FromElementsOp::create(builder, nest.loc, halves, others);
  return vector::ExtractOp::create(
      builder, nest.loc, vector::BitCastOp::create(builder, nest.loc, whole, words), int64_t(0));
}

Value RowLanes::combine(Nest &nest, Value value, function_ref<Value(Value, Value)> join) const {
  for (int64_t distance = count / 2; distance > 0; distance /= 2)
    value = join(value, exchanged(nest, value, distance, count));
  return value;
}

void fovea::loops::parallelSharedRows(Nest &nest, Value rows, Value work,
                                      function_ref<void(Value, const RowLanes &)> body) {
  if (nest.blockThreads == 0)
    return parallelRows(nest, rows, work,
                        [&](Value row) { body(row, RowLanes{nest.index(0), 1}); });
  int64_t perBlock = nest.blockThreads / warp::kWarp;
  Value warps = nest.index(perBlock), width = nest.index(warp::kWarp);
  nest.grid(nest.ceilDiv(rows, warps), nest.blockThreads, [&](Value block, Value thread) {
    Value row = nest.add(nest.mul(block, warps), nest.div(thread, width));
    Value exists =
        arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::ult, row, rows);
    nest.branch(exists, [&] { body(row, RowLanes{nest.rem(thread, width), warp::kWarp}); });
  });
}

void fovea::loops::nestedLoops(Nest &nest, ArrayRef<Value> extents,
                               function_ref<void(ArrayRef<Value>)> body, const RowLanes &lanes) {
  SmallVector<Value> indices;
  std::function<void(size_t)> level = [&](size_t depth) {
    if (depth == extents.size())
      return body(indices);
    bool inTurns = lanes.count > 1 && depth + 1 == extents.size();
    Value first = inTurns ? lanes.lane : nest.index(0);
    nest.loop(first, extents[depth], nest.index(inTurns ? lanes.count : 1), [&](Value iv) {
      indices.push_back(iv);
      level(depth + 1);
      indices.pop_back();
    });
  };
  level(0);
}

void fovea::loops::relax(Operation *op, bool reassociate) {
  auto fast = dyn_cast<arith::ArithFastMathInterface>(op);
  if (!fast || !isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
    return;
  auto flags = fast.getFastMathFlagsAttr().getValue() | arith::FastMathFlags::contract;
  if (reassociate)
    flags = flags | arith::FastMathFlags::reassoc;
  op->setAttr(fast.getFastMathAttrName(), arith::FastMathFlagsAttr::get(op->getContext(), flags));
}

Value fovea::loops::addProduct(Nest &nest, Value sum, Value x, Value y, bool reassociate) {
  auto product = arith::MulFOp::create(nest.builder, nest.loc, x, y);
  auto next = arith::AddFOp::create(nest.builder, nest.loc, sum, product);
  relax(product, reassociate);
  relax(next, reassociate);
  return next;
}

SmallVector<Value> fovea::loops::cloneBody(Nest &nest, linalg::LinalgOp op,
                                           ArrayRef<Value> position, ValueRange carried,
                                           bool reassociate) {
  OpBuilder &builder = nest.builder;
  Block *body = op.getBlock();
  IRMapping mapping;
  unsigned inits = op.getNumDpsInits(), inputs = op->getNumOperands() - inits;
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned number = operand.getOperandNumber();
    BlockArgument argument = body->getArgument(number);
    if (argument.use_empty())
      continue;
    if (number >= inputs && !carried.empty()) {
      mapping.map(argument, carried[number - inputs]);
      continue;
    }
    if (!isa<MemRefType>(operand.get().getType())) {
      mapping.map(argument, operand.get());
      continue;
    }
    mapping.map(argument,
                memref::LoadOp::create(builder, nest.loc, operand.get(),
                                       nest.apply(op.getMatchingIndexingMap(&operand), position)));
  }
  for (Operation &inner : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(index.getResult(), position[index.getDim()]);
      continue;
    }
    Operation *clone = builder.clone(inner, mapping);
    clone->walk([&](linalg::IndexOp index) {
      index.replaceAllUsesWith(position[index.getDim()]);
      index.erase();
    });
    relax(clone, reassociate);
  }
  return llvm::map_to_vector(body->getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

void fovea::loops::storeResults(Nest &nest, linalg::LinalgOp op, ArrayRef<Value> position,
                                ValueRange values) {
  for (auto [init, value] : llvm::zip_equal(op.getDpsInitsMutable(), values))
    memref::StoreOp::create(nest.builder, nest.loc, value, init.get(),
                            nest.apply(op.getMatchingIndexingMap(&init), position));
}

Value fovea::loops::loadWide(Nest &nest, Value buffer, ArrayRef<Value> at) {
  Value value = memref::LoadOp::create(nest.builder, nest.loc, buffer, at);
  return resized(nest, value, nest.builder.getF32Type());
}

Value fovea::loops::resized(Nest &nest, Value value, Type wanted) {
  Type type = value.getType();
  if (type == wanted)
    return value;
  if (type.getIntOrFloatBitWidth() < wanted.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(nest.builder, nest.loc, wanted, value);
  return arith::TruncFOp::create(nest.builder, nest.loc, wanted, value);
}

void fovea::loops::prefetchRow(Nest &nest, Value matrix, Value row, int64_t columns) {
  int64_t line = elementsOfRequest(matrix);
  for (int64_t column = 0; column < columns; column += line)
    requestLine(nest.builder, nest.loc, matrix, {row, nest.index(column)});
}

void fovea::loops::prefetchPart(Nest &nest, Value matrix, Value first, int64_t rows,
                                int64_t columns, Value number, int64_t parts) {
  int64_t line = elementsOfRequest(matrix);
  // Whole rows a part, or as many lines of one row.
  int64_t count = llvm::divideCeil(rows, parts), partsOfRow = parts / rows;
  if (partsOfRow <= 1) {
    first = nest.add(first, nest.mul(number, nest.index(count)));
    for (int64_t row = 0; row < count; ++row)
      prefetchRow(nest, matrix, nest.add(first, nest.index(row)), columns);
    return;
  }
  int64_t lines = llvm::divideCeil(columns, line), some = llvm::divideCeil(lines, partsOfRow);
  int64_t share = columns / partsOfRow;
  if (constant(nest.stride(matrix, 0)) == columns && columns % partsOfRow == 0) {
    // Behind a row lies the next one.
    Value start = nest.mul(number, nest.index(share));
    for (int64_t at = 0; at < some; ++at)
      requestLine(nest.builder, nest.loc, matrix, {first, nest.add(start, nest.index(at * line))});
    return;
  }
  Value row = nest.add(first, nest.div(number, nest.index(partsOfRow)));
  Value start = nest.mul(nest.rem(number, nest.index(partsOfRow)), nest.index(some * line));
  for (int64_t at = 0; at < some; ++at)
    requestLine(nest.builder, nest.loc, matrix, {row, nest.add(start, nest.index(at * line))});
}

void fovea::loops::prefetchRows(Nest &nest, Value matrix, Value first, int64_t count,
                                int64_t columns) {
  nest.loop(first, nest.add(first, nest.index(count)), nest.index(1),
            [&](Value row) { prefetchRow(nest, matrix, row, columns); });
}

std::pair<Value, unsigned> fovea::loops::bearerOf(fovea::ContractOp op, unsigned dim) {
  AffineExpr expr = getAffineDimExpr(dim, op.getContext());
  std::pair<Value, AffineMap> operands[] = {
      {op.getInit(), op.getOutMap()}, {op.getLhs(), op.getLhsMap()}, {op.getRhs(), op.getRhsMap()}};
  for (auto &[operand, map] : operands)
    for (auto [position, result] : llvm::enumerate(map.getResults()))
      if (result == expr)
        return {operand, static_cast<unsigned>(position)};
  llvm_unreachable("contract_c3: every dimension is a result of its own");
}

SmallVector<Value> fovea::loops::extentsOf(Nest &nest, fovea::ContractOp op) {
  SmallVector<Value> extents;
  for (unsigned dim = 0; dim < op.getNumDims(); ++dim) {
    auto [operand, position] = bearerOf(op, dim);
    extents.push_back(nest.size(operand, position));
  }
  return extents;
}
