//===- TensorData.cpp - compile-time tensors ------------------------------===//
//
// Reading of TensorProto in all its encodings, with every size checked before use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/TensorData.h"

#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

#include <cmath>
#include <cstring>

using namespace fovea;
using namespace fovea::onnx_frontend;

std::optional<int64_t> fovea::onnx_frontend::checkedElements(llvm::ArrayRef<int64_t> shape,
                                                             Dtype dtype) {
  // Sizes beside a 0 count as well: their product occurs in strides and reshapes.
  if (shape.size() > kMaxRank)
    return std::nullopt;
  std::optional<int64_t> bound = std::max<int64_t>(1, byteWidth(dtype));
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    bound = llvm::checkedMul<int64_t>(*bound, std::max<int64_t>(1, extent));
    if (!bound || *bound >= kMaxTensorBytes)
      return std::nullopt;
    elements *= extent;
  }
  return elements;
}

template <typename T> static T load(const uint8_t *place) {
  T value;
  std::memcpy(&value, place, sizeof(T));
  return value;
}

template <typename T> static void store(uint8_t *place, T value) {
  std::memcpy(place, &value, sizeof(T));
}

int64_t Constant::integerAt(int64_t position) const {
  const uint8_t *place = bytes.data() + position * byteWidth(dtype);
  switch (dtype) {
  case Dtype::I8:
    return load<int8_t>(place);
  case Dtype::I16:
    return load<int16_t>(place);
  case Dtype::I32:
    return load<int32_t>(place);
  case Dtype::I64:
  case Dtype::U64:
    return load<int64_t>(place);
  case Dtype::U8:
  case Dtype::Bool:
    return *place;
  case Dtype::U16:
    return load<uint16_t>(place);
  case Dtype::U32:
    return load<uint32_t>(place);
  default:
    return 0;
  }
}

static const llvm::fltSemantics &semanticsOf(Dtype dtype) {
  return dtype == Dtype::F16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
}

double Constant::numberAt(int64_t position) const {
  const uint8_t *place = bytes.data() + position * byteWidth(dtype);
  switch (dtype) {
  case Dtype::F32:
    return load<float>(place);
  case Dtype::F64:
    return load<double>(place);
  case Dtype::F16:
  case Dtype::BF16: {
    llvm::APFloat value(semanticsOf(dtype), llvm::APInt(16, load<uint16_t>(place)));
    return value.convertToDouble();
  }
  case Dtype::U64:
    return static_cast<double>(load<uint64_t>(place));
  default:
    return static_cast<double>(integerAt(position));
  }
}

void fovea::onnx_frontend::storeInteger(Dtype dtype, uint8_t *place, int64_t value) {
  if (dtype == Dtype::Bool)
    value = value != 0;
  std::memcpy(place, &value, byteWidth(dtype));
}

void fovea::onnx_frontend::storeNumber(Dtype dtype, uint8_t *place, double value) {
  switch (dtype) {
  case Dtype::F32:
    return store<float>(place, static_cast<float>(value));
  case Dtype::F64:
    return store<double>(place, value);
  case Dtype::F16:
  case Dtype::BF16: {
    // As at run time: rounded to f32 first.
    llvm::APFloat number(static_cast<float>(value));
    bool lossy;
    number.convert(semanticsOf(dtype), llvm::APFloat::rmNearestTiesToEven, &lossy);
    return store<uint16_t>(place, number.bitcastToAPInt().getZExtValue());
  }
  case Dtype::Bool:
    *place = value != 0;
    return;
  default:
    break;
  }
  unsigned bits = 8 * byteWidth(dtype);
  llvm::APSInt integer(bits, isUnsigned(dtype));
  bool exact;
  llvm::APFloat number(value);
  if (number.isNaN())
    return storeInteger(dtype, place, 0);
  // Out of range, convertToInteger gives the nearest representable value.
  number.convertToInteger(integer, llvm::APFloat::rmTowardZero, &exact);
  storeInteger(dtype, place, isUnsigned(dtype) ? integer.getZExtValue() : integer.getSExtValue());
}

ConstantPtr fovea::onnx_frontend::makeConstant(Dtype dtype, llvm::ArrayRef<int64_t> shape,
                                               std::vector<uint8_t> bytes, llvm::StringRef name) {
  auto result = std::make_shared<Constant>();
  auto storage = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  result->dtype = dtype;
  result->shape.assign(shape.begin(), shape.end());
  result->bytes = *storage;
  result->owner = storage;
  result->name = name.str();
  return result;
}

/// Finds the bytes in another file; false and the reason when it must not or cannot be used.
static bool readExternal(const onnx::TensorProto &tensor, uint64_t size, ExternalFiles &files,
                         Constant &result, std::string &why) {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    llvm::StringRef value = entry.value();
    uint64_t number = 0;
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      if (value.getAsInteger(10, number)) {
        why = "external data: " + entry.key() + " is no count";
        return false;
      }
      if (entry.key() == "offset")
        offset = number;
      else
        length = number;
    } else if (entry.key() != "checksum") {
      why = "external data: unknown key '" + entry.key() + "'";
      return false;
    }
  }
  if (length && *length != size) {
    why = "external data: " + llvm::utostr(*length) + " bytes given, " + llvm::utostr(size) +
          " needed";
    return false;
  }
  result.file = files.open(location, why);
  if (!result.file) {
    why = "external data '" + location + "' refused: " + why;
    return false;
  }
  uint64_t available = result.file->getBufferSize();
  if (offset > available || size > available - offset) {
    why = "external data '" + location + "' ends before the tensor does";
    return false;
  }
  result.offset = offset;
  result.owner = result.file;
  result.bytes = {reinterpret_cast<const uint8_t *>(result.file->getBufferStart()) + offset,
                  static_cast<size_t>(size)};
  return true;
}

template <typename Field>
static bool copyField(const Field &field, int64_t elements, Dtype dtype,
                      std::vector<uint8_t> &bytes) {
  if (field.size() != elements)
    return false;
  bytes.resize(elements * byteWidth(dtype));
  uint8_t *place = bytes.data();
  for (auto value : field) {
    if constexpr (std::is_floating_point_v<decltype(value)>)
      store(place, value);
    else
      storeInteger(dtype, place, static_cast<int64_t>(value));
    place += byteWidth(dtype);
  }
  return true;
}

static bool copyTyped(const onnx::TensorProto &tensor, Dtype dtype, int64_t elements,
                      std::vector<uint8_t> &bytes) {
  switch (dtype) {
  case Dtype::F32:
    return copyField(tensor.float_data(), elements, dtype, bytes);
  case Dtype::F64:
    return copyField(tensor.double_data(), elements, dtype, bytes);
  case Dtype::I64:
    return copyField(tensor.int64_data(), elements, dtype, bytes);
  case Dtype::U32:
  case Dtype::U64:
    return copyField(tensor.uint64_data(), elements, dtype, bytes);
  default:
    return copyField(tensor.int32_data(), elements, dtype, bytes);
  }
}

ConstantPtr fovea::onnx_frontend::readTensor(const onnx::TensorProto &tensor,
                                             std::shared_ptr<const void> owner,
                                             ExternalFiles &files, std::string &why) {
  auto dtype = dtypeOf(tensor.data_type());
  if (!dtype) {
    why = "element type " + onnxTypeName(tensor.data_type()).str() + " is not supported";
    return nullptr;
  }
  auto result = std::make_shared<Constant>();
  result->dtype = *dtype;
  result->shape.assign(tensor.dims().begin(), tensor.dims().end());
  result->name = tensor.name();
  auto elements = checkedElements(result->shape, *dtype);
  if (!elements || tensor.has_segment()) {
    why = "its sizes are negative or too large";
    return nullptr;
  }
  uint64_t size = *elements * byteWidth(*dtype);
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    if (!readExternal(tensor, size, files, *result, why))
      return nullptr;
  } else if (tensor.has_raw_data()) {
    const std::string &raw = tensor.raw_data();
    if (raw.size() != size) {
      why = llvm::utostr(raw.size()) + " bytes given, " + llvm::utostr(size) + " needed";
      return nullptr;
    }
    result->bytes = {reinterpret_cast<const uint8_t *>(raw.data()), raw.size()};
    result->owner = std::move(owner);
  } else {
    std::vector<uint8_t> bytes;
    if (!copyTyped(tensor, *dtype, *elements, bytes)) {
      why = "the number of values is not the number of elements";
      return nullptr;
    }
    return makeConstant(*dtype, result->shape, std::move(bytes), tensor.name());
  }
  if (*dtype == Dtype::Bool && llvm::any_of(result->bytes, [](uint8_t byte) { return byte > 1; })) {
    std::vector<uint8_t> bytes(result->bytes.begin(), result->bytes.end());
    for (uint8_t &byte : bytes)
      byte = byte != 0;
    return makeConstant(*dtype, result->shape, std::move(bytes), tensor.name());
  }
  return result;
}
