//===- IndexSpace.cpp - positions as sums of loop indices -----------------===//
//
// Arithmetic of linear forms over the indices of a loop nest.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/IndexSpace.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"

using namespace mlir;
using namespace fovea;

bool LinearIndex::uses(unsigned atom) const {
  return llvm::any_of(terms, [&](auto &term) { return term.first == atom; });
}

std::optional<unsigned> LinearIndex::singleAtom() const {
  if (terms.size() != 1 || terms.front().second != 1 || offset != 0)
    return std::nullopt;
  return terms.front().first;
}

LinearIndex LinearIndex::plus(const LinearIndex &other) const {
  std::map<unsigned, int64_t> sum(terms.begin(), terms.end());
  for (auto [atom, factor] : other.terms)
    sum[atom] += factor;
  LinearIndex result;
  result.offset = offset + other.offset;
  for (auto [atom, factor] : sum)
    if (factor != 0)
      result.terms.push_back({atom, factor});
  return result;
}

LinearIndex LinearIndex::times(int64_t factor) const {
  LinearIndex result;
  if (factor == 0)
    return result;
  result = *this;
  result.offset *= factor;
  for (auto &term : result.terms)
    term.second *= factor;
  return result;
}

LinearIndex IndexSpace::addDim(int64_t extent, bool cut) {
  unsigned dim = cuttable.size();
  cuttable.push_back(cut);
  SmallVector<int64_t> strides;
  if (auto found = cuts.find(dim); found != cuts.end())
    strides = found->second;
  llvm::sort(strides, std::greater<int64_t>());
  strides.push_back(1);
  LinearIndex result;
  int64_t above = extent;
  for (int64_t stride : strides) {
    bool outermost = stride == strides.front();
    int64_t size =
        outermost ? (ShapedType::isDynamic(extent) ? extent : extent / stride) : above / stride;
    above = stride;
    atoms.push_back({dim, stride, size});
    if (size != 1)
      result.terms.push_back({static_cast<unsigned>(atoms.size() - 1), stride});
  }
  return result;
}

/// Largest value of a form with positive factors and known extents.
std::optional<int64_t> IndexSpace::largest(const LinearIndex &index) const {
  int64_t sum = index.offset;
  for (auto [number, factor] : index.terms) {
    if (factor < 0 || ShapedType::isDynamic(atoms[number].extent))
      return std::nullopt;
    sum += factor * (atoms[number].extent - 1);
  }
  return sum;
}

void IndexSpace::suggestCut(const LinearIndex &index, int64_t by) {
  for (auto [number, factor] : index.terms) {
    const Atom &atom = atoms[number];
    if (factor <= 0 || factor >= by || by % factor != 0 || !cuttable[atom.dim])
      continue;
    int64_t inner = by / factor;
    bool divides =
        ShapedType::isDynamic(atom.extent) || (atom.extent > inner && atom.extent % inner == 0);
    if (divides) {
      newCut = {atom.dim, atom.stride * inner};
      return;
    }
  }
}

std::optional<std::pair<LinearIndex, LinearIndex>> IndexSpace::divide(const LinearIndex &index,
                                                                      int64_t by) {
  LinearIndex quotient, remainder;
  if (index.offset < 0)
    return std::nullopt;
  quotient.offset = index.offset / by;
  remainder.offset = index.offset % by;
  for (auto [atom, factor] : index.terms) {
    if (factor % by == 0)
      quotient.terms.push_back({atom, factor / by});
    else
      remainder.terms.push_back({atom, factor});
  }
  std::optional<int64_t> most = largest(remainder);
  if (most && *most < by)
    return std::make_pair(quotient, remainder);
  suggestCut(remainder, by);
  return std::nullopt;
}

std::optional<LinearIndex> IndexSpace::evaluate(AffineExpr expr, ArrayRef<LinearIndex> dims) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  LinearIndex constant;
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant.offset = value.getValue();
    return constant;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<LinearIndex> lhs = evaluate(binary.getLHS(), dims);
  std::optional<LinearIndex> rhs = evaluate(binary.getRHS(), dims);
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return lhs->plus(*rhs);
  if (!rhs->terms.empty())
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mul)
    return lhs->times(rhs->offset);
  if (rhs->offset <= 0 || expr.getKind() == AffineExprKind::CeilDiv)
    return std::nullopt;
  auto parts = divide(*lhs, rhs->offset);
  if (!parts)
    return std::nullopt;
  return expr.getKind() == AffineExprKind::Mod ? parts->second : parts->first;
}
