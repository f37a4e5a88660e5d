//===- BufferAccesses.cpp - which memory operations touch ----------------===//
//
// Effects of operations, and aliases of buffers by their views.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/BufferAccesses.h"

#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace fovea;

std::optional<Accesses> fovea::accessesOf(Operation *op) {
  Accesses accesses;
  std::optional<SmallVector<MemoryEffects::EffectInstance>> effects = getEffectsRecursively(op);
  if (!effects)
    return std::nullopt;
  for (const MemoryEffects::EffectInstance &effect : *effects) {
    if (isa<MemoryEffects::Allocate>(effect.getEffect()))
      continue;
    if (!effect.getValue() || !isa<BaseMemRefType>(effect.getValue().getType()))
      return std::nullopt;
    (isa<MemoryEffects::Read>(effect.getEffect()) ? accesses.reads : accesses.writes)
        .push_back(effect.getValue());
  }
  return accesses;
}

SmallVector<Value> fovea::viewsOf(Value value) {
  SmallVector<Value> chain{value};
  while (auto view = chain.back().getDefiningOp<ViewLikeOpInterface>())
    chain.push_back(view.getViewSource());
  return SmallVector<Value>(llvm::reverse(chain));
}

/// True when two slices of one buffer are known to have no element in common: along one dimension
/// one ends before the other begins.
static bool areApart(memref::SubViewOp left, memref::SubViewOp right) {
  auto rangeOf = [](memref::SubViewOp view, unsigned dim) -> std::optional<std::array<int64_t, 2>> {
    std::optional<int64_t> offset = getConstantIntValue(view.getMixedOffsets()[dim]);
    std::optional<int64_t> size = getConstantIntValue(view.getMixedSizes()[dim]);
    std::optional<int64_t> stride = getConstantIntValue(view.getMixedStrides()[dim]);
    if (!offset || !size || !stride || *stride < 1)
      return std::nullopt;
    return std::array<int64_t, 2>{*offset, *offset + (*size - 1) * *stride + 1};
  };
  for (int64_t dim = 0; dim < left.getSourceType().getRank(); ++dim) {
    auto one = rangeOf(left, dim), other = rangeOf(right, dim);
    if (one && other && ((*one)[1] <= (*other)[0] || (*other)[1] <= (*one)[0]))
      return true;
  }
  return false;
}

/// True when `value` is memory of its own: no other such value may share any of it. An entry's
/// arguments may, but are never written.
static bool isBuffer(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<func::FuncOp>(argument.getOwner()->getParentOp());
  return isa<memref::AllocOp, GetWeightOp, kernel::OutputOp, memref::GetGlobalOp>(
      value.getDefiningOp());
}

/// The buffers that `value` may be a view of; nothing when one is not known.
std::optional<SmallVector<Value>> Overlaps::buffersOf(Value value) {
  SmallVector<Value> buffers;
  for (Value source : aliases.resolveReverse(value)) {
    if (aliases.resolveReverse(source).size() > 1)
      continue;
    if (!isBuffer(source))
      return std::nullopt;
    buffers.push_back(source);
  }
  if (buffers.empty())
    return std::nullopt;
  return buffers;
}

/// The values that a loop carries in the places of two of its arguments before the first step, when
/// these exchange their places in each; nothing for other values.
static std::optional<std::array<Value, 2>> beginningsOfTurns(Value left, Value right) {
  auto one = dyn_cast<BlockArgument>(left), other = dyn_cast<BlockArgument>(right);
  if (!one || !other || one == other || one.getOwner() != other.getOwner())
    return std::nullopt;
  auto loop = dyn_cast<scf::ForOp>(one.getOwner()->getParentOp());
  if (!loop || loop.getTiedLoopYieldedValue(one) == nullptr ||
      loop.getTiedLoopYieldedValue(other) == nullptr ||
      loop.getTiedLoopYieldedValue(one)->get() != other ||
      loop.getTiedLoopYieldedValue(other)->get() != one)
    return std::nullopt;
  return std::array<Value, 2>{loop.getTiedLoopInit(one)->get(), loop.getTiedLoopInit(other)->get()};
}

bool Overlaps::mayOverlap(Value left, Value right) {
  auto turns = beginningsOfTurns(viewsOf(left).front(), viewsOf(right).front());
  if (turns && !mayOverlap((*turns)[0], (*turns)[1]))
    return false;
  std::optional<SmallVector<Value>> lefts = buffersOf(left), rights = buffersOf(right);
  if (!lefts || !rights)
    return true;
  if (llvm::none_of(*lefts, [&](Value one) { return llvm::is_contained(*rights, one); }))
    return false;
  SmallVector<Value> one = viewsOf(left), other = viewsOf(right);
  for (auto [l, r] : llvm::zip(one, other)) {
    if (l == r)
      continue;
    auto first = l.getDefiningOp<memref::SubViewOp>();
    auto second = r.getDefiningOp<memref::SubViewOp>();
    return !first || !second || first.getSource() != second.getSource() || !areApart(first, second);
  }
  return true;
}

bool Overlaps::mayConflict(const Accesses &left, const Accesses &right) {
  auto touch = [&](ArrayRef<Value> some, ArrayRef<Value> others) {
    return llvm::any_of(some, [&](Value one) {
      return llvm::any_of(others, [&](Value other) { return mayOverlap(one, other); });
    });
  };
  return touch(left.writes, right.writes) || touch(left.writes, right.reads) ||
         touch(left.reads, right.writes);
}

void fovea::eraseSelfCopies(func::FuncOp entry) {
  SmallVector<memref::CopyOp> copies;
  entry.walk([&](memref::CopyOp copy) {
    if (copy.getSource() == copy.getTarget())
      copies.push_back(copy);
  });
  for (memref::CopyOp copy : copies)
    copy.erase();
}
