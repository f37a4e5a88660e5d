//===- ProductRows.h - the table of register products ---------------------===//
//
// One row for each kind of instructions that sums products. Schedules choose among the rows that a
// processor has; a row that no test has executed is chosen only where a target names it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_PRODUCTROWS_H
#define FOVEA_COMPILER_TARGETS_CPU_PRODUCTROWS_H

#include "compiler/Targets/CPU/Capabilities.h"

#include "llvm/ADT/ArrayRef.h"

namespace fovea::cpu {

/// What a row's instructions take at a time.
enum class RowUnit { Fma, Dot, Tile };

struct ProductRow {
  /// As in the target `x86-64-v4+<name>`; rows of multiply-adds come with a level.
  llvm::StringLiteral name;
  RowUnit unit;
  /// Type of the elements: "f32", "bf16" or "i8".
  llvm::StringLiteral elements;
  /// 32-bit lanes of a vector of sums; a target with others does not take the row.
  int64_t lanes;
  /// Features beyond the level's, by LLVM's names.
  llvm::ArrayRef<llvm::StringLiteral> features;
  /// How the names of its intrinsics in LLVM IR start.
  llvm::ArrayRef<llvm::StringLiteral> intrinsics;
  /// Whether rows of i8 must be unsigned.
  bool takesUnsigned;
  /// Whether a test has executed it; test/Integration/CPU/test_product_rows.py compares.
  bool proven;
};

/// All rows, best first among those of the same elements.
llvm::ArrayRef<ProductRow> productRows();

/// A row by its name; null when there is none.
const ProductRow *findProductRow(llvm::StringRef name);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_PRODUCTROWS_H
