//===- FragmentOps.cpp - verification of matrices of a warp ---------------===//
//
// Verifiers of the operations on fragments.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

using namespace mlir;
using namespace fovea::warp;

/// Rows of a swizzle repeat after this many bytes: once through all banks.
static constexpr int64_t kBanks = 128;

/// Constraints on a swizzle of the rows of `type`.
static LogicalResult verifySwizzle(Operation *op, int64_t swizzle, MemRefType type) {
  if (swizzle == 0)
    return success();
  if (swizzle != 32 && swizzle != 64 && swizzle != 128)
    return op->emitOpError("swizzle_c1: expected 32, 64 or 128 bytes, or 0 for none, got ")
           << swizzle;
  SmallVector<int64_t> strides;
  int64_t offset, pitch = 0;
  bool isMatrix = type.getRank() >= 2 && succeeded(type.getStridesAndOffset(strides, offset)) &&
                  strides.back() == 1 && !ShapedType::isDynamic(strides[type.getRank() - 2]);
  if (isMatrix)
    pitch = strides[type.getRank() - 2] * type.getElementTypeBitWidth() / 8;
  if (pitch == 0 || pitch % swizzle != 0 || (pitch < kBanks && kBanks % pitch != 0))
    return op->emitOpError("swizzle_c2: expected rows of a static multiple of ")
           << swizzle << " bytes that divides 128 when it is less, got " << type;
  return success();
}

LogicalResult SplatOp::verify() {
  Role role = getResult().getType().getRole();
  if (role != Role::Acc && role != Role::Row)
    return emitOpError("splat_c1: expected a sum or a row, got ") << getResult().getType();
  return success();
}

LogicalResult LoadFragmentOp::verify() {
  FragmentType type = getResult().getType();
  auto source = cast<MemRefType>(getSource().getType());
  bool isOperand = type.getRole() == Role::A || type.getRole() == Role::B;
  Type stored = type.getElementType();
  if (stored.isTF32())
    stored = Float32Type::get(getContext());
  if (!isOperand || source.getElementType() != stored || source.getRank() < 2 ||
      int64_t(getIndices().size()) != source.getRank() || !isShared(source))
    return emitOpError("load_fragment_c1: expected an operand from a matrix of its elements in the "
                       "workgroup's memory with one index per dimension, got ")
           << type << " from " << source << " with " << getIndices().size();
  return verifySwizzle(*this, getSwizzle(), source);
}

LogicalResult StoreFragmentOp::verify() {
  FragmentType type = getFragment().getType();
  auto target = cast<MemRefType>(getTarget().getType());
  Type element = target.getElementType();
  int64_t rank = type.getShape().size();
  bool isStored = type.getRole() == Role::Acc || type.getRole() == Role::Row;
  bool isFloat = element.isF32() || element.isF16() || element.isBF16();
  if (!isStored || !isFloat || int64_t(getIndices().size()) != target.getRank() ||
      target.getRank() < rank)
    return emitOpError("store_fragment_c1: expected a sum or a row and a target of f32, f16 or "
                       "bf16 with one index per dimension, got ")
           << type << " to " << target << " with " << getIndices().size();
  if (!getBounds().empty() && int64_t(getBounds().size()) != rank)
    return emitOpError("store_fragment_c2: expected ")
           << rank << " bounds or none, got " << getBounds().size();
  SmallVector<int64_t> strides;
  int64_t offset;
  if (getPairs() &&
      (rank != 2 || failed(target.getStridesAndOffset(strides, offset)) || strides.back() != 1))
    return emitOpError("store_fragment_c3: expected a sum and neighbors side by side for pairs, "
                       "got ")
           << type << " to " << target;
  return verifySwizzle(*this, getSwizzle(), target);
}

LogicalResult CopyAsyncOp::verify() {
  int64_t bytes = getBytes();
  auto from = cast<MemRefType>(getFrom().getType()), to = cast<MemRefType>(getTo().getType());
  if ((bytes != 4 && bytes != 8 && bytes != 16) || isShared(from) || !isShared(to) ||
      int64_t(getFromIndices().size()) != from.getRank() ||
      int64_t(getToIndices().size()) != to.getRank())
    return emitOpError("copy_async_c1: expected 4, 8 or 16 bytes from global to the workgroup's "
                       "memory with one index per dimension, got ")
           << bytes << " from " << from << " to " << to;
  if (getSwizzle() != 0 && (bytes != 16 || to.getRank() < 2))
    return emitOpError("copy_async_c2: expected 16 bytes to a matrix with a swizzle, got ")
           << bytes << " to " << to;
  return verifySwizzle(*this, getSwizzle(), to);
}

LogicalResult MmaOp::verify() {
  FragmentType a = getA().getType(), b = getB().getType(), sum = getSum().getType();
  bool areRoles = a.getRole() == Role::A && b.getRole() == Role::B && sum.getRole() == Role::Acc;
  if (!areRoles || a.getShape()[1] != b.getShape()[0] || sum.getShape()[0] != a.getShape()[0] ||
      sum.getShape()[1] != b.getShape()[1])
    return emitOpError("mma_c1: expected M x K of role a, K x N of role b and M x N of role acc, "
                       "got ")
           << a << ", " << b << " and " << sum;
  if (a.getElementType() != b.getElementType())
    return emitOpError("mma_c2: expected the same elements of a and b, got ")
           << a.getElementType() << " and " << b.getElementType();
  return success();
}

LogicalResult MapOp::verify() {
  if (getResults().empty())
    return emitOpError("map_c1: expected a result");
  auto first = cast<FragmentType>(getResults().front().getType());
  Role role = first.getRole();
  bool isKnown = role == Role::Acc || role == Role::Row;
  bool areResults =
      isKnown && llvm::all_of(getResultTypes(), [&](Type type) { return type == first; });
  bool areInputs = llvm::all_of(getInputs().getTypes(), [&](Type type) {
    auto fragment = cast<FragmentType>(type);
    return type == first || (fragment.getRole() == Role::Row &&
                             fragment.getShape().front() == first.getShape().front());
  });
  if (!areResults || !areInputs)
    return emitOpError("map_c1: expected sums of one shape and rows of as many, or rows alone");
  Type index = IndexType::get(getContext()), f32 = Float32Type::get(getContext());
  SmallVector<Type> arguments(first.getShape().size(), index);
  arguments.append(getInputs().size(), f32);
  SmallVector<Type> yields(getNumResults(), f32);
  if (!llvm::equal(getBody().getArgumentTypes(), arguments) ||
      !llvm::equal(getBody().front().getTerminator()->getOperandTypes(), yields))
    return emitOpError("map_c2: expected a region that takes ")
           << first.getShape().size() << " indices and " << getInputs().size() << " f32 and yields "
           << getNumResults() << " f32";
  return success();
}

LogicalResult ReduceRowsOp::verify() {
  FragmentType input = getInput().getType(), result = getResult().getType();
  if (input.getRole() != Role::Acc || result.getRole() != Role::Row ||
      result.getShape()[0] != input.getShape()[0])
    return emitOpError("reduce_rows_c1: expected a row of as many as the sum has, got ")
           << input << " and " << result;
  return success();
}

LogicalResult CombineRowsOp::verify() {
  if (getInput().getType().getRole() != Role::Row)
    return emitOpError("combine_rows_c1: expected a row, got ") << getInput().getType();
  return success();
}

LogicalResult HasNanOp::verify() {
  Role role = getInput().getType().getRole();
  if (role != Role::Acc && role != Role::Row)
    return emitOpError("has_nan_c1: expected a sum or a row, got ") << getInput().getType();
  return success();
}

LogicalResult ConvertOp::verify() {
  FragmentType input = getInput().getType(), result = getResult().getType();
  if (input.getRole() != Role::Acc || result.getRole() != Role::A ||
      input.getShape() != result.getShape())
    return emitOpError("convert_c1: expected a sum and an operand a of the same shape, got ")
           << input << " and " << result;
  if (result.getElementType().isTF32())
    return emitOpError("convert_c2: expected elements of 16 bits, got ") << result;
  return success();
}
