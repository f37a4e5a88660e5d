//===- Rearrangement.cpp - DepthToSpace and SpaceToDepth ------------------===//
//
// Blocks of pixels to channels and back: a reshape, a transpose and a reshape.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// Sees the input as `split`, permutes it, and sees the result as `shape`.
static LogicalResult rearrange(Node &node, const Sizes &split, ArrayRef<int64_t> perm,
                               const Sizes &shape) {
  auto &e = node.e;
  const Tensor &x = node.in(0);
  if (node.sizes.overflowed)
    return node.fail("FV0203", "the arithmetic of its sizes overflows");
  Value blocks = e.reshape(node.value(0), x.shape, split);
  Value moved = e.transpose(blocks, split, perm);
  Sizes order;
  for (int64_t dim : perm)
    order.push_back(split[dim]);
  node.set(0, x.dtype, shape, e.reshape(moved, order, shape));
  return success();
}

LogicalResult fovea::onnx_frontend::importRearrangement(Node &node) {
  const Tensor &x = node.in(0);
  auto &sizes = node.sizes;
  int64_t block = node.intAttr("blocksize", 0);
  if (x.rank() != 4 || block < 1 || block > (int64_t(1) << 20))
    return node.badShape("the input must have rank 4 and blocksize be positive");
  SizeExpr n = x.shape[0], c = x.shape[1], h = x.shape[2], w = x.shape[3], k = block;
  std::string mode = node.stringAttr("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return node.unsupported("mode '" + mode + "' is not supported");
  bool blocksFirst = mode == "DCR";
  if (node.op() == "SpaceToDepth") {
    SizeExpr rows = sizes.floorDiv(h, k), columns = sizes.floorDiv(w, k);
    if (failed(agree(node, sizes.mul(rows, k), h, "blocksize")) ||
        failed(agree(node, sizes.mul(columns, k), w, "blocksize")))
      return failure();
    Sizes split{n, c, rows, k, columns, k};
    Sizes shape{n, sizes.mul(c, block * block), rows, columns};
    if (blocksFirst)
      return rearrange(node, split, {0, 3, 5, 1, 2, 4}, shape);
    return rearrange(node, split, {0, 1, 3, 5, 2, 4}, shape);
  }
  SizeExpr depth = sizes.floorDiv(c, block * block);
  if (failed(agree(node, sizes.mul(depth, block * block), c, "blocksize")))
    return failure();
  Sizes shape{n, depth, sizes.mul(h, k), sizes.mul(w, k)};
  if (blocksFirst)
    return rearrange(node, {n, k, k, depth, h, w}, {0, 3, 4, 1, 5, 2}, shape);
  return rearrange(node, {n, depth, k, k, h, w}, {0, 1, 4, 2, 5, 3}, shape);
}
