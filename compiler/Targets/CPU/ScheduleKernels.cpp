//===- ScheduleKernels.cpp - a form for every kernel ----------------------===//
//
// The order of the CPU's forms, and what a team of threads wants to know of a kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/Fovea/StructuredOps.h"

#include "llvm/Support/FormatVariadic.h"

namespace fovea {
#define GEN_PASS_DEF_SCHEDULEKERNELS
#include "compiler/Targets/CPU/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

static BoundForm bindTo(const Form &form, const Capabilities &cpu) {
  BoundForm bound{form.name,
                  form.special,
                  form.handles,
                  [&](Operation *op) { return form.refuse(op, cpu); },
                  [&](Operation *op, Nest &nest) { form.schedule(op, nest, cpu); },
                  nullptr};
  if (form.refuseTile)
    bound.refuseTile = [&](Operation *op, RegisterTile tile) {
      return form.refuseTile(op, tile, cpu);
    };
  return bound;
}

std::vector<BoundForm> cpu::formsOf(const Capabilities &cpu) {
  auto on = [&](const Form &form) { return bindTo(form, cpu); };
  return {on(kStreamedAttention),    on(kTransposedAttention), bind(loops::kRowAttention),
          on(kRoundedGates),         on(kGateProduct),         on(kTileProduct),
          on(kDotProduct),           on(kStreamedProduct),     on(kPanelProduct),
          bind(loops::kLoopProduct), bind(loops::kRowSoftmax), bind(loops::kRowNorm),
          bind(loops::kReduction),   bind(loops::kElementwise)};
}

Refusal cpu::refuseRegisters(RegisterTile tile, const Capabilities &cpu) {
  int64_t most = cpu.registers - 2;
  if (tile.rows <= most && tile.vectors <= most && tile.rows * tile.vectors <= most)
    return {};
  return {kScheduleReason.str(),
          llvm::formatv("tiles of {0} rows x {1} vectors are more than the {2} sums that {3} "
                        "registers hold",
                        tile.rows, tile.vectors, most, cpu.registers)};
}

/// With up to so many rows, reading a weight takes most of a product's time.
static constexpr int64_t kFewRows = 8;

/// For a product that reads its weight longer than it computes when it has at most so many rows,
/// the argument whose first extent they are: -1 when they are few in every run; nothing for others.
static std::optional<int64_t> bearerOfFewRows(Operation *op) {
  int64_t rows = 0;
  Value bearer;
  auto gates = dyn_cast<GatesOp>(op);
  auto contract = dyn_cast<ContractOp>(op);
  if (gates) {
    rows = gates.getRows();
    bearer = gates.getState();
  } else if (std::optional<ProductDims> dims =
                 contract ? ProductDims::of(contract) : std::nullopt) {
    rows = dims->rowCount().value_or(ShapedType::kDynamic);
    auto [operand, place] = bearerOf(contract, dims->m.value_or(0));
    bearer = place == 0 ? operand : Value();
  } else {
    return std::nullopt;
  }
  if (!ShapedType::isDynamic(rows))
    return rows <= kFewRows ? std::optional<int64_t>(-1) : std::nullopt;
  auto argument = dyn_cast_or_null<BlockArgument>(bearer);
  return argument ? std::optional<int64_t>(argument.getArgNumber()) : std::nullopt;
}

/// Multiply-adds of a product, of i8 in the time of those of f32, and the argument whose first
/// extent they are to be multiplied by, -1 for none; 0 for what is no product.
static std::array<int64_t, 2> workOf(Operation *op) {
  int64_t work = 0, bearer = -1;
  Value rows;
  if (auto gates = dyn_cast<GatesOp>(op)) {
    work = gates.getGateCount();
    for (int64_t extent : {gates.getRows(), gates.getUnits(), gates.getDepth()})
      work *= ShapedType::isDynamic(extent) ? 1 : extent;
    if (elementTypeOf(gates.getWeight()).isInteger(8))
      work = llvm::divideCeil(work, 4);
    rows = ShapedType::isDynamic(gates.getRows()) ? gates.getState() : Value();
  } else if (auto contract = dyn_cast<ContractOp>(op)) {
    work = 1;
    for (unsigned dim = 0; dim < contract.getNumDims(); ++dim) {
      auto [operand, place] = bearerOf(contract, dim);
      int64_t extent = cast<ShapedType>(operand.getType()).getDimSize(place);
      if (!ShapedType::isDynamic(extent))
        work *= extent;
      else if (place == 0)
        rows = operand;
    }
  }
  if (auto argument = dyn_cast_or_null<BlockArgument>(rows))
    bearer = argument.getArgNumber();
  return {work, bearer};
}

namespace {

struct ScheduleKernels : fovea::impl::ScheduleKernelsBase<ScheduleKernels> {
  using ScheduleKernelsBase::ScheduleKernelsBase;

  void runOnOperation() override {
    Capabilities cpu;
    cpu.lanes = lanes;
    cpu.registers = registers;
    cpu.rows.assign(rows.begin(), rows.end());
    std::vector<BoundForm> forms = formsOf(cpu);
    auto noteWork = [](Operation *kernel, Operation *op) {
      Builder attrs(op->getContext());
      if (std::array<int64_t, 2> work = workOf(op); work[0] > 0)
        kernel->setAttr(kernel::kWorkAttr, attrs.getDenseI64ArrayAttr(work));
      if (std::optional<int64_t> bearer = bearerOfFewRows(op))
        kernel->setAttr(kernel::kInTurnsAttr, attrs.getDenseI64ArrayAttr({*bearer, kFewRows}));
    };
    FailureOr<int64_t> scheduled = scheduleKernels(getOperation(), {forms, "the CPU", noteWork});
    if (failed(scheduled))
      return signalPassFailure();
    numScheduled += *scheduled;
  }
};

} // namespace
