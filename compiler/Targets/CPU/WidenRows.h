//===- WidenRows.h - rows copied as f32 -----------------------------------===//
//
// A product reads its rows a scalar at a time, and a scalar of 16 bits takes four operations to be
// on all lanes: rows that are read more than once are widened into scratch memory first. So are
// rows that do not follow one another evenly.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_WIDENROWS_H
#define FOVEA_COMPILER_TARGETS_CPU_WIDENROWS_H

#include "compiler/Targets/Loops/LaneRegion.h"

namespace fovea::cpu {

using namespace fovea::loops;

/// Copies the first `length` elements of a row of a matrix of floats, whose rows are without gaps,
/// to row `to` of `wide`, in f32.
void widenRow(Nest &nest, mlir::Value matrix, mlir::Value row, mlir::Value length, mlir::Value wide,
              mlir::Value to, int64_t lanes);

/// The same for some rows and the first ones of `wide`.
void widenRows(Nest &nest, mlir::Value matrix, const RowRange &rows, mlir::Value length,
               mlir::Value wide, int64_t lanes);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_WIDENROWS_H
