//===- RegisterTile.h - a shape of the register product -------------------===//
//
// What schedules ask for and machines offer.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_REGISTERTILE_H
#define FOVEA_COMPILER_TARGETS_LOOPS_REGISTERTILE_H

#include <cstdint>

namespace fovea::loops {

/// A shape of the register product: rows of vectors.
struct RegisterTile {
  int64_t rows;
  int64_t vectors;
};

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_REGISTERTILE_H
