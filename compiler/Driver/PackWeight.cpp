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

/// Packs `source` of shape `shape` by `panels` of `rows` rows: [batch][panel][word][lane][element].
template <typename Element>
static void pack(const Element *source, ArrayRef<int64_t> shape, PanelsAttr panels, int64_t rows,
                 Element *out) {
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
  int64_t group = panels.getGroup();
  SmallVector<int64_t> index(rank);
  int64_t total = n * k * batch;
  for (int64_t linear = 0; linear < total; ++linear) {
    int64_t inN = 0, inK = 0, inBatch = 0;
    for (int64_t dim = 0; dim < rank; ++dim) {
      inN += index[dim] * nStep[dim];
      inK += index[dim] * kStep[dim];
      inBatch += index[dim] * batchStep[dim];
    }
    int64_t row = (inBatch * panelCount + inN / width) * rows + inK / group;
    out[(row * width + inN % width) * group + inK % group] = source[linear];
    for (int64_t dim = rank - 1; dim >= 0 && ++index[dim] == shape[dim]; --dim)
      index[dim] = 0;
  }
}

/// Fills the last row of panels of 8-bit integers: 128 times the sum of each column, as i32.
static void sumColumns(MutableArrayRef<uint8_t> panels, int64_t rows, int64_t width) {
  int64_t row = 4 * width;
  for (size_t start = 0; start < panels.size(); start += rows * row)
    for (int64_t column = 0; column < width; ++column) {
      uint32_t sum = 0; // Modulo 2^32, as the code's.
      for (int64_t word = 0; word + 1 < rows; ++word)
        for (int64_t byte = 0; byte < 4; ++byte)
          sum += static_cast<uint32_t>(
              static_cast<int8_t>(panels[start + word * row + 4 * column + byte]));
      sum *= 128;
      std::memcpy(&panels[start + (rows - 1) * row + 4 * column], &sum, sizeof(sum));
    }
}

/// The bytes of a weight of unsigned words `Element` packed as `weight`.
template <typename Element>
static std::vector<uint8_t> packed(ArrayRef<uint8_t> bytes, WeightOp source, WeightOp weight) {
  PanelsAttr panels = *weight.getPanels();
  size_t size = weight.getByteSize();
  auto type = cast<RankedTensorType>(weight.getType());
  int64_t rows = type.getDimSize(type.getRank() - (panels.getGroup() > 1 ? 3 : 2));
  std::vector<Element> from(bytes.size() / sizeof(Element)), to(size / sizeof(Element));
  std::memcpy(from.data(), bytes.data(), bytes.size());
  pack(from.data(), cast<RankedTensorType>(source.getType()).getShape(), panels, rows, to.data());
  std::vector<uint8_t> result(size);
  std::memcpy(result.data(), to.data(), size);
  if (sizeof(Element) == 1)
    sumColumns(result, rows, panels.getWidth());
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

/// The bytes of a weight that is not packed; `joined` holds those of one that others make up.
static std::optional<ArrayRef<uint8_t>> bytesOf(WeightOp weight, const WeightStore &store,
                                                std::vector<uint8_t> &joined) {
  if (!weight.getJoins())
    return store.lookup(weight.getSource(), weight.getOffset(), weight.getByteSize());
  for (auto name : weight.getJoins()->getAsRange<FlatSymbolRefAttr>()) {
    auto part = SymbolTable::lookupNearestSymbolFrom<WeightOp>(weight, name);
    auto bytes = store.lookup(part.getSource(), part.getOffset(), part.getByteSize());
    if (!bytes)
      return std::nullopt;
    joined.insert(joined.end(), bytes->begin(), bytes->end());
  }
  return ArrayRef<uint8_t>(joined);
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
    std::vector<uint8_t> joined;
    std::optional<ArrayRef<uint8_t>> bytes = bytesOf(source, store, joined);
    if (!bytes) {
      problems.push_back(
          {"FV0010", "", source.getSymName().str(), "", 0,
           "the weight's bytes cannot be found in '" + source.getSource().str() + "'", "",
           "compile the module from the folder that holds its weights"});
      return false;
    }
    Artifact::Weight entry;
    if (weight.getOf()) {
      unsigned bits = cast<ShapedType>(source.getType()).getElementTypeBitWidth();
      auto run = bits == 32 ? packed<uint32_t> : bits == 16 ? packed<uint16_t> : packed<uint8_t>;
      entry.owned = run(*bytes, source, weight);
    } else if (source.getJoins()) {
      entry.owned = std::move(joined);
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
