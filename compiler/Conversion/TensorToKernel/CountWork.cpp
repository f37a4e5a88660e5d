//===- CountWork.cpp - operations and weights of kernels ------------------===//
//
// Writes at every launch how many floating-point operations it takes, as a function of the entry's
// symbolic dimensions, and how many bytes of weights it reads, so that a benchmark can put its time
// beside the machine's peaks.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeFormula.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Interfaces/ViewLikeInterface.h"

#include <limits>

namespace fovea {
#define GEN_PASS_DEF_COUNTWORK
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The product of a kernel that is worth counting, or null.
static Operation *productOf(func::FuncOp kernel) {
  for (Operation &op : kernel.front().without_terminator())
    if (isa<ContractOp, GatesOp, AttentionOp>(op))
      return &op;
  return nullptr;
}

/// Bytes of weights that the kernel's computation reads from end to end. Tables of which it reads
/// chosen elements are none of its operands.
static int64_t weightBytesOf(func::FuncOp kernel, kernel::LaunchOp launch) {
  int64_t bytes = 0;
  for (auto [argument, given] : llvm::zip(kernel.getArguments(), launch.getArgs())) {
    auto type = dyn_cast<MemRefType>(given.getType());
    bool isOperand = llvm::any_of(argument.getUsers(), [](Operation *user) {
      return isa<DestinationStyleOpInterface, linalg::LinalgOp>(user);
    });
    while (auto view = given.getDefiningOp<ViewLikeOpInterface>())
      given = view.getViewSource();
    if (type && type.hasStaticShape() && isOperand && given.getDefiningOp<GetWeightOp>())
      bytes += type.getNumElements() * byteWidth(type.getElementType());
  }
  return bytes;
}

/// Operands and their maps over the operation's iteration dimensions.
static SmallVector<std::pair<Value, AffineMap>> accessesOf(Operation *op) {
  SmallVector<std::pair<Value, AffineMap>> accesses;
  if (auto contract = dyn_cast<ContractOp>(op)) {
    accesses = {{contract.getLhs(), contract.getLhsMap()},
                {contract.getRhs(), contract.getRhsMap()},
                {contract.getInit(), contract.getOutMap()}};
  } else if (auto gates = dyn_cast<GatesOp>(op)) {
    // Of rows, units and the depth.
    Builder builder(op->getContext());
    auto map = [&](unsigned first, unsigned second) {
      AffineExpr dims[] = {builder.getAffineDimExpr(first), builder.getAffineDimExpr(second)};
      return AffineMap::get(3, 0, dims, op->getContext());
    };
    accesses = {{gates.getState(), map(0, 2)}, {gates.getInits().front(), map(0, 1)}};
  } else {
    auto attention = cast<AttentionOp>(op);
    accesses = {{attention.getQuery(), attention.getQueryMap()},
                {attention.getKey(), attention.getKeyMap()},
                {attention.getValue(), attention.getValueMap()},
                {attention.getOut(), attention.getOutMap()}};
  }
  return accesses;
}

/// True for a loop without another bound than what fits into an index.
static bool isEndless(scf::ForOp loop) {
  return getConstantIntValue(loop.getUpperBound()) == std::numeric_limits<int64_t>::max();
}

namespace {

struct CountWork : fovea::impl::CountWorkBase<CountWork> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr(kEntryAttr))
        entry.walk([&](kernel::LaunchOp launch) { count(entry, launch); });
  }

private:
  void count(func::FuncOp entry, kernel::LaunchOp launch) {
    auto kernel = getOperation().lookupSymbol<func::FuncOp>(launch.getKernel());
    if (!kernel || kernel.empty())
      return;
    if (int64_t bytes = weightBytesOf(kernel, launch))
      launch->setAttr(kWeightBytesAttr, Builder(&getContext()).getI64IntegerAttr(bytes));
    Operation *op = productOf(kernel);
    if (!op)
      return;
    SizeFormula formulas(entry);
    Attribute work = workOf(op, launch, formulas);
    for (Operation *at = launch->getParentOp(); work && at != entry; at = at->getParentOp()) {
      if (auto loop = dyn_cast<scf::ForOp>(at)) {
        if (!loop.getBody()->getOps<ProceedIfOp>().empty())
          launch->setAttr(kConditionalAttr, UnitAttr::get(&getContext()));
        work = isEndless(loop) ? Attribute() : formulas.multiply(work, formulas.tripCount(loop));
      } else if (isa<scf::IfOp, scf::IndexSwitchOp>(at)) {
        launch->setAttr(kConditionalAttr, UnitAttr::get(&getContext()));
      } else if (!isa<kernel::SectionsOp>(at)) {
        work = {};
      }
    }
    if (!work)
      return;
    launch->setAttr(kFlopsAttr, work);
    ++numCounted;
  }

  /// Of one run of the kernel; null when a size depends on data.
  static Attribute workOf(Operation *op, kernel::LaunchOp launch, SizeFormula &formulas) {
    SmallVector<std::pair<Value, AffineMap>> accesses = accessesOf(op);
    SmallVector<Attribute> extents(accesses.front().second.getNumDims());
    for (auto &[operand, map] : accesses)
      for (auto [place, expr] : llvm::enumerate(map.getResults())) {
        auto dim = dyn_cast<AffineDimExpr>(expr);
        auto argument = dyn_cast<BlockArgument>(operand);
        if (dim && argument && !extents[dim.getPosition()])
          extents[dim.getPosition()] =
              formulas.sizeOf(launch.getArgs()[argument.getArgNumber()], place);
      }
    if (isa<ContractOp, GatesOp>(op)) {
      auto gates = dyn_cast<GatesOp>(op);
      Attribute work = formulas.number(gates ? 2 * gates.getGateCount() : 2);
      for (Attribute extent : extents)
        work = formulas.multiply(work, extent);
      return work;
    }
    auto attention = cast<AttentionOp>(op);
    if (auto table = dyn_cast_or_null<BlockArgument>(attention.getPages()))
      extents[AttentionOp::J] =
          formulas.multiply(formulas.sizeOf(launch.getArgs()[table.getArgNumber()], 1),
                            formulas.number(attention.getPageSize()));
    // Heads that share out the keys are one.
    extents[AttentionOp::H] =
        formulas.combine("floordiv", extents[AttentionOp::H], formulas.number(keyPartsOf(op)));
    // Scores and the weighted sum: b h i j (d + e) multiply-adds.
    Attribute work =
        formulas.multiply(formulas.number(2),
                          formulas.combine("+", extents[AttentionOp::D], extents[AttentionOp::E]));
    for (unsigned dim : {AttentionOp::B, AttentionOp::H, AttentionOp::I, AttentionOp::J})
      work = formulas.multiply(work, extents[dim]);
    return work;
  }
};

} // namespace
