//===- ImportHuggingFace.cpp - a Hugging Face folder as a module ----------===//
//
// Reads and checks configuration and weights, then builds the entry function. Nothing is built
// from a folder that has a problem.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/EncoderGraph.h"
#include "compiler/Frontends/Import.h"

#include "mlir/IR/Verifier.h"

using namespace fovea;
using namespace mlir;

namespace {
/// Everything read from the folder.
struct Folder {
  BertConfig config;
  std::vector<SentenceModule> modules;
  bool pooler = false;
  std::vector<NeededTensor> bodyTensors;
  std::unique_ptr<ModelWeights> body;
  /// Weights of Dense modules, by position among the modules; null for the others.
  std::vector<std::unique_ptr<ModelWeights>> dense;
};
} // namespace

static constexpr StringLiteral kSymbols[] = {"batch", "seq"};
static constexpr StringLiteral kInputs[] = {"input_ids", "attention_mask", "token_type_ids"};

static std::string denseSymbols(const SentenceModule &module) { return module.path + "."; }

static bool checkDims(StringRef folder, const ImportOptions &options, int64_t positions,
                      Problems &problems) {
  size_t before = problems.size();
  for (const auto &item : options.dims) {
    bool known = llvm::is_contained(kSymbols, item.first());
    int64_t most = item.first() == "seq" ? positions : int64_t(1) << 24;
    if (known && item.second >= 1 && item.second <= most)
      continue;
    Problem problem;
    problem.code = "FV0350";
    problem.file = folder.str();
    problem.what = known ? ("dimension '" + item.first() + "' cannot be " + Twine(item.second) +
                            ", expected 1 to " + Twine(most))
                               .str()
                         : ("the model has no dimension '" + item.first() + "'").str();
    problem.remedy = known ? "" : "its dimensions are batch and seq";
    problems.push_back(std::move(problem));
  }
  return problems.size() == before;
}

/// Reads the body's weights and checks them against the configuration.
static bool readBody(StringRef path, Folder &folder, Problems &problems) {
  auto model = SafeTensorsModel::open(path, "", problems);
  if (!model)
    return false;
  bool prefixed = model->find("bert.embeddings.word_embeddings.weight") != nullptr;
  folder.body = std::make_unique<ModelWeights>(std::move(*model), prefixed ? "bert." : "", "");
  // A sentence encoder's pooling stands in for the pooler.
  folder.pooler = folder.modules.empty() && folder.body->has("pooler.dense.weight");
  folder.bodyTensors = bertTensors(folder.config, folder.pooler);
  bool complete = folder.body->check(path, folder.bodyTensors, problems);
  return folder.body->checkNothingElse(path, folder.bodyTensors, {"embeddings.", "encoder."},
                                       problems) &&
         complete;
}

static bool readDense(StringRef path, Folder &folder, Problems &problems) {
  size_t before = problems.size();
  for (const SentenceModule &module : folder.modules) {
    folder.dense.emplace_back();
    if (module.kind != SentenceModule::Kind::Dense)
      continue;
    auto model = SafeTensorsModel::open(path, module.path, problems);
    if (!model)
      continue;
    folder.dense.back() =
        std::make_unique<ModelWeights>(std::move(*model), "", denseSymbols(module));
    folder.dense.back()->check((path + "/" + module.path).str(), denseTensors(module), problems);
  }
  return problems.size() == before;
}

static std::optional<Folder> readFolder(StringRef path, const ImportOptions &options,
                                        Problems &problems) {
  Folder folder;
  auto config = readBertConfig(path, problems);
  if (!config)
    return std::nullopt;
  folder.config = *config;
  auto modules = readSentenceModules(path, config->hidden, problems);
  bool good = modules.has_value();
  if (modules)
    folder.modules = std::move(*modules);
  good &= checkDims(path, options, config->positions, problems);
  good &= readBody(path, folder, problems);
  good &= readDense(path, folder, problems);
  if (!good)
    return std::nullopt;
  return folder;
}

static DictionaryAttr describe(Builder &builder, StringRef name, RankedTensorType type,
                               ArrayRef<StringRef> symbols) {
  SmallVector<NamedAttribute> attributes{
      builder.getNamedAttr(kNameAttr, builder.getStringAttr(name))};
  if (!type.hasStaticShape()) {
    SmallVector<StringRef> dynamic;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      dynamic.push_back(type.isDynamicDim(dim) ? symbols[dim] : "");
    attributes.push_back(builder.getNamedAttr(kShapeAttr, builder.getStrArrayAttr(dynamic)));
  }
  return builder.getDictionaryAttr(attributes);
}

/// Builds the entry at the end of the module; its result types follow from the graph.
static void buildEntry(OpBuilder &builder, const Folder &folder, const ImportOptions &options) {
  auto extent = [&](StringRef symbol) {
    auto found = options.dims.find(symbol);
    return found == options.dims.end() ? ShapedType::kDynamic : found->second;
  };
  auto input = RankedTensorType::get({extent("batch"), extent("seq")}, builder.getI64Type());
  Location loc = NameLoc::get(builder.getStringAttr("main"));
  auto function = func::FuncOp::create(
      builder, loc, "main", builder.getFunctionType(SmallVector<Type>(3, input), TypeRange()));
  function->setAttr(kEntryAttr, builder.getUnitAttr());
  for (auto [index, name] : llvm::enumerate(kInputs))
    function.setArgAttrs(index, describe(builder, name, input, {"batch", "seq"}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  GraphBuilder graph(builder);
  EncoderInputs inputs{function.getArgument(0), function.getArgument(1), function.getArgument(2)};
  Value hidden = emitBert(graph, folder.config, inputs), state = hidden;
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  auto add = [&](StringRef name, Value result, ArrayRef<StringRef> symbols) {
    results.push_back(result);
    attributes.push_back(
        describe(builder, name, cast<RankedTensorType>(result.getType()), symbols));
  };
  for (const SentenceModule &module : folder.modules)
    state = emitSentenceModule(graph, module, state, inputs.mask, denseSymbols(module));
  if (!folder.modules.empty())
    add("sentence_embedding", state, {"batch", ""});
  add("last_hidden_state", hidden, {"batch", "seq", ""});
  if (folder.pooler)
    add("pooler_output", emitBertPooler(graph, hidden), {"batch", ""});
  func::ReturnOp::create(builder, loc, results);
  function.setType(
      builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [index, attribute] : llvm::enumerate(attributes))
    function.setResultAttrs(index, attribute);
}

OwningOpRef<ModuleOp> fovea::importHuggingFace(MLIRContext &context, StringRef path,
                                               const ImportOptions &options, WeightStore &weights,
                                               ImportSummary &summary, Problems &problems) {
  std::optional<Folder> folder = readFolder(path, options, problems);
  if (!folder)
    return nullptr;
  context.loadDialect<FoveaDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                      math::MathDialect, tensor::TensorDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  summary.weightBytes = folder->body->declare(builder, folder->bodyTensors, weights);
  for (auto [module, dense] : llvm::zip_equal(folder->modules, folder->dense))
    if (dense)
      summary.weightBytes += dense->declare(builder, denseTensors(module), weights);
  buildEntry(builder, *folder, options);
  summary.text = "bert, " + std::to_string(folder->config.layers) + " layers";
  if (!folder->modules.empty())
    summary.text += ", sentence embedding";
  if (succeeded(verify(*module)))
    return module;
  Problem problem;
  problem.code = "FV0900";
  problem.file = path.str();
  problem.what = "the imported module is not valid; this is a bug of the compiler";
  problems.push_back(std::move(problem));
  return nullptr;
}
