//===- ScheduleKernels.cpp - a form for every kernel ----------------------===//
//
// Chooses the first form that applies and writes down what was passed over.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/CPU/ProductDims.h"
#include "compiler/Targets/CPU/ScheduleRequest.h"
#include "compiler/Transforms/Passes.h"

#include "dialects/Fovea/StructuredOps.h"

namespace fovea {
#define GEN_PASS_DEF_SCHEDULEKERNELS
#include "compiler/Targets/CPU/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

ArrayRef<Form> cpu::forms() {
  static const Form list[] = {
      kStreamedAttention, kTransposedAttention, kRowAttention, kRoundedGates, kGateProduct,
      kTileProduct,       kDotProduct,          kPanelProduct, kLoopProduct,  kRowSoftmax,
      kRowNorm,           kReduction,           kElementwise};
  return list;
}

/// With up to so many rows, reading a weight takes most of a product's time.
static constexpr int64_t kFewRows = 8;

namespace {

struct ScheduleKernels : fovea::impl::ScheduleKernelsBase<ScheduleKernels> {
  using ScheduleKernelsBase::ScheduleKernelsBase;

  void runOnOperation() override {
    Capabilities cpu;
    cpu.lanes = lanes;
    cpu.registers = registers;
    cpu.rows.assign(rows.begin(), rows.end());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kernel::kKernelAttr) && failed(schedule(function, cpu)))
        return signalPassFailure();
    writeLedger();
  }

private:
  /// The graph phase's records and one per launch: node, operation, form taken, forms refused, and
  /// a launch's work counted.
  void writeLedger() {
    Builder attrs(&getContext());
    SmallVector<Attribute> records;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (auto earlier = dyn_cast_or_null<ArrayAttr>(function->removeAttr(kGraphRecordsAttr)))
        llvm::append_range(records, earlier);
    getOperation().walk([&](kernel::LaunchOp launch) {
      auto callee = getOperation().lookupSymbol<func::FuncOp>(launch.getKernel());
      NamedAttrList record(callee->getAttrOfType<DictionaryAttr>("fovea.ledger"));
      std::string node;
      launch.getLoc()->walk([&](Location loc) {
        if (auto name = dyn_cast<NameLoc>(loc); name && node.empty())
          node = name.getName().str();
        return WalkResult::advance();
      });
      record.set("node", attrs.getStringAttr(node));
      record.set("kernel", attrs.getStringAttr(launch.getKernel()));
      if (Attribute flops = launch->removeAttr(kFlopsAttr))
        record.set("flops", flops);
      if (Attribute bytes = launch->removeAttr(kWeightBytesAttr))
        record.set("weight_bytes", bytes);
      if (launch->removeAttr(kConditionalAttr))
        record.set("conditional", attrs.getBoolAttr(true));
      records.push_back(record.getDictionary(&getContext()));
    });
    getOperation()->setAttr("fovea.ledger", attrs.getArrayAttr(records));
  }

  static Operation *computationOf(func::FuncOp kernel) {
    for (Operation &op : kernel.front().without_terminator())
      if (llvm::any_of(forms(), [&](const Form &form) { return form.handles(&op); }))
        return &op;
    return nullptr;
  }

  LogicalResult schedule(func::FuncOp kernel, const Capabilities &cpu) {
    Operation *op = computationOf(kernel);
    if (!op)
      return kernel.emitOpError("expected a computation that some form of the CPU handles");
    Builder attrs(&getContext());
    SmallVector<Attribute> refused;
    for (const Form &form : forms()) {
      if (!form.handles(op) || !isAskedFor(op, form))
        continue;
      Refusal refusal = form.refuse(op, cpu);
      if (!refusal)
        refusal = refuseRequest(op, form, cpu);
      if (refusal) {
        NamedAttrList entry;
        entry.set("form", attrs.getStringAttr(form.name));
        entry.set("reason", attrs.getStringAttr(refusal.reason));
        if (form.special)
          entry.set("special", attrs.getBoolAttr(true));
        entry.set("text", attrs.getStringAttr(refusal.text));
        refused.push_back(entry.getDictionary(&getContext()));
        continue;
      }
      NamedAttrList record;
      record.set("op", attrs.getStringAttr(op->getName().getStringRef()));
      record.set("form", attrs.getStringAttr(form.name));
      record.set("refused", attrs.getArrayAttr(refused));
      if (ScheduleAttr schedule = scheduleOf(op))
        record.set("schedule", recordOf(schedule));
      if (int64_t parts = keyPartsOf(op); parts > 1)
        record.set("key_parts", attrs.getI64IntegerAttr(parts));
      kernel->setAttr("fovea.ledger", record.getDictionary(&getContext()));
      if (std::array<int64_t, 2> work = workOf(op); work[0] > 0)
        kernel->setAttr(kernel::kWorkAttr, attrs.getDenseI64ArrayAttr(work));
      if (hasFewRows(op))
        kernel->setAttr(kernel::kInTurnsAttr, attrs.getUnitAttr());
      OpBuilder builder(op);
      Nest nest(builder, op->getLoc());
      form.schedule(op, nest, cpu);
      op->erase();
      ++numScheduled;
      return success();
    }
    if (scheduleOf(op))
      return refuseSchedule(op, refused);
    InFlightDiagnostic diag = emitRefusal(op, kNotComputed);
    diag << "no form of the CPU computes this operation";
    for (Attribute entry : refused)
      diag.attachNote() << entry;
    return diag;
  }

  /// True for a product that reads its weight longer than it computes.
  static bool hasFewRows(Operation *op) {
    auto isFew = [](int64_t rows) { return !ShapedType::isDynamic(rows) && rows <= kFewRows; };
    if (auto gates = dyn_cast<GatesOp>(op))
      return isFew(gates.getRows());
    auto contract = dyn_cast<ContractOp>(op);
    std::optional<ProductDims> dims = contract ? ProductDims::of(contract) : std::nullopt;
    return dims && isFew(dims->rowCount().value_or(ShapedType::kDynamic));
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

  static LogicalResult refuseSchedule(Operation *op, ArrayRef<Attribute> refused) {
    ScheduleAttr schedule = scheduleOf(op);
    InFlightDiagnostic diag = emitRefusal(op, kScheduleNotFollowed);
    diag << nodeOrLine(op) << " cannot follow " << schedule;
    for (Attribute entry : refused) {
      auto text = [&](StringRef key) {
        return cast<DictionaryAttr>(entry).getAs<StringAttr>(key).getValue();
      };
      diag.attachNote() << text("form") << ": " << text("text");
    }
    if (!refused.empty())
      return diag;
    std::string known;
    for (const Form &form : forms())
      if (form.handles(op))
        known += (known.empty() ? "" : ", ") + form.name.str();
    diag.attachNote() << "the CPU computes " << op->getName() << " by one of " << known
                      << ", and not by " << schedule.getForm().getValue();
    return diag;
  }
};

} // namespace
