//===- Fragments.h - matrices spread over the lanes of a warp -------------===//
//
// The rules of ldmatrix, mma.sync and shfl.sync as functions of the registers of 32 lanes.
// Fragments are those of the PTX ISA ("Matrix Fragments for mma"), with group = lane / 4 and
// member = lane % 4. Sums of floats: the elements are converted to f32, where products of two f16,
// bf16 or tf32 are exact unless they leave its range, and added to c in the order of k, each
// rounded to nearest. Hardware adds in another order, with wider or truncated sums: results agree
// up to the rounding of f32, not bit by bit.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_FRAGMENTS_H
#define FOVEA_RUNTIME_EMULATOR_FRAGMENTS_H

#include "runtime/include/fovea_device_abi.h"

namespace fovea::emulator {

/// The registers of each lane.
struct ProductOperands {
  const uint32_t *a[FOVEA_WARP], *b[FOVEA_WARP];
  /// c, and then d.
  uint32_t *sum[FOVEA_WARP];
};

/// Computes d = a * b + c; false for a kind that there is not.
bool multiply(int32_t kind, const ProductOperands &operands);

/// ldmatrix: of `count` matrices of 8 rows of 8 elements of 16 bits, row r of matrix m begins at
/// rows[8 m + r]. `registers` of each lane receive a word for each matrix.
void loadMatrices(const void *const *rows, int32_t count, bool transposed,
                  uint32_t *const *registers);

/// shfl.sync: the lane that `lane` takes its value from, and PTX's predicate p. `clamp` holds the
/// bound in bits 0 to 4 and the mask of segments in bits 8 to 12.
int32_t shuffleSource(int32_t kind, int32_t lane, uint32_t operand, uint32_t clamp, bool &inRange);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_FRAGMENTS_H
