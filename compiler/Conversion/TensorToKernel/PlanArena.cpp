//===- PlanArena.cpp - all buffers of an entry in one arena ---------------===//
//
// Assigns every buffer a slot by the extent of its life, and writes the function that computes the
// slots' offsets from the entry's symbolic dimensions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea {
#define GEN_PASS_DEF_PLANARENA
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Slots start at multiples of this many bytes.
static constexpr int64_t kAlignment = 64;

/// An arena above this size overflows somewhere, and is in no machine's memory.
static constexpr double kMaxBytes = double(int64_t(1) << 62);

namespace {

/// A buffer with its life in positions of the entry's block, and the slot it got.
struct Buffer {
  memref::AllocOp alloc;
  unsigned first, last;
  int64_t estimate;
  unsigned slot = 0;
};

struct PlanArena : fovea::impl::PlanArenaBase<PlanArena> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr(kEntryAttr))
        entries.push_back(entry);
    for (func::FuncOp entry : entries) {
      bindSymbols(entry);
      SmallVector<Buffer> buffers = collect(entry);
      unsigned slots = assignSlots(buffers);
      place(entry, buffers, slots, makeLayout(entry, buffers, slots));
      numBuffers += buffers.size();
      numSlots += slots;
    }
  }

private:
  /// Sizes of arguments become symbols of the entry.
  void bindSymbols(func::FuncOp entry) {
    auto names = entry->getAttrOfType<ArrayAttr>(kSymbolsAttr);
    SmallVector<memref::DimOp> dims;
    entry.walk([&](memref::DimOp dim) { dims.push_back(dim); });
    OpBuilder builder(&getContext());
    for (memref::DimOp dim : dims) {
      auto argument = dyn_cast<BlockArgument>(dim.getSource());
      std::optional<int64_t> index = dim.getConstantIndex();
      if (!argument || argument.getOwner() != &entry.front() || !index)
        continue;
      auto shape = entry.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kShapeAttr);
      for (auto [number, name] : llvm::enumerate(names ? names.getValue() : ArrayRef<Attribute>()))
        if (shape && shape[*index] == name) {
          builder.setInsertionPoint(dim);
          dim.replaceAllUsesWith(kernel::SymbolOp::create(builder, dim.getLoc(),
                                                          builder.getIndexType(),
                                                          builder.getI64IntegerAttr(number))
                                     .getResult());
          dim.erase();
          break;
        }
    }
  }

  SmallVector<Buffer> collect(func::FuncOp entry) {
    Block &block = entry.front();
    DenseMap<Operation *, unsigned> position;
    for (auto [index, op] : llvm::enumerate(block))
      position[&op] = index;
    auto positionOf = [&](Operation *op) { return position[block.findAncestorOpInBlock(*op)]; };
    BufferViewFlowAnalysis aliases(entry);
    SmallVector<memref::AllocOp> allocs;
    entry.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    SmallVector<Buffer> buffers;
    for (memref::AllocOp alloc : allocs) {
      if (!llvm::all_of(alloc.getDynamicSizes(), isFunctionOfSymbols)) {
        OpBuilder builder(alloc);
        alloc.replaceAllUsesWith(kernel::AllocateOp::create(builder, alloc.getLoc(),
                                                            alloc.getType(),
                                                            alloc.getDynamicSizes())
                                     .getResult());
        alloc.erase();
        ++numAllocated;
        continue;
      }
      Buffer buffer{alloc, positionOf(alloc), positionOf(alloc), estimateBytes(alloc)};
      for (Value alias : aliases.resolve(alloc))
        for (Operation *user : alias.getUsers())
          buffer.last = std::max(buffer.last, positionOf(user));
      buffers.push_back(buffer);
    }
    return buffers;
  }

  static int64_t estimateBytes(memref::AllocOp alloc) {
    int64_t bytes = byteWidth(alloc.getType().getElementType());
    for (int64_t extent : alloc.getType().getShape())
      if (!ShapedType::isDynamic(extent))
        bytes *= extent;
    for (Value size : alloc.getDynamicSizes())
      bytes *= estimate(size);
    return bytes;
  }

  /// Largest first, into the first slot where no life overlaps; the number of slots.
  static unsigned assignSlots(MutableArrayRef<Buffer> buffers) {
    SmallVector<Buffer *> order;
    for (Buffer &buffer : buffers)
      order.push_back(&buffer);
    llvm::sort(order, [](Buffer *l, Buffer *r) {
      return std::pair(-l->estimate, l) < std::pair(-r->estimate, r);
    });
    SmallVector<SmallVector<Buffer *>> slots;
    for (Buffer *buffer : order) {
      auto fits = [&](ArrayRef<Buffer *> slot) {
        return llvm::none_of(slot, [&](Buffer *other) {
          return buffer->first <= other->last && other->first <= buffer->last;
        });
      };
      auto *slot = llvm::find_if(slots, fits);
      if (slot == slots.end())
        slot = &slots.emplace_back();
      buffer->slot = slot - slots.begin();
      slot->push_back(buffer);
    }
    return slots.size();
  }

  /// `<entry>.layout(symbols) -> (offset of each slot, total)`.
  func::FuncOp makeLayout(func::FuncOp entry, ArrayRef<Buffer> buffers, unsigned slots) {
    auto names = entry->getAttrOfType<ArrayAttr>(kSymbolsAttr);
    OpBuilder builder(&getContext());
    SmallVector<Type> arguments(names ? names.size() : 0, builder.getIndexType());
    SmallVector<Type> results(slots + 1, builder.getIndexType());
    Location loc = entry.getLoc();
    auto layout = func::FuncOp::create(loc, (entry.getName() + ".layout").str(),
                                       builder.getFunctionType(arguments, results));
    layout.setPrivate();
    getOperation().push_back(layout);
    ImplicitLocOpBuilder body = ImplicitLocOpBuilder::atBlockBegin(loc, layout.addEntryBlock());
    SmallVector<Bytes> sizes(slots);
    IRMapping mapping;
    for (const Buffer &buffer : buffers) {
      Bytes bytes = bytesOf(body, buffer.alloc, layout.getArguments(), mapping);
      Bytes &slot = sizes[buffer.slot];
      slot = slot.exact ? Bytes{arith::MaxSIOp::create(body, slot.exact, bytes.exact),
                                arith::MaximumFOp::create(body, slot.rough, bytes.rough)}
                        : bytes;
    }
    func::ReturnOp::create(body, offsetsOf(body, sizes));
    return layout;
  }

  /// A number of bytes that may overflow, and the same roughly, which does not.
  struct Bytes {
    Value exact, rough;
  };

  static Value roughly(ImplicitLocOpBuilder &builder, Value index) {
    Value word = arith::IndexCastOp::create(builder, builder.getI64Type(), index);
    return arith::SIToFPOp::create(builder, builder.getF64Type(), word);
  }

  static Bytes bytesOf(ImplicitLocOpBuilder &builder, memref::AllocOp alloc, ValueRange symbols,
                       IRMapping &mapping) {
    int64_t element = byteWidth(alloc.getType().getElementType());
    Bytes bytes{arith::ConstantIndexOp::create(builder, element),
                arith::ConstantOp::create(builder, builder.getF64FloatAttr(double(element)))};
    auto multiply = [&](Value size) {
      bytes = {arith::MulIOp::create(builder, bytes.exact, size),
               arith::MulFOp::create(builder, bytes.rough, roughly(builder, size))};
    };
    for (int64_t extent : alloc.getType().getShape())
      if (!ShapedType::isDynamic(extent))
        multiply(arith::ConstantIndexOp::create(builder, extent));
    Value zero = arith::ConstantIndexOp::create(builder, 0);
    // The run refuses sizes below 0 itself; here they only must not shrink the arena.
    for (Value size : alloc.getDynamicSizes())
      multiply(arith::MaxSIOp::create(builder, cloneSlice(builder, size, symbols, mapping), zero));
    return bytes;
  }

  /// Where the slots start, and the sum: INT64_MAX when it overflows.
  static SmallVector<Value> offsetsOf(ImplicitLocOpBuilder &builder, ArrayRef<Bytes> sizes) {
    Value align = arith::ConstantIndexOp::create(builder, kAlignment);
    Value total = arith::ConstantIndexOp::create(builder, 0);
    Value rough = arith::ConstantOp::create(builder, builder.getF64FloatAttr(0));
    SmallVector<Value> offsets;
    for (Bytes size : sizes) {
      offsets.push_back(total);
      Value units = arith::CeilDivSIOp::create(builder, size.exact, align);
      total = arith::AddIOp::create(builder, total, arith::MulIOp::create(builder, units, align));
      rough = arith::AddFOp::create(builder, rough, size.rough);
    }
    Value limit = arith::ConstantOp::create(builder, builder.getF64FloatAttr(kMaxBytes));
    Value fits = arith::CmpFOp::create(builder, arith::CmpFPredicate::OLE, rough, limit);
    Value most = arith::ConstantIndexOp::create(builder, INT64_MAX);
    offsets.push_back(arith::SelectOp::create(builder, fits, total, most));
    return offsets;
  }

  /// Replaces allocations by their places in the arena.
  void place(func::FuncOp entry, ArrayRef<Buffer> buffers, unsigned slots, func::FuncOp layout) {
    OpBuilder builder = OpBuilder::atBlockBegin(&entry.front());
    SmallVector<Value> symbols;
    for (unsigned index = 0; index < layout.getNumArguments(); ++index)
      symbols.push_back(kernel::SymbolOp::create(builder, entry.getLoc(), builder.getIndexType(),
                                                 builder.getI64IntegerAttr(index))
                            .getResult());
    auto offsets = func::CallOp::create(builder, entry.getLoc(), layout, symbols);
    for (const Buffer &buffer : buffers) {
      memref::AllocOp alloc = buffer.alloc;
      builder.setInsertionPoint(alloc);
      alloc.replaceAllUsesWith(kernel::ArenaOp::create(builder, alloc.getLoc(), alloc.getType(),
                                                       offsets.getResult(buffer.slot),
                                                       alloc.getDynamicSizes())
                                   .getResult());
      alloc.erase();
    }
  }
};

} // namespace
