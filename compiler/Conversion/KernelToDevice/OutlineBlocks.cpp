//===- OutlineBlocks.cpp - kernels of a device apart from host code -------===//
//
// Moves each kernel into the device's module, as a function over the words of its argument block,
// and turns launches into calls of the host's launch.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/KernelToDevice/DeviceScalars.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/KernelToDevice/ResidentSteps.h"
#include "compiler/Conversion/KernelToLLVM/ArgumentBlock.h"
#include "compiler/Conversion/KernelToLLVM/HostAbi.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "fovea_device_abi.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"

namespace fovea {
#define GEN_PASS_DEF_OUTLINEBLOCKS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

static LogicalResult check(func::FuncOp kernel) {
  kernel::GridOp grid = kernel.isExternal() ? kernel::GridOp() : gridOf(kernel);
  if (!grid)
    return kernel.emitOpError("expected a kernel scheduled as one fovea_kernel.grid");
  return checkKernel(kernel, grid.getBlocks());
}

/// Host code has sizes and scalars of its own, but no element that a kernel has made.
static LogicalResult checkHost(func::FuncOp entry) {
  Operation *reader = nullptr;
  entry.walk([&](Operation *op) {
    if (!reader && (loadsFromDevice(op) || isa<memref::StoreOp>(op)))
      reader = op;
  });
  if (!reader)
    return success();
  InFlightDiagnostic diag = emitRefusal(reader, kReadsOnHost);
  diag << "what a run does next depends on elements of a tensor, which the device's memory holds";
  return diag;
}

namespace {

struct OutlineBlocks : fovea::impl::OutlineBlocksBase<OutlineBlocks> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      bool isKernel = function->hasAttr(kernel::kKernelAttr);
      if (isKernel)
        kernels.push_back(function);
      if (failed(isKernel ? check(function) : checkHost(function)))
        return signalPassFailure();
    }
    if (auto known = getOperation()->getAttrOfType<ArrayAttr>(kNodesAttr))
      nodes = llvm::to_vector(known.getAsRange<StringAttr>());
    SmallVector<kernel::LaunchOp> launches;
    getOperation().walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    for (kernel::LaunchOp launch : launches)
      lowerLaunch(launch, kernels);
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    device = gpu::GPUModuleOp::create(builder, getOperation().getLoc(), kDeviceModule);
    for (func::FuncOp kernel : kernels) {
      move(kernel);
      ++numKernels;
    }
    SmallVector<Attribute> names(nodes.begin(), nodes.end());
    getOperation()->setAttr(kNodesAttr, ArrayAttr::get(&getContext(), names));
  }

private:
  /// Computes the number of blocks from the launch's arguments, packs the block, calls the host.
  void lowerLaunch(kernel::LaunchOp launch, ArrayRef<func::FuncOp> kernels) {
    OpBuilder builder(launch);
    Location loc = launch.getLoc();
    const auto *kernel = llvm::find_if(
        kernels, [&](func::FuncOp one) { return one.getName() == launch.getKernel(); });
    IRMapping mapping;
    func::FuncOp function = *kernel;
    mapping.map(function.getArguments(), launch.getArgs());
    Value blocks = cloneComputation(builder, gridOf(function).getBlocks(), mapping);
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    HostAbi abi(builder, loc, kernel::CallOp::create(builder, loc, pointer));
    Value block =
        packArguments(builder, loc, Value(), launch.getArgs(), function.getArgumentTypes());
    abi.launch(kernel - kernels.begin(), abi.word(blocks), block);
    launch.erase();
  }

  /// Types of the words of the kernel's arguments, and of the fault record.
  SmallVector<Type> wordTypes(func::FuncOp kernel) {
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    Type word = IntegerType::get(&getContext(), 64);
    SmallVector<Type> types;
    for (Type type : kernel.getArgumentTypes()) {
      types.push_back(isa<MemRefType>(type) ? pointer : word);
      types.append(wordsOf(type) - 1, word);
    }
    types.push_back(pointer);
    return types;
  }

  void move(func::FuncOp kernel) {
    Location loc = kernel.getLoc();
    kernel::GridOp grid = gridOf(kernel);
    OpBuilder builder = OpBuilder::atBlockEnd(device.getBody());
    auto moved = gpu::GPUFuncOp::create(builder, loc, kernel.getName(),
                                        builder.getFunctionType(wordTypes(kernel), {}));
    moved->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
    moved.setKnownBlockSize(ArrayRef<int32_t>{static_cast<int32_t>(grid.getThreads()), 1, 1});
    Block &block = moved.getBody().front();
    builder.setInsertionPointToStart(&block);
    IRMapping mapping;
    unsigned next = 0;
    for (BlockArgument argument : kernel.getArguments())
      mapping.map(argument, unpackArgument(builder, loc, argument.getType(), block, next));
    for (Operation &op : kernel.front().without_terminator())
      if (&op != grid.getOperation())
        builder.clone(op, mapping);
    Type index = builder.getIndexType();
    mapping.map(grid.getBlockId(),
                gpu::BlockIdOp::create(builder, loc, index, gpu::Dimension::x).getResult());
    mapping.map(grid.getThreadId(),
                gpu::ThreadIdOp::create(builder, loc, index, gpu::Dimension::x).getResult());
    for (Operation &op : grid.getBody().front().without_terminator())
      builder.clone(op, mapping);
    gpu::ReturnOp::create(builder, loc);
    finish(moved);
    kernel.erase();
  }

  /// Checks, private memory and constants of a moved kernel.
  void finish(gpu::GPUFuncOp kernel) {
    SmallVector<Operation *> ops;
    kernel.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      if (auto index = dyn_cast<CheckedIndexOp>(op))
        lowerCheckedIndex(index, kernel.getArguments().back());
      else if (auto require = dyn_cast<RequireOp>(op))
        lowerRequire(require, kernel.getArguments().back());
      else if (auto meet = dyn_cast<kernel::MeetOp>(op))
        lowerMeet(meet, kernel.getArguments().back());
      else if (auto keep = dyn_cast<kernel::KeepOp>(op))
        lowerKeep(keep);
      else if (auto scratch = dyn_cast<kernel::ScratchOp>(op))
        lowerScratch(scratch, kernel);
      else if (auto constants = dyn_cast<memref::GetGlobalOp>(op))
        bring(constants.getName());
      else if (auto math = dyn_cast<func::CallOp>(op); math && math.getCallee() == kHostMath)
        bring(kHostMath);
    }
  }

  /// Memory of the thread, made once.
  static void lowerScratch(kernel::ScratchOp op, gpu::GPUFuncOp kernel) {
    OpBuilder builder = OpBuilder::atBlockBegin(&kernel.getBody().front());
    auto type = cast<MemRefType>(op.getResult().getType());
    op.replaceAllUsesWith(memref::AllocaOp::create(builder, op.getLoc(), type).getResult());
    op.erase();
  }

  /// Gives device code what it calls by a name: constants, or the declaration of a function.
  void bring(StringRef name) {
    if (!device.lookupSymbol(name))
      OpBuilder::atBlockBegin(device.getBody()).clone(*getOperation().lookupSymbol(name));
  }

  int64_t numberOf(StringAttr node) {
    auto *place = llvm::find(nodes, node);
    if (place == nodes.end()) {
      nodes.push_back(node);
      return nodes.size() - 1;
    }
    return place - nodes.begin();
  }

  /// As the host's lowering: in range the wrapped index, else a fault and 0.
  void lowerCheckedIndex(CheckedIndexOp op, Value record) {
    OpBuilder builder(op);
    CheckedIndex checked = checkIndex(builder, op);
    Location loc = op.getLoc();
    HostAbi abi(builder, loc, Value());
    Value raw = abi.word(checked.raw), limit = abi.word(op.getExtent());
    onFailure(builder, loc, checked.inside, [&](OpBuilder &inner) {
      warp::FaultOp::create(inner, loc, record, FOVEA_FAULT_INDEX, numberOf(op.getNodeAttr()), raw,
                            limit);
    });
    op.replaceAllUsesWith(checked.index);
    op.erase();
  }

  void lowerRequire(RequireOp op, Value record) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    HostAbi abi(builder, loc, Value());
    Value value = abi.word(op.getValue()), limit = abi.word(op.getLimit());
    onFailure(builder, loc, op.getCondition(), [&](OpBuilder &inner) {
      warp::FaultOp::create(inner, loc, record, static_cast<int32_t>(op.getFault()),
                            numberOf(op.getNodeAttr()), value, limit);
    });
    op.erase();
  }

  /// The counter of such barriers is part of the fault record.
  static void lowerMeet(kernel::MeetOp op, Value record) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    HostAbi abi(builder, loc, Value());
    warp::GridBarrierOp::create(
        builder, loc, abi.advance(record, abi.word(offsetof(fovea_fault_record, meetings))));
    op.erase();
  }

  /// The body where it stands, and a barrier of the block.
  static void lowerKeep(kernel::KeepOp op) {
    Block &body = op.getBody().front();
    op->getBlock()->getOperations().splice(op->getIterator(), body.getOperations(), body.begin(),
                                           std::prev(body.end()));
    OpBuilder builder(op);
    gpu::BarrierOp::create(builder, op.getLoc());
    op.erase();
  }

  gpu::GPUModuleOp device;
  SmallVector<StringAttr> nodes;
};

} // namespace
