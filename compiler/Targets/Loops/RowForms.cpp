//===- RowForms.cpp - softmax and norms, a row at a time ------------------===//
//
// Each row is read while it is in the cache: statistics first, then the result.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/StructuredOps.h"

#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

static Refusal applies(Operation *) { return {}; }

namespace {

/// Scalar arithmetic in the type that a row's statistics have: f64 for f64, else f32.
class RowMath {
public:
  RowMath(Nest &nest, Type element)
      : nest(nest), element(element),
        type(element.isF64() ? element : Type(nest.builder.getF32Type())) {}

  Value constant(double value) {
    return arith::ConstantOp::create(nest.builder, nest.loc,
                                     nest.builder.getFloatAttr(type, value));
  }
  Value load(Value buffer, ArrayRef<Value> at) {
    return resized(nest, memref::LoadOp::create(nest.builder, nest.loc, buffer, at), type);
  }
  void store(Value value, Value buffer, ArrayRef<Value> at) {
    memref::StoreOp::create(nest.builder, nest.loc, resized(nest, value, elementTypeOf(buffer)),
                            buffer, at);
  }
  Value add(Value a, Value b) { return relaxed<arith::AddFOp>(a, b); }
  Value sub(Value a, Value b) { return relaxed<arith::SubFOp>(a, b); }
  Value mul(Value a, Value b) { return relaxed<arith::MulFOp>(a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(nest.builder, nest.loc, a, b); }

  /// Sum (or another fold by `join`) over nested loops of `extents`, of which the lanes of the row
  /// do parts.
  Value reduce(ArrayRef<Value> extents, Value initial,
               function_ref<Value(ArrayRef<Value>, Value)> step,
               function_ref<Value(Value, Value)> join) {
    SmallVector<Value> indices;
    std::function<Value(size_t, Value)> level = [&](size_t depth, Value sum) -> Value {
      if (depth == extents.size())
        return step(indices, sum);
      bool inTurns = depth + 1 == extents.size();
      return nest
          .loop(inTurns ? lanes.lane : nest.index(0), extents[depth],
                nest.index(inTurns ? lanes.count : 1), sum,
                [&](Value iv, ValueRange carried) {
                  indices.push_back(iv);
                  Value next = level(depth + 1, carried[0]);
                  indices.pop_back();
                  return Nest::Carried{next};
                })
          .front();
    };
    return lanes.combine(nest, level(0, initial), join);
  }
  /// A sum of what `term` gives.
  Value sum(ArrayRef<Value> extents, function_ref<Value(ArrayRef<Value>)> term) {
    return reduce(
        extents, constant(0),
        [&](ArrayRef<Value> indices, Value sum) { return add(sum, term(indices)); },
        [&](Value a, Value b) { return add(a, b); });
  }

  Nest &nest;
  Type element, type;
  RowLanes lanes;

private:
  template <typename Op> Value relaxed(Value a, Value b) {
    auto op = Op::create(nest.builder, nest.loc, a, b);
    relax(op, /*reassociate=*/true);
    return op;
  }
};

} // namespace

static bool handlesSoftmax(Operation *op) { return isa<linalg::SoftmaxOp>(op); }

static void scheduleSoftmax(Operation *op, Nest &nest) {
  auto softmax = cast<linalg::SoftmaxOp>(op);
  Value in = softmax.getInput(), out = softmax.getOutput();
  size_t dim = softmax.getDimension();
  SmallVector<Value> extents = nest.sizes(in), rows;
  for (auto [place, extent] : llvm::enumerate(extents))
    if (place != dim)
      rows.push_back(extent);
  RowMath math(nest, elementTypeOf(in));
  parallelSharedRows(nest, nest.product(rows), extents[dim], [&](Value row, const RowLanes &lanes) {
    math.lanes = lanes;
    SmallVector<Value> place;
    if (!rows.empty())
      place = nest.delinearize(row, rows);
    auto at = [&](Value index) {
      SmallVector<Value> full(place);
      full.insert(full.begin() + dim, index);
      return full;
    };
    Value low = math.constant(-std::numeric_limits<double>::infinity());
    auto most = [&](Value a, Value b) -> Value {
      return arith::MaximumFOp::create(nest.builder, nest.loc, a, b);
    };
    Value top = math.reduce(
        extents[dim], low,
        [&](ArrayRef<Value> i, Value so) { return most(so, math.load(in, at(i[0]))); }, most);
    Value total = math.sum(extents[dim], [&](ArrayRef<Value> i) {
      Value shifted = arith::SubFOp::create(nest.builder, nest.loc, math.load(in, at(i[0])), top);
      Value power = math::ExpOp::create(nest.builder, nest.loc, shifted);
      math.store(power, out, at(i[0]));
      return power;
    });
    Value scale = math.div(math.constant(1), total);
    nestedLoops(
        nest, extents[dim],
        [&](ArrayRef<Value> i) {
          math.store(math.mul(math.load(out, at(i[0])), scale), out, at(i[0]));
        },
        lanes);
  });
}

static bool handlesNorm(Operation *op) { return isa<LayerNormOp, RmsNormOp>(op); }

namespace {

/// Operands and attributes of either norm.
struct NormParts {
  explicit NormParts(Operation *op) {
    if (auto layer = dyn_cast<LayerNormOp>(op)) {
      x = layer.getX(), weight = layer.getWeight(), bias = layer.getBias();
      outs = llvm::to_vector(layer.getInits());
      axis = layer.getAxis(), epsilon = layer.getEpsilon().convertToDouble(), centered = true;
      return;
    }
    auto rms = cast<RmsNormOp>(op);
    x = rms.getX(), weight = rms.getWeight(), outs = {rms.getInit()};
    axis = rms.getAxis(), epsilon = rms.getEpsilon().convertToDouble();
  }
  Value x, weight, bias;
  SmallVector<Value> outs;
  int64_t axis = 0;
  double epsilon = 0;
  bool centered = false;
};

} // namespace

/// `buffer` with the dimensions from `axis` on as one; null where they do not lie in one row.
static Value joined(Nest &nest, Value buffer, int64_t axis) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < axis; ++dim)
    groups.push_back({dim});
  groups.push_back(llvm::to_vector(llvm::seq(axis, type.getRank())));
  if (!memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups))
    return {};
  return memref::CollapseShapeOp::create(nest.builder, nest.loc, buffer, groups);
}

/// Sees columns of several dimensions as those of one where all buffers can be seen so: a sum over
/// one loop has its lanes added up once.
static void joinColumns(Nest &nest, NormParts &norm) {
  NormParts flat(norm);
  flat.x = joined(nest, norm.x, norm.axis);
  flat.weight = joined(nest, norm.weight, 0);
  flat.bias = norm.bias ? joined(nest, norm.bias, 0) : Value();
  flat.outs.front() = joined(nest, norm.outs.front(), norm.axis);
  if (flat.x && flat.weight && !flat.bias == !norm.bias && flat.outs.front())
    norm = flat;
}

/// Mean (0 without centering) and 1 / sqrt(variance + epsilon) of one row.
static std::pair<Value, Value> statistics(RowMath &math, const NormParts &norm,
                                          ArrayRef<Value> columns, ArrayRef<Value> place) {
  Nest &nest = math.nest;
  auto at = [&](ArrayRef<Value> inner) {
    SmallVector<Value> full(place);
    llvm::append_range(full, inner);
    return full;
  };
  Value count = arith::IndexCastOp::create(nest.builder, nest.loc, nest.builder.getI64Type(),
                                           nest.product(columns));
  Value share =
      math.div(math.constant(1), arith::SIToFPOp::create(nest.builder, nest.loc, math.type, count));
  Value mean = math.constant(0);
  if (norm.centered)
    mean = math.mul(share,
                    math.sum(columns, [&](ArrayRef<Value> i) { return math.load(norm.x, at(i)); }));
  Value squares = math.sum(columns, [&](ArrayRef<Value> i) {
    Value value = math.load(norm.x, at(i));
    if (norm.centered)
      value = math.sub(value, mean);
    return math.mul(value, value);
  });
  Value variance = math.add(math.mul(squares, share), math.constant(norm.epsilon));
  Value root = math::SqrtOp::create(nest.builder, nest.loc, variance);
  return {mean, math.div(math.constant(1), root)};
}

static void scheduleNorm(Operation *op, Nest &nest) {
  NormParts norm(op);
  size_t columnDims = cast<ShapedType>(norm.x.getType()).getRank() - norm.axis;
  if (columnDims > 1)
    joinColumns(nest, norm);
  RowMath math(nest, elementTypeOf(norm.x));
  SmallVector<Value> extents = nest.sizes(norm.x);
  ArrayRef<Value> rows = ArrayRef(extents).take_front(norm.axis);
  ArrayRef<Value> columns = ArrayRef(extents).drop_front(norm.axis);
  parallelSharedRows(
      nest, nest.product(rows), nest.product(columns), [&](Value row, const RowLanes &lanes) {
        math.lanes = lanes;
        SmallVector<Value> place;
        if (!rows.empty())
          place = nest.delinearize(row, rows);
        auto [mean, inverse] = statistics(math, norm, columns, place);
        nestedLoops(
            nest, columns,
            [&](ArrayRef<Value> inner) {
              SmallVector<Value> full(place);
              llvm::append_range(full, inner);
              Value value = math.load(norm.x, full);
              if (norm.centered)
                value = math.sub(value, mean);
              value = math.mul(math.mul(value, inverse), math.load(norm.weight, inner));
              if (norm.bias)
                value = math.add(value, math.load(norm.bias, inner));
              math.store(value, norm.outs.front(), full);
            },
            lanes);
        if (norm.outs.size() == 3) {
          place.append(columnDims, nest.index(0));
          math.store(mean, norm.outs[1], place);
          math.store(inverse, norm.outs[2], place);
        }
      });
}

const LoopForm loops::kRowSoftmax = {"row_softmax",   handlesSoftmax, applies,
                                     scheduleSoftmax, false,          /*byRows=*/true};
const LoopForm loops::kRowNorm = {"row_norm",   handlesNorm, applies,
                                  scheduleNorm, false,       /*byRows=*/true};
