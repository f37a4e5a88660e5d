//===- TensorSizes.cpp - extents of tensors as symbolic sizes -------------===//
//
// One rule per operation that makes tensors or computes indices.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorSizes.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace fovea;

TensorSizes::TensorSizes(func::FuncOp function) : function(function) {}

SizeExpr TensorSizes::opaque(Value value, int64_t dim, std::optional<int64_t> least) {
  SizeExpr result = context.value(value, least);
  origins.try_emplace(*result.symbol(), value, dim);
  return result;
}

const SizeExpr &TensorSizes::remember(Place place, SizeExpr expr) {
  auto [entry, isNew] = known.try_emplace(place, std::move(expr));
  if (isNew)
    order.push_back(place);
  return entry->second;
}

void TensorSizes::forgetFrom(size_t traced) {
  for (; order.size() > traced; order.pop_back())
    known.erase(order.back());
}

SizeExpr TensorSizes::sizeOf(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  if (auto found = known.find({tensor, dim}); found != known.end())
    return found->second;
  // Arithmetic beyond the bounds of expressions says nothing; what asks for this may be such, too.
  bool outer = std::exchange(context.overflowed, false);
  auto argument = dyn_cast<BlockArgument>(tensor);
  SizeExpr result =
      argument ? traceArgument(argument, dim) : traceResult(cast<OpResult>(tensor), dim);
  if (std::exchange(context.overflowed, outer))
    result = opaque(tensor, dim, 0);
  return remember({tensor, dim}, std::move(result));
}

SizeExpr TensorSizes::traceArgument(BlockArgument tensor, int64_t dim) {
  Operation *parent = tensor.getOwner()->getParentOp();
  unsigned number = tensor.getArgNumber();
  if (auto rnn = dyn_cast<RnnOp>(parent)) {
    unsigned sequences = rnn.getSequences().size();
    return number < sequences ? sizeOf(rnn.getSequences()[number], dim + 1)
                              : sizeOf(rnn.getStates()[number - sequences], dim);
  }
  if (parent != function || !function->hasAttr(kEntryAttr))
    return opaque(tensor, dim, 0);
  auto shape = function.getArgAttrOfType<ArrayAttr>(number, kShapeAttr);
  auto symbol = shape && dim < static_cast<int64_t>(shape.size()) ? dyn_cast<StringAttr>(shape[dim])
                                                                  : StringAttr();
  if (!symbol || symbol.empty())
    return opaque(tensor, dim, 0);
  SizeExpr result = context.named(symbol.getValue());
  origins.try_emplace(*result.symbol(), tensor, dim);
  return result;
}

SizeExpr TensorSizes::traceResult(OpResult tensor, int64_t dim) {
  Operation *op = tensor.getOwner();
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return sizeOf(destination.getTiedOpOperand(tensor)->get(), dim);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return traceBranches(branch, tensor.getResultNumber(), dim);
  if (isa<RnnOp, LstmOp, GruOp>(op))
    return traceRecurrence(tensor, dim);
  return traceShape(tensor, dim);
}

SizeExpr TensorSizes::traceShape(OpResult tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Operation *op = tensor.getOwner();
  return TypeSwitch<Operation *, SizeExpr>(op)
      .Case<tensor::EmptyOp, tensor::SplatOp>(
          [&](auto op) { return valueOf(op.getDynamicSizes()[type.getDynamicDimIndex(dim)]); })
      .Case([&](tensor::CastOp op) { return sizeOf(op.getSource(), dim); })
      .Case([&](tensor::InsertOp op) { return sizeOf(op.getDest(), dim); })
      .Case([&](RopeOp op) { return sizeOf(op.getX(), dim); })
      .Case([&](tensor::ExpandShapeOp op) { return valueOf(op.getMixedOutputShape()[dim]); })
      .Case([&](tensor::CollapseShapeOp op) {
        SizeExpr size = 1;
        ReassociationIndices group = op.getReassociationIndices()[dim];
        for (int64_t part : group)
          size = context.mul(size, sizeOf(op.getSrc(), part));
        return size;
      })
      .Case([&](tensor::ExtractSliceOp op) {
        llvm::SmallBitVector dropped = op.getDroppedDims();
        int64_t place = -1;
        for (int64_t left = dim; left >= 0; --left)
          do
            ++place;
          while (dropped[place]);
        return valueOf(op.getMixedSizes()[place]);
      })
      .Case([&](tensor::ConcatOp op) {
        if (dim != static_cast<int64_t>(op.getDim()))
          return sizeOf(op.getInputs().front(), dim);
        SizeExpr sum;
        for (Value input : op.getInputs())
          sum = context.add(sum, sizeOf(input, dim));
        return sum;
      })
      .Case([&](tensor::PadOp op) {
        SizeExpr margin =
            context.add(valueOf(op.getMixedLowPad()[dim]), valueOf(op.getMixedHighPad()[dim]));
        return context.add(sizeOf(op.getSource(), dim), margin);
      })
      .Default([&](Operation *) {
        bool elementwise = OpTrait::hasElementwiseMappableTraits(op);
        return elementwise ? sizeOf(op->getOperand(0), dim) : opaque(tensor, dim, 0);
      });
}

/// Extent `dim` of y, which the cell makes, where it hangs on nothing that the cell computes.
SizeExpr TensorSizes::traceStep(RnnOp rnn, int64_t dim) {
  auto yield = cast<YieldOp>(rnn.getCell().front().getTerminator());
  SizeExpr size = sizeOf(yield.getOperand(0), dim - 1);
  SmallVector<Value> sources;
  sourcesOf(size, sources);
  bool outside = llvm::none_of(
      sources, [&](Value source) { return rnn.getCell().isAncestor(source.getParentRegion()); });
  return outside ? size : opaque(rnn.getY(), dim, 0);
}

SizeExpr TensorSizes::traceBranches(scf::IfOp branch, unsigned number, int64_t dim) {
  Value taken = branch.thenYield().getOperand(number),
        other = branch.elseYield().getOperand(number);
  SizeExpr right = sizeOf(other, dim);
  SmallVector<Value> sources;
  sourcesOf(right, sources);
  bool outside = llvm::none_of(sources, [&](Value value) {
    return branch->isAncestor(value.getParentBlock()->getParentOp());
  });
  if (outside) {
    Scope scope(*this);
    assume(branch.getCondition());
    outside = areEqual(sizeOf(taken, dim), right);
  }
  return outside ? right : opaque(branch.getResult(number), dim, 0);
}

SizeExpr TensorSizes::traceRecurrence(OpResult tensor, int64_t dim) {
  unsigned number = tensor.getResultNumber();
  if (auto rnn = dyn_cast<RnnOp>(tensor.getOwner())) {
    if (number > 0)
      return sizeOf(rnn.getStates()[number - 1], dim);
    return dim < 2 ? sizeOf(rnn.getX(), dim) : traceStep(rnn, dim);
  }
  auto trace = [&](auto op) {
    bool batchMajor = op.getLayout() == SequenceLayout::BatchMajor;
    // y is [T, D, B, P] or [B, T, D, P], a state [D, B, P] or [B, D, P].
    StringRef letters = number == 0 ? (batchMajor ? "BTDP" : "TDBP") : (batchMajor ? "BDP" : "DBP");
    switch (letters[dim]) {
    case 'T':
      return sizeOf(op.getX(), batchMajor ? 1 : 0);
    case 'B':
      return sizeOf(op.getX(), batchMajor ? 0 : 1);
    case 'D':
      return sizeOf(op.getW(), 0);
    default:
      break;
    }
    if constexpr (std::is_same_v<decltype(op), LstmOp>)
      if (number == 2 && op.getProjection())
        return sizeOf(op.getProjection(), 2);
    return sizeOf(op.getR(), 2);
  };
  if (auto lstm = dyn_cast<LstmOp>(tensor.getOwner()))
    return trace(lstm);
  return trace(cast<GruOp>(tensor.getOwner()));
}

SizeExpr TensorSizes::valueOf(OpFoldResult index) {
  if (auto value = dyn_cast<Value>(index))
    return valueOf(value);
  return cast<IntegerAttr>(cast<Attribute>(index)).getInt();
}

SizeExpr TensorSizes::valueOf(Value index) {
  if (auto found = known.find({index, -1}); found != known.end())
    return found->second;
  bool outer = std::exchange(context.overflowed, false);
  SizeExpr result = traceIndex(index);
  if (std::exchange(context.overflowed, outer))
    result = opaque(index, -1, std::nullopt);
  return remember({index, -1}, std::move(result));
}

/// What an arithmetic operation gives for operands that are known; nothing where one is not.
static std::optional<int64_t> foldIndex(Operation *op, ArrayRef<SizeExpr> operands) {
  SmallVector<Attribute> known;
  for (auto [operand, value] : llvm::zip_equal(op->getOperands(), operands)) {
    if (!value.constant())
      return std::nullopt;
    known.push_back(IntegerAttr::get(operand.getType(), *value.constant()));
  }
  SmallVector<OpFoldResult> results;
  if (failed(op->fold(known, results)) || results.size() != 1)
    return std::nullopt;
  return getConstantIntValue(results.front());
}

SizeExpr TensorSizes::traceIndex(Value index) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  auto isWide = [](Type type) { return type.isIndex() || type.isInteger(64); };
  Operation *op = index.getDefiningOp();
  if (!op || !isWide(index.getType())) {
    auto loop = op ? scf::ForOp()
                   : dyn_cast<scf::ForOp>(cast<BlockArgument>(index).getOwner()->getParentOp());
    bool counts = loop && index == loop.getInductionVar();
    return opaque(index, -1, counts ? context.least(valueOf(loop.getLowerBound())) : std::nullopt);
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> place = dim.getConstantIndex();
    auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
    bool inside = type && place && *place >= 0 && *place < type.getRank();
    return inside ? sizeOf(dim.getSource(), *place) : opaque(index, -1, 0);
  }
  if (isa<CheckedIndexOp>(op))
    return opaque(index, -1, 0);
  if (isa<arith::IndexCastOp>(op) && isWide(op->getOperand(0).getType()))
    return valueOf(op->getOperand(0));
  if (op->getNumOperands() != 2 || !isa<arith::ArithDialect>(op->getDialect()))
    return opaque(index, -1, std::nullopt);
  SizeExpr left = valueOf(op->getOperand(0)), right = valueOf(op->getOperand(1));
  auto low = context.least(left), by = context.least(right);
  bool divisible = by && *by > 0, positive = low && *low >= 0 && divisible;
  if (isa<arith::AddIOp>(op))
    return context.add(left, right);
  if (isa<arith::SubIOp>(op))
    return context.sub(left, right);
  if (isa<arith::MulIOp>(op))
    return context.mul(left, right);
  if (isa<arith::MinSIOp>(op))
    return context.min(left, right);
  if (isa<arith::MaxSIOp>(op))
    return context.max(left, right);
  if ((isa<arith::FloorDivSIOp>(op) && divisible) ||
      (isa<arith::DivSIOp, arith::DivUIOp>(op) && positive))
    return context.floorDiv(left, right);
  if (isa<arith::CeilDivSIOp>(op) && divisible)
    return context.ceilDiv(left, right);
  if (isa<arith::RemSIOp, arith::RemUIOp>(op) && positive)
    return context.mod(left, right);
  if (std::optional<int64_t> folded = foldIndex(op, {left, right}))
    return *folded;
  return opaque(index, -1, std::nullopt);
}

void TensorSizes::sourcesOf(const SizeExpr &expr, SmallVectorImpl<Value> &sources) const {
  llvm::DenseSet<unsigned> seen;
  SmallVector<const SizeExpr *> queue{&expr};
  while (!queue.empty())
    for (const SizeExpr::Term &term : queue.pop_back_val()->terms)
      for (unsigned number : term.symbols) {
        if (!seen.insert(number).second)
          continue;
        if (auto origin = origins.find(number); origin != origins.end()) {
          sources.push_back(origin->second.first);
          continue;
        }
        const SizeContext::Symbol &symbol = context.symbol(number);
        queue.append({&symbol.lhs, &symbol.rhs});
      }
}

Value TensorSizes::materializeSymbol(OpBuilder &builder, Location loc, unsigned number,
                                     Computed &computed) {
  if (auto origin = origins.find(number); origin != origins.end()) {
    auto [value, dim] = origin->second;
    if (dim >= 0)
      return tensor::DimOp::create(builder, loc, value, dim);
    if (value.getType().isIndex())
      return value;
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
  }
  const SizeContext::Symbol &symbol = context.symbol(number);
  Value left = materialize(builder, loc, symbol.lhs, computed);
  Value right = materialize(builder, loc, symbol.rhs, computed);
  if (symbol.kind == SizeContext::Kind::FloorDiv)
    return arith::FloorDivSIOp::create(builder, loc, left, right);
  if (symbol.kind == SizeContext::Kind::Min)
    return arith::MinSIOp::create(builder, loc, left, right);
  return arith::MaxSIOp::create(builder, loc, left, right);
}

Value TensorSizes::materialize(OpBuilder &builder, Location loc, const SizeExpr &expr) {
  Computed computed;
  return materialize(builder, loc, expr, computed);
}

Value TensorSizes::materialize(OpBuilder &builder, Location loc, const SizeExpr &expr,
                               Computed &computed) {
  Value sum;
  for (const SizeExpr::Term &term : expr.terms) {
    Value product;
    if (term.factor != 1 || term.symbols.empty())
      product = arith::ConstantIndexOp::create(builder, loc, term.factor);
    for (unsigned number : term.symbols) {
      Value factor = computed.lookup(number);
      if (!factor)
        factor = computed[number] = materializeSymbol(builder, loc, number, computed);
      product = product ? arith::MulIOp::create(builder, loc, product, factor).getResult() : factor;
    }
    sum = sum ? arith::AddIOp::create(builder, loc, sum, product).getResult() : product;
  }
  return sum ? sum : arith::ConstantIndexOp::create(builder, loc, 0).getResult();
}

bool TensorSizes::isAtLeast(const SizeExpr &left, const SizeExpr &right) {
  SizeExpr difference = context.sub(left, right);
  if (std::exchange(context.overflowed, false))
    return false;
  // Bounds are those of whole numbers; products of many sizes may wrap around instead.
  for (const SizeExpr::Term &term : difference.terms)
    if (term.symbols.size() > 2)
      return false;
  std::optional<int64_t> low = context.least(difference);
  return low && *low >= 0;
}

bool TensorSizes::areEqual(const SizeExpr &left, const SizeExpr &right) {
  return left == right || (isAtLeast(left, right) && isAtLeast(right, left));
}

void TensorSizes::assumeAtLeast(const SizeExpr &left, const SizeExpr &right) {
  SizeExpr difference = context.sub(left, right);
  if (!std::exchange(context.overflowed, false))
    context.assume(difference, 0);
}

void TensorSizes::assumeEqual(const SizeExpr &left, const SizeExpr &right) {
  assumeAtLeast(left, right);
  assumeAtLeast(right, left);
}

void TensorSizes::assume(Value condition) {
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    assume(both.getLhs());
    return assume(both.getRhs());
  }
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare ||
      !(compare.getLhs().getType().isIndex() || compare.getLhs().getType().isInteger(64)))
    return;
  SizeExpr left = valueOf(compare.getLhs()), right = valueOf(compare.getRhs());
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::eq:
    return assumeEqual(left, right);
  case arith::CmpIPredicate::sge:
    return assumeAtLeast(left, right);
  case arith::CmpIPredicate::sgt:
    return assumeAtLeast(left, context.add(right, 1));
  case arith::CmpIPredicate::sle:
    return assumeAtLeast(right, left);
  case arith::CmpIPredicate::slt:
    return assumeAtLeast(right, context.add(left, 1));
  default:
    return;
  }
}
