//===- ScheduleRequest.h - what an operation's schedule asks for ----------===//
//
// Reads the attribute `schedule` of an operation, and says why a form cannot follow it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_SCHEDULEREQUEST_H
#define FOVEA_COMPILER_TARGETS_LOOPS_SCHEDULEREQUEST_H

#include "compiler/Targets/Loops/Forms.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// Class of refusals that a schedule causes: such forms are not passed over for want of ability.
inline constexpr llvm::StringLiteral kScheduleReason = "schedule";

/// The schedule of an operation; null when it has none.
ScheduleAttr scheduleOf(mlir::Operation *op);

/// True unless the schedule names another form.
bool isAskedFor(mlir::Operation *op, llvm::StringRef form);

/// True when the schedule names a form, whether or not that is the fastest.
bool namesForm(mlir::Operation *op);

/// The register tile that the schedule asks for.
std::optional<RegisterTile> requestedTile(mlir::Operation *op);

/// Why `form`, which applies to `op`, does not follow its schedule.
Refusal refuseRequest(mlir::Operation *op, const BoundForm &form);

/// The schedule as a record of the ledger: form, tiles and kv_split, where given.
mlir::DictionaryAttr recordOf(ScheduleAttr schedule);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_SCHEDULEREQUEST_H
