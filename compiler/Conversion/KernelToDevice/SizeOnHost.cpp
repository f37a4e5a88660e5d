//===- SizeOnHost.cpp - sizes that the host computes ----------------------===//
//
// What the host must know in front of a launch, it computes from what it has: extents, constants
// and small inputs, which the caller then passes in its memory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorSizes.h"
#include "compiler/Conversion/KernelToDevice/HostElements.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {
#define GEN_PASS_DEF_SIZEONHOST
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Calls `take` on what the host runs: bodies of computations excepted.
static void walkHostCode(func::FuncOp entry, function_ref<void(Operation *)> take) {
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == entry.getOperation())
      return WalkResult::advance();
    take(op);
    bool isHostCode = op->getNumRegions() == 0 || isa<scf::IfOp, scf::ForOp, scf::WhileOp>(op);
    return isHostCode ? WalkResult::advance() : WalkResult::skip();
  });
}

namespace {

/// Elements of tensors that the host must know.
class Demands {
public:
  explicit Demands(func::FuncOp entry) : sizes(entry) {
    walkHostCode(entry, [&](Operation *op) { add(op); });
  }
  ArrayRef<tensor::ExtractOp> reads() const { return demanded.getArrayRef(); }

  /// A scalar, and what it is computed from.
  void add(Value value) {
    if (!seen.insert(value).second)
      return;
    Operation *op = value.getDefiningOp();
    if (auto read = dyn_cast_or_null<tensor::ExtractOp>(op)) {
      demanded.insert(read);
    } else if (auto branch = dyn_cast_or_null<scf::IfOp>(op)) {
      unsigned number = cast<OpResult>(value).getResultNumber();
      add({branch.getCondition(), branch.thenYield().getOperand(number),
           branch.elseYield().getOperand(number)});
    } else if (op && op->getNumRegions() == 0 && isMemoryEffectFree(op)) {
      for (Value operand : op->getOperands())
        if (operand.getType().isIntOrIndexOrFloat())
          add(operand);
    }
  }

private:
  /// What an operation cannot do without.
  void add(Operation *op) {
    if (auto view = dyn_cast<OffsetSizeAndStrideOpInterface>(op)) {
      add(view.getSizes());
      add(view.getStrides());
    } else if (isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::PadOp, tensor::SplatOp,
                   tensor::GenerateOp>(op)) {
      for (Value operand : op->getOperands())
        if (operand.getType().isIndex())
          add(operand);
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      add({loop.getLowerBound(), loop.getUpperBound(), loop.getStep()});
    } else if (auto branch = dyn_cast<scf::IfOp>(op); branch && !isOfOneSize(branch)) {
      add(branch.getCondition());
    }
  }

  /// True when what both branches give has the same sizes.
  bool isOfOneSize(scf::IfOp branch) {
    for (OpResult result : branch.getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
        unsigned number = result.getResultNumber();
        if (type.isDynamicDim(dim) &&
            !sizes.areEqual(sizes.sizeOf(branch.thenYield().getOperand(number), dim),
                            sizes.sizeOf(branch.elseYield().getOperand(number), dim)))
          return false;
      }
    }
    return true;
  }

  void add(ValueRange values) {
    for (Value value : values)
      add(value);
  }

  TensorSizes sizes;
  DenseSet<Value> seen;
  llvm::SetVector<tensor::ExtractOp> demanded;
};

struct SizeOnHost : fovea::impl::SizeOnHostBase<SizeOnHost> {
  void runOnOperation() override {
    func::FuncOp entry = getOperation();
    if (!entry->hasAttr(kEntryAttr) || entry.isExternal())
      return;
    SmallVector<tensor::ExtractOp> reads;
    walkHostCode(entry, [&](Operation *op) {
      if (auto read = dyn_cast<tensor::ExtractOp>(op))
        reads.push_back(read);
    });
    if (reads.empty())
      return;
    Demands demands(entry);
    HostInputs given;
    Elements elements;
    for (tensor::ExtractOp read : reads)
      elements.insert({read, HostElement(read, given)});
    llvm::SetVector<BlockArgument> inputs = inputsOf(demands, elements);
    replace(elements, inputs);
    eraseUnused(entry);
    for (BlockArgument input : inputs)
      markInput(entry, input);
  }

private:
  using Elements = llvm::MapVector<tensor::ExtractOp, HostElement>;

  /// The inputs that demanded elements are computed from.
  static llvm::SetVector<BlockArgument> inputsOf(Demands &demands, const Elements &elements) {
    llvm::SetVector<BlockArgument> inputs;
    // What an element is computed from is demanded, too.
    for (size_t next = 0; next < demands.reads().size(); ++next) {
      const auto *found = elements.find(demands.reads()[next]);
      if (found == elements.end() || !found->second.get())
        continue;
      inputs.insert_range(found->second.inputs());
      demands.add(found->second.get());
    }
    return inputs;
  }

  /// Replaces what is read of no input but these.
  void replace(Elements &elements, const llvm::SetVector<BlockArgument> &inputs) {
    DenseMap<Value, Value> replaced;
    for (auto &[read, element] : elements) {
      bool has =
          llvm::all_of(element.inputs(), [&](BlockArgument one) { return inputs.contains(one); });
      if (!element.get() || !has) {
        element.giveUp();
        continue;
      }
      // An element may be one that was read before it.
      Value value = replaced.lookup(element.get());
      value = value ? value : element.get();
      read.replaceAllUsesWith(value);
      replaced[read.getResult()] = value;
      ++numElements;
    }
    for (auto [before, after] : replaced)
      before.getDefiningOp()->erase();
  }

  /// Computations of elements that nobody reads any more.
  static void eraseUnused(func::FuncOp entry) {
    SmallVector<Operation *> ops;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
  }

  void markInput(func::FuncOp entry, BlockArgument input) {
    bool hasKernels =
        llvm::any_of(input.getUsers(), [](Operation *user) { return !isa<tensor::DimOp>(user); });
    entry.setArgAttr(input.getArgNumber(), kReadByAttr,
                     StringAttr::get(&getContext(), hasKernels ? kReadByBoth : kReadByHost));
    ++numInputs;
  }
};

} // namespace
