//===- OnnxTypes.h - element types of ONNX --------------------------------===//
//
// The element types that the importer accepts, with the sign that MLIR's types do not carry.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_ONNXTYPES_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_ONNXTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace fovea::onnx_frontend {

/// Numbers as in onnx.TensorProto.DataType.
enum class Dtype : int32_t {
  None = 0,
  F32 = 1,
  U8 = 2,
  I8 = 3,
  U16 = 4,
  I16 = 5,
  I32 = 6,
  I64 = 7,
  Bool = 9,
  F16 = 10,
  F64 = 11,
  U32 = 12,
  U64 = 13,
  BF16 = 16
};

/// Sets of element types, for operators' constraints.
enum TypeSet : uint32_t {
  kFloats = 1,
  kSigned = 2,
  kUnsigned = 4,
  kBool = 8,
  kInts = kSigned | kUnsigned,
  kNumbers = kFloats | kInts,
  kAnyType = kNumbers | kBool
};

/// The supported type of that number, or nothing.
std::optional<Dtype> dtypeOf(int64_t number);
/// ONNX's name of any type number: "float16", "string".
llvm::StringRef onnxTypeName(int64_t number);
llvm::StringRef nameOf(Dtype dtype);
/// ONNX's names of the members of a set: "float, double, float16, bfloat16".
std::string membersOf(TypeSet set);
/// The set that has the type as a member.
TypeSet setOf(Dtype dtype);
bool isFloat(Dtype dtype);
bool isUnsigned(Dtype dtype);
/// Signed or unsigned integer; bool is none.
bool isInteger(Dtype dtype);
/// f16 or bf16, whose transcendental functions are taken in f32.
bool isHalf(Dtype dtype);
/// Bytes of an element in memory.
int64_t byteWidth(Dtype dtype);
/// Signless element type in MLIR.
mlir::Type mlirType(mlir::MLIRContext *context, Dtype dtype);
/// "u8" and so on for fovea.dtype; empty where MLIR's type says it all.
llvm::StringRef unsignedName(Dtype dtype);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_ONNXTYPES_H
