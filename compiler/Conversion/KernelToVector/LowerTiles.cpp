//===- LowerTiles.cpp - register products as loops of tile instructions ---===//
//
// Up to 2 x 2 tiles of sums, each of 16 rows of 64 bytes, beside the tiles that a step loads: as
// many as there are registers. What is left of a step at the end of the depth, the emitter copies
// and fills with zeros, so that nothing behind the rows is read.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/ProductUnits.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;
using kernel::ProductOp;

/// Rows of a tile, and bytes of each.
static constexpr int64_t kTileRows = 16, kTileBytes = 64;

namespace {

/// Emits one product.
class TileEmitter {
public:
  TileEmitter(OpBuilder &builder, ProductOp op)
      : builder(builder), op(op), loc(op.getLoc()), rows(op.getRows()), vectors(op.getVectors()),
        sums(op.getSumType()), tile(LLVM::LLVMX86AMXType::get(builder.getContext())),
        element(cast<MemRefType>(op.getPanel().getType()).getElementType()),
        step(kTileBytes * 8 / element.getIntOrFloatBitWidth()) {}

  void emit() {
    for (int64_t row = 0; row < rows; row += kTileRows)
      heights.push_back(std::min(kTileRows, rows - row));
    Value sumsInMemory = kernel::ScratchOp::create(
        builder, loc, MemRefType::get({rows, vectors * kTileRows}, sums.getElementType()));
    SmallVector<Value> tiles = addUp(initial(sumsInMemory));
    for (auto [place, sum] : llvm::enumerate(tiles))
      call("llvm.x86.tilestored64.internal", {},
           {word(heights[place / vectors]), word(kTileBytes), sumAt(sumsInMemory, place),
            quad(index(vectors * kTileBytes)), sum});
    op.replaceAllUsesWith(finish(sumsInMemory));
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value word(int64_t value) {
    return arith::ConstantIntOp::create(builder, loc, builder.getI16Type(), value);
  }
  Value quad(Value value) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), value);
  }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }

  Value call(StringRef name, Type result, ValueRange operands) {
    StringAttr intrinsic = builder.getStringAttr(name);
    if (result)
      return LLVM::CallIntrinsicOp::create(builder, loc, result, intrinsic, operands).getResults();
    LLVM::CallIntrinsicOp::create(builder, loc, intrinsic, operands);
    return {};
  }

  /// Bytes from one row of a matrix to the next.
  Value rowBytes(Value matrix) {
    auto data = memref::ExtractStridedMetadataOp::create(builder, loc, matrix);
    return mul(data.getStrides()[0], index(bytesOf(matrix)));
  }

  static int64_t bytesOf(Value matrix) {
    return cast<MemRefType>(matrix.getType()).getElementTypeBitWidth() / 8;
  }

  /// Pointer to an element.
  Value addressOf(Value matrix, Value row, Value column) {
    auto data = memref::ExtractStridedMetadataOp::create(builder, loc, matrix);
    Value place = add(mul(row, data.getStrides()[0]), mul(column, data.getStrides()[1]));
    place = mul(add(place, data.getOffset()), index(bytesOf(matrix)));
    Value start = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, matrix);
    return LLVM::IntToPtrOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
                                    quad(add(start, place)));
  }

  /// Pointer to the first sum of tile number `place`.
  Value sumAt(Value sumsInMemory, size_t place) {
    int64_t row = static_cast<int64_t>(place) / vectors * kTileRows;
    int64_t column = static_cast<int64_t>(place) % vectors * kTileRows;
    return addressOf(sumsInMemory, index(row), index(column));
  }

  Value load(int64_t height, Value pointer, Value stride) {
    return call("llvm.x86.tileloadd64.internal", tile,
                {word(height), word(kTileBytes), pointer, quad(stride)});
  }

  SmallVector<Value> initial(Value sumsInMemory) {
    if (!op.getInit().empty())
      overRows({}, [&](Value row, ValueRange) {
        Value at = add(op.getRow(), row);
        for (auto [vector, sum] : llvm::enumerate(inlineRegion(builder, op.getInit(), at)))
          vector::StoreOp::create(builder, loc, sum, sumsInMemory,
                                  ValueRange{row, index(vector * kTileRows)});
        return SmallVector<Value>();
      });
    SmallVector<Value> tiles;
    for (size_t place = 0; place < heights.size() * vectors; ++place) {
      int64_t height = heights[place / vectors];
      tiles.push_back(
          op.getInit().empty()
              ? call("llvm.x86.tilezero.internal", tile, {word(height), word(kTileBytes)})
              : load(height, sumAt(sumsInMemory, place), index(vectors * kTileBytes)));
    }
    return tiles;
  }

  /// body(row, carried) for every row in [0, rows), as a loop.
  SmallVector<Value> overRows(ValueRange carried,
                              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto turn = [&](OpBuilder &, Location, Value row, ValueRange now) {
      scf::YieldOp::create(builder, loc, body(row, now));
    };
    auto loop = scf::ForOp::create(builder, loc, index(0), index(rows), index(1), carried, turn);
    return SmallVector<Value>(loop.getResults());
  }

  /// What the finish region makes of the sums, row by row.
  SmallVector<Value> finish(Value sumsInMemory) {
    return overRows(op.getCarried(), [&](Value row, ValueRange carried) {
      SmallVector<Value> arguments{add(op.getRow(), row)};
      for (int64_t vector = 0; vector < vectors; ++vector)
        arguments.push_back(vector::LoadOp::create(builder, loc, sums, sumsInMemory,
                                                   ValueRange{row, index(vector * kTileRows)}));
      llvm::append_range(arguments, carried);
      return inlineRegion(builder, op.getFinish(), arguments);
    });
  }

  /// The sums over the whole depth: whole steps, then what is left of one.
  SmallVector<Value> addUp(SmallVector<Value> tiles) {
    Value depth = op.getDepth();
    Value left = arith::RemUIOp::create(builder, loc, depth, index(step));
    Value whole = arith::SubIOp::create(builder, loc, depth, left);
    APInt known;
    bool constant = matchPattern(depth, m_ConstantInt(&known));
    if (!constant || known.getSExtValue() >= step)
      tiles = loop(index(0), whole, tiles, [&](Value k) {
        return std::pair(addressOf(op.getLhs(), op.getRow(), k), rowBytes(op.getLhs()));
      });
    if (!constant || known.getSExtValue() % step != 0)
      tiles = loop(whole, depth, tiles, [&](Value k) {
        Value copy = copyRest(k, left);
        return std::pair(addressOf(copy, index(0), index(0)), index(kTileBytes));
      });
    return tiles;
  }

  /// The sums after steps from `low` on; `rowsAt(k)` are pointer and stride of the rows.
  SmallVector<Value> loop(Value low, Value high, ValueRange tiles,
                          function_ref<std::pair<Value, Value>(Value)> rowsAt) {
    auto turn = [&](OpBuilder &, Location, Value k, ValueRange carried) {
      auto [pointer, stride] = rowsAt(k);
      scf::YieldOp::create(builder, loc, multiply(k, pointer, stride, carried));
    };
    auto loop = scf::ForOp::create(builder, loc, low, high, index(step), tiles, turn);
    return SmallVector<Value>(loop.getResults());
  }

  /// The rows' last elements from `k` on, followed by zeros.
  Value copyRest(Value k, Value left) {
    int64_t bits = element.getIntOrFloatBitWidth();
    Type integer = builder.getIntegerType(bits);
    auto lanes = VectorType::get({step}, integer);
    Value copy = kernel::ScratchOp::create(builder, loc, MemRefType::get({rows, step}, integer));
    SmallVector<APInt> places = llvm::map_to_vector(
        llvm::seq<uint64_t>(0, step), [&](uint64_t place) { return APInt(bits, place); });
    Value bound = arith::IndexCastOp::create(builder, loc, integer, left);
    Value mask = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult,
        arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(lanes, places)),
        vector::BroadcastOp::create(builder, loc, lanes, bound));
    Value zeros = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(lanes));
    overRows({}, [&](Value row, ValueRange) {
      Value source = addressOf(op.getLhs(), add(op.getRow(), row), k);
      Value loaded = LLVM::MaskedLoadOp::create(builder, loc, lanes, source, mask, zeros, bits / 8);
      vector::StoreOp::create(builder, loc, loaded, copy, ValueRange{row, index(0)});
      return SmallVector<Value>();
    });
    return copy;
  }

  /// One step: a tile of every 16 rows times a tile of every 16 columns.
  SmallVector<Value> multiply(Value k, Value pointer, Value stride, ValueRange tiles) {
    Value words = arith::DivUIOp::create(builder, loc, k, index(op.getGroup()));
    SmallVector<Value> rowTiles, columnTiles, next;
    for (auto [place, height] : llvm::enumerate(heights)) {
      Value offset = quad(mul(stride, index(place * kTileRows)));
      Value start = LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(),
                                        pointer, ValueRange(offset));
      rowTiles.push_back(load(height, start, stride));
    }
    for (int64_t vector = 0; vector < vectors; ++vector)
      columnTiles.push_back(load(
          kTileRows, addressOf(op.getPanel(), words, index(vector * kTileRows * op.getGroup())),
          rowBytes(op.getPanel())));
    StringRef instruction =
        element.isBF16() ? "llvm.x86.tdpbf16ps.internal" : "llvm.x86.tdpbssd.internal";
    for (auto [place, sum] : llvm::enumerate(tiles))
      next.push_back(call(instruction, tile,
                          {word(heights[place / vectors]), word(kTileBytes), word(kTileBytes), sum,
                           rowTiles[place / vectors], columnTiles[place % vectors]}));
    return next;
  }

  OpBuilder &builder;
  ProductOp op;
  Location loc;
  int64_t rows, vectors;
  VectorType sums;
  Type tile, element;
  /// Summed elements of a step.
  int64_t step;
  SmallVector<int64_t> heights;
};

} // namespace

LogicalResult fovea::emitTiles(OpBuilder &builder, ProductOp op) {
  if (op.getUnsignedRows())
    return op.emitOpError("expected signed rows, as tiles have them");
  TileEmitter(builder, op).emit();
  return success();
}
