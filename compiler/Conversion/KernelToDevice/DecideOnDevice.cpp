//===- DecideOnDevice.cpp - conditions in the device's memory -------------===//
//
// What a run does next is decided where the data is: host code runs through all branches and steps,
// and cells of the device's memory say which of them take place.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/KernelToDevice/CarriedCells.h"
#include "compiler/Conversion/KernelToDevice/CheckLoops.h"
#include "compiler/Conversion/KernelToDevice/DeviceViews.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace fovea {
#define GEN_PASS_DEF_DECIDEONDEVICE
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// A load from the device's memory that the scalar is computed from.
static memref::LoadOp findLoad(Value scalar) {
  Operation *op = scalar ? scalar.getDefiningOp() : nullptr;
  if (!op || loadsFromDevice(op))
    return cast_or_null<memref::LoadOp>(op);
  for (Value operand : op->getOperands())
    if (memref::LoadOp found = findLoad(operand))
      return found;
  return {};
}

/// What a user calls the tensor that an element is loaded from.
static std::string describeSource(memref::LoadOp load) {
  Value buffer = load ? load.getMemRef() : Value();
  while (auto view = buffer ? buffer.getDefiningOp<ViewLikeOpInterface>() : nullptr)
    buffer = view.getViewSource();
  auto input = dyn_cast_or_null<BlockArgument>(buffer);
  auto entry = input ? dyn_cast<func::FuncOp>(input.getOwner()->getParentOp()) : nullptr;
  if (entry) {
    auto name = entry.getArgAttrOfType<StringAttr>(input.getArgNumber(), kNameAttr);
    return name ? "input '" + name.str() + "'" : "input " + std::to_string(input.getArgNumber());
  }
  StringRef node = buffer && buffer.getDefiningOp() ? nodeOf(buffer.getDefiningOp()) : "";
  return node.empty() ? "a tensor" : "a tensor of node '" + node.str() + "'";
}

/// Refuses what `op` does with `scalar`.
static LogicalResult refuse(Operation *op, StringRef what, Value scalar) {
  InFlightDiagnostic diag = emitRefusal(op, kReadsOnHost);
  diag << what << " depends on elements of " << describeSource(findLoad(scalar))
       << ", which the device's memory holds";
  if (StringRef node = nodeOf(op); !node.empty())
    diag.attachNote() << "node '" << node << "' needs it before its kernels are launched";
  return diag;
}

template <typename Op> static SmallVector<Op> collect(Operation *root) {
  SmallVector<Op> ops;
  root->walk([&](Op op) { ops.push_back(op); });
  return ops;
}

/// Repeats in front of `op` what computes `value` without effects; null when something else does.
static Value hoist(Value value, Operation *op) {
  if (value.getParentRegion()->isAncestor(op->getParentRegion()))
    return value;
  Operation *source = value.getDefiningOp();
  if (!source || source->getNumRegions() != 0 || !isMemoryEffectFree(source))
    return {};
  IRMapping mapping;
  for (Value operand : source->getOperands()) {
    Value moved = hoist(operand, op);
    if (!moved)
      return {};
    mapping.map(operand, moved);
  }
  return OpBuilder(op).clone(*source, mapping)->getResult(cast<OpResult>(value).getResultNumber());
}

namespace {

struct DecideOnDevice : fovea::impl::DecideOnDeviceBase<DecideOnDevice> {
  void runOnOperation() override {
    func::FuncOp entry = getOperation();
    if (!entry->hasAttr(kEntryAttr))
      return;
    for (ProceedIfOp end : collect<ProceedIfOp>(entry))
      if (failed(runThrough(end)))
        return signalPassFailure();
    // What a branch gives may be carried by a loop, and the other way round.
    for (bool changed = true; changed;) {
      changed = carryDeviceScalars(entry, scalars);
      loops.clear();
      walkLoopsOfScalars(entry, [&](scf::ForOp loop) { loops.insert(loop); });
      for (scf::IfOp branch : collect<scf::IfOp>(entry)) {
        if (decided.contains(branch) || isInLoopOfScalars(branch) ||
            !scalars.isOnDevice(branch.getCondition()))
          continue;
        if (failed(decide(branch)))
          return signalPassFailure();
        changed = true;
      }
    }
    stopAtFailures(entry);
    for (memref::StoreOp store : collect<memref::StoreOp>(entry))
      if (!store->getParentOfType<linalg::LinalgOp>() && !isInLoopOfScalars(store))
        storeByKernel(store);
    for (memref::SubViewOp view : collect<memref::SubViewOp>(entry))
      if (isPlacedOnDevice(view, scalars)) {
        placeOnDevice(view, scalars);
        ++numViews;
      }
    if (failed(readCells(entry)))
      return signalPassFailure();
    numCells += scalars.cellCount();
  }

private:
  /// True for what goes into a kernel with a loop (fovea-form-loop-kernels).
  bool isInLoopOfScalars(Operation *op) {
    for (Operation *around = op->getParentOp(); around; around = around->getParentOp())
      if (loops.contains(around))
        return true;
    return false;
  }

  /// The bound below which a condition keeps the loop's steps, known in front of the loop; null
  /// where it names none.
  Value boundOf(scf::ForOp loop, Value condition) {
    if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
      Value bound = boundOf(loop, both.getLhs());
      return bound ? bound : boundOf(loop, both.getRhs());
    }
    auto less = condition.getDefiningOp<arith::CmpIOp>();
    bool isBound = less && less.getPredicate() == arith::CmpIPredicate::slt &&
                   less.getLhs() == loop.getInductionVar() &&
                   loop.isDefinedOutsideOfLoop(less.getRhs()) && !scalars.isOnDevice(less.getRhs());
    return isBound ? less.getRhs() : Value();
  }

  /// The loop around runs all of its steps; those behind the end do nothing.
  LogicalResult runThrough(ProceedIfOp end) {
    auto loop = cast<scf::ForOp>(end->getParentOp());
    bool hasBound =
        getConstantIntValue(loop.getUpperBound()) != std::numeric_limits<int64_t>::max();
    if (Value bound = hasBound ? Value() : boundOf(loop, end.getCondition()))
      loop.setUpperBound(bound);
    else if (!hasBound)
      return refuse(loop, "the end of a loop without a bound", end.getCondition());
    OpBuilder builder(loop);
    Location loc = end.getLoc();
    Value going = makeCell(builder, loc, builder.getI1Type());
    Value steps = makeCell(builder, loc, builder.getI64Type());
    fillCells(builder, loc, {going, steps}, [&](OpBuilder &inner, ValueRange) {
      Value yes = arith::ConstantIntOp::create(inner, loc, 1, 1);
      return SmallVector<Value>{yes, arith::ConstantIntOp::create(inner, loc, 0, 64)};
    });
    if (failed(dropCarried(loop, end.getCondition(), steps)))
      return failure();
    builder.setInsertionPoint(end);
    fillCells(builder, loc, {going, steps}, [&](OpBuilder &inner, ValueRange old) {
      Value condition = scalars.repeat(inner, end.getCondition(), end);
      Value next = arith::AndIOp::create(inner, loc, old[0], condition);
      Value one = arith::ExtUIOp::create(inner, loc, inner.getI64Type(), next);
      return SmallVector<Value>{next, arith::AddIOp::create(inner, loc, old[1], one)};
    });
    Value goesOn = memref::LoadOp::create(builder, loc, going, ValueRange());
    auto rest = scf::IfOp::create(builder, loc, goesOn, /*withElseRegion=*/false);
    Block *body = end->getBlock(), *then = rest.thenBlock();
    then->getOperations().splice(then->begin(), body->getOperations(),
                                 std::next(end->getIterator()), std::prev(body->end()));
    end.erase();
    decided.insert(rest);
    // What is required in front of the end is required of steps before the end alone.
    if (!body->getOps<RequireOp>().empty())
      decided.insert(putUnder(going, *body));
    ++numLoops;
    return success();
  }

  /// Puts all of a loop's body into a branch that reads the cell where the body begins.
  static scf::IfOp putUnder(Value cell, Block &body) {
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    Location loc = cell.getLoc();
    Value holds = memref::LoadOp::create(builder, loc, cell, ValueRange());
    auto branch = scf::IfOp::create(builder, loc, holds, /*withElseRegion=*/false);
    Block *then = branch.thenBlock();
    then->getOperations().splice(then->begin(), body.getOperations(),
                                 std::next(branch->getIterator()), std::prev(body.end()));
    return branch;
  }

  /// True when a loop carries the number of its step.
  static bool isCounter(scf::ForOp loop, unsigned number) {
    auto sum = loop.getYieldedValues()[number].getDefiningOp<arith::AddIOp>();
    return sum && sum.getLhs() == loop.getInductionVar() &&
           isEqualConstantIntOrValue(sum.getRhs(), loop.getStep()) &&
           isEqualConstantIntOrValue(loop.getInitArgs()[number], loop.getLowerBound());
  }

  /// What a loop that may end early carries: scalars go into cells, but for the number of its
  /// steps.
  LogicalResult dropCarried(scf::ForOp &loop, Value goesOn, Value steps) {
    if (loop.getNumResults() == 0)
      return success();
    llvm::BitVector scalar(loop.getNumResults());
    for (auto [number, init, carried, yielded] :
         llvm::enumerate(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues())) {
      if (yielded == carried || yielded == init || isCounter(loop, number))
        continue;
      if (!init.getType().isIntOrIndexOrFloat())
        return refuse(loop, "what a loop carries that ends early", goesOn);
      scalar.set(number);
    }
    if (scalar.any())
      carryInCells(loop, scalar);
    Value step = loop.getStep();
    OpBuilder builder(loop);
    Location loc = loop.getLoc();
    SmallVector<Value> results;
    SmallVector<bool> counters;
    for (auto [init, carried, yielded] :
         llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues())) {
      bool isCounter = yielded != carried && yielded != init;
      counters.push_back(isCounter);
      carried.replaceAllUsesWith(isCounter ? loop.getInductionVar() : init);
      results.push_back(init);
    }
    auto plain = scf::ForOp::create(builder, loc, loop.getLowerBound(), loop.getUpperBound(), step);
    Block *from = loop.getBody(), *to = plain.getBody();
    from->getArgument(0).replaceAllUsesWith(to->getArgument(0));
    to->getOperations().splice(to->begin(), from->getOperations(), from->begin(),
                               std::prev(from->end()));
    builder.setInsertionPointAfter(plain);
    for (auto [number, isCounter] : llvm::enumerate(counters)) {
      if (!isCounter)
        continue;
      Value count = memref::LoadOp::create(builder, loc, steps, ValueRange());
      count = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), count);
      count = arith::MulIOp::create(builder, loc, count, step);
      results[number] = arith::AddIOp::create(builder, loc, loop.getLowerBound(), count);
    }
    loop.replaceAllUsesWith(results);
    loop.erase();
    loop = plain;
    return success();
  }

  /// True when two scalars are computed alike.
  static bool isSame(Value a, Value b) {
    if (isEqualConstantIntOrValue(a, b))
      return true;
    Operation *left = a.getDefiningOp(), *right = b.getDefiningOp();
    return left && right && left->getName() == right->getName() && left->getNumRegions() == 0 &&
           isMemoryEffectFree(left) && left->getAttrDictionary() == right->getAttrDictionary() &&
           left->getNumOperands() == right->getNumOperands() &&
           cast<OpResult>(a).getResultNumber() == cast<OpResult>(b).getResultNumber() &&
           llvm::all_of(llvm::zip_equal(left->getOperands(), right->getOperands()),
                        [](auto pair) { return isSame(std::get<0>(pair), std::get<1>(pair)); });
  }

  /// Both branches write their results into buffers that are there before them; the sizes are those
  /// of both.
  LogicalResult decide(scf::IfOp branch) {
    OpBuilder builder(branch);
    SmallVector<Value> buffers;
    for (OpResult result : branch.getResults()) {
      Value first = branch.thenYield().getOperand(result.getResultNumber());
      Value second = branch.elseYield().getOperand(result.getResultNumber());
      auto type = dyn_cast<MemRefType>(result.getType());
      if (!type) {
        buffers.push_back(makeCell(builder, branch.getLoc(), result.getType()));
        continue;
      }
      SmallVector<OpFoldResult> sizes;
      for (int64_t dim = 0; dim < type.getRank(); ++dim) {
        if (!type.isDynamicDim(dim)) {
          sizes.push_back(builder.getIndexAttr(type.getDimSize(dim)));
          continue;
        }
        Value size = sizeOf(first, dim, branch), other = sizeOf(second, dim, branch);
        if (!size || !other || scalars.isOnDevice(size) || !isSame(size, other))
          return refuse(branch, "the size of what a condition chooses", branch.getCondition());
        sizes.push_back(size);
      }
      buffers.push_back(makeBuffer(builder, branch.getLoc(), type, sizes));
    }
    Value condition = scalars.read(builder, branch.getCondition());
    auto plain = scf::IfOp::create(builder, branch.getLoc(), condition,
                                   /*withElseRegion=*/branch.elseBlock() != nullptr);
    decided.insert(plain);
    move(branch.thenBlock(), plain.thenBlock(), buffers);
    if (branch.elseBlock())
      move(branch.elseBlock(), plain.elseBlock(), buffers);
    builder.setInsertionPointAfter(plain);
    for (auto [result, buffer] : llvm::zip_equal(branch.getResults(), buffers)) {
      bool isScalar = !isa<MemRefType>(result.getType());
      result.replaceAllUsesWith(
          isScalar
              ? memref::LoadOp::create(builder, branch.getLoc(), buffer, ValueRange()).getResult()
              : buffer);
    }
    branch.erase();
    ++numBranches;
    return success();
  }

  /// Extent of a buffer, computed in front of `branch`; null when it is not known there.
  static Value sizeOf(Value buffer, int64_t dim, scf::IfOp branch) {
    OpBuilder builder(branch);
    Location loc = branch.getLoc();
    auto place = [&](OpFoldResult size) -> Value {
      if (std::optional<int64_t> known = getConstantIntValue(size))
        return arith::ConstantIndexOp::create(builder, loc, *known);
      return hoist(cast<Value>(size), branch);
    };
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.isDynamicDim(dim))
      return place(builder.getIndexAttr(type.getDimSize(dim)));
    Operation *source = buffer.getDefiningOp();
    if (buffer.getParentRegion()->isAncestor(branch->getParentRegion()))
      return memref::DimOp::create(builder, loc, buffer, dim);
    if (auto alloc = dyn_cast<memref::AllocOp>(source))
      return place(alloc.getMixedSizes()[dim]);
    if (auto view = dyn_cast<memref::SubViewOp>(source); view && view.getDroppedDims().none())
      return place(view.getMixedSizes()[dim]);
    if (auto view = dyn_cast<memref::ExpandShapeOp>(source))
      return place(view.getMixedOutputShape()[dim]);
    if (auto view = dyn_cast<memref::CastOp>(source))
      return sizeOf(view.getSource(), dim, branch);
    auto view = dyn_cast<memref::CollapseShapeOp>(source);
    if (!view)
      return {};
    Value product = arith::ConstantIndexOp::create(builder, loc, 1);
    for (int64_t part : view.getReassociationIndices()[dim]) {
      Value size = sizeOf(view.getSrc(), part, branch);
      if (!size)
        return {};
      product = arith::MulIOp::create(builder, loc, product, size);
    }
    return product;
  }

  static void move(Block *from, Block *to, ArrayRef<Value> buffers) {
    Operation *yield = from->getTerminator();
    OpBuilder builder(yield);
    for (auto [given, buffer] : llvm::zip_equal(yield->getOperands(), buffers)) {
      if (isa<MemRefType>(given.getType()))
        memref::CopyOp::create(builder, yield->getLoc(), given, buffer);
      else
        memref::StoreOp::create(builder, yield->getLoc(), given, buffer, ValueRange());
    }
    to->getOperations().splice(to->begin(), from->getOperations(), from->begin(),
                               std::prev(from->end()));
  }

  /// An element that host code would write.
  void storeByKernel(memref::StoreOp store) {
    OpBuilder builder(store);
    Location loc = store.getLoc();
    MemRefType type = store.getMemRefType();
    Value place = store.getMemRef();
    if (type.getRank() > 0) {
      SmallVector<OpFoldResult> offsets = getAsOpFoldResult(store.getIndices());
      SmallVector<OpFoldResult> ones(type.getRank(), builder.getIndexAttr(1));
      auto element = cast<MemRefType>(
          memref::SubViewOp::inferRankReducedResultType({}, type, offsets, ones, ones));
      place = memref::SubViewOp::create(builder, loc, element, place, offsets, ones, ones);
    }
    fillCells(builder, loc, place, [&](OpBuilder &inner, ValueRange) {
      return SmallVector<Value>{scalars.repeat(inner, store.getValueToStore(), store)};
    });
    store.erase();
  }

  /// What else needs a scalar of the device reads its cell where it can, and is refused where the
  /// host would have to know.
  LogicalResult readCells(func::FuncOp entry) {
    SmallVector<Operation *> users;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op == entry.getOperation())
        return WalkResult::advance();
      users.push_back(op);
      // Bodies of computations go with them.
      bool isHostCode =
          (isa<scf::IfOp, scf::ForOp>(op) && !loops.contains(op)) || op->getNumRegions() == 0;
      return isHostCode ? WalkResult::advance() : WalkResult::skip();
    });
    for (Operation *op : users) {
      bool isPlaced = op->getNumResults() == 1 && distanceOf(op->getResult(0));
      if (isScalarStep(op) || readsCell(op) || isPlaced)
        continue;
      if (isa<DestinationStyleOpInterface, RequireOp>(op) || loops.contains(op))
        replaceOperands(op);
      else if (auto bad = llvm::find_if(op->getOperands(),
                                        [&](Value value) { return scalars.isOnDevice(value); });
               bad != op->operand_end())
        return refuse(op, "a size, a place or a number of steps", *bad);
    }
    return success();
  }

  /// True for what computes scalars, whose own users matter.
  static bool isScalarStep(Operation *op) {
    return isa<memref::LoadOp>(op) || (isMemoryEffectFree(op) && op->getNumResults() > 0 &&
                                       op->getNumRegions() == 0 && !isa<ViewLikeOpInterface>(op));
  }

  /// True for a branch whose condition is a cell already.
  static bool readsCell(Operation *op) {
    auto branch = dyn_cast<scf::IfOp>(op);
    Operation *read = branch ? branch.getCondition().getDefiningOp() : nullptr;
    return read && loadsFromDevice(read);
  }

  void replaceOperands(Operation *op) {
    OpBuilder builder(op);
    DenseMap<Value, Value> known;
    op->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands()) {
        Value value = operand.get();
        bool outside = !op->isAncestor(value.getParentBlock()->getParentOp());
        if (!outside || !scalars.isOnDevice(value))
          continue;
        Value &cell = known[value];
        if (!cell)
          cell = scalars.read(builder, value);
        operand.set(cell);
      }
    });
  }

  DeviceScalars scalars;
  /// Loops that become kernels.
  DenseSet<Operation *> loops;
  /// Branches that read a cell of their own: what is decided, and the rest of a step.
  DenseSet<Operation *> decided;
};

} // namespace
