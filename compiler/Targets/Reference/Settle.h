//===- Settle.h - bringing a computed value into its type -----------------===//
//
// What happens to the result of every scalar operation: integers wrap to their width; floats are
// rounded to their format in the plain mode and left alone in the exact one.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_SETTLE_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_SETTLE_H

#include "compiler/Targets/Reference/Array.h"
#include "compiler/Targets/Reference/Interpreter.h"

#include "mlir/IR/BuiltinTypes.h"

namespace fovea::reference {

/// How values of a scalar type are stored.
struct Format {
  enum class Kind { F64, F32, F16, BF16, Integer, Unknown };
  Kind kind = Kind::Unknown;
  /// Bits; 64 for index.
  unsigned width = 64;

  static Format of(mlir::Type type);
  bool isFloat() const { return kind < Kind::Integer; }
};

/// Brings cells of a format into it: floats rounded once to nearest even, integers wrapped.
void settle(Format format, Cell *cells, int64_t count);
/// The format that results are settled in: floats are left as doubles in the exact mode.
Format settledFormat(mlir::Type type, Mode mode);

/// A float rounded to a format.
double roundTo(Format::Kind kind, double value);
/// The sign-extended value of the low `width` bits; the low bit itself for width 1.
inline int64_t wrapTo(unsigned width, int64_t value) {
  if (width >= 64)
    return value;
  if (width == 1)
    return value & 1;
  return static_cast<int64_t>(static_cast<uint64_t>(value) << (64 - width)) >> (64 - width);
}
/// The value read as unsigned.
inline uint64_t unsignedOf(unsigned width, int64_t value) {
  return width >= 64 ? static_cast<uint64_t>(value)
                     : static_cast<uint64_t>(value) & ((uint64_t(1) << width) - 1);
}

/// The bits of a stored value, and the value of bits (arith.bitcast, weights).
uint64_t encode(Format format, Cell cell);
Cell decode(Format format, uint64_t bits);

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_SETTLE_H
