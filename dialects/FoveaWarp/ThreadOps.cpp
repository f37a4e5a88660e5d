//===- ThreadOps.cpp - verification of what single threads say ------------===//
//
// Verifiers of the operations that both lowerings of device code know.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

using namespace mlir;
using namespace fovea::warp;

LogicalResult SharedOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() || !isShared(type))
    return emitOpError("shared_c1: expected a static shape, the identity layout and the "
                       "workgroup's space, got ")
           << type;
  Type element = type.getElementType();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8 != 0)
    return emitOpError("shared_c2: expected elements of whole bytes, got ") << element;
  return success();
}

int64_t SharedOp::getBytes() {
  auto type = cast<MemRefType>(getResult().getType());
  return type.getNumElements() * (type.getElementTypeBitWidth() / 8);
}

LogicalResult VoteOp::verify() {
  if (getResult().getType().isInteger(32) != (getKind() == Vote::Ballot))
    return emitOpError("vote_c1: expected i32 of a ballot and i1 of other votes, got ")
           << getResult().getType();
  return success();
}

LogicalResult LdMatrixOp::verify() {
  size_t count = getRegisters().size();
  if (count != 1 && count != 2 && count != 4)
    return emitOpError("ldmatrix_c1: expected 1, 2 or 4 results, got ") << count;
  auto type = cast<MemRefType>(getSource().getType());
  unsigned bits = type.getElementTypeBitWidth();
  if (!isShared(type) || (bits != 16 && bits != 32) ||
      int64_t(getIndices().size()) != type.getRank())
    return emitOpError("ldmatrix_c2: expected one index per dimension of a buffer of 16-bit or "
                       "32-bit elements in the workgroup's memory, got ")
           << getIndices().size() << " of " << type;
  if (getTransposed() && bits != 16)
    return emitOpError("ldmatrix_c3: expected elements of 16 bits to transpose, got ") << type;
  return success();
}

LogicalResult MmaSyncOp::verify() {
  Builder builder(getContext());
  Type sum = getProduct() == Product::S8 ? Type(builder.getI32Type()) : Type(builder.getF32Type());
  bool areSums = llvm::all_of(getC().getTypes(), [&](Type type) { return type == sum; }) &&
                 llvm::equal(getC().getTypes(), getD().getTypes());
  if (getA().size() != 4 || getB().size() != 2 || getC().size() != 4 || !areSums)
    return emitOpError("mma_sync_c1: expected 4, 2, 4 and 4 registers of a, b, c and the results, "
                       "the last two of ")
           << sum << ", got " << getA().size() << ", " << getB().size() << ", " << getC().size()
           << " and " << getD().size();
  return success();
}

LogicalResult CpAsyncOp::verify() {
  int64_t bytes = getBytes();
  if (bytes != 4 && bytes != 8 && bytes != 16)
    return emitOpError("cp_async_c1: expected 4, 8 or 16 bytes, got ") << bytes;
  auto from = cast<MemRefType>(getFrom().getType()), to = cast<MemRefType>(getTo().getType());
  if (isShared(from) || !isShared(to) || int64_t(getFromIndices().size()) != from.getRank() ||
      int64_t(getToIndices().size()) != to.getRank())
    return emitOpError("cp_async_c2: expected to go from global to the workgroup's memory with "
                       "one index per dimension, got ")
           << from << " and " << to;
  return success();
}
