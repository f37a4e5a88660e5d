//===- RotaryEmbedding.cpp - RotaryEmbedding ------------------------------===//
//
// RotaryEmbedding becomes fovea.rope. Where only the run knows the width of a head, the sizes of
// input and caches are required to fit.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/AttentionForm.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// The channels of a head that are rotated: the attribute's, else all, of which a cache may tell
/// the number too.
static FailureOr<SizeExpr> rotatedChannels(Node &node, const SizeExpr &width) {
  int64_t given = node.intAttr("rotary_embedding_dim", 0);
  SizeExpr result = given == 0 ? width : SizeExpr(given);
  for (unsigned cache : {1, 2})
    if (!result.constant() && node.in(cache).shape.back().constant())
      result = node.sizes.mul(node.in(cache).shape.back(), 2);
  auto rotated = result.constant(), whole = width.constant();
  if (rotated && (*rotated < 2 || *rotated % 2 != 0 || (whole && *rotated > *whole)))
    return node.badShape("rotary_embedding_dim " + Twine(*rotated) + " does not fit heads of " +
                         (whole ? "width " + Twine(*whole).str() : std::string("any width")));
  if (given != 0)
    node.e.requireAtLeast(width, result);
  else if (failed(agree(node, width, result, "the width of a head")))
    return failure();
  return result;
}

/// Requires or checks the shapes of position_ids and of the caches; the latter for `rotated`
/// channels.
static FailureOr<Sizes> cacheShape(Node &node, const AttentionInput &in, const SizeExpr &rotated) {
  const Tensor &cos = node.in(1), &sin = node.in(2);
  SizeExpr half = cos.shape.back();
  if (failed(agree(node, node.sizes.mul(half, 2), rotated, "cos_cache")))
    return failure();
  if (auto known = rotated.constant())
    half = *known / 2;
  Sizes cache{in.batch, in.length, half};
  if (node.has(3)) {
    if (node.in(3).rank() != 2 || node.in(3).dtype != Dtype::I64)
      return node.badShape("position_ids must be int64 of rank 2");
    if (failed(agree(node, node.in(3).shape[0], in.batch, "position_ids")) ||
        failed(agree(node, node.in(3).shape[1], in.length, "position_ids")))
      return failure();
    cache = {cos.shape[0], half};
  }
  for (const Tensor *tensor : {&cos, &sin}) {
    if (tensor->shape.size() != cache.size())
      return node.badShape("cos_cache and sin_cache must have rank " + Twine(cache.size()));
    for (auto [have, want] : llvm::zip_equal(tensor->shape, cache))
      if (failed(agree(node, have, want, "cos_cache and sin_cache")))
        return failure();
  }
  return cache;
}

LogicalResult fovea::onnx_frontend::importRotaryEmbedding(Node &node) {
  const Tensor &x = node.in(0), &cos = node.in(1), &sin = node.in(2);
  auto &e = node.e;
  AttentionInput in;
  if (cos.rank() == 0 || sin.rank() == 0)
    return node.badShape("cos_cache and sin_cache must have rank 2 or 3");
  if (failed(readHeads(node, 0, "num_heads", in)))
    return failure();
  FailureOr<SizeExpr> rotated = rotatedChannels(node, in.width);
  if (failed(rotated))
    return failure();
  FailureOr<Sizes> cache = cacheShape(node, in, *rotated);
  if (failed(cache))
    return failure();
  Value positions;
  if (node.has(3))
    positions = e.cast(node.value(3), e.type(Dtype::I64, {in.batch, in.length}));
  Tensor source = headsFirst(node, in);
  // All of a head's width is rotated without the attribute: a cache may tell it.
  if (node.intAttr("rotary_embedding_dim", 0) == 0)
    source.shape[3] = *rotated;
  Value value = e.cast(node.importer.materialize(source), e.type(x.dtype, source.shape));
  RankedTensorType cacheType = e.type(cos.dtype, *cache);
  auto known = rotated->constant();
  Value result = RopeOp::create(node.b, value.getType(), value, e.cast(node.value(1), cacheType),
                                e.cast(node.value(2), cacheType), positions, known.value_or(0),
                                node.intAttr("interleaved", 0) != 0, node.name);
  if (!in.packed) {
    node.set(0, x.dtype, source.shape, result);
    return success();
  }
  result = e.transpose(result, source.shape, {0, 2, 1, 3});
  const Sizes &s = source.shape;
  Sizes flat{s[0], s[2], node.sizes.mul(s[1], s[3])};
  node.set(0, x.dtype, flat, e.reshape(result, {s[0], s[2], s[1], s[3]}, flat));
  return success();
}
