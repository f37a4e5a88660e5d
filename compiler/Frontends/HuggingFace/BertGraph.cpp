//===- BertGraph.cpp - the BERT family's body -----------------------------===//
//
// Devlin et al. 2018 with the parameter names of the transformers library: embeddings, then
// post-norm layers of self-attention and a two-layer perceptron.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/EncoderGraph.h"

#include <cmath>

using namespace fovea;
using namespace mlir;

std::vector<NeededTensor> fovea::bertTensors(const BertConfig &config, bool pooler) {
  std::vector<NeededTensor> needed;
  auto matrix = [&](const std::string &name, int64_t rows, int64_t columns) {
    needed.push_back({name + ".weight", {rows, columns}});
  };
  auto vectors = [&](const std::string &name, int64_t size) {
    needed.push_back({name + ".weight", {size}});
    needed.push_back({name + ".bias", {size}});
  };
  auto dense = [&](const std::string &name, int64_t rows, int64_t columns) {
    matrix(name, rows, columns);
    needed.push_back({name + ".bias", {rows}});
  };
  int64_t hidden = config.hidden;
  matrix("embeddings.word_embeddings", config.vocabulary, hidden);
  matrix("embeddings.position_embeddings", config.positions, hidden);
  matrix("embeddings.token_type_embeddings", config.types, hidden);
  vectors("embeddings.LayerNorm", hidden);
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string prefix = "encoder.layer." + std::to_string(layer);
    for (const char *projection : {"query", "key", "value"})
      dense(prefix + ".attention.self." + projection, hidden, hidden);
    dense(prefix + ".attention.output.dense", hidden, hidden);
    vectors(prefix + ".attention.output.LayerNorm", hidden);
    dense(prefix + ".intermediate.dense", config.intermediate, hidden);
    dense(prefix + ".output.dense", hidden, config.intermediate);
    vectors(prefix + ".output.LayerNorm", hidden);
  }
  if (pooler)
    dense("pooler.dense", hidden, hidden);
  return needed;
}

static Value linear(GraphBuilder &graph, const std::string &name, Value x) {
  graph.at(name);
  return graph.linear(x, graph.weight(name + ".weight"), graph.weight(name + ".bias"));
}

static Value layerNorm(GraphBuilder &graph, const std::string &name, Value x, double epsilon) {
  graph.at(name);
  return graph.layerNorm(x, graph.weight(name + ".weight"), graph.weight(name + ".bias"), epsilon);
}

/// Sum of the word's, the token type's and the position's row, in one pass over the result.
static Value emitEmbeddings(GraphBuilder &graph, const BertConfig &config,
                            const EncoderInputs &inputs) {
  graph.at("embeddings");
  Value words = graph.weight("embeddings.word_embeddings.weight");
  Value positions = graph.weight("embeddings.position_embeddings.weight");
  Value types = graph.weight("embeddings.token_type_embeddings.weight");
  Size batch = graph.sizeOf(inputs.ids, 0), steps = graph.sizeOf(inputs.ids, 1);
  graph.at("embeddings.position_embeddings");
  graph.requireAtMost(steps, config.positions);
  graph.at("embeddings");
  Value vocabulary = graph.index(graph.size(config.vocabulary));
  Value typeCount = graph.index(graph.size(config.types));
  SmallVector<AffineMap> maps{graph.dims(3, {0, 1}), graph.dims(3, {0, 1}),
                              graph.dims(3, {0, 1, 2})};
  auto body = [&](OpBuilder &inner, Location loc, ValueRange elements) -> Value {
    Value step = linalg::IndexOp::create(inner, loc, 1);
    Value channel = linalg::IndexOp::create(inner, loc, 2);
    auto row = [&](Value table, Value at) -> Value {
      return tensor::ExtractOp::create(inner, loc, table, ValueRange{at, channel});
    };
    Value word = CheckedIndexOp::create(inner, loc, inner.getIndexType(), elements[0], vocabulary,
                                        /*wrap=*/false, "embeddings.word_embeddings");
    Value type = CheckedIndexOp::create(inner, loc, inner.getIndexType(), elements[1], typeCount,
                                        /*wrap=*/false, "embeddings.token_type_embeddings");
    Value sum = arith::AddFOp::create(inner, loc, row(words, word), row(types, type));
    return arith::AddFOp::create(inner, loc, sum, row(positions, step));
  };
  Value init = graph.empty({batch, steps, graph.size(config.hidden)});
  Value sum = graph.generic({inputs.ids, inputs.types}, init, maps, body);
  return layerNorm(graph, "embeddings.LayerNorm", sum, config.epsilon);
}

static Value emitLayer(GraphBuilder &graph, const BertConfig &config, const std::string &prefix,
                       Value hidden, Value mask) {
  std::string self = prefix + ".attention.self";
  Value query = linear(graph, self + ".query", hidden);
  Value key = linear(graph, self + ".key", hidden);
  Value value = linear(graph, self + ".value", hidden);
  graph.at(self);
  double scale = 1.0 / std::sqrt(static_cast<double>(config.hidden / config.heads));
  Value mixed = graph.joinHeads(
      graph.attention(graph.splitHeads(query, config.heads), graph.splitHeads(key, config.heads),
                      graph.splitHeads(value, config.heads), mask, scale));
  Value attended = linear(graph, prefix + ".attention.output.dense", mixed);
  graph.at(prefix + ".attention.output");
  attended = graph.add(attended, hidden);
  attended = layerNorm(graph, prefix + ".attention.output.LayerNorm", attended, config.epsilon);
  Value wide = linear(graph, prefix + ".intermediate.dense", attended);
  graph.at(prefix + ".intermediate");
  wide = graph.activation(config.activation, wide);
  Value narrow = linear(graph, prefix + ".output.dense", wide);
  graph.at(prefix + ".output");
  narrow = graph.add(narrow, attended);
  return layerNorm(graph, prefix + ".output.LayerNorm", narrow, config.epsilon);
}

Value fovea::emitBert(GraphBuilder &graph, const BertConfig &config, const EncoderInputs &inputs) {
  Value hidden = emitEmbeddings(graph, config, inputs);
  for (int64_t layer = 0; layer < config.layers; ++layer)
    hidden =
        emitLayer(graph, config, "encoder.layer." + std::to_string(layer), hidden, inputs.mask);
  return hidden;
}

Value fovea::emitBertPooler(GraphBuilder &graph, Value hidden) {
  graph.at("pooler");
  Value pooled = linear(graph, "pooler.dense", graph.firstStep(hidden));
  graph.at("pooler");
  return graph.activation(HfActivation::Tanh, pooled);
}
