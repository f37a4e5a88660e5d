//===- LowerDots.cpp - register products as loops of dot instructions -----===//
//
// A step takes a word of each row, two bf16 or four bytes, to all lanes and multiplies it with the
// words of the panel's columns.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/ProductUnits.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;
using kernel::ProductOp;

/// Sums of integers up to which even and odd words have sums of their own: a dot waits for the one
/// before it, and so few do not fill that time.
static constexpr int64_t kFewSums = 8;

/// LLVM's name of acc + dot(word of a row, word of the panel) on the lanes; empty for none.
static StringRef instructionOf(ProductOp op) {
  bool whole = op.getSumType().getElementType().isInteger(32);
  if (op.getLanes() == 16 && !whole)
    return "llvm.x86.avx512bf16.dpbf16ps.512";
  if (op.getLanes() == 16 && op.getUnsignedRows())
    return "llvm.x86.avx512.vpdpbusd.512";
  if (op.getLanes() == 8 && whole && !op.getUnsignedRows())
    return "llvm.x86.avx2.vpdpbssd.256";
  return {};
}

namespace {

/// Emits one product.
class DotEmitter {
public:
  DotEmitter(OpBuilder &builder, ProductOp op)
      : builder(builder), op(op), loc(op.getLoc()), rows(op.getRows()), vectors(op.getVectors()),
        group(op.getGroup()), type(op.getSumType()),
        element(cast<MemRefType>(op.getPanel().getType()).getElementType()) {}

  void emit() {
    rowIndex = rowsOf(builder, op);
    SmallVector<Value> sums = addUp(initialSums(builder, op, type, rowIndex));
    finishRows(builder, op, sums, rowIndex);
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

  /// The sums over the whole depth: turns of several words, single words, then what is left of one.
  SmallVector<Value> addUp(SmallVector<Value> sums) {
    Value depth = op.getDepth();
    int64_t turn = stepsOfTurn(op, vectors * op.getLanes() * 4);
    auto single = [&](Value word, ValueRange sums) { return step(word, sums); };
    auto part = [&](Value word, ValueRange sums) { return lastStep(word, sums); };
    APInt known;
    if (matchPattern(depth, m_ConstantInt(&known))) {
      int64_t words = known.getSExtValue() / group, whole = words / turn * turn;
      if (whole > 0)
        sums = turns(index(0), index(whole), turn, sums);
      if (words > whole)
        sums = loop(index(whole), index(words), 1, sums, single);
      return known.getSExtValue() % group ? lastStep(index(words), sums) : sums;
    }
    Value words = arith::DivUIOp::create(builder, loc, depth, index(group));
    Value rest = arith::RemUIOp::create(builder, loc, words, index(turn));
    Value whole = arith::SubIOp::create(builder, loc, words, rest);
    Value all = arith::CeilDivUIOp::create(builder, loc, depth, index(group));
    sums = turns(index(0), whole, turn, sums);
    sums = loop(whole, words, 1, sums, single);
    return loop(words, all, 1, sums, part);
  }

  /// The sums after words [low, high), `words` of them a turn.
  SmallVector<Value> turns(Value low, Value high, int64_t words, SmallVector<Value> sums) {
    size_t count = sums.size();
    bool isExact = type.getElementType().isInteger(32);
    if (!isExact || words % 2 != 0 || static_cast<int64_t>(count) > kFewSums)
      return loop(low, high, words, sums,
                  [&](Value word, ValueRange now) { return step(word, now); });
    Value zeros = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
    sums.append(count, zeros);
    // Whose turn it is comes first.
    sums = loop(low, high, words, sums, [&](Value word, ValueRange now) {
      SmallVector<Value> next(now.drop_front(count));
      next.append(step(word, now.take_front(count)));
      return next;
    });
    for (size_t place = 0; place < count; ++place)
      sums[place] = arith::AddIOp::create(builder, loc, sums[place], sums[count + place]);
    sums.truncate(count);
    return sums;
  }

  /// The sums after words [low, high), a number of them a turn.
  SmallVector<Value> loop(Value low, Value high, int64_t words, ValueRange sums,
                          function_ref<SmallVector<Value>(Value, ValueRange)> step) {
    auto turn = [&](OpBuilder &, Location, Value word, ValueRange carried) {
      SmallVector<Value> next(carried);
      for (int64_t offset = 0; offset < words; ++offset)
        next = step(offset == 0 ? word : arith::AddIOp::create(builder, loc, word, index(offset)),
                    next);
      scf::YieldOp::create(builder, loc, next);
    };
    auto loop = scf::ForOp::create(builder, loc, low, high, index(words), sums, turn);
    if (words > 1)
      keepTurn(loop, op);
    return SmallVector<Value>(loop.getResults());
  }

  Value firstOf(Value word) { return arith::MulIOp::create(builder, loc, word, index(group)); }

  /// A word of every row, whole.
  SmallVector<Value> step(Value word, ValueRange sums) {
    auto several = VectorType::get({group}, element);
    auto one = VectorType::get({1}, builder.getI32Type());
    Value first = firstOf(word);
    return accumulate(word, sums, [&](Value row) -> Value {
      Value loaded =
          vector::LoadOp::create(builder, loc, several, op.getLhs(), ValueRange{row, first});
      Value bits = vector::BitCastOp::create(builder, loc, one, loaded);
      return vector::ExtractOp::create(builder, loc, bits, 0);
    });
  }

  /// A word of every row that ends at the depth: the elements behind it are 0.
  SmallVector<Value> lastStep(Value word, ValueRange sums) {
    Value first = firstOf(word), left = arith::SubIOp::create(builder, loc, op.getDepth(), first);
    Type bits = builder.getIntegerType(element.getIntOrFloatBitWidth());
    Type i32 = builder.getI32Type();
    Value zero = arith::ConstantIntOp::create(builder, loc, i32, 0);
    return accumulate(word, sums, [&](Value row) -> Value {
      auto add = [&](OpBuilder &, Location, Value place, ValueRange carried) {
        Value column = arith::AddIOp::create(builder, loc, first, place);
        Value value = memref::LoadOp::create(builder, loc, op.getLhs(), ValueRange{row, column});
        if (value.getType() != bits)
          value = arith::BitcastOp::create(builder, loc, bits, value);
        Value shift = arith::IndexCastOp::create(
            builder, loc, i32,
            arith::MulIOp::create(builder, loc, place, index(bits.getIntOrFloatBitWidth())));
        Value moved = arith::ShLIOp::create(
            builder, loc, arith::ExtUIOp::create(builder, loc, i32, value), shift);
        scf::YieldOp::create(builder, loc,
                             arith::OrIOp::create(builder, loc, carried[0], moved).getResult());
      };
      return scf::ForOp::create(builder, loc, index(0), left, index(1), zero, add).getResult(0);
    });
  }

  SmallVector<Value> accumulate(Value word, ValueRange sums, function_ref<Value(Value)> wordOfRow) {
    auto lanes = VectorType::get({type.getDimSize(0)}, builder.getI32Type());
    auto elements = VectorType::get({type.getDimSize(0) * group}, element);
    SmallVector<Value> panel, next;
    for (int64_t vector = 0; vector < vectors; ++vector)
      panel.push_back(
          vector::LoadOp::create(builder, loc, elements, op.getPanel(),
                                 ValueRange{word, index(vector * elements.getDimSize(0))}));
    for (int64_t row = 0; row < rows; ++row) {
      Value all = vector::BroadcastOp::create(builder, loc, lanes, wordOfRow(rowIndex[row]));
      all = vector::BitCastOp::create(builder, loc, elements, all);
      for (int64_t vector = 0; vector < vectors; ++vector)
        next.push_back(LLVM::CallIntrinsicOp::create(
                           builder, loc, type, builder.getStringAttr(instructionOf(op)),
                           ValueRange{sums[row * vectors + vector], all, panel[vector]})
                           .getResults());
    }
    return next;
  }

  OpBuilder &builder;
  ProductOp op;
  Location loc;
  int64_t rows, vectors, group;
  VectorType type;
  Type element;
  SmallVector<Value> rowIndex;
};

} // namespace

LogicalResult fovea::emitDots(OpBuilder &builder, ProductOp op) {
  if (instructionOf(op).empty())
    return op.emitOpError("expected elements for which there are dot instructions of ")
           << op.getLanes() << " lanes, got " << (op.getUnsignedRows() ? "unsigned " : "")
           << cast<MemRefType>(op.getLhs().getType()).getElementType();
  DotEmitter(builder, op).emit();
  return success();
}
