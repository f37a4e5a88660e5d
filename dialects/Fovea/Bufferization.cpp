//===- Bufferization.cpp - from tensors to memrefs ------------------------===//
//
// Bufferization models: destination-style operations become their memref form, weights become
// read-only memrefs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace fovea;

namespace {

/// Destinations are overwritten, never read.
template <typename Model, typename OpTy>
struct DestinationModelBase : DstBufferizableOpInterfaceExternalModel<Model, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  bool bufferizesToMemoryWrite(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options, BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    SmallVector<Value> results;
    for (OpResult result : op->getResults()) {
      OpOperand *init = cast<DestinationStyleOpInterface>(op).getTiedOpOperand(result);
      results.push_back(operands[init->getOperandNumber()]);
    }
    OperationState created(op->getLoc(), op->getName(), operands, TypeRange(),
                           llvm::to_vector(op->getDiscardableAttrs()));
    created.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      created.addRegion()->takeBody(region);
    retypeTables(rewriter.create(created));
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }

  /// Tables captured by a region change type with their operands.
  static void retypeTables(Operation *op) {
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention)
      return;
    for (Region &region : op->getRegions()) {
      if (region.empty())
        continue;
      unsigned first = region.getNumArguments() - attention.getCaptures().size();
      for (auto [index, capture] : llvm::enumerate(attention.getCaptures()))
        if (isa<TensorType>(region.getArgument(first + index).getType()))
          region.getArgument(first + index).setType(capture.getType());
    }
  }
};

template <typename OpTy>
struct DestinationModel : DestinationModelBase<DestinationModel<OpTy>, OpTy> {};

/// Captures and outs with the same map are read and written at the same place at a time.
struct GatesModel : DestinationModelBase<GatesModel, GatesOp> {
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &,
                                     ArrayRef<OpOperand *> operands) const {
    auto gates = cast<GatesOp>(op);
    unsigned first = gates.getCaptures().getBeginOperandIndex();
    return llvm::all_of(operands, [&](OpOperand *operand) {
      if (gates.isDpsInit(operand))
        return true;
      unsigned number = operand->getOperandNumber();
      return number >= first && gates.getCaptureMap(number - first).isIdentity();
    });
  }
};

struct GetWeightModel : BufferizableOpInterface::ExternalModel<GetWeightModel, GetWeightOp> {
  bool isWritable(Operation *, Value, const AnalysisState &) const { return false; }

  AliasingOpOperandList getAliasingOpOperands(Operation *, Value, const AnalysisState &) const {
    return {};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &,
                          BufferizationState &) const {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    replaceOpWithNewBufferizedOp<GetWeightOp>(
        rewriter, op, MemRefType::get(type.getShape(), type.getElementType()),
        cast<GetWeightOp>(op).getWeightAttr());
    return success();
  }
};

} // namespace

void fovea::registerBufferizationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, FoveaDialect *) {
    AttentionOp::attachInterface<DestinationModel<AttentionOp>>(*context);
    ContractOp::attachInterface<DestinationModel<ContractOp>>(*context);
    GatesOp::attachInterface<GatesModel>(*context);
    LayerNormOp::attachInterface<DestinationModel<LayerNormOp>>(*context);
    RmsNormOp::attachInterface<DestinationModel<RmsNormOp>>(*context);
    GetWeightOp::attachInterface<GetWeightModel>(*context);
  });
}
