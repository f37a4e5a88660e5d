//===- ResidentSteps.cpp - launches within a kernel of many steps ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/ResidentSteps.h"

#include "compiler/Conversion/KernelToDevice/EarlyEnd.h"
#include "compiler/Conversion/KernelToDevice/KeptMemory.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace fovea;

func::FuncOp fovea::kernelOf(kernel::LaunchOp launch) {
  return SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
}

kernel::GridOp fovea::gridOf(func::FuncOp kernel) {
  auto grids = kernel.front().getOps<kernel::GridOp>();
  return llvm::hasSingleElement(grids) ? *grids.begin() : kernel::GridOp();
}

bool fovea::needsWholeBlock(func::FuncOp kernel) {
  return kernel
      .walk([](Operation *op) {
        return isa<gpu::BarrierOp, warp::SharedOp>(op) ? WalkResult::interrupt()
                                                       : WalkResult::advance();
      })
      .wasInterrupted();
}

int64_t fovea::sharedBytesOf(func::FuncOp kernel) {
  int64_t bytes = 0;
  kernel.walk([&](warp::SharedOp shared) { bytes += shared.getBytes(); });
  return bytes;
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

namespace {

/// Repeats in front of a loop what the number of a launch's blocks is computed from. All functions
/// give null for what only the steps know.
class BlockCount {
public:
  BlockCount(OpBuilder &builder, scf::ForOp loop, IRMapping &mapping)
      : builder(builder), loop(loop), mapping(mapping) {}

  Value of(kernel::LaunchOp launch) {
    return inKernel(gridOf(kernelOf(launch)).getBlocks(), launch);
  }

private:
  bool isOutside(Value value) { return loop.isDefinedOutsideOfLoop(value); }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loop.getLoc(), value);
  }

  /// A value of the launched kernel.
  Value inKernel(Value value, kernel::LaunchOp launch) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return inLoop(launch.getArgs()[argument.getArgNumber()]);
    auto dim = value.getDefiningOp<memref::DimOp>();
    auto buffer = dim ? dyn_cast<BlockArgument>(dim.getSource()) : BlockArgument();
    if (buffer && dim.getConstantIndex())
      return size(launch.getArgs()[buffer.getArgNumber()], *dim.getConstantIndex());
    return repeat(value, [&](Value operand) { return inKernel(operand, launch); });
  }

  /// A scalar of the host's code.
  Value inLoop(Value value) {
    if (isOutside(value) && !matchPattern(value, m_Constant()))
      return isa<MemRefType>(value.getType()) ? Value() : mapping.lookupOrNull(value);
    if (auto dim = value.getDefiningOp<memref::DimOp>())
      return dim.getConstantIndex() ? size(dim.getSource(), *dim.getConstantIndex()) : Value();
    return repeat(value, [&](Value operand) { return inLoop(operand); });
  }

  Value repeat(Value value, function_ref<Value(Value)> operandOf) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getNumRegions() != 0 || !isMemoryEffectFree(op))
      return {};
    IRMapping operands;
    for (Value operand : op->getOperands()) {
      Value repeated = operandOf(operand);
      if (!repeated)
        return {};
      operands.map(operand, repeated);
    }
    return builder.clone(*op, operands)->getResult(cast<OpResult>(value).getResultNumber());
  }

  /// Extent of a buffer of the host's code.
  Value size(Value buffer, int64_t dim) {
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.isDynamicDim(dim))
      return index(type.getDimSize(dim));
    if (isOutside(buffer)) {
      Value known = mapping.lookupOrNull(buffer);
      return known ? memref::DimOp::create(builder, loop.getLoc(), known, dim).getResult()
                   : Value();
    }
    if (auto argument = dyn_cast<BlockArgument>(buffer)) {
      OpOperand *init =
          argument.getOwner() == loop.getBody() ? loop.getTiedLoopInit(argument) : nullptr;
      return init ? size(init->get(), dim) : Value();
    }
    if (auto cast = buffer.getDefiningOp<memref::CastOp>())
      return size(cast.getSource(), dim);
    auto view = buffer.getDefiningOp<memref::SubViewOp>();
    if (!view)
      return {};
    llvm::SmallBitVector dropped = view.getDroppedDims();
    unsigned place = 0;
    for (int64_t kept = -1;; ++place)
      if (!dropped.test(place) && ++kept == dim)
        break;
    OpFoldResult extent = view.getMixedSizes()[place];
    if (std::optional<int64_t> known = getConstantIntValue(extent))
      return index(*known);
    return inLoop(cast<Value>(extent));
  }

  OpBuilder &builder;
  scf::ForOp loop;
  IRMapping &mapping;
};

} // namespace

/// Blocks of the grid that a launch can use, of which each does the work of `together`.
static Value groupsOf(OpBuilder &builder, Location loc, Value blocks, int64_t together) {
  if (together == 1)
    return blocks;
  Value size = arith::ConstantIndexOp::create(builder, loc, together);
  return builder.createOrFold<arith::CeilDivUIOp>(loc, blocks, size);
}

Value fovea::blocksOfUse(OpBuilder &builder, scf::ForOp loop, int64_t threads, IRMapping &mapping) {
  Location loc = loop.getLoc();
  Value all = arith::ConstantIndexOp::create(builder, loc, std::numeric_limits<int32_t>::max());
  Value most;
  bool known = true;
  BlockCount count(builder, loop, mapping);
  loop.walk([&](kernel::LaunchOp launch) {
    Value blocks = count.of(launch);
    known &= blocks != nullptr;
    if (!known)
      return;
    int64_t together = threads / gridOf(kernelOf(launch)).getThreads();
    blocks = groupsOf(builder, loc, blocks, together);
    most = most ? builder.createOrFold<arith::MaxUIOp>(loc, most, blocks) : blocks;
  });
  // Sizes behind a condition that does not hold may be anything.
  return known ? builder.createOrFold<arith::MinUIOp>(loc, most, all) : all;
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

Value fovea::asSeen(OpBuilder &builder, Location loc, Value given, Type seen) {
  if (given.getType() == seen)
    return given;
  return kernel::RebaseOp::create(builder, loc, seen, given);
}

/// True unless a condition of the launch has another value than expected.
static Value holds(OpBuilder &builder, kernel::LaunchOp launch) {
  Location loc = launch.getLoc();
  Value all;
  for (auto [cell, expected] : llvm::zip_equal(launch.getConditions(), launch.getExpected())) {
    Value held = memref::LoadOp::create(builder, loc, cell, ValueRange());
    Value wanted = arith::ConstantIntOp::create(builder, loc, expected, 1);
    Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, held, wanted);
    all = all ? arith::AndIOp::create(builder, loc, all, is).getResult() : is;
  }
  return all;
}

/// Repeats the body of a launched grid for the block and the thread that `mapping` says. Blocks
/// that had `enough` of each other keep what they have; null for a launch that is not kept.
static void cloneBody(OpBuilder &builder, kernel::GridOp launched, IRMapping &mapping,
                      Value enough) {
  Location loc = launched.getLoc();
  for (Operation &op : launched.getBody().front().without_terminator()) {
    // Memory of the block is there for all steps.
    if (isa<warp::SharedOp>(op))
      continue;
    if (!enough || !isa<kernel::KeepOp>(op)) {
      builder.clone(op, mapping);
      continue;
    }
    Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
    Value again = arith::XOrIOp::create(builder, loc, enough, yes);
    scf::IfOp::create(builder, loc, again, [&](OpBuilder &inner, Location) {
      inner.clone(op, mapping);
      scf::YieldOp::create(inner, loc);
    });
  }
}

/// Runs the blocks of a launch in `steps` by those of `grid`: with kernels of fewer threads each
/// does the work of several, whose threads lie side by side.
static void runBlocks(OpBuilder &builder, kernel::LaunchOp launch, kernel::GridOp grid,
                      scf::ForOp steps) {
  Location loc = launch.getLoc();
  func::FuncOp kernel = kernelOf(launch);
  kernel::GridOp launched = gridOf(kernel);
  OpBuilder front(steps);
  IRMapping mapping;
  for (auto shared : launched.getBody().getOps<warp::SharedOp>())
    front.clone(*shared, mapping);
  Value enough = isKept(launch) ? fillOnce(front, launch, grid, mapping) : Value();
  for (auto [argument, given] : llvm::zip_equal(kernel.getArguments(), launch.getArgs()))
    mapping.map(argument, asSeen(builder, loc, given, argument.getType()));
  for (Operation &op : kernel.front().without_terminator())
    if (&op != launched.getOperation())
      builder.clone(op, mapping);
  int64_t together = grid.getThreads() / launched.getThreads();
  Value first = grid.getBlockId(), thread = grid.getThreadId();
  Value step = gpu::GridDimOp::create(builder, loc, gpu::Dimension::x);
  if (together > 1) {
    Value size = arith::ConstantIndexOp::create(builder, loc, together);
    Value width = arith::ConstantIndexOp::create(builder, loc, launched.getThreads());
    first = arith::MulIOp::create(builder, loc, first, size);
    step = arith::MulIOp::create(builder, loc, step, size);
    first = arith::AddIOp::create(builder, loc, first,
                                  arith::DivUIOp::create(builder, loc, thread, width));
    thread = arith::RemUIOp::create(builder, loc, thread, width);
  }
  bool clears = needsWholeBlock(kernel);
  scf::ForOp::create(builder, loc, first, mapping.lookup(launched.getBlocks()), step, ValueRange(),
                     [&](OpBuilder &inner, Location, Value block, ValueRange) {
                       mapping.map(launched.getBlockId(), block);
                       mapping.map(launched.getThreadId(), thread);
                       cloneBody(inner, launched, mapping, enough);
                       // The next block may use the memory of this one.
                       if (clears)
                         gpu::BarrierOp::create(inner, loc);
                       scf::YieldOp::create(inner, loc);
                     });
}

/// The launch that comes next in each step, with nothing in between but what computes views.
static kernel::LaunchOp nextOf(kernel::LaunchOp launch) {
  for (Operation *op = launch->getNextNode(); op; op = op->getNextNode()) {
    if (auto next = dyn_cast<kernel::LaunchOp>(op))
      return next;
    if (op->getNumRegions() != 0)
      return {};
  }
  return {};
}

/// True for launches that the first block of a grid does alone.
static bool isOfOneBlock(kernel::LaunchOp launch) {
  return launch && getConstantIntValue(gridOf(kernelOf(launch)).getBlocks()) == 1;
}

/// Writes the kernel's body in place of a launch: the first block alone has to look at what only
/// that one does, whose conditions may change while others are ahead.
static void inlineLaunch(kernel::LaunchOp launch, kernel::GridOp grid, scf::ForOp steps) {
  OpBuilder builder(launch);
  Location loc = launch.getLoc();
  auto branch = [&](Value condition) {
    auto inside = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(inside.thenBlock());
  };
  if (isOfOneBlock(launch)) {
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    branch(arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, grid.getBlockId(), zero));
  }
  if (Value condition = holds(builder, launch))
    branch(condition);
  runBlocks(builder, launch, grid, steps);
}

void fovea::inlineLaunches(scf::ForOp loop, kernel::GridOp grid, Value end) {
  SmallVector<kernel::LaunchOp> launches;
  loop.walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
  for (kernel::LaunchOp launch : launches) {
    OpBuilder builder(launch);
    Location loc = launch.getLoc();
    inlineLaunch(launch, grid, loop);
    bool decides = end && !isUnder(launch, end);
    if (!decides && isOfOneBlock(launch) && isOfOneBlock(nextOf(launch)))
      gpu::BarrierOp::create(builder, loc);
    else
      kernel::MeetOp::create(builder, loc);
  }
  llvm::for_each(launches, [](kernel::LaunchOp launch) { launch.erase(); });
}
