//===- RecurrentCells.cpp - the cells of LSTM and GRU ---------------------===//
//
// What one step of one direction computes. Gates are read out of one product through maps with a
// constant result, so that a step is one product and one elementwise operation, without slices.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/RecurrentCells.h"

#include "compiler/Transforms/GateMath.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace fovea;

namespace {
/// Inputs of the elementwise part of a step, and where each ended up.
class StepInputs {
public:
  explicit StepInputs(Builder &builder) : builder(builder) {}

  /// `products` [B, G, H] read at one gate.
  unsigned addGate(Value products, unsigned gate) {
    return add(products, {builder.getAffineDimExpr(0), builder.getAffineConstantExpr(gate),
                          builder.getAffineDimExpr(1)});
  }

  /// `vectors` [N, H] read at row `row` for every b.
  unsigned addRow(Value vectors, unsigned row) {
    return add(vectors, {builder.getAffineConstantExpr(row), builder.getAffineDimExpr(1)});
  }

  /// `matrix` [B, H] read as it is.
  unsigned addMatrix(Value matrix) {
    return add(matrix, {builder.getAffineDimExpr(0), builder.getAffineDimExpr(1)});
  }

  ArrayRef<Value> getValues() const { return values; }
  ArrayRef<AffineMap> getMaps() const { return maps; }

private:
  unsigned add(Value value, ArrayRef<AffineExpr> results) {
    values.push_back(value);
    maps.push_back(AffineMap::get(2, 0, results, builder.getContext()));
    return values.size() - 1;
  }

  Builder &builder;
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
};

/// The two places of a gate's pre-activation: input product and recurrent product.
struct GateInputs {
  unsigned input = 0, recurrent = 0;
};
} // namespace

unsigned CellSetup::position(Gate gate) const {
  return std::distance(order.begin(), llvm::find(order, gate));
}

static SmallVector<Value> keepSum(ImplicitLocOpBuilder &, ValueRange scalars) {
  return {scalars.front()};
}

/// h [B, K] times weight [G, H, K] into [B, G, H], plus `bias` [G, H] when given.
static Value gateProducts(ImplicitLocOpBuilder &builder, Value h, Value weight, Value bias,
                          Type sum) {
  Location loc = builder.getLoc();
  Value init = emptyTensor(builder,
                           {tensor::getMixedSize(builder, loc, h, 0),
                            tensor::getMixedSize(builder, loc, weight, 0),
                            tensor::getMixedSize(builder, loc, weight, 1)},
                           sum);
  AffineMap lhs = mapOf(builder, 4, {0, 3}), rhs = mapOf(builder, 4, {1, 2, 3});
  AffineMap out = mapOf(builder, 4, {0, 1, 2});
  if (!bias)
    return createContract(builder, h, weight, {}, init, {lhs, rhs, out}, keepSum);
  return createContract(builder, h, weight, bias, init, {lhs, rhs, mapOf(builder, 4, {1, 2}), out},
                        [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
                          Value wide = convertFloat(scalars, in[1], sum);
                          return {arith::AddFOp::create(scalars, in[0], wide)};
                        });
}

/// h [B, K] times weight [N, K] into `init` [B, N].
static Value matrixProduct(ImplicitLocOpBuilder &builder, Value h, Value weight, Value init) {
  return createContract(
      builder, h, weight, {}, init,
      {mapOf(builder, 3, {0, 2}), mapOf(builder, 3, {1, 2}), mapOf(builder, 3, {0, 1})},
      [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
        return {convertFloat(scalars, in[0], getElementTypeOrSelf(init))};
      });
}

namespace {
/// Scalar arithmetic of the elementwise parts, on arguments looked up by place.
class GateScalars {
public:
  GateScalars(ImplicitLocOpBuilder &builder, const CellSetup &cell, ValueRange arguments)
      : builder(builder), cell(cell), arguments(arguments) {}

  Value wide(unsigned place) { return convertFloat(builder, arguments[place], cell.sum); }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, a, b); }
  Value preActivation(GateInputs gate) { return add(wide(gate.input), wide(gate.recurrent)); }
  Value activate(unsigned function, Value x) {
    return applyActivation(builder, cell.activations[function], applyClip(builder, cell.clip, x));
  }
  Value oneMinus(Value x) {
    Value one = arith::ConstantOp::create(builder, builder.getFloatAttr(cell.sum, 1));
    return arith::SubFOp::create(builder, one, x);
  }

private:
  ImplicitLocOpBuilder &builder;
  const CellSetup &cell;
  ValueRange arguments;
};
} // namespace

SmallVector<Value> fovea::buildLstmStep(ImplicitLocOpBuilder &builder, const LstmCell &cell,
                                        Value xt, Value h, Value c) {
  Value products = gateProducts(builder, h, cell.recurrentWeight, {}, cell.sum);
  StepInputs inputs(builder);
  auto gate = [&](Gate which) -> GateInputs {
    unsigned position = cell.position(which);
    return {inputs.addGate(xt, position), inputs.addGate(products, position)};
  };
  GateInputs gi = gate(Gate::Input), go = gate(Gate::Output), gc = gate(Gate::Cell);
  GateInputs gf = cell.coupled ? GateInputs() : gate(Gate::Forget);
  unsigned pi = 0, po = 0, pf = 0;
  if (cell.peephole) {
    pi = inputs.addRow(cell.peephole, 0);
    po = inputs.addRow(cell.peephole, 1);
    pf = cell.coupled ? 0 : inputs.addRow(cell.peephole, 2);
  }
  unsigned oldCell = inputs.getValues().size() + 1;
  // The states themselves are the destinations: a step then updates them in place.
  Value hidden = h;
  if (cell.projection)
    hidden =
        emptyTensor(builder, tensor::getMixedSizes(builder, builder.getLoc(), c), cell.element);
  SmallVector<Value> next = createElementwise(
      builder, inputs.getValues(), inputs.getMaps(), {hidden, c},
      [&](ImplicitLocOpBuilder &scalars, ValueRange arguments) -> SmallVector<Value> {
        GateScalars s(scalars, cell, arguments);
        Value old = s.wide(oldCell);
        auto peep = [&](Value pre, unsigned place, Value state) {
          return cell.peephole ? s.add(pre, s.mul(s.wide(place), state)) : pre;
        };
        Value i = s.activate(0, peep(s.preActivation(gi), pi, old));
        Value f = cell.coupled ? s.oneMinus(i) : s.activate(0, peep(s.preActivation(gf), pf, old));
        Value candidate = s.activate(1, s.preActivation(gc));
        Value state = s.add(s.mul(f, old), s.mul(i, candidate));
        Value o = s.activate(0, peep(s.preActivation(go), po, state));
        Value out = s.mul(o, applyActivation(scalars, cell.activations[2], state));
        return {convertFloat(scalars, out, cell.element), state};
      });
  if (cell.projection)
    next[0] = matrixProduct(builder, next[0], cell.projection, h);
  return next;
}

/// Inputs of the update gate and the last step of a GRU: h' from z and n.
static Value blend(GateScalars &s, Keep keep, Value z, Value old, Value fresh) {
  if (keep == Keep::New)
    return s.add(s.mul(z, fresh), s.mul(s.oneMinus(z), old));
  return s.add(s.mul(z, old), s.mul(s.oneMinus(z), fresh));
}

/// Reset after the product: one product for all gates, one elementwise operation.
static Value buildResetAfter(ImplicitLocOpBuilder &builder, const GruCell &cell, Value xt,
                             Value h) {
  Value products = gateProducts(builder, h, cell.recurrentWeight, cell.recurrentBias, cell.sum);
  StepInputs inputs(builder);
  auto gate = [&](Gate which) -> GateInputs {
    unsigned position = cell.position(which);
    return {inputs.addGate(xt, position), inputs.addGate(products, position)};
  };
  GateInputs gz = gate(Gate::Update), gr = gate(Gate::ResetGate), gn = gate(Gate::New);
  unsigned old = inputs.getValues().size();
  return createElementwise(
             builder, inputs.getValues(), inputs.getMaps(), h,
             [&](ImplicitLocOpBuilder &scalars, ValueRange arguments) -> SmallVector<Value> {
               GateScalars s(scalars, cell, arguments);
               Value z = s.activate(0, s.preActivation(gz));
               Value r = s.activate(0, s.preActivation(gr));
               Value n = s.activate(1, s.add(s.wide(gn.input), s.mul(r, s.wide(gn.recurrent))));
               return {convertFloat(scalars, blend(s, cell.keep, z, s.wide(old), n), cell.element)};
             })
      .front();
}

namespace {
/// The products of h with the weights of z and r: one [B, 2, H] where these lie next to each other,
/// else two [B, H], whose weights `fovea-fuse-gates` joins.
struct ResetProducts {
  ResetProducts(ImplicitLocOpBuilder &builder, const GruCell &cell, Value h)
      : update(cell.position(Gate::Update)), reset(cell.position(Gate::ResetGate)) {
    unsigned first = std::min(update, reset);
    if (std::max(update, reset) == first + 1) {
      both = gateProducts(builder, h,
                          viewRange(builder, cell.recurrentWeight, 0, builder.getIndexAttr(first),
                                    builder.getIndexAttr(2)),
                          {}, cell.sum);
      return;
    }
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), h);
    for (auto [gate, place] : {std::pair(&ofUpdate, update), std::pair(&ofReset, reset)})
      *gate = matrixProduct(builder, h, viewAt(builder, cell.recurrentWeight, 0, place),
                            emptyTensor(builder, sizes, cell.sum));
  }

  GateInputs add(StepInputs &inputs, Value xt, Gate gate) const {
    bool isUpdate = gate == Gate::Update;
    unsigned place = isUpdate ? update : reset, input = inputs.addGate(xt, place);
    if (both)
      return {input, inputs.addGate(both, place != std::min(update, reset))};
    return {input, inputs.addMatrix(isUpdate ? ofUpdate : ofReset)};
  }

private:
  unsigned update, reset;
  Value both, ofUpdate, ofReset;
};
} // namespace

/// Reset before the product: z and r of h, n from a second product, of r * h.
static Value buildResetBefore(ImplicitLocOpBuilder &builder, const GruCell &cell, Value xt,
                              Value h) {
  unsigned pn = cell.position(Gate::New);
  ResetProducts products(builder, cell, h);
  StepInputs reset(builder);
  GateInputs gr = products.add(reset, xt, Gate::ResetGate);
  unsigned held = reset.addMatrix(h);
  Value init =
      emptyTensor(builder, tensor::getMixedSizes(builder, builder.getLoc(), h), cell.element);
  Value kept = createElementwise(
                   builder, reset.getValues(), reset.getMaps(), init,
                   [&](ImplicitLocOpBuilder &scalars, ValueRange arguments) -> SmallVector<Value> {
                     GateScalars s(scalars, cell, arguments);
                     Value r = s.activate(0, s.preActivation(gr));
                     return {convertFloat(scalars, s.mul(r, s.wide(held)), cell.element)};
                   })
                   .front();
  Value fresh = emptyTensor(builder, tensor::getMixedSizes(builder, builder.getLoc(), h), cell.sum);
  Value news = matrixProduct(builder, kept, viewAt(builder, cell.recurrentWeight, 0, pn), fresh);
  StepInputs inputs(builder);
  GateInputs gz = products.add(inputs, xt, Gate::Update);
  GateInputs gn{inputs.addGate(xt, pn), inputs.addMatrix(news)};
  unsigned old = inputs.getValues().size();
  return createElementwise(
             builder, inputs.getValues(), inputs.getMaps(), h,
             [&](ImplicitLocOpBuilder &scalars, ValueRange arguments) -> SmallVector<Value> {
               GateScalars s(scalars, cell, arguments);
               Value z = s.activate(0, s.preActivation(gz));
               Value n = s.activate(1, s.preActivation(gn));
               return {convertFloat(scalars, blend(s, cell.keep, z, s.wide(old), n), cell.element)};
             })
      .front();
}

Value fovea::buildGruStep(ImplicitLocOpBuilder &builder, const GruCell &cell, Value xt, Value h) {
  if (cell.reset == Reset::After)
    return buildResetAfter(builder, cell, xt, h);
  return buildResetBefore(builder, cell, xt, h);
}
