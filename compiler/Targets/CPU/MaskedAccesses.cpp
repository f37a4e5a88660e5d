//===- MaskedAccesses.cpp - masked loads and stores without instructions --===//
//
// One reduction for each mask, where the mask is computed, and one branch for each access.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/MaskedAccesses.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

/// The mask of a masked load or store whose mask is known in a run only; null for anything else.
static Value *maskOf(Instruction &instruction) {
  auto *call = dyn_cast<IntrinsicInst>(&instruction);
  if (!call)
    return nullptr;
  bool load = call->getIntrinsicID() == Intrinsic::masked_load;
  if (!load && call->getIntrinsicID() != Intrinsic::masked_store)
    return nullptr;
  Value *mask = call->getArgOperand(load ? 1 : 2);
  return isa<Constant>(mask) ? nullptr : mask;
}

/// Whether all lanes of a mask are set, computed right behind it.
static Value *wholeness(Value *mask, Function &function) {
  auto *made = dyn_cast<Instruction>(mask);
  IRBuilder<> builder(function.getContext());
  if (made)
    builder.SetInsertPoint(*made->getInsertionPointAfterDef());
  else
    builder.SetInsertPoint(function.getEntryBlock().getFirstInsertionPt());
  return builder.CreateAndReduce(mask);
}

static void branch(CallInst *access, Value *whole) {
  Instruction *then = nullptr, *otherwise = nullptr;
  SplitBlockAndInsertIfThenElse(whole, access, &then, &otherwise,
                                MDBuilder(access->getContext()).createLikelyBranchWeights());
  BasicBlock *after = access->getParent();
  access->moveBefore(otherwise->getIterator());
  IRBuilder<> builder(then);
  if (access->getType()->isVoidTy()) {
    builder.CreateAlignedStore(access->getArgOperand(0), access->getArgOperand(1),
                               access->getParamAlign(1));
    return;
  }
  Value *loaded = builder.CreateAlignedLoad(access->getType(), access->getArgOperand(0),
                                            access->getParamAlign(0));
  auto *value = PHINode::Create(access->getType(), 2, "", after->begin());
  access->replaceAllUsesWith(value);
  value->addIncoming(loaded, then->getParent());
  value->addIncoming(access, access->getParent());
}

void fovea::cpu::branchWhereMasksAreWhole(Module &module) {
  for (Function &function : module) {
    SmallVector<std::pair<CallInst *, Value *>> accesses;
    for (Instruction &instruction : instructions(function))
      if (Value *mask = maskOf(instruction))
        accesses.emplace_back(cast<CallInst>(&instruction), mask);
    DenseMap<Value *, Value *> whole;
    for (auto [access, mask] : accesses) {
      Value *&known = whole[mask];
      if (!known)
        known = wholeness(mask, function);
      branch(access, known);
    }
  }
}
