//===- OutlineSections.cpp - loops at the same time, each on a thread -----===//
//
// Makes one kernel of loops that may run at the same time. Each is one task, so that its thread
// meets nobody before its last step. Where more threads than loops come to steps with work for all,
// the loops follow each other instead.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"

#include "mlir/IR/Matchers.h"

namespace fovea {
#define GEN_PASS_DEF_OUTLINESECTIONS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Moves what the sections compute alike in every run in front of them, buffers of the arena
/// included: those are the entry's.
static void hoistFromSections(kernel::SectionsOp op) {
  op.walk<WalkOrder::PreOrder>([](scf::ForOp loop) {
    hoistFromSteps(loop);
    return WalkResult::skip();
  });
  for (Region &section : op.getSections())
    for (Operation &inner : llvm::make_early_inc_range(section.front().without_terminator())) {
      bool fits = isa<kernel::ArenaOp>(inner) || (isPure(&inner) && inner.getNumRegions() == 0);
      if (fits && llvm::all_of(inner.getOperands(), [&](Value operand) {
            return !section.isAncestor(operand.getParentRegion());
          }))
        inner.moveBefore(op);
    }
}

/// What only the host can do in the sections; empty when there is nothing.
static std::string whyNot(kernel::SectionsOp op) {
  for (Region &section : op.getSections())
    if (std::string reason = onlyOnHost(section); !reason.empty())
      return reason;
  return "";
}

/// Runs the sections one after the other in front of `before`.
static void unpack(kernel::SectionsOp op, Operation *before) {
  for (Region &section : op.getSections())
    for (Operation &inner : llvm::make_early_inc_range(section.front().without_terminator()))
      inner.moveBefore(before);
}

/// True for the sections of a wavefront, which follow each other in waves.
static bool isWave(kernel::SectionsOp op) { return isa<scf::ForOp>(op->getParentOp()); }

/// Where the sections run at the same time: with little work in their steps, and with no more
/// threads than loops.
static Value isBetterApart(OpBuilder &builder, kernel::SectionsOp op) {
  Location loc = op.getLoc();
  Value large = arith::ConstantIntOp::create(builder, loc, 0, 1);
  op.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
    large = builder.createOrFold<arith::OrIOp>(loc, large, hasWorkForTeam(builder, loop));
    return WalkResult::skip();
  });
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  if (matchPattern(large, m_Zero()))
    return yes;
  Value little = builder.createOrFold<arith::XOrIOp>(loc, large, yes);
  Value threads = kernel::ThreadsOp::create(builder, loc, builder.getIndexType());
  Value loops = arith::ConstantIndexOp::create(builder, loc, op.getSections().size());
  Value few = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule, threads, loops);
  return builder.createOrFold<arith::OrIOp>(loc, few, little);
}

namespace {

struct OutlineSections : fovea::impl::OutlineSectionsBase<OutlineSections> {
  void runOnOperation() override {
    SmallVector<kernel::SectionsOp> all;
    getOperation().walk([&](kernel::SectionsOp op) { all.push_back(op); });
    SymbolTable symbols(getOperation());
    for (kernel::SectionsOp op : all)
      visit(symbols, op);
    addToLedger(getOperation(), records);
  }

private:
  void visit(SymbolTable &symbols, kernel::SectionsOp op) {
    hoistFromSections(op);
    std::string reason = whyNot(op);
    if (!reason.empty()) {
      addRecord(op, "launches", "sections", "order", reason);
      unpack(op, op);
    } else {
      outline(symbols, op);
    }
    op.erase();
  }

  void outline(SymbolTable &symbols, kernel::SectionsOp op) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    Value apart = isBetterApart(builder, op);
    if (matchPattern(apart, m_One())) {
      addRecord(op, isWave(op) ? "wavefront" : "sections", "team", "speed",
                "a step has little work for more than one thread");
      launch(symbols, builder, op);
    } else {
      addRecord(op, "sections", "team", "speed",
                "with no more threads than loops each loop keeps its weights in one core's cache, "
                "and its thread meets no other; more threads form teams");
      auto choice = scf::IfOp::create(builder, loc, apart, /*withElseRegion=*/true);
      builder.setInsertionPointToStart(choice.thenBlock());
      launch(symbols, builder, op);
      unpack(op, choice.elseBlock()->getTerminator());
    }
    ++numOutlined;
  }

  void launch(SymbolTable &symbols, OpBuilder &builder, kernel::SectionsOp op) {
    Location loc = op.getLoc();
    Value tasks = arith::ConstantIndexOp::create(builder, loc, op.getSections().size());
    func::FuncOp kernel =
        launchAsKernel(symbols, builder, op, "sections", kernel::kSectionedAttr, tasks,
                       [&](OpBuilder &inner, IRMapping &mapping, Value task) {
                         for (auto [number, section] : llvm::enumerate(op.getSections()))
                           addSection(inner, section, mapping, task, number);
                       });
    // A wave of a wavefront is worth a team.
    if (isWave(op))
      kernel->setAttr(kernel::kWorkAttr, builder.getDenseI64ArrayAttr({kWorkOfTeam, -1}));
  }

  /// In a task: section `number` when it is that task's.
  static void addSection(OpBuilder &builder, Region &section, IRMapping &mapping, Value task,
                         int64_t number) {
    Location loc = section.getLoc();
    Value own = arith::ConstantIndexOp::create(builder, loc, number);
    Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, task, own);
    auto choice = scf::IfOp::create(builder, loc, is);
    OpBuilder inner = choice.getThenBodyBuilder();
    for (Operation &op : section.front().without_terminator())
      inner.clone(op, mapping);
  }

  void addRecord(kernel::SectionsOp op, StringRef form, StringRef refused, StringRef reason,
                 StringRef text) {
    NamedAttrList record = recordOfLoop(op.getLoc(), form, launchesIn(op), refused, reason, text);
    record.set("sections", Builder(&getContext()).getI64IntegerAttr(op.getSections().size()));
    records.push_back(record.getDictionary(&getContext()));
  }

  SmallVector<Attribute> records;
};

} // namespace
