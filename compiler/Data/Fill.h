//===- Fill.h - inputs made from a short text -----------------------------===//
//
// The values of `--input name=SPEC`: seeded random numbers, constants, or a file.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DATA_FILL_H
#define FOVEA_COMPILER_DATA_FILL_H

#include "compiler/Data/Tensor.h"

namespace fovea {

/// How an input gets its values.
struct Fill {
  enum class Kind { Randn, Randint, Ones, Zeros, File };
  Kind kind = Kind::Zeros;
  uint64_t seed = 0;
  /// Randint: values in [low, high).
  int64_t low = 0, high = 1;
  /// File: path of an .npy.
  std::string path;
};

/// Parses `randn:SEED`, `randint:LOW:HIGH:SEED`, `ones`, `zeros` or `@file.npy`; a missing seed is
/// 0.
llvm::Expected<Fill> parseFill(llvm::StringRef text);

/// The fill for inputs that nobody described: standard normal for floats, [0, 2) for integers and
/// bool, so that masks are mixed and token ids are valid.
Fill defaultFill(DType dtype, uint64_t seed);

/// A tensor filled by the rule. With @file, the file must hold `dtype` (or u16 for bf16) and
/// `shape`, where an extent of -1 admits any; without, `shape` must be complete. Randn needs a
/// floating-point dtype.
llvm::Expected<Tensor> makeTensor(const Fill &fill, DType dtype, llvm::ArrayRef<int64_t> shape);

/// The generator: draw k of seed s is splitmix64's finalizer of (mix(s) + (k + 1) * golden), so
/// that any element can be computed alone and every machine agrees. Element e of
///   randint is low + floor(draw(e) * (high - low) / 2^64);
///   randn   is, by Box-Muller over the pair (2p, 2p + 1) that holds e,
///           sqrt(-2 log u) * (e even ? cos : sin)(2 pi v) with
///           u = (draw(2p) >> 11 + 1) / 2^53 and v = (draw(2p + 1) >> 11) / 2^53.
uint64_t draw(uint64_t seed, uint64_t k);

} // namespace fovea

#endif // FOVEA_COMPILER_DATA_FILL_H
