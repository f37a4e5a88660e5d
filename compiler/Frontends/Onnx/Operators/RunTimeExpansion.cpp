//===- RunTimeExpansion.cpp - broadcasting that only the run knows --------===//
//
// A tensor whose size is 1 in some runs and that of another tensor in others. One branch of the run
// takes it as it is, the other one expands it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

Value fovea::onnx_frontend::expandedInRun(Node &node, const Tensor &tensor, ArrayRef<SizeExpr> to,
                                          ArrayRef<int64_t> dims, Value repeat) {
  auto &e = node.e;
  auto &b = node.b;
  using P = arith::CmpIPredicate;
  Value source = node.importer.materialize(tensor), equal;
  SmallVector<Value> single(to.size());
  for (int64_t dim : dims) {
    Value have = e.index(tensor.shape[dim]);
    Value same = arith::CmpIOp::create(b, P::eq, have, e.index(to[dim]));
    equal = equal ? arith::AndIOp::create(b, equal, same).getResult() : same;
    single[dim] = arith::CmpIOp::create(b, P::eq, have, e.constantIndex(1));
  }
  Value zero = e.constantIndex(0);
  // Sizes of the result are computed before the branch, for whoever asks for them.
  (void)e.foldable(to);
  RankedTensorType type = e.type(tensor.dtype, to);
  auto branch = scf::IfOp::create(b, type, equal, /*withElseRegion=*/true);
  auto yield = [&](Region &region, llvm::function_ref<Value()> value) {
    Emitter::Nested nested(e);
    b.setInsertionPointToStart(&region.front());
    scf::YieldOp::create(b, value());
  };
  yield(branch.getThenRegion(), [&] { return e.cast(source, type); });
  yield(branch.getElseRegion(), [&] {
    return e.map({}, {}, e.type(tensor.dtype), to, [&](B &inner, ValueRange) -> SmallVector<Value> {
      SmallVector<Value> place;
      for (size_t dim = 0; dim < to.size(); ++dim) {
        place.push_back(linalg::IndexOp::create(inner, dim));
        if (!single[dim])
          continue;
        place[dim] =
            repeat ? arith::DivUIOp::create(inner, place[dim], repeat).getResult()
                   : arith::SelectOp::create(inner, single[dim], zero, place[dim]).getResult();
      }
      return {tensor::ExtractOp::create(inner, source, place)};
    });
  });
  return branch.getResult(0);
}
