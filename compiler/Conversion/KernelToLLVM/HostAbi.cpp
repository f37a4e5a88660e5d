//===- HostAbi.cpp - reads of the call and calls of its host --------------===//
//
// Builds loads and indirect calls at the offsets of the C structures.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/HostAbi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cstddef>

using namespace mlir;
using namespace fovea;

Value HostAbi::word(int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                  builder.getI64IntegerAttr(value));
}

Value HostAbi::word(Value index) {
  return index.getType().isIndex()
             ? arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index).getResult()
             : index;
}

Value HostAbi::advance(Value pointer, Value offset) {
  return LLVM::GEPOp::create(builder, loc, pointerType(), builder.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{offset});
}

Value HostAbi::load(Type type, Value pointer, int64_t offset) {
  if (offset != 0)
    pointer = advance(pointer, word(offset));
  return LLVM::LoadOp::create(builder, loc, type, pointer);
}

Value HostAbi::input(int64_t index) {
  Value inputs = load(pointerType(), call, offsetof(fovea_call, inputs));
  return load(pointerType(), inputs, index * 8);
}

Value HostAbi::hostInput(int64_t index) {
  Value inputs = load(pointerType(), call, offsetof(fovea_call, host_inputs));
  return load(pointerType(), inputs, index * 8);
}

Value HostAbi::symbol(int64_t index) {
  Value dims = load(pointerType(), call, offsetof(fovea_call, dims));
  return load(builder.getI64Type(), dims, index * 8);
}

Value HostAbi::threads() { return load(builder.getI64Type(), call, offsetof(fovea_call, threads)); }

Value HostAbi::weights(Value offset) {
  return advance(load(pointerType(), call, offsetof(fovea_call, weights)), offset);
}

Value HostAbi::arena(Value offset) {
  return advance(load(pointerType(), call, offsetof(fovea_call, arena)), offset);
}

Value HostAbi::hostFunction(int64_t offset) {
  return load(pointerType(), load(pointerType(), call, offsetof(fovea_call, host)), offset);
}

Value HostAbi::invoke(int64_t offset, Type result, ValueRange arguments) {
  SmallVector<Value> operands{hostFunction(offset)};
  llvm::append_range(operands, arguments);
  Type type = result ? result : LLVM::LLVMVoidType::get(builder.getContext());
  auto function =
      LLVM::LLVMFunctionType::get(type, llvm::to_vector(ValueRange(arguments).getTypes()));
  auto op = LLVM::CallOp::create(builder, loc, function, operands);
  return result ? op.getResult() : Value();
}

void HostAbi::parallelFor(Value task, Value args, Value count) {
  invoke(offsetof(fovea_host, parallel_for), {}, {call, task, args, count});
}

void HostAbi::team(Value task, Value args, Value shares) {
  invoke(offsetof(fovea_host, team), {}, {call, task, args, shares});
}

Value HostAbi::share(Value slot) {
  return invoke(offsetof(fovea_host, share), builder.getI64Type(), {call, slot});
}

Value HostAbi::proceed(Value slot, Value condition) {
  Value word = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), condition);
  Value goesOn = invoke(offsetof(fovea_host, proceed), builder.getI64Type(), {call, slot, word});
  return arith::TruncIOp::create(builder, loc, builder.getI1Type(), goesOn);
}

Value HostAbi::steps() { return invoke(offsetof(fovea_host, steps), builder.getI64Type(), {call}); }

void HostAbi::launch(int64_t kernel, Value blocks, Value args) {
  invoke(offsetof(fovea_host, launch), {}, {call, word(kernel), blocks, args});
}

Value HostAbi::output(int64_t index, ValueRange sizes) {
  Value dims = stackWords(builder, loc, std::max<int64_t>(1, sizes.size()));
  for (auto [place, size] : llvm::enumerate(sizes))
    LLVM::StoreOp::create(builder, loc, word(size), advance(dims, word(int64_t(place) * 8)));
  return invoke(offsetof(fovea_host, output), pointerType(),
                {call, word(index), word(int64_t(sizes.size())), dims});
}

Value HostAbi::allocate(Value bytes) {
  return invoke(offsetof(fovea_host, allocate), pointerType(), {call, bytes});
}

void HostAbi::fault(fovea_fault fault, int64_t node, Value value, Value limit) {
  invoke(offsetof(fovea_host, fault), {},
         {call, word(int64_t(fault)), word(node), word(value), word(limit)});
}

void HostAbi::stop(fovea_fault fault, int64_t node, Value value, Value limit) {
  invoke(offsetof(fovea_host, stop), {},
         {call, word(int64_t(fault)), word(node), word(value), word(limit)});
}

Value HostAbi::math(Value function, Value a, Value b) {
  return invoke(offsetof(fovea_host, math), builder.getF64Type(), {function, a, b});
}

Value fovea::stackWords(OpBuilder &builder, Location loc, int64_t words) {
  OpBuilder::InsertionGuard guard(builder);
  auto function = builder.getInsertionBlock()->getParentOp();
  if (!isa<FunctionOpInterface>(function))
    function = function->getParentOfType<FunctionOpInterface>();
  builder.setInsertionPointToStart(&cast<FunctionOpInterface>(function).getFunctionBody().front());
  Value count = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                         builder.getI64IntegerAttr(words));
  return LLVM::AllocaOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
                                builder.getI64Type(), count, /*alignment=*/8);
}

CheckedIndex fovea::checkIndex(OpBuilder &builder, CheckedIndexOp op) {
  Location loc = op.getLoc();
  Value raw = op.getIndex();
  if (!raw.getType().isIndex())
    raw = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), raw);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0), wrapped = raw;
  if (op.getWrap()) {
    Value negative = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, raw, zero);
    Value moved = arith::AddIOp::create(builder, loc, raw, op.getExtent());
    wrapped = arith::SelectOp::create(builder, loc, negative, moved, raw);
  }
  Value inside =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, wrapped, op.getExtent());
  return {raw, inside, arith::SelectOp::create(builder, loc, inside, wrapped, zero)};
}

void fovea::onFailure(OpBuilder &builder, Location loc, Value condition,
                      function_ref<void(OpBuilder &)> body) {
  Value yes = arith::ConstantIntOp::create(builder, loc, builder.getI1Type(), 1);
  Value failed = arith::XOrIOp::create(builder, loc, condition, yes);
  scf::IfOp::create(builder, loc, failed, [&](OpBuilder &inner, Location) {
    body(inner);
    scf::YieldOp::create(inner, loc);
  });
}
