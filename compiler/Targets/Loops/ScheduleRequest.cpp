//===- ScheduleRequest.cpp - what an operation's schedule asks for --------===//
//
// A schedule is followed to the letter, or the operation is refused with the reason.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

ScheduleAttr loops::scheduleOf(Operation *op) {
  if (auto attention = dyn_cast<AttentionOp>(op))
    return attention.getScheduleAttr();
  if (auto contract = dyn_cast<ContractOp>(op))
    return contract.getScheduleAttr();
  return {};
}

bool loops::namesForm(Operation *op) {
  ScheduleAttr schedule = scheduleOf(op);
  return schedule && schedule.getForm();
}

bool loops::isAskedFor(Operation *op, StringRef form) {
  return !namesForm(op) || scheduleOf(op).getForm().getValue() == form;
}

std::optional<RegisterTile> loops::requestedTile(Operation *op) {
  ScheduleAttr schedule = scheduleOf(op);
  if (!schedule || !schedule.getTiles())
    return std::nullopt;
  return RegisterTile{schedule.getTiles()[0], schedule.getTiles()[1]};
}

Refusal loops::refuseRequest(Operation *op, const BoundForm &form) {
  ScheduleAttr schedule = scheduleOf(op);
  if (!schedule)
    return {};
  if (schedule.getKvSplit().value_or(keyPartsOf(op)) != keyPartsOf(op))
    return {kScheduleReason.str(),
            "its keys are not split: fovea-split-keys, a pass of the graph phase, did not see it"};
  std::optional<RegisterTile> tile = requestedTile(op);
  if (!tile)
    return {};
  if (!form.refuseTile)
    return {kScheduleReason.str(), "it has no register tile, so there are no tiles to choose"};
  return form.refuseTile(op, *tile);
}

DictionaryAttr loops::recordOf(ScheduleAttr schedule) {
  Builder attrs(schedule.getContext());
  NamedAttrList record;
  if (schedule.getForm())
    record.set("form", schedule.getForm());
  if (DenseI64ArrayAttr tiles = schedule.getTiles())
    record.set("tiles", attrs.getI64ArrayAttr(tiles.asArrayRef()));
  if (schedule.getKvSplit())
    record.set("kv_split", attrs.getI64IntegerAttr(*schedule.getKvSplit()));
  return record.getDictionary(schedule.getContext());
}
