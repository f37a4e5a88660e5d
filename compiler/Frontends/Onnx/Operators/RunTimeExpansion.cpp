//===- RunTimeExpansion.cpp - broadcasting that only the run knows --------===//
//
// A tensor whose size is 1 in some runs and that of another tensor in others. One branch of the run
// takes it as it is, the other one expands it. Branches move to the inputs of what computes the
// tensor, so that they do not part operations that fuse.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

/// `source` where `expansion` says that sizes are equal, else expanded to `type`, whose dynamic
/// extents are `extents`.
static Value branchOn(B &b, Value source, RankedTensorType type, ValueRange extents,
                      const Expansion &expansion) {
  Value equal = expansion.dims.front().equal;
  for (const ExpandedDim &dim : ArrayRef(expansion.dims).drop_front())
    equal = arith::AndIOp::create(b, equal, dim.equal);
  auto expand = [&](OpBuilder &builder, Location loc) {
    B inner(loc, builder);
    Value init = tensor::EmptyOp::create(inner, type, extents);
    AffineMap map = inner.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    auto element = [&](OpBuilder &nested, Location at, ValueRange) {
      B body(at, nested);
      SmallVector<Value> place;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        place.push_back(linalg::IndexOp::create(body, dim));
      for (const ExpandedDim &dim : expansion.dims) {
        Value &at = place[dim.number];
        if (expansion.repeat)
          at = arith::DivUIOp::create(body, at, expansion.repeat);
        else
          at = arith::SelectOp::create(body, dim.single, Emitter::integer(body, at.getType(), 0),
                                       at);
      }
      linalg::YieldOp::create(body, tensor::ExtractOp::create(body, source, place).getResult());
    };
    auto copy = linalg::GenericOp::create(inner, TypeRange(type), ValueRange(), ValueRange(init),
                                          ArrayRef(map), loops, element);
    scf::YieldOp::create(inner, copy.getResults());
  };
  auto take = [&](OpBuilder &builder, Location loc) {
    Value same = source;
    if (same.getType() != type)
      same = tensor::CastOp::create(builder, loc, type, same);
    scf::YieldOp::create(builder, loc, same);
  };
  return scf::IfOp::create(b, equal, take, expand).getResult(0);
}

Value fovea::onnx_frontend::expandedInRun(Node &node, const Tensor &tensor, ArrayRef<SizeExpr> to,
                                          ArrayRef<int64_t> dims, Value repeat) {
  auto &e = node.e;
  Value source = node.importer.materialize(tensor);
  Expansion expansion;
  expansion.source = source;
  expansion.repeat = repeat;
  for (int64_t dim : dims) {
    Value have = e.index(tensor.shape[dim]), want = e.index(to[dim]);
    auto is = [&](Value size) -> Value {
      return arith::CmpIOp::create(node.b, arith::CmpIPredicate::eq, have, size);
    };
    expansion.dims.push_back({dim, want, is(want), is(e.constantIndex(1))});
  }
  RankedTensorType type = e.type(tensor.dtype, to);
  SmallVector<Value> extents;
  for (const SizeExpr &size : to)
    if (!size.constant())
      extents.push_back(e.index(size));
  Value result = branchOn(node.b, source, type, extents, expansion);
  if (!repeat) {
    result.getDefiningOp()->setAttr(kExpansionAttr, node.b.getUnitAttr());
    e.expansions[result.getDefiningOp()] = expansion;
  }
  return result;
}

/// The computation whose result only the branch reads, and whose elements do not depend on their
/// position; null where there is none. Products with weights would take longer in an expanded run.
static DestinationStyleOpInterface movedOver(scf::IfOp branch, Value source) {
  auto op = source.getDefiningOp<DestinationStyleOpInterface>();
  auto fromWeight = [](Value value) {
    Operation *op = value.getDefiningOp();
    return op && isa<GetWeightOp, arith::ConstantOp>(op);
  };
  if (!op || !isa<linalg::GenericOp, ContractOp>(*op) || op->getNumResults() != 1 ||
      op->getBlock() != branch->getBlock() ||
      !op.getDpsInits().front().getDefiningOp<tensor::EmptyOp>())
    return nullptr;
  bool outside = llvm::any_of(source.getUsers(),
                              [&](Operation *user) { return !branch->isProperAncestor(user); });
  bool positional =
      op->walk([](linalg::IndexOp) { return WalkResult::interrupt(); }).wasInterrupted();
  bool weighted = isa<ContractOp>(*op) && llvm::any_of(op.getDpsInputs(), fromWeight);
  return outside || positional || weighted ? nullptr : op;
}

static AffineMap mapOf(Operation *op, OpOperand &operand) {
  auto maps = op->getAttrOfType<ArrayAttr>("indexing_maps");
  return cast<AffineMapAttr>(maps[operand.getOperandNumber()]).getValue();
}

/// What of the expansion of an operation's result is one of an operand, by its map; nothing where
/// the map computes with an expanded dimension or the operand's extent there is fixed.
static std::optional<Expansion> ofOperand(DestinationStyleOpInterface op, OpOperand &operand,
                                          const Expansion &expansion) {
  AffineMap out = mapOf(op, *op.getDpsInitOperand(0)), map = mapOf(op, operand);
  Expansion result;
  result.source = operand.get();
  for (const ExpandedDim &dim : expansion.dims) {
    auto loop = dyn_cast<AffineDimExpr>(out.getResult(dim.number));
    if (!loop)
      return std::nullopt;
    for (auto [place, index] : llvm::enumerate(map.getResults())) {
      if (!index.isFunctionOfDim(loop.getPosition()))
        continue;
      auto type = cast<RankedTensorType>(operand.get().getType());
      if (index != loop || !type.isDynamicDim(place))
        return std::nullopt;
      result.dims.push_back({static_cast<int64_t>(place), dim.want, dim.equal, dim.single});
    }
  }
  return result;
}

/// The tensor that a branch may expand, which may be another one by now.
static Value sourceOf(scf::IfOp branch) {
  Value value = branch.thenYield().getOperand(0);
  auto cast = value.getDefiningOp<tensor::CastOp>();
  return cast && branch->isProperAncestor(cast) ? cast.getSource() : value;
}

/// An earlier branch of the block that expands the same tensor to the same; null where there is
/// none.
static scf::IfOp earlierSame(Emitter &e, scf::IfOp branch, const Expansion &expansion) {
  auto same = [](const ExpandedDim &left, const ExpandedDim &right) {
    return left.number == right.number && left.want == right.want;
  };
  for (Operation *user : expansion.source.getUsers()) {
    auto other = user->getParentOfType<scf::IfOp>();
    bool fits = other && other->hasAttr(kExpansionAttr) &&
                other->getBlock() == branch->getBlock() && other->isBeforeInBlock(branch) &&
                other.getResultTypes() == branch.getResultTypes();
    if (fits && sourceOf(other) == expansion.source &&
        llvm::equal(e.expansions.at(other).dims, expansion.dims, same))
      return other;
  }
  return nullptr;
}

/// A dynamic extent, of the tensor's destination where it has one: not another reader of it.
static Value extentOf(B &b, Value tensor, int64_t dim) {
  if (auto op = tensor.getDefiningOp<DestinationStyleOpInterface>())
    if (auto empty = op.getDpsInits().front().getDefiningOp<tensor::EmptyOp>())
      return empty.getDynamicSize(dim);
  return tensor::DimOp::create(b, tensor, dim);
}

/// Computes the result of `op` from expanded operands in place of the branch.
static void moveOver(Emitter &e, scf::IfOp branch, DestinationStyleOpInterface op,
                     const Expansion &expansion, ArrayRef<Expansion> operands) {
  B b(op.getLoc(), branch);
  auto type = cast<RankedTensorType>(branch.getResult(0).getType());
  SmallVector<Value> inputs;
  for (const Expansion &part : operands) {
    auto from = cast<RankedTensorType>(part.source.getType());
    inputs.push_back(part.source);
    if (part.dims.empty())
      continue;
    SmallVector<Value> extents;
    for (int64_t dim = 0; dim < from.getRank(); ++dim) {
      auto wanted = llvm::find_if(part.dims, [&](auto &other) { return other.number == dim; });
      if (wanted != part.dims.end())
        extents.push_back(wanted->want);
      else if (from.isDynamicDim(dim))
        extents.push_back(extentOf(b, part.source, dim));
    }
    inputs.back() = branchOn(b, part.source, from, extents, part);
    inputs.back().getDefiningOp()->setAttr(kExpansionAttr, b.getUnitAttr());
    e.expansions[inputs.back().getDefiningOp()] = part;
  }
  auto init = op.getDpsInits().front().getDefiningOp<tensor::EmptyOp>();
  SmallVector<Value> extents;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    auto wanted = llvm::find_if(expansion.dims, [&](auto &other) { return other.number == dim; });
    extents.push_back(wanted != expansion.dims.end() ? wanted->want : init.getDynamicSize(dim));
  }
  inputs.push_back(tensor::EmptyOp::create(b, type, extents));
  Operation *moved = b.clone(*op);
  moved->setOperands(inputs);
  moved->getResult(0).setType(type);
  branch.getResult(0).replaceAllUsesWith(moved->getResult(0));
  branch.erase();
  op->erase();
}

void fovea::onnx_frontend::moveExpansions(Emitter &e, Operation *module) {
  SmallVector<scf::IfOp> branches;
  auto collect = [&](scf::IfOp branch) {
    if (branch->hasAttr(kExpansionAttr))
      branches.push_back(branch);
  };
  for (bool changed = true; changed;) {
    changed = false;
    branches.clear();
    module->walk(collect);
    for (scf::IfOp branch : llvm::reverse(branches)) {
      Expansion expansion = e.expansions.at(branch);
      expansion.source = sourceOf(branch);
      if (scf::IfOp other = earlierSame(e, branch, expansion)) {
        branch->replaceAllUsesWith(other);
        branch.erase();
        changed = true;
        continue;
      }
      DestinationStyleOpInterface op = movedOver(branch, expansion.source);
      SmallVector<Expansion> operands;
      for (OpOperand *operand : op ? op.getDpsInputOperands() : SmallVector<OpOperand *>())
        if (auto part = ofOperand(op, *operand, expansion))
          operands.push_back(*part);
      if (!op || static_cast<int64_t>(operands.size()) != op.getNumDpsInputs())
        continue;
      moveOver(e, branch, op, expansion, operands);
      changed = true;
    }
  }
  for (scf::IfOp branch : branches)
    branch->removeAttr(kExpansionAttr);
}
