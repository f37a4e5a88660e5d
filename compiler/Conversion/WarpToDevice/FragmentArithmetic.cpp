//===- FragmentArithmetic.cpp - what is computed on fragments -------------===//
//
// Products tile by tile, regions element by element, reductions over the four threads of a row.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/WarpToDevice/FragmentLayout.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace fovea;

/// Two values of a row as one.
static Value combine(OpBuilder &builder, Location loc, warp::RowReduction kind, Value a, Value b) {
  if (kind == warp::RowReduction::Add)
    return arith::AddFOp::create(builder, loc, a, b);
  return arith::MaximumFOp::create(builder, loc, a, b);
}

/// What the four neighbors that hold a row have of it, as one.
static Value combineQuad(OpBuilder &builder, Location loc, warp::RowReduction kind, Value row) {
  for (int32_t distance : {1, 2}) {
    auto other =
        gpu::ShuffleOp::create(builder, loc, row, distance, warp::kWarp, gpu::ShuffleMode::XOR);
    row = combine(builder, loc, kind, row, other.getShuffleResult());
  }
  return row;
}

namespace {

struct SplatLowering : OpConversionPattern<warp::SplatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::SplatOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> registers(op.getResult().getType().getRegisters(), adaptor.getValue());
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{registers});
    return success();
  }
};

/// Depth by depth: products that add to one tile are far from each other.
struct MmaLowering : OpConversionPattern<warp::MmaOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::MmaOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    warp::FragmentType type = op.getSum().getType(), a = op.getA().getType();
    int64_t rows = tileRows(type), columns = tileColumns(type);
    int64_t depth = a.getShape()[1] / tileDepth(a);
    Type element = a.getElementType();
    auto product = element.isTF32()  ? warp::Product::TF32
                   : element.isF16() ? warp::Product::F16
                                     : warp::Product::BF16;
    SmallVector<Value> sums(adaptor.getSum());
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t m = 0; m < rows; ++m)
        for (int64_t n = 0; n < columns; ++n) {
          int64_t first = (m * columns + n) * 4;
          auto tile = warp::MmaSyncOp::create(
              rewriter, op.getLoc(), product, adaptor.getA().slice((m * depth + k) * 4, 4),
              adaptor.getB().slice((k * columns + n) * 2, 2), ArrayRef(sums).slice(first, 4));
          llvm::copy(tile.getD(), sums.begin() + first);
        }
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{sums});
    return success();
  }
};

/// Products of this kind have ended when the thread goes on.
struct AwaitLowering : OpConversionPattern<warp::AwaitOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::AwaitOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{adaptor.getPending()});
    return success();
  }
};

struct MapLowering : OpConversionPattern<warp::MapOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::MapOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = cast<warp::FragmentType>(op.getResults().front().getType());
    bool isRow = type.getRole() == warp::Role::Row;
    SumPlaces places(rewriter, op.getLoc());
    SmallVector<SmallVector<Value>> results(op.getNumResults());
    for (int64_t place = 0, end = type.getRegisters(); place < end; ++place) {
      // Of a row two registers a tile, of a sum four: the half of the tile's rows and the column.
      int64_t tile = isRow ? 0 : place / 4, element = place % 4;
      int64_t half = isRow ? place % 2 : element / 2;
      int64_t tileRow = isRow ? place / 2 : tile / tileColumns(type);
      SmallVector<Value> arguments{places.rowOf(tileRow, half)};
      if (!isRow)
        arguments.push_back(places.columnOf(tile % tileColumns(type), element % 2));
      for (auto [input, registers] : llvm::zip_equal(op.getInputs(), adaptor.getInputs())) {
        bool isRowInput = cast<warp::FragmentType>(input.getType()).getRole() == warp::Role::Row;
        arguments.push_back(registers[isRowInput ? tileRow * 2 + half : place]);
      }
      IRMapping mapping;
      mapping.map(op.getBody().getArguments(), arguments);
      for (Operation &inner : op.getBody().front().without_terminator())
        rewriter.clone(inner, mapping);
      for (auto [result, value] :
           llvm::zip_equal(results, op.getBody().front().getTerminator()->getOperands()))
        result.push_back(mapping.lookupOrDefault(value));
    }
    rewriter.replaceOpWithMultiple(op, std::move(results));
    return success();
  }
};

struct ReduceRowsLowering : OpConversionPattern<warp::ReduceRowsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::ReduceRowsOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    warp::FragmentType type = op.getInput().getType();
    ValueRange values = adaptor.getInput();
    SmallVector<Value> rows;
    for (int64_t m = 0; m < tileRows(type); ++m)
      for (int64_t half : {0, 1}) {
        Value row;
        for (int64_t n = 0; n < tileColumns(type); ++n)
          for (int64_t element : {0, 1}) {
            Value value = values[(m * tileColumns(type) + n) * 4 + half * 2 + element];
            row = row ? combine(rewriter, loc, op.getKind(), row, value) : value;
          }
        rows.push_back(op.getPartial() ? row : combineQuad(rewriter, loc, op.getKind(), row));
      }
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{rows});
    return success();
  }
};

struct CombineRowsLowering : OpConversionPattern<warp::CombineRowsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::CombineRowsOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> rows;
    for (Value row : adaptor.getInput())
      rows.push_back(combineQuad(rewriter, op.getLoc(), op.getKind(), row));
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{rows});
    return success();
  }
};

/// Each thread looks at its registers, then the warp votes.
struct HasNanLowering : OpConversionPattern<warp::HasNanOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::HasNanOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value any;
    for (Value value : adaptor.getInput()) {
      Value isNan = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::UNO, value, value);
      any = any ? arith::OrIOp::create(rewriter, loc, any, isNan).getResult() : isNan;
    }
    rewriter.replaceOpWithNewOp<warp::VoteOp>(op, rewriter.getI1Type(), warp::Vote::Any, any);
    return success();
  }
};

/// Two tiles of a sum side by side are one of an operand `a`: rows of the first, of the second.
struct ConvertLowering : OpConversionPattern<warp::ConvertOp> {
  using OpConversionPattern::OpConversionPattern;

  /// Two neighbors of a row as one word, the first in its low half.
  static Value pack(OpBuilder &builder, Location loc, Value first, Value second, Type element) {
    auto pair = vector::FromElementsOp::create(
        builder, loc, VectorType::get({2}, builder.getF32Type()), ValueRange{first, second});
    Value rounded = arith::TruncFOp::create(builder, loc, VectorType::get({2}, element), pair);
    Value word = vector::BitCastOp::create(builder, loc, VectorType::get({1}, builder.getI32Type()),
                                           rounded);
    return vector::ExtractOp::create(builder, loc, word, ArrayRef<int64_t>{0});
  }

  LogicalResult matchAndRewrite(warp::ConvertOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    warp::FragmentType type = op.getInput().getType();
    ValueRange values = adaptor.getInput();
    Type element = op.getResult().getType().getElementType();
    SmallVector<Value> words;
    // Registers of `a` follow those of two tiles of a sum, which are neighbors here, in pairs.
    for (int64_t place = 0, end = values.size(); place < end; place += 2)
      words.push_back(pack(rewriter, op.getLoc(), values[place], values[place + 1], element));
    static_assert(warp::kTileDepth == 2 * warp::kTileColumns);
    assert(int64_t(words.size()) == op.getResult().getType().getRegisters() &&
           tileColumns(type) % 2 == 0);
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{words});
    return success();
  }
};

} // namespace

void fovea::populateFragmentArithmetic(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<SplatLowering, MmaLowering, AwaitLowering, MapLowering, ReduceRowsLowering,
               CombineRowsLowering, HasNanLowering, ConvertLowering>(converter,
                                                                     patterns.getContext());
}
