//===- Forms.h - the forms of CUDA devices --------------------------------===//
//
// Each in the file of its name; the forms of one thread for an element or a row are in
// compiler/Targets/Loops.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_FORMS_H
#define FOVEA_COMPILER_TARGETS_CUDA_FORMS_H

#include "compiler/Targets/Loops/Forms.h"

namespace fovea::cuda {

extern const loops::LoopForm kTileAttention;
extern const loops::LoopForm kWarpAttention;

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_FORMS_H
