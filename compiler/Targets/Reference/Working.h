//===- Working.h - arithmetic of compound operations ----------------------===//
//
// Attention, contraction, norms and recurrences compute natively in a working type: double in the
// exact mode and for f64, float in the plain mode. Cells are converted on the way in and out.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_WORKING_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_WORKING_H

#include "compiler/Targets/Reference/Array.h"

#include "llvm/ADT/bit.h"

#include <cmath>
#include <type_traits>

// A product and a sum are rounded one by one, on every machine.
#pragma STDC FP_CONTRACT OFF

namespace fovea::reference {

/// A cell as a number of the working type, and back.
template <typename T> T load(Cell cell) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(cell.integer);
  else
    return static_cast<T>(cell.real);
}
template <typename T> void store(Cell &cell, T value) {
  if constexpr (std::is_integral_v<T>)
    cell.integer = static_cast<int64_t>(value);
  else
    cell.real = value;
}

/// A function of the C library, evaluated in double and rounded once.
template <typename T> T expOf(T x) { return static_cast<T>(std::exp(static_cast<double>(x))); }
template <typename T> T tanhOf(T x) { return static_cast<T>(std::tanh(static_cast<double>(x))); }
template <typename T> T logOf(T x) { return static_cast<T>(std::log(static_cast<double>(x))); }

/// The nearest number of 10 bits behind the point, of two as near the one away from 0, as tensor
/// cores take f32 (cvt.rna.tf32.f32): half of the last bit that is kept is added to the magnitude.
template <typename T> T roundToTf32(T value) {
  auto single = static_cast<float>(value);
  if (!std::isfinite(single))
    return value;
  return llvm::bit_cast<float>((llvm::bit_cast<uint32_t>(single) + 0x1000) & ~uint32_t(0x1fff));
}

/// Writes the elements at `strides` in row-major order of `shape`.
template <typename T>
void copyPermuted(const Cell *source, llvm::ArrayRef<int64_t> shape,
                  llvm::ArrayRef<int64_t> strides, T *target) {
  if (llvm::is_contained(shape, 0))
    return;
  if (shape.empty()) {
    *target = load<T>(*source);
    return;
  }
  llvm::SmallVector<int64_t> index(shape.size(), 0), rows(shape);
  int64_t length = rows.back(), step = strides.back();
  rows.back() = 1;
  do {
    int64_t offset = 0;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      offset += index[dim] * strides[dim];
    for (int64_t i = 0; i < length; ++i)
      *target++ = load<T>(source[offset + i * step]);
  } while (advance(index, rows));
}

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_WORKING_H
