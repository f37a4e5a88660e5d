//===- Constant.cpp - attributes as values --------------------------------===//
//
// Exact conversions: every float format of the IR fits into a double.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Constant.h"

using namespace mlir;
using namespace fovea::reference;

static Cell cellOf(llvm::APFloat value) {
  bool lossy;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  Cell cell;
  cell.real = value.convertToDouble();
  return cell;
}

static Cell cellOf(const llvm::APInt &value) {
  return {value.getBitWidth() == 1 ? static_cast<int64_t>(value.getZExtValue())
                                   : value.getSExtValue()};
}

std::optional<Cell> fovea::reference::scalarConstant(Attribute attr) {
  if (auto real = dyn_cast<FloatAttr>(attr))
    return cellOf(real.getValue());
  if (auto integer = dyn_cast<IntegerAttr>(attr); integer && integer.getValue().getBitWidth() <= 64)
    return cellOf(integer.getValue());
  return std::nullopt;
}

bool fovea::reference::denseConstant(ElementsAttr attr, MutableArrayRef<Cell> cells) {
  Type element = attr.getElementType();
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense)
    return false;
  if (isa<FloatType>(element)) {
    for (auto [cell, value] : llvm::zip_equal(cells, dense.getValues<llvm::APFloat>()))
      cell = cellOf(value);
    return true;
  }
  if (!element.isIntOrIndex())
    return false;
  for (auto [cell, value] : llvm::zip_equal(cells, dense.getValues<llvm::APInt>()))
    cell = cellOf(value);
  return true;
}
