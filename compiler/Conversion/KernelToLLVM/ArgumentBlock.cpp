//===- ArgumentBlock.cpp - the words that a kernel is launched with -------===//
//
// A buffer is its data pointer, its dynamic sizes and its dynamic strides; a scalar is one word.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/ArgumentBlock.h"

#include "compiler/Conversion/KernelToLLVM/HostAbi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace fovea;

SmallVector<unsigned> fovea::dynamicStrides(MemRefType type) {
  SmallVector<unsigned> dims;
  if (type.getLayout().isIdentity())
    return dims;
  auto [strides, offset] = type.getStridesAndOffset();
  for (auto [dim, stride] : llvm::enumerate(strides))
    if (ShapedType::isDynamic(stride))
      dims.push_back(dim);
  return dims;
}

int64_t fovea::wordsOf(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref ? 1 + memref.getNumDynamicDims() + dynamicStrides(memref).size() : 1;
}

Value fovea::toWord(OpBuilder &builder, Location loc, Value value) {
  Type i64 = builder.getI64Type(), type = value.getType();
  if (type.isIndex())
    return arith::IndexCastOp::create(builder, loc, i64, value);
  if (isa<FloatType>(type)) {
    Type bits = builder.getIntegerType(type.getIntOrFloatBitWidth());
    value = arith::BitcastOp::create(builder, loc, bits, value);
  }
  return value.getType() == i64 ? value : arith::ExtUIOp::create(builder, loc, i64, value);
}

Value fovea::fromWord(OpBuilder &builder, Location loc, Value word, Type type) {
  if (type.isIndex())
    return arith::IndexCastOp::create(builder, loc, type, word);
  Type bits = builder.getIntegerType(type.getIntOrFloatBitWidth());
  if (bits != word.getType())
    word = arith::TruncIOp::create(builder, loc, bits, word);
  return isa<FloatType>(type) ? arith::BitcastOp::create(builder, loc, type, word).getResult()
                              : word;
}

bool fovea::isPassable(Type type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (auto memref = dyn_cast<MemRefType>(type))
    return succeeded(memref.getStridesAndOffset(strides, offset));
  return type.isIndex() || (type.isIntOrFloat() && type.getIntOrFloatBitWidth() <= 64);
}

bool fovea::isComputedFromArguments(Value value, Block *block) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getOwner() == block;
  Operation *op = value.getDefiningOp();
  return op->getBlock() == block && op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isComputedFromArguments(operand, block); });
}

void fovea::storeBuffer(OpBuilder &builder, Location loc, Value buffer, MemRefType seen,
                        function_ref<void(Value)> store) {
  auto type = cast<MemRefType>(buffer.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(builder, loc, buffer);
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, buffer);
  Value bytes = arith::ConstantIndexOp::create(
      builder, loc,
      std::max<int64_t>(1,
                        type.getElementType().isIndex() ? 8 : type.getElementTypeBitWidth() / 8));
  // An offset that the type tells is added where the buffer is read.
  int64_t told = seen.getStridesAndOffset().second;
  Value rest = arith::SubIOp::create(
      builder, loc, metadata.getOffset(),
      arith::ConstantIndexOp::create(builder, loc, ShapedType::isDynamic(told) ? 0 : told));
  Value offset = arith::MulIOp::create(builder, loc, rest, bytes);
  store(toWord(builder, loc, arith::AddIOp::create(builder, loc, start, offset)));
  for (int64_t dim = 0; dim < seen.getRank(); ++dim)
    if (seen.isDynamicDim(dim))
      store(toWord(builder, loc, metadata.getSizes()[dim]));
  for (unsigned dim : dynamicStrides(seen))
    store(toWord(builder, loc, metadata.getStrides()[dim]));
}

Value fovea::cloneComputation(OpBuilder &builder, Value value, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    cloneComputation(builder, operand, mapping);
  builder.clone(*op, mapping);
  return mapping.lookup(value);
}

Value fovea::packArguments(OpBuilder &builder, Location loc, Value first, ValueRange arguments,
                           TypeRange seen) {
  int64_t words = first ? 1 : 0;
  for (Type type : seen)
    words += wordsOf(type);
  Value block = stackWords(builder, loc, std::max<int64_t>(words, 1));
  HostAbi abi(builder, loc, Value());
  int64_t place = 0;
  auto store = [&](Value value) {
    LLVM::StoreOp::create(builder, loc, value, abi.advance(block, abi.word(8 * place++)));
  };
  if (first)
    store(first);
  for (auto [argument, type] : llvm::zip_equal(arguments, seen)) {
    if (auto buffer = dyn_cast<MemRefType>(type))
      storeBuffer(builder, loc, argument, buffer, store);
    else
      store(toWord(builder, loc, argument));
  }
  return block;
}

Value fovea::unpackArgument(OpBuilder &builder, Location loc, Type type, Block &block,
                            unsigned &next) {
  auto take = [&](Type wanted) {
    Value given = block.getArgument(next++);
    return given.getType() == wanted ? given : fromWord(builder, loc, given, wanted);
  };
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return take(type);
  Value start = block.getArgument(next++);
  SmallVector<Value> sizes, strides;
  for (unsigned dim = 0; dim < static_cast<unsigned>(memref.getNumDynamicDims()); ++dim)
    sizes.push_back(take(builder.getIndexType()));
  for (size_t stride = 0; stride < dynamicStrides(memref).size(); ++stride)
    strides.push_back(take(builder.getIndexType()));
  return kernel::ViewOp::create(builder, loc, memref, start, sizes, strides);
}

LogicalResult fovea::checkKernel(func::FuncOp kernel, Value count) {
  if (!kernel.getBody().hasOneBlock() || kernel.getNumResults() != 0 ||
      !llvm::all_of(kernel.getArgumentTypes(), isPassable))
    return kernel.emitOpError("expected a kernel of one block that takes buffers and scalars and "
                              "returns nothing");
  if (!isComputedFromArguments(count, &kernel.front()))
    return kernel.emitOpError("expected a number of tasks or blocks computed from its arguments");
  return success();
}
