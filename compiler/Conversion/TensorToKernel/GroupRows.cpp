//===- GroupRows.cpp - computations of a step that share rows -------------===//
//
// Puts computations that follow each other in a loop into one group when each needs of the others'
// buffers only the row that it works on. Threads that share a step meet behind the group. This is
// done before buffers are given their places in one arena, where they could not be told apart.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/BufferAccesses.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace fovea {
#define GEN_PASS_DEF_GROUPROWS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Elements of a row that are a task's work at most; with so many rows, tasks of longer ones are
/// enough for threads. Still longer rows are shared out by parts.
static constexpr int64_t kLongRow = 2048, kManyRows = 8, kLongestRow = 8192;

namespace {

/// A buffer of a computation; `byRow`: row i of the computation has row i of the buffer alone.
struct RowAccess {
  Value buffer;
  bool writes, byRow;
};

/// A computation whose rows can be computed each by itself.
struct RowComputation {
  Operation *op;
  SmallVector<RowAccess> accesses;

  /// A buffer that has as many rows.
  Value bearer() const {
    return llvm::find_if(accesses, [](const RowAccess &access) { return access.byRow; })->buffer;
  }
  int64_t rows() const { return cast<MemRefType>(bearer().getType()).getDimSize(0); }
};

} // namespace

/// How an operand with this map is read along the first loop; nothing when that is not row by row,
/// or when the map does not keep the order of the loops.
static std::optional<bool> isByRow(AffineMap map) {
  std::optional<unsigned> before;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim && !isa<AffineConstantExpr>(expr))
      return std::nullopt;
    if (dim && before && dim.getPosition() <= *before)
      return std::nullopt;
    if (dim)
      before = dim.getPosition();
  }
  if (!map.isFunctionOfDim(0))
    return false;
  if (map.getResult(0) != getAffineDimExpr(0, map.getContext()))
    return std::nullopt;
  return true;
}

/// Nothing for bodies that read memory themselves, or whose indices the kernel's launch checks.
static std::optional<SmallVector<RowAccess>> rowAccessesOf(linalg::LinalgOp op) {
  bool fits = isa<linalg::GenericOp, linalg::FillOp>(op.getOperation()) && op.getNumLoops() > 0 &&
              linalg::isParallelIterator(op.getIteratorTypesArray().front()) &&
              llvm::all_of(*op.getBlock(), [](Operation &inner) {
                return isPure(&inner) && !isa<CheckedIndexOp>(inner);
              });
  if (!fits)
    return std::nullopt;
  SmallVector<RowAccess> accesses;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    std::optional<bool> byRow = isByRow(map);
    bool writes = op.isDpsInit(&operand);
    // A reduction that ends in a column has its tasks along that, not along the rows.
    bool isColumn = op.getNumReductionLoops() > 0 && map.getNumResults() == 1;
    if (!byRow || (*byRow && isColumn && !writes) || (writes && !*byRow))
      return std::nullopt;
    accesses.push_back({operand.get(), writes, *byRow});
  }
  return accesses;
}

/// The accesses of an operation that reads and writes a buffer row by row, with others.
static SmallVector<RowAccess> rowsOf(Value read, ValueRange written, ValueRange others) {
  SmallVector<RowAccess> accesses{{read, false, true}};
  for (Value buffer : written)
    accesses.push_back({buffer, true, true});
  for (Value buffer : others)
    if (buffer)
      accesses.push_back({buffer, false, false});
  return accesses;
}

static std::optional<SmallVector<RowAccess>> rowAccessesOf(Operation *op) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return rowAccessesOf(structured);
  if (auto copy = dyn_cast<memref::CopyOp>(op))
    if (auto type = dyn_cast<MemRefType>(copy.getTarget().getType()); type && type.getRank() > 0)
      return rowsOf(copy.getSource(), copy.getTarget(), {});
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op); softmax && softmax.getDimension() > 0)
    return rowsOf(softmax.getInput(), softmax.getOutput(), {});
  if (auto norm = dyn_cast<LayerNormOp>(op); norm && norm.getAxis() > 0)
    return rowsOf(norm.getX(), norm.getInits(), {norm.getWeight(), norm.getBias()});
  if (auto norm = dyn_cast<RmsNormOp>(op); norm && norm.getAxis() > 0)
    return rowsOf(norm.getX(), norm.getInit(), norm.getWeight());
  return std::nullopt;
}

/// True when tasks of rows are as many as threads can use.
static bool isSharedOutByRows(const RowComputation &computation) {
  int64_t most = computation.rows() >= kManyRows ? kLongestRow : kLongRow;
  return llvm::all_of(computation.accesses, [&](const RowAccess &access) {
    auto type = cast<MemRefType>(access.buffer.getType());
    ArrayRef<int64_t> row = type.getShape().drop_front(access.byRow);
    return ShapedType::isStaticShape(row) && ShapedType::getNumElements(row) <= most;
  });
}

static std::optional<RowComputation> computationOf(Operation *op) {
  if (op->getNumResults() != 0)
    return std::nullopt;
  std::optional<SmallVector<RowAccess>> accesses = rowAccessesOf(op);
  if (!accesses || llvm::none_of(*accesses, [](const RowAccess &access) { return access.byRow; }))
    return std::nullopt;
  RowComputation computation{op, *accesses};
  if (!isSharedOutByRows(computation))
    return std::nullopt;
  return computation;
}

/// The source of a view whose row i lies in the source's row i; null for another view, and for
/// none.
static Value sourceByRows(Value value) {
  Operation *view = value.getDefiningOp();
  auto keepsFirst = [](ArrayRef<ReassociationIndices> groups) {
    return !groups.empty() && groups.front().size() == 1;
  };
  bool fits = false;
  if (auto collapse = dyn_cast_or_null<memref::CollapseShapeOp>(view))
    fits = keepsFirst(collapse.getReassociationIndices());
  else if (auto expand = dyn_cast_or_null<memref::ExpandShapeOp>(view))
    fits = keepsFirst(expand.getReassociationIndices());
  else if (auto slice = dyn_cast_or_null<memref::SubViewOp>(view))
    fits = slice.getSourceType().getRank() > 0 && !slice.getDroppedDims().test(0) &&
           getConstantIntValue(slice.getMixedOffsets().front()) == 0 &&
           getConstantIntValue(slice.getMixedStrides().front()) == 1;
  return fits ? view->getOperand(0) : Value();
}

/// What `value` is a view of, row by row.
static Value behindRows(Value value) {
  while (Value source = sourceByRows(value))
    value = source;
  return value;
}

namespace {

struct GroupRows : fovea::impl::GroupRowsBase<GroupRows> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kEntryAttr))
      return;
    // Nothing becomes of them, and a group would be left with one computation.
    eraseSelfCopies(getOperation());
    overlaps.emplace(getOperation());
    SmallVector<Block *> steps;
    getOperation().walk([&](Block *block) {
      Operation *parent = block->getParentOp();
      if (isa<scf::ForOp, scf::IfOp>(parent) &&
          (isa<scf::ForOp>(parent) || parent->getParentOfType<scf::ForOp>()))
        steps.push_back(block);
    });
    for (Block *block : steps)
      visit(*block);
  }

private:
  void visit(Block &block) {
    SmallVector<RowComputation> group;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      std::optional<RowComputation> computation = computationOf(&op);
      if (computation && joins(group, *computation)) {
        group.push_back(*computation);
        continue;
      }
      if (!computation && onlyNames(&op))
        continue;
      form(group);
      group.clear();
      if (computation)
        group.push_back(*computation);
    }
  }

  /// True for what may come before a group: it names buffers, or computes without memory.
  static bool onlyNames(Operation *op) {
    return (isPure(op) || isa<memref::AllocOp>(op)) && op->getNumRegions() == 0 &&
           !op->hasTrait<OpTrait::IsTerminator>();
  }

  bool joins(ArrayRef<RowComputation> group, const RowComputation &next) {
    return group.empty() || (haveEqualRows(group.front(), next) &&
                             llvm::all_of(group, [&](const RowComputation &other) {
                               return needSameRows(other, next);
                             }));
  }

  static bool haveEqualRows(const RowComputation &one, const RowComputation &other) {
    if (!ShapedType::isDynamic(one.rows()) || !ShapedType::isDynamic(other.rows()))
      return one.rows() == other.rows();
    FailureOr<bool> equal = ValueBoundsConstraintSet::areEqual({one.bearer(), int64_t(0)},
                                                               {other.bearer(), int64_t(0)});
    return succeeded(equal) && *equal;
  }

  /// True when different rows of the two touch no element in common that either writes.
  bool needSameRows(const RowComputation &one, const RowComputation &other) {
    for (const RowAccess &left : one.accesses)
      for (const RowAccess &right : other.accesses) {
        bool sameRows =
            left.byRow && right.byRow && behindRows(left.buffer) == behindRows(right.buffer);
        if ((left.writes || right.writes) && !sameRows &&
            overlaps->mayOverlap(left.buffer, right.buffer))
          return false;
      }
    return true;
  }

  void form(ArrayRef<RowComputation> group) {
    if (group.size() < 2)
      return;
    Operation *first = group.front().op;
    SmallVector<Operation *> names;
    for (Operation *op = first; op != group.back().op; op = op->getNextNode())
      if (onlyNames(op))
        names.push_back(op);
    for (Operation *op : names)
      op->moveBefore(first);
    IRRewriter rewriter(first);
    SmallVector<Location> locations;
    for (const RowComputation &computation : group)
      locations.push_back(computation.op->getLoc());
    Location loc = rewriter.getFusedLoc(locations);
    Value count = rewriter.createOrFold<memref::DimOp>(loc, group.front().bearer(), int64_t(0));
    auto rows = kernel::RowsOp::create(rewriter, loc, count);
    Block *body = rewriter.createBlock(&rows.getBody());
    for (const RowComputation &computation : group)
      computation.op->moveBefore(body, body->end());
    rewriter.setInsertionPointToEnd(body);
    kernel::YieldOp::create(rewriter, loc);
    ++numGroups;
  }

  std::optional<Overlaps> overlaps;
};

} // namespace
