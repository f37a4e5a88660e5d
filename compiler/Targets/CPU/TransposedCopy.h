//===- TransposedCopy.h - between rows in memory and rows on the lanes ----===//
//
// Copies between a matrix whose rows lie in memory (queries, outputs) and a panel in scratch
// memory in which those rows go along the lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_TRANSPOSEDCOPY_H
#define FOVEA_COMPILER_TARGETS_CPU_TRANSPOSEDCOPY_H

#include "compiler/Targets/Loops/Nest.h"

namespace fovea::cpu {

using namespace fovea::loops;

/// A panel f32 [columns, vectors * lanes] whose lane l holds row `firstRow + l` of a matrix.
struct LanePanel {
  mlir::Value buffer;
  int64_t columns, vectors, lanes;
};

/// panel[c][l] = scale * matrix[firstRow + l][c]; lanes behind the last of `rows` rows repeat it.
/// `matrix` is f32, f16 or bf16; squares are transposed in registers where columns are contiguous.
void loadTransposed(Nest &nest, mlir::Value matrix, mlir::Value firstRow, mlir::Value rows,
                    double scale, const LanePanel &panel);

/// matrix[firstRow + l][c] = panel[c][l] for the rows below `rows`, rounded to the matrix's type.
void storeTransposed(Nest &nest, const LanePanel &panel, mlir::Value matrix, mlir::Value firstRow,
                     mlir::Value rows);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_TRANSPOSEDCOPY_H
