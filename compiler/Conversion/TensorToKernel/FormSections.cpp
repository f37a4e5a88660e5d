//===- FormSections.cpp - independent loops that may run at the same time -===//
//
// Puts loops that follow each other into sections when none writes what another one reads or
// writes. This is done before buffers are given their places, so that what is apart stays apart.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace fovea {
#define GEN_PASS_DEF_FORMSECTIONS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {
/// The buffers that an operation reads and writes.
struct Accesses {
  SmallVector<Value> reads, writes;
};
} // namespace

/// What `op` does to memory but for allocations; nothing when that is not known.
static std::optional<Accesses> accessesOf(Operation *op) {
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

/// `value` and what it is a view of, the buffer first.
static SmallVector<Value> viewsOf(Value value) {
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

namespace {

/// Which buffers may be the same memory.
class Overlaps {
public:
  explicit Overlaps(Operation *entry) : aliases(entry) {}

  bool mayOverlap(Value left, Value right) {
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
      return !first || !second || first.getSource() != second.getSource() ||
             !areApart(first, second);
    }
    return true;
  }

  bool mayConflict(const Accesses &left, const Accesses &right) {
    auto touch = [&](ArrayRef<Value> some, ArrayRef<Value> others) {
      return llvm::any_of(some, [&](Value one) {
        return llvm::any_of(others, [&](Value other) { return mayOverlap(one, other); });
      });
    };
    return touch(left.writes, right.writes) || touch(left.writes, right.reads) ||
           touch(left.reads, right.writes);
  }

private:
  /// The buffers that `value` may be a view of; nothing when one is not known.
  std::optional<SmallVector<Value>> buffersOf(Value value) {
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

  BufferViewFlowAnalysis aliases;
};

/// A loop with what it does to memory.
struct Section {
  scf::ForOp loop;
  Accesses accesses;
};

/// What lies between sections and the next one.
class Between {
public:
  Between(ArrayRef<Section> sections, Overlaps &overlaps)
      : sections(sections), overlaps(overlaps) {}

  /// True when `op` may run before the sections, and before what cannot.
  bool isFree(Operation *op, const Accesses &accesses) {
    auto conflicts = [&](const Accesses &others) { return overlaps.mayConflict(others, accesses); };
    bool reads = op->walk([&](Operation *inner) {
                     return llvm::any_of(inner->getOperands(),
                                         [&](Value operand) {
                                           return llvm::is_contained(late, operand.getDefiningOp());
                                         })
                                ? WalkResult::interrupt()
                                : WalkResult::advance();
                   }).wasInterrupted();
    return !reads && llvm::none_of(lateAccesses, conflicts) &&
           llvm::none_of(sections,
                         [&](const Section &section) { return conflicts(section.accesses); });
  }

  void add(Operation *op, const Accesses &accesses, bool isFree) {
    (isFree ? early : late).push_back(op);
    if (!isFree)
      lateAccesses.push_back(accesses);
  }

  void move(Operation *first, Operation *last) {
    for (Operation *op : early)
      op->moveBefore(first);
    for (Operation *op : llvm::reverse(late))
      op->moveAfter(last);
  }

private:
  ArrayRef<Section> sections;
  Overlaps &overlaps;
  SmallVector<Operation *> early, late;
  SmallVector<Accesses> lateAccesses;
};

struct FormSections : fovea::impl::FormSectionsBase<FormSections> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kEntryAttr))
      return;
    // Copies of a buffer to itself, which bufferization leaves, would tie loops together.
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp copy) {
      if (copy.getSource() == copy.getTarget())
        copies.push_back(copy);
    });
    for (memref::CopyOp copy : copies)
      copy.erase();
    for (Block &block : getOperation().getBody())
      visit(block);
  }

private:
  /// Looks at `block` and at branches; steps of loops are for all threads.
  void visit(Block &block) {
    for (Operation &op : block)
      if (isa<scf::IfOp>(op))
        for (Region &branch : op.getRegions())
          for (Block &inner : branch)
            visit(inner);
    Overlaps overlaps(getOperation());
    Operation *next = block.empty() ? nullptr : &block.front();
    while (next) {
      std::optional<Section> first = sectionOf(next);
      Operation *at = next;
      next = next->getNextNode();
      if (!first)
        continue;
      SmallVector<Section> sections{*first};
      while (collect(sections, overlaps))
        ;
      if (sections.size() < 2)
        continue;
      at = sections.back().loop;
      next = at->getNextNode();
      form(sections);
    }
  }

  /// `op` as a section; nothing when it cannot be one.
  static std::optional<Section> sectionOf(Operation *op) {
    auto loop = dyn_cast<scf::ForOp>(op);
    if (!loop || loop.getNumResults() != 0)
      return std::nullopt;
    std::optional<Accesses> accesses = accessesOf(loop);
    if (!accesses)
      return std::nullopt;
    return Section{loop, *accesses};
  }

  /// Adds the next loop that may run at the same time. Of what lies between, that which the loops
  /// before do not touch comes before them, the rest behind the loop; false when there is none.
  static bool collect(SmallVector<Section> &sections, Overlaps &overlaps) {
    Between between(sections, overlaps);
    scf::ForOp first = sections.front().loop;
    for (Operation *op = sections.back().loop->getNextNode(); op; op = op->getNextNode()) {
      std::optional<Accesses> accesses = accessesOf(op);
      if (op->hasTrait<OpTrait::IsTerminator>() || !accesses)
        return false;
      bool isFree = between.isFree(op, *accesses);
      std::optional<Section> section = isFree ? sectionOf(op) : std::nullopt;
      if (section && takesSameSteps(first, section->loop)) {
        between.move(first, section->loop);
        sections.push_back(*section);
        return true;
      }
      between.add(op, *accesses, isFree);
    }
    return false;
  }

  static bool takesSameSteps(scf::ForOp left, scf::ForOp right) {
    auto isEqual = [](Value one, Value other) {
      return isEqualConstantIntOrValue(OpFoldResult(one), OpFoldResult(other));
    };
    return isEqual(left.getLowerBound(), right.getLowerBound()) &&
           isEqual(left.getUpperBound(), right.getUpperBound()) &&
           isEqual(left.getStep(), right.getStep());
  }

  void form(ArrayRef<Section> sections) {
    scf::ForOp last = sections.back().loop;
    OpBuilder builder(last);
    SmallVector<Location> locations;
    for (const Section &section : sections)
      locations.push_back(section.loop->getLoc());
    auto op = kernel::SectionsOp::create(builder, builder.getFusedLoc(locations), sections.size());
    for (auto [region, section] : llvm::zip_equal(op.getSections(), sections)) {
      builder.createBlock(&region);
      section.loop->moveBefore(&region.front(), region.front().end());
      builder.setInsertionPointToEnd(&region.front());
      kernel::YieldOp::create(builder, section.loop->getLoc());
    }
    ++numFormed;
  }
};

} // namespace
