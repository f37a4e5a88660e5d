//===- ContractTask.cpp - what the schedules of contractions share --------===//
//
// Tasks, addresses of operands, and epilogues.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/ContractTask.h"
#include "compiler/Targets/CPU/WidenRows.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

Refusal cpu::refuseLanes(ContractOp op, const std::optional<ProductDims> &dims,
                         const Capabilities &cpu) {
  if (!dims)
    return {"layout", "no operand alone owns the output's last dimension"};
  if (auto out = dyn_cast<MemRefType>(op.getInit().getType());
      out && out.getStridesAndOffset().first.back() != 1)
    return {"layout", "the output's last dimension is not contiguous"};
  if (dims->k.empty())
    return {"shape", "nothing is summed"};
  SmallVector<AffineMap> maps{dims->columnsMap};
  for (unsigned index = 0; index < op.getCaptures().size(); ++index)
    maps.push_back(op.getCaptureMap(index));
  if (!llvm::all_of(maps, [&](AffineMap map) { return movesEvenly(map, dims->n, cpu.lanes); }))
    return {"layout", "the elements of a vector lie at changing distances"};
  return {};
}

Refusal cpu::refuseFloatLanes(ContractOp op, const std::optional<ProductDims> &dims,
                              const Capabilities &cpu) {
  if (!op.getSumType().isF32())
    return {"dtype", "register products sum in f32; the elements are of another type"};
  return refuseLanes(op, dims, cpu);
}

ContractTask::ContractTask(ContractOp op, Nest &nest, const Capabilities &cpu)
    : op(op), nest(nest), cpu(cpu), dims(*ProductDims::of(op)),
      sums(VectorType::get({cpu.lanes}, ContractOp::getSumType(elementTypeOf(op.getLhs())))) {
  extent = extentsOf(nest, op);
  depth = nest.product(pick(extent, dims.k));
}

SmallVector<Value> ContractTask::pick(ArrayRef<Value> values, ArrayRef<unsigned> places) {
  return llvm::map_to_vector(places, [&](unsigned place) { return values[place]; });
}

void ContractTask::overTasks(int64_t rowsPerTask, int64_t columnsPerTask,
                             function_ref<void(ArrayRef<Value>, Value, Value)> body) {
  Value rows = dims.m ? extent[*dims.m] : nest.index(1), most = nest.index(rowsPerTask);
  SmallVector<Value> space = pick(extent, dims.loops);
  space.append(
      {nest.ceilDiv(extent[dims.n], nest.index(columnsPerTask)), nest.ceilDiv(rows, most)});
  nest.parallel(nest.product(space), [&](Value task) {
    SmallVector<Value> place = nest.delinearize(task, space);
    SmallVector<Value> position(op.getNumDims(), nest.index(0));
    for (auto [loop, dim] : llvm::enumerate(dims.loops))
      position[dim] = place[loop];
    position[dims.n] = nest.mul(place[place.size() - 2], nest.index(columnsPerTask));
    Value firstRow = nest.mul(place.back(), most);
    bool whole = constant(rows) && *constant(rows) % rowsPerTask == 0;
    body(position, firstRow, whole ? most : nest.min(nest.sub(rows, firstRow), most));
  });
}

Value ContractTask::kStride() {
  Value stride, inner;
  for (unsigned place = dims.k.size(); place-- > 0;) {
    Value step = stepAlong(dims.rows, dims.rowsMap, dims.k[place]);
    if (!step)
      return {};
    if (!stride) {
      stride = step;
      inner = nest.index(1);
    } else {
      std::optional<int64_t> have = constant(step), want = constant(nest.mul(stride, inner));
      if (!have || !want || *have != *want)
        return {};
    }
    inner = nest.mul(inner, extent[dims.k[place]]);
  }
  return stride;
}

Value ContractTask::stepAlong(Value buffer, AffineMap map, unsigned dim) {
  Value step = nest.index(0);
  AffineExpr expr = getAffineDimExpr(dim, map.getContext());
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    auto move = dyn_cast<AffineConstantExpr>(
        simplifyAffineExpr(result.replace(expr, expr + 1) - result, map.getNumDims(), 0));
    if (!move)
      return {};
    step = nest.add(step, nest.mul(nest.index(move.getValue()), nest.stride(buffer, position)));
  }
  return step;
}

Value ContractTask::offsetAt(Value buffer, AffineMap map, ArrayRef<Value> position) {
  SmallVector<Value> start(position);
  for (unsigned dim : dims.k)
    start[dim] = nest.index(0);
  Value offset = nest.offset(buffer);
  for (auto [dim, index] : llvm::enumerate(nest.apply(map, start)))
    offset = nest.add(offset, nest.mul(index, nest.stride(buffer, dim)));
  return offset;
}

Value ContractTask::rowsView(ArrayRef<Value> position, Value k0) {
  SmallVector<Value> start(position);
  if (dims.m)
    start[*dims.m] = nest.index(0);
  Value offset = offsetAt(dims.rows, dims.rowsMap, start);
  Value step = kStride();
  offset = nest.add(offset, nest.mul(k0, step));
  Value rowStep = dims.m ? stepAlong(dims.rows, dims.rowsMap, *dims.m) : nest.index(0);
  return nest.view(dims.rows, offset, {dims.m ? extent[*dims.m] : nest.index(1), depth},
                   {rowStep, step});
}

Value ContractTask::copyRows(ArrayRef<Value> position, Value first, int64_t rows,
                             const RowRange &depth, Value memory) {
  if (Value step = kStride(); step && constant(step) == 1) {
    widenRows(nest, rowsView(position, depth.first), {first, nest.index(rows)}, depth.count, memory,
              cpu.lanes);
    return memory;
  }
  nest.loop(nest.index(0), depth.count, nest.index(1), [&](Value k) {
    SmallVector<Value> at = atDepth(position, nest.add(depth.first, k));
    for (int64_t row = 0; row < rows; ++row) {
      if (dims.m)
        at[*dims.m] = nest.add(first, nest.index(row));
      Value value = loadWide(nest, dims.rows, nest.apply(dims.rowsMap, at));
      memref::StoreOp::create(nest.builder, nest.loc, value, memory,
                              ValueRange{nest.index(row), k});
    }
  });
  return memory;
}

SmallVector<Value> ContractTask::atDepth(ArrayRef<Value> position, Value k) {
  SmallVector<Value> at(position);
  SmallVector<Value> indices = nest.delinearize(k, pick(extent, dims.k));
  for (auto [place, dim] : llvm::enumerate(dims.k))
    at[dim] = indices[place];
  return at;
}

LaneGroup ContractTask::groupAt(ArrayRef<Value> position, int64_t vector) {
  LaneGroup group{dims.n, llvm::to_vector(position), cpu.lanes, Value()};
  group.dims[dims.n] = nest.add(position[dims.n], nest.index(vector * cpu.lanes));
  std::optional<int64_t> columns = constant(extent[dims.n]);
  if (!columns || *columns % width != 0)
    group.mask = laneMask(nest, group.dims[dims.n], extent[dims.n], cpu.lanes);
  return group;
}

void ContractTask::writeRegions(kernel::ProductOp product, Init init, Finish finishRow) {
  OpBuilder &b = nest.builder;
  OpBuilder::InsertionGuard guard(b);
  if (init) {
    Block *block = b.createBlock(&product.getInit(), {}, b.getIndexType(), nest.loc);
    kernel::YieldOp::create(b, nest.loc, init(block->getArgument(0)));
  }
  SmallVector<Type> types(1 + width / cpu.lanes, sums);
  types[0] = b.getIndexType();
  Block *block =
      b.createBlock(&product.getFinish(), {}, types, SmallVector<Location>(types.size(), nest.loc));
  finishRow(block->getArgument(0), ValueRange(block->getArguments()).drop_front());
  b.setInsertionPointToEnd(block);
  kernel::YieldOp::create(b, nest.loc);
}

void ContractTask::overBlocks(int64_t block, function_ref<void(Value, Value)> body) {
  Value most = nest.index(block);
  nest.loop(nest.index(0), depth, most,
            [&](Value k0) { body(k0, nest.min(nest.sub(depth, k0), most)); });
}

SmallVector<Value> ContractTask::loadSums(Value memory, Value row, Value k0) {
  OpBuilder &b = nest.builder;
  Value zeros = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(sums));
  Value first = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::eq, k0, nest.index(0));
  SmallVector<Value> result;
  for (int64_t lane = 0; lane < width; lane += cpu.lanes) {
    Value sum =
        vector::LoadOp::create(b, nest.loc, sums, memory, ValueRange{row, nest.index(lane)});
    result.push_back(arith::SelectOp::create(b, nest.loc, first, zeros, sum));
  }
  return result;
}

void ContractTask::storeSums(Value memory, Value row, ValueRange values) {
  for (auto [vector, sum] : llvm::enumerate(values))
    vector::StoreOp::create(nest.builder, nest.loc, sum, memory,
                            ValueRange{row, nest.index(vector * cpu.lanes)});
}

void ContractTask::finish(ArrayRef<Value> position, Value row, ValueRange sums) {
  SmallVector<Value> at(position);
  if (dims.m)
    at[*dims.m] = row;
  for (auto [vector, sum] : llvm::enumerate(sums)) {
    LaneGroup group = groupAt(at, vector);
    SmallVector<Value> arguments{sum};
    for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
      arguments.push_back(loadLanes(nest, capture, op.getCaptureMap(index), group));
    Value result = inlineLanes(nest, op.getEpilogue(), arguments, group);
    storeLanes(nest, result, op.getInit(), op.getOutMap(), group);
  }
}
