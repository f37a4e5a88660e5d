//===- Tensor.h - dense tensors on the host -------------------------------===//
//
// A dtype, a shape and owned bytes: what goes into and comes out of a run, a file or a comparison.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DATA_TENSOR_H
#define FOVEA_COMPILER_DATA_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace fovea {

/// Element types that leave a run. Bool is one byte, 0 or 1.
enum class DType { F32, F64, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64, Bool };

/// Bytes of an element: 1, 2, 4 or 8.
unsigned sizeOf(DType dtype);
/// "f32", "bf16", "bool", ...
llvm::StringRef nameOf(DType dtype);
/// The reverse of nameOf.
std::optional<DType> dtypeNamed(llvm::StringRef name);
inline bool isFloat(DType dtype) { return dtype <= DType::BF16; }
inline bool isUnsigned(DType dtype) { return dtype >= DType::U8; }

/// Elements of a shape; nothing when an extent is negative or the product leaves 63 bits (an extent
/// of 0 makes it 0 whatever the others are).
std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> shape);
/// Bytes of a dense tensor; nothing as in elementCount.
std::optional<int64_t> byteCount(DType dtype, llvm::ArrayRef<int64_t> shape);
/// "f32[2x3]".
std::string describe(DType dtype, llvm::ArrayRef<int64_t> shape);

/// A dense row-major little-endian tensor that owns its bytes, 64-byte aligned. Move-only; safe to
/// read from several threads.
class Tensor {
public:
  Tensor() = default;
  /// A tensor of zeros. Fails when the size overflows or the memory cannot be had.
  static llvm::Expected<Tensor> create(DType dtype, llvm::ArrayRef<int64_t> shape);
  /// As above for sizes known to be small; a failure ends the program.
  static Tensor zeros(DType dtype, llvm::ArrayRef<int64_t> shape);
  /// A tensor with the given elements, converted to `dtype`, for tests and small inputs.
  static Tensor of(DType dtype, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  llvm::Expected<Tensor> clone() const;

  DType dtype() const { return type; }
  llvm::ArrayRef<int64_t> shape() const { return extents; }
  int64_t count() const { return elements; }
  int64_t byteSize() const { return elements * sizeOf(type); }
  uint8_t *data() { return bytes.get(); }
  const uint8_t *data() const { return bytes.get(); }
  llvm::ArrayRef<uint8_t> raw() const { return {bytes.get(), static_cast<size_t>(byteSize())}; }

  /// Element as double; integers beyond 2^53 are rounded.
  double real(int64_t index) const;
  /// Stores a value: rounded to nearest even for floats; truncated and saturated for integers (NaN
  /// gives 0); nonzero is true for bool.
  void setReal(int64_t index, double value);
  /// Element as int64: floats truncated and saturated, u64 as its bits.
  int64_t integer(int64_t index) const;
  /// Stores an integer, wrapped to the width; nonzero is true for bool.
  void setInteger(int64_t index, int64_t value);

  /// Reads the bytes as another dtype of the same element size (u16 as bf16, u8 as i8).
  llvm::Error reinterpret(DType dtype);
  /// Gives another shape with the same element count.
  llvm::Error reshape(llvm::ArrayRef<int64_t> shape);

private:
  struct Free {
    void operator()(uint8_t *memory) const;
  };
  DType type = DType::F32;
  llvm::SmallVector<int64_t, 4> extents{0};
  int64_t elements = 0;
  std::unique_ptr<uint8_t, Free> bytes;
};

} // namespace fovea

#endif // FOVEA_COMPILER_DATA_TENSOR_H
