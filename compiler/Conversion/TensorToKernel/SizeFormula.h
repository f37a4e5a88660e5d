//===- SizeFormula.h - sizes as formulas of symbolic dimensions -----------===//
//
// Reads a size back from the operations that compute it, in a form that outlives the module: the
// ledger of an artefact carries it, and whoever knows the symbols' values can evaluate it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_SIZEFORMULA_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_SIZEFORMULA_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// Makes formulas over the symbols of one entry. A formula is a number (IntegerAttr), a symbol's
/// name (StringAttr), or a list of an operator, one of + - * floordiv ceildiv mod min max, and its
/// operands, two or, for *, more. Null stands for a size that depends on data; what is made of it
/// is null.
class SizeFormula {
public:
  explicit SizeFormula(mlir::func::FuncOp entry);

  mlir::Attribute number(int64_t value);
  /// Folds numbers.
  mlir::Attribute combine(llvm::StringRef op, mlir::Attribute a, mlir::Attribute b);
  /// Keeps one number, in front.
  mlir::Attribute multiply(mlir::Attribute a, mlir::Attribute b);

  /// An index.
  mlir::Attribute valueOf(mlir::Value index);
  /// Extent `dim` of a memref.
  mlir::Attribute sizeOf(mlir::Value memref, unsigned dim);
  /// How often the body of a loop runs.
  mlir::Attribute tripCount(mlir::scf::ForOp loop);

private:
  mlir::Attribute valueOf(mlir::OpFoldResult size);
  mlir::Attribute valueOf(mlir::AffineExpr expr, unsigned dims, mlir::ValueRange operands);
  mlir::Attribute extremumOf(llvm::StringRef op, mlir::AffineMap map, mlir::ValueRange operands);

  mlir::func::FuncOp entry;
  mlir::ArrayAttr symbols;
};

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_SIZEFORMULA_H
