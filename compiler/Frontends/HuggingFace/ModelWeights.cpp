//===- ModelWeights.cpp - the tensors a graph needs -----------------------===//
//
// Presence, shapes and dtypes first; declarations after.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/ModelWeights.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"

using namespace fovea;
using namespace mlir;

static std::string text(ArrayRef<int64_t> shape) {
  std::string joined = "[";
  for (int64_t size : shape)
    joined += (joined.size() > 1 ? ", " : "") + std::to_string(size);
  return joined + "]";
}

static void report(Problems &problems, StringRef code, StringRef folder, StringRef tensor,
                   const Twine &what) {
  Problem problem;
  problem.code = code.str();
  problem.file = folder.str();
  problem.what = ("tensor '" + tensor + "' " + what).str();
  problems.push_back(std::move(problem));
}

/// Checkpoints from before 2019 call a layer norm's weight and bias gamma and beta.
static std::string oldName(StringRef name) {
  if (name.ends_with("LayerNorm.weight"))
    return (name.drop_back(6) + "gamma").str();
  if (name.ends_with("LayerNorm.bias"))
    return (name.drop_back(4) + "beta").str();
  return name.str();
}

const LocatedTensor *ModelWeights::find(StringRef name) const {
  if (const LocatedTensor *tensor = model.find(prefix + name.str()))
    return tensor;
  return model.find(prefix + oldName(name));
}

bool ModelWeights::check(StringRef folder, ArrayRef<NeededTensor> needed,
                         Problems &problems) const {
  size_t before = problems.size();
  for (const NeededTensor &need : needed) {
    const LocatedTensor *tensor = find(need.name);
    if (!tensor) {
      report(problems, "FV0051", folder, prefix + need.name, "is missing");
      continue;
    }
    const TensorEntry &entry = tensor->entry;
    if (ArrayRef(entry.shape) != ArrayRef(need.shape))
      report(problems, "FV0250", folder, need.name,
             "has shape " + text(entry.shape) + ", the configuration asks for " + text(need.shape));
    bool known = entry.dtype == TensorDtype::F32 || entry.dtype == TensorDtype::F16 ||
                 entry.dtype == TensorDtype::BF16;
    if (!known)
      report(problems, "FV0251", folder, need.name,
             "has dtype " + nameOf(entry.dtype) + "; supported: F32, F16, BF16");
  }
  return problems.size() == before;
}

bool ModelWeights::checkNothingElse(StringRef folder, ArrayRef<NeededTensor> needed,
                                    ArrayRef<StringRef> parts, Problems &problems) const {
  llvm::StringSet<> used;
  for (const NeededTensor &need : needed) {
    used.insert(prefix + need.name);
    used.insert(prefix + oldName(need.name));
  }
  size_t before = problems.size();
  for (const std::string &name : model.names()) {
    StringRef inside(name);
    // A table of 0, 1, 2, ... that old exports keep.
    if (!inside.consume_front(prefix) || inside == "embeddings.position_ids" || used.contains(name))
      continue;
    if (llvm::any_of(parts, [&](StringRef part) { return inside.starts_with(part); }))
      report(problems, "FV0052", folder, name, "is not used by a model of this configuration");
  }
  return problems.size() == before;
}

/// Widens f16 or bf16 elements, which is exact.
static std::vector<uint8_t> widen(ArrayRef<uint8_t> bytes, TensorDtype dtype) {
  const llvm::fltSemantics &from =
      dtype == TensorDtype::F16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
  std::vector<uint8_t> wide(bytes.size() * 2);
  for (size_t i = 0; i < bytes.size() / 2; ++i) {
    uint16_t raw = llvm::support::endian::read16le(bytes.data() + 2 * i);
    uint32_t bits = uint32_t(raw) << 16;
    if (dtype == TensorDtype::F16) {
      llvm::APFloat value(from, llvm::APInt(16, raw));
      bool lossy = false;
      value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &lossy);
      bits = static_cast<uint32_t>(value.bitcastToAPInt().getZExtValue());
    }
    llvm::support::endian::write32le(wide.data() + 4 * i, bits);
  }
  return wide;
}

uint64_t ModelWeights::declare(OpBuilder &builder, ArrayRef<NeededTensor> needed,
                               WeightStore &store) {
  uint64_t total = 0;
  for (const NeededTensor &need : needed) {
    const LocatedTensor &tensor = *find(need.name);
    auto type = RankedTensorType::get(need.shape, builder.getF32Type());
    std::string symbol = symbolOf(need.name), source = tensor.file;
    int64_t offset = static_cast<int64_t>(tensor.entry.offset);
    if (tensor.entry.dtype != TensorDtype::F32) {
      source += ":" + symbol;
      offset = 0;
      store.add(source, widen(model.bytes(tensor), tensor.entry.dtype));
    }
    WeightOp::create(builder, NameLoc::get(builder.getStringAttr(symbol)), symbol, source, offset,
                     type, FlatSymbolRefAttr(), PanelsAttr(), ArrayAttr(), FlatSymbolRefAttr(),
                     DenseI64ArrayAttr());
    total += static_cast<uint64_t>(type.getNumElements()) * 4;
  }
  model.moveFilesTo(store);
  return total;
}
