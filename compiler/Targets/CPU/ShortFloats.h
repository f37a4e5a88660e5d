//===- ShortFloats.h - conversions that some CPUs have no instruction for -===//
//
// Bodies for the functions that the code generator calls for them, and what else it is bad at.
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

/// Makes selects of vectors of bf16 selects of their bits: on processors without AVX512-BF16 the
/// code generator takes the former apart, lane by lane. For optimized modules.
void selectBFloatsAsBits(llvm::Module &module);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_SHORTFLOATS_H
