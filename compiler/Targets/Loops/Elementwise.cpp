//===- Elementwise.cpp - parallel and reducing loops ----------------------===//
//
// The forms for linalg operations that are neither products nor attention.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace fovea::loops;

/// Static elements that the innermost loops of a row should have at least.
static constexpr int64_t kInnerElements = 256;

static bool handlesParallel(Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && structured.getNumReductionLoops() == 0;
}

static bool handlesReduction(Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && structured.getNumReductionLoops() != 0;
}

static Refusal applies(Operation *) { return {}; }

static void scheduleParallel(Operation *op, Nest &nest) {
  auto structured = cast<linalg::LinalgOp>(op);
  SmallVector<Value> extents = extentsOf(nest, structured);
  auto element = [&](ArrayRef<Value> position) {
    storeResults(nest, structured, position,
                 cloneBody(nest, structured, position, {}, /*reassociate=*/false));
  };
  if (nest.blockThreads > 0)
    return nest.parallel(nest.product(extents), [&](Value number) {
      element(extents.empty() ? SmallVector<Value>() : nest.delinearize(number, extents));
    });
  if (extents.size() < 2) {
    if (extents.empty()) {
      nest.parallel(nest.index(1), [&](Value) { element({}); });
      return;
    }
    parallelRows(nest, extents[0], nest.index(1), [&](Value index) { element(index); });
    return;
  }
  size_t outer = extents.size() - 1;
  int64_t inside = constant(extents.back()).value_or(kInnerElements);
  while (outer > 1 && inside < kInnerElements && constant(extents[outer - 1]))
    inside *= *constant(extents[--outer]);
  ArrayRef<Value> rows = ArrayRef(extents).take_front(outer);
  ArrayRef<Value> columns = ArrayRef(extents).drop_front(outer);
  parallelRows(nest, nest.product(rows), nest.product(columns), [&](Value row) {
    SmallVector<Value> place = nest.delinearize(row, rows);
    nestedLoops(nest, columns, [&](ArrayRef<Value> inner) {
      SmallVector<Value> position(place);
      llvm::append_range(position, inner);
      element(position);
    });
  });
}

namespace {

/// Dimensions of a reduction: rows of tasks, the summed ones, and the one along memory when it is
/// not summed.
struct ReductionDims {
  SmallVector<unsigned> rows, summed;
  std::optional<unsigned> column;
};

} // namespace

static ReductionDims dimsOf(linalg::LinalgOp op) {
  ReductionDims dims;
  AffineMap out = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (op.getNumDpsInputs() > 0 && out.getNumResults() > 0) {
    AffineMap in = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
    auto last = in.getNumResults() > 0 ? dyn_cast<AffineDimExpr>(in.getResults().back())
                                       : AffineDimExpr(nullptr);
    bool single = op.getNumDpsInits() == 1;
    if (single && last && out.getResults().back() == last)
      dims.column = last.getPosition();
  }
  for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (kind == utils::IteratorType::reduction)
      dims.summed.push_back(dim);
    else if (dims.column != dim)
      dims.rows.push_back(dim);
  }
  return dims;
}

/// True when every result is a sum: none has an element for each step of the summed dimensions.
static bool onlySums(linalg::LinalgOp op, ArrayRef<unsigned> summed) {
  return llvm::none_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    return llvm::any_of(summed, [&](unsigned dim) { return map.isFunctionOfDim(dim); });
  });
}

/// Nested loops over the summed dimensions with the partial results as loop-carried values.
static Nest::Carried reduceRow(Nest &nest, linalg::LinalgOp op, ArrayRef<Value> extents,
                               ArrayRef<unsigned> summed, SmallVector<Value> &position,
                               ValueRange initial) {
  if (summed.empty())
    return cloneBody(nest, op, position, initial, /*reassociate=*/true);
  return nest.loop(nest.index(0), extents[summed.front()], nest.index(1), initial,
                   [&](Value iv, ValueRange carried) {
                     position[summed.front()] = iv;
                     return reduceRow(nest, op, extents, summed.drop_front(), position, carried);
                   });
}

static void scheduleReduction(Operation *op, Nest &nest) {
  auto structured = cast<linalg::LinalgOp>(op);
  SmallVector<Value> extents = extentsOf(nest, structured);
  ReductionDims dims = dimsOf(structured);
  if (nest.blockThreads > 0 && dims.column)
    // Neighbouring threads read neighbours in memory.
    dims.rows.push_back(*std::exchange(dims.column, std::nullopt));
  auto pick = [&](ArrayRef<unsigned> which) {
    return llvm::map_to_vector(which, [&](unsigned dim) { return extents[dim]; });
  };
  SmallVector<Value> rows = pick(dims.rows), summed = pick(dims.summed);
  Value work = nest.product(summed);
  if (dims.column)
    work = nest.mul(work, extents[*dims.column]);
  parallelRows(nest, nest.product(rows), work, [&](Value row) {
    SmallVector<Value> position(extents.size(), nest.index(0));
    for (auto [place, index] : llvm::enumerate(nest.delinearize(row, rows)))
      if (place < dims.rows.size())
        position[dims.rows[place]] = index;
    if (dims.column || !onlySums(structured, dims.summed)) {
      // Sums stay in memory: the innermost loop runs along it, or other results are written there.
      nestedLoops(nest, summed, [&](ArrayRef<Value> inner) {
        for (auto [place, index] : llvm::enumerate(inner))
          position[dims.summed[place]] = index;
        if (!dims.column) {
          storeResults(nest, structured, position,
                       cloneBody(nest, structured, position, {}, /*reassociate=*/false));
          return;
        }
        nest.loop(nest.index(0), extents[*dims.column], nest.index(1), [&](Value column) {
          position[*dims.column] = column;
          storeResults(nest, structured, position,
                       cloneBody(nest, structured, position, {}, /*reassociate=*/false));
        });
      });
      return;
    }
    SmallVector<Value> initial;
    for (OpOperand &init : structured.getDpsInitsMutable())
      initial.push_back(
          memref::LoadOp::create(nest.builder, nest.loc, init.get(),
                                 nest.apply(structured.getMatchingIndexingMap(&init), position)));
    Nest::Carried results = reduceRow(nest, structured, extents, dims.summed, position, initial);
    storeResults(nest, structured, position, results);
  });
}

const LoopForm fovea::loops::kElementwise = {"elementwise_loops", handlesParallel, applies,
                                             scheduleParallel,    false,           /*byRows=*/true};
const LoopForm fovea::loops::kReduction = {
    "reduction_loops", handlesReduction, applies, scheduleReduction, false, /*byRows=*/true};
