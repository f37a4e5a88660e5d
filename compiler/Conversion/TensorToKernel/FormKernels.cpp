//===- FormKernels.cpp - computations on buffers become kernels -----------===//
//
// Outlines every computation of an entry into a kernel function and a launch of it; equal kernels
// are made once, so that a model of equal layers compiles one layer's kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/KernelArguments.h"
#include "compiler/Conversion/TensorToKernel/LoopKernels.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace fovea {
#define GEN_PASS_DEF_FORMKERNELS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The buffer behind a chain of views.
static Value rootOf(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

Type fovea::kernelTypeOf(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref || memref.getLayout().isIdentity())
    return type;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(memref.getStridesAndOffset(strides, offset)))
    return type;
  return MemRefType::get(memref.getShape(), memref.getElementType(),
                         StridedLayoutAttr::get(type.getContext(), 0, strides));
}

func::FuncOp fovea::makeKernel(Location loc, StringRef name, TypeRange types,
                               ArrayRef<StringRef> marks) {
  OpBuilder builder(loc.getContext());
  auto kernel = func::FuncOp::create(loc, name, builder.getFunctionType(types, {}));
  kernel.setPrivate();
  kernel->setAttr(kernel::kKernelAttr, builder.getUnitAttr());
  for (StringRef mark : marks)
    kernel->setAttr(mark, builder.getUnitAttr());
  builder.setInsertionPointToStart(kernel.addEntryBlock());
  func::ReturnOp::create(builder, loc);
  return kernel;
}

void fovea::requireElements(OpBuilder &builder, Operation *op,
                            function_ref<SmallVector<Value>(CheckedIndexOp)> unreached) {
  // Loops of their own may have no steps.
  DenseSet<std::pair<Value, Operation *>> done;
  op->walk([&](CheckedIndexOp index) {
    Value extent = index.getExtent();
    Operation *around = index->getParentOfType<LoopLikeOpInterface>();
    std::optional<int64_t> known = getConstantIntValue(extent);
    bool inside = op->isAncestor(extent.getParentBlock()->getParentOp());
    if ((known && *known > 0) || inside || !done.insert({extent, around}).second)
      return;
    Location loc = index.getLoc();
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value fine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, extent, zero);
    for (Value condition : unreached(index))
      fine = arith::OrIOp::create(builder, loc, fine, condition);
    RequireOp::create(builder, loc, fine, zero, extent, Fault::Index, index.getNodeAttr());
  });
}

/// True for what a loop gives: it may be a buffer that has another name, too.
static bool isCarried(Value root) { return root.getDefiningOp<LoopLikeOpInterface>() != nullptr; }

static bool isComputation(Operation *op) {
  return isa<linalg::LinalgOp, linalg::SoftmaxOp, AttentionOp, ContractOp, GatesOp, LayerNormOp,
             RmsNormOp, kernel::RowsOp>(op) &&
         op->getNumResults() == 0;
}

/// True when a buffer that the operation writes may overlap another of its arguments.
static bool mayAlias(Operation *op, ArrayRef<Value> inputs) {
  if (auto rows = dyn_cast<kernel::RowsOp>(op))
    return llvm::any_of(rows.getBody().front().without_terminator(),
                        [&](Operation &inner) { return mayAlias(&inner, inputs); });
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  if (!destination)
    return true;
  for (Value init : destination.getDpsInits())
    for (Value other : inputs)
      if (other != init && isa<MemRefType>(other.getType()) &&
          (rootOf(other) == rootOf(init) || isCarried(rootOf(other))))
        return true;
  return false;
}

namespace {

struct FormKernels : fovea::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    SmallVector<Operation *> computations;
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr(kEntryAttr))
        continue;
      lowerCopies(entry);
      entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
        if (!isComputation(op))
          return WalkResult::advance();
        computations.push_back(op);
        return WalkResult::skip();
      });
    }
    for (Operation *op : computations)
      outline(op);
  }

private:
  /// Copies become elementwise computations, so that they run as tasks like the rest.
  void lowerCopies(func::FuncOp entry) {
    SmallVector<memref::CopyOp> copies;
    entry.walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    IRRewriter rewriter(&getContext());
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      if (copy.getSource() != copy.getTarget())
        linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(), copy.getTarget());
      rewriter.eraseOp(copy);
    }
  }

  void outline(Operation *op) {
    OuterValues outer = outerValuesOf(op);
    func::FuncOp kernel = kernelOf(op, outer);
    std::string text;
    llvm::raw_string_ostream stream(text);
    OpPrintingFlags flags;
    flags.useLocalScope();
    kernel->print(stream, flags);
    auto [known, inserted] = kernels.try_emplace(text, kernel);
    if (inserted) {
      kernel.setName(
          ("kernel_" + Twine(kernels.size() - 1) + "_" + op->getName().stripDialect()).str());
      getOperation().push_back(kernel);
      ++numKernels;
    } else {
      kernel->erase();
    }
    OpBuilder builder(op);
    requireElementsOf(builder, op);
    auto launch = kernel::LaunchOp::create(builder, op->getLoc(), known->second.getName(),
                                           outer.inputs, Value());
    if (auto rows = dyn_cast<kernel::RowsOp>(op))
      launch->setAttr(kComputationsAttr, nodesOf(rows));
    op->erase();
    ++numLaunches;
  }

  /// The nodes of a group's computations, in their order.
  static Attribute nodesOf(kernel::RowsOp rows) {
    SmallVector<StringRef> nodes;
    for (Operation &inner : rows.getBody().front().without_terminator())
      nodes.push_back(nodeOf(&inner));
    return Builder(rows.getContext()).getStrArrayAttr(nodes);
  }

  static void requireElementsOf(OpBuilder &builder, Operation *op) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp)
      return;
    requireElements(builder, op, [&](CheckedIndexOp index) {
      SmallVector<Value> empty;
      Location loc = index.getLoc();
      Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
      for (Range range : linalgOp.createLoopRanges(builder, loc)) {
        Value size = getValueOrCreateConstantIndexOp(builder, loc, range.size);
        empty.push_back(arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, size, zero));
      }
      return empty;
    });
  }

  static func::FuncOp kernelOf(Operation *op, const OuterValues &outer) {
    SmallVector<Type> types;
    for (Value input : outer.inputs)
      types.push_back(kernelTypeOf(input.getType()));
    SmallVector<StringRef> marks;
    if (mayAlias(op, outer.inputs))
      marks.push_back(kMayAliasAttr);
    func::FuncOp kernel = makeKernel(op->getLoc(), "kernel", types, marks);
    OpBuilder builder = OpBuilder::atBlockBegin(&kernel.front());
    IRMapping mapping;
    for (auto [input, argument] : llvm::zip_equal(outer.inputs, kernel.getArguments()))
      mapping.map(input, argument);
    for (Value constant : outer.constants)
      builder.clone(*constant.getDefiningOp(), mapping);
    Operation *inner = builder.clone(*op, mapping);
    retypeTables(inner);
    return kernel;
  }

  /// Tables of attention regions take the type of the kernel's argument.
  static void retypeTables(Operation *op) {
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention)
      return;
    for (Region &region : op->getRegions())
      for (auto [index, capture] : llvm::enumerate(attention.getCaptures())) {
        if (region.empty())
          continue;
        BlockArgument argument =
            region.getArgument(region.getNumArguments() - attention.getCaptures().size() + index);
        if (isa<MemRefType>(argument.getType()))
          argument.setType(capture.getType());
      }
  }

  llvm::StringMap<func::FuncOp> kernels;
};

} // namespace
