//===- CacheOps.cpp - TensorScatter ---------------------------------------===//
//
// The update of a key or value cache that lies outside its attention.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

namespace {
/// Sizes that the body needs, as values.
struct CacheSizes {
  Value positions, fresh, starts, zero, one;
};
} // namespace

/// Place of the current position among the new tokens; those outside [0, fresh) keep the cache.
static Value freshPlace(B &b, const CacheSizes &sizes, Value here, Value start, bool circular,
                        StringRef node) {
  if (!circular) {
    Value first = CheckedIndexOp::create(b, start, sizes.starts, /*wrap=*/false, node);
    return arith::SubIOp::create(b, here, first);
  }
  Value first = arith::IndexCastOp::create(b, b.getIndexType(), start);
  Value rest = arith::RemSIOp::create(b, arith::SubIOp::create(b, here, first), sizes.positions);
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, sizes.zero);
  Value wrapped = arith::AddIOp::create(b, rest, sizes.positions);
  return arith::SelectOp::create(b, negative, wrapped, rest);
}

/// The cache with the update, which is not empty, at `starts`.
static Value written(Node &node, int64_t axis, Value starts, bool circular) {
  auto &e = node.e;
  const Tensor &cache = node.in(0);
  const SizeExpr &positions = cache.shape[axis], &fresh = node.in(1).shape[axis];
  SizeExpr room = node.sizes.sub(positions, fresh);
  CacheSizes sizes{e.index(positions), e.index(fresh), e.index(node.sizes.add(room, 1)),
                   e.constantIndex(0), e.constantIndex(1)};
  Value source = node.value(1);
  AffineMap all = e.identity(cache.rank()), perBatch = e.map(cache.rank(), {e.dim(0)});
  return e.map({node.value(0), starts}, {all, perBatch}, e.type(cache.dtype), cache.shape,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 SmallVector<Value> place;
                 for (int64_t dim = 0; dim < cache.rank(); ++dim)
                   place.push_back(linalg::IndexOp::create(b, dim));
                 Value at = freshPlace(b, sizes, place[axis], args[1], circular, node.name);
                 using P = arith::CmpIPredicate;
                 Value low = arith::CmpIOp::create(b, P::sge, at, sizes.zero);
                 Value high = arith::CmpIOp::create(b, P::slt, at, sizes.fresh);
                 Value last = arith::SubIOp::create(b, sizes.fresh, sizes.one);
                 Value raised = arith::MaxSIOp::create(b, at, sizes.zero);
                 place[axis] = arith::MinSIOp::create(b, raised, last);
                 Value element = tensor::ExtractOp::create(b, source, place);
                 Value fits = arith::AndIOp::create(b, low, high);
                 return {arith::SelectOp::create(b, fits, element, args[0])};
               });
}

/// The same where the update may be empty, which has no element to load.
static Value writtenIfAny(Node &node, int64_t axis, Value starts, bool circular) {
  auto &b = node.b;
  const Tensor &cache = node.in(0);
  RankedTensorType type = node.e.type(cache.dtype, cache.shape);
  Value fresh = node.e.index(node.in(1).shape[axis]);
  Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, fresh, node.e.constantIndex(0));
  Value old = node.e.cast(node.value(0), type);
  auto op = scf::IfOp::create(b, type, any, /*withElseRegion=*/true);
  auto fill = [&](Region &region, llvm::function_ref<Value()> value) {
    Emitter::Nested nested(node.e);
    b.setInsertionPointToStart(&region.front());
    scf::YieldOp::create(b, value());
  };
  fill(op.getThenRegion(), [&] { return written(node, axis, starts, circular); });
  fill(op.getElseRegion(), [&] { return old; });
  return op.getResult(0);
}

LogicalResult fovea::onnx_frontend::importTensorScatter(Node &node) {
  const Tensor &cache = node.in(0), &update = node.in(1);
  auto axis = node.axis(node.intAttr("axis", -2), cache.rank());
  std::string mode = node.stringAttr("mode", "linear");
  if (!axis)
    return failure();
  if (mode != "linear" && mode != "circular")
    return node.unsupported("mode '" + mode + "' is not supported");
  if (*axis == 0 || update.rank() != cache.rank())
    return node.badShape("the axis must not be the batch, and the inputs must have one rank");
  for (int64_t dim = 0; dim < cache.rank(); ++dim)
    if (dim != *axis && failed(agree(node, update.shape[dim], cache.shape[dim], "update")))
      return failure();
  const SizeExpr &positions = cache.shape[*axis], &fresh = update.shape[*axis];
  SizeExpr room = node.sizes.sub(positions, fresh);
  if (room.constant() && *room.constant() < 0)
    return node.badShape("the update is longer than the cache");
  node.e.requireAtLeast(room, 0);
  if (fresh.is(0)) {
    node.set(0, cache);
    return success();
  }
  auto &e = node.e;
  Value starts;
  if (node.has(2)) {
    if (node.in(2).dtype != Dtype::I64 || node.in(2).rank() != 1 ||
        failed(agree(node, node.in(2).shape[0], cache.shape[0], "write_indices")))
      return node.badShape("write_indices must be a vector of int64, one per batch");
    starts = e.cast(node.value(2), e.type(Dtype::I64, {cache.shape[0]}));
  } else {
    starts = e.filled(e.scalar(Dtype::I64, 0), {cache.shape[0]});
  }
  bool circular = mode == "circular";
  auto least = node.sizes.least(fresh);
  Value result = least && *least >= 1 ? written(node, *axis, starts, circular)
                                      : writtenIfAny(node, *axis, starts, circular);
  node.set(0, cache.dtype, cache.shape, result);
  return success();
}
