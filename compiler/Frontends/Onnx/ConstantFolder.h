//===- ConstantFolder.h - evaluation at import ----------------------------===//
//
// Moves and computes elements of constants and of small integer tensors of expressions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_CONSTANTFOLDER_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_CONSTANTFOLDER_H

#include "compiler/Frontends/Onnx/Importer.h"
#include "compiler/Frontends/Onnx/ScalarMath.h"

namespace fovea::onnx_frontend {

/// Which elements of a tensor make up another one: element i of the result is at
/// offset + sum of i[d] * strides[d] of the source.
struct View {
  Shape shape;
  int64_t offset = 0;
  llvm::SmallVector<int64_t, 4> strides;
};

/// A tensor with these elements; a constant when all of them are.
Tensor integerTensor(Dtype dtype, llvm::ArrayRef<int64_t> shape, Integers integers);

/// Row-major strides of a shape.
llvm::SmallVector<int64_t, 4> rowMajor(llvm::ArrayRef<int64_t> shape);

/// The viewed elements, when the tensor's elements are known and few enough.
std::optional<Tensor> foldView(const Tensor &source, const View &view, llvm::StringRef name);
/// The same elements in another static shape.
std::optional<Tensor> foldReshape(const Tensor &source, llvm::ArrayRef<int64_t> shape,
                                  llvm::StringRef name);
/// Elements at `positions` of the concatenation of the sources' elements.
std::optional<Tensor> foldPick(llvm::ArrayRef<const Tensor *> sources,
                               llvm::ArrayRef<int64_t> positions, llvm::ArrayRef<int64_t> shape,
                               llvm::StringRef name);
/// Elementwise functions; nothing where the inputs are not known or the function is not evaluated.
std::optional<Tensor> foldUnary(Node &node, Unary function, Dtype result);
std::optional<Tensor> foldBinary(Node &node, Binary function, const Tensor &x, const Tensor &y);
std::optional<Tensor> foldCast(Node &node, const Tensor &x, Dtype to);
std::optional<Tensor> foldWhere(Node &node);

/// Static shape of two broadcast shapes, or nothing.
std::optional<Shape> broadcastStatic(llvm::ArrayRef<int64_t> x, llvm::ArrayRef<int64_t> y);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_CONSTANTFOLDER_H
