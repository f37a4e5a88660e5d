//===- FormTeams.cpp - loops as one parallel region -----------------------===//
//
// A loop of the host that does nothing but launch kernels becomes one kernel, whose threads run the
// loop together and share out the tasks of each launch.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/TensorToKernel/KernelArguments.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "mlir/Transforms/RegionUtils.h"

namespace fovea {
#define GEN_PASS_DEF_FORMTEAMS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Multiply-adds of a step below which a second thread costs more than it does: waiting for each
/// other takes some tenths of a microsecond a step.
static constexpr int64_t kWorkOfTeam = 48 * 1024;

/// The type of a team's argument: a kernel's, but views in the loop rely on an offset that the type
/// tells.
static Type teamTypeOf(Type type) {
  if (auto memref = dyn_cast<MemRefType>(type)) {
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    if (succeeded(memref.getStridesAndOffset(strides, offset)) && offset != 0 &&
        !ShapedType::isDynamic(offset))
      return type;
  }
  return kernelTypeOf(type);
}

namespace {

struct FormTeams : fovea::impl::FormTeamsBase<FormTeams> {
  void runOnOperation() override {
    for (auto entry : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (!entry->hasAttr(kEntryAttr))
        continue;
      SmallVector<scf::ForOp> outermost;
      entry.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
        outermost.push_back(loop);
        return WalkResult::skip();
      });
      for (scf::ForOp loop : outermost)
        visit(loop);
    }
    writeLedger();
  }

private:
  void visit(scf::ForOp loop) {
    int64_t launches = 0;
    loop.walk([&](kernel::LaunchOp) { ++launches; });
    if (launches == 0)
      return;
    hoist(loop);
    std::string reason = whyNot(loop);
    addRecord(loop, launches, reason);
    if (reason.empty())
      form(loop);
  }

  /// Moves what is the same in every step in front of the loop, buffers of the arena included.
  static void hoist(scf::ForOp loop) {
    loop.walk([](LoopLikeOpInterface inner) { moveLoopInvariantCode(inner); });
    SmallVector<kernel::ArenaOp> buffers;
    loop.walk([&](kernel::ArenaOp buffer) { buffers.push_back(buffer); });
    for (kernel::ArenaOp buffer : buffers)
      if (llvm::all_of(buffer->getOperands(),
                       [&](Value operand) { return loop.isDefinedOutsideOfLoop(operand); }))
        buffer->moveBefore(loop);
  }

  /// True when nothing comes of `value` but the decision whether `loop` goes on, in this step or
  /// the next: threads that come late read something else, and are told how it was decided.
  static bool onlyDecides(scf::ForOp loop, Value value) {
    return llvm::all_of(value.getUses(), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      if (user->getBlock() != loop.getBody())
        return false;
      if (isa<ProceedIfOp>(user))
        return true;
      if (isa<scf::YieldOp>(user)) {
        unsigned number = use.getOperandNumber();
        Value next = loop.getRegionIterArgs()[number];
        // What hangs on its own value of before is more than a decision.
        return loop.getResult(number).use_empty() &&
               llvm::all_of(next.getUsers(), [](Operation *op) { return isa<ProceedIfOp>(op); });
      }
      return user->getNumRegions() == 0 && isMemoryEffectFree(user) &&
             llvm::all_of(user->getResults(),
                          [&](Value result) { return onlyDecides(loop, result); });
    });
  }

  /// True for what a loop of a team may contain to end early.
  static bool decides(scf::ForOp loop, Operation *op) {
    if (op->getBlock() != loop.getBody())
      return false;
    return isa<ProceedIfOp>(op) || (isa<memref::LoadOp>(op) && onlyDecides(loop, op->getResult(0)));
  }

  /// What only the host can do in the loop; empty when there is nothing.
  static std::string whyNot(scf::ForOp loop) {
    std::string reason;
    loop.getRegion().walk([&](Operation *op) {
      bool fits = isa<kernel::LaunchOp, scf::ForOp, scf::IfOp, scf::YieldOp>(op) ||
                  (op->getNumRegions() == 0 && isMemoryEffectFree(op)) || decides(loop, op);
      if (fits)
        return WalkResult::advance();
      reason =
          ("its steps contain " + op->getName().getStringRef() + ", which the host runs").str();
      return WalkResult::interrupt();
    });
    return reason;
  }

  void form(scf::ForOp loop) {
    SetVector<Value> used, inputs, constants;
    used.insert_range(loop->getOperands());
    getUsedValuesDefinedAbove(loop->getRegions(), used);
    for (Value value : used)
      (matchPattern(value, m_Constant()) ? constants : inputs).insert(value);
    func::FuncOp team = makeTeam(loop, inputs, constants);
    OpBuilder builder(loop);
    SmallVector<Value> arguments(inputs.getArrayRef());
    arguments.push_back(sharesOf(builder, loop));
    kernel::LaunchOp::create(builder, loop.getLoc(), team.getName(), arguments, Value());
    // Of the host's loop remains which buffers it gives.
    SmallVector<kernel::LaunchOp> launches;
    loop.walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    for (kernel::LaunchOp launch : launches)
      launch.erase();
    if (loop->use_empty())
      loop.erase();
    else
      countSteps(builder, loop);
    ++numTeams;
  }

  /// The host's loop has as many steps as the team's had.
  static void countSteps(OpBuilder &builder, scf::ForOp loop) {
    auto ends = llvm::to_vector(loop.getBody()->getOps<ProceedIfOp>());
    if (ends.empty())
      return;
    Location loc = loop.getLoc();
    Value steps = kernel::StepsOp::create(builder, loc, builder.getIndexType());
    Value span = arith::MulIOp::create(builder, loc, steps, loop.getStep());
    loop.setUpperBound(arith::AddIOp::create(builder, loc, loop.getLowerBound(), span));
    for (ProceedIfOp end : ends)
      end.erase();
  }

  func::FuncOp makeTeam(scf::ForOp loop, const SetVector<Value> &inputs,
                        const SetVector<Value> &constants) {
    OpBuilder builder(&getContext());
    Location loc = loop.getLoc();
    SmallVector<Type> types;
    for (Value input : inputs)
      types.push_back(teamTypeOf(input.getType()));
    types.push_back(builder.getIndexType());
    auto team = func::FuncOp::create(loc, ("team_" + Twine(numTeams)).str(),
                                     builder.getFunctionType(types, {}));
    team.setPrivate();
    for (StringRef attr : {kernel::kKernelAttr, kernel::kTeamAttr, kMayAliasAttr})
      team->setAttr(attr, builder.getUnitAttr());
    getOperation().push_back(team);
    builder.setInsertionPointToStart(team.addEntryBlock());
    auto parallel = kernel::ParallelOp::create(builder, loc, team.getArguments().back());
    func::ReturnOp::create(builder, loc);
    Block *body = builder.createBlock(&parallel.getBody(), {}, builder.getIndexType(), loc);
    IRMapping mapping;
    for (Value constant : constants)
      builder.clone(*constant.getDefiningOp(), mapping);
    for (auto [input, argument] : llvm::zip(inputs, team.getArguments())) {
      Value value = argument;
      if (value.getType() != input.getType())
        value = memref::CastOp::create(builder, loc, input.getType(), value);
      mapping.map(input, value);
    }
    builder.clone(*loop, mapping);
    builder.setInsertionPointToEnd(body);
    kernel::YieldOp::create(builder, loc);
    return team;
  }

  /// Threads that share a step: all, or one when there is little to do.
  Value sharesOf(OpBuilder &builder, scf::ForOp loop) {
    Location loc = loop.getLoc();
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value threads = kernel::ThreadsOp::create(builder, loc, builder.getIndexType());
    int64_t known = 0;
    SmallVector<std::pair<int64_t, Value>> perRow;
    loop.walk([&](kernel::LaunchOp launch) {
      auto callee = getOperation().lookupSymbol<func::FuncOp>(launch.getKernel());
      auto work = callee->getAttrOfType<DenseI64ArrayAttr>(kernel::kWorkAttr);
      if (!work)
        return;
      // Multiply-adds, and the argument whose first dimension they are to be multiplied by.
      if (work[1] < 0) {
        known = std::max(known, work[0]);
        return;
      }
      Value rows = launch.getArgs()[work[1]];
      if (loop.isDefinedOutsideOfLoop(rows))
        perRow.push_back({work[0], rows});
      else
        known = std::max(known, kWorkOfTeam);
    });
    if (known >= kWorkOfTeam)
      return threads;
    Value enough = arith::ConstantIntOp::create(builder, loc, 0, 1);
    for (auto [work, bearer] : perRow) {
      Value rows = memref::DimOp::create(builder, loc, bearer, 0);
      Value least = arith::ConstantIndexOp::create(
          builder, loc, llvm::divideCeil(kWorkOfTeam, std::max<int64_t>(work, 1)));
      Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, rows, least);
      enough = arith::OrIOp::create(builder, loc, enough, is);
    }
    return arith::SelectOp::create(builder, loc, enough, threads, one);
  }

  void addRecord(scf::ForOp loop, int64_t launches, StringRef reason) {
    Builder attrs(&getContext());
    NamedAttrList record;
    record.set("op", attrs.getStringAttr("scf.for"));
    record.set("form", attrs.getStringAttr(reason.empty() ? "team" : "launches"));
    record.set("launches", attrs.getI64IntegerAttr(launches));
    SmallVector<Attribute> refused;
    if (!reason.empty()) {
      NamedAttrList entry;
      entry.set("form", attrs.getStringAttr("team"));
      entry.set("reason", attrs.getStringAttr("order"));
      entry.set("special", attrs.getBoolAttr(true));
      entry.set("text", attrs.getStringAttr(reason));
      refused.push_back(entry.getDictionary(&getContext()));
    }
    record.set("refused", attrs.getArrayAttr(refused));
    std::string node;
    loop.getLoc()->walk([&](Location loc) {
      if (auto name = dyn_cast<NameLoc>(loc); name && node.empty())
        node = name.getName().str();
      return WalkResult::advance();
    });
    record.set("node", attrs.getStringAttr(node));
    records.push_back(record.getDictionary(&getContext()));
  }

  void writeLedger() {
    auto ledger = getOperation()->getAttrOfType<ArrayAttr>("fovea.ledger");
    if (records.empty() || !ledger)
      return;
    SmallVector<Attribute> all(ledger.begin(), ledger.end());
    llvm::append_range(all, records);
    getOperation()->setAttr("fovea.ledger", ArrayAttr::get(&getContext(), all));
  }

  SmallVector<Attribute> records;
};

} // namespace
