//===- LowerEntry.cpp - entries with the calling convention of the ABI ----===//
//
// Turns entries into fovea_run_ and fovea_plan_ functions, and every operation that needs the host
// into reads of the call and calls of its functions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/HostAbi.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace fovea {
#define GEN_PASS_DEF_LOWERENTRY
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Rewrites an expansion as a cast with explicit sizes and strides. Upstream's expansion of strided
/// metadata (MLIR 22.1) crashes on groups with more than one dynamic size.
static void lowerExpandShape(memref::ExpandShapeOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto source = memref::ExtractStridedMetadataOp::create(builder, loc, op.getSrc());
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  SmallVector<OpFoldResult> strides(sizes.size());
  for (auto [group, place] : llvm::enumerate(op.getReassociationIndices())) {
    Value running = source.getStrides()[group];
    for (int64_t dim : llvm::reverse(place)) {
      strides[dim] = running;
      running = builder.createOrFold<arith::MulIOp>(
          loc, running, getValueOrCreateConstantIndexOp(builder, loc, sizes[dim]));
    }
  }
  auto type = cast<MemRefType>(op.getResult().getType());
  auto [given, offset] = type.getStridesAndOffset();
  for (auto [dim, stride] : llvm::enumerate(given))
    if (!ShapedType::isDynamic(stride))
      strides[dim] = builder.getIndexAttr(stride);
  OpFoldResult start = source.getOffset();
  if (!ShapedType::isDynamic(offset))
    start = builder.getIndexAttr(offset);
  auto statics = [](ArrayRef<OpFoldResult> values) {
    return llvm::map_to_vector(values, [](OpFoldResult value) {
      return getConstantIntValue(value).value_or(ShapedType::kDynamic);
    });
  };
  auto cast = MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(builder.getContext(), statics(start)[0], statics(strides)));
  Value view = memref::ReinterpretCastOp::create(builder, loc, cast, source.getBaseBuffer(), start,
                                                 sizes, strides);
  if (cast != type)
    view = memref::CastOp::create(builder, loc, type, view);
  op.replaceAllUsesWith(view);
  op.erase();
}

namespace {

struct LowerEntry : fovea::impl::LowerEntryBase<LowerEntry> {
  void runOnOperation() override {
    if (auto known = getOperation()->getAttrOfType<ArrayAttr>(kNodesAttr))
      for (StringAttr node : known.getAsRange<StringAttr>())
        numberOf(node);
    placeWeights();
    SmallVector<func::FuncOp> entries, bodies;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      if (failed(check(entry)))
        return signalPassFailure();
      SmallVector<memref::ExpandShapeOp> expansions;
      entry.walk([&](memref::ExpandShapeOp op) { expansions.push_back(op); });
      llvm::for_each(expansions, lowerExpandShape);
      makePlan(entry);
      lowerArguments(entry);
      ++numEntries;
    }
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && function.getNumArguments() > 0 &&
          isa<LLVM::LLVMPointerType>(function.getArgument(0).getType()))
        lowerHostOps(function, function.getArgument(0));
    SmallVector<Attribute> names;
    for (StringAttr node : nodes)
      names.push_back(node);
    getOperation()->setAttr(kNodesAttr, ArrayAttr::get(&getContext(), names));
    if (auto math = getOperation().lookupSymbol<func::FuncOp>(kHostMath))
      math.erase();
  }

private:
  Type pointer() { return LLVM::LLVMPointerType::get(&getContext()); }

  func::FuncOp layoutOf(func::FuncOp entry) {
    return getOperation().lookupSymbol<func::FuncOp>((entry.getName() + ".layout").str());
  }

  /// What fovea-bind-outputs and fovea-plan-arena leave behind.
  LogicalResult check(func::FuncOp entry) {
    auto symbols = entry->getAttrOfType<ArrayAttr>(kSymbolsAttr);
    func::FuncOp layout = layoutOf(entry);
    auto isIndex = [](Type type) { return type.isIndex(); };
    if (entry.isExternal() || !entry.getBody().hasOneBlock() || entry.getNumResults() != 0)
      return entry.emitOpError("expected an entry of one block without results");
    if (!symbols || !layout || layout.isExternal() || layout.getNumArguments() != symbols.size() ||
        layout.getNumResults() == 0 || !llvm::all_of(layout.getArgumentTypes(), isIndex) ||
        !llvm::all_of(layout.getResultTypes(), isIndex))
      return entry.emitOpError("expected its symbols and a function '")
             << entry.getName() << ".layout' of their sizes";
    for (unsigned index = 0; index < entry.getNumArguments(); ++index)
      if (!isBound(entry, index, symbols))
        return entry.emitOpError("expected argument ")
               << index << " to be a dense buffer whose dynamic sizes are symbols of the entry";
    WalkResult walk = entry.walk([&](kernel::SymbolOp symbol) {
      return symbol.getIndex() < symbols.size() ? WalkResult::advance() : WalkResult::interrupt();
    });
    return walk.wasInterrupted() ? entry.emitOpError("reads a symbol that it does not have")
                                 : LogicalResult(success());
  }

  static bool isBound(func::FuncOp entry, unsigned index, ArrayAttr symbols) {
    auto type = dyn_cast<MemRefType>(entry.getArgument(index).getType());
    auto shape = entry.getArgAttrOfType<ArrayAttr>(index, kShapeAttr);
    if (!type || !type.getLayout().isIdentity() || type.hasStaticShape())
      return type && type.getLayout().isIdentity();
    if (!shape || static_cast<int64_t>(shape.size()) != type.getRank())
      return false;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim) && !llvm::is_contained(symbols, shape[dim]))
        return false;
    return true;
  }

  /// Offsets for the weights that the code reads, in the module's order.
  void placeWeights() {
    DenseSet<StringAttr> used;
    getOperation().walk([&](GetWeightOp op) { used.insert(op.getWeightAttr().getAttr()); });
    int64_t offset = 0;
    Builder builder(&getContext());
    for (auto weight : getOperation().getOps<WeightOp>()) {
      if (!used.contains(weight.getSymNameAttr()))
        continue;
      weight->setAttr(kWeightOffsetAttr, builder.getI64IntegerAttr(offset));
      offsets[weight.getSymNameAttr()] = offset;
      offset = llvm::alignTo(offset + weight.getByteSize(), kWeightAlignment);
    }
  }

  /// `fovea_plan_<entry>(dims) -> bytes of arena`.
  void makePlan(func::FuncOp entry) {
    func::FuncOp layout = layoutOf(entry);
    OpBuilder builder(&getContext());
    Location loc = entry.getLoc();
    auto plan = func::FuncOp::create(loc, ("fovea_plan_" + entry.getName()).str(),
                                     builder.getFunctionType({pointer()}, {builder.getI64Type()}));
    getOperation().push_back(plan);
    builder.setInsertionPointToStart(plan.addEntryBlock());
    HostAbi abi(builder, loc, Value());
    SmallVector<Value> symbols;
    for (unsigned index = 0; index < layout.getNumArguments(); ++index) {
      Value word = abi.load(builder.getI64Type(), plan.getArgument(0), 8 * index);
      symbols.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), word));
    }
    auto call = func::CallOp::create(builder, loc, layout, symbols);
    func::ReturnOp::create(builder, loc, abi.word(call.getResults().back()));
  }

  /// `fovea_run_<entry>(call)`, with the arguments read from the call.
  void lowerArguments(func::FuncOp entry) {
    OpBuilder builder = OpBuilder::atBlockBegin(&entry.front());
    Location loc = entry.getLoc();
    Block &block = entry.front();
    unsigned count = block.getNumArguments();
    Value call = block.addArgument(pointer(), loc);
    HostAbi abi(builder, loc, call);
    auto symbols = entry->getAttrOfType<ArrayAttr>(kSymbolsAttr);
    for (unsigned index = 0; index < count; ++index) {
      BlockArgument argument = block.getArgument(index);
      auto type = cast<MemRefType>(argument.getType());
      auto shape = entry.getArgAttrOfType<ArrayAttr>(index, kShapeAttr);
      SmallVector<Value> sizes;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        if (type.isDynamicDim(dim)) {
          int64_t symbol = llvm::find(symbols, shape[dim]) - symbols.begin();
          sizes.push_back(kernel::SymbolOp::create(builder, loc, builder.getIndexType(),
                                                   builder.getI64IntegerAttr(symbol)));
        }
      argument.replaceAllUsesWith(
          kernel::ViewOp::create(builder, loc, type, abi.input(index), sizes, ValueRange())
              .getResult());
    }
    block.eraseArguments(0, count);
    entry.setArgAttrsAttr(nullptr);
    entry.setFunctionType(builder.getFunctionType({pointer()}, {}));
    entry.setName(("fovea_run_" + entry.getName()).str());
  }

  void lowerHostOps(func::FuncOp function, Value call) {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      OpBuilder builder(op);
      HostAbi abi(builder, op->getLoc(), call);
      if (auto request = dyn_cast<kernel::CallOp>(op))
        replace(op, call);
      else if (auto symbol = dyn_cast<kernel::SymbolOp>(op))
        replace(op, arith::IndexCastOp::create(builder, op->getLoc(), builder.getIndexType(),
                                               abi.symbol(symbol.getIndex())));
      else if (isa<kernel::ThreadsOp>(op))
        replace(op, arith::IndexCastOp::create(builder, op->getLoc(), builder.getIndexType(),
                                               abi.threads()));
      else if (isa<kernel::StepsOp>(op))
        replace(op, arith::IndexCastOp::create(builder, op->getLoc(), builder.getIndexType(),
                                               abi.steps()));
      else if (auto proceed = dyn_cast<ProceedIfOp>(op))
        lowerProceed(proceed, builder);
      else if (auto arena = dyn_cast<kernel::ArenaOp>(op))
        replace(op, view(builder, arena.getResult(), abi.arena(abi.word(arena.getOffset())),
                         arena.getSizes()));
      else if (auto weight = dyn_cast<GetWeightOp>(op))
        replace(op, view(builder, weight.getResult(),
                         abi.weights(abi.word(offsets[weight.getWeightAttr().getAttr()])), {}));
      else if (auto output = dyn_cast<kernel::OutputOp>(op))
        lowerOutput(output, builder, abi);
      else if (auto allocate = dyn_cast<kernel::AllocateOp>(op))
        lowerAllocate(allocate, builder, abi);
      else if (auto index = dyn_cast<CheckedIndexOp>(op))
        lowerCheckedIndex(index, builder, call);
      else if (auto require = dyn_cast<RequireOp>(op))
        lowerRequire(require, builder, call);
      else if (auto math = dyn_cast<func::CallOp>(op); math && math.getCallee() == kHostMath)
        replace(op, abi.math(math.getOperand(0), math.getOperand(1), math.getOperand(2)));
    }
  }

  static void replace(Operation *op, Value value) {
    op->replaceAllUsesWith(ValueRange(value));
    op->erase();
  }

  static Value view(OpBuilder &builder, Value result, Value start, ValueRange sizes) {
    return kernel::ViewOp::create(builder, result.getLoc(), cast<MemRefType>(result.getType()),
                                  start, sizes, ValueRange());
  }

  void lowerOutput(kernel::OutputOp op, OpBuilder &builder, HostAbi &abi) {
    auto type = cast<MemRefType>(op.getResult().getType());
    SmallVector<Value> sizes;
    unsigned dynamic = 0;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      sizes.push_back(type.isDynamicDim(dim) ? op.getSizes()[dynamic++]
                                             : abi.word(type.getDimSize(dim)));
    replace(op, view(builder, op.getResult(), abi.output(op.getIndex(), sizes), op.getSizes()));
  }

  void lowerAllocate(kernel::AllocateOp op, OpBuilder &builder, HostAbi &abi) {
    auto type = cast<MemRefType>(op.getResult().getType());
    int64_t fixed = byteWidth(type.getElementType());
    for (int64_t extent : type.getShape())
      fixed *= ShapedType::isDynamic(extent) ? 1 : extent;
    // The host refuses what is negative; a product that overflows is made so.
    Location loc = op.getLoc();
    Value bytes = abi.word(fixed), valid = arith::ConstantIntOp::create(builder, loc, 1, 1);
    Value rough = arith::SIToFPOp::create(builder, loc, builder.getF64Type(), bytes);
    for (Value size : op.getSizes()) {
      Value word = abi.word(size);
      Value isSize = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, word,
                                           abi.word(int64_t(0)));
      valid = arith::AndIOp::create(builder, loc, valid, isSize);
      bytes = arith::MulIOp::create(builder, loc, bytes, word);
      Value factor = arith::SIToFPOp::create(builder, loc, builder.getF64Type(), word);
      rough = arith::MulFOp::create(builder, loc, rough, factor);
    }
    Value limit =
        arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(double(int64_t(1) << 62)));
    Value fits = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE, rough, limit);
    valid = arith::AndIOp::create(builder, loc, valid, fits);
    bytes = arith::SelectOp::create(builder, loc, valid, bytes, abi.word(int64_t(-1)));
    replace(op, view(builder, op.getResult(), abi.allocate(bytes), op.getSizes()));
  }

  int64_t numberOf(StringAttr node) {
    auto [known, inserted] = numbers.try_emplace(node, nodes.size());
    if (inserted)
      nodes.push_back(node);
    return known->second;
  }

  /// Out of range is a fault and 0, which fovea-form-kernels has made sure is in range.
  void lowerCheckedIndex(CheckedIndexOp op, OpBuilder &builder, Value call) {
    CheckedIndex checked = checkIndex(builder, op);
    // Outside tasks nothing has to go on, and there may be no element 0 to go on with.
    bool inEntry = op->getParentOfType<func::FuncOp>()->hasAttr(kEntryAttr);
    onFailure(builder, op.getLoc(), checked.inside, [&](OpBuilder &inner) {
      HostAbi abi(inner, op.getLoc(), call);
      int64_t node = numberOf(op.getNodeAttr());
      if (inEntry)
        abi.stop(FOVEA_FAULT_INDEX, node, checked.raw, op.getExtent());
      else
        abi.fault(FOVEA_FAULT_INDEX, node, checked.raw, op.getExtent());
    });
    replace(op, checked.index);
  }

  void lowerRequire(RequireOp op, OpBuilder &builder, Value call) {
    onFailure(builder, op.getLoc(), op.getCondition(), [&](OpBuilder &inner) {
      HostAbi abi(inner, op.getLoc(), call);
      abi.stop(static_cast<fovea_fault>(op.getFault()), numberOf(op.getNodeAttr()), op.getValue(),
               op.getLimit());
    });
    op.erase();
  }

  static void lowerProceed(ProceedIfOp op, OpBuilder &builder) {
    auto loop = cast<scf::ForOp>(op->getParentOp());
    kernel::LeaveUnlessOp::create(builder, op.getLoc(), op.getCondition(), loop.getInductionVar());
    op.erase();
  }

  DenseMap<StringAttr, int64_t> offsets, numbers;
  SmallVector<StringAttr> nodes;
};

} // namespace
