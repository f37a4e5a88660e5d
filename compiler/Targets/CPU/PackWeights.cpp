//===- PackWeights.cpp - constant right-hand sides as panels --------------===//
//
// Declares a packed weight for every weight that goes along the lanes of a product, and lets the
// product read it through panels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/CPU/WordPanels.h"
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/ScheduleRequest.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "compiler/Targets/CPU/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// The weight that an operand is.
static GetWeightOp weightOf(Value value) { return value.getDefiningOp<GetWeightOp>(); }

namespace {
/// An operand that is a weight, or one transposed and with dimensions merged: for each of the
/// operand's dimensions those of the weight that it runs over, outer ones first.
struct WeightView {
  GetWeightOp weight;
  SmallVector<SmallVector<int64_t>> dims;

  static WeightView of(Value value);
};
} // namespace

WeightView WeightView::of(Value value) {
  WeightView view;
  if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>()) {
    WeightView inner = of(collapse.getSrc());
    view.weight = inner.weight;
    for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
      view.dims.emplace_back();
      for (int64_t dim : group)
        if (inner.weight)
          llvm::append_range(view.dims.back(), inner.dims[dim]);
    }
  } else if (auto transpose = value.getDefiningOp<linalg::TransposeOp>()) {
    WeightView inner = of(transpose.getInput());
    view.weight = inner.weight;
    for (int64_t dim : transpose.getPermutation())
      if (inner.weight)
        view.dims.push_back(inner.dims[dim]);
  } else if ((view.weight = weightOf(value))) {
    for (int64_t dim = 0; dim < cast<RankedTensorType>(value.getType()).getRank(); ++dim)
      view.dims.push_back({dim});
  }
  return view;
}

/// True when each of `dims` is a result of its own.
static bool haveResults(AffineMap map, ArrayRef<unsigned> dims) {
  return llvm::all_of(dims, [&](unsigned dim) {
    return llvm::is_contained(map.getResults(), getAffineDimExpr(dim, map.getContext()));
  });
}

namespace {

struct PackWeights : fovea::impl::PackWeightsBase<PackWeights> {
  using PackWeightsBase::PackWeightsBase;

  void runOnOperation() override {
    cpu.lanes = lanes;
    cpu.registers = registers;
    cpu.rows.assign(rows.begin(), rows.end());
    SmallVector<ContractOp> products;
    // Only this pass knows what is packed: a mark that a model brought along counts for nothing.
    getOperation().walk([&](ContractOp op) {
      op->removeAttr(kPackedAttr);
      products.push_back(op);
    });
    for (ContractOp op : products)
      pack(op);
    SmallVector<GatesOp> gates;
    getOperation().walk([&](GatesOp op) { gates.push_back(op); });
    for (GatesOp op : gates)
      pack(op);
  }

private:
  void pack(ContractOp op) {
    std::optional<ProductDims> dims = ProductDims::of(op);
    if (!dims)
      return;
    WeightView view = WeightView::of(dims->columns);
    GetWeightOp get = view.weight;
    Type element = elementTypeOf(dims->columns);
    if (!get || !dims->columnsMap.isProjectedPermutation())
      return;
    // Positions of n, of the summed dimensions and of the rest in the weight.
    SmallVector<int64_t> n, k, outer;
    SmallVector<AffineExpr> batch;
    auto type = cast<RankedTensorType>(dims->columns.getType());
    SmallVector<int64_t> shape;
    for (auto [place, result] : llvm::enumerate(dims->columnsMap.getResults())) {
      unsigned dim = cast<AffineDimExpr>(result).getPosition();
      if (dim != dims->n && !op.isReduction(dim)) {
        batch.push_back(result);
        llvm::append_range(outer, view.dims[place]);
        shape.push_back(type.getDimSize(place));
      }
    }
    auto placeOf = [&](unsigned dim) {
      AffineExpr expr = getAffineDimExpr(dim, &getContext());
      return llvm::find(dims->columnsMap.getResults(), expr) -
             dims->columnsMap.getResults().begin();
    };
    llvm::append_range(n, view.dims[placeOf(dims->n)]);
    int64_t depth = 1, columns = type.getDimSize(placeOf(dims->n));
    AffineExpr flat = getAffineConstantExpr(0, &getContext());
    for (unsigned dim : dims->k) {
      if (!dims->columnsMap.isFunctionOfDim(dim))
        return;
      llvm::append_range(k, view.dims[placeOf(dim)]);
      int64_t size = type.getDimSize(placeOf(dim));
      flat = flat * size + getAffineDimExpr(dim, &getContext());
      depth *= size;
    }
    std::optional<Packing> packing = packingFor(op, *dims, columns);
    if (!packing || !llvm::is_sorted(outer))
      return;
    auto [width, group, step] = *packing;
    // The panels' map has no result for one of several summed dimensions, or for words of one.
    if ((dims->k.size() > 1 || group > 1) && !haveResults(dims->rowsMap, dims->k))
      return;
    auto panels = PanelsAttr::get(&getContext(), width, n, k, group, step, ArrayRef<int64_t>());
    shape.append({static_cast<int64_t>(llvm::divideCeil(columns, width)),
                  panels.getRows(depth, element), width});
    AffineExpr lane = getAffineDimExpr(dims->n, &getContext());
    batch.append({lane.floorDiv(width), flat.floorDiv(group), lane % width});
    if (group > 1) {
      shape.push_back(group);
      batch.push_back(flat % group);
    }
    Value packed = declare(get, panels, shape);
    auto map = AffineMap::get(op.getNumDims(), 0, batch, &getContext());
    rewrite(op, dims->columns, packed, map);
    ++numPacked;
  }

  /// The weight [G, N, K] of gates as [ceil(N / lanes), K * G, lanes]. One that only the run knows
  /// is copied, where it comes from. One of i8 is packed in words of 4 bytes, gates beside each
  /// other, and so is one of bf16 for a single row: a word becomes floats of two steps by a shift
  /// and a mask, whatever the number of gates.
  void pack(GatesOp op) {
    if (op.getPanels())
      return;
    bool ofPairs = elementTypeOf(op.getWeight()).isBF16() && op.getRows() == 1 &&
                   op.getDepth() % 2 == 0 && weightOf(op.getWeight());
    if (elementTypeOf(op.getWeight()).isInteger(8) || ofPairs)
      return packWords(op, ofPairs ? 2 : 4);
    ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getWeight().getType()).getShape();
    ArrayRef<int64_t> dims = op.getWeightDims();
    int64_t g = dims[0], n = dims[1], k = dims[2];
    int64_t panels = llvm::divideCeil(shape[n], cpu.lanes), depth = shape[k] * shape[g];
    Value packed;
    if (GetWeightOp get = weightOf(op.getWeight()))
      packed = declare(get, PanelsAttr::get(&getContext(), cpu.lanes, {n}, {k, g}),
                       {panels, depth, cpu.lanes});
    else
      packed = copyToPanels(op.getWeight(), dims, {panels, depth, cpu.lanes});
    op.getWeightMutable().assign(packed);
    op.setPanels(cpu.lanes);
    op.removeWeightOrderAttr();
    ++numPacked;
  }

  void packWords(GatesOp op, int64_t group) {
    GetWeightOp get = weightOf(op.getWeight());
    if (!get)
      return;
    ArrayRef<int64_t> shape = cast<RankedTensorType>(get.getResult().getType()).getShape();
    ArrayRef<int64_t> dims = op.getWeightDims();
    int64_t g = dims[0], n = dims[1], k = dims[2];
    auto panels = PanelsAttr::get(&getContext(), cpu.lanes, {n}, {k}, group, /*step=*/group, {g});
    int64_t rows = panels.getRows(shape[k], elementTypeOf(get));
    op.getWeightMutable().assign(declare(
        get, panels,
        {int64_t(llvm::divideCeil(shape[n], cpu.lanes)), rows, shape[g] * cpu.lanes, group}));
    op.setPanels(cpu.lanes);
    op.removeWeightOrderAttr();
    ++numPacked;
  }

  Value copyToPanels(Value weight, ArrayRef<int64_t> dims, ArrayRef<int64_t> shape) {
    auto type = cast<RankedTensorType>(weight.getType());
    ImplicitLocOpBuilder builder(weight.getLoc(), &getContext());
    builder.setInsertionPointAfterValue(weight);
    Value &known = copies[{weight, dims[0] * 3 + dims[1]}];
    if (known)
      return known;
    SmallVector<int64_t> extents(type.getShape());
    Value source = weight;
    if (int64_t missing = shape[0] * cpu.lanes - extents[dims[1]]) {
      extents[dims[1]] += missing;
      auto padded = RankedTensorType::get(extents, type.getElementType());
      Value zero = arith::ConstantOp::create(builder, builder.getZeroAttr(type.getElementType()));
      Value all = tensor::SplatOp::create(builder, zero, padded);
      SmallVector<OpFoldResult> offsets(3, builder.getIndexAttr(0)),
          strides(3, builder.getIndexAttr(1));
      source = tensor::InsertSliceOp::create(
          builder, weight, all, offsets, tensor::getMixedSizes(builder, weight.getLoc(), weight),
          strides);
    }
    // Over panels, the depth, gates and lanes.
    AffineExpr p, k, g, lane, place[3];
    bindDims(&getContext(), p, k, g, lane);
    place[dims[0]] = g;
    place[dims[1]] = p * cpu.lanes + lane;
    place[dims[2]] = k;
    auto from = AffineMap::get(4, 0, place, &getContext());
    Value empty = tensor::EmptyOp::create(
        builder, ArrayRef<int64_t>{shape[0], extents[dims[2]], extents[dims[0]], cpu.lanes},
        type.getElementType());
    SmallVector<utils::IteratorType> loops(4, utils::IteratorType::parallel);
    auto copy =
        linalg::GenericOp::create(builder, empty.getType(), source, empty,
                                  ArrayRef<AffineMap>{from, builder.getMultiDimIdentityMap(4)},
                                  loops, [](OpBuilder &inner, Location loc, ValueRange values) {
                                    linalg::YieldOp::create(inner, loc, values.front());
                                  });
    known = tensor::CollapseShapeOp::create(
        builder, RankedTensorType::get(shape, type.getElementType()), copy.getResult(0),
        ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}});
    return known;
  }

  /// Columns of a panel, elements of a word, summed elements of a step.
  struct Packing {
    int64_t width, group, step;
  };

  /// Words for dots and tiles where a row takes the product, else floats for multiply-adds.
  std::optional<Packing> packingFor(ContractOp op, const ProductDims &dims, int64_t columns) {
    if (std::optional<WordPlan> words = planWords(op, cpu))
      return Packing{words->tile.vectors * cpu.lanes, words->group, words->step};
    RegisterTile tile = requestedTile(op).value_or(cpu.tileFor(columns, dims.rowCount()));
    if (!op.getSumType().isF32() || refuseRegisters(tile, cpu))
      return std::nullopt;
    return Packing{tile.vectors * cpu.lanes, 1, 1};
  }

  /// The packed weight's value in front of the one it replaces.
  Value declare(GetWeightOp get, PanelsAttr panels, ArrayRef<int64_t> shape) {
    auto source = SymbolTable::lookupNearestSymbolFrom<WeightOp>(get, get.getWeightAttr());
    OpBuilder builder(source);
    builder.setInsertionPointAfter(source);
    auto type = RankedTensorType::get(shape, elementTypeOf(get));
    WeightOp &packed = known[{source, panels}];
    if (!packed) {
      std::string name = (source.getSymName() + ".panels").str();
      for (unsigned suffix = 0; getOperation().lookupSymbol(name); ++suffix)
        name = (source.getSymName() + ".panels" + Twine(suffix)).str();
      packed = WeightOp::create(builder, source.getLoc(), builder.getStringAttr(name),
                                builder.getStringAttr(""), builder.getI64IntegerAttr(0),
                                TypeAttr::get(type), FlatSymbolRefAttr::get(source), panels,
                                ArrayAttr(), FlatSymbolRefAttr(), DenseI64ArrayAttr());
    }
    builder.setInsertionPoint(get);
    return GetWeightOp::create(builder, get.getLoc(), type, FlatSymbolRefAttr::get(packed));
  }

  /// Replaces one operand of a product.
  void rewrite(ContractOp op, Value columns, Value packed, AffineMap map) {
    bool isRhs = op.getRhs() == columns;
    (isRhs ? op.getRhsMutable() : op.getLhsMutable()).assign(packed);
    SmallVector<Attribute> maps(op.getIndexingMaps().begin(), op.getIndexingMaps().end());
    maps[isRhs ? 1 : 0] = AffineMapAttr::get(map);
    op.setIndexingMapsAttr(ArrayAttr::get(&getContext(), maps));
    op->setAttr(kPackedAttr, UnitAttr::get(&getContext()));
  }

  Capabilities cpu;
  DenseMap<std::pair<Operation *, Attribute>, WeightOp> known;
  DenseMap<std::pair<Value, int64_t>, Value> copies;
};

} // namespace
