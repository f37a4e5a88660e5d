//===- AttentionOps.cpp - Attention ---------------------------------------===//
//
// Attention of opsets 23 to 25: layouts become maps, masks become regions over captured tensors,
// causal limits and windows stay attributes where one offset serves the whole batch.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/AttentionForm.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

LogicalResult fovea::onnx_frontend::readHeads(Node &node, unsigned input, StringRef headsAttr,
                                              AttentionInput &in) {
  const Tensor &tensor = node.in(input);
  in.tensor = tensor;
  if (tensor.rank() == 4) {
    in.batch = tensor.shape[0];
    in.heads = tensor.shape[1];
    in.length = tensor.shape[2];
    in.width = tensor.shape[3];
    return success();
  }
  if (tensor.rank() != 3)
    return node.badShape("input " + Twine(input) + " must have rank 3 or 4");
  int64_t heads = node.intAttr(headsAttr, 0);
  if (heads < 1)
    return node.fail("FV0104", "attribute '" + headsAttr + "' is needed with inputs of rank 3");
  const SizeExpr &channels = tensor.shape[2];
  in.width = node.sizes.floorDiv(channels, heads);
  if (failed(agree(node, channels, node.sizes.mul(in.width, heads),
                   "the channels of input " + Twine(input) + " do not split into " + Twine(heads) +
                       " heads")))
    return failure();
  in.batch = tensor.shape[0];
  in.heads = heads;
  in.length = tensor.shape[1];
  Sizes split{in.batch, in.length, in.heads, in.width};
  Value value = node.e.reshape(node.value(input), tensor.shape, split);
  in.tensor = tensorOf(tensor.dtype, split, value);
  in.packed = true;
  return success();
}

Tensor fovea::onnx_frontend::headsFirst(Node &node, const AttentionInput &in) {
  if (!in.packed)
    return in.tensor;
  Value value = node.e.transpose(in.tensor.value, in.tensor.shape, {0, 2, 1, 3});
  return tensorOf(in.tensor.dtype, {in.batch, in.heads, in.length, in.width}, value);
}

/// Puts the past before the new keys or values; the present is a result of its own.
static LogicalResult extend(Node &node, unsigned past, unsigned output, AttentionInput &in) {
  if (node.has(past)) {
    const Tensor &old = node.in(past);
    if (old.rank() != 4)
      return node.badShape("input " + Twine(past) + " must have rank 4");
    for (auto [dim, want] :
         {std::pair(0, in.batch), std::pair(1, in.heads), std::pair(3, in.width)})
      if (failed(agree(node, old.shape[dim], want, "past and new tokens")))
        return failure();
    Tensor fresh = headsFirst(node, in);
    in.length = node.sizes.add(old.shape[2], in.length);
    Sizes shape{in.batch, in.heads, in.length, in.width}, before = shape;
    before[2] = old.shape[2];
    Value parts[] = {node.e.cast(node.value(past), node.e.type(old.dtype, before)),
                     node.importer.materialize(fresh)};
    Value joined = node.e.concat(parts, 2, node.e.type(old.dtype, shape));
    in.tensor = tensorOf(old.dtype, shape, joined);
    in.packed = false;
  }
  if (node.wants(output))
    node.set(output, headsFirst(node, in));
  return success();
}

/// Gives key and value as many heads as the query has: the group is part of the operation's form,
/// and only the run knows it.
static void repeatHeads(Node &node, AttentionForm &form) {
  auto &sizes = node.sizes;
  const SizeExpr &heads = form.query.heads, &shared = form.key.heads;
  node.e.requireAtLeast(shared, 1);
  SizeExpr group = sizes.floorDiv(heads, shared);
  node.e.requireEqual(sizes.mul(group, shared), heads);
  for (AttentionInput *in : {&form.key, &form.value}) {
    Sizes shape = in->tensor.shape;
    int64_t place = in->packed ? 2 : 1;
    shape[place] = heads;
    Value value = expandedInRun(node, in->tensor, shape, place, node.e.index(sizes.max(group, 1)));
    in->tensor = tensorOf(in->tensor.dtype, shape, value);
    in->heads = heads;
  }
}

static LogicalResult readInputs(Node &node, AttentionForm &form) {
  if (node.in(0).rank() != node.in(1).rank() || node.in(0).rank() != node.in(2).rank())
    return node.badShape("query, key and value differ in rank");
  if (failed(readHeads(node, 0, "q_num_heads", form.query)) ||
      failed(readHeads(node, 1, "kv_num_heads", form.key)) ||
      failed(readHeads(node, 2, "kv_num_heads", form.value)))
    return failure();
  if (node.has(4) != node.has(5))
    return node.fail("FV0104", "past_key and past_value come together");
  if (node.has(4) && node.has(6))
    return node.fail("FV0104", "nonpad_kv_seqlen does not go with past_key");
  if (node.has(4) && node.in(4).rank() == 4)
    form.offset = node.in(4).shape[2];
  form.freshKeys = form.key.length;
  if (failed(agree(node, form.value.length, form.key.length, "lengths of key and value")) ||
      failed(extend(node, 4, 1, form.key)) || failed(extend(node, 5, 2, form.value)))
    return failure();
  for (auto [have, want] :
       {std::pair(form.key.batch, form.query.batch), std::pair(form.value.batch, form.query.batch),
        std::pair(form.value.heads, form.key.heads), std::pair(form.key.width, form.query.width),
        std::pair(form.value.length, form.key.length)})
    if (failed(agree(node, have, want, "query, key and value")))
      return failure();
  auto queryHeads = form.query.heads.constant(), keyHeads = form.key.heads.constant();
  if (form.query.heads == form.key.heads)
    form.group = 1;
  else if (queryHeads && keyHeads && *keyHeads > 0 && *queryHeads % *keyHeads == 0 &&
           *queryHeads > 0)
    form.group = *queryHeads / *keyHeads;
  else if (!queryHeads || !keyHeads)
    repeatHeads(node, form);
  else
    return node.badShape("the heads of the key do not divide those of the query");
  return success();
}

/// The query times 1 / sqrt(width), for a width that only the run knows.
static Tensor scaledQuery(Node &node, const AttentionForm &form) {
  const Tensor &query = form.query.tensor;
  Dtype type = form.precision;
  Value width = sizeAs(node, form.query.width, type);
  Value factor = emitBinary(node.b, Binary::Div, type, node.e.scalar(type, 1),
                            emitUnary(node.b, Unary::Sqrt, type, width));
  return tensorOf(query.dtype, query.shape,
                  elementwise(node, {&query}, query.shape, query.dtype, [&](B &b, ValueRange args) {
                    Value wide = emitCast(b, query.dtype, type, args.front());
                    Value scaled = emitBinary(b, Binary::Mul, type, wide, factor);
                    return emitCast(b, type, query.dtype, scaled);
                  }));
}

/// Scores are computed in double where the query or the softmax is, in float otherwise: at least in
/// the type that is asked for.
static LogicalResult readPrecision(Node &node, AttentionForm &form) {
  int64_t precision = node.intAttr("softmax_precision", 1);
  constexpr int64_t kFloat = 1, kFloat16 = 10, kDouble = 11, kBFloat16 = 16;
  if (!llvm::is_contained({kFloat, kFloat16, kDouble, kBFloat16}, precision))
    return node.unsupported("softmax_precision " + onnxTypeName(precision) + " is not supported");
  if (precision != kDouble && node.in(0).dtype != Dtype::F64)
    return success();
  form.precision = Dtype::F64;
  for (AttentionInput *in : {&form.query, &form.key, &form.value})
    in->tensor = converted(node, in->tensor, Dtype::F64);
  return success();
}

static LogicalResult readModifiers(Node &node, AttentionForm &form) {
  auto width = form.query.width.constant();
  if (width && *width < 1)
    return node.badShape("the width of a head must be positive");
  form.scale = node.floatAttr("scale", width ? 1 / std::sqrt(double(*width)) : 1);
  if (!node.hasAttr("scale") && !width)
    form.query.tensor = scaledQuery(node, form);
  form.softcap = node.floatAttr("softcap", 0);
  form.causal = node.intAttr("is_causal", 0) != 0;
  form.left = node.intAttr("left_window_size", -1);
  form.right = node.intAttr("right_window_size", -1);
  if (!std::isfinite(form.scale) || !std::isfinite(form.softcap) || form.softcap < 0)
    return node.fail("FV0104", "scale must be finite, softcap finite and not negative");
  if (form.left < -1 || form.right < -1)
    return node.fail("FV0104", "window sizes must be -1 or more");
  return success();
}

/// Pads the mask's last axis to the number of keys, with what masks out.
static Tensor paddedMask(Node &node, const Tensor &mask, const SizeExpr &keys) {
  SizeExpr missing = node.sizes.sub(keys, mask.shape.back());
  if (missing.is(0))
    return mask;
  auto &e = node.e;
  Value fill = mask.dtype == Dtype::Bool
                   ? e.scalar(Dtype::Bool, 0)
                   : e.scalar(mask.dtype, -std::numeric_limits<double>::infinity());
  SmallVector<OpFoldResult> low(mask.rank(), node.b.getIndexAttr(0)), high = low;
  high.back() = e.foldable(missing);
  Sizes shape = mask.shape;
  shape.back() = keys;
  Value source = node.importer.materialize(mask);
  Value result = tensor::PadOp::create(node.b, RankedTensorType(), source, low, high, fill);
  return tensorOf(mask.dtype, shape, e.cast(result, e.type(mask.dtype, shape)));
}

static LogicalResult readMask(Node &node, AttentionForm &form) {
  if (!node.has(3))
    return success();
  Tensor mask = node.in(3);
  if (mask.dtype != Dtype::Bool && mask.dtype != node.in(0).dtype)
    return node.fail("FV0202", "attn_mask must be bool or of the query's type");
  if (mask.rank() < 1 || mask.rank() > 4)
    return node.badShape("attn_mask must have rank 1 to 4");
  const SizeExpr &keys = form.key.length, &last = mask.shape.back();
  if (last.constant() && keys.constant()) {
    if (*last.constant() > *keys.constant())
      return node.badShape("attn_mask has more keys than there are");
    mask = paddedMask(node, mask, keys);
  } else if (node.has(6)) {
    node.e.requireAtLeast(keys, last);
    mask = paddedMask(node, mask, keys);
  } else if (failed(agree(node, last, keys, "attn_mask"))) {
    return failure();
  }
  Sizes whole{form.query.batch, form.query.heads, form.query.length, keys};
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < mask.rank(); ++dim) {
    unsigned place = 4 - mask.rank() + dim;
    bool repeated = mask.shape[dim].is(1) && !whole[place].is(1);
    if (!repeated && failed(broadcastsTo(node, mask.shape[dim], whole[place], "attn_mask")))
      return failure();
    exprs.push_back(repeated ? node.e.constantExpr(0) : node.e.dim(place));
  }
  form.maskIsBool = mask.dtype == Dtype::Bool;
  form.maskCapture = form.captures.size();
  form.captures.push_back({refined(node, mask, ArrayRef(whole).take_back(mask.rank())), exprs});
  return success();
}

/// Lengths of the keys per row, and the offsets that follow from them.
static LogicalResult readLengths(Node &node, AttentionForm &form) {
  if (!node.has(6))
    return success();
  const Tensor &lengths = node.in(6);
  if (lengths.dtype != Dtype::I64 || lengths.rank() != 1)
    return node.badShape("nonpad_kv_seqlen must be a vector of int64");
  if (failed(agree(node, lengths.shape[0], form.query.batch, "nonpad_kv_seqlen")))
    return failure();
  auto &e = node.e;
  Sizes shape{form.query.batch};
  Value limit = e.index(node.sizes.add(form.key.length, 1));
  Value value = e.map(e.cast(node.value(6), e.type(Dtype::I64, shape)), e.identity(1),
                      e.type(Dtype::I64), shape, [&](B &b, ValueRange args) -> SmallVector<Value> {
                        Value length =
                            CheckedIndexOp::create(b, args[0], limit, /*wrap=*/false, node.name);
                        return {arith::IndexCastOp::create(b, b.getI64Type(), length)};
                      });
  form.lengthCapture = form.captures.size();
  form.captures.push_back({value, {e.dim(0)}});
  if (!form.positional())
    return success();
  Value queries = sizeAs(node, form.query.length, Dtype::I64);
  Value offsets = e.map(value, e.identity(1), e.type(Dtype::I64), shape,
                        [&](B &b, ValueRange args) -> SmallVector<Value> {
                          return {arith::SubIOp::create(b, args[0], queries)};
                        });
  form.offsetCapture = form.captures.size();
  form.captures.push_back({offsets, {e.dim(0)}});
  return success();
}

static Value tanhCap(B &b, Value score, double cap) {
  Value limit = Emitter::scalar(b, score.getType(), cap);
  Value ratio = arith::DivFOp::create(b, score, limit);
  return arith::MulFOp::create(b, limit, math::TanhOp::create(b, ratio));
}

Value AttentionForm::score(B &b, Value score, ValueRange captured, bool withCap,
                           bool withBias) const {
  if (withCap && softcap > 0)
    score = tanhCap(b, score, softcap);
  if (withBias && maskCapture >= 0 && !maskIsBool) {
    Value bias = captured[maskCapture];
    if (bias.getType() != score.getType())
      bias = arith::ExtFOp::create(b, score.getType(), bias);
    score = arith::AddFOp::create(b, score, bias);
  }
  return score;
}

Value AttentionForm::keep(B &b, Value i, Value j, ValueRange captured, Value commonOffset) const {
  Value result;
  auto also = [&](Value condition) {
    result = result ? arith::AndIOp::create(b, result, condition).getResult() : condition;
  };
  using P = arith::CmpIPredicate;
  if (maskCapture >= 0 && maskIsBool)
    also(captured[maskCapture]);
  if (maskCapture >= 0 && !maskIsBool) {
    // A bias of -inf excludes the key, whatever its score.
    Value bias = captured[maskCapture];
    Value lowest = Emitter::scalar(b, bias.getType(), -std::numeric_limits<double>::infinity());
    also(arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, bias, lowest));
  }
  auto whole = [&](Value index) -> Value {
    return arith::IndexCastOp::create(b, b.getI64Type(), index);
  };
  if (lengthCapture >= 0)
    also(arith::CmpIOp::create(b, P::slt, whole(j), captured[lengthCapture]));
  Value offset = offsetCapture >= 0 ? captured[offsetCapture] : Value();
  if (commonOffset)
    offset = whole(commonOffset);
  if (!offset)
    return result;
  Value place = arith::AddIOp::create(b, whole(i), offset), key = whole(j);
  auto bound = [&](int64_t size) { return Emitter::integer(b, b.getI64Type(), size); };
  if (causal)
    also(arith::CmpIOp::create(b, P::sle, key, place));
  if (left >= 0)
    also(arith::CmpIOp::create(b, P::sge, key, arith::SubIOp::create(b, place, bound(left))));
  if (right >= 0)
    also(arith::CmpIOp::create(b, P::sle, key, arith::AddIOp::create(b, place, bound(right))));
  return result;
}

/// Map of an input over (b, h, i, j, d, e): `length` is i or j, `width` d or e.
static AffineMap inputMap(Node &node, const AttentionInput &in, AffineExpr head, unsigned length,
                          unsigned width) {
  auto &e = node.e;
  AffineExpr b = e.dim(0), l = e.dim(length), w = e.dim(width);
  return in.packed ? e.map(6, {b, l, head, w}) : e.map(6, {b, head, l, w});
}

/// Adds a region with a leading score (or none), the positions and the captures.
static void addRegion(Node &node, const AttentionForm &form, Region &region, bool withScore,
                      llvm::function_ref<Value(B &, ValueRange, ValueRange)> body) {
  auto &b = node.b;
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types;
  if (withScore)
    types.push_back(cast<AttentionOp>(region.getParentOp()).getScoreType());
  types.append(4, b.getIndexType());
  for (const AttentionCapture &capture : form.captures)
    types.push_back(cast<RankedTensorType>(capture.value.getType()).getElementType());
  Block *block = b.createBlock(&region, {}, types, SmallVector<Location>(types.size(), b.getLoc()));
  ValueRange args = block->getArguments();
  YieldOp::create(b, body(b, args.take_front(4 + withScore), args.drop_front(4 + withScore)));
}

static Value emitAttention(Node &node, const AttentionForm &form) {
  auto &e = node.e;
  auto &b = node.b;
  AffineExpr h = e.dim(1), shared = form.group == 1 ? h : h.floorDiv(form.group);
  Value query = node.importer.materialize(form.query.tensor);
  Value key = node.importer.materialize(form.key.tensor);
  Value value = node.importer.materialize(form.value.tensor);
  SmallVector<AffineMap> maps{inputMap(node, form.query, h, 2, 4),
                              inputMap(node, form.key, shared, 3, 4),
                              inputMap(node, form.value, shared, 3, 5)};
  absorbTranspose(query, maps[0]);
  absorbTranspose(key, maps[1]);
  absorbTranspose(value, maps[2]);
  SmallVector<Value> captures;
  for (const AttentionCapture &capture : form.captures) {
    captures.push_back(capture.value);
    maps.push_back(e.map(6, capture.exprs));
  }
  AttentionInput out = form.query;
  Sizes shape = out.packed ? Sizes{out.batch, out.length, out.heads, form.value.width}
                           : Sizes{out.batch, out.heads, out.length, form.value.width};
  maps.push_back(inputMap(node, out, h, 2, 5));
  Value init = e.empty(e.type(node.in(0).dtype), shape);
  bool sugar = form.positional() && form.offsetCapture < 0;
  bool windowed = form.left >= 0 || form.right >= 0;
  bool biased = form.maskCapture >= 0 && !form.maskIsBool;
  auto op = AttentionOp::create(b, TypeRange(init.getType()), query, key, value, captures,
                                ValueRange(init), b.getAffineMapArrayAttr(maps),
                                b.getF64FloatAttr(form.scale));
  if (sugar) {
    op.getOffsetMutable().assign(e.index(form.offset));
    op.setCausal(form.causal);
    if (windowed)
      op.setWindow(ArrayRef<int64_t>{form.left, form.right});
  }
  if (!biased && form.softcap > 0)
    op.setSoftcap(APFloat(form.softcap));
  if (biased)
    addRegion(node, form, op.getScore(), true, [&](B &inner, ValueRange args, ValueRange captured) {
      return form.score(inner, args[0], captured, true, true);
    });
  if (!captures.empty())
    addRegion(node, form, op.getMask(), false, [&](B &inner, ValueRange args, ValueRange captured) {
      return form.keep(inner, args[2], args[3], captured, Value());
    });
  Value result = op.getResult(0);
  Sizes flat = node.in(0).rank() == 3
                   ? Sizes{out.batch, out.length, node.sizes.mul(out.heads, form.value.width)}
                   : shape;
  result = e.reshape(result, shape, flat);
  node.set(0, node.in(0).dtype, flat, result);
  return result;
}

LogicalResult fovea::onnx_frontend::importAttention(Node &node) {
  AttentionForm form;
  if (failed(readInputs(node, form)) || failed(readPrecision(node, form)) ||
      failed(readModifiers(node, form)) || failed(readMask(node, form)) ||
      failed(readLengths(node, form)))
    return failure();
  if (node.wants(3) && failed(emitScores(node, form)))
    return failure();
  if (node.sizes.overflowed)
    return node.fail("FV0203", "the arithmetic of its sizes overflows");
  emitAttention(node, form);
  return success();
}
