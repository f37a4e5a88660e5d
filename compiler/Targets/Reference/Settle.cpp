//===- Settle.cpp - bringing a computed value into its type ---------------===//
//
// Rounding, wrapping, and the bits of values.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Settle.h"

#include "compiler/Data/SmallFloat.h"

using namespace fovea;
using namespace fovea::reference;

Format Format::of(mlir::Type type) {
  if (type.isF64())
    return {Kind::F64, 64};
  if (type.isF32())
    return {Kind::F32, 32};
  if (type.isF16())
    return {Kind::F16, 16};
  if (type.isBF16())
    return {Kind::BF16, 16};
  if (type.isIndex())
    return {Kind::Integer, 64};
  if (auto integer = mlir::dyn_cast<mlir::IntegerType>(type);
      integer && integer.getWidth() >= 1 && integer.getWidth() <= 64)
    return {Kind::Integer, integer.getWidth()};
  return {};
}

Format fovea::reference::settledFormat(mlir::Type type, Mode mode) {
  Format format = Format::of(type);
  if (format.isFloat() && mode == Mode::Exact)
    format.kind = Format::Kind::F64;
  return format;
}

double fovea::reference::roundTo(Format::Kind kind, double value) {
  switch (kind) {
  case Format::Kind::F32:
    return static_cast<float>(value);
  case Format::Kind::F16:
    return decodeF16(encodeF16(value));
  case Format::Kind::BF16:
    return decodeBF16(encodeBF16(value));
  default:
    return value;
  }
}

void fovea::reference::settle(Format format, Cell *cells, int64_t count) {
  switch (format.kind) {
  case Format::Kind::F32:
    for (int64_t index = 0; index < count; ++index)
      cells[index].real = static_cast<float>(cells[index].real);
    return;
  case Format::Kind::F16:
  case Format::Kind::BF16:
    for (int64_t index = 0; index < count; ++index)
      cells[index].real = roundTo(format.kind, cells[index].real);
    return;
  case Format::Kind::Integer:
    if (format.width < 64)
      for (int64_t index = 0; index < count; ++index)
        cells[index].integer = wrapTo(format.width, cells[index].integer);
    return;
  case Format::Kind::F64:
  case Format::Kind::Unknown:
    return;
  }
}

uint64_t fovea::reference::encode(Format format, Cell cell) {
  switch (format.kind) {
  case Format::Kind::F64:
    return std::bit_cast<uint64_t>(cell.real);
  case Format::Kind::F32:
    return std::bit_cast<uint32_t>(static_cast<float>(cell.real));
  case Format::Kind::F16:
    return encodeF16(cell.real);
  case Format::Kind::BF16:
    return encodeBF16(cell.real);
  default:
    return unsignedOf(format.width, cell.integer);
  }
}

Cell fovea::reference::decode(Format format, uint64_t bits) {
  Cell cell = {0};
  switch (format.kind) {
  case Format::Kind::F64:
    cell.real = std::bit_cast<double>(bits);
    break;
  case Format::Kind::F32:
    cell.real = std::bit_cast<float>(static_cast<uint32_t>(bits));
    break;
  case Format::Kind::F16:
    cell.real = decodeF16(static_cast<uint16_t>(bits));
    break;
  case Format::Kind::BF16:
    cell.real = decodeBF16(static_cast<uint16_t>(bits));
    break;
  default:
    cell.integer = wrapTo(format.width, static_cast<int64_t>(bits));
  }
  return cell;
}
