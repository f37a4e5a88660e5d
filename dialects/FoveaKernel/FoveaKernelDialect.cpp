//===- FoveaKernelDialect.cpp - registration and verification -------------===//
//
// Registers the dialect and verifies its operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.cpp.inc"
#include "dialects/FoveaKernel/FoveaKernelEnums.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/FoveaKernel/FoveaKernelOps.cpp.inc"

using namespace mlir;
using namespace fovea::kernel;

void FoveaKernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/FoveaKernel/FoveaKernelOps.cpp.inc"
      >();
}

LogicalResult ParallelOp::verify() {
  if (getBody().getNumArguments() != 1 || !getBody().getArgument(0).getType().isIndex())
    return emitOpError("parallel_c1: expected a body that takes one index");
  return success();
}

LogicalResult GridOp::verify() {
  auto isIndex = [](Type type) { return type.isIndex(); };
  if (getBody().getNumArguments() != 2 || !llvm::all_of(getBody().getArgumentTypes(), isIndex))
    return emitOpError("grid_c1: expected a body that takes two indices");
  if (getThreads() < 32 || getThreads() > 1024 || getThreads() % 32 != 0)
    return emitOpError("grid_c2: expected a multiple of 32 threads, from 32 to 1024, got ")
           << getThreads();
  return success();
}

LogicalResult KeepOp::verify() {
  if (!(*this)->getParentOfType<GridOp>())
    return emitOpError("keep_c1: expected to stand in the body of a grid");
  return success();
}

LogicalResult SectionsOp::verify() {
  if (getSections().size() < 2)
    return emitOpError("sections_c1: expected at least two sections, got ") << getSections().size();
  return success();
}

LogicalResult RowsOp::verify() {
  auto computations = getBody().front().without_terminator();
  if (llvm::range_size(computations) < 2)
    return emitOpError("rows_c1: expected at least two computations, got ")
           << llvm::range_size(computations);
  for (Operation &op : computations)
    if (op.getNumResults() != 0)
      return emitOpError("rows_c1: expected computations that give no values, got ")
             << op.getName();
  return success();
}

LogicalResult ScratchOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return emitOpError("scratch_c1: expected a static shape and the identity layout, got ") << type;
  return success();
}

int64_t ProductOp::getGroup() {
  auto panel = cast<MemRefType>(getPanel().getType());
  if (getUnit() != Unit::Fma)
    return 32 / panel.getElementTypeBitWidth();
  int64_t width = getVectors() * getLanes();
  bool ofPairs =
      panel.getElementType().isBF16() && panel.getRank() == 2 && panel.getDimSize(1) == 2 * width;
  return ofPairs ? 2 : 1;
}

VectorType ProductOp::getSumType() {
  Builder builder(getContext());
  bool whole = cast<MemRefType>(getPanel().getType()).getElementType().isInteger(8);
  return VectorType::get({static_cast<int64_t>(getLanes())},
                         whole ? Type(builder.getI32Type()) : Type(builder.getF32Type()));
}

/// True for a matrix whose elements of a row lie side by side.
static bool hasContiguousRows(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return type.getRank() == 2 && succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides[1] == 1;
}

/// Constraints on the matrices of a product by multiply-adds.
static LogicalResult verifyFloats(ProductOp op, MemRefType lhs, MemRefType panel) {
  auto isSummed = [](MemRefType type) {
    Type element = type.getElementType();
    return element.isF32() || element.isF16() || element.isBF16();
  };
  int64_t width = op.getVectors() * op.getLanes();
  if (lhs.getRank() != 2 || !isSummed(lhs) || !isSummed(panel) || !hasContiguousRows(panel) ||
      panel.getDimSize(1) != width * op.getGroup())
    return op.emitOpError("product_c1: expected a panel of f32, f16 or bf16 of width ")
           << width << " with contiguous rows and such a lhs of rank 2, got " << panel << " and "
           << lhs;
  return success();
}

/// Constraints on the matrices of a product by dots or tiles.
static LogicalResult verifyWords(ProductOp op, MemRefType lhs, MemRefType panel) {
  Type element = panel.getElementType();
  bool isSummed = element.isBF16() || element.isInteger(8);
  int64_t width = isSummed ? op.getVectors() * op.getLanes() * op.getGroup() : 0;
  if (!isSummed || lhs.getElementType() != element || !hasContiguousRows(lhs) ||
      !hasContiguousRows(panel) || panel.getDimSize(1) != width)
    return op.emitOpError("product_c6: expected a panel and a lhs of bf16 or i8 with contiguous "
                          "rows, the panel's of words for ")
           << op.getVectors() * op.getLanes() << " columns, got " << panel << " and " << lhs;
  bool needsUnsigned = op.getUnit() == Unit::Dot && op.getLanes() == 16;
  if (element.isBF16() ? op.getUnsignedRows() : needsUnsigned && !op.getUnsignedRows())
    return op.emitOpError("product_c8: expected unsigned rows only of i8, and of these by dots "
                          "with 16 lanes");
  return success();
}

LogicalResult ProductOp::verify() {
  auto lhs = cast<MemRefType>(getLhs().getType()), panel = cast<MemRefType>(getPanel().getType());
  int64_t rows = getRows(), vectors = getVectors(), lanes = getLanes();
  bool tiles = getUnit() == Unit::Tile;
  if (rows < 1 || vectors < 1 || lanes < 1 || (!tiles && rows * vectors > 30))
    return emitOpError("product_c2: expected at least one row, vector and lane and at most 30 "
                       "accumulators, got ")
           << rows << " rows of " << vectors << " vectors of " << lanes << " lanes";
  int64_t chains = getChains();
  bool manyChains = chains > 1 && (getUnit() != Unit::Fma || rows * vectors * chains > 30);
  if (chains < 1 || chains > 4 || manyChains)
    return emitOpError("product_c9: expected 1 to 4 chains with at most 30 sums, and one by dots "
                       "and tiles, got ")
           << chains;
  if (tiles && (rows > 32 || vectors > 2 || lanes != 16))
    return emitOpError("product_c7: expected at most 32 rows of 2 vectors of 16 lanes, got ")
           << rows << " rows of " << vectors << " vectors of " << lanes << " lanes";
  auto verifyMatrices = getUnit() == Unit::Fma ? verifyFloats : verifyWords;
  if (failed(verifyMatrices(*this, lhs, panel)))
    return failure();
  Type vector = getSumType();
  SmallVector<Type> arguments(1 + vectors, vector);
  arguments[0] = IndexType::get(getContext());
  SmallVector<Type> finished(arguments);
  llvm::append_range(finished, getCarried().getTypes());
  if (!llvm::equal(getFinish().getArgumentTypes(), finished) ||
      !llvm::equal(getFinish().front().getTerminator()->getOperandTypes(), getCarried().getTypes()))
    return emitOpError("product_c4: expected a finish region that takes an index, ")
           << vectors << " values of type " << vector
           << " and the carried values, and yields values of their types";
  for (Type type : getAhead().getTypes()) {
    auto ahead = cast<MemRefType>(type);
    int64_t rank = ahead.getRank();
    bool fits = rank == 2 || (rank == 3 && !ahead.isDynamicDim(1) && ahead.getDimSize(1) > 0 &&
                              ahead.getStridesAndOffset().first[1] == 0);
    if (!fits || ahead.isDynamicDim(rank - 1))
      return emitOpError("product_c5: expected to ask ahead for a matrix of static width, or for "
                         "one whose rows several steps ask for, got ")
             << ahead;
  }
  if (getInit().empty())
    return success();
  Operation *yield = getInit().front().getTerminator();
  if (getInit().getNumArguments() != 1 || !getInit().getArgument(0).getType().isIndex() ||
      !llvm::equal(yield->getOperandTypes(), ArrayRef<Type>(arguments).drop_front()))
    return emitOpError("product_c3: expected an init region that takes an index and yields ")
           << vectors << " values of type " << vector;
  return success();
}

/// True when a kernel that takes `wanted` can be given `type`: memrefs may start anywhere.
static bool isGivenAs(Type type, Type wanted) {
  auto given = dyn_cast<MemRefType>(type), seen = dyn_cast<MemRefType>(wanted);
  if (!given || !seen)
    return type == wanted;
  SmallVector<int64_t> strides, seenStrides;
  int64_t offset, seenOffset;
  return given.getShape() == seen.getShape() && given.getElementType() == seen.getElementType() &&
         succeeded(given.getStridesAndOffset(strides, offset)) &&
         succeeded(seen.getStridesAndOffset(seenStrides, seenOffset)) && strides == seenStrides;
}

LogicalResult RebaseOp::verify() {
  Type given = getSource().getType();
  auto type = cast<MemRefType>(getResult().getType());
  if (!isGivenAs(given, type) || type.getStridesAndOffset().second != 0)
    return emitOpError("rebase_c1: expected a result of the source's type from offset 0 on, got ")
           << type << " of " << given;
  return success();
}

LogicalResult LaunchOp::verify() {
  if (getExpected().size() != getConditions().size())
    return emitOpError("launch_c2: expected a value of each condition, got ")
           << getExpected().size() << " for " << getConditions().size();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto *callee = symbols.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (!callee || !callee->hasAttr(kKernelAttr))
    return emitOpError("launch_c1: expected a kernel named ") << getKernel();
  auto kernel = dyn_cast<func::FuncOp>(callee);
  if (!kernel)
    return emitOpError("launch_c1: expected a function named ") << getKernel();
  if (kernel.getNumArguments() != getArgs().size())
    return emitOpError("launch_c1: expected ")
           << kernel.getNumArguments() << " arguments, got " << getArgs().size();
  for (auto [given, wanted] : llvm::zip_equal(getArgs().getTypes(), kernel.getArgumentTypes()))
    if (!isGivenAs(given, wanted))
      return emitOpError("launch_c1: expected an argument of type ") << wanted << ", got " << given;
  return success();
}
