//===- OnnxTypes.cpp - element types of ONNX ------------------------------===//
//
// One table of the supported types.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/OnnxTypes.h"

#include "mlir/IR/Builders.h"

using namespace fovea::onnx_frontend;

namespace {
struct Row {
  Dtype dtype;
  const char *name;
  TypeSet set;
  int bits;
};
} // namespace

static constexpr Row kRows[] = {
    {Dtype::F32, "float", kFloats, 32},    {Dtype::F64, "double", kFloats, 64},
    {Dtype::F16, "float16", kFloats, 16},  {Dtype::BF16, "bfloat16", kFloats, 16},
    {Dtype::I8, "int8", kSigned, 8},       {Dtype::I16, "int16", kSigned, 16},
    {Dtype::I32, "int32", kSigned, 32},    {Dtype::I64, "int64", kSigned, 64},
    {Dtype::U8, "uint8", kUnsigned, 8},    {Dtype::U16, "uint16", kUnsigned, 16},
    {Dtype::U32, "uint32", kUnsigned, 32}, {Dtype::U64, "uint64", kUnsigned, 64},
    {Dtype::Bool, "bool", kBool, 8}};

static const Row *find(int64_t number) {
  for (const Row &row : kRows)
    if (static_cast<int64_t>(row.dtype) == number)
      return &row;
  return nullptr;
}

std::optional<Dtype> fovea::onnx_frontend::dtypeOf(int64_t number) {
  const Row *row = find(number);
  return row ? std::optional(row->dtype) : std::nullopt;
}

std::string fovea::onnx_frontend::membersOf(TypeSet set) {
  std::string names;
  for (const Row &row : kRows)
    if (row.set & set)
      names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

llvm::StringRef fovea::onnx_frontend::onnxTypeName(int64_t number) {
  if (const Row *row = find(number))
    return row->name;
  switch (number) {
  case 8:
    return "string";
  case 14:
    return "complex64";
  case 15:
    return "complex128";
  case 17:
    return "float8e4m3fn";
  case 18:
    return "float8e4m3fnuz";
  case 19:
    return "float8e5m2";
  case 20:
    return "float8e5m2fnuz";
  case 21:
    return "uint4";
  case 22:
    return "int4";
  case 23:
    return "float4e2m1";
  default:
    return "unknown";
  }
}

llvm::StringRef fovea::onnx_frontend::nameOf(Dtype dtype) {
  return onnxTypeName(static_cast<int64_t>(dtype));
}

TypeSet fovea::onnx_frontend::setOf(Dtype dtype) {
  const Row *row = find(static_cast<int64_t>(dtype));
  return row ? row->set : TypeSet(0);
}

bool fovea::onnx_frontend::isFloat(Dtype dtype) { return setOf(dtype) == kFloats; }
bool fovea::onnx_frontend::isUnsigned(Dtype dtype) { return setOf(dtype) == kUnsigned; }
bool fovea::onnx_frontend::isInteger(Dtype dtype) { return (setOf(dtype) & kInts) != 0; }
bool fovea::onnx_frontend::isHalf(Dtype dtype) {
  return dtype == Dtype::F16 || dtype == Dtype::BF16;
}

int64_t fovea::onnx_frontend::byteWidth(Dtype dtype) {
  const Row *row = find(static_cast<int64_t>(dtype));
  return row ? row->bits / 8 : 0;
}

mlir::Type fovea::onnx_frontend::mlirType(mlir::MLIRContext *context, Dtype dtype) {
  mlir::Builder builder(context);
  switch (dtype) {
  case Dtype::F32:
    return builder.getF32Type();
  case Dtype::F64:
    return builder.getF64Type();
  case Dtype::F16:
    return builder.getF16Type();
  case Dtype::BF16:
    return builder.getBF16Type();
  case Dtype::Bool:
    return builder.getI1Type();
  default:
    return builder.getIntegerType(8 * byteWidth(dtype));
  }
}

llvm::StringRef fovea::onnx_frontend::unsignedName(Dtype dtype) {
  switch (dtype) {
  case Dtype::U8:
    return "u8";
  case Dtype::U16:
    return "u16";
  case Dtype::U32:
    return "u32";
  case Dtype::U64:
    return "u64";
  default:
    return "";
  }
}
