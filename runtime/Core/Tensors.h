//===- Tensors.h - checks tensors against an entry's signature ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_TENSORS_H
#define FOVEA_RUNTIME_CORE_TENSORS_H

#include "runtime/Artifact/Manifest.h"
#include "runtime/include/fovea_runtime.h"
#include <span>

namespace fovea::core {

fovea_dtype toDLPack(fvm::DType dtype);

/// Values of the entry's symbols from the inputs' shapes, written to `dims` (one per symbol).
/// Every occurrence must agree, and static sizes must match. Reads ndim and shape only.
fvm::Status solveDims(const fvm::Entry &entry, std::span<const fovea_tensor> inputs, int64_t *dims);

/// Size of a dimension, -1 when it depends on data.
inline int64_t dimValue(const fvm::Dim &dim, const int64_t *dims) {
  return dim.kind == fvm::Dim::Kind::Static   ? dim.value
         : dim.kind == fvm::Dim::Kind::Symbol ? dims[dim.value]
                                              : -1;
}

/// The host's memory, as DLPack has it.
inline constexpr fovea_dldevice hostMemory = {1, 0};

inline bool isIn(fovea_dldevice place, const fovea_tensor &tensor) {
  return tensor.device.device_type == place.device_type &&
         (place.device_type == hostMemory.device_type ||
          tensor.device.device_id == place.device_id);
}

/// Checks dtype, that the tensor is in the host's memory or `device`'s, and that there is data when
/// there are elements. The shape must have been checked.
fvm::Status checkInputData(const fvm::TensorInfo &info, const fovea_tensor &tensor,
                           fovea_dldevice device);

/// Checks a supplied output against its signature as far as `dims` tells, where it is, that it is
/// dense and that its rank and sizes are sound.
fvm::Status checkSuppliedOutput(const fvm::TensorInfo &info, const fovea_tensor &tensor,
                                const int64_t *dims, fovea_dldevice device);

/// Checks where an output that is not supplied is wanted: on `device`, or in the host's memory,
/// which all other types of devices stand for.
fvm::Status checkWantedOutput(const fvm::TensorInfo &info, const fovea_tensor &tensor,
                              fovea_dldevice device);

/// Bytes of the elements, false when a size is negative or the product overflows. The shape must
/// not be null unless rank is 0.
bool tensorBytes(int64_t elementBytes, std::span<const int64_t> shape, int64_t &bytes);

/// True when the elements lie in row-major order without gaps.
bool isDense(const fovea_tensor &tensor);

/// Copies a tensor of any strides to dense row-major memory.
void copyDense(const fovea_tensor &tensor, int64_t elementBytes, void *to);

inline std::span<const int64_t> shapeOf(const fovea_tensor &tensor) {
  return {tensor.shape, size_t(tensor.ndim)};
}

inline char *dataOf(const fovea_tensor &tensor) {
  return static_cast<char *>(tensor.data) + tensor.byte_offset;
}

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_TENSORS_H
