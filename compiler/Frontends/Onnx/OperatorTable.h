//===- OperatorTable.h - what the ONNX importer supports ------------------===//
//
// One row per operator: versions, number and types of inputs, and the function that imports it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORTABLE_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORTABLE_H

#include "compiler/Frontends/Onnx/Importer.h"

namespace fovea::onnx_frontend {

/// Range of opsets that the importer reads.
inline constexpr int64_t kOldestOpset = 7;
inline constexpr int64_t kNewestOpset = 28;
/// Number of inputs of an operator that takes any number.
inline constexpr unsigned kVariadic = 1u << 20;

struct Operator {
  const char *name;
  int64_t sinceOpset;
  unsigned leastInputs, mostInputs, mostOutputs;
  /// Types of input 0, as a TypeSet.
  uint32_t types;
  /// Inputs with the type of input 0, one bit each.
  uint32_t sameType;
  mlir::LogicalResult (*import)(Node &);
  /// What is not supported, for docs/Support.md.
  const char *note;
};

/// The row of an operator of the default domain, or null.
const Operator *findOperator(llvm::StringRef name);
llvm::ArrayRef<Operator> operatorTable();

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORTABLE_H
