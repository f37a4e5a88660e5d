//===- AttentionMatch.cpp - attention found in tensor algebra -------------===//
//
// Decides whether softmax between two products is attention, and what its parts are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/AttentionMatch.h"

#include "compiler/Transforms/ScoreForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace fovea;
using A = AttentionOp;

static bool isView(Operation *op) {
  return isa_and_nonnull<tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op);
}

static bool isElementwise(Operation *op) {
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  return generic && isElementwiseGeneric(generic);
}

SmallVector<ContractOp> fovea::productsBefore(linalg::SoftmaxOp softmax) {
  SmallVector<ContractOp> found;
  SmallVector<Value> queue{softmax.getInput()};
  llvm::DenseSet<Value> seen;
  for (size_t next = 0; next < queue.size(); ++next) {
    Operation *op = queue[next].getDefiningOp();
    if (!seen.insert(queue[next]).second)
      continue;
    if (auto product = dyn_cast_or_null<ContractOp>(op))
      found.push_back(product);
    else if (isView(op))
      queue.push_back(op->getOperand(0));
    else if (isElementwise(op))
      llvm::append_range(queue, cast<linalg::GenericOp>(op).getDpsInputs());
  }
  return found;
}

/// Operands of products that the softmax's result reaches through views and elementwise operations.
static SmallVector<OpOperand *> productsBehind(linalg::SoftmaxOp softmax) {
  SmallVector<OpOperand *> found;
  SmallVector<Value> queue(softmax->getResults());
  for (size_t next = 0; next < queue.size(); ++next)
    for (OpOperand &use : queue[next].getUses()) {
      if (isa<ContractOp>(use.getOwner())) {
        if (!llvm::is_contained(found, &use))
          found.push_back(&use);
      } else if (isView(use.getOwner()) || isElementwise(use.getOwner())) {
        Value result = use.getOwner()->getResult(0);
        if (!llvm::is_contained(queue, result))
          queue.push_back(result);
      }
    }
  return found;
}

bool fovea::reachesProduct(linalg::SoftmaxOp softmax) { return !productsBehind(softmax).empty(); }

OpOperand *fovea::productBehind(linalg::SoftmaxOp softmax) {
  SmallVector<OpOperand *> found = productsBehind(softmax);
  return found.size() == 1 && found.front()->getOperandNumber() <= 1 ? found.front() : nullptr;
}

bool AttentionMatch::fail(Operation *op, const Twine &reason) {
  if (!mismatch.op)
    mismatch = {op, reason.str()};
  return false;
}

/// True when the epilogue gives the sum, at most rounded.
static bool hasPlainEpilogue(ContractOp op) {
  Block &body = op.getEpilogue().front();
  return op.getCaptures().empty() && scaleOfBody(body) == 1.0;
}

static bool contains(AffineMap map, unsigned dim) { return map.isFunctionOfDim(dim); }

bool AttentionMatch::nameDimensions() {
  ContractOp op = site.output();
  if (!hasPlainEpilogue(op))
    return fail(op, "has an epilogue");
  bool left = site.probabilities->getOperandNumber() == 0;
  AffineMap p = left ? op.getLhsMap() : op.getRhsMap(), v = left ? op.getRhsMap() : op.getLhsMap();
  AffineMap o = op.getOutMap();
  SmallVector<unsigned> onlyP, onlyV, both, summed;
  // In the probabilities' order, in which the query's dimension is the last before the keys'.
  for (AffineExpr expr : p.getResults())
    for (unsigned dim = 0; dim < op.getNumDims(); ++dim)
      if (expr.isFunctionOfDim(dim) && contains(o, dim))
        (contains(v, dim) ? both : onlyP).push_back(dim);
  for (unsigned dim = 0; dim < op.getNumDims(); ++dim)
    if (contains(o, dim) && !contains(p, dim))
      onlyV.push_back(dim);
  for (unsigned dim = 0; dim < op.getNumDims(); ++dim)
    if (op.isReduction(dim))
      summed.push_back(dim);
  if (summed.size() != 1 || !contains(p, summed[0]) || !contains(v, summed[0]))
    return fail(op, "does not sum over one dimension of probabilities and values");
  if (onlyV.size() > 1)
    return fail(op, "has values with more than one channel dimension");
  // Of several dimensions that values lack, the innermost is the query's, others are shared heads.
  std::optional<unsigned> row;
  if (!onlyP.empty())
    row = onlyP.pop_back_val();
  for (unsigned dim = 0; dim < op.getNumDims(); ++dim) {
    bool isBatch = llvm::is_contained(both, dim) || llvm::is_contained(onlyP, dim);
    unsigned first = space.size();
    outputLoops.push_back(space.addDim(op.getStaticExtent(dim), isBatch));
    for (auto [atom, factor] : outputLoops.back().terms) {
      if (dim == summed[0])
        layout.atoms[A::J].push_back(keyAtom = atom);
      else if (row && dim == *row)
        rows.push_back(atom);
      else if (!isBatch)
        layout.atoms[A::E].push_back(atom);
    }
    if (isBatch && !llvm::is_contained(onlyP, dim))
      for (unsigned atom = first; atom < space.size(); ++atom)
        if (space.atom(atom).extent != 1)
          batch.push_back(atom);
  }
  for (unsigned dim : onlyP)
    for (auto [atom, factor] : outputLoops[dim].terms)
      batch.push_back(atom);
  layout.atoms[A::I] = rows;
  if (layout.atoms[A::J].empty())
    return fail(op, "sums over a single key");
  return true;
}

bool AttentionMatch::buildProbability() {
  ContractOp op = site.output();
  auto access = accessOf(space, site.probabilities->get(),
                         op.getMap(site.probabilities->getOperandNumber()), outputLoops);
  if (!access)
    return fail(op, "reads probabilities at an unsupported position");
  prob = std::make_unique<ScalarChain>(space, site.softmax, captures, rows, keyAtom);
  probability = prob->emit(*access);
  if (!probability)
    return fail(prob->mismatch.op, prob->mismatch.reason);
  Type type = probability.getType();
  if ((!type.isF32() && !type.isF64()) || type != prob->getCore().getType())
    return fail(op, "takes probabilities of an unsupported type");
  ArrayRef<LinearIndex> index = prob->getCoreAccess()->index;
  for (auto [position, part] : llvm::enumerate(index)) {
    bool isKey = position == site.softmax.getDimension();
    if (isKey ? part.singleAtom() != keyAtom : part.uses(keyAtom))
      return fail(site.softmax, "normalizes over another dimension than the keys");
  }
  return true;
}

bool AttentionMatch::buildScore() {
  score = std::make_unique<ScalarChain>(space, site.scores, captures, rows, keyAtom);
  finalScore = score->emit({site.softmax.getInput(), prob->getCoreAccess()->index});
  if (!finalScore)
    return fail(score->mismatch.op, score->mismatch.reason);
  bool rounded = score->getCore().getType().isF64() && !finalScore.getType().isF64();
  if (!score->getCoreAccess() || finalScore.getType() != probability.getType() || rounded)
    return fail(site.softmax, "has scores of an unsupported type");
  return true;
}

bool AttentionMatch::findQueryAndKey() {
  ContractOp op = site.scores;
  SmallVector<LinearIndex> loops(op.getNumDims());
  for (auto [position, expr] : llvm::enumerate(op.getOutMap().getResults()))
    loops[cast<AffineDimExpr>(expr).getPosition()] = score->getCoreAccess()->index[position];
  for (unsigned dim = 0; dim < op.getNumDims(); ++dim) {
    if (!op.isReduction(dim))
      continue;
    if (!layout.atoms[A::D].empty())
      return fail(op, "sums over more than one dimension");
    loops[dim] = space.addDim(op.getStaticExtent(dim), /*cut=*/false);
    for (auto [atom, factor] : loops[dim].terms)
      layout.atoms[A::D].push_back(atom);
  }
  auto lhs = accessOf(space, op.getLhs(), op.getLhsMap(), loops);
  auto rhs = accessOf(space, op.getRhs(), op.getRhsMap(), loops);
  if (!lhs || !rhs)
    return fail(op, "reads query or key at an unsupported position");
  if (lhs->uses(keyAtom))
    std::swap(lhs, rhs);
  bool mixed = lhs->uses(keyAtom) || !rhs->uses(keyAtom) ||
               llvm::any_of(rows, [&](unsigned row) { return rhs->uses(row); });
  if (mixed)
    return fail(op, "is no product of something per query and something per key");
  scoreQuery = *lhs;
  scoreKey = *rhs;
  return true;
}

/// True when every value of type `from` is one of type `to`.
static bool holds(Type to, Type from) {
  return to == from || (to.isF32() && (from.isF16() || from.isBF16()));
}

/// The tensor itself and what it is a view (or, for queries and keys, a multiple) of, nearest
/// first.
std::vector<AttentionOperand> AttentionMatch::earlierForms(TensorAccess access, bool mayScale) {
  std::vector<AttentionOperand> forms{{access, 1, {}}};
  while (true) {
    AttentionOperand next = forms.back();
    auto generic = next.access.value.getDefiningOp<linalg::GenericOp>();
    if (std::optional<TensorAccess> before = beforeView(space, next.access)) {
      next.access = *before;
    } else if (generic && mayScale && isElementwiseGeneric(generic) &&
               generic.getNumDpsInputs() == 1) {
      Value input = generic.getDpsInputs().front();
      std::optional<double> scale = scaleOfBody(*generic.getBody());
      auto at = accessOf(space, input, generic.getIndexingMapsArray().front(),
                         loopIndices(generic, next.access.index));
      if (!scale || !at ||
          !holds(getElementTypeOrSelf(next.access.value), getElementTypeOrSelf(input)))
        return forms;
      next.access = *at;
      next.scale *= *scale;
    } else {
      return forms;
    }
    forms.push_back(next);
  }
}

/// The product's result and, as long as a transpose is all that reads it, the transposed ones.
std::vector<std::pair<AttentionOperand, Operation *>> AttentionMatch::laterOutputs() {
  ContractOp op = site.output();
  TensorAccess access{op.getResult(), {}};
  for (AffineExpr expr : op.getOutMap().getResults())
    access.index.push_back(outputLoops[cast<AffineDimExpr>(expr).getPosition()]);
  std::vector<std::pair<AttentionOperand, Operation *>> found{{{access, 1, {}}, op}};
  while (access.value.hasOneUse()) {
    auto copy = dyn_cast<linalg::GenericOp>(*access.value.user_begin());
    if (!copy || !isCopyGeneric(copy) || !copy.getIndexingMapsArray().front().isPermutation() ||
        copy->getBlock() != op->getBlock())
      break;
    TensorAccess next{copy->getResult(0), {}};
    AffineMap toInput = copy.getIndexingMapsArray().front().compose(
        inversePermutation(copy.getIndexingMapsArray().back()));
    next.index.resize(access.index.size());
    for (auto [position, expr] : llvm::enumerate(toInput.getResults()))
      next.index[cast<AffineDimExpr>(expr).getPosition()] = access.index[position];
    access = next;
    found.push_back({{access, 1, {}}, copy});
  }
  return found;
}

/// The last of `forms`, of those with elements of type `element`, that can be seen with the four
/// dimensions.
static std::optional<AttentionOperand> lastView(const IndexSpace &space, const HeadLayout &layout,
                                                ArrayRef<AttentionOperand> forms, Type element,
                                                ArrayRef<unsigned> dims) {
  for (const AttentionOperand &form : llvm::reverse(forms))
    if (auto view = getElementTypeOrSelf(form.access.value) == element
                        ? viewAsRankFour(space, layout, form.access, dims)
                        : std::nullopt) {
      AttentionOperand operand = form;
      operand.view = *view;
      return operand;
    }
  return std::nullopt;
}

bool AttentionMatch::findLayout() {
  ContractOp op = site.output();
  unsigned valueNumber = 1 - site.probabilities->getOperandNumber();
  auto access = accessOf(space, op.getOperand(valueNumber), op.getMap(valueNumber), outputLoops);
  if (!access)
    return fail(op, "reads values at an unsupported position");
  auto queries = earlierForms(scoreQuery, true), keys = earlierForms(scoreKey, true);
  auto values = earlierForms(*access, false);
  auto outputs = laterOutputs();
  std::vector<AttentionOperand> outs;
  for (auto &[form, operation] : outputs)
    outs.push_back(form);
  HeadLayout named = layout;
  Type element = getElementTypeOrSelf(access->value), result = getElementTypeOrSelf(op.getInit());
  for (const AttentionOperand &k : llvm::reverse(keys))
    for (const AttentionOperand &v : llvm::reverse(values)) {
      auto chosen = HeadLayout::choose(space, batch, k.access, v.access);
      if (!chosen)
        continue;
      for (unsigned dim : {A::I, A::J, A::D, A::E})
        chosen->atoms[dim] = named.atoms[dim];
      auto q = lastView(space, *chosen, queries, element, {A::B, A::H, A::I, A::D});
      auto keyView = lastView(space, *chosen, k, element, {A::B, A::H, A::J, A::D});
      auto valueView = lastView(space, *chosen, v, element, {A::B, A::H, A::J, A::E});
      auto o = lastView(space, *chosen, outs, result, {A::B, A::H, A::I, A::E});
      if (!q || !keyView || !valueView || !o)
        continue;
      layout = *chosen;
      query = *q, key = *keyView, value = *valueView, out = *o;
      for (auto &[form, operation] : outputs)
        if (form.access.value == out.access.value)
          last = operation;
      return true;
    }
  return fail(site.scores, "has operands whose layouts no indexing maps express");
}

bool AttentionMatch::checkReaders() {
  auto inside = [&](Operation *op) {
    return prob->getPath().contains(op) || score->getPath().contains(op) || op == site.output();
  };
  for (auto *path : {&score->getPath(), &prob->getPath()})
    for (Operation *op : *path)
      for (Operation *user : op->getUsers())
        if (!inside(user))
          return fail(user, "also reads scores or probabilities");
  Type element = getElementTypeOrSelf(query.access.value);
  if (!element.isF32() && !element.isF64() && !element.isF16() && !element.isBF16())
    return fail(site.scores, "has operands of an unsupported type");
  if (getElementTypeOrSelf(key.access.value) != element ||
      getElementTypeOrSelf(value.access.value) != element)
    return fail(site.output(), "has values of another type than queries and keys");
  for (const TensorAccess &captured : captures)
    for (const LinearIndex &index : captured.index)
      if (!layout.expression(space, index, site.scores->getContext()))
        return fail(site.softmax, "reads a tensor at a position that no indexing map expresses");
  return true;
}

bool AttentionMatch::checkSchedules() {
  for (ContractOp product : {site.scores, site.output()})
    if (product.getScheduleAttr())
      return fail(product, "has a schedule of its own");
  return true;
}

bool AttentionMatch::run() {
  return checkSchedules() && nameDimensions() && buildProbability() && buildScore() &&
         findQueryAndKey() && findLayout() && checkReaders();
}
