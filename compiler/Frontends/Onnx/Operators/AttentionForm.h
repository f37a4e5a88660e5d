//===- AttentionForm.h - what an Attention node asks for ------------------===//
//
// The parts of an Attention node after its layout variants are resolved.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_ATTENTIONFORM_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_ATTENTIONFORM_H

#include "compiler/Frontends/Onnx/Operators/Operators.h"

namespace fovea::onnx_frontend {

/// Query, key or value: [batch, heads, length, width], or with `packed` [batch, length, heads,
/// width].
struct AttentionInput {
  Tensor tensor;
  SizeExpr batch, heads, length, width;
  bool packed = false;
};

/// Reads layout and heads of an input; `headsAttr` has the heads of one of rank 3.
mlir::LogicalResult readHeads(Node &node, unsigned input, llvm::StringRef headsAttr,
                              AttentionInput &in);
/// The tensor as [batch, heads, length, width].
Tensor headsFirst(Node &node, const AttentionInput &in);

/// A tensor whose elements at (b, h, i, j) the regions get.
struct AttentionCapture {
  mlir::Value value;
  llvm::SmallVector<mlir::AffineExpr> exprs;
};

struct AttentionForm {
  AttentionInput query, key, value;
  SizeExpr offset = 0, freshKeys;
  int64_t group = 1, left = -1, right = -1;
  double scale = 1, softcap = 0;
  /// Type of scores and probabilities: F64 or F32.
  Dtype precision = Dtype::F32;
  bool causal = false, maskIsBool = false;
  llvm::SmallVector<AttentionCapture> captures;
  /// Places in `captures`, or -1.
  int maskCapture = -1, lengthCapture = -1, offsetCapture = -1;

  /// True when positions limit what a query sees.
  bool positional() const { return causal || left >= 0 || right >= 0; }
  /// The score after soft cap and bias.
  mlir::Value score(mlir::ImplicitLocOpBuilder &b, mlir::Value score, mlir::ValueRange captured,
                    bool withCap, bool withBias) const;
  /// Whether query i sees key j; null for always. `commonOffset`, when given, is every row's.
  mlir::Value keep(mlir::ImplicitLocOpBuilder &b, mlir::Value i, mlir::Value j,
                   mlir::ValueRange captured, mlir::Value commonOffset) const;
};

/// Sets output 3: scores or probabilities, computed apart from the attention itself.
mlir::LogicalResult emitScores(Node &node, const AttentionForm &form);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_ATTENTIONFORM_H
