//===- Support.h - table of supported ONNX operators ----------------------===//
//
// What docs/Support.md is generated from.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_SUPPORT_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_SUPPORT_H

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// One supported ONNX operator.
struct OnnxSupportRow {
  std::string name;
  /// First and last opset with which the operator is read.
  int64_t firstOpset, lastOpset;
  /// Element types of the first input: "float, int, uint, bool".
  std::string types;
  /// What is not supported; empty when everything is.
  std::string note;
};

/// All supported operators of the default domain, by name.
std::vector<OnnxSupportRow> onnxSupportTable();

/// A name for a set of element types, as in OnnxSupportRow::types, and ONNX's names of its members.
struct OnnxTypeGroup {
  std::string name, members;
};
std::vector<OnnxTypeGroup> onnxTypeGroups();

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_SUPPORT_H
