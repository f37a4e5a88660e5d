//===- WidenRows.h - rows of short floats as f32 --------------------------===//
//
// A product reads its rows a scalar at a time, and a scalar of 16 bits takes four operations to be
// on all lanes: rows that are read more than once are widened into scratch memory first.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_WIDENROWS_H
#define FOVEA_COMPILER_TARGETS_CPU_WIDENROWS_H

#include "compiler/Targets/CPU/LaneRegion.h"

namespace fovea::cpu {

/// Copies the first `length` elements of rows of a matrix in f16 or bf16, whose rows are without
/// gaps, to the first rows of `wide`, in f32.
void widenRows(Nest &nest, mlir::Value matrix, const RowRange &rows, mlir::Value length,
               mlir::Value wide, int64_t lanes);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_WIDENROWS_H
