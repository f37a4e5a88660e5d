//===- BindOutputs.cpp - results into buffers of the host -----------------===//
//
// Gives every result of an entry its destination before bufferization, so that the last
// computation writes straight into it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

namespace fovea {
#define GEN_PASS_DEF_BINDOUTPUTS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct BindOutputs : fovea::impl::BindOutputsBase<BindOutputs> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr(kEntryAttr) && failed(bind(entry)))
        return signalPassFailure();
  }

private:
  LogicalResult bind(func::FuncOp entry) {
    if (entry.isExternal() || !entry.getBody().hasOneBlock() ||
        !llvm::all_of(entry.getArgumentTypes(), llvm::IsaPred<RankedTensorType>) ||
        !llvm::all_of(entry.getResultTypes(), llvm::IsaPred<RankedTensorType>))
      return entry.emitOpError("expected an entry of one block whose arguments and results are "
                               "ranked tensors");
    Builder attrs(&getContext());
    nameSymbols(entry);
    for (unsigned index = 0; index < entry.getNumArguments(); ++index)
      entry.setArgAttr(index, bufferization::BufferizationDialect::kWritableAttrName,
                       attrs.getBoolAttr(false));
    SmallVector<Attribute> inputs;
    for (unsigned index = 0; index < entry.getNumArguments(); ++index) {
      DictionaryAttr dict = entry.getArgAttrDict(index);
      inputs.push_back(dict ? dict : attrs.getDictionaryAttr({}));
    }
    entry->setAttr(kInputsAttr, attrs.getArrayAttr(inputs));
    entry->setAttr(kInputTypesAttr, attrs.getTypeArrayAttr(entry.getArgumentTypes()));
    auto ret = cast<func::ReturnOp>(entry.front().getTerminator());
    OpBuilder builder(ret);
    // What arguments and results were called survives on the entry: the manifest needs it.
    SmallVector<Attribute> results;
    for (unsigned index = 0; index < ret.getNumOperands(); ++index) {
      DictionaryAttr dict = entry.getResultAttrDict(index);
      results.push_back(dict ? dict : attrs.getDictionaryAttr({}));
    }
    for (unsigned index : lastFirst(ret))
      bindResult(builder, ret.getLoc(), index, ret.getOperand(index));
    entry->setAttr(kResultsAttr, attrs.getArrayAttr(results));
    entry->setAttr(kResultTypesAttr, attrs.getTypeArrayAttr(entry.getResultTypes()));
    func::ReturnOp::create(builder, ret.getLoc());
    ret.erase();
    entry.setResAttrsAttr(nullptr);
    entry.setFunctionType(FunctionType::get(&getContext(), entry.getArgumentTypes(), {}));
    return success();
  }

  /// Numbers of the results, those computed last first: a result may be one before it, which must
  /// not be in its destination yet when it is read.
  static SmallVector<unsigned> lastFirst(func::ReturnOp ret) {
    auto numbers = llvm::to_vector(llvm::seq<unsigned>(0, ret.getNumOperands()));
    llvm::sort(numbers, [&](unsigned left, unsigned right) {
      Operation *one = ret.getOperand(left).getDefiningOp();
      Operation *other = ret.getOperand(right).getDefiningOp();
      if (one == other)
        return left < right;
      return one && (!other || other->isBeforeInBlock(one));
    });
    return numbers;
  }

  /// Lists the symbols of the arguments; a dynamic dimension without a name gets one.
  void nameSymbols(func::FuncOp entry) {
    Builder attrs(&getContext());
    SetVector<Attribute> symbols;
    for (unsigned index = 0; index < entry.getNumArguments(); ++index) {
      auto type = dyn_cast<RankedTensorType>(entry.getArgument(index).getType());
      if (!type || type.hasStaticShape())
        continue;
      auto given = entry.getArgAttrOfType<ArrayAttr>(index, kShapeAttr);
      auto name = entry.getArgAttrOfType<StringAttr>(index, kNameAttr);
      SmallVector<Attribute> shape;
      for (int64_t dim = 0; dim < type.getRank(); ++dim) {
        auto symbol = given && dim < static_cast<int64_t>(given.size())
                          ? cast<StringAttr>(given[dim])
                          : attrs.getStringAttr("");
        if (!type.isDynamicDim(dim))
          symbol = attrs.getStringAttr("");
        else if (symbol.empty())
          symbol = attrs.getStringAttr(
              Twine(name ? name.getValue().str() : "arg" + std::to_string(index)) + "." +
              Twine(dim));
        if (type.isDynamicDim(dim))
          symbols.insert(symbol);
        shape.push_back(symbol);
      }
      entry.setArgAttr(index, kShapeAttr, attrs.getArrayAttr(shape));
    }
    entry->setAttr(kSymbolsAttr, attrs.getArrayAttr(symbols.getArrayRef()));
  }

  /// `value` in the buffer of `place`. A reshape is written through the same of the place, so that
  /// what is reshaped is computed there.
  static Value materialize(OpBuilder &builder, Location loc, Value value, Value place) {
    if (auto reshape = value.getDefiningOp<tensor::ExpandShapeOp>()) {
      RankedTensorType before = reshape.getSrcType();
      auto groups = reshape.getReassociationIndices();
      if (tensor::CollapseShapeOp::inferCollapsedType(reshape.getResultType(), groups) == before) {
        Value merged = tensor::CollapseShapeOp::create(builder, loc, before, place, groups);
        Value written = materialize(builder, loc, reshape.getSrc(), merged);
        return tensor::ExpandShapeOp::create(builder, loc, reshape.getResultType(), written, groups,
                                             reshape.getMixedOutputShape());
      }
    }
    return bufferization::MaterializeInDestinationOp::create(builder, loc, value.getType(), value,
                                                             place)
        .getResult();
  }

  void bindResult(OpBuilder &builder, Location loc, unsigned index, Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(tensor::DimOp::create(builder, loc, value, dim));
    auto buffer = kernel::OutputOp::create(builder, loc,
                                           MemRefType::get(type.getShape(), type.getElementType()),
                                           builder.getI64IntegerAttr(index), sizes);
    // The buffer is a tensor first: bufferization sees conflicts between tensors alone.
    Value place = bufferization::ToTensorOp::create(builder, loc, type, buffer.getResult(),
                                                    /*restrict=*/true, /*writable=*/true);
    Value placed = materialize(builder, loc, value, place);
    auto write = bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), placed,
                                                                   buffer.getResult());
    write.setWritable(true);
    write.setRestrict(true);
    ++numOutputs;
  }
};

} // namespace
