//===- HostElements.cpp - elements of tensors that the host computes ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/HostElements.h"

#include "compiler/Conversion/KernelToLLVM/HostAbi.h"

#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace fovea;

/// Operations built for one element: sums of more terms are the device's.
static constexpr size_t kMostBuilt = 4096;

Value HostInputs::elementOf(Value tensor, ArrayRef<int64_t> index) {
  auto input = dyn_cast<BlockArgument>(tensor);
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!input || !type || !type.hasStaticShape() || type.getNumElements() > kMostHostElements)
    return {};
  auto entry = dyn_cast<func::FuncOp>(input.getOwner()->getParentOp());
  if (!entry || !entry->hasAttr(kEntryAttr))
    return {};
  OpBuilder builder = OpBuilder::atBlockBegin(input.getOwner());
  Location loc = entry.getLoc();
  Value &buffer = buffers[input];
  if (!buffer) {
    Type pointer = LLVM::LLVMPointerType::get(entry.getContext());
    HostAbi abi(builder, loc, kernel::CallOp::create(builder, loc, pointer));
    buffer = kernel::ViewOp::create(
        builder, loc, MemRefType::get(type.getShape(), type.getElementType()),
        abi.hostInput(input.getArgNumber()), ValueRange(), ValueRange());
  }
  builder.setInsertionPointAfterValue(buffer);
  SmallVector<Value> places;
  for (int64_t part : index)
    places.push_back(arith::ConstantIndexOp::create(builder, loc, part));
  return memref::LoadOp::create(builder, loc, buffer, places);
}

void HostElement::giveUp() {
  for (Operation *op : llvm::reverse(built))
    op->erase();
  built.clear();
  value = {};
}

Operation *HostElement::note(Operation *op) {
  built.push_back(op);
  return op;
}

Value HostElement::indicesOf(tensor::ExtractOp op, ValueRange indices) {
  Index constants;
  for (Value index : indices) {
    std::optional<int64_t> constant = getConstantIntValue(index);
    if (!constant)
      return {};
    constants.push_back(*constant);
  }
  return element(op.getTensor(), constants);
}

Value HostElement::element(Value tensor, const Index &index) {
  if (built.size() > kMostBuilt)
    return {};
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [place, extent] : llvm::zip_equal(index, type.getShape()))
    if (place < 0 || (!ShapedType::isDynamic(extent) && place >= extent))
      return {};
  std::pair key(tensor.getAsOpaquePointer(), std::vector<int64_t>(index.begin(), index.end()));
  if (auto found = known.find(key); found != known.end())
    return found->second;
  Value value = trace(tensor, index);
  known[key] = value;
  return value;
}

Value HostElement::trace(Value tensor, const Index &index) {
  if (Value element = given.elementOf(tensor, index)) {
    sources.insert(cast<BlockArgument>(tensor));
    return element;
  }
  Operation *op = tensor.getDefiningOp();
  Attribute constant;
  if (matchPattern(tensor, m_Constant(&constant)))
    return ofConstant(constant, tensor, index);
  if (auto scalars = dyn_cast_or_null<tensor::FromElementsOp>(op)) {
    int64_t place = 0;
    for (auto [part, extent] : llvm::zip_equal(index, scalars.getType().getShape()))
      place = place * extent + part;
    return scalars.getElements()[place];
  }
  if (auto splat = dyn_cast_or_null<tensor::SplatOp>(op))
    return splat.getInput();
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(op))
    return isa<RankedTensorType>(cast.getSource().getType()) ? element(cast.getSource(), index)
                                                             : Value();
  if (auto view = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    return ofReshape(view.getSrc(), tensor, index);
  if (auto view = dyn_cast_or_null<tensor::CollapseShapeOp>(op))
    return ofReshape(view.getSrc(), tensor, index);
  if (auto slice = dyn_cast_or_null<tensor::ExtractSliceOp>(op))
    return ofSlice(slice, index);
  if (auto slice = dyn_cast_or_null<tensor::InsertSliceOp>(op))
    return ofInserted(slice, index);
  if (auto insert = dyn_cast_or_null<tensor::InsertOp>(op))
    return ofInserted(insert, index);
  if (auto computation = dyn_cast_or_null<linalg::LinalgOp>(op))
    return ofComputation(computation, cast<OpResult>(tensor), index);
  return {};
}

Value HostElement::ofConstant(Attribute values, Value tensor, const Index &index) {
  auto dense = dyn_cast<DenseElementsAttr>(values);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!dense || !type.hasStaticShape())
    return {};
  SmallVector<uint64_t> place(index.begin(), index.end());
  auto scalar = cast<TypedAttr>(dense.getValues<Attribute>()[place]);
  return note(arith::ConstantOp::create(builder, extract.getLoc(), scalar))->getResult(0);
}

Value HostElement::ofReshape(Value source, Value result, const Index &index) {
  auto before = cast<RankedTensorType>(source.getType());
  auto after = cast<RankedTensorType>(result.getType());
  if (!before.hasStaticShape() || !after.hasStaticShape() || before.getNumElements() == 0)
    return {};
  int64_t place = linearize(index, computeStrides(after.getShape()));
  return element(source, delinearize(place, computeStrides(before.getShape())));
}

Value HostElement::ofSlice(tensor::ExtractSliceOp op, const Index &index) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Index place;
  const int64_t *next = index.begin();
  for (auto [dim, offset] : llvm::enumerate(op.getMixedOffsets())) {
    std::optional<int64_t> start = getConstantIntValue(offset);
    std::optional<int64_t> stride = getConstantIntValue(op.getMixedStrides()[dim]);
    if (!start || !stride)
      return {};
    place.push_back(*start + (dropped[dim] ? 0 : *next++ * *stride));
  }
  return element(op.getSource(), place);
}

Value HostElement::ofInserted(tensor::InsertSliceOp op, const Index &index) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Index place;
  for (auto [dim, offset] : llvm::enumerate(op.getMixedOffsets())) {
    std::optional<int64_t> start = getConstantIntValue(offset);
    std::optional<int64_t> size = getConstantIntValue(op.getMixedSizes()[dim]);
    std::optional<int64_t> stride = getConstantIntValue(op.getMixedStrides()[dim]);
    if (!start || !size || !stride || *stride < 1)
      return {};
    int64_t apart = index[dim] - *start;
    if (apart < 0 || apart % *stride != 0 || apart / *stride >= *size)
      return element(op.getDest(), index);
    if (!dropped[dim])
      place.push_back(apart / *stride);
  }
  return element(op.getSource(), place);
}

Value HostElement::ofInserted(tensor::InsertOp op, const Index &index) {
  bool isSame = true;
  for (auto [value, part] : llvm::zip_equal(op.getIndices(), index)) {
    std::optional<int64_t> constant = getConstantIntValue(value);
    if (!constant)
      return {};
    isSame &= *constant == part;
  }
  return isSame ? op.getScalar() : element(op.getDest(), index);
}

Value HostElement::ofComputation(linalg::LinalgOp op, OpResult result, const Index &index) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  // Loops of the result's dimensions stand at its index; the others are run through.
  SmallVector<std::optional<int64_t>> fixed(extents.size());
  AffineMap map = op.getIndexingMapMatchingResult(result);
  for (auto [expr, part] : llvm::zip_equal(map.getResults(), index)) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return {};
    fixed[dim.getPosition()] = part;
  }
  Index loops, summed;
  for (auto [dim, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    loops.push_back(fixed[dim].value_or(0));
    if (fixed[dim])
      continue;
    if (type != utils::IteratorType::reduction || ShapedType::isDynamic(extents[dim]))
      return {};
    if (extents[dim] == 0)
      return element(op.getDpsInits()[result.getResultNumber()], index);
    summed.push_back(dim);
  }
  SmallVector<Value> carried;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    Value before;
    if (op.payloadUsesValueFromOperand(&init)) {
      before = element(init.get(), op.getMatchingIndexingMap(&init).compose(loops));
      if (!before)
        return {};
    }
    carried.push_back(before);
  }
  while (true) {
    if (!step(op, loops, carried))
      return {};
    int64_t next = summed.size();
    while (next > 0 && ++loops[summed[next - 1]] == extents[summed[next - 1]])
      loops[summed[--next]] = 0;
    if (next == 0)
      return carried[result.getResultNumber()];
  }
}

bool HostElement::step(linalg::LinalgOp op, ArrayRef<int64_t> loops,
                       SmallVectorImpl<Value> &carried) {
  IRMapping mapping;
  Block *body = op.getBlock();
  for (OpOperand *input : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    if (argument.use_empty())
      continue;
    Value value = isa<RankedTensorType>(input->get().getType())
                      ? element(input->get(), op.getMatchingIndexingMap(input).compose(loops))
                      : input->get();
    if (!value)
      return false;
    mapping.map(argument, value);
  }
  for (auto [init, before] : llvm::zip_equal(op.getDpsInitsMutable(), carried))
    if (before)
      mapping.map(op.getMatchingBlockArgument(&init), before);
  for (Operation &inner : body->without_terminator())
    if (!repeat(inner, loops, mapping))
      return false;
  for (auto [value, given] : llvm::zip_equal(carried, body->getTerminator()->getOperands()))
    value = mapping.lookupOrDefault(given);
  return true;
}

bool HostElement::repeat(Operation &op, ArrayRef<int64_t> loops, IRMapping &mapping) {
  if (built.size() > kMostBuilt || op.getNumRegions() != 0 || !isMemoryEffectFree(&op) ||
      op.getNumResults() != 1)
    return false;
  Value result = op.getResult(0);
  if (auto loop = dyn_cast<linalg::IndexOp>(op)) {
    auto place = arith::ConstantIndexOp::create(builder, op.getLoc(), loops[loop.getDim()]);
    mapping.map(result, note(place)->getResult(0));
    return true;
  }
  if (auto read = dyn_cast<tensor::ExtractOp>(op)) {
    SmallVector<Value> indices;
    for (Value index : read.getIndices())
      indices.push_back(mapping.lookupOrDefault(index));
    Value value = indicesOf(read, indices);
    mapping.map(result, value);
    return value != nullptr;
  }
  if (auto checked = dyn_cast<CheckedIndexOp>(op)) {
    std::optional<int64_t> index = getConstantIntValue(mapping.lookupOrDefault(checked.getIndex()));
    std::optional<int64_t> extent =
        getConstantIntValue(mapping.lookupOrDefault(checked.getExtent()));
    if (index && extent && *index >= 0 && *index < *extent) {
      auto place = arith::ConstantIndexOp::create(builder, op.getLoc(), *index);
      mapping.map(result, note(place)->getResult(0));
      return true;
    }
  }
  Operation *clone = note(builder.clone(op, mapping));
  SmallVector<Value> folded;
  SmallVector<Operation *> constants;
  if (succeeded(builder.tryFold(clone, folded, &constants)) && !folded.empty())
    mapping.map(result, folded.front());
  built.append(constants);
  return true;
}
