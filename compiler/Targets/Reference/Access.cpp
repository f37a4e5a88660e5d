//===- Access.cpp - indexing maps as offsets ------------------------------===//
//
// Splits affine expressions into strides and the rest.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Access.h"

#include "compiler/Targets/Reference/Array.h"

#include "mlir/IR/AffineExprVisitor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace fovea::reference;

/// Adds factor * expr to the sum; false when the expression is no sum of multiples of dimensions.
static bool addTo(AffineExpr expr, int64_t factor, MutableArrayRef<int64_t> factors,
                  int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    factors[dim.getPosition()] += factor;
    return true;
  }
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += factor * value.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addTo(binary.getLHS(), factor, factors, constant) &&
           addTo(binary.getRHS(), factor, factors, constant);
  auto multiple = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && multiple &&
         addTo(binary.getLHS(), factor * multiple.getValue(), factors, constant);
}

static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> point) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return point[dim.getPosition()];
  if (auto value = dyn_cast<AffineConstantExpr>(expr))
    return value.getValue();
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return -1;
  int64_t left = evaluate(binary.getLHS(), point), right = evaluate(binary.getRHS(), point);
  if (binary.getKind() == AffineExprKind::Add)
    return left + right;
  if (binary.getKind() == AffineExprKind::Mul)
    return left * right;
  if (right <= 0)
    return -1;
  switch (binary.getKind()) {
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(left, right);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(left, right);
  default:
    return llvm::mod(left, right);
  }
}

Access::Access(AffineMap map, ArrayRef<int64_t> shape)
    : strides(map.getNumDims(), 0), nonlinear(map.getNumDims(), false) {
  SmallVector<int64_t> steps = stridesOf(shape);
  for (auto [expr, extent, step] : llvm::zip_equal(map.getResults(), shape, steps)) {
    Sum sum{SmallVector<int64_t>(map.getNumDims(), 0), 0, extent};
    if (!addTo(expr, 1, sum.factors, sum.constant)) {
      terms.push_back({expr, extent, step});
      for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
        nonlinear[dim] |= expr.isFunctionOfDim(dim);
      continue;
    }
    for (auto [stride, factor] : llvm::zip_equal(strides, sum.factors))
      stride += factor * step;
    base += sum.constant * step;
    sums.push_back(std::move(sum));
  }
}

bool Access::contains(ArrayRef<int64_t> extents) const {
  if (llvm::is_contained(extents, 0))
    return true;
  for (const Sum &sum : sums) {
    __int128 low = sum.constant, high = sum.constant;
    for (auto [factor, extent] : llvm::zip_equal(sum.factors, extents))
      (factor < 0 ? low : high) += static_cast<__int128>(factor) * (extent - 1);
    if (low < 0 || high >= sum.extent)
      return false;
  }
  return true;
}

int64_t Access::at(ArrayRef<int64_t> point) const {
  int64_t offset = base;
  for (auto [stride, index] : llvm::zip_equal(strides, point))
    offset += stride * index;
  for (const Term &term : terms) {
    int64_t index = evaluate(term.expr, point);
    if (index < 0 || index >= term.extent)
      return -1;
    offset += index * term.stride;
  }
  return offset;
}

std::optional<SmallVector<int64_t>>
fovea::reference::iterationExtents(ArrayRef<AffineMap> maps, ArrayRef<ArrayRef<int64_t>> shapes,
                                   std::string &why) {
  SmallVector<int64_t> extents(maps.front().getNumDims(), -1);
  for (auto [map, shape] : llvm::zip_equal(maps, shapes)) {
    if (map.getNumSymbols() != 0 || map.getNumResults() != shape.size()) {
      why = "an indexing map with symbols, or not as many results as its operand has dimensions";
      return std::nullopt;
    }
    for (auto [expr, extent] : llvm::zip_equal(map.getResults(), shape)) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      int64_t &known = extents[dim.getPosition()];
      if (known >= 0 && known != extent) {
        why = "dimension " + std::to_string(dim.getPosition()) + " has the extents " +
              std::to_string(known) + " and " + std::to_string(extent);
        return std::nullopt;
      }
      known = extent;
    }
  }
  if (llvm::is_contained(extents, -1)) {
    why = "a dimension that no operand gives an extent";
    return std::nullopt;
  }
  return extents;
}
