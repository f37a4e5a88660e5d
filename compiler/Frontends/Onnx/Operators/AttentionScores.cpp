//===- AttentionScores.cpp - the optional score output of Attention -------===//
//
// qk_matmul_output: the scores at one of four places, as a chain of its own beside the attention.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/AttentionForm.h"

#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

/// Softmax of the last axis; a row of -inf gives zeros.
static Value probabilities(Node &node, Value scores, Dtype dtype, const Sizes &shape) {
  auto &e = node.e;
  AffineMap all = e.identity(4), rows = e.map(4, {e.dim(0), e.dim(1), e.dim(2)});
  Value most = reduce(node, scores, dtype, shape, {3}, Binary::Max, dtype);
  Value powers =
      e.map({scores, most}, {all, rows}, e.type(dtype), shape,
            [&](B &b, ValueRange args) -> SmallVector<Value> {
              Type type = args[0].getType();
              Value lowest = Emitter::scalar(b, type, -std::numeric_limits<double>::infinity());
              Value out = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, args[0], lowest);
              Value zero = Emitter::scalar(b, type, 0);
              Value power = math::ExpOp::create(b, arith::SubFOp::create(b, args[0], args[1]));
              return {arith::SelectOp::create(b, out, zero, power)};
            });
  Value sum = reduce(node, powers, dtype, shape, {3}, Binary::Add, dtype);
  return e.map({powers, sum}, {all, rows}, e.type(dtype), shape,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value zero = Emitter::scalar(b, args[0].getType(), 0);
                 Value empty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, args[1], zero);
                 Value share = arith::DivFOp::create(b, args[0], args[1]);
                 return {arith::SelectOp::create(b, empty, zero, share)};
               });
}

LogicalResult fovea::onnx_frontend::emitScores(Node &node, const AttentionForm &form) {
  int64_t mode = node.intAttr("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return node.fail("FV0104", "qk_matmul_output_mode must be 0 to 3");
  auto &e = node.e;
  Dtype dtype = node.in(0).dtype;
  Sizes shape{form.query.batch, form.query.heads, form.query.length, form.key.length};
  // Dimensions: b, h, i, j, d.
  AffineExpr b0 = e.dim(0), h = e.dim(1), i = e.dim(2), j = e.dim(3), d = e.dim(4);
  AffineExpr shared = form.group == 1 ? h : h.floorDiv(form.group);
  AffineMap query = form.query.packed ? e.map(5, {b0, i, h, d}) : e.map(5, {b0, h, i, d});
  AffineMap key = form.key.packed ? e.map(5, {b0, j, shared, d}) : e.map(5, {b0, shared, j, d});
  Tensor q = converted(node, form.query.tensor, form.precision);
  Tensor k = converted(node, form.key.tensor, form.precision);
  Value scores =
      contract(node, form.precision, node.importer.materialize(q), node.importer.materialize(k),
               shape, {query, key, e.map(5, {b0, h, i, j})}, Value(), AffineMap(), form.scale);
  if (mode > 0) {
    SmallVector<Value> ins{scores};
    SmallVector<AffineMap> maps{e.identity(4)};
    for (const AttentionCapture &capture : form.captures) {
      ins.push_back(capture.value);
      maps.push_back(e.map(4, capture.exprs));
    }
    Value offset = form.positional() && form.offsetCapture < 0 ? e.index(form.offset) : Value();
    scores = e.map(
        ins, maps, e.type(form.precision), shape, [&](B &b, ValueRange args) -> SmallVector<Value> {
          ValueRange captured = args.drop_front();
          Value score = form.score(b, args[0], captured, true, mode > 1);
          if (mode == 1)
            return {score};
          Value row = linalg::IndexOp::create(b, 2), column = linalg::IndexOp::create(b, 3);
          Value keep = form.keep(b, row, column, captured, offset);
          Value lowest =
              Emitter::scalar(b, score.getType(), -std::numeric_limits<double>::infinity());
          if (keep)
            score = arith::SelectOp::create(b, keep, score, lowest);
          return {score};
        });
  }
  if (mode == 3)
    scores = probabilities(node, scores, form.precision, shape);
  node.set(3, converted(node, tensorOf(form.precision, shape, scores), dtype));
  return success();
}
