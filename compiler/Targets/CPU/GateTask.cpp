//===- GateTask.cpp - tasks of gates --------------------------------------===//
//
// The cell on lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/GateTask.h"

#include "compiler/Conversion/KernelToVector/MemoryRequests.h"
#include "compiler/Targets/Loops/LaneRegion.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Sums that fit into registers beside a row of the panel.
static constexpr int64_t kMostSums = 24;

Refusal cpu::refuseGates(GatesOp op, const Capabilities &cpu) {
  if (!op.getPanels() || static_cast<int64_t>(*op.getPanels()) != cpu.lanes)
    return {"layout", "the weight is not packed for this target"};
  for (Value init : op.getInits())
    if (cast<MemRefType>(init.getType()).getStridesAndOffset().first.back() != 1)
      return {"layout", "the last dimension of an output is not contiguous"};
  return {};
}

GateTask::GateTask(GatesOp op, Nest &nest, const Capabilities &cpu)
    : op(op), nest(nest), cpu(cpu), gates(op.getGateCount()), rows(nest.size(op.getState(), 0)),
      units(nest.size(op.getInits().front(), 1)), depth(nest.size(op.getState(), 1)) {}

int64_t GateTask::stripRows() const {
  return gates <= cpu.maxVectors() ? cpu.rowsFor(gates) : kMostSums / gates;
}

SmallVector<std::pair<Value, AffineMap>> GateTask::capturesOfElements() {
  SmallVector<std::pair<Value, AffineMap>> found;
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    if (AffineMap map = op.getCaptureMap(index); map.isFunctionOfDim(0) && map.isFunctionOfDim(1))
      found.push_back({capture, map});
  return found;
}

void GateTask::prefetchCaptures(Value unit, Value row, int64_t number) {
  for (auto [capture, map] : capturesOfElements())
    for (int64_t next = 0; next < number; ++next)
      requestLine(nest.builder, nest.loc, capture,
                  nest.apply(map, {nest.add(row, nest.index(next)), unit}));
}

SmallVector<Value> GateTask::capturesAhead(Value unit, Value row, int64_t number, int64_t steps) {
  Value each = nest.index(llvm::bit_floor<uint64_t>(steps / number));
  SmallVector<Value> ahead;
  for (auto [capture, map] : capturesOfElements()) {
    Value offset = nest.offset(capture), rowStride;
    for (auto [dim, position] : llvm::enumerate(nest.apply(map, {row, unit}))) {
      Value stride = nest.stride(capture, dim);
      offset = nest.add(offset, nest.mul(position, stride));
      if (map.getResult(dim).isFunctionOfDim(0))
        rowStride = stride;
    }
    ahead.push_back(nest.view(capture, offset, {nest.index(number), each, nest.index(cpu.lanes)},
                              {rowStride, nest.index(0), nest.index(1)}));
  }
  return ahead;
}

void GateTask::finish(Value row, Value unit, ValueRange sums) {
  LaneGroup group{1, {row, unit}, cpu.lanes, Value()};
  std::optional<int64_t> known = constant(units);
  if (!known || *known % cpu.lanes != 0)
    group.mask = laneMask(nest, unit, units, cpu.lanes);
  SmallVector<Value> arguments(sums);
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    arguments.push_back(isa<MemRefType>(capture.getType())
                            ? loadLanes(nest, capture, op.getCaptureMap(index), group)
                            : capture);
  SmallVector<Value> results = inlineAllLanes(nest, op.getCell(), arguments, group);
  AffineMap place = nest.builder.getMultiDimIdentityMap(2);
  for (auto [result, init] : llvm::zip_equal(results, op.getInits()))
    storeLanes(nest, result, init, place, group);
}
