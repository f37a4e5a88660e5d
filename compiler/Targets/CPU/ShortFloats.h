//===- ShortFloats.h - conversions that some CPUs have no instruction for -===//
//
// Bodies for the functions that the code generator calls for them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_SHORTFLOATS_H
#define FOVEA_COMPILER_TARGETS_CPU_SHORTFLOATS_H

#include "llvm/IR/Module.h"

namespace fovea::cpu {

/// To a module that may need them, adds __truncsfbf2, __truncdfbf2 and __truncdfhf2, which round to
/// nearest even: artefacts import memory functions alone.
void addShortFloatConversions(llvm::Module &module);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_SHORTFLOATS_H
