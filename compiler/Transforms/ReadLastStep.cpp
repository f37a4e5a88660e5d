//===- ReadLastStep.cpp - one step of the output instead of all -----------===//
//
// A model that takes the last of all steps' outputs reads the final state instead, and where a
// direction begins there, what that direction's first step gives, so that no steps are stored.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace fovea {
#define GEN_PASS_DEF_READLASTSTEP
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The final state that y's last step is; null when it is none, or not of every row.
static Value finalOf(RnnOp op) {
  if (op.getLengths())
    return {};
  auto yield = cast<YieldOp>(op.getCell().front().getTerminator());
  ValueRange values = yield.getValues();
  for (auto [next, final] : llvm::zip_equal(values.drop_front(), op.getFinals()))
    if (next == values.front())
      return final;
  return {};
}

/// The one dimension of `dims` that is not 1; none when there are several, or only ones.
static std::optional<int64_t> onlyLong(ArrayRef<int64_t> dims, RankedTensorType type) {
  std::optional<int64_t> found;
  for (int64_t dim : dims) {
    if (type.getDimSize(dim) == 1)
      continue;
    if (found)
      return std::nullopt;
    found = dim;
  }
  return found;
}

/// Where the steps are in the result of a reshape `op` of a tensor that has them in `dim`; none
/// when they are not a dimension of it.
static std::optional<int64_t> stepsBehind(Operation *op, int64_t dim) {
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    for (auto [number, group] : llvm::enumerate(collapse.getReassociationIndices()))
      if (llvm::is_contained(group, dim))
        return onlyLong(group, collapse.getSrcType()) == dim ? std::optional<int64_t>(number)
                                                             : std::nullopt;
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return onlyLong(expand.getReassociationIndices()[dim], expand.getResultType());
  return std::nullopt;
}

/// True for an operation that computes each element of its one result by itself.
static bool isElementwise(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation())
    return false;
  auto isIndex = [](Operation &inner) { return isa<linalg::IndexOp>(inner); };
  return !llvm::any_of(*op.getBody(), isIndex) &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

/// Where dimension `dim` of the source of `insert` is in its destination, all of which it covers
/// there; none when it covers a part.
static std::optional<int64_t> coveredDim(tensor::InsertSliceOp insert, int64_t dim) {
  llvm::SmallBitVector dropped = insert.getDroppedDims();
  int64_t place = -1;
  for (int64_t source = -1; source < dim;)
    source += !dropped.test(++place);
  using Bounds = ValueBoundsConstraintSet;
  FailureOr<bool> all =
      Bounds::areEqual(insert.getMixedSizes()[place], Bounds::Variable(insert.getDest(), place));
  bool covers = isConstantIntValue(insert.getMixedOffsets()[place], 0) &&
                isConstantIntValue(insert.getMixedStrides()[place], 1) && succeeded(all) && *all;
  return covers ? std::optional<int64_t>(place) : std::nullopt;
}

namespace {

/// A slice that takes one step, which is its source's dimension `dim`.
struct Reader {
  tensor::ExtractSliceOp slice;
  int64_t dim;
  bool isFirst;
};

/// All that the steps of one recurrence go through, and the slices that read one of them.
class Chain {
public:
  explicit Chain(RnnOp op) : op(op), hasSteps(follow(op.getY(), 0)) {}

  /// True when single steps at the sequence's ends are all that is read.
  bool takesOneStep() {
    bool needsFinal = llvm::any_of(
        readers, [&](const Reader &reader) { return reader.isFirst == op.getReverse(); });
    return hasSteps && !readers.empty() && !op.getLengths() && (!needsFinal || finalOf(op));
  }

  RnnOp op;
  /// Values that have the steps, and the dimension that they are.
  llvm::MapVector<Value, int64_t> values;
  SmallVector<Reader> readers;

private:
  bool follow(Value steps, int64_t dim) {
    values[steps] = dim;
    return llvm::all_of(steps.getUses(), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user))
        return read(slice, dim);
      if (auto size = dyn_cast<tensor::DimOp>(user))
        return size.getConstantIndex().has_value();
      std::optional<int64_t> behind = dimBehind(use, dim);
      return behind && follow(user->getResult(0), *behind);
    });
  }

  /// Where the steps are in the result of the operation that uses them; none when it does more than
  /// carry each through by itself.
  static std::optional<int64_t> dimBehind(OpOperand &use, int64_t dim) {
    Operation *user = use.getOwner();
    if (isa<tensor::CastOp>(user))
      return dim;
    if (auto concat = dyn_cast<tensor::ConcatOp>(user))
      return static_cast<int64_t>(concat.getDim()) == dim ? std::nullopt : std::optional(dim);
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(user)) {
      if (use.get() == insert.getSource())
        return coveredDim(insert, dim);
      for (int64_t source = 0; source < insert.getSourceType().getRank(); ++source)
        if (coveredDim(insert, source) == dim)
          return dim;
      return std::nullopt;
    }
    auto generic = dyn_cast<linalg::GenericOp>(user);
    if (!generic)
      return stepsBehind(user, dim);
    AffineMap map = generic.getMatchingIndexingMap(&use);
    auto loop = dyn_cast<AffineDimExpr>(map.getResult(dim));
    auto moves = [&](AffineExpr expr) { return expr.isFunctionOfDim(loop.getPosition()); };
    if (!isElementwise(generic) || !generic.isDpsInput(&use) || !loop ||
        llvm::count_if(map.getResults(), moves) != 1)
      return std::nullopt;
    // Other inputs are cut to the step too, where their step is a dimension, or have all steps.
    auto isCut = [&](OpOperand *input) {
      AffineMap other = generic.getMatchingIndexingMap(input);
      return llvm::count_if(other.getResults(), moves) == (other.getResultPosition(loop) ? 1 : 0);
    };
    if (!llvm::all_of(generic.getDpsInputOperands(), isCut))
      return std::nullopt;
    AffineMap out = generic.getMatchingIndexingMap(generic.getDpsInitOperand(0));
    return out.getResultPosition(loop);
  }

  bool read(tensor::ExtractSliceOp slice, int64_t dim) {
    using Bounds = ValueBoundsConstraintSet;
    if (slice.getStaticSizes()[dim] != 1)
      return false;
    OpFoldResult offset = slice.getMixedOffsets()[dim];
    AffineMap before = AffineMap::get(1, 0, getAffineDimExpr(0, op.getContext()) - 1);
    FailureOr<bool> isLast =
        Bounds::areEqual(offset, Bounds::Variable(before, {Bounds::Variable(op.getX(), 0)}));
    bool isFirst = isConstantIntValue(offset, 0);
    if (!isFirst && (failed(isLast) || !*isLast))
      return false;
    // Of one step alone, the final state.
    bool isOnly = isFirst && succeeded(isLast) && *isLast;
    readers.push_back({slice, dim, isOnly ? op.getReverse() : isFirst});
    return true;
  }

  bool hasSteps;
};

/// Values of which one step is made instead of all.
class OneStep {
public:
  explicit OneStep(ArrayRef<Chain> chains) {
    for (const Chain &chain : chains)
      for (auto [value, dim] : chain.values)
        rnnOf[value] = chain.op;
  }

  /// The first or last step of `value`, which has the steps in `dim`, as a tensor of one step.
  Value of(Value value, int64_t dim, bool isFirst) {
    Value &known = made[{value, 2 * dim + isFirst}];
    if (known)
      return known;
    Value one = make(value, dim, isFirst);
    return made[{value, 2 * dim + isFirst}] = one;
  }

private:
  Value make(Value value, int64_t dim, bool isFirst) {
    ImplicitLocOpBuilder builder(value.getLoc(), value.getContext());
    Operation *def = value.getDefiningOp();
    auto rnn = dyn_cast_or_null<RnnOp>(def);
    SmallVector<Value> operands;
    if (def && rnnOf.contains(value) && !rnn)
      operands = operandsOf(def, value, dim, isFirst);
    builder.setInsertionPointAfterValue(value);
    if (rnn && rnnOf.contains(value)) {
      Value state = rnn.getReverse() == isFirst ? finalOf(rnn) : Value();
      return state ? insertUnitDim(builder, state, 0) : firstStep(builder, rnn, isFirst);
    }
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = 1;
    type = type.clone(shape);
    if (def && rnnOf.contains(value))
      return rebuild(builder, def, operands, type, dim);
    if (auto empty = value.getDefiningOp<tensor::EmptyOp>()) {
      SmallVector<OpFoldResult> sizes = empty.getMixedSizes();
      sizes[dim] = builder.getIndexAttr(1);
      return emptyTensor(builder, sizes, type.getElementType());
    }
    return sliceOf(builder, value, dim, isFirst);
  }

  static Value sliceOf(ImplicitLocOpBuilder &builder, Value value, int64_t dim, bool isFirst) {
    OpFoldResult at = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
    auto type = cast<RankedTensorType>(value.getType());
    if (!isFirst && !type.isDynamicDim(dim)) {
      at = builder.getIndexAttr(type.getDimSize(dim) - 1);
    } else if (!isFirst) {
      Value steps = tensor::DimOp::create(builder, value, dim);
      Value last = arith::ConstantIndexOp::create(builder, 1);
      at = arith::SubIOp::create(builder, steps, last).getResult();
    }
    return viewRange(builder, value, dim, at, one);
  }

  /// One step of each operand of `def` that has them, the others as they are.
  SmallVector<Value> operandsOf(Operation *def, Value value, int64_t dim, bool isFirst) {
    SmallVector<Value> operands(def->getOperands());
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(def)) {
      for (int64_t source = 0; source < insert.getSourceType().getRank(); ++source)
        if (coveredDim(insert, source) == dim)
          operands[0] = of(insert.getSource(), source, isFirst);
      operands[1] = of(insert.getDest(), dim, isFirst);
    } else if (auto generic = dyn_cast<linalg::GenericOp>(def)) {
      AffineExpr loop = generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).getResult(dim);
      for (OpOperand *input : generic.getDpsInputOperands())
        if (auto place = generic.getMatchingIndexingMap(input).getResultPosition(loop))
          operands[input->getOperandNumber()] = of(input->get(), *place, isFirst);
    } else if (isa<tensor::CastOp, tensor::ConcatOp>(def)) {
      for (Value &operand : operands)
        operand = of(operand, dim, isFirst);
    } else {
      // A reshape: where the steps were before.
      Value source = operands[0];
      for (int64_t place = 0; place < cast<RankedTensorType>(source.getType()).getRank(); ++place)
        if (stepsBehind(def, place) == dim) {
          operands[0] = of(source, place, isFirst);
          break;
        }
    }
    return operands;
  }

  /// The operation `def` of operands with one step, which is dimension `dim` of its result.
  static Value rebuild(ImplicitLocOpBuilder &builder, Operation *def, ArrayRef<Value> operands,
                       RankedTensorType one, int64_t dim) {
    OpFoldResult single = builder.getIndexAttr(1);
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(def))
      return tensor::CollapseShapeOp::create(builder, one, operands[0],
                                             collapse.getReassociationIndices());
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(def)) {
      SmallVector<OpFoldResult> sizes = expand.getMixedOutputShape();
      sizes[dim] = single;
      return tensor::ExpandShapeOp::create(builder, one, operands[0],
                                           expand.getReassociationIndices(), sizes);
    }
    if (isa<tensor::CastOp>(def))
      return castTo(builder, operands[0], one);
    if (auto concat = dyn_cast<tensor::ConcatOp>(def))
      return castTo(builder, tensor::ConcatOp::create(builder, concat.getDim(), operands), one);
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(def)) {
      SmallVector<OpFoldResult> sizes = insert.getMixedSizes();
      sizes[dim] = single;
      return tensor::InsertSliceOp::create(builder, operands[0], operands[1],
                                           insert.getMixedOffsets(), sizes,
                                           insert.getMixedStrides());
    }
    auto generic = cast<linalg::GenericOp>(def);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, builder.getLoc(), generic.getOutputs().front());
    sizes[dim] = single;
    SmallVector<Value> all(operands);
    all.back() = emptyTensor(builder, sizes, one.getElementType());
    return clone(builder, generic, TypeRange(all.back().getType()), all)->getResult(0);
  }

  /// y of the step that `op` begins with.
  static Value firstStep(ImplicitLocOpBuilder &builder, RnnOp op, bool isFirst) {
    bool isAll = llvm::all_of(op.getFinals(), [](Value final) { return final.use_empty(); });
    SmallVector<Value> sequences;
    for (Value sequence : op.getSequences())
      sequences.push_back(isAll ? stepOfProduct(builder, sequence, isFirst)
                                : sliceOf(builder, sequence, 0, isFirst));
    auto type = cast<RankedTensorType>(op.getY().getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = 1;
    auto one =
        RnnOp::create(builder, type.clone(shape), op.getStates().getTypes(), sequences[0],
                      ArrayRef(sequences).drop_front(), op.getStates(), Value(), op.getReverse());
    IRMapping mapping;
    op.getCell().cloneInto(&one.getCell(), mapping);
    return one.getY();
  }

  /// One step of a sequence; of a product over all steps, the product of one.
  static Value stepOfProduct(ImplicitLocOpBuilder &builder, Value sequence, bool isFirst) {
    auto product = sequence.getDefiningOp<ContractOp>();
    auto step = product ? dyn_cast<AffineDimExpr>(product.getOutMap().getResult(0)) : nullptr;
    if (!step || !product->hasOneUse())
      return sliceOf(builder, sequence, 0, isFirst);
    SmallVector<Value> operands(product->getOperands());
    for (auto [number, operand] : llvm::enumerate(ArrayRef(operands).drop_back())) {
      AffineMap map = product.getMap(number);
      std::optional<unsigned> place = map.getResultPosition(step);
      auto moves = [&](AffineExpr expr) { return expr.isFunctionOfDim(step.getPosition()); };
      if (llvm::count_if(map.getResults(), moves) != (place ? 1 : 0))
        return sliceOf(builder, sequence, 0, isFirst);
      if (place)
        operands[number] = sliceOf(builder, operand, *place, isFirst);
    }
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, builder.getLoc(), product.getInit());
    sizes[0] = builder.getIndexAttr(1);
    operands.back() =
        emptyTensor(builder, sizes, cast<ShapedType>(sequence.getType()).getElementType());
    return clone(builder, product, TypeRange(operands.back().getType()), operands)->getResult(0);
  }

  DenseMap<Value, RnnOp> rnnOf;
  /// By twice the dimension, and 1 more for the first step.
  DenseMap<std::pair<Value, int64_t>, Value> made;
};

struct ReadLastStep : fovea::impl::ReadLastStepBase<ReadLastStep> {
  void runOnOperation() override {
    SmallVector<Chain> chains;
    getOperation().walk([&](RnnOp op) {
      Chain chain(op);
      if (chain.takesOneStep())
        chains.push_back(chain);
    });
    OneStep steps(chains);
    for (const Chain &chain : chains)
      take(chain, steps);
    eraseDead(chains);
    numRead += chains.size();
  }

private:
  /// Lets all that reads steps of the chain read one.
  void take(const Chain &chain, OneStep &steps) {
    bool isFirst = chain.readers.front().isFirst;
    RnnOp op = chain.op;
    for (Reader reader : chain.readers) {
      if (!taken.insert(reader.slice).second)
        continue;
      Value one = steps.of(reader.slice.getSource(), reader.dim, reader.isFirst);
      ImplicitLocOpBuilder builder(reader.slice.getLoc(), reader.slice);
      SmallVector<OpFoldResult> offsets = reader.slice.getMixedOffsets();
      offsets[reader.dim] = builder.getIndexAttr(0);
      Value view = tensor::ExtractSliceOp::create(builder, reader.slice.getType(), one, offsets,
                                                  reader.slice.getMixedSizes(),
                                                  reader.slice.getMixedStrides());
      reader.slice.replaceAllUsesWith(view);
      reader.slice.erase();
    }
    for (auto [value, dim] : chain.values)
      for (Operation *user : llvm::to_vector(value.getUsers())) {
        auto size = dyn_cast<tensor::DimOp>(user);
        if (!size)
          continue;
        ImplicitLocOpBuilder builder(size.getLoc(), size);
        int64_t asked = *size.getConstantIndex();
        Value of = asked == dim ? op.getX() : steps.of(value, dim, isFirst);
        Value known = tensor::DimOp::create(builder, of, asked == dim ? 0 : asked);
        size.replaceAllUsesWith(known);
        size.erase();
      }
  }

  static void eraseDead(ArrayRef<Chain> chains) {
    SetVector<Operation *> left;
    for (const Chain &chain : chains)
      for (auto [value, dim] : chain.values)
        left.insert(value.getDefiningOp());
    auto isDead = [](Operation *op) {
      auto rnn = dyn_cast<RnnOp>(op);
      if (!rnn || !rnn.use_empty())
        return isOpTriviallyDead(op);
      auto isPure = [](Operation &inner) { return isMemoryEffectFree(&inner); };
      return llvm::all_of(rnn.getCell().front(), isPure);
    };
    for (auto dead = llvm::find_if(left, isDead); dead != left.end();
         dead = llvm::find_if(left, isDead)) {
      Operation *op = *dead;
      left.erase(dead);
      op->erase();
    }
  }

  DenseSet<Operation *> taken;
};

} // namespace
