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

  /// Indices in the source of element (row, column) of the fragment, by the lane's place and
  /// constants. What is constant is added, or its bits are exchanged, behind the swizzle: a row's
  /// columns then have few addresses that differ by more than a constant, and rows one.
  static SmallVector<Value> placeOf(OpBuilder &builder, warp::LoadFragmentOp op, Sum row,
                                    Sum column) {
    Location loc = op.getLoc();
    if (op.getTransposed())
      std::swap(row, column);
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

  LogicalResult matchAndRewrite(warp::LoadFragmentOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    warp::FragmentType type = op.getResult().getType();
    bool isA = type.getRole() == warp::Role::A, isTf32 = type.getElementType().isTF32();
    SmallVector<Value> registers(type.getRegisters());
    if (isTf32 && isA == op.getTransposed())
      loadElements(rewriter, op, registers);
    else
      loadMatrices(rewriter, op, registers);
    if (isTf32)
      for (Value &word : registers)
        word = rounded(rewriter, loc, word);
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>{registers});
    return success();
  }

  /// A word of f32, or f32, as the word of the nearest tf32.
  static Value rounded(OpBuilder &builder, Location loc, Value value) {
    Type f32 = builder.getF32Type();
    if (!value.getType().isF32())
      value = arith::BitcastOp::create(builder, loc, f32, value);
    value = warp::ApproxOp::create(builder, loc, f32, warp::Approximation::TF32, value);
    return arith::BitcastOp::create(builder, loc, builder.getI32Type(), value);
  }

  /// One by one, because ldmatrix exchanges rows and columns of 16-bit elements only: those of `a`
  /// lie where those of `b` do, by its columns.
  static void loadElements(OpBuilder &builder, warp::LoadFragmentOp op,
                           MutableArrayRef<Value> registers) {
    Location loc = op.getLoc();
    warp::FragmentType type = op.getResult().getType();
    bool isA = type.getRole() == warp::Role::A;
    int64_t depth = type.getShape()[isA ? 1 : 0], outer = type.getShape()[isA ? 0 : 1];
    Value lane = gpu::LaneIdOp::create(builder, loc, /*upper_bound=*/nullptr);
    Value four = constantIndex(builder, loc, 4);
    Value group = arith::DivUIOp::create(builder, loc, lane, four);
    Value member = arith::RemUIOp::create(builder, loc, lane, four);
    // Registers of a tile of `a`: by halves of its rows, then of its depth; of `b`: of its depth.
    int64_t halves = isA ? 2 : 1;
    for (auto [place, value] : llvm::enumerate(registers)) {
      int64_t tile = place / (2 * halves), within = place % (2 * halves);
      int64_t along = isA ? tile % (depth / 8) : tile / (outer / 8);
      int64_t across = isA ? tile / (depth / 8) * 16 + within % 2 * 8 : tile % (outer / 8) * 8;
      Sum k{member, along * 8 + within / halves * 4}, other{group, across};
      SmallVector<Value> at = placeOf(builder, op, isA ? other : k, isA ? k : other);
      value = memref::LoadOp::create(builder, loc, op.getSource(), at);
    }
  }

  /// Matrices 0 and 1 of an operand `a` are below each other, those of `b` too, 2 and 3 beside
  /// them; with two matrices the upper lanes repeat the addresses of the lower ones.
  static void loadMatrices(OpBuilder &builder, warp::LoadFragmentOp op,
                           MutableArrayRef<Value> registers) {
    Location loc = op.getLoc();
    warp::FragmentType type = op.getResult().getType();
    bool isA = type.getRole() == warp::Role::A;
    int64_t rows = type.getShape()[0], columns = type.getShape()[1];
    // One load takes tiles of 16 rows of `a`; of `b` 16 columns where there are as many, else 8.
    int64_t depth = tileDepth(type), height = isA ? 16 : depth;
    int64_t width = isA ? depth : columns % 16 == 0 ? 16 : 8;
    int64_t count = isA ? 4 : width / 4;
    Value lane = gpu::LaneIdOp::create(builder, loc, /*upper_bound=*/nullptr);
    if (count == 2)
      lane = arith::RemUIOp::create(builder, loc, lane, constantIndex(builder, loc, 16));
    Value eight = constantIndex(builder, loc, 8), two = constantIndex(builder, loc, 2);
    Value half = constantIndex(builder, loc, depth / 2);
    Value within = arith::RemUIOp::create(builder, loc, lane, eight);
    Value matrix = arith::DivUIOp::create(builder, loc, lane, eight);
    Value low = arith::RemUIOp::create(builder, loc, matrix, two);
    Value high = arith::DivUIOp::create(builder, loc, matrix, two);
    Value below = arith::MulIOp::create(builder, loc, low, isA ? eight : half);
    Value beside = arith::MulIOp::create(builder, loc, high, isA ? half : eight);
    // The lane addresses a row of memory: of the fragment, or a column of it.
    Value &along = op.getTransposed() ? beside : below;
    along = arith::AddIOp::create(builder, loc, along, within);
    for (int64_t row = 0; row < rows; row += height)
      for (int64_t column = 0; column < columns; column += width) {
        // Registers of `a` hold neighbors of a row, those of `b` of a column.
        auto load = warp::LdMatrixOp::create(
            builder, loc, SmallVector<Type>(count, builder.getI32Type()), op.getSource(),
            placeOf(builder, op, {below, row}, {beside, column}),
            /*transposed=*/isA == op.getTransposed());
        // Tiles of `a` are as wide as one load, those of `b` 8 columns.
        int64_t first = isA ? (row / height * (columns / width) + column / width) * 4
                            : (row / height * (columns / 8) + column / 8) * 2;
        llvm::copy(load.getRegisters(), registers.begin() + first);
      }
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
