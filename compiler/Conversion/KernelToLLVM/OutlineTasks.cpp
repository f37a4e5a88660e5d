//===- OutlineTasks.cpp - kernels with the calling convention of tasks ----===//
//
// Splits each kernel into the task that the host calls and a body over noalias pointers, and turns
// launches into calls of the host's parallel_for.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/ArgumentBlock.h"
#include "compiler/Conversion/KernelToLLVM/HostAbi.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

namespace fovea {
#define GEN_PASS_DEF_OUTLINETASKS
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Scratch buffers start at multiples of this many bytes.
static constexpr int64_t kScratchAlignment = 64;

namespace {

struct OutlineTasks : fovea::impl::OutlineTasksBase<OutlineTasks> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kernel::kKernelAttr))
        kernels.push_back(function);
    DenseMap<StringAttr, func::FuncOp> byName;
    for (func::FuncOp kernel : kernels) {
      if (failed(check(kernel)))
        return signalPassFailure();
      byName[kernel.getNameAttr()] = kernel;
    }
    for (kernel::LaunchOp launch : launchesIn(getOperation()))
      if (!launch->getParentOfType<func::FuncOp>()->hasAttr(kernel::kKernelAttr))
        lowerLaunch(launch, byName[launch.getKernelAttr().getAttr()]);
    DenseMap<StringAttr, func::FuncOp> bodies;
    for (func::FuncOp kernel : kernels)
      bodies[kernel.getNameAttr()] = makeBody(kernel);
    for (func::FuncOp kernel : kernels)
      if (kernel->hasAttr(kernel::kTeamAttr) || kernel->hasAttr(kernel::kSectionedAttr))
        lowerInner(kernel, byName, bodies);
    for (func::FuncOp kernel : kernels) {
      makeTask(kernel, bodies[kernel.getNameAttr()]);
      ++numTasks;
    }
    for (func::FuncOp kernel : kernels)
      kernel.erase();
  }

private:
  static SmallVector<kernel::LaunchOp> launchesIn(Operation *root) {
    SmallVector<kernel::LaunchOp> launches;
    root->walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    return launches;
  }

  static LogicalResult check(func::FuncOp kernel) {
    kernel::ParallelOp parallel = kernel.isExternal() ? kernel::ParallelOp() : parallelOf(kernel);
    if (!parallel)
      return kernel.emitOpError("expected a kernel scheduled as one fovea_kernel.parallel");
    return checkKernel(kernel, parallel.getCount());
  }

  static kernel::ParallelOp parallelOf(func::FuncOp kernel) {
    auto loops = kernel.front().getOps<kernel::ParallelOp>();
    return llvm::hasSingleElement(loops) ? *loops.begin() : kernel::ParallelOp();
  }

  Type pointer() { return LLVM::LLVMPointerType::get(&getContext()); }
  static Type pointer(Builder &builder) { return LLVM::LLVMPointerType::get(builder.getContext()); }

  /// Computes the task count from the launch's arguments, packs the block, calls the host.
  void lowerLaunch(kernel::LaunchOp launch, func::FuncOp kernel) {
    OpBuilder builder(launch);
    Location loc = launch.getLoc();
    Value count = countOf(builder, Part{launch, kernel, {}});
    Value call = kernel::CallOp::create(builder, loc, pointer());
    HostAbi abi(builder, loc, call);
    Value block = packArguments(builder, loc, call, launch.getArgs(), kernel.getArgumentTypes());
    auto function = cast<FunctionType>(taskType());
    Value task =
        func::ConstantOp::create(builder, loc, function, SymbolRefAttr::get(kernel.getNameAttr()));
    Value address = UnrealizedConversionCastOp::create(builder, loc, pointer(), task).getResult(0);
    if (kernel->hasAttr(kernel::kTeamAttr))
      abi.team(address, block, abi.word(count));
    else
      abi.parallelFor(address, block, abi.word(count));
    launch.erase();
  }

  /// A launch within another kernel, its kernel and the body of that.
  struct Part {
    kernel::LaunchOp launch;
    func::FuncOp kernel, body;
  };

  static bool isOneTask(Part part) {
    return getConstantIntValue(parallelOf(part.kernel).getCount()) == 1;
  }

  /// True when both launches are one task each, and nothing but views comes in between: one thread
  /// runs the one behind the other, and nobody waits in between.
  static bool followsInPhase(Part before, Part part) {
    kernel::LaunchOp first = before.launch, second = part.launch;
    if (first->getBlock() != second->getBlock() || !isOneTask(before) || !isOneTask(part))
      return false;
    for (Operation *op = first->getNextNode(); op != second; op = op->getNextNode())
      if (op->getNumRegions() != 0 || !isMemoryEffectFree(op))
        return false;
    return true;
  }

  /// Launches within the body of `outer`: a thread of a team runs, of each, the tasks of the shares
  /// that it gets, a task of other kernels runs them all.
  static void lowerInner(func::FuncOp outer, const DenseMap<StringAttr, func::FuncOp> &kernels,
                         const DenseMap<StringAttr, func::FuncOp> &bodies) {
    func::FuncOp body = bodies.lookup(outer.getNameAttr());
    bool isTeam = outer->hasAttr(kernel::kTeamAttr);
    int64_t scratch = 0;
    SmallVector<SmallVector<Part>> phases;
    for (kernel::LaunchOp launch : launchesIn(body)) {
      StringAttr name = launch.getKernelAttr().getAttr();
      Part part{launch, kernels.lookup(name), bodies.lookup(name)};
      scratch =
          std::max(scratch, part.body->getAttrOfType<IntegerAttr>(kernel::kScratchAttr).getInt());
      if (phases.empty() || !isTeam || !followsInPhase(phases.back().back(), part))
        phases.emplace_back();
      phases.back().push_back(part);
    }
    for (ArrayRef<Part> parts : phases)
      isTeam ? lowerPhase(parts, body) : lowerAlone(parts.front(), body);
    body.walk([&](ProceedIfOp op) { decideTogether(op, body); });
    Builder attrs(body.getContext());
    body->setAttr(kernel::kScratchAttr, attrs.getI64IntegerAttr(scratch));
  }

  /// Within the body of a team: the first thread that comes decides for all.
  static void decideTogether(ProceedIfOp op, func::FuncOp team) {
    OpBuilder builder(op);
    HostAbi abi(builder, op.getLoc(), team.getArgument(0));
    Value slot = abi.word(team.getArgument(team.getNumArguments() - 2));
    op.getConditionMutable().assign(abi.proceed(slot, op.getCondition()));
  }

  /// Of a launch within `outer`: arguments of the kernel's body up to the task.
  static SmallVector<Value> bodyArguments(OpBuilder &builder, kernel::LaunchOp launch,
                                          func::FuncOp outer, func::FuncOp kernel) {
    Location loc = launch.getLoc();
    SmallVector<Value> arguments{outer.getArgument(0)};
    for (auto [given, seen] : llvm::zip_equal(launch.getArgs(), kernel.getArgumentTypes())) {
      if (!isa<MemRefType>(given.getType())) {
        arguments.push_back(given);
        continue;
      }
      bool isStart = true;
      storeBuffer(builder, loc, given, cast<MemRefType>(seen), [&](Value word) {
        arguments.push_back(
            isStart ? LLVM::IntToPtrOp::create(builder, loc, pointer(builder), word).getResult()
                    : fromWord(builder, loc, word, builder.getIndexType()));
        isStart = false;
      });
    }
    return arguments;
  }

  /// Number of tasks of a launch, computed at `builder`.
  static Value countOf(OpBuilder &builder, Part part) {
    IRMapping mapping;
    mapping.map(part.kernel.getArguments(), part.launch.getArgs());
    return cloneComputation(builder, parallelOf(part.kernel).getCount(), mapping);
  }

  static void lowerAlone(Part part, func::FuncOp outer) {
    OpBuilder builder(part.launch);
    Value count = countOf(builder, part);
    SmallVector<SmallVector<Value>> arguments = argumentsOf(builder, part, outer);
    Value zero = arith::ConstantIndexOp::create(builder, part.launch.getLoc(), 0);
    callTasks(builder, part, arguments, outer.getArguments().back(), zero, count);
    part.launch.erase();
  }

  static SmallVector<SmallVector<Value>> argumentsOf(OpBuilder &builder, ArrayRef<Part> parts,
                                                     func::FuncOp outer) {
    return llvm::map_to_vector(
        parts, [&](Part part) { return bodyArguments(builder, part.launch, outer, part.kernel); });
  }

  /// Calls the kernels' bodies for the tasks in [low, high). Parts that are more than one have one
  /// task each.
  static void callTasks(OpBuilder &builder, ArrayRef<Part> parts,
                        MutableArrayRef<SmallVector<Value>> arguments, Value scratch, Value low,
                        Value high) {
    kernel::LaunchOp launch = parts.back().launch;
    Location loc = launch.getLoc();
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    auto tasks = scf::ForOp::create(builder, loc, low, high, one);
    OpBuilder inner = OpBuilder::atBlockBegin(tasks.getBody());
    Value task = tasks.getInductionVar();
    // A single task has no turns to take.
    auto turns = parts.back().kernel->getAttrOfType<DenseI64ArrayAttr>(kernel::kInTurnsAttr);
    if (turns && parts.size() == 1)
      task = inTurns(inner, launch, turns, task, low, high);
    for (auto [part, given] : llvm::zip_equal(parts, arguments)) {
      given.push_back(task);
      given.push_back(scratch);
      func::CallOp::create(inner, loc, part.body, given);
    }
  }

  static void lowerPhase(ArrayRef<Part> parts, func::FuncOp team) {
    kernel::LaunchOp launch = parts.back().launch;
    OpBuilder builder(launch);
    Location loc = launch.getLoc();
    Value count = countOf(builder, parts.back());
    SmallVector<SmallVector<Value>> arguments = argumentsOf(builder, parts, team);
    unsigned last = team.getNumArguments() - 1;
    Value shares = team.getArgument(last - 2), slot = team.getArgument(last - 1);
    HostAbi abi(builder, loc, team.getArgument(0));
    Value own = abi.word(slot), one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value zero = abi.word(int64_t(0));
    auto loop = scf::WhileOp::create(builder, loc, TypeRange(builder.getI64Type()), ValueRange());
    builder.createBlock(&loop.getBefore());
    HostAbi ask(builder, loc, team.getArgument(0));
    Value next = ask.share(own);
    Value some = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, next, zero);
    scf::ConditionOp::create(builder, loc, some, next);
    Block *after = builder.createBlock(&loop.getAfter(), {}, builder.getI64Type(), loc);
    Value share =
        arith::IndexCastOp::create(builder, loc, builder.getIndexType(), after->getArgument(0));
    auto bound = [&](Value number) {
      Value product = arith::MulIOp::create(builder, loc, number, count);
      return arith::DivUIOp::create(builder, loc, product, shares).getResult();
    };
    Value low = bound(share), high = bound(arith::AddIOp::create(builder, loc, share, one));
    callTasks(builder, parts, arguments, team.getArgument(last), low, high);
    scf::YieldOp::create(builder, loc);
    for (Part part : parts)
      part.launch.erase();
  }

  /// Task `number` of [low, high), counted backwards in every second step of the loop around if the
  /// kernel's attribute, `turns`, allows it.
  static Value inTurns(OpBuilder &builder, kernel::LaunchOp launch, ArrayRef<int64_t> turns,
                       Value number, Value low, Value high) {
    auto steps = launch->getParentOfType<scf::ForOp>();
    if (!steps)
      return number;
    Location loc = launch.getLoc();
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value odd = arith::AndIOp::create(builder, loc, steps.getInductionVar(), one);
    Value isOdd = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, odd, one);
    if (turns[0] >= 0) {
      Value extent = memref::DimOp::create(builder, loc, launch.getArgs()[turns[0]], 0);
      Value most = arith::ConstantIndexOp::create(builder, loc, turns[1]);
      Value isFew = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, extent, most);
      isOdd = arith::AndIOp::create(builder, loc, isOdd, isFew);
    }
    Value last =
        arith::SubIOp::create(builder, loc, arith::AddIOp::create(builder, loc, low, high), one);
    Value back = arith::SubIOp::create(builder, loc, last, number);
    return arith::SelectOp::create(builder, loc, isOdd, back, number);
  }

  Type taskType() {
    return FunctionType::get(&getContext(),
                             {pointer(), IntegerType::get(&getContext(), 64), pointer()}, {});
  }

  /// `@kernel.body(call, words..., task, scratch)`; buffers arrive as pointers.
  func::FuncOp makeBody(func::FuncOp kernel) {
    OpBuilder builder(&getContext());
    Location loc = kernel.getLoc();
    SmallVector<Type> types{pointer()};
    SmallVector<unsigned> buffers;
    for (Type type : kernel.getArgumentTypes()) {
      if (isa<MemRefType>(type)) {
        buffers.push_back(types.size());
        types.push_back(pointer());
        types.append(wordsOf(type) - 1, builder.getIndexType());
      } else {
        types.push_back(type);
      }
    }
    types.append({builder.getIndexType(), pointer()});
    auto body = func::FuncOp::create(loc, (kernel.getName() + ".body").str(),
                                     builder.getFunctionType(types, {}));
    body.setPrivate();
    getOperation().push_back(body);
    if (!kernel->hasAttr(kMayAliasAttr))
      for (unsigned index : buffers)
        body.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    Block *block = body.addEntryBlock();
    builder.setInsertionPointToStart(block);
    IRMapping mapping;
    unsigned next = 1;
    for (BlockArgument argument : kernel.getArguments())
      mapping.map(argument, unpackArgument(builder, loc, argument.getType(), *block, next));
    kernel::ParallelOp parallel = parallelOf(kernel);
    for (Operation &op : kernel.front().without_terminator())
      if (&op != parallel.getOperation())
        builder.clone(op, mapping);
    mapping.map(parallel.getTask(), block->getArgument(next));
    for (Operation &op : parallel.getBody().front().without_terminator())
      builder.clone(op, mapping);
    func::ReturnOp::create(builder, loc);
    body->setAttr(kernel::kScratchAttr,
                  builder.getI64IntegerAttr(placeScratch(body, block->getArguments().back())));
    body.walk([&](kernel::CallOp call) {
      call.replaceAllUsesWith(Value(block->getArgument(0)));
      call.erase();
    });
    return body;
  }

  /// Gives scratch buffers their places; the bytes needed.
  static int64_t placeScratch(func::FuncOp body, Value scratch) {
    int64_t offset = 0;
    SmallVector<kernel::ScratchOp> buffers;
    body.walk([&](kernel::ScratchOp op) { buffers.push_back(op); });
    for (kernel::ScratchOp op : buffers) {
      auto type = cast<MemRefType>(op.getResult().getType());
      OpBuilder builder(op);
      HostAbi abi(builder, op.getLoc(), Value());
      Value start = abi.advance(scratch, abi.word(offset));
      op.replaceAllUsesWith(
          kernel::ViewOp::create(builder, op.getLoc(), type, start, ValueRange(), ValueRange())
              .getResult());
      op.erase();
      int64_t bytes =
          type.getNumElements() * std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
      offset += llvm::alignTo(bytes, kScratchAlignment);
    }
    return offset;
  }

  /// `@kernel(args, task, scratch)`: unpacks the block and calls the body.
  void makeTask(func::FuncOp kernel, func::FuncOp body) {
    OpBuilder builder(&getContext());
    Location loc = kernel.getLoc();
    std::string name = kernel.getName().str();
    kernel.setName(name + ".scheduled");
    auto task = func::FuncOp::create(loc, name, cast<FunctionType>(taskType()));
    task.setPrivate();
    getOperation().push_back(task);
    Block *block = task.addEntryBlock();
    builder.setInsertionPointToStart(block);
    HostAbi abi(builder, loc, Value());
    SmallVector<Value> operands;
    ArrayRef<Type> types = body.getArgumentTypes();
    for (auto [place, type] : llvm::enumerate(types.drop_back(2))) {
      if (isa<LLVM::LLVMPointerType>(type)) {
        operands.push_back(abi.load(type, block->getArgument(0), 8 * place));
        continue;
      }
      Value word = abi.load(builder.getI64Type(), block->getArgument(0), 8 * place);
      operands.push_back(fromWord(builder, loc, word, type));
    }
    operands.push_back(fromWord(builder, loc, block->getArgument(1), builder.getIndexType()));
    operands.push_back(block->getArgument(2));
    func::CallOp::create(builder, loc, body, operands);
    func::ReturnOp::create(builder, loc);
  }
};

} // namespace
