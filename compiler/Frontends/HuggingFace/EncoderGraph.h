//===- EncoderGraph.h - graphs of encoders and sentence modules -----------===//
//
// Which tensors a configuration needs, and the graph it describes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_ENCODERGRAPH_H
#define FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_ENCODERGRAPH_H

#include "compiler/Frontends/HuggingFace/GraphBuilder.h"
#include "compiler/Frontends/HuggingFace/ModelWeights.h"

namespace fovea {

/// The inputs of an encoder, each i64 [batch, seq].
struct EncoderInputs {
  mlir::Value ids, mask, types;
};

/// Tensors of a BERT body; with the pooler when `pooler`.
std::vector<NeededTensor> bertTensors(const BertConfig &config, bool pooler);

/// Emits a BERT body and gives its last hidden state [batch, seq, hidden]. A key with mask 0 is
/// excluded. (The transformers library adds the lowest finite number to its score instead, which is
/// the same unless all keys of a row are masked: here such a row attends to nothing.)
mlir::Value emitBert(GraphBuilder &graph, const BertConfig &config, const EncoderInputs &inputs);

/// Emits BERT's pooler: tanh of a product of the first step.
mlir::Value emitBertPooler(GraphBuilder &graph, mlir::Value hidden);

/// Tensors of a Dense module, named within its own folder.
std::vector<NeededTensor> denseTensors(const SentenceModule &module);

/// Emits one module behind the encoder. `state` is [batch, seq, width] before pooling, [batch,
/// width] after; `symbols` stands in front of a Dense module's weights.
mlir::Value emitSentenceModule(GraphBuilder &graph, const SentenceModule &module, mlir::Value state,
                               mlir::Value mask, llvm::StringRef symbols);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_ENCODERGRAPH_H
