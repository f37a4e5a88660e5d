//===- HeadLayout.cpp - tensors seen as batch, head, row, channel ---------===//
//
// Decides which loop indices of a raised attention are batch and which are head, and gives each
// operand as a view of rank 4 with an indexing map.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/HeadLayout.h"

#include "compiler/Transforms/TensorBuilders.h"

using namespace mlir;
using namespace fovea;
using A = AttentionOp;

std::optional<HeadLayout> HeadLayout::choose(const IndexSpace &space, ArrayRef<unsigned> batch,
                                             const TensorAccess &key, const TensorAccess &value) {
  HeadLayout layout;
  size_t count = batch.size();
  while (layout.shared < count && !key.uses(batch[count - 1 - layout.shared]) &&
         !value.uses(batch[count - 1 - layout.shared]))
    ++layout.shared;
  size_t kept = count - layout.shared;
  for (unsigned atom : batch.take_front(kept))
    if (!key.uses(atom) || !value.uses(atom))
      return std::nullopt;
  size_t heads = layout.shared;
  bool cutFromOneDim =
      layout.shared > 0 && kept == 1 && space.atom(batch[0]).dim == space.atom(batch[1]).dim;
  // The innermost kept atom is the head, or the key head, unless it is the only one beside shared
  // heads: then it is the batch.
  if (kept >= 2 || (kept == 1 && layout.shared == 0) || cutFromOneDim)
    ++heads;
  layout.atoms[A::B].assign(batch.begin(), batch.end() - heads);
  layout.atoms[A::H].assign(batch.end() - heads, batch.end());
  return layout;
}

std::optional<int64_t> HeadLayout::group(const IndexSpace &space) const {
  int64_t product = 1;
  for (unsigned atom : ArrayRef(atoms[A::H]).take_back(shared)) {
    if (ShapedType::isDynamic(space.atom(atom).extent))
      return std::nullopt;
    product *= space.atom(atom).extent;
  }
  return product;
}

std::optional<HeadLayout::Place> HeadLayout::placeOf(const IndexSpace &space, unsigned atom) const {
  for (unsigned dim = 0; dim < atoms.size(); ++dim) {
    auto found = llvm::find(atoms[dim], atom);
    if (found == atoms[dim].end())
      continue;
    Place place{dim, 1, found == atoms[dim].begin() ? 0 : space.atom(atom).extent};
    for (unsigned inner : llvm::make_range(found + 1, atoms[dim].end())) {
      if (ShapedType::isDynamic(space.atom(inner).extent))
        return std::nullopt;
      place.stride *= space.atom(inner).extent;
    }
    if (ShapedType::isDynamic(place.extent))
      return std::nullopt;
    return place;
  }
  return std::nullopt;
}

std::optional<AffineExpr> HeadLayout::expression(const IndexSpace &space, const LinearIndex &index,
                                                 MLIRContext *context) const {
  AffineExpr sum = getAffineConstantExpr(index.offset, context);
  LinearIndex rest = index;
  for (unsigned dim = 0; dim < atoms.size(); ++dim) {
    // All atoms of a dimension at their strides are the dimension itself.
    LinearIndex whole;
    for (unsigned atom : atoms[dim]) {
      std::optional<Place> place = placeOf(space, atom);
      whole.terms.push_back({atom, place ? place->stride : 0});
    }
    if (whole.terms.empty() || !index.uses(whole.terms.back().first))
      continue;
    llvm::sort(whole.terms);
    int64_t factor = 0;
    for (auto [atom, f] : index.terms)
      factor = atom == atoms[dim].back() ? f : factor;
    LinearIndex without = rest.plus(whole.times(-factor));
    if (without.terms.size() + whole.terms.size() != rest.terms.size())
      continue;
    sum = sum + getAffineDimExpr(dim, context) * factor;
    rest = without;
  }
  for (auto [atom, factor] : rest.terms) {
    std::optional<Place> place = placeOf(space, atom);
    if (!place)
      return std::nullopt;
    AffineExpr expr = getAffineDimExpr(place->dim, context).floorDiv(place->stride);
    if (place->extent)
      expr = expr % place->extent;
    sum = sum + expr * factor;
  }
  return sum;
}

namespace {
/// A part of a tensor's dimension that lies in one dimension of the attention; -1 for size 1.
struct Piece {
  int dim = -1;
  SmallVector<unsigned> atoms;
  int64_t size = 1;
};

/// Builds a RankFourView.
class Viewer {
public:
  Viewer(const IndexSpace &space, const HeadLayout &layout, ArrayRef<unsigned> dims)
      : space(space), layout(layout), dims(dims) {}

  std::optional<RankFourView> build(const TensorAccess &access) {
    auto type = cast<ShapedType>(access.value.getType());
    if (type.getRank() == 0)
      return std::nullopt;
    for (auto [position, index] : llvm::enumerate(access.index))
      if (!cutDimension(index, type.getDimSize(position)))
        return std::nullopt;
    if (!nameUnits() || !mergePieces())
      return std::nullopt;
    for (const Piece &piece : list)
      view.pieceShape.push_back(piece.size);
    return view;
  }

private:
  /// Atoms of the attention's dimension that this tensor must have.
  ArrayRef<unsigned> expected(unsigned dim) const {
    bool isKeyOrValue = llvm::is_contained(dims, A::J);
    return ArrayRef(layout.atoms[dim]).drop_back(dim == A::H && isKeyOrValue ? layout.shared : 0);
  }

  int dimOf(unsigned atom) const {
    for (unsigned dim : dims)
      if (llvm::is_contained(layout.atoms[dim], atom))
        return dim;
    return -1;
  }

  /// Splits one dimension, in which atoms follow each other as digits do, at changes of dimension.
  bool cutDimension(const LinearIndex &index, int64_t size) {
    view.pieces.emplace_back();
    if (index.offset != 0 || (index.terms.empty() && size != 1))
      return false;
    auto digits = index.terms;
    llvm::sort(digits, [](auto &x, auto &y) { return x.second > y.second; });
    size_t first = list.size();
    int64_t stride = 1;
    SmallVector<Piece> inner;
    for (auto [atom, factor] : llvm::reverse(digits)) {
      int dim = dimOf(atom);
      if (factor != stride || dim < 0)
        return false;
      if (inner.empty() || inner.back().dim != dim)
        inner.push_back({dim, {}, 1});
      inner.back().atoms.insert(inner.back().atoms.begin(), atom);
      int64_t extent = space.atom(atom).extent;
      bool last = atom == digits.front().first;
      if (ShapedType::isDynamic(extent) && !last)
        return false;
      if (!last) {
        stride *= extent;
        inner.back().size *= extent;
      }
    }
    if (inner.empty())
      inner.push_back({});
    // The outermost piece takes what the others leave of the dimension.
    int64_t below = 1;
    for (const Piece &piece : ArrayRef(inner).drop_back())
      below *= piece.size;
    inner.back().size = ShapedType::isDynamic(size) ? size : size / below;
    llvm::append_range(list, llvm::reverse(inner));
    for (size_t piece = first; piece < list.size(); ++piece)
      view.pieces.back().push_back(piece);
    return true;
  }

  /// Gives each dimension without atoms here a piece of size 1.
  bool nameUnits() {
    for (unsigned dim : llvm::reverse(dims)) {
      if (llvm::any_of(list, [&](const Piece &piece) { return piece.dim == int(dim); }))
        continue;
      if (!expected(dim).empty())
        return false;
      auto unit = llvm::find_if(list, [](const Piece &piece) { return piece.dim < 0; });
      if (unit != list.end()) {
        unit->dim = dim;
        continue;
      }
      list.insert(list.begin(), Piece{int(dim), {}, 1});
      for (ReassociationIndices &group : view.pieces)
        for (int64_t &piece : group)
          ++piece;
      view.pieces.front().insert(view.pieces.front().begin(), 0);
    }
    return true;
  }

  /// Joins neighbouring pieces of one dimension, and pieces of size 1 with a neighbour.
  bool mergePieces() {
    SmallVector<int> order;
    SmallVector<SmallVector<unsigned>> found;
    for (auto [number, piece] : llvm::enumerate(list)) {
      bool joins =
          !order.empty() && (piece.dim < 0 || order.back() < 0 || order.back() == piece.dim);
      if (!joins) {
        order.push_back(-1);
        found.emplace_back();
        view.merged.emplace_back();
      }
      view.merged.back().push_back(number);
      llvm::append_range(found.back(), piece.atoms);
      if (piece.dim >= 0)
        order.back() = piece.dim;
    }
    if (order.size() != dims.size())
      return false;
    MLIRContext *context = view.map.getContext();
    SmallVector<AffineExpr> results;
    for (auto [dim, atoms] : llvm::zip_equal(order, found)) {
      if (dim < 0 || ArrayRef(atoms) != expected(dim))
        return false;
      results.push_back(getAffineDimExpr(dim, context));
      if (dim == A::H && expected(dim).size() != layout.atoms[dim].size()) {
        std::optional<int64_t> group = layout.group(space);
        if (!group)
          return false;
        results.back() = results.back().floorDiv(*group);
      }
    }
    view.map = AffineMap::get(6, 0, results, context);
    return true;
  }

  const IndexSpace &space;
  const HeadLayout &layout;
  ArrayRef<unsigned> dims;
  SmallVector<Piece> list;

public:
  RankFourView view;
};
} // namespace

std::optional<RankFourView> fovea::viewAsRankFour(const IndexSpace &space, const HeadLayout &layout,
                                                  const TensorAccess &access,
                                                  ArrayRef<unsigned> dims) {
  Viewer viewer(space, layout, dims);
  viewer.view.map = AffineMap::get(access.value.getContext());
  return viewer.build(access);
}

/// Sizes of the pieces of `tensor`.
static SmallVector<OpFoldResult> pieceSizes(ImplicitLocOpBuilder &builder, const RankFourView &view,
                                            Value tensor) {
  SmallVector<OpFoldResult> sizes;
  for (auto [position, group] : llvm::enumerate(view.pieces)) {
    int64_t known = 1;
    for (int64_t piece : group)
      if (!ShapedType::isDynamic(view.pieceShape[piece]))
        known *= view.pieceShape[piece];
    for (int64_t piece : group) {
      int64_t size = view.pieceShape[piece];
      if (!ShapedType::isDynamic(size))
        sizes.push_back(builder.getIndexAttr(size));
      else
        sizes.push_back(divideSize(
            builder, tensor::getMixedSize(builder, builder.getLoc(), tensor, position), known));
    }
  }
  return sizes;
}

Value RankFourView::apply(ImplicitLocOpBuilder &builder, Value tensor) const {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (int64_t(pieceShape.size()) != type.getRank())
    tensor = tensor::ExpandShapeOp::create(builder,
                                           RankedTensorType::get(pieceShape, type.getElementType()),
                                           tensor, pieces, pieceSizes(builder, *this, tensor));
  if (merged.size() != pieceShape.size())
    tensor = tensor::CollapseShapeOp::create(builder, tensor, merged);
  return tensor;
}

Value RankFourView::undo(ImplicitLocOpBuilder &builder, Value view, Value like) const {
  auto type = cast<RankedTensorType>(like.getType());
  if (merged.size() != pieceShape.size())
    view = tensor::ExpandShapeOp::create(builder,
                                         RankedTensorType::get(pieceShape, type.getElementType()),
                                         view, merged, pieceSizes(builder, *this, like));
  if (int64_t(pieceShape.size()) != type.getRank())
    view = tensor::CollapseShapeOp::create(builder, view, pieces);
  return castTo(builder, view, type);
}
