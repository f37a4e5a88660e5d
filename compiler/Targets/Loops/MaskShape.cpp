//===- MaskShape.cpp - the shape of what a mask keeps ---------------------===//
//
// Slopes of index arithmetic along queries and keys.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/MaskShape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

using Dim = AttentionOp::Dim;

namespace {

/// By how much an index grows from one query, and from one key, to the next.
struct Slopes {
  int64_t query = 0, key = 0;
};

/// Walks the values of a mask region once.
class BandFinder {
public:
  explicit BandFinder(Block &body) {
    known[body.getArgument(Dim::I)] = {1, 0};
    known[body.getArgument(Dim::J)] = {0, 1};
    for (Value argument : body.getArguments())
      known.try_emplace(argument, Slopes{0, 0});
    for (Operation &inner : body.without_terminator())
      visit(inner);
  }

  /// Finds the bounds in a conjunction.
  void collect(Value condition) {
    SmallVector<Value> open{condition};
    llvm::SmallPtrSet<Operation *, 8> seen;
    while (!open.empty()) {
      Operation *def = open.pop_back_val().getDefiningOp();
      if (!def || !seen.insert(def).second)
        continue;
      if (isa<arith::AndIOp>(def))
        llvm::append_range(open, def->getOperands());
      else if (auto compare = dyn_cast<arith::CmpIOp>(def))
        bound(compare);
    }
  }

  bool below = false, above = false;

private:
  std::optional<Slopes> slopesOf(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    return value.getDefiningOp<arith::ConstantOp>() ? std::optional(Slopes{}) : std::nullopt;
  }

  void visit(Operation &inner) {
    SmallVector<Slopes> in;
    for (Value operand : inner.getOperands()) {
      std::optional<Slopes> slopes = slopesOf(operand);
      if (!slopes)
        return;
      in.push_back(*slopes);
    }
    if (inner.getNumResults() != 1 || in.empty())
      return;
    Value result = inner.getResult(0);
    // What grows faster than positions bounds no distance between them.
    if (llvm::any_of(in, [](Slopes s) { return std::max(std::abs(s.query), std::abs(s.key)) > 1; }))
      return;
    bool level = llvm::all_of(in, [](Slopes s) { return s.query == 0 && s.key == 0; });
    if (level)
      known[result] = {};
    else if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(inner))
      known[result] = in[0];
    else if (isa<arith::AddIOp>(inner))
      known[result] = {in[0].query + in[1].query, in[0].key + in[1].key};
    else if (isa<arith::SubIOp>(inner))
      known[result] = {in[0].query - in[1].query, in[0].key - in[1].key};
  }

  /// left < right, or the like, that bounds j - i.
  void bound(arith::CmpIOp compare) {
    std::optional<Slopes> left = slopesOf(compare.getLhs()), right = slopesOf(compare.getRhs());
    if (!left || !right)
      return;
    int64_t query = left->query - right->query, key = left->key - right->key;
    if (key == 0 || query != -key)
      return;
    using Predicate = arith::CmpIPredicate;
    switch (compare.getPredicate()) {
    case Predicate::slt:
    case Predicate::sle:
    case Predicate::ult:
    case Predicate::ule:
      (key > 0 ? above : below) = true;
      return;
    case Predicate::sgt:
    case Predicate::sge:
    case Predicate::ugt:
    case Predicate::uge:
      (key > 0 ? below : above) = true;
      return;
    case Predicate::eq:
      below = above = true;
      return;
    case Predicate::ne:
      return;
    }
  }

  llvm::DenseMap<Value, Slopes> known;
};

} // namespace

static BandFinder findBand(AttentionOp op) {
  Block &body = op.getMask().front();
  BandFinder finder(body);
  finder.collect(body.getTerminator()->getOperand(0));
  return finder;
}

bool loops::keepsBand(AttentionOp op) {
  if (op.getMask().empty())
    return false;
  BandFinder finder = findBand(op);
  return finder.below && finder.above;
}

bool loops::boundsDistance(AttentionOp op) {
  if (op.getMask().empty())
    return false;
  BandFinder finder = findBand(op);
  return finder.below || finder.above;
}
