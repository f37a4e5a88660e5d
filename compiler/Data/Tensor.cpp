//===- Tensor.cpp - dense tensors on the host -----------------------------===//
//
// Sizes with overflow checks, and element access that converts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Tensor.h"

#include "compiler/Data/SmallFloat.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/ErrorHandling.h"

#include <cstdlib>
#include <cstring>
#include <limits>

using namespace fovea;

static constexpr struct {
  const char *name;
  unsigned size;
} kTypes[] = {{"f32", 4}, {"f64", 8}, {"f16", 2}, {"bf16", 2}, {"i8", 1},  {"i16", 2}, {"i32", 4},
              {"i64", 8}, {"u8", 1},  {"u16", 2}, {"u32", 4},  {"u64", 8}, {"bool", 1}};

unsigned fovea::sizeOf(DType dtype) { return kTypes[static_cast<int>(dtype)].size; }

llvm::StringRef fovea::nameOf(DType dtype) { return kTypes[static_cast<int>(dtype)].name; }

std::optional<DType> fovea::dtypeNamed(llvm::StringRef name) {
  for (auto [index, entry] : llvm::enumerate(kTypes))
    if (name == entry.name)
      return static_cast<DType>(index);
  return std::nullopt;
}

std::optional<int64_t> fovea::elementCount(llvm::ArrayRef<int64_t> shape) {
  if (llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return std::nullopt;
  if (llvm::is_contained(shape, 0))
    return 0;
  std::optional<int64_t> count = 1;
  for (int64_t extent : shape)
    if (!(count = llvm::checkedMul(*count, extent)))
      return std::nullopt;
  return count;
}

std::optional<int64_t> fovea::byteCount(DType dtype, llvm::ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  return count ? llvm::checkedMul<int64_t>(*count, sizeOf(dtype)) : std::nullopt;
}

std::string fovea::describe(DType dtype, llvm::ArrayRef<int64_t> shape) {
  std::string text = nameOf(dtype).str() + "[";
  for (auto [index, extent] : llvm::enumerate(shape))
    text += (index ? "x" : "") + std::to_string(extent);
  return text + "]";
}

void Tensor::Free::operator()(uint8_t *memory) const { std::free(memory); }

llvm::Expected<Tensor> Tensor::create(DType dtype, llvm::ArrayRef<int64_t> shape) {
  std::optional<int64_t> size = byteCount(dtype, shape);
  if (!size || *size > std::numeric_limits<int64_t>::max() - 64)
    return llvm::createStringError("tensor " + describe(dtype, shape) + " is too large");
  size_t rounded = (static_cast<size_t>(*size) / 64 + 1) * 64;
  auto *memory = static_cast<uint8_t *>(std::aligned_alloc(64, rounded));
  if (!memory)
    return llvm::createStringError("no memory for tensor " + describe(dtype, shape));
  std::memset(memory, 0, rounded);
  Tensor tensor;
  tensor.type = dtype;
  tensor.extents.assign(shape.begin(), shape.end());
  tensor.elements = *size / sizeOf(dtype);
  tensor.bytes.reset(memory);
  return tensor;
}

Tensor Tensor::zeros(DType dtype, llvm::ArrayRef<int64_t> shape) {
  return llvm::cantFail(create(dtype, shape));
}

Tensor Tensor::of(DType dtype, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values) {
  Tensor tensor = zeros(dtype, shape);
  if (tensor.count() != static_cast<int64_t>(values.size()))
    llvm::report_fatal_error("Tensor::of: as many values as elements are needed");
  for (auto [index, value] : llvm::enumerate(values))
    tensor.setReal(index, value);
  return tensor;
}

llvm::Expected<Tensor> Tensor::clone() const {
  llvm::Expected<Tensor> copy = create(type, extents);
  if (copy && byteSize() > 0)
    std::memcpy(copy->data(), data(), byteSize());
  return copy;
}

template <typename T> static T loadAs(const uint8_t *data, int64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T> static void storeAs(uint8_t *data, int64_t index, T value) {
  std::memcpy(data + index * sizeof(T), &value, sizeof(T));
}

template <typename T> static T saturate(double value) {
  // The upper limit as a double is one past the largest value of wide types.
  if (std::isnan(value))
    return 0;
  if (value <= static_cast<double>(std::numeric_limits<T>::min()))
    return std::numeric_limits<T>::min();
  if (value >= static_cast<double>(std::numeric_limits<T>::max()))
    return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

double Tensor::real(int64_t index) const {
  switch (type) {
  case DType::F32:
    return loadAs<float>(data(), index);
  case DType::F64:
    return loadAs<double>(data(), index);
  case DType::F16:
    return decodeF16(loadAs<uint16_t>(data(), index));
  case DType::BF16:
    return decodeBF16(loadAs<uint16_t>(data(), index));
  case DType::U64:
    return static_cast<double>(loadAs<uint64_t>(data(), index));
  default:
    return static_cast<double>(integer(index));
  }
}

void Tensor::setReal(int64_t index, double value) {
  switch (type) {
  case DType::F32:
    return storeAs(data(), index, static_cast<float>(value));
  case DType::F64:
    return storeAs(data(), index, value);
  case DType::F16:
    return storeAs(data(), index, encodeF16(value));
  case DType::BF16:
    return storeAs(data(), index, encodeBF16(value));
  case DType::I8:
    return storeAs(data(), index, saturate<int8_t>(value));
  case DType::I16:
    return storeAs(data(), index, saturate<int16_t>(value));
  case DType::I32:
    return storeAs(data(), index, saturate<int32_t>(value));
  case DType::I64:
    return storeAs(data(), index, saturate<int64_t>(value));
  case DType::U8:
    return storeAs(data(), index, saturate<uint8_t>(value));
  case DType::U16:
    return storeAs(data(), index, saturate<uint16_t>(value));
  case DType::U32:
    return storeAs(data(), index, saturate<uint32_t>(value));
  case DType::U64:
    return storeAs(data(), index, saturate<uint64_t>(value));
  case DType::Bool:
    return storeAs<uint8_t>(data(), index, value != 0);
  }
}

int64_t Tensor::integer(int64_t index) const {
  switch (type) {
  case DType::I8:
    return loadAs<int8_t>(data(), index);
  case DType::I16:
    return loadAs<int16_t>(data(), index);
  case DType::I32:
    return loadAs<int32_t>(data(), index);
  case DType::U16:
    return loadAs<uint16_t>(data(), index);
  case DType::U32:
    return loadAs<uint32_t>(data(), index);
  case DType::I64:
  case DType::U64:
    return loadAs<int64_t>(data(), index);
  case DType::U8:
  case DType::Bool:
    return loadAs<uint8_t>(data(), index);
  default:
    return saturate<int64_t>(real(index));
  }
}

void Tensor::setInteger(int64_t index, int64_t value) {
  if (isFloat(type))
    return setReal(index, static_cast<double>(value));
  if (type == DType::Bool)
    return storeAs<uint8_t>(data(), index, value != 0);
  // Little-endian: the low bytes are the wrapped value.
  std::memcpy(data() + index * sizeOf(type), &value, sizeOf(type));
}

llvm::Error Tensor::reinterpret(DType dtype) {
  if (sizeOf(dtype) != sizeOf(type))
    return llvm::createStringError("cannot read " + nameOf(type) + " as " + nameOf(dtype));
  type = dtype;
  return llvm::Error::success();
}

llvm::Error Tensor::reshape(llvm::ArrayRef<int64_t> shape) {
  if (elementCount(shape) != elements)
    return llvm::createStringError("cannot reshape " + describe(type, extents) + " to " +
                                   describe(type, shape));
  extents.assign(shape.begin(), shape.end());
  return llvm::Error::success();
}
