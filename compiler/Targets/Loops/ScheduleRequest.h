//===- ScheduleRequest.h - what an operation's schedule asks for ----------===//
//
// Reads the attribute `schedule` of an operation, and says why a form cannot follow it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_SCHEDULEREQUEST_H
#define FOVEA_COMPILER_TARGETS_CPU_SCHEDULEREQUEST_H

#include "compiler/Targets/CPU/Forms.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::cpu {

/// Class of refusals that a schedule causes: such forms are not passed over for want of ability.
inline constexpr llvm::StringLiteral kScheduleReason = "schedule";

/// The schedule of an operation; null when it has none.
ScheduleAttr scheduleOf(mlir::Operation *op);

/// True unless the schedule names another form.
bool isAskedFor(mlir::Operation *op, const Form &form);

/// True when the schedule names a form, whether or not that is the fastest.
bool namesForm(mlir::Operation *op);

/// The register tile that the schedule asks for.
std::optional<RegisterTile> requestedTile(mlir::Operation *op);

/// Why the sums of a tile do not all stay in registers, beside two that a step of the product
/// needs.
Refusal refuseRegisters(RegisterTile tile, const Capabilities &cpu);

/// Why `form`, which applies to `op`, does not follow its schedule.
Refusal refuseRequest(mlir::Operation *op, const Form &form, const Capabilities &cpu);

/// The schedule as a record of the ledger: form, tiles and kv_split, where given.
mlir::DictionaryAttr recordOf(ScheduleAttr schedule);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_SCHEDULEREQUEST_H
