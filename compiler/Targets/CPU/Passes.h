//===- Passes.h - schedules of the CPU ------------------------------------===//
//
// Declares the CPU's passes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_PASSES_H
#define FOVEA_COMPILER_TARGETS_CPU_PASSES_H

#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Targets/CPU/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Targets/CPU/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_TARGETS_CPU_PASSES_H
