//===- TensorData.h - compile-time tensors --------------------------------===//
//
// A constant of a model: its type and bytes, borrowed from the model, a file or a folded result.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_TENSORDATA_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_TENSORDATA_H

#include "compiler/Frontends/Onnx/OnnxFile.h"
#include "compiler/Frontends/Onnx/OnnxTypes.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace onnx {
class TensorProto;
}

namespace fovea::onnx_frontend {

using Shape = llvm::SmallVector<int64_t, 4>;

/// Largest tensor that the importer accepts.
inline constexpr int64_t kMaxTensorBytes = int64_t(1) << 40;

/// Largest rank that the importer accepts.
inline constexpr size_t kMaxRank = 64;

/// Elements of a static shape; nothing when a size is negative, or the rank or the
/// bytes exceed the limit.
std::optional<int64_t> checkedElements(llvm::ArrayRef<int64_t> shape, Dtype dtype);

/// Dense row-major little-endian bytes, bool as one byte of 0 or 1.
struct Constant {
  Dtype dtype = Dtype::None;
  Shape shape;
  llvm::ArrayRef<uint8_t> bytes;
  /// What keeps `bytes` alive.
  std::shared_ptr<const void> owner;
  /// Initializer or node output.
  std::string name;
  /// The file behind the bytes, where there is one: they lie there at `offset`.
  std::shared_ptr<llvm::MemoryBuffer> file;
  uint64_t offset = 0;

  int64_t elements() const { return bytes.size() / byteWidth(dtype); }
  /// Element as an integer (bool and integers; unsigned 64 bit wraps).
  int64_t integerAt(int64_t position) const;
  /// Element as a number (any type).
  double numberAt(int64_t position) const;
};
using ConstantPtr = std::shared_ptr<const Constant>;

/// A constant that owns its bytes.
ConstantPtr makeConstant(Dtype dtype, llvm::ArrayRef<int64_t> shape, std::vector<uint8_t> bytes,
                         llvm::StringRef name);

/// Writes an element; integers are truncated, numbers converted with saturation.
void storeInteger(Dtype dtype, uint8_t *place, int64_t value);
void storeNumber(Dtype dtype, uint8_t *place, double value);

/// Reads a tensor of the model; `owner` keeps it alive. Null and the reason in `why` when its type
/// is unsupported, its size is wrong or its external data cannot be had.
ConstantPtr readTensor(const onnx::TensorProto &tensor, std::shared_ptr<const void> owner,
                       ExternalFiles &files, std::string &why);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_TENSORDATA_H
