//===- FragmentType.cpp - matrices in the registers of a warp -------------===//
//
// Text form, verification and size of fragments.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "llvm/Support/InterleavedRange.h"

using namespace mlir;
using namespace fovea::warp;

Type FragmentType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  StringRef name;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma() || parser.parseKeyword(&name) ||
      parser.parseGreater())
    return {};
  std::optional<Role> role = symbolizeRole(name);
  if (!role) {
    parser.emitError(loc, "expected a fragment's role: a, b, acc or row");
    return {};
  }
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(shape), element, *role);
}

void FragmentType::print(AsmPrinter &printer) const {
  printer << "<";
  printer.printDimensionList(getShape());
  printer << "x" << getElementType() << ", " << stringifyRole(getRole()) << ">";
}

/// What the sizes of a fragment are multiples of.
static SmallVector<int64_t> tileOf(Role role) {
  switch (role) {
  case Role::A:
    return {kTileRows, kTileDepth};
  case Role::B:
    return {kTileDepth, kTileColumns};
  case Role::Acc:
    return {kTileRows, kTileColumns};
  case Role::Row:
    return {kTileRows};
  }
  llvm_unreachable("no such role");
}

LogicalResult FragmentType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<int64_t> shape, Type element, Role role) {
  SmallVector<int64_t> tile = tileOf(role);
  bool isWhole =
      shape.size() == tile.size() && llvm::all_of(llvm::zip(shape, tile), [](auto sizes) {
        auto [size, part] = sizes;
        return size > 0 && size % part == 0;
      });
  if (!isWhole)
    return emitError() << "fragment_c1: expected sizes that are multiples of "
                       << llvm::interleaved(tile, " x ") << " of role " << stringifyRole(role)
                       << ", got " << llvm::interleaved(shape, " x ");
  bool isOperand = role == Role::A || role == Role::B;
  bool isKnown =
      isOperand ? element.isF16() || element.isBF16() || element.isTF32() : element.isF32();
  if (!isKnown)
    return emitError() << "fragment_c2: expected elements of f16, bf16 or tf32 of operands and of "
                          "f32 of sums and rows, got "
                       << element;
  return success();
}

int64_t FragmentType::getRegisters() const {
  int64_t elements = 1;
  for (int64_t size : getShape())
    elements *= size;
  switch (getRole()) {
  case Role::A:
  case Role::B: // two elements a register, of tf32 one
    return getElementType().isTF32() ? elements / kWarp : elements / kWarp / 2;
  case Role::Acc:
    return elements / kWarp;
  case Role::Row: // four threads have the same
    return elements * 4 / kWarp;
  }
  llvm_unreachable("no such role");
}

Type FragmentType::getRegisterType() const {
  if (getRole() == Role::A || getRole() == Role::B)
    return IntegerType::get(getContext(), 32);
  return getElementType();
}
