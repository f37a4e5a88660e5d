//===- EmulatedKernel.cpp - a kernel on its way to the emulator -----------===//
//
// Loads and indirect calls at the offsets of the C structures, and the texts of sites.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToEmulator/EmulatedKernel.h"
#include "fovea_device_abi.h"

#include <cstddef>

using namespace mlir;
using namespace fovea;

Value fovea::constantWord(OpBuilder &builder, Location loc, int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getI32Type(),
                                  builder.getI32IntegerAttr(value));
}

Value fovea::loadUnchecked(OpBuilder &builder, Location loc, Type type, Value pointer,
                           int64_t offset) {
  if (offset != 0)
    pointer = LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(), pointer,
                                  LLVM::GEPArg(offset));
  auto load = LLVM::LoadOp::create(builder, loc, type, pointer);
  load->setAttr(kUncheckedAttr, builder.getUnitAttr());
  return load;
}

Value EmulatedKernel::field(OpBuilder &builder, Location loc, int64_t offset, Type type) {
  return loadUnchecked(builder, loc, type, thread(), offset);
}

Value EmulatedKernel::call(OpBuilder &builder, Location loc, int64_t offset, Type result,
                           ValueRange arguments) {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value emulator = field(builder, loc, offsetof(fovea_thread, emulator), pointer);
  SmallVector<Value> operands{loadUnchecked(builder, loc, pointer, emulator, offset)};
  llvm::append_range(operands, arguments);
  Type type = result ? result : LLVM::LLVMVoidType::get(builder.getContext());
  auto signature = LLVM::LLVMFunctionType::get(type, llvm::to_vector(arguments.getTypes()));
  auto op = LLVM::CallOp::create(builder, loc, signature, operands);
  return result ? op.getResult() : Value();
}

/// Words that one call takes and gives at most: those of a product.
static constexpr int64_t kScratchWords = 10;

/// The innermost place that `loc` tells: a node's name, else a line of a file; empty for none.
static std::string textOf(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return ("'" + name.getName().getValue() + "'").str();
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    return (file.getFilename().getValue() + ":" + Twine(file.getLine())).str();
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return textOf(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string text = textOf(part); !text.empty())
        return text;
  return "";
}

Value EmulatedKernel::site(OpBuilder &builder, Location loc, StringRef what) {
  std::string place = textOf(loc);
  sites.push_back(place.empty() ? what.str() : (what + " at " + place).str());
  return constantWord(builder, loc, sites.size() - 1);
}

Value EmulatedKernel::scratch() {
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
  if (!buffer) {
    Value count = constantWord(builder, function.getLoc(), kScratchWords);
    buffer = LLVM::AllocaOp::create(builder, function.getLoc(),
                                    LLVM::LLVMPointerType::get(builder.getContext()),
                                    builder.getI32Type(), count, /*alignment=*/16);
  }
  return buffer;
}
