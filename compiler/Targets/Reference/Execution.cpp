//===- Execution.cpp - one evaluation under way ---------------------------===//
//
// Running blocks, memory, weights and errors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"

#include "dialects/Fovea/FoveaDialect.h"

#include <cstring>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;

Execution::Execution(ModuleOp module, const WeightStore &weights, const EvaluateOptions &options,
                     RunError &error)
    : budget(options.memoryLimit), module(module), weights(weights), options(options),
      error(error) {}

LogicalResult Execution::fail(Operation *op, RunError::Kind kind, const Twine &message) {
  std::string node = nodeOf(op).str();
  std::string text = (node.empty() ? "" : "node '" + node + "': ") + "'" +
                     op->getName().getStringRef().str() + "': " + message.str();
  record(RunError{kind, node, 0, 0, text});
  return failure();
}

void Execution::record(RunError next) {
  if (error.kind == RunError::Kind::None)
    error = std::move(next);
}

FailureOr<Array> Execution::allocate(ArrayRef<int64_t> shape, Operation *op) {
  if (llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return fail(op, RunError::Kind::Invalid, "a tensor with a negative extent");
  std::optional<int64_t> count = elementCount(shape);
  Array array;
  if (count)
    array.cells = budget.cells(*count);
  if (!array.cells)
    return fail(op, RunError::Kind::Memory,
                "a tensor of shape [" +
                    llvm::join(llvm::map_range(
                                   shape, [](int64_t extent) { return std::to_string(extent); }),
                               "x") +
                    "] does not fit into the memory limit of " +
                    std::to_string(options.memoryLimit) + " bytes, of which " +
                    std::to_string(budget.used()) + " are in use");
  array.shape.assign(shape.begin(), shape.end());
  array.count = *count;
  return array;
}

LogicalResult Execution::makeUnique(Array &array, Operation *op) {
  if (array.writable())
    return success();
  FailureOr<Array> copy = allocate(array.shape, op);
  if (failed(copy))
    return failure();
  std::memcpy(copy->mutableData(), array.data(), array.count * sizeof(Cell));
  array = std::move(*copy);
  return success();
}

FailureOr<Array> Execution::weight(StringRef symbol, Operation *op) {
  auto declared = module.lookupSymbol<WeightOp>(symbol);
  if (!declared || declared.isDerived())
    return fail(op, RunError::Kind::Unsupported, "no plain fovea.weight named '" + symbol + "'");
  auto type = dyn_cast<RankedTensorType>(declared.getType());
  Format format = type ? Format::of(type.getElementType()) : Format();
  std::optional<DType> dtype = type ? dtypeOf(type.getElementType()) : std::nullopt;
  if (!dtype || !type.hasStaticShape())
    return fail(op, RunError::Kind::Unsupported, "weight '" + symbol + "' has no plain type");
  std::optional<int64_t> size = byteCount(*dtype, type.getShape());
  auto bytes =
      size ? weights.lookup(declared.getSource(), declared.getOffset(), *size) : std::nullopt;
  if (!bytes)
    return fail(op, RunError::Kind::Invalid,
                "source '" + declared.getSource() + "' of weight '" + symbol +
                    "' is missing or too short");
  if (std::shared_ptr<Cell[]> alive = liveWeights[symbol].lock()) {
    Array array;
    array.shape.assign(type.getShape().begin(), type.getShape().end());
    array.count = type.getNumElements();
    array.cells = std::move(alive);
    array.constant = true;
    return array;
  }
  FailureOr<Array> array = allocate(type.getShape(), op);
  if (failed(array))
    return failure();
  unsigned width = sizeOf(*dtype);
  for (int64_t index = 0; index < array->count; ++index) {
    uint64_t bits = 0;
    std::memcpy(&bits, bytes->data() + index * width, width);
    // Bool is a byte that is true when it is not 0.
    array->mutableData()[index] = decode(format, *dtype == DType::Bool ? bits != 0 : bits);
  }
  liveWeights[symbol] = array->cells;
  array->constant = true;
  return array;
}

FailureOr<Data> Execution::run(PlannedBlock &block, Frame &frame, MutableArrayRef<Datum> args) {
  for (auto [slot, arg] : llvm::zip_equal(block.arguments, args))
    frame.slots[slot] = std::move(arg);
  for (PlannedOp &planned : MutableArrayRef<PlannedOp>(block.ops).drop_back()) {
    OpRun run(*this, frame, planned);
    if (failed(planned.rule(run)))
      return failure();
    for (unsigned slot : planned.dead)
      frame.slots[slot] = Datum();
  }
  OpRun last(*this, frame, block.ops.back());
  Data results;
  for (unsigned index = 0; index < last.plan.operands.size(); ++index)
    results.push_back(last.take(index));
  for (unsigned slot : last.plan.dead)
    frame.slots[slot] = Datum();
  return results;
}

FailureOr<Data> Execution::call(func::FuncOp function, Data arguments) {
  constexpr unsigned deepest = 64;
  if (callDepth == deepest)
    return fail(function, RunError::Kind::Unsupported,
                "calls nested deeper than " + std::to_string(deepest));
  FailureOr<PlannedFunction *> planned = plan(function);
  if (failed(planned))
    return failure();
  Frame frame{**planned, std::vector<Datum>((*planned)->slots.size())};
  ++callDepth;
  FailureOr<Data> results = run((*planned)->body, frame, arguments);
  --callDepth;
  return results;
}

SmallVector<int64_t> OpRun::integers(ArrayRef<OpFoldResult> values) {
  return llvm::map_to_vector(values, [&](OpFoldResult value) {
    if (auto dynamic = dyn_cast<Value>(value))
      return integer(dynamic);
    return cast<IntegerAttr>(cast<Attribute>(value)).getInt();
  });
}

Datum OpRun::take(unsigned index) {
  Datum &datum = frame.slots[plan.operands[index]];
  if (plan.last[index])
    return std::move(datum);
  return datum;
}

FailureOr<Array> OpRun::takeUnique(unsigned index) {
  Array array = std::move(take(index).array);
  if (failed(execution.makeUnique(array, plan.op)))
    return failure();
  return array;
}

FailureOr<Array> OpRun::takeDestination(OpOperand &init) {
  unsigned index = init.getOperandNumber();
  Array array = std::move(take(index).array);
  if (array.writable())
    return array;
  return allocate(array.shape);
}

std::shared_ptr<Cell[]> OpRun::scratch(int64_t cells) {
  FailureOr<Array> array = execution.allocate({cells}, plan.op);
  return succeeded(array) ? array->cells : nullptr;
}

LogicalResult OpRun::checkIndex(int64_t index, int64_t extent) {
  if (index >= 0 && index < extent)
    return success();
  return fail(RunError::Kind::Invalid, "index " + std::to_string(index) +
                                           " is outside the extent " + std::to_string(extent));
}

LaneProgram *OpRun::program(unsigned region) {
  if (plan.programs.empty())
    for (Region &each : plan.op->getRegions())
      plan.programs.push_back(each.empty() ? nullptr
                                           : LaneProgram::compile(each.front(), execution.mode()));
  return plan.programs[region].get();
}
