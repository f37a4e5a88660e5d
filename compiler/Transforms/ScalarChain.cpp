//===- ScalarChain.cpp - a chain of elementwise operations as one scalar --===//
//
// Rewrites elementwise tensor operations around a core as scalar code in one block.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ScalarChain.h"

#include "compiler/Analysis/ScalarBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

Type fovea::widenedType(Type type) {
  return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext()) : type;
}

/// Type of the core's element: a contraction's sum, any other result widened.
static Type coreType(Operation *core) {
  if (auto contract = dyn_cast<ContractOp>(core))
    return contract.getEpilogue().front().getArgument(0).getType();
  return widenedType(getElementTypeOrSelf(core->getResult(0)));
}

ScalarChain::ScalarChain(IndexSpace &space, Operation *core, ChainCaptures &captures,
                         ArrayRef<unsigned> rows, unsigned key)
    : space(space), core(core), captures(captures), rows(rows), key(key),
      block(std::make_unique<Block>()), builder(core->getContext()) {
  block->addArgument(coreType(core), core->getLoc());
  builder.setInsertionPointToEnd(block.get());
}

Value ScalarChain::fail(Operation *op, const Twine &reason) {
  if (!mismatch.op)
    mismatch = {op, reason.str()};
  return {};
}

/// True when the core is among what `value` is computed from elementwise.
bool ScalarChain::leadsToCore(Value value) {
  if (value.getDefiningOp() == core)
    return true;
  if (auto found = leads.find(value); found != leads.end())
    return found->second;
  bool result = false;
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    result = leadsToCore(op->getOperand(0));
  else if (auto generic = dyn_cast_or_null<linalg::GenericOp>(op))
    result = isElementwiseGeneric(generic) &&
             llvm::any_of(generic.getDpsInputs(), [&](Value in) { return leadsToCore(in); });
  leads[value] = result;
  return result;
}

Value ScalarChain::emit(const TensorAccess &access) {
  for (auto &[other, value] : known)
    if (other == access)
      return value;
  Value value = emitUncached(access);
  if (value)
    known.push_back({access, value});
  return value;
}

Value ScalarChain::emitUncached(const TensorAccess &access) {
  bool onPath = leadsToCore(access.value);
  Operation *op = access.value.getDefiningOp();
  if (onPath)
    path.insert(op);
  if (op == core)
    return emitCore(access);
  if (TypedAttr constant = splatConstant(access.value))
    return emitConstant(constant, op->getLoc());
  if (std::optional<TensorAccess> before = beforeView(space, access))
    return emit(*before);
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  if (generic && isElementwiseGeneric(generic) && (onPath || belongsInChain(generic, access)))
    return emitGeneric(generic, access.index);
  if (onPath)
    return fail(op, "moves scores in a way that no indexing map expresses");
  return capture(access);
}

/// Dense row-by-key tensors are computed where they are used; what depends on less is read, unless
/// it shows which keys are excluded.
bool ScalarChain::belongsInChain(linalg::GenericOp op, const TensorAccess &access) {
  bool costly = false, choosesInfinity = false;
  for (Operation &inner : *op.getBody()) {
    if (!isa<linalg::IndexOp, linalg::YieldOp>(inner) && !isScalarOperation(inner))
      return false;
    costly |= isa<math::MathDialect>(inner.getDialect()) || isa<arith::DivFOp>(inner);
    if (auto select = dyn_cast<arith::SelectOp>(inner))
      choosesInfinity |= matchPattern(select.getFalseValue(), m_NegInfFloat()) ||
                         matchPattern(select.getTrueValue(), m_NegInfFloat());
  }
  bool perRow = llvm::any_of(rows, [&](unsigned row) { return access.uses(row); });
  return choosesInfinity || (perRow && access.uses(key) && !costly);
}

Value ScalarChain::emitCore(const TensorAccess &access) {
  if (coreAccess && !(*coreAccess == access))
    return fail(core, "is read at two positions for one score");
  coreAccess = access;
  auto contract = dyn_cast<ContractOp>(core);
  if (!contract)
    return getCore();
  SmallVector<LinearIndex> loops(contract.getNumDims());
  for (auto [position, expr] : llvm::enumerate(contract.getOutMap().getResults()))
    loops[cast<AffineDimExpr>(expr).getPosition()] = access.index[position];
  Block &epilogue = contract.getEpilogue().front();
  IRMapping mapping;
  mapping.map(epilogue.getArgument(0), getCore());
  for (auto [index, operand] : llvm::enumerate(contract.getCaptures())) {
    auto at = accessOf(space, operand, contract.getCaptureMap(index), loops);
    Value value = at ? emit(*at) : fail(core, "has a capture at an unsupported position");
    if (!value)
      return {};
    mapping.map(epilogue.getArgument(1 + index), value);
  }
  return emitBody(epilogue, mapping, loops);
}

Value ScalarChain::emitGeneric(linalg::GenericOp op, ArrayRef<LinearIndex> index) {
  SmallVector<LinearIndex> loops = loopIndices(op, index);
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto at = accessOf(space, input->get(), op.getMatchingIndexingMap(input), loops);
    Value value = at ? emit(*at) : fail(op, "reads a tensor at an unsupported position");
    if (!value)
      return {};
    mapping.map(op.getMatchingBlockArgument(input), value);
  }
  return emitBody(*op.getBody(), mapping, loops);
}

Value ScalarChain::emitBody(Block &body, IRMapping &mapping, ArrayRef<LinearIndex> loops) {
  for (Operation &op : body.without_terminator())
    if (!emitOperation(op, mapping, loops))
      return {};
  Value yielded = body.getTerminator()->getOperand(0);
  return mapping.contains(yielded) ? mapping.lookup(yielded) : emitOuter(yielded);
}

bool ScalarChain::emitOperation(Operation &op, IRMapping &mapping, ArrayRef<LinearIndex> loops) {
  for (Value operand : op.getOperands())
    if (!mapping.contains(operand)) {
      Value outer = emitOuter(operand);
      if (!outer)
        return false;
      mapping.map(operand, outer);
    }
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    mapping.map(index.getResult(), emitIndex(loops[index.getDim()], op.getLoc()));
    return true;
  }
  TypedAttr constant;
  if (matchPattern(&op, m_Constant(&constant))) {
    mapping.map(op.getResult(0), emitConstant(constant, op.getLoc()));
    return true;
  }
  if (!isScalarOperation(op) || isa<arith::BitcastOp>(op))
    return fail(&op, "is not elementwise arithmetic on scalars") != Value();
  SmallVector<Type> types;
  for (Type type : op.getResultTypes()) {
    if (type.isF64() && !getCore().getType().isF64())
      return fail(&op, "computes in f64") != Value();
    types.push_back(widenedType(type));
  }
  if (isa<arith::ExtFOp, arith::TruncFOp>(op) &&
      mapping.lookup(op.getOperand(0)).getType() == types.front()) {
    mapping.map(op.getResult(0), mapping.lookup(op.getOperand(0)));
    return true;
  }
  Operation *clone = builder.clone(op, mapping);
  for (auto [result, type] : llvm::zip_equal(clone->getResults(), types))
    result.setType(type);
  return true;
}

Value ScalarChain::emitOuter(Value scalar) {
  TypedAttr constant;
  if (matchPattern(scalar, m_Constant(&constant)))
    return emitConstant(constant, scalar.getLoc());
  if (scalar.getType().isF64() && !getCore().getType().isF64())
    return fail(scalar.getDefiningOp() ? scalar.getDefiningOp() : core, "is an f64 scalar");
  return capture({scalar, {}});
}

Value ScalarChain::emitConstant(TypedAttr value, Location loc) {
  Type type = widenedType(value.getType());
  if (auto number = dyn_cast<FloatAttr>(value))
    value = builder.getFloatAttr(type, number.getValueAsDouble());
  return arith::ConstantOp::create(builder, loc, value);
}

Value ScalarChain::emitIndex(const LinearIndex &index, Location loc) {
  Value sum;
  for (auto [atom, factor] : index.terms) {
    Value &argument = atomArguments[atom];
    if (!argument)
      argument = block->addArgument(builder.getIndexType(), loc);
    Value term = argument;
    if (factor != 1) {
      Value by = arith::ConstantIndexOp::create(builder, loc, factor);
      term = arith::MulIOp::create(builder, loc, term, by);
    }
    sum = sum ? arith::AddIOp::create(builder, loc, sum, term).getResult() : term;
  }
  if (sum && index.offset == 0)
    return sum;
  Value offset = arith::ConstantIndexOp::create(builder, loc, index.offset);
  return sum ? arith::AddIOp::create(builder, loc, sum, offset).getResult() : offset;
}

Value ScalarChain::capture(const TensorAccess &access) {
  auto found = llvm::find(captures, access);
  unsigned number = std::distance(captures.begin(), found);
  if (found == captures.end())
    captures.push_back(access);
  Type element = getElementTypeOrSelf(access.value);
  Value &argument = captureArguments[number];
  if (!argument)
    argument = block->addArgument(element.isIndex() ? builder.getI64Type() : element,
                                  access.value.getLoc());
  Location loc = access.value.getLoc();
  if (element.isIndex())
    return arith::IndexCastOp::create(builder, loc, element, argument);
  if (widenedType(element) != element)
    return arith::ExtFOp::create(builder, loc, widenedType(element), argument);
  return argument;
}
