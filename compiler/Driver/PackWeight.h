//===- PackWeight.h - the bytes of weights that the code reads ------------===//
//
// Runs the pack recipes of fovea.weight and lays out the weights section.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_PACKWEIGHT_H
#define FOVEA_COMPILER_DRIVER_PACKWEIGHT_H

#include "compiler/Driver/Compile.h"

namespace fovea {

/// The weights section of a lowered module in the order of its offsets, and what rounding did to
/// those that are rounded. False with a problem when a source is missing or too short, or a weight
/// cannot be rounded.
bool layOutWeights(mlir::ModuleOp module, const WeightStore &store,
                   std::vector<Artifact::Weight> &weights, std::vector<RoundedWeight> &rounded,
                   Problems &problems);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_PACKWEIGHT_H
