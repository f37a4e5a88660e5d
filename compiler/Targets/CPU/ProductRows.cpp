//===- ProductRows.cpp - the table of register products -------------------===//
//
// The table, and what targets take of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/ProductRows.h"

#include "llvm/ADT/STLExtras.h"

using namespace fovea::cpu;
using llvm::StringLiteral;

static constexpr StringLiteral kAmxBf16[] = {"amx-tile", "amx-bf16"};
static constexpr StringLiteral kAmxInt8[] = {"amx-tile", "amx-int8"};
static constexpr StringLiteral kAvx512Bf16[] = {"avx512bf16"};
static constexpr StringLiteral kAvx512Vnni[] = {"avx512vnni"};
static constexpr StringLiteral kAvxVnniInt8[] = {"avxvnniint8"};

static constexpr StringLiteral kTileBf16[] = {"llvm.x86.tdpbf16ps"};
static constexpr StringLiteral kTileInt8[] = {"llvm.x86.tdpbssd"};
static constexpr StringLiteral kDotBf16[] = {"llvm.x86.avx512bf16.dpbf16ps"};
static constexpr StringLiteral kDotUnsigned[] = {"llvm.x86.avx512.vpdpbusd"};
static constexpr StringLiteral kDotSigned[] = {"llvm.x86.avx2.vpdpbssd"};

llvm::ArrayRef<ProductRow> fovea::cpu::productRows() {
  static constexpr ProductRow rows[] = {
      {"avx512", RowUnit::Fma, "f32", 16, {}, {}, false, true},
      {"avx2", RowUnit::Fma, "f32", 8, {}, {}, false, true},
      {"neon", RowUnit::Fma, "f32", 4, {}, {}, false, true},
      {"amx-bf16", RowUnit::Tile, "bf16", 16, kAmxBf16, kTileBf16, false, true},
      {"avx512bf16", RowUnit::Dot, "bf16", 16, kAvx512Bf16, kDotBf16, false, true},
      {"amx-int8", RowUnit::Tile, "i8", 16, kAmxInt8, kTileInt8, false, true},
      {"avx512vnni", RowUnit::Dot, "i8", 16, kAvx512Vnni, kDotUnsigned, true, true},
      {"avxvnniint8", RowUnit::Dot, "i8", 8, kAvxVnniInt8, kDotSigned, false, false},
  };
  return rows;
}

const ProductRow *fovea::cpu::findProductRow(llvm::StringRef name) {
  const auto *found =
      llvm::find_if(productRows(), [&](const ProductRow &row) { return row.name == name; });
  return found == productRows().end() ? nullptr : found;
}
