//===- FormWavefronts.cpp - stacked recurrences at the same time ----------===//
//
// Cuts the steps of loops, each of which reads what the one before it has made step by step, into
// chunks, and lets each loop run one chunk behind the one before it, at the same time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/LoopSteps.h"
#include "compiler/Conversion/TensorToKernel/BufferAccesses.h"
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace fovea {
#define GEN_PASS_DEF_FORMWAVEFRONTS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Steps of a chunk, at least, and chunks of a sequence whose length is known: the first and the
/// last chunk have nothing to run beside.
static constexpr int64_t kLeastSteps = 16, kLeastChunks = 4;

namespace {
/// A loop and the products in front of it, over all steps, that it needs; with their accesses.
struct Stage {
  SmallVector<std::pair<ContractOp, Accesses>> products;
  scf::ForOp loop;
  Accesses accesses;
};
} // namespace

/// True for a view that has the rows of its source, each with the same elements.
static bool keepsRows(Operation *view) {
  if (auto merged = dyn_cast<memref::CollapseShapeOp>(view))
    return !merged.getReassociationIndices().empty() &&
           merged.getReassociationIndices().front().size() == 1;
  if (auto split = dyn_cast<memref::ExpandShapeOp>(view))
    return !split.getReassociationIndices().empty() &&
           split.getReassociationIndices().front().size() == 1;
  auto slice = dyn_cast<memref::SubViewOp>(view);
  return slice && slice.getSourceType().getRank() > 0 && !slice.getDroppedDims().test(0) &&
         isConstantIntValue(slice.getMixedOffsets().front(), 0) &&
         isConstantIntValue(slice.getMixedStrides().front(), 1) &&
         getConstantIntValue(slice.getMixedSizes().front()) == slice.getSourceType().getDimSize(0);
}

/// True when the loop reaches `value`, in each step, in the row of its buffer that has the step's
/// number, and no other.
static bool isRowOfStep(Value value, scf::ForOp loop) {
  SmallVector<Value> views = viewsOf(value);
  for (Value view : ArrayRef(views).drop_front()) {
    auto slice = view.getDefiningOp<memref::SubViewOp>();
    if (slice && slice.getSourceType().getRank() > 0) {
      auto offset = dyn_cast<Value>(slice.getMixedOffsets().front());
      if (offset == loop.getInductionVar() && isConstantIntValue(slice.getMixedSizes().front(), 1))
        return true;
    }
    if (!keepsRows(view.getDefiningOp()))
      return false;
  }
  return false;
}

/// Rows of `value` that are one row of its buffer, which has `steps`; nothing when that is not so.
static std::optional<int64_t> rowsOfStep(Value value, Value steps) {
  SmallVector<Value> views = viewsOf(value);
  auto type = dyn_cast<MemRefType>(views.front().getType());
  if (!type || type.getRank() == 0)
    return std::nullopt;
  std::optional<int64_t> known = getConstantIntValue(steps);
  auto alloc = views.front().getDefiningOp<memref::AllocOp>();
  bool fits = type.isDynamicDim(0) ? alloc && alloc.getDynamicSizes().front() == steps
                                   : known == type.getDimSize(0);
  if (!fits)
    return std::nullopt;
  int64_t rows = 1;
  for (Value view : ArrayRef(views).drop_front()) {
    if (rows == 1 && keepsRows(view.getDefiningOp()))
      continue;
    auto merged = view.getDefiningOp<memref::CollapseShapeOp>();
    if (!merged || view != value)
      return std::nullopt;
    SmallVector<ReassociationIndices> groups = merged.getReassociationIndices();
    for (int64_t dim : ArrayRef(groups.front()).drop_front()) {
      if (merged.getSrcType().isDynamicDim(dim))
        return std::nullopt;
      rows *= merged.getSrcType().getDimSize(dim);
    }
  }
  return rows;
}

/// Rows of the product that belong to one step; nothing when it is no product row by row.
static std::optional<int64_t> rowsOfProduct(ContractOp product, Value steps) {
  AffineMap lhs = product.getLhsMap(), out = product.getOutMap();
  if (lhs.getNumResults() == 0 || out.getNumResults() == 0 || lhs.getResult(0) != out.getResult(0))
    return std::nullopt;
  auto row = dyn_cast<AffineDimExpr>(out.getResult(0));
  auto usesRow = [&](AffineMap map, unsigned from) {
    return llvm::any_of(map.getResults().drop_front(from),
                        [&](AffineExpr expr) { return expr.isFunctionOfDim(row.getPosition()); });
  };
  if (!row || usesRow(lhs, 1) || usesRow(out, 1) || usesRow(product.getRhsMap(), 0))
    return std::nullopt;
  for (unsigned capture = 0; capture < product.getCaptures().size(); ++capture)
    if (usesRow(product.getCaptureMap(capture), 0))
      return std::nullopt;
  std::optional<int64_t> rows = rowsOfStep(product.getInit(), steps);
  return rows == rowsOfStep(product.getLhs(), steps) ? rows : std::nullopt;
}

/// Extents whose product is the number of multiply-adds of a product or of gates.
static SmallVector<int64_t> extentsOf(Operation *op) {
  if (auto gates = dyn_cast<GatesOp>(op))
    return {gates.getGateCount(), gates.getRows(), gates.getUnits(), gates.getDepth()};
  auto product = cast<ContractOp>(op);
  return llvm::map_to_vector(llvm::seq(product.getNumDims()),
                             [&](unsigned dim) { return product.getStaticExtent(dim); });
}

/// Multiply-adds of a step; nothing when they are not known or enough for a team, and for a step
/// with attention.
static std::optional<int64_t> littleWork(scf::ForOp loop) {
  int64_t work = 0;
  bool isKnown = true;
  loop.walk([&](Operation *op) {
    isKnown &= !isa<AttentionOp>(op);
    if (!isa<GatesOp, ContractOp>(op))
      return;
    int64_t own = 1;
    for (int64_t extent : extentsOf(op)) {
      isKnown &= !ShapedType::isDynamic(extent);
      own = isKnown && own < kWorkOfTeam ? own * extent : kWorkOfTeam;
    }
    work += own;
  });
  if (!isKnown || work == 0 || work >= kWorkOfTeam)
    return std::nullopt;
  return work;
}

namespace {

/// Stages of a wavefront, as they are found.
class Stages {
public:
  Stages(scf::ForOp loop, const Accesses &accesses, Overlaps &overlaps) : overlaps(overlaps) {
    stages.push_back({{}, loop, accesses});
  }

  ArrayRef<Stage> get() const { return stages; }

  /// Finds one more stage behind the last. Of what else lies between, that which the stages do not
  /// touch comes before the first, the rest behind the new one.
  bool collect() {
    Stage next;
    SmallVector<Operation *> early, late;
    SmallVector<Accesses> lateAccesses;
    scf::ForOp first = stages.front().loop;
    for (Operation *op = stages.back().loop->getNextNode(); op; op = op->getNextNode()) {
      std::optional<Accesses> accesses = accessesOf(op);
      if (op->hasTrait<OpTrait::IsTerminator>() || !accesses)
        return false;
      bool passesLate = llvm::none_of(lateAccesses, [&](const Accesses &other) {
        return overlaps.mayConflict(other, *accesses);
      });
      next.loop = dyn_cast<scf::ForOp>(op);
      if (next.loop) {
        next.accesses = *accesses;
        if (!passesLate || !follows(next))
          return false;
        break;
      }
      bool isFree = passesLate;
      forEach(next, [&](Operation *, const Accesses &other) {
        isFree &= !overlaps.mayConflict(other, *accesses);
      });
      auto product = dyn_cast<ContractOp>(op);
      if (isFree) {
        early.push_back(op);
      } else if (passesLate && product && rowsOfProduct(product, first.getUpperBound())) {
        next.products.push_back({product, *accesses});
      } else if (op->getNumResults() == 0) {
        late.push_back(op);
        lateAccesses.push_back(*accesses);
      } else {
        return false;
      }
    }
    if (!next.loop)
      return false;
    for (Operation *op : early)
      op->moveBefore(first);
    for (Operation *op : llvm::reverse(late))
      op->moveAfter(next.loop);
    stages.push_back(next);
    return true;
  }

private:
  /// Calls `visit` for all operations of the stages, those of `next` without its loop last.
  void forEach(const Stage &next, function_ref<void(Operation *, const Accesses &)> visit) {
    for (const Stage &stage : stages) {
      for (auto [product, accesses] : stage.products)
        visit(product, accesses);
      visit(stage.loop, stage.accesses);
    }
    for (auto [product, accesses] : next.products)
      visit(product, accesses);
  }

  /// True when `next` needs the stages before, but only the rows of each step in that step.
  bool follows(const Stage &next) {
    scf::ForOp first = stages.front().loop;
    if (next.loop->getNumResults() != 0 || !takeSameSteps(first, next.loop) ||
        !littleWork(next.loop))
      return false;
    SmallVector<std::pair<Operation *, Accesses>> all;
    forEach(next, [&](Operation *op, const Accesses &other) { all.push_back({op, other}); });
    all.push_back({next.loop, next.accesses});
    bool needs = false, fits = true;
    for (size_t left = 0; left < all.size(); ++left)
      for (size_t right = left + 1; right < all.size(); ++right) {
        bool conflict = overlaps.mayConflict(all[left].second, all[right].second);
        fits &= !conflict || areRowWise(all[left], all[right]);
        needs |= conflict && right + 1 == all.size();
      }
    return needs && fits;
  }

  bool areRowWise(const std::pair<Operation *, Accesses> &left,
                  const std::pair<Operation *, Accesses> &right) {
    auto check = [&](ArrayRef<Value> some, ArrayRef<Value> others) {
      return llvm::all_of(some, [&](Value one) {
        return llvm::all_of(others, [&](Value other) {
          return !overlaps.mayOverlap(one, other) ||
                 (viewsOf(one).front() == viewsOf(other).front() && isByRows(left.first, one) &&
                  isByRows(right.first, other));
        });
      });
    };
    return check(left.second.writes, right.second.writes) &&
           check(left.second.writes, right.second.reads) &&
           check(left.second.reads, right.second.writes);
  }

  static bool isByRows(Operation *op, Value value) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return isRowOfStep(value, loop);
    auto product = cast<ContractOp>(op);
    return (value == product.getLhs() || value == product.getInit()) && value != product.getRhs() &&
           !llvm::is_contained(product.getCaptures(), value);
  }

  SmallVector<Stage, 2> stages;
  Overlaps &overlaps;
};

struct FormWavefronts : fovea::impl::FormWavefrontsBase<FormWavefronts> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kEntryAttr))
      return;
    eraseSelfCopies(getOperation());
    Overlaps overlaps(getOperation());
    for (Block &block : getOperation().getBody())
      for (scf::ForOp loop : llvm::to_vector(block.getOps<scf::ForOp>()))
        if (loop->getBlock() == &block)
          visit(loop, overlaps);
  }

private:
  void visit(scf::ForOp loop, Overlaps &overlaps) {
    std::optional<Accesses> accesses = accessesOf(loop);
    std::optional<int64_t> work = littleWork(loop);
    if (loop.getNumResults() != 0 || !matchPattern(loop.getLowerBound(), m_Zero()) ||
        !matchPattern(loop.getStep(), m_One()) || !accesses || !work)
      return;
    // A chunk has the work of a team.
    int64_t steps = std::max(kLeastSteps, int64_t(llvm::divideCeil(kWorkOfTeam, *work)));
    std::optional<int64_t> known = getConstantIntValue(loop.getUpperBound());
    if (known && *known < kLeastChunks * steps)
      return;
    Stages stages(loop, *accesses, overlaps);
    while (stages.collect())
      ;
    if (stages.get().size() > 1)
      form(stages.get(), steps);
  }

  /// In wave w stage s runs the steps of chunk w - s.
  void form(ArrayRef<Stage> stages, int64_t length) {
    scf::ForOp last = stages.back().loop;
    OpBuilder builder(last);
    SmallVector<Location> locations;
    for (const Stage &stage : stages)
      locations.push_back(stage.loop->getLoc());
    Location loc = builder.getFusedLoc(locations);
    Value steps = last.getUpperBound();
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value chunk = arith::ConstantIndexOp::create(builder, loc, length);
    Value chunks = arith::CeilDivSIOp::create(builder, loc, steps, chunk);
    Value more = arith::ConstantIndexOp::create(builder, loc, stages.size() - 1);
    Value waves = arith::AddIOp::create(builder, loc, chunks, more);
    auto wavefront = scf::ForOp::create(builder, loc, zero, waves, one);
    builder.setInsertionPointToStart(wavefront.getBody());
    // Where chunk w - s + 1 starts, for s = 0, 1, ...
    SmallVector<Value> edges;
    for (size_t number = 0; number <= stages.size(); ++number) {
      Value back = arith::ConstantIndexOp::create(builder, loc, int64_t(number) - 1);
      Value at = arith::SubIOp::create(builder, loc, wavefront.getInductionVar(), back);
      at = arith::MaxSIOp::create(builder, loc, at, zero);
      at = arith::MulIOp::create(builder, loc, at, chunk);
      edges.push_back(arith::MinSIOp::create(builder, loc, at, steps));
    }
    auto sections = kernel::SectionsOp::create(builder, loc, stages.size());
    for (auto [number, region] : llvm::enumerate(sections.getSections())) {
      builder.createBlock(&region);
      addStage(builder, stages[number], edges[number + 1], edges[number]);
      kernel::YieldOp::create(builder, loc);
    }
    ++numFormed;
  }

  static void addStage(OpBuilder &builder, const Stage &stage, Value low, Value high) {
    scf::ForOp loop = stage.loop;
    Value steps = loop.getUpperBound();
    for (auto [each, accesses] : stage.products) {
      ContractOp product = each;
      int64_t rows = *rowsOfProduct(product, steps);
      IRMapping mapping;
      for (Value operand : {product.getLhs(), product.getInit()})
        mapping.map(operand, sliceOf(builder, operand, low, high, rows));
      builder.clone(*product, mapping);
      product.erase();
    }
    loop->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
    loop.setLowerBound(low);
    loop.setUpperBound(high);
  }

  /// Of `value`, which has `rows` rows a step, those of the steps [low, high).
  static Value sliceOf(OpBuilder &builder, Value value, Value low, Value high, int64_t rows) {
    Location loc = value.getLoc();
    auto type = cast<MemRefType>(value.getType());
    Value factor = arith::ConstantIndexOp::create(builder, loc, rows);
    Value count = arith::SubIOp::create(builder, loc, high, low);
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, loc, value);
    offsets[0] = builder.createOrFold<arith::MulIOp>(loc, low, factor);
    sizes[0] = builder.createOrFold<arith::MulIOp>(loc, count, factor);
    return memref::SubViewOp::create(builder, loc, value, offsets, sizes, strides);
  }
};

} // namespace
