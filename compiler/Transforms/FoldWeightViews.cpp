//===- FoldWeightViews.cpp - views of weights as weights ------------------===//
//
// A view of a weight that is one run of its bytes becomes a weight of its own, so that what asks
// for constant operands finds them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_FOLDWEIGHTVIEWS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Elements in front of a slice of a tensor of static shape that is one run of its elements; none
/// for another slice.
static std::optional<int64_t> startOfRun(tensor::ExtractSliceOp slice) {
  RankedTensorType type = slice.getSourceType();
  ArrayRef<int64_t> offsets = slice.getStaticOffsets(), sizes = slice.getStaticSizes();
  bool isStatic = type.hasStaticShape() && !llvm::is_contained(offsets, ShapedType::kDynamic) &&
                  !llvm::is_contained(sizes, ShapedType::kDynamic);
  if (!isStatic || !slice.hasUnitStride())
    return std::nullopt;
  int64_t start = 0;
  bool mayCut = true;
  for (auto [extent, offset, size] : llvm::zip_equal(type.getShape(), offsets, sizes)) {
    if (offset < 0 || size < 1 || offset + size > extent || (!mayCut && size != extent))
      return std::nullopt;
    start = start * extent + offset;
    // Behind a dimension of several, whole rows must follow each other.
    mayCut &= size == 1;
  }
  return start;
}

namespace {

struct FoldWeightViews : fovea::impl::FoldWeightViewsBase<FoldWeightViews> {
  void runOnOperation() override {
    SmallVector<Operation *> views;
    getOperation().walk([&](Operation *op) {
      if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ExtractSliceOp>(op))
        views.push_back(op);
    });
    for (Operation *view : views)
      fold(view);
    for (WeightOp weight : replaced)
      if (SymbolTable::symbolKnownUseEmpty(weight, getOperation()))
        weight.erase();
  }

private:
  void fold(Operation *view) {
    auto get = view->getOperand(0).getDefiningOp<GetWeightOp>();
    auto type = cast<RankedTensorType>(view->getResult(0).getType());
    if (!get || !type.hasStaticShape())
      return;
    auto slice = dyn_cast<tensor::ExtractSliceOp>(view);
    std::optional<int64_t> start = slice ? startOfRun(slice) : std::optional<int64_t>(0);
    auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(get, get.getWeightAttr());
    if (!start || !weight || weight.isDerived())
      return;
    OpBuilder builder(view);
    Value folded = GetWeightOp::create(builder, get.getLoc(), type,
                                       FlatSymbolRefAttr::get(declare(weight, type, *start)));
    view->getResult(0).replaceAllUsesWith(folded);
    view->erase();
    if (get.use_empty())
      get.erase();
    replaced.insert(weight);
    ++numFolded;
  }

  /// The weight of `type` that begins `start` elements into `weight`.
  WeightOp declare(WeightOp weight, RankedTensorType type, int64_t start) {
    WeightOp &view = known[{weight, type, start}];
    if (view)
      return view;
    if (start == 0 && weight.getType() == type)
      return view = weight;
    std::string name = (weight.getSymName() + ".view").str();
    for (unsigned suffix = 0; getOperation().lookupSymbol(name); ++suffix)
      name = (weight.getSymName() + ".view" + Twine(suffix)).str();
    OpBuilder builder(weight);
    builder.setInsertionPointAfter(weight);
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    view = WeightOp::create(
        builder, weight.getLoc(), builder.getStringAttr(name), weight.getSourceAttr(),
        builder.getI64IntegerAttr(weight.getOffset() + start * bytes), TypeAttr::get(type),
        FlatSymbolRefAttr(), PanelsAttr(), ArrayAttr(), FlatSymbolRefAttr(), DenseI64ArrayAttr());
    return view;
  }

  DenseMap<std::tuple<Operation *, Type, int64_t>, WeightOp> known;
  SetVector<WeightOp> replaced;
};

} // namespace
