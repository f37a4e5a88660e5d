//===- CheckAccesses.cpp - what the emulator is told of memory ------------===//
//
// Puts a call in front of every load and store of global and shared memory, and around those of
// global memory a branch for where it is not needed; makes calls of atomic operations, and gives
// all pointers the host's one address space.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToEmulator/EmulatedKernel.h"
#include "fovea_device_abi.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace mlir;
using namespace fovea;

/// What was put at `position` of a struct, or the value itself.
static Value elementOf(Value container, ArrayRef<int64_t> position) {
  while (auto insert = container.getDefiningOp<LLVM::InsertValueOp>()) {
    if (insert.getPosition() == position)
      return insert.getValue();
    container = insert.getContainer();
  }
  return {};
}

/// The pointer that `pointer` was computed from, as far as the kernel shows it.
static Value baseOf(Value pointer) {
  while (true) {
    Value before;
    if (auto gep = pointer.getDefiningOp<LLVM::GEPOp>())
      before = gep.getBase();
    else if (auto cast = pointer.getDefiningOp<LLVM::AddrSpaceCastOp>())
      before = cast.getArg();
    else if (auto extract = pointer.getDefiningOp<LLVM::ExtractValueOp>())
      before = elementOf(extract.getContainer(), extract.getPosition());
    if (!before)
      return pointer;
    pointer = before;
  }
}

/// True for memory that no rule is about: a thread's own, and constants, which lie in the code.
static bool isPrivate(Value pointer) {
  return isa_and_nonnull<LLVM::AllocaOp, LLVM::AddressOfOp>(baseOf(pointer).getDefiningOp());
}

static fovea_space spaceOf(Value pointer) {
  Value base = baseOf(pointer);
  bool shared = cast<LLVM::LLVMPointerType>(base.getType()).getAddressSpace() == FOVEA_SPACE_SHARED;
  return shared ? FOVEA_SPACE_SHARED : FOVEA_SPACE_GLOBAL;
}

/// The operation in terms of fovea_atomic and fovea_atomic_type; none when there is no such.
static std::optional<std::pair<fovea_atomic, fovea_atomic_type>>
atomicOf(LLVM::AtomicBinOp operation, Type type) {
  bool wide = type.isInteger(64);
  if (type.isF32() && operation == LLVM::AtomicBinOp::fadd)
    return std::pair(FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_F32);
  if (type.isF32() && operation == LLVM::AtomicBinOp::xchg)
    return std::pair(FOVEA_ATOMIC_EXCHANGE, FOVEA_ATOMIC_U32);
  if (!wide && !type.isInteger(32))
    return std::nullopt;
  fovea_atomic_type plain = wide ? FOVEA_ATOMIC_U64 : FOVEA_ATOMIC_U32;
  fovea_atomic_type withSign = wide ? FOVEA_ATOMIC_S64 : FOVEA_ATOMIC_S32;
  switch (operation) {
  case LLVM::AtomicBinOp::add:
    return std::pair(FOVEA_ATOMIC_ADD, plain);
  case LLVM::AtomicBinOp::min:
    return std::pair(FOVEA_ATOMIC_MIN, withSign);
  case LLVM::AtomicBinOp::max:
    return std::pair(FOVEA_ATOMIC_MAX, withSign);
  case LLVM::AtomicBinOp::umin:
    return std::pair(FOVEA_ATOMIC_MIN, plain);
  case LLVM::AtomicBinOp::umax:
    return std::pair(FOVEA_ATOMIC_MAX, plain);
  case LLVM::AtomicBinOp::_and:
    return std::pair(FOVEA_ATOMIC_AND, plain);
  case LLVM::AtomicBinOp::_or:
    return std::pair(FOVEA_ATOMIC_OR, plain);
  case LLVM::AtomicBinOp::_xor:
    return std::pair(FOVEA_ATOMIC_XOR, plain);
  case LLVM::AtomicBinOp::xchg:
    return std::pair(FOVEA_ATOMIC_EXCHANGE, plain);
  default:
    return std::nullopt;
  }
}

namespace {

/// The accesses of one kernel.
class Accesses {
public:
  explicit Accesses(EmulatedKernel &kernel) : kernel(kernel) {}

  /// Tells the emulator of an access; to global memory only outside the site's window. False for
  /// local memory, which it need not know. `stated` is the alignment that the access relies on,
  /// when it is not that of its type: a GPU's access of so many bytes fails elsewhere.
  bool check(Operation *op, Value pointer, Type type, std::optional<uint64_t> stated,
             fovea_access kind) {
    if (op->hasAttr(kUncheckedAttr) || isPrivate(pointer))
      return false;
    fovea_space space = spaceOf(pointer);
    OpBuilder builder(op);
    Location loc = op->getLoc();
    DataLayout layout = DataLayout::closest(op);
    int64_t size = layout.getTypeSize(type).getFixedValue();
    int64_t alignment = stated ? *stated : layout.getTypeABIAlignment(type);
    Value site = kernel.site(builder, loc, kind == FOVEA_READ ? "load" : "store");
    if (space == FOVEA_SPACE_GLOBAL)
      builder.setInsertionPoint(branchAround(op, pointer, alignment, kernel.sites.size() - 1));
    Value bytes = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(size));
    kernel.call(builder, loc, offsetof(fovea_emulator, access), Type(),
                {kernel.thread(), constantWord(builder, loc, space),
                 constantWord(builder, loc, kind), pointer, bytes,
                 constantWord(builder, loc, alignment), site});
    return true;
  }

  LogicalResult exchange(LLVM::AtomicRMWOp op) {
    auto known = atomicOf(op.getBinOp(), op.getType());
    if (!known)
      return op.emitOpError("has no form for the emulator");
    OpBuilder builder(op);
    op.replaceAllUsesWith(call(builder, op.getLoc(), known->first, known->second, op.getOrdering(),
                               op.getPtr(), op.getVal(), Value()));
    op.erase();
    return success();
  }

  LogicalResult exchange(LLVM::AtomicCmpXchgOp op) {
    Type type = op.getVal().getType();
    if (!type.isInteger(32) && !type.isInteger(64))
      return op.emitOpError("has no form for the emulator");
    OpBuilder builder(op);
    Location loc = op.getLoc();
    Value old = call(builder, loc, FOVEA_ATOMIC_COMPARE_EXCHANGE,
                     type.isInteger(64) ? FOVEA_ATOMIC_U64 : FOVEA_ATOMIC_U32,
                     op.getSuccessOrdering(), op.getPtr(), op.getVal(), op.getCmp());
    Value same = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, old, op.getCmp());
    Value result = LLVM::PoisonOp::create(builder, loc, op.getType());
    result = LLVM::InsertValueOp::create(builder, loc, result, old, ArrayRef<int64_t>{0});
    result = LLVM::InsertValueOp::create(builder, loc, result, same, ArrayRef<int64_t>{1});
    op.replaceAllUsesWith(result);
    op.erase();
    return success();
  }

private:
  /// `value` in steps of `alignment`: what lies between two steps becomes a large number.
  static Value inSteps(OpBuilder &builder, Location loc, Value value, int64_t alignment) {
    if (alignment == 1)
      return value;
    Value bits =
        LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(llvm::Log2_64(alignment)));
    return LLVM::FshrOp::create(builder, loc, value, value, bits);
  }

  /// Lets what comes in front of `op` be left out when the access begins in the site's window.
  /// Gives the end of the block that is left out.
  Operation *branchAround(Operation *op, Value pointer, int64_t alignment, int64_t site) {
    OpBuilder builder(op);
    Location loc = op->getLoc();
    Type i64 = builder.getI64Type();
    Value windows = kernel.field(builder, loc, offsetof(fovea_thread, windows),
                                 LLVM::LLVMPointerType::get(builder.getContext()));
    auto word = [&](int64_t offset) {
      return loadUnchecked(builder, loc, i64, windows, site * sizeof(fovea_window) + offset);
    };
    Value address = LLVM::PtrToIntOp::create(builder, loc, i64, pointer);
    Value behind = LLVM::SubOp::create(builder, loc, address, word(offsetof(fovea_window, begin)));
    Value inside = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ult,
                                        inSteps(builder, loc, behind, alignment),
                                        word(offsetof(fovea_window, starts)));
    Block *before = op->getBlock();
    Block *rest = before->splitBlock(op);
    Block *told = builder.createBlock(rest);
    auto end = LLVM::BrOp::create(builder, loc, ValueRange(), rest);
    builder.setInsertionPointToEnd(before);
    LLVM::CondBrOp::create(builder, loc, inside, rest, ValueRange(), told, ValueRange(),
                           std::make_pair<int32_t, int32_t>((1 << 20) - 1, 1));
    return end;
  }

  Value toBits(OpBuilder &builder, Location loc, Value value) {
    if (value.getType().isF32())
      value = LLVM::BitcastOp::create(builder, loc, builder.getI32Type(), value);
    if (value.getType().isInteger(64))
      return value;
    return LLVM::ZExtOp::create(builder, loc, builder.getI64Type(), value);
  }

  /// The value before the operation.
  Value call(OpBuilder &builder, Location loc, fovea_atomic operation, fovea_atomic_type type,
             LLVM::AtomicOrdering ordering, Value pointer, Value value, Value compare) {
    bool isRelaxed = ordering == LLVM::AtomicOrdering::monotonic;
    Type i64 = builder.getI64Type();
    Value against =
        compare ? toBits(builder, loc, compare)
                : LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(0)).getResult();
    Value old = kernel.call(
        builder, loc, offsetof(fovea_emulator, atomic), i64,
        {kernel.thread(), constantWord(builder, loc, operation), constantWord(builder, loc, type),
         constantWord(builder, loc, isRelaxed ? FOVEA_ATOMIC_RELAXED : FOVEA_ATOMIC_ACQ_REL),
         constantWord(builder, loc, spaceOf(pointer)), pointer, toBits(builder, loc, value),
         against, kernel.site(builder, loc, "atomic")});
    if (value.getType() == i64)
      return old;
    old = LLVM::TruncOp::create(builder, loc, builder.getI32Type(), old);
    return value.getType().isF32()
               ? LLVM::BitcastOp::create(builder, loc, value.getType(), old).getResult()
               : old;
  }

  EmulatedKernel &kernel;
};

} // namespace

/// All address spaces are the host's memory.
static void dropSpaces(LLVM::LLVMFuncOp function) {
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [](LLVM::LLVMPointerType type) { return LLVM::LLVMPointerType::get(type.getContext()); });
  replacer.recursivelyReplaceElementsIn(function, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  function.walk([](LLVM::AddrSpaceCastOp op) {
    op.replaceAllUsesWith(op.getArg());
    op.erase();
  });
}

FailureOr<int64_t> fovea::checkAccesses(EmulatedKernel &kernel, bool checks) {
  Accesses accesses(kernel);
  int64_t count = 0;
  SmallVector<Operation *> ops;
  kernel.function.walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    if (isa<LLVM::MaskedLoadOp, LLVM::MaskedStoreOp, LLVM::masked_gather, LLVM::masked_scatter,
            LLVM::masked_expandload, LLVM::masked_compressstore, LLVM::MemcpyOp,
            LLVM::MemcpyInlineOp, LLVM::MemmoveOp, LLVM::MemsetOp, LLVM::MemsetInlineOp>(op))
      return op->emitOpError("has no form for the emulator: load and store under a condition");
    if (auto load = dyn_cast<LLVM::LoadOp>(op); load && checks)
      count += accesses.check(op, load.getAddr(), load.getType(), load.getAlignment(), FOVEA_READ);
    else if (auto store = dyn_cast<LLVM::StoreOp>(op); store && checks)
      count += accesses.check(op, store.getAddr(), store.getValue().getType(), store.getAlignment(),
                              FOVEA_WRITE);
    else if (auto atomic = dyn_cast<LLVM::AtomicRMWOp>(op);
             atomic && failed(accesses.exchange(atomic)))
      return failure();
    else if (auto atomic = dyn_cast<LLVM::AtomicCmpXchgOp>(op);
             atomic && failed(accesses.exchange(atomic)))
      return failure();
  }
  kernel.function.walk([](Operation *op) { op->removeAttr(kUncheckedAttr); });
  dropSpaces(kernel.function);
  return count;
}
