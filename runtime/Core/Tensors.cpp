//===- Tensors.cpp - checks tensors against an entry's signature ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Tensors.h"

#include <cstring>

namespace fovea::core {

using fvm::Code;
using fvm::concat;
using fvm::Dim;
using fvm::Status;

fovea_dtype toDLPack(fvm::DType dtype) {
  using fvm::DType;
  enum : uint8_t { Int = 0, UInt = 1, Float = 2, BFloat = 4, Bool = 6 };
  uint8_t code = Float;
  if (dtype == DType::BF16)
    code = BFloat;
  else if (dtype == DType::Bool)
    code = Bool;
  else if (dtype >= DType::U8)
    code = UInt;
  else if (dtype >= DType::I8)
    code = Int;
  return {code, uint8_t(8 * fvm::dtypeBytes(dtype)), 1};
}

bool tensorBytes(int64_t elementBytes, std::span<const int64_t> shape, int64_t &bytes) {
  bytes = elementBytes;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return false;
    empty |= size == 0;
    // An empty tensor's other sizes must be sound as well.
    if (size > 0 && __builtin_mul_overflow(bytes, size, &bytes))
      return false;
  }
  if (empty)
    bytes = 0;
  return true;
}

/// "input 'ids', dimension 1".
static std::string place(std::string_view role, const fvm::TensorInfo &info, size_t dim) {
  return concat(role, " '", info.name, "', dimension ", dim);
}

static Status checkRank(std::string_view role, const fvm::TensorInfo &info,
                        const fovea_tensor &tensor) {
  if (tensor.ndim < 0 || size_t(tensor.ndim) != info.shape.size())
    return {Code::ShapeMismatch, concat(role, " '", info.name, "': expected rank ",
                                        info.shape.size(), ", got ", tensor.ndim)};
  if (tensor.ndim && !tensor.shape)
    return {Code::InvalidArgument, concat(role, " '", info.name, "': its shape is null")};
  return {};
}

/// Where a symbol got its value first, for the message.
static std::string firstPlace(const fvm::Entry &entry, int64_t symbol) {
  for (const fvm::TensorInfo &input : entry.inputs)
    for (size_t d = 0; d < input.shape.size(); ++d)
      if (input.shape[d] == Dim::symbol(symbol))
        return place("input", input, d);
  return {};
}

static Status solveInput(const fvm::Entry &entry, const fvm::TensorInfo &info,
                         const fovea_tensor &tensor, int64_t *dims) {
  for (size_t d = 0; d < info.shape.size(); ++d) {
    const Dim &dim = info.shape[d];
    int64_t got = tensor.shape[d];
    if (got < 0)
      return {Code::ShapeMismatch, concat(place("input", info, d), ": size ", got)};
    bool isSymbol = dim.kind == Dim::Kind::Symbol;
    if (isSymbol && dims[dim.value] < 0)
      dims[dim.value] = got;
    int64_t expected = dimValue(dim, dims);
    if (got == expected)
      continue;
    std::string why;
    if (isSymbol)
      why = concat(" ('", entry.symbols[dim.value], "', as in ", firstPlace(entry, dim.value), ")");
    return {Code::ShapeMismatch,
            concat(place("input", info, d), ": expected ", expected, why, ", got ", got)};
  }
  int64_t bytes;
  if (!tensorBytes(fvm::dtypeBytes(info.dtype), shapeOf(tensor), bytes))
    return {Code::ShapeMismatch, concat("input '", info.name, "' is too large")};
  return {};
}

Status solveDims(const fvm::Entry &entry, std::span<const fovea_tensor> inputs, int64_t *dims) {
  if (inputs.size() != entry.inputs.size())
    return {Code::InvalidArgument, concat("entry '", entry.name, "' has ", entry.inputs.size(),
                                          " inputs, got ", inputs.size())};
  for (size_t i = 0; i < entry.symbols.size(); ++i)
    dims[i] = -1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (Status status = checkRank("input", entry.inputs[i], inputs[i]); !status.ok())
      return status;
    if (Status status = solveInput(entry, entry.inputs[i], inputs[i], dims); !status.ok())
      return status;
  }
  return {};
}

static std::string dtypeText(fovea_dtype dtype) {
  return concat("(code ", dtype.code, ", bits ", dtype.bits, ", lanes ", dtype.lanes, ")");
}

static Status checkPlace(std::string_view role, const fvm::TensorInfo &info,
                         const fovea_tensor &tensor, fovea_dldevice device) {
  if (isIn(hostMemory, tensor) || isIn(device, tensor))
    return {};
  if (device.device_type == hostMemory.device_type)
    return {Code::InvalidArgument, concat(role, " '", info.name, "' is on device type ",
                                          tensor.device.device_type, ", expected the CPU (1)")};
  return {Code::InvalidArgument,
          concat(role, " '", info.name, "' is on device ", tensor.device.device_id, " of type ",
                 tensor.device.device_type, ", expected the CPU (type 1) or device ",
                 device.device_id, " of type ", device.device_type)};
}

static Status checkKind(std::string_view role, const fvm::TensorInfo &info,
                        const fovea_tensor &tensor, fovea_dldevice device) {
  fovea_dtype expected = toDLPack(info.dtype);
  if (memcmp(&expected, &tensor.dtype, sizeof(expected)) != 0)
    return {Code::InvalidArgument,
            concat(role, " '", info.name, "': expected dtype ", dtypeName(info.dtype), " ",
                   dtypeText(expected), ", got ", dtypeText(tensor.dtype))};
  return checkPlace(role, info, tensor, device);
}

Status checkWantedOutput(const fvm::TensorInfo &info, const fovea_tensor &tensor,
                         fovea_dldevice device) {
  if (tensor.device.device_type != device.device_type)
    return {};
  return checkPlace("output", info, tensor, device);
}

Status checkInputData(const fvm::TensorInfo &info, const fovea_tensor &tensor,
                      fovea_dldevice device) {
  if (Status status = checkKind("input", info, tensor, device); !status.ok())
    return status;
  int64_t bytes = 0;
  if (!tensor.data && tensorBytes(1, shapeOf(tensor), bytes) && bytes)
    return {Code::InvalidArgument, concat("input '", info.name, "': its data is null")};
  return {};
}

Status checkSuppliedOutput(const fvm::TensorInfo &info, const fovea_tensor &tensor,
                           const int64_t *dims, fovea_dldevice device) {
  if (Status status = checkKind("output", info, tensor, device); !status.ok())
    return status;
  if (Status status = checkRank("output", info, tensor); !status.ok())
    return status;
  for (size_t d = 0; d < info.shape.size(); ++d) {
    int64_t expected = dimValue(info.shape[d], dims);
    if (expected >= 0 && tensor.shape[d] != expected)
      return {Code::ShapeMismatch,
              concat(place("output", info, d), ": expected ", expected, ", got ", tensor.shape[d])};
  }
  int64_t bytes;
  if (!tensorBytes(fvm::dtypeBytes(info.dtype), shapeOf(tensor), bytes))
    return {Code::ShapeMismatch,
            concat("output '", info.name, "': a size is negative or too large")};
  if (!isDense(tensor))
    return {Code::InvalidArgument, concat("output '", info.name, "' is not dense row-major")};
  return {};
}

bool isDense(const fovea_tensor &tensor) {
  if (!tensor.strides)
    return true;
  int64_t expected = 1;
  for (int32_t d = tensor.ndim - 1; d >= 0; --d) {
    if (tensor.shape[d] == 0)
      return true;
    expected *= tensor.shape[d];
  }
  for (int32_t d = 0; d < tensor.ndim; ++d) {
    expected /= tensor.shape[d];
    if (tensor.shape[d] != 1 && tensor.strides[d] != expected)
      return false;
  }
  return true;
}

void copyDense(const fovea_tensor &tensor, int64_t elementBytes, void *to) {
  int64_t bytes;
  if (!tensorBytes(elementBytes, shapeOf(tensor), bytes) || bytes == 0)
    return;
  char *out = static_cast<char *>(to), *end = out + bytes;
  const char *from = dataOf(tensor);
  int64_t index[FOVEA_MAX_RANK] = {};
  int32_t last = tensor.ndim - 1;
  int64_t rowStride = last < 0 ? 0 : tensor.strides[last] * elementBytes;
  int64_t rowSize = last < 0 ? 1 : tensor.shape[last];
  while (out != end) {
    for (int64_t i = 0; i < rowSize; ++i, out += elementBytes)
      memcpy(out, from + i * rowStride, size_t(elementBytes));
    for (int32_t d = last - 1; d >= 0; --d) {
      from += tensor.strides[d] * elementBytes;
      if (++index[d] < tensor.shape[d])
        break;
      from -= tensor.shape[d] * tensor.strides[d] * elementBytes;
      index[d] = 0;
    }
  }
}

} // namespace fovea::core
