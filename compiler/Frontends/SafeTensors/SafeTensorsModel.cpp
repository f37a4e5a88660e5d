//===- SafeTensorsModel.cpp - the weights of a model folder ---------------===//
//
// Opens the file, or the index and its shards, and joins their tensors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/SafeTensorsModel.h"
#include "compiler/Frontends/SafeTensors/BoundedJson.h"
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"

using namespace fovea;

static constexpr llvm::StringLiteral kSingle = "model.safetensors";
static constexpr llvm::StringLiteral kIndex = "model.safetensors.index.json";
static constexpr size_t kMaxShards = 4096;

static void report(Problems &problems, llvm::StringRef code, const llvm::Twine &file,
                   const llvm::Twine &what, llvm::StringRef why = "", llvm::StringRef remedy = "") {
  Problem problem;
  problem.code = code.str();
  problem.file = file.str();
  problem.what = what.str();
  problem.why = why.str();
  problem.remedy = remedy.str();
  problems.push_back(std::move(problem));
}

static std::string join(llvm::StringRef part, llvm::StringRef name) {
  return part.empty() ? name.str() : (part + "/" + name).str();
}

bool SafeTensorsModel::addFile(llvm::StringRef folder, const std::string &path,
                               Problems &problems) {
  std::string why;
  auto buffer = openBeneath(folder, path, Links::HubCache, why);
  if (!buffer) {
    report(problems, "FV0040", folder, "a weight file cannot be opened", why);
    return false;
  }
  std::optional<TensorTable> table = parseSafeTensors(buffer->getBuffer(), why);
  if (!table) {
    report(problems, "FV0041", folder + "/" + path, "not a sound safetensors file", why,
           "download or export the model again");
    return false;
  }
  for (auto &item : *table) {
    auto [at, inserted] =
        tensors.try_emplace(item.first().str(), LocatedTensor{path, std::move(item.second)});
    if (!inserted) {
      report(problems, "FV0041", folder + "/" + path,
             "tensor '" + item.first() + "' stands in two files",
             "the other is " + at->second.file);
      return false;
    }
  }
  files[path] = std::move(buffer);
  return true;
}

bool SafeTensorsModel::addShards(llvm::StringRef folder, llvm::StringRef part, llvm::StringRef text,
                                 Problems &problems) {
  std::string file = (folder + "/" + join(part, kIndex)).str(), why;
  std::optional<llvm::json::Value> root = parseBoundedJson(text, JsonLimits(), why);
  const llvm::json::Object *object = root ? root->getAsObject() : nullptr;
  const llvm::json::Object *map = object ? object->getObject("weight_map") : nullptr;
  if (!map) {
    report(problems, "FV0042", file, "not a sound index of safetensors files",
           why.empty() ? "expected an object with the object weight_map" : why);
    return false;
  }
  std::map<std::string, std::vector<llvm::StringRef>> shards;
  for (const auto &[name, value] : *map) {
    std::optional<llvm::StringRef> shard = value.getAsString();
    if (!shard || shard->contains('/') || !isPlainPath(*shard) ||
        !shard->ends_with(".safetensors")) {
      report(problems, "FV0042", file,
             "tensor '" + llvm::StringRef(name) + "' has no plain file name in the index",
             "expected the name of a .safetensors file in the same folder");
      return false;
    }
    shards[shard->str()].push_back(name);
  }
  if (shards.empty() || shards.size() > kMaxShards) {
    report(problems, "FV0042", file,
           "index of " + llvm::Twine(shards.size()) + " files, expected 1 to 4096");
    return false;
  }
  bool good = true;
  for (const auto &[shard, names] : shards) {
    std::string path = join(part, shard);
    if (!addFile(folder, path, problems)) {
      good = false;
      continue;
    }
    for (llvm::StringRef name : names) {
      const LocatedTensor *tensor = find(name);
      if (tensor && tensor->file == path)
        continue;
      report(problems, "FV0042", file,
             "tensor '" + name + "' is not in " + shard + ", as the index says");
      good = false;
    }
  }
  return good;
}

std::optional<SafeTensorsModel> SafeTensorsModel::open(llvm::StringRef folder, llvm::StringRef part,
                                                       Problems &problems) {
  SafeTensorsModel model;
  std::string why, indexWhy, single = join(part, kSingle);
  bool missing = false, indexMissing = false, good = false;
  if (openBeneath(folder, single, Links::HubCache, why, &missing) || !missing) {
    good = model.addFile(folder, single, problems);
  } else if (auto index = openBeneath(folder, join(part, kIndex), Links::HubCache, indexWhy,
                                      &indexMissing)) {
    good = model.addShards(folder, part, index->getBuffer(), problems);
  } else if (!indexMissing) {
    report(problems, "FV0040", folder, "the index of weight files cannot be opened", indexWhy);
  } else {
    bool noPickle = true;
    auto pickle =
        openBeneath(folder, join(part, "pytorch_model.bin"), Links::HubCache, why, &noPickle);
    report(problems, "FV0043", folder, "there is no " + single + " and no index of shards",
           noPickle ? "" : "pytorch_model.bin is a Python pickle, which runs code when it is read",
           noPickle ? "" : "in Python: model.save_pretrained(folder, safe_serialization=True)");
  }
  if (!good)
    return std::nullopt;
  return model;
}

const LocatedTensor *SafeTensorsModel::find(llvm::StringRef name) const {
  auto found = tensors.find(name.str());
  return found == tensors.end() ? nullptr : &found->second;
}

std::vector<std::string> SafeTensorsModel::names() const {
  std::vector<std::string> all;
  for (const auto &item : tensors)
    all.push_back(item.first);
  return all;
}

llvm::ArrayRef<uint8_t> SafeTensorsModel::bytes(const LocatedTensor &tensor) const {
  const llvm::MemoryBuffer &file = *files.at(tensor.file);
  return llvm::ArrayRef(reinterpret_cast<const uint8_t *>(file.getBufferStart()),
                        file.getBufferSize())
      .slice(tensor.entry.offset, tensor.entry.size);
}

void SafeTensorsModel::moveFilesTo(WeightStore &weights) {
  for (auto &[name, file] : files)
    weights.add(name, std::move(file));
  files.clear();
}
