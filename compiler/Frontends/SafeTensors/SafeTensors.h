//===- SafeTensors.h - one safetensors file -------------------------------===//
//
// Reads the header of a safetensors file: 8 bytes of length (little endian), a JSON object from
// names to {dtype, shape, data_offsets}, then the data.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_SAFETENSORS_SAFETENSORS_H
#define FOVEA_COMPILER_FRONTENDS_SAFETENSORS_SAFETENSORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>

namespace fovea {

enum class TensorDtype : uint8_t { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

/// The format's name of a dtype ("F32"), and the bytes of one element.
llvm::StringRef nameOf(TensorDtype dtype);
uint64_t bytesOf(TensorDtype dtype);

/// Where a tensor lies: dense, row-major, little endian.
struct TensorEntry {
  TensorDtype dtype = TensorDtype::F32;
  llvm::SmallVector<int64_t, 4> shape;
  /// From the start of the file. Not always a multiple of the element size.
  uint64_t offset = 0;
  uint64_t size = 0;
};

using TensorTable = llvm::StringMap<TensorEntry>;

/// The tensors of the file with contents `file`. Nothing, with a lower-case reason in `why`, unless
/// every rule holds: a header of at most 100 MB that is an object without duplicate keys; entries
/// with exactly the keys dtype, shape and data_offsets ("__metadata__" maps strings to strings);
/// dtypes as above; sizes that equal shape times element size; ranges that cover the data without
/// gap or overlap.
std::optional<TensorTable> parseSafeTensors(llvm::StringRef file, std::string &why);

/// Bytes of a dense tensor; nothing when a size is negative or the product exceeds 2^63 - 1.
std::optional<uint64_t> checkedByteSize(llvm::ArrayRef<int64_t> shape, uint64_t elementBytes);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_SAFETENSORS_SAFETENSORS_H
