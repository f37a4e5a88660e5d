//===- WordPanels.h - columns in words for dots and tiles -----------------===//
//
// Chooses the row of the table of products for a contraction, and packs columns for it: four bytes
// of each column side by side.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_WORDPANELS_H
#define FOVEA_COMPILER_TARGETS_CPU_WORDPANELS_H

#include "compiler/Targets/CPU/ContractTask.h"
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/ProductRows.h"

namespace fovea::cpu {

/// How a contraction is summed by dots or tiles.
struct WordPlan {
  const ProductRow *row = nullptr;
  RegisterTile tile{};
  /// Elements of a word; summed elements that a step takes, to a multiple of which panels reach.
  int64_t group = 1, step = 1;
};

/// The row of a unit for elements, "bf16" or "i8", that the target has; null for none.
const ProductRow *rowFor(llvm::StringRef elements, RowUnit unit, const Capabilities &cpu);

/// Plans a contraction by instructions of one unit, or says why not.
Refusal planWords(ContractOp op, const Capabilities &cpu, RowUnit unit, WordPlan &plan);

/// The plan that a contraction's schedule allows, tiles before dots; nothing for multiply-adds.
std::optional<WordPlan> planWords(ContractOp op, const Capabilities &cpu);

/// Base of schedules whose columns lie in words.
class WordPanels : protected ContractTask {
protected:
  WordPanels(ContractOp op, Nest &nest, const Capabilities &cpu, const WordPlan &plan);

  /// Copies `length` summed elements, at most `capacity`, of the task's columns from `k0` on into
  /// a panel in scratch memory, [words, width * group], with zeros up to the end of a step.
  mlir::Value packColumns(llvm::ArrayRef<mlir::Value> position, mlir::Value k0, mlir::Value length,
                          int64_t capacity);

  /// Copies a strip of rows into scratch memory, with `shift` as unsigned: 128 is added.
  void copyRows(llvm::ArrayRef<mlir::Value> position, const RowRange &strip, mlir::Value k0,
                mlir::Value length, mlir::Value copy, bool shift);

  /// The panel number `panel` of a packed weight, [words, width * group], from `k0` on.
  mlir::Value packedPanel(llvm::ArrayRef<mlir::Value> position, mlir::Value k0);

  WordPlan plan;
  mlir::Type element;

private:
  void packWord(llvm::ArrayRef<mlir::Value> position, mlir::Value k0, mlir::Value word,
                mlir::Value length, mlir::Value panel);
};

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_WORDPANELS_H
