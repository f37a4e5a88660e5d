//===- LoopKernels.cpp - loops of the host as kernels ---------------------===//
//
// Clones of loops in kernels of their own, the work of a step, and records of both.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"
#include "compiler/Conversion/TensorToKernel/KernelArguments.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace fovea;

/// The type of a loop kernel's argument: a kernel's, but views in the loop rely on an offset that
/// the type tells.
static Type argumentTypeOf(Type type) {
  if (auto memref = dyn_cast<MemRefType>(type)) {
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    if (succeeded(memref.getStridesAndOffset(strides, offset)) && offset != 0 &&
        !ShapedType::isDynamic(offset))
      return type;
  }
  return kernelTypeOf(type);
}

void fovea::hoistFromSteps(scf::ForOp loop) {
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

std::string fovea::onlyOnHost(Region &region) {
  std::string reason;
  auto loop = dyn_cast<scf::ForOp>(region.getParentOp());
  region.walk([&](Operation *op) {
    bool fits = isa<kernel::LaunchOp, scf::ForOp, scf::IfOp, scf::YieldOp>(op) ||
                (op->getNumRegions() == 0 && isMemoryEffectFree(op)) || (loop && decides(loop, op));
    if (fits)
      return WalkResult::advance();
    reason = ("its steps contain " + op->getName().getStringRef() + ", which the host runs").str();
    return WalkResult::interrupt();
  });
  return reason;
}

int64_t fovea::launchesIn(Operation *op) {
  int64_t launches = 0;
  op->walk([&](kernel::LaunchOp) { ++launches; });
  return launches;
}

void fovea::forLaunchingLoops(ModuleOp module, function_ref<void(scf::ForOp, int64_t)> visit) {
  auto isEntry = [](func::FuncOp function) { return function->hasAttr(kEntryAttr); };
  for (auto entry :
       llvm::to_vector(llvm::make_filter_range(module.getOps<func::FuncOp>(), isEntry))) {
    SmallVector<scf::ForOp> outermost;
    entry.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
      outermost.push_back(loop);
      return WalkResult::skip();
    });
    for (scf::ForOp loop : outermost)
      if (int64_t launches = launchesIn(loop)) {
        hoistFromSteps(loop);
        visit(loop, launches);
      }
  }
}

OuterValues fovea::outerValuesOf(Operation *op) {
  SetVector<Value> used;
  used.insert_range(op->getOperands());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  OuterValues outer;
  for (Value value : used)
    (matchPattern(value, m_Constant()) ? outer.constants : outer.inputs).push_back(value);
  return outer;
}

func::FuncOp fovea::launchNewKernel(SymbolTable &symbols, OpBuilder &builder, Operation *op,
                                    StringRef name, ArrayRef<StringRef> marks, ValueRange inputs,
                                    ValueRange scalars) {
  Location loc = op->getLoc();
  SmallVector<Type> types;
  for (Value input : inputs)
    types.push_back(argumentTypeOf(input.getType()));
  llvm::append_range(types, scalars.getTypes());
  std::string unique;
  for (int number = 0; unique.empty() || symbols.lookup(unique); ++number)
    unique = (name + "_" + Twine(number)).str();
  func::FuncOp kernel = makeKernel(loc, unique, types, marks);
  symbols.insert(kernel);
  SmallVector<Value> arguments(inputs);
  llvm::append_range(arguments, scalars);
  kernel::LaunchOp::create(builder, loc, kernel.getName(), arguments, Value());
  return kernel;
}

IRMapping fovea::bringOuterValues(OpBuilder &builder, func::FuncOp kernel,
                                  const OuterValues &outer) {
  IRMapping mapping;
  for (Value constant : outer.constants)
    builder.clone(*constant.getDefiningOp(), mapping);
  auto arguments = kernel.getArguments().take_front(outer.inputs.size());
  for (auto [input, argument] : llvm::zip_equal(outer.inputs, arguments)) {
    Value value = argument;
    if (value.getType() != input.getType())
      value = memref::CastOp::create(builder, kernel.getLoc(), input.getType(), value);
    mapping.map(input, value);
  }
  return mapping;
}

func::FuncOp fovea::launchAsKernel(SymbolTable &symbols, OpBuilder &builder, Operation *op,
                                   StringRef name, StringRef mark, Value tasks,
                                   function_ref<void(OpBuilder &, IRMapping &, Value task)> body) {
  Location loc = op->getLoc();
  OuterValues outer = outerValuesOf(op);
  func::FuncOp kernel =
      launchNewKernel(symbols, builder, op, name, {mark, kMayAliasAttr}, outer.inputs, tasks);
  OpBuilder inner = OpBuilder::atBlockBegin(&kernel.front());
  auto parallel = kernel::ParallelOp::create(inner, loc, kernel.getArguments().back());
  Block *block = inner.createBlock(&parallel.getBody(), {}, inner.getIndexType(), loc);
  IRMapping mapping = bringOuterValues(inner, kernel, outer);
  body(inner, mapping, block->getArgument(0));
  inner.setInsertionPointToEnd(block);
  kernel::YieldOp::create(inner, loc);
  return kernel;
}

/// True for a kernel of one task, which one thread of a team runs, whichever comes first.
static bool isOneTask(func::FuncOp kernel) {
  auto loops = kernel.getOps<kernel::ParallelOp>();
  return llvm::hasSingleElement(loops) && matchPattern((*loops.begin()).getCount(), m_One());
}

/// Multiply-adds from which on threads share the steps of `loop`, by how many launches of a step
/// they share.
static int64_t leastWorkOf(scf::ForOp loop) {
  auto module = loop->getParentOfType<ModuleOp>();
  int64_t shared = 0;
  loop.walk([&](kernel::LaunchOp launch) {
    shared += !isOneTask(module.lookupSymbol<func::FuncOp>(launch.getKernel()));
  });
  return kWorkOfTeam + std::max<int64_t>(0, shared - 1) * kWorkOfPhase;
}

Value fovea::hasWorkForTeam(OpBuilder &builder, scf::ForOp loop) {
  Location loc = loop.getLoc();
  auto module = loop->getParentOfType<ModuleOp>();
  int64_t known = 0, enoughWork = leastWorkOf(loop);
  SmallVector<std::pair<int64_t, Value>> perRow;
  loop.walk([&](kernel::LaunchOp launch) {
    auto callee = module.lookupSymbol<func::FuncOp>(launch.getKernel());
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
      known = std::max(known, enoughWork);
  });
  Value enough = arith::ConstantIntOp::create(builder, loc, known >= enoughWork, 1);
  if (known >= enoughWork)
    return enough;
  for (auto [work, bearer] : perRow) {
    Value rows = memref::DimOp::create(builder, loc, bearer, 0);
    Value least = arith::ConstantIndexOp::create(
        builder, loc, llvm::divideCeil(enoughWork, std::max<int64_t>(work, 1)));
    Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, rows, least);
    enough = arith::OrIOp::create(builder, loc, enough, is);
  }
  return enough;
}

NamedAttrList fovea::recordOfLoop(Location loc, StringRef form, int64_t launches, StringRef refused,
                                  StringRef reason, StringRef text) {
  Builder attrs(loc.getContext());
  NamedAttrList record;
  record.set("op", attrs.getStringAttr("scf.for"));
  record.set("form", attrs.getStringAttr(form));
  record.set("launches", attrs.getI64IntegerAttr(launches));
  SmallVector<Attribute> passedOver;
  if (!refused.empty()) {
    NamedAttrList entry;
    entry.set("form", attrs.getStringAttr(refused));
    entry.set("reason", attrs.getStringAttr(reason));
    entry.set("special", attrs.getBoolAttr(true));
    entry.set("text", attrs.getStringAttr(text));
    passedOver.push_back(entry.getDictionary(loc.getContext()));
  }
  record.set("refused", attrs.getArrayAttr(passedOver));
  record.set("node", attrs.getStringAttr(nodeOf(loc)));
  return record;
}

void fovea::addToLedger(ModuleOp module, ArrayRef<Attribute> records) {
  auto ledger = module->getAttrOfType<ArrayAttr>("fovea.ledger");
  if (records.empty() || !ledger)
    return;
  SmallVector<Attribute> all(ledger.begin(), ledger.end());
  llvm::append_range(all, records);
  module->setAttr("fovea.ledger", ArrayAttr::get(module.getContext(), all));
}
