//===- PackWeight.cpp - the bytes of weights that the code reads ----------===//
//
// Panels are filled in source order so that each source line is read once.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/PackWeight.h"

#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"

#include <cstring>

using namespace mlir;
using namespace fovea;

/// Packs `source` of shape `shape` by `panels` (see FoveaBase: [batch][panel][k][lane]).
template <typename Element>
static void pack(const Element *source, ArrayRef<int64_t> shape, PanelsAttr panels, Element *out) {
  int64_t rank = shape.size(), n = 1, k = 1, batch = 1;
  // Where one step of each source dimension moves in n, in k and in batch.
  SmallVector<int64_t> nStep(rank), kStep(rank), batchStep(rank);
  for (int64_t dim : llvm::reverse(panels.getN()))
    nStep[dim] = n, n *= shape[dim];
  for (int64_t dim : llvm::reverse(panels.getK()))
    kStep[dim] = k, k *= shape[dim];
  for (int64_t dim = rank - 1; dim >= 0; --dim)
    if (!llvm::is_contained(panels.getN(), dim) && !llvm::is_contained(panels.getK(), dim))
      batchStep[dim] = batch, batch *= shape[dim];
  int64_t width = panels.getWidth(), panelCount = llvm::divideCeil(n, width);
  SmallVector<int64_t> index(rank);
  int64_t total = n * k * batch;
  for (int64_t linear = 0; linear < total; ++linear) {
    int64_t inN = 0, inK = 0, inBatch = 0;
    for (int64_t dim = 0; dim < rank; ++dim) {
      inN += index[dim] * nStep[dim];
      inK += index[dim] * kStep[dim];
      inBatch += index[dim] * batchStep[dim];
    }
    out[((inBatch * panelCount + inN / width) * k + inK) * width + inN % width] = source[linear];
    for (int64_t dim = rank - 1; dim >= 0 && ++index[dim] == shape[dim]; --dim)
      index[dim] = 0;
  }
}

/// The bytes of a weight of unsigned words `Element` packed into `size` bytes.
template <typename Element>
static std::vector<uint8_t> packed(ArrayRef<uint8_t> bytes, WeightOp source, PanelsAttr panels,
                                   size_t size) {
  std::vector<Element> from(bytes.size() / sizeof(Element)), to(size / sizeof(Element));
  std::memcpy(from.data(), bytes.data(), bytes.size());
  pack(from.data(), cast<RankedTensorType>(source.getType()).getShape(), panels, to.data());
  std::vector<uint8_t> result(size);
  std::memcpy(result.data(), to.data(), size);
  return result;
}

/// True when sorted weights follow each other from 0 on, with less than an alignment between them.
static bool lieApart(ArrayRef<std::pair<int64_t, WeightOp>> placed) {
  int64_t end = 0;
  for (auto [offset, weight] : placed) {
    if (offset < end || offset - end >= kWeightAlignment || offset % kWeightAlignment != 0)
      return false;
    end = offset + static_cast<int64_t>(weight.getByteSize());
  }
  return true;
}

bool fovea::layOutWeights(ModuleOp module, const WeightStore &store,
                          std::vector<Artifact::Weight> &weights, Problems &problems) {
  std::vector<std::pair<int64_t, WeightOp>> placed;
  for (auto weight : module.getOps<WeightOp>())
    if (auto offset = weight->getAttrOfType<IntegerAttr>(kWeightOffsetAttr))
      placed.emplace_back(offset.getInt(), weight);
  llvm::sort(placed, [](auto &l, auto &r) { return l.first < r.first; });
  if (!lieApart(placed)) {
    problems.push_back({"FV0901", "", "", "", 0, "the places of the weights are not sound",
                        "they overlap, or are not where the code looks for them",
                        "report this as a bug of Fovea with the model"});
    return false;
  }
  for (auto [place, item] : llvm::enumerate(placed)) {
    auto [offset, weight] = item;
    WeightOp source = weight;
    if (weight.getOf())
      source = SymbolTable::lookupNearestSymbolFrom<WeightOp>(weight, weight.getOfAttr());
    std::optional<ArrayRef<uint8_t>> bytes =
        store.lookup(source.getSource(), source.getOffset(), source.getByteSize());
    if (!bytes) {
      problems.push_back(
          {"FV0010", "", source.getSymName().str(), "", 0,
           "the weight's bytes cannot be found in '" + source.getSource().str() + "'", "",
           "compile the module from the folder that holds its weights"});
      return false;
    }
    Artifact::Weight entry;
    if (weight.getOf()) {
      bool wide = cast<ShapedType>(source.getType()).getElementTypeBitWidth() == 32;
      auto run = wide ? packed<uint32_t> : packed<uint16_t>;
      entry.owned = run(*bytes, source, *weight.getPanels(), weight.getByteSize());
    } else {
      entry.borrowed = *bytes;
    }
    uint64_t end = offset + weight.getByteSize();
    if (place + 1 < placed.size())
      entry.padding = placed[place + 1].first - end;
    weights.push_back(std::move(entry));
  }
  return true;
}
