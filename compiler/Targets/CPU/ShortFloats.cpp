//===- ShortFloats.cpp - conversions that some CPUs have no instruction for ===//
//
// Integer arithmetic on the bits, as IEEE 754 asks for.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/ShortFloats.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

/// f32 to bf16, to nearest even; a NaN stays one, and quiet.
static Value *roundToBFloat(IRBuilder<> &b, Value *wide) {
  Value *bits = b.CreateBitCast(wide, b.getInt32Ty());
  Value *high = b.CreateLShr(bits, 16);
  Value *odd = b.CreateAnd(high, 1);
  Value *rounded = b.CreateLShr(b.CreateAdd(b.CreateAdd(bits, b.getInt32(0x7fff)), odd), 16);
  Value *quiet = b.CreateOr(high, b.getInt32(0x40));
  Value *word = b.CreateSelect(b.CreateFCmpUNO(wide, wide), quiet, rounded);
  return b.CreateBitCast(b.CreateTrunc(word, b.getInt16Ty()), b.getBFloatTy());
}

/// f64 to f32 by cutting off, with the last bit set when that is not exact: rounding the result
/// once more to a shorter type then rounds the double correctly.
static Value *roundToOdd(IRBuilder<> &b, Value *wide) {
  Value *near = b.CreateFPTrunc(wide, b.getFloatTy());
  Value *back = b.CreateFPExt(near, b.getDoubleTy());
  Value *bits = b.CreateBitCast(near, b.getInt32Ty());
  auto magnitude = [&](Value *value) { return b.CreateUnaryIntrinsic(Intrinsic::fabs, value); };
  Value *above = b.CreateFCmpOGT(magnitude(back), magnitude(wide));
  Value *cut = b.CreateSub(bits, b.CreateZExt(above, b.getInt32Ty()));
  Value *inexact = b.CreateZExt(b.CreateFCmpONE(back, wide), b.getInt32Ty());
  return b.CreateBitCast(b.CreateOr(cut, inexact), b.getFloatTy());
}

static Function *declare(Module &module, StringRef name, Type *result, Type *argument) {
  auto *type = FunctionType::get(result, {argument}, /*isVarArg=*/false);
  Function *function = Function::Create(type, GlobalValue::WeakODRLinkage, name, module);
  function->setVisibility(GlobalValue::HiddenVisibility);
  BasicBlock::Create(module.getContext(), "", function);
  return function;
}

/// True when machine code of the module may convert to a short type by a call.
static bool mayConvert(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : instructions(function)) {
      Type *type = instruction.getType()->getScalarType();
      if (type->isBFloatTy() || (type->isHalfTy() && isa<FPTruncInst>(instruction)))
        return true;
    }
  return false;
}

void fovea::cpu::addShortFloatConversions(Module &module) {
  if (!mayConvert(module))
    return;
  IRBuilder<> b(module.getContext());
  Type *f32 = b.getFloatTy(), *f64 = b.getDoubleTy();
  Function *single = declare(module, "__truncsfbf2", b.getBFloatTy(), f32);
  b.SetInsertPoint(&single->getEntryBlock());
  b.CreateRet(roundToBFloat(b, single->getArg(0)));
  Function *twice = declare(module, "__truncdfbf2", b.getBFloatTy(), f64);
  b.SetInsertPoint(&twice->getEntryBlock());
  b.CreateRet(roundToBFloat(b, roundToOdd(b, twice->getArg(0))));
  Function *half = declare(module, "__truncdfhf2", b.getHalfTy(), f64);
  b.SetInsertPoint(&half->getEntryBlock());
  b.CreateRet(b.CreateFPTrunc(roundToOdd(b, half->getArg(0)), b.getHalfTy()));
  // Calls appear only when machine code is made.
  appendToUsed(module, {single, twice, half});
}

void fovea::cpu::selectBFloatsAsBits(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      auto *select = dyn_cast<SelectInst>(&instruction);
      auto *type = select ? dyn_cast<FixedVectorType>(select->getType()) : nullptr;
      if (!type || !type->getElementType()->isBFloatTy())
        continue;
      IRBuilder<> b(select);
      Type *bits = FixedVectorType::get(b.getInt16Ty(), type->getNumElements());
      Value *chosen =
          b.CreateSelect(select->getCondition(), b.CreateBitCast(select->getTrueValue(), bits),
                         b.CreateBitCast(select->getFalseValue(), bits));
      select->replaceAllUsesWith(b.CreateBitCast(chosen, type));
      select->eraseFromParent();
    }
}
