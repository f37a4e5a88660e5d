//===- ShortPairs.h - two 16-bit floats in a word -------------------------===//
//
// Tensor cores take f16 and bf16 in pairs. What is asked of both of a pair is asked with one
// operation on the word.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_SHORTPAIRS_H
#define FOVEA_COMPILER_TARGETS_CUDA_SHORTPAIRS_H

#include "compiler/Targets/Loops/Nest.h"

namespace fovea::cuda {

/// Words are i32, the first float of a pair in the low half. Bits are i32 with bit 15 of a half for
/// its float.
class ShortPairs {
public:
  using Value = mlir::Value;

  /// Of floats of type `element`, f16 or bf16.
  ShortPairs(loops::Nest &nest, mlir::Type element);

  /// The first floats of two words, and the second ones.
  Value firsts(Value x, Value y);
  Value seconds(Value x, Value y);
  /// Two f32, rounded.
  Value round(Value first, Value second);

  /// Which floats are infinite or NaN.
  Value nonFinite(Value word);
  /// Of those that are not finite (`bits`), which are positive (or `negative`) or NaN.
  Value ofSign(Value word, Value bits, bool negative);
  /// 1 where a bit is, else 0.
  Value ones(Value bits);
  /// The floats, 0 where a bit is.
  Value cleared(Value word, Value bits);

private:
  Value constant(int64_t value);
  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(b, loc, x, y); }
  /// Bits of the halves that are not 0, all of which are below 0x8000.
  Value nonZero(Value halves);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type element;
  /// Exponent, mantissa, and the number 1, in both halves.
  int64_t exponent, mantissa, one;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_SHORTPAIRS_H
