//===- ScheduleKernels.cpp - a form for every kernel ----------------------===//
//
// Chooses the first form that applies and writes down what was passed over.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/ScalarBody.h"
#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"
#include "compiler/Targets/Loops/StepLaunches.h"
#include "compiler/Transforms/AttentionNotes.h"
#include "compiler/Transforms/Passes.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

BoundForm loops::bind(const LoopForm &form) {
  return {form.name,          false,   form.handles, form.refuse, form.schedule, nullptr,
          form.roundsWeights, nullptr, form.byRows};
}

/// The graph phase's records and one per computation of a launch: node, operation, form taken,
/// forms refused; with the first one the launch's work.
static void writeLedger(ModuleOp module) {
  Builder attrs(module.getContext());
  SmallVector<Attribute> records;
  for (auto function : module.getOps<func::FuncOp>())
    if (auto earlier = dyn_cast_or_null<ArrayAttr>(function->removeAttr(kGraphRecordsAttr)))
      llvm::append_range(records, earlier);
  module.walk([&](kernel::LaunchOp launch) {
    auto callee = module.lookupSymbol<func::FuncOp>(launch.getKernel());
    Attribute known = callee->getAttr("fovea.ledger");
    // Checks are no computations of the model.
    if (!known)
      return;
    SmallVector<Attribute> computations{known};
    if (auto several = dyn_cast<ArrayAttr>(known))
      computations = llvm::to_vector(several);
    auto nodes = dyn_cast_or_null<ArrayAttr>(launch->removeAttr(kComputationsAttr));
    for (auto [number, computation] : llvm::enumerate(computations)) {
      NamedAttrList record(cast<DictionaryAttr>(computation));
      record.set("node", nodes ? nodes[number] : attrs.getStringAttr(nodeOf(launch)));
      record.set("kernel", attrs.getStringAttr(launch.getKernel()));
      if (Attribute flops = launch->removeAttr(kFlopsAttr))
        record.set("flops", flops);
      if (Attribute bytes = launch->removeAttr(kWeightBytesAttr))
        record.set("weight_bytes", bytes);
      if (launch->removeAttr(kConditionalAttr))
        record.set("conditional", attrs.getBoolAttr(true));
      records.push_back(record.getDictionary(module.getContext()));
    }
  });
  module->setAttr("fovea.ledger", attrs.getArrayAttr(records));
}

static Operation *computationOf(func::FuncOp kernel, ArrayRef<BoundForm> forms) {
  for (Operation &op : kernel.front().without_terminator())
    if (isa<kernel::RowsOp>(op) ||
        llvm::any_of(forms, [&](const BoundForm &form) { return form.handles(&op); }))
      return &op;
  return nullptr;
}

static LogicalResult refuseSchedule(Operation *op, ArrayRef<Attribute> refused,
                                    const FormList &list) {
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
  for (const BoundForm &form : list.forms)
    if (form.handles(op))
      known += (known.empty() ? "" : ", ") + form.name.str();
  diag.attachNote() << list.target << " computes " << op->getName() << " by one of " << known
                    << ", and not by " << schedule.getForm().getValue();
  return diag;
}
/// One form passed over, as a record of the ledger.
static Attribute recordOf(const BoundForm &form, const Refusal &refusal, Builder &attrs) {
  NamedAttrList entry;
  entry.set("form", attrs.getStringAttr(form.name));
  entry.set("reason", attrs.getStringAttr(refusal.reason));
  if (form.special)
    entry.set("special", attrs.getBoolAttr(true));
  entry.set("text", attrs.getStringAttr(refusal.text));
  return entry.getDictionary(attrs.getContext());
}

/// What the ledger says of a kernel computed by `form`.
static DictionaryAttr recordOf(Operation *op, const BoundForm &form, ArrayRef<Attribute> refused,
                               Builder &attrs) {
  NamedAttrList record;
  record.set("op", attrs.getStringAttr(op->getName().getStringRef()));
  record.set("form", attrs.getStringAttr(form.name));
  if (form.roundsWeights)
    record.set("rounds", attrs.getStringAttr("weights"));
  if (form.roundsOperands && form.roundsOperands(op))
    record.set("rounds", attrs.getStringAttr("operands"));
  record.set("refused", attrs.getArrayAttr(refused));
  if (ScheduleAttr schedule = scheduleOf(op))
    record.set("schedule", recordOf(schedule));
  if (int64_t parts = keyPartsOf(op); parts > 1)
    record.set("key_parts", attrs.getI64IntegerAttr(parts));
  if (auto parts = op->getAttrOfType<IntegerAttr>(kDepthPartsAttr))
    record.set("depth_parts", parts);
  if (auto queries = op->getAttrOfType<StringAttr>(kQueriesAttr))
    record.set("queries", queries);
  return record.getDictionary(attrs.getContext());
}

/// Writes the schedule of `op` by the first form that applies; what the ledger says of it.
static FailureOr<Attribute> scheduleComputation(Operation *op, const FormList &list, Nest &nest) {
  Builder attrs(op->getContext());
  SmallVector<Attribute> refused;
  for (const BoundForm &form : list.forms) {
    if (!form.handles(op) || !isAskedFor(op, form.name) || (nest.share && !form.byRows))
      continue;
    Refusal refusal = form.refuse(op);
    if (!refusal)
      refusal = refuseRequest(op, form);
    if (refusal) {
      refused.push_back(recordOf(form, refusal, attrs));
      continue;
    }
    Attribute record = recordOf(op, form, refused, attrs);
    if (list.note)
      list.note(op->getParentOfType<func::FuncOp>(), op);
    form.schedule(op, nest);
    return record;
  }
  if (scheduleOf(op)) {
    (void)refuseSchedule(op, refused, list);
    return failure();
  }
  InFlightDiagnostic diag = emitRefusal(op, kNotComputed);
  diag << "no form of " << list.target << " computes this operation";
  for (Attribute entry : refused)
    diag.attachNote() << entry;
  return failure();
}

/// Elements of one of the operation's rows, those of long bodies several times.
static Value workOfRow(Nest &nest, Operation *op) {
  constexpr int64_t kLongBody = 4;
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  SmallVector<Value> extents =
      structured ? extentsOf(nest, structured) : nest.sizes(op->getOperand(0));
  Value work = nest.product(ArrayRef(extents).drop_front());
  bool isLong = structured && !isCheapBody(*structured.getBlock());
  return isLong ? nest.mul(work, nest.index(kLongBody)) : work;
}

/// Tasks of rows, each of which does all of the computations.
static FailureOr<Attribute> scheduleRows(kernel::RowsOp op, const FormList &list, Nest &nest) {
  SmallVector<Attribute> records;
  Value work = nest.index(0);
  for (Operation &inner : op.getBody().front().without_terminator())
    work = nest.add(work, workOfRow(nest, &inner));
  bool fits = true;
  parallelShares(nest, op.getCount(), work, [&](const RowShare &share) {
    for (Operation &inner : op.getBody().front().without_terminator()) {
      Nest own(nest.builder, inner.getLoc());
      own.share = share;
      FailureOr<Attribute> record = scheduleComputation(&inner, list, own);
      fits &= succeeded(record);
      records.push_back(fits ? *record : Attribute());
    }
  });
  if (!fits)
    return failure();
  return Attribute(ArrayAttr::get(op.getContext(), records));
}

static LogicalResult scheduleKernel(func::FuncOp kernel, const FormList &list, bool isOfSteps) {
  Operation *op = computationOf(kernel, list.forms);
  if (!op)
    return kernel.emitOpError("expected a computation that some form of ")
           << list.target << " handles";
  OpBuilder builder(op);
  Nest nest(builder, op->getLoc(), list.blockThreads);
  if (isOfSteps)
    nest.taskElements = Nest::kStepElements;
  auto rows = dyn_cast<kernel::RowsOp>(op);
  FailureOr<Attribute> record =
      rows ? scheduleRows(rows, list, nest) : scheduleComputation(op, list, nest);
  if (failed(record))
    return failure();
  kernel->setAttr("fovea.ledger", *record);
  op->erase();
  return success();
}

/// True for a kernel that a pass has written as a grid.
static bool isScheduled(func::FuncOp kernel) {
  return !kernel.isExternal() && !kernel.front().getOps<kernel::GridOp>().empty();
}

/// Kernels that nothing but steps of loops launches.
static DenseSet<StringRef> kernelsOfSteps(ModuleOp module) {
  DenseSet<StringRef> found, others;
  forLaunches(module, [&](kernel::LaunchOp launch, scf::ForOp steps) {
    (steps ? found : others).insert(launch.getKernel());
  });
  for (StringRef name : others)
    found.erase(name);
  return found;
}

FailureOr<int64_t> loops::scheduleKernels(ModuleOp module, const FormList &list) {
  int64_t count = 0;
  DenseSet<StringRef> ofSteps = kernelsOfSteps(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr(kernel::kKernelAttr) || isScheduled(function))
      continue;
    if (failed(scheduleKernel(function, list, ofSteps.contains(function.getName()))))
      return failure();
    ++count;
  }
  writeLedger(module);
  return count;
}
