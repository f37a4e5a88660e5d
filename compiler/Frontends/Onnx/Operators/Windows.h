//===- Windows.h - strides, dilations and pads of windows -----------------===//
//
// The attributes that convolution and pooling share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_WINDOWS_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_WINDOWS_H

#include "compiler/Frontends/Onnx/Operators/Operators.h"

namespace fovea::onnx_frontend {

/// One entry per spatial axis of input 0 (axes 2 on).
struct Windows {
  llvm::SmallVector<int64_t> strides, dilations;
  /// Pads before and behind, at least 0.
  Sizes low, high;
  Sizes outputs;
};

/// Reads strides, dilations, pads, auto_pad and (for pooling) ceil_mode for a window of sizes
/// `kernel`.
std::optional<Windows> readWindows(Node &node, llvm::ArrayRef<SizeExpr> kernel, bool pooling);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_OPERATORS_WINDOWS_H
