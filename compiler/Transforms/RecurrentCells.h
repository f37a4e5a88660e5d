//===- RecurrentCells.h - the cells of LSTM and GRU -----------------------===//
//
// What one step of one direction computes, built into the cell region of a fovea.rnn.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_RECURRENTCELLS_H
#define FOVEA_COMPILER_TRANSFORMS_RECURRENTCELLS_H

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <optional>

namespace fovea {

/// What a cell of either kind needs. `sum` is the type of gates and cell state: f64 for f64, else
/// f32. Gates lie in dimension 0 of the weights [G, H, .] and in dimension 1 of xt [B, G, H].
struct CellSetup {
  mlir::Value recurrentWeight;
  llvm::SmallVector<Gate> order;
  llvm::SmallVector<ActivationAttr> activations;
  std::optional<double> clip;
  mlir::Type element, sum;

  /// Position of `gate` in the weights.
  unsigned position(Gate gate) const;
};

struct LstmCell : CellSetup {
  /// [3, H] in the order i, o, f; or null.
  mlir::Value peephole;
  /// [P, H] or null.
  mlir::Value projection;
  bool coupled = false;
};

struct GruCell : CellSetup {
  /// [G, H], added to the recurrent product; null when it is part of xt.
  mlir::Value recurrentBias;
  Reset reset = Reset::Before;
  Keep keep = Keep::Old;
};

/// One step from xt (input products [B, 4, H]) and states {h [B, P], c [B, H]}: {h', c'}.
llvm::SmallVector<mlir::Value> buildLstmStep(mlir::ImplicitLocOpBuilder &builder,
                                             const LstmCell &cell, mlir::Value xt, mlir::Value h,
                                             mlir::Value c);

/// One step from xt (input products [B, 3, H]) and h [B, H]: h'.
mlir::Value buildGruStep(mlir::ImplicitLocOpBuilder &builder, const GruCell &cell, mlir::Value xt,
                         mlir::Value h);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_RECURRENTCELLS_H
