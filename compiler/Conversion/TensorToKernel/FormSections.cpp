//===- FormSections.cpp - independent loops that may run at the same time -===//
//
// Puts loops that follow each other into sections when none writes what another one reads or
// writes. This is done before buffers are given their places, so that what is apart stays apart.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/LoopSteps.h"
#include "compiler/Conversion/TensorToKernel/BufferAccesses.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"

namespace fovea {
#define GEN_PASS_DEF_FORMSECTIONS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

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
    // They would tie loops together.
    eraseSelfCopies(getOperation());
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
      if (section && takeSameSteps(first, section->loop)) {
        between.move(first, section->loop);
        sections.push_back(*section);
        return true;
      }
      between.add(op, *accesses, isFree);
    }
    return false;
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
