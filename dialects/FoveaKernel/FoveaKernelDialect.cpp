//===- FoveaKernelDialect.cpp - registration and verification -------------===//
//
// Registers the dialect and verifies its operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/FoveaKernel/FoveaKernelOps.cpp.inc"

using namespace mlir;
using namespace fovea::kernel;

void FoveaKernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/FoveaKernel/FoveaKernelOps.cpp.inc"
      >();
}

LogicalResult ParallelOp::verify() {
  if (getBody().getNumArguments() != 1 || !getBody().getArgument(0).getType().isIndex())
    return emitOpError("parallel_c1: expected a body that takes one index");
  return success();
}

LogicalResult ScratchOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return emitOpError("scratch_c1: expected a static shape and the identity layout, got ") << type;
  return success();
}

LogicalResult ProductOp::verify() {
  auto lhs = cast<MemRefType>(getLhs().getType()), panel = cast<MemRefType>(getPanel().getType());
  int64_t rows = getRows(), vectors = getVectors(), lanes = getLanes();
  if (rows < 1 || vectors < 1 || lanes < 1 || rows * vectors > 30)
    return emitOpError("product_c2: expected at least one row, vector and lane and at most 30 "
                       "accumulators, got ")
           << rows << " rows of " << vectors << " vectors of " << lanes << " lanes";
  SmallVector<int64_t> strides;
  int64_t offset;
  auto isSummed = [](MemRefType type) {
    Type element = type.getElementType();
    return element.isF32() || element.isF16() || element.isBF16();
  };
  if (lhs.getRank() != 2 || panel.getRank() != 2 || !isSummed(lhs) || !isSummed(panel) ||
      panel.getDimSize(1) != vectors * lanes ||
      failed(panel.getStridesAndOffset(strides, offset)) || strides[1] != 1)
    return emitOpError("product_c1: expected a panel of f32, f16 or bf16 of width ")
           << vectors * lanes << " with contiguous rows and such a lhs of rank 2, got " << panel
           << " and " << lhs;
  Builder builder(getContext());
  Type vector = VectorType::get({lanes}, builder.getF32Type());
  SmallVector<Type> arguments(1 + vectors, vector);
  arguments[0] = builder.getIndexType();
  SmallVector<Type> finished(arguments);
  llvm::append_range(finished, getCarried().getTypes());
  if (!llvm::equal(getFinish().getArgumentTypes(), finished) ||
      !llvm::equal(getFinish().front().getTerminator()->getOperandTypes(), getCarried().getTypes()))
    return emitOpError("product_c4: expected a finish region that takes an index, ")
           << vectors << " values of type " << vector
           << " and the carried values, and yields values of their types";
  if (getAhead()) {
    auto ahead = cast<MemRefType>(getAhead().getType());
    if (ahead.getRank() != 2 || ahead.isDynamicDim(1))
      return emitOpError("product_c5: expected to ask ahead for a matrix of static width, got ")
             << ahead;
  }
  if (getInit().empty())
    return success();
  Operation *yield = getInit().front().getTerminator();
  if (getInit().getNumArguments() != 1 || !getInit().getArgument(0).getType().isIndex() ||
      !llvm::equal(yield->getOperandTypes(), ArrayRef<Type>(arguments).drop_front()))
    return emitOpError("product_c3: expected an init region that takes an index and yields ")
           << vectors << " values of type " << vector;
  return success();
}

/// True when a kernel that takes `wanted` can be given `type`: memrefs may start anywhere.
static bool isGivenAs(Type type, Type wanted) {
  auto given = dyn_cast<MemRefType>(type), seen = dyn_cast<MemRefType>(wanted);
  if (!given || !seen)
    return type == wanted;
  SmallVector<int64_t> strides, seenStrides;
  int64_t offset, seenOffset;
  return given.getShape() == seen.getShape() && given.getElementType() == seen.getElementType() &&
         succeeded(given.getStridesAndOffset(strides, offset)) &&
         succeeded(seen.getStridesAndOffset(seenStrides, seenOffset)) && strides == seenStrides;
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto *callee = symbols.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (!callee || !callee->hasAttr(kKernelAttr))
    return emitOpError("launch_c1: expected a kernel named ") << getKernel();
  auto kernel = dyn_cast<func::FuncOp>(callee);
  if (!kernel)
    return emitOpError("launch_c1: expected a function named ") << getKernel();
  if (kernel.getNumArguments() != getArgs().size())
    return emitOpError("launch_c1: expected ")
           << kernel.getNumArguments() << " arguments, got " << getArgs().size();
  for (auto [given, wanted] : llvm::zip_equal(getArgs().getTypes(), kernel.getArgumentTypes()))
    if (!isGivenAs(given, wanted))
      return emitOpError("launch_c1: expected an argument of type ") << wanted << ", got " << given;
  return success();
}
