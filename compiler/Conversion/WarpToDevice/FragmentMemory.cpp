//===- FragmentMemory.cpp - fragments from memory and to it ---------------===//
//
// Loads by ldmatrix, element-wise stores, and copies with a swizzle.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/WarpToDevice/FragmentLayout.h"
#include "compiler/Conversion/WarpToDevice/Swizzle.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;

/// Rows after which every swizzle repeats, and the columns of two matrices beside each other.
static constexpr int64_t kSwizzledRows = 8, kMatrices = 16;

namespace {

/// An index as a value, null for 0, and a constant.
struct Sum {
  Value value;
  int64_t constant = 0;

  static Sum of(Value index) {
    APInt constant;
    if (matchPattern(index, m_ConstantInt(&constant)))
      return {Value(), constant.getSExtValue()};
    auto sum = index.getDefiningOp<arith::AddIOp>();
    if (sum && matchPattern(sum.getRhs(), m_ConstantInt(&constant)))
      return {sum.getLhs(), constant.getSExtValue()};
    return {index, 0};
  }

  /// Keeps what is left of the constant by multiples of `step`, which it gives.
  int64_t takeMultiple(int64_t step) {
    int64_t whole = llvm::divideFloorSigned(constant, step) * step;
    constant -= whole;
    return whole;
  }
};

struct LoadLowering : OpConversionPattern<warp::LoadFragmentOp> {
  using OpConversionPattern::OpConversionPattern;

  /// Indices of an element of the load, by the lane's place in the fragment and constants. What is
  /// constant is added, or its bits are exchanged, behind the swizzle: a row's columns then have
  /// few addresses that differ by more than a constant, and the rows of a fragment one.
  SmallVector<Value> placeOf(OpBuilder &builder, warp::LoadFragmentOp op, Sum row,
                             Sum column) const {
    Location loc = op.getLoc();
    auto source = cast<MemRefType>(op.getSource().getType());
    SmallVector<Value> indices(op.getIndices());
    Value &i = indices[indices.size() - 2], &j = indices.back();
    auto begin = [&](Value &index, Sum &of) {
      Sum first = Sum::of(index);
      of.constant += first.constant;
      if (first.value)
        of.value = arith::AddIOp::create(builder, loc, first.value, of.value);
      return bool(first.value);
    };
    begin(i, row);
    bool isLaneAlone = !begin(j, column);
    int64_t below = row.takeMultiple(kSwizzledRows);
    // Pieces are exchanged within rows of the swizzle's size.
    int64_t size = op.getSwizzle() * 8 / source.getElementTypeBitWidth();
    int64_t beside = size ? column.takeMultiple(size) : std::exchange(column.constant, 0);
    // The lane's column is less than that of two matrices: it shares no bits with multiples.
    bool exchanges = isLaneAlone && column.constant % kMatrices == 0;
    i = plus(builder, loc, row.value, row.constant);
    j = exchanges ? column.value : plus(builder, loc, column.value, column.constant);
    indices = swizzled(builder, loc, indices, source, op.getSwizzle());
    Value &rowAt = indices[indices.size() - 2], &columnAt = indices.back();
    if (exchanges && column.constant != 0)
      columnAt = arith::XOrIOp::create(builder, loc, columnAt,
                                       constantIndex(builder, loc, column.constant));
    rowAt = plus(builder, loc, rowAt, below);
    columnAt = plus(builder, loc, columnAt, beside);
    return indices;
  }

  /// Matrices 0 and 1 of an operand `a` are below each other, those of `b` too, 2 and 3 beside
  /// them; with two matrices the upper lanes repeat the addresses of the lower ones.
  LogicalResult matchAndRewrite(warp::LoadFragmentOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    warp::FragmentType type = op.getResult().getType();
    bool isA = type.getRole() == warp::Role::A;
    int64_t rows = type.getShape()[0], columns = type.getShape()[1];
    // One load takes 16 rows of 16 columns where there are as many, else of 8.
    int64_t width = columns % 16 == 0 ? 16 : 8, count = width / 4;
    Value lane = gpu::LaneIdOp::create(rewriter, loc, /*upper_bound=*/nullptr);
    if (count == 2)
      lane = arith::RemUIOp::create(rewriter, loc, lane, constantIndex(rewriter, loc, 16));
    Value eight = constantIndex(rewriter, loc, 8), two = constantIndex(rewriter, loc, 2);
    Value within = arith::RemUIOp::create(rewriter, loc, lane, eight);
    Value matrix = arith::DivUIOp::create(rewriter, loc, lane, eight);
    Value low = arith::RemUIOp::create(rewriter, loc, matrix, two);
    Value high = arith::DivUIOp::create(rewriter, loc, matrix, two);
    Value below = arith::MulIOp::create(rewriter, loc, low, eight);
    Value beside = arith::MulIOp::create(rewriter, loc, high, eight);
    // The lane addresses a row of memory: of the fragment, or a column of it.
    bool transposed = op.getTransposed();
    (transposed ? beside : below) =
        arith::AddIOp::create(rewriter, loc, transposed ? beside : below, within);
    SmallVector<Value> registers(type.getRegisters());
    for (int64_t row = 0; row < rows; row += 16)
      for (int64_t column = 0; column < columns; column += width) {
        SmallVector<Value> indices = transposed
                                         ? placeOf(rewriter, op, {beside, column}, {below, row})
                                         : placeOf(rewriter, op, {below, row}, {beside, column});
        // Registers of `a` hold neighbors of a row, those of `b` of a column.
        auto load = warp::LdMatrixOp::create(
            rewriter, loc, SmallVector<Type>(count, rewriter.getI32Type()), adaptor.getSource(),
            indices, /*transposed=*/isA == transposed);
        // Tiles of `a` are as wide as one load, those of `b` 8 columns.
        int64_t first = isA ? (row / 16 * (columns / 16) + column / 16) * 4
                            : (row / 16 * (columns / 8) + column / 8) * 2;
        for (auto [place, value] : llvm::enumerate(load.getRegisters()))
          registers[first + place] = value;
      }
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{registers});
    return success();
  }
};

struct StoreLowering : OpConversionPattern<warp::StoreFragmentOp> {
  using OpConversionPattern::OpConversionPattern;

  /// Stores `value` where the element's `offsets` from the indices say, within the bounds.
  void store(OpBuilder &builder, warp::StoreFragmentOp op, Value value,
             ArrayRef<Value> offsets) const {
    Location loc = op.getLoc();
    OpBuilder::InsertionGuard guard(builder);
    auto target = cast<MemRefType>(op.getTarget().getType());
    SmallVector<Value> indices(op.getIndices());
    size_t first = indices.size() - offsets.size();
    Value inside;
    for (auto [dim, offset] : llvm::enumerate(offsets)) {
      Value &index = indices[first + dim];
      index = arith::AddIOp::create(builder, loc, index, offset);
      if (op.getBounds().empty())
        continue;
      Value below = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, index,
                                          op.getBounds()[dim]);
      inside = inside ? arith::AndIOp::create(builder, loc, inside, below).getResult() : below;
    }
    if (inside) {
      auto condition = scf::IfOp::create(builder, loc, inside, /*withElseRegion=*/false);
      builder.setInsertionPointToStart(condition.thenBlock());
    }
    Type element = target.getElementType();
    auto pair = dyn_cast<VectorType>(value.getType());
    if (!element.isF32())
      value = arith::TruncFOp::create(builder, loc, pair ? pair.clone(element) : element, value);
    indices = swizzled(builder, loc, indices, target, op.getSwizzle());
    if (pair)
      vector::StoreOp::create(builder, loc, value, op.getTarget(), indices, /*nontemporal=*/false,
                              llvm::MaybeAlign(element.getIntOrFloatBitWidth() / 4));
    else
      memref::StoreOp::create(builder, loc, value, op.getTarget(), indices);
  }

  LogicalResult matchAndRewrite(warp::StoreFragmentOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    warp::FragmentType type = op.getFragment().getType();
    ValueRange registers = adaptor.getFragment();
    SumPlaces places(rewriter, op.getLoc());
    if (type.getRole() == warp::Role::Row) {
      storeRows(rewriter, op, registers, places);
      rewriter.eraseOp(op);
      return success();
    }
    int64_t step = op.getPairs() ? 2 : 1;
    for (int64_t place = 0, end = registers.size(); place < end; place += step) {
      int64_t tile = place / 4, element = place % 4;
      Value row = places.rowOf(tile / tileColumns(type), element / 2);
      Value column = places.columnOf(tile % tileColumns(type), element % 2);
      Value value = registers[place];
      if (op.getPairs())
        value = vector::FromElementsOp::create(rewriter, op.getLoc(),
                                               VectorType::get({2}, value.getType()),
                                               ValueRange{value, registers[place + 1]});
      store(rewriter, op, value, {row, column});
    }
    rewriter.eraseOp(op);
    return success();
  }

  /// The first of the four threads that have a row's value stores it.
  void storeRows(OpBuilder &builder, warp::StoreFragmentOp op, ValueRange registers,
                 SumPlaces &places) const {
    Location loc = op.getLoc();
    OpBuilder::InsertionGuard guard(builder);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                          places.columnOf(0, 0), constantIndex(builder, loc, 0));
    auto condition = scf::IfOp::create(builder, loc, isFirst, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(condition.thenBlock());
    for (auto [place, value] : llvm::enumerate(registers))
      store(builder, op, value, {places.rowOf(place / 2, place % 2)});
  }
};

struct CopyLowering : OpConversionPattern<warp::CopyAsyncOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::CopyAsyncOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto to = cast<MemRefType>(op.getTo().getType());
    warp::CpAsyncOp::create(
        rewriter, op.getLoc(), op.getBytesAttr(), op.getFrom(), op.getFromIndices(), op.getTo(),
        swizzled(rewriter, op.getLoc(), op.getToIndices(), to, op.getSwizzle()), op.getValid());
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{ValueRange()});
    return success();
  }
};

struct StartLowering : OpConversionPattern<warp::StartCopiesOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::StartCopiesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{ValueRange()});
    return success();
  }
};

struct CommitLowering : OpConversionPattern<warp::CommitOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::CommitOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    warp::CpAsyncCommitOp::create(rewriter, op.getLoc());
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{ValueRange()});
    return success();
  }
};

struct WaitLowering : OpConversionPattern<warp::WaitOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(warp::WaitOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<warp::CpAsyncWaitOp>(op, op.getPendingAttr());
    return success();
  }
};

} // namespace

void fovea::populateFragmentMemory(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns
      .add<LoadLowering, StoreLowering, CopyLowering, StartLowering, CommitLowering, WaitLowering>(
          converter, patterns.getContext());
}
