//===- PackWeight.cpp - the bytes of weights that the code reads ----------===//
//
// Panels are filled in source order so that each source line is read once. A packed weight may be
// one that was rounded before.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/PackWeight.h"

#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"
#include "compiler/Driver/RoundWeight.h"

#include <cstring>

using namespace mlir;
using namespace fovea;

/// Packs `source` of shape `shape` by `panels` of `rows` rows:
/// [batch][panel][word][beside][lane][element].
template <typename Element>
static void pack(const Element *source, ArrayRef<int64_t> shape, PanelsAttr panels, int64_t rows,
                 Element *out) {
  int64_t rank = shape.size(), n = 1, k = 1, parts = 1, batch = 1;
  // Where one step of each source dimension moves in n, in k, in what lies beside, and in batch.
  SmallVector<int64_t> nStep(rank), kStep(rank), partStep(rank), batchStep(rank);
  for (int64_t dim : llvm::reverse(panels.getN()))
    nStep[dim] = n, n *= shape[dim];
  for (int64_t dim : llvm::reverse(panels.getK()))
    kStep[dim] = k, k *= shape[dim];
  for (int64_t dim : llvm::reverse(panels.getBeside()))
    partStep[dim] = parts, parts *= shape[dim];
  for (int64_t dim = rank - 1; dim >= 0; --dim)
    if (!nStep[dim] && !kStep[dim] && !partStep[dim])
      batchStep[dim] = batch, batch *= shape[dim];
  int64_t width = panels.getWidth(), panelCount = llvm::divideCeil(n, width);
  int64_t group = panels.getGroup();
  SmallVector<int64_t> index(rank);
  int64_t total = n * k * parts * batch;
  for (int64_t linear = 0; linear < total; ++linear) {
    int64_t inN = 0, inK = 0, part = 0, inBatch = 0;
    for (int64_t dim = 0; dim < rank; ++dim) {
      inN += index[dim] * nStep[dim];
      inK += index[dim] * kStep[dim];
      part += index[dim] * partStep[dim];
      inBatch += index[dim] * batchStep[dim];
    }
    int64_t row = (inBatch * panelCount + inN / width) * rows + inK / group;
    out[((row * parts + part) * width + inN % width) * group + inK % group] = source[linear];
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
    sumColumns(result, rows, type.getShape().end()[-2]);
  return result;
}

/// The bytes of a weight that is neither packed nor rounded; `joined` holds those of one that
/// others make up.
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

namespace {

/// The bytes of a weight of a module, borrowed from the store or made here.
class WeightBytes {
public:
  WeightBytes(const WeightStore &store, std::vector<RoundedWeight> &rounded, Problems &problems)
      : store(store), rounded(rounded), problems(problems) {}

  /// False with a problem when they cannot be had.
  bool get(WeightOp weight, Artifact::Weight &entry) {
    if (weight.getRounded())
      return round(weight, entry);
    if (weight.getOf())
      return pack(weight, entry);
    std::vector<uint8_t> joined;
    if (std::optional<ArrayRef<uint8_t>> bytes = bytesOf(weight, store, joined)) {
      entry.borrowed = weight.getJoins() ? ArrayRef<uint8_t>() : *bytes;
      entry.owned = std::move(joined);
      return true;
    }
    problems.push_back({"FV0010", "", weight.getSymName().str(), "", 0,
                        "the weight's bytes cannot be found in '" + weight.getSource().str() + "'",
                        "", "compile the module from the folder that holds its weights"});
    return false;
  }

private:
  bool pack(WeightOp weight, Artifact::Weight &entry) {
    auto source = SymbolTable::lookupNearestSymbolFrom<WeightOp>(weight, weight.getOfAttr());
    Artifact::Weight from;
    if (!get(source, from))
      return false;
    unsigned bits = cast<ShapedType>(source.getType()).getElementTypeBitWidth();
    auto run = bits == 32 ? packed<uint32_t> : bits == 16 ? packed<uint16_t> : packed<uint8_t>;
    entry.owned = run(from.data(), source, weight);
    return true;
  }

  bool round(WeightOp weight, Artifact::Weight &entry) {
    auto source = SymbolTable::lookupNearestSymbolFrom<WeightOp>(weight, weight.getRoundedAttr());
    Artifact::Weight from;
    if (!get(source, from))
      return false;
    RoundedValues rounding =
        roundWeight(from.data(), cast<RankedTensorType>(source.getType()), *weight.getAlong());
    if (!rounding.isFinite) {
      problems.push_back({"FV0338", "", source.getSymName().str(), "", 0,
                          "the weight holds NaN or infinities, which no scale can stand for", "",
                          "compile with recurrent-weights=stored"});
      return false;
    }
    if (!cast<ShapedType>(weight.getType()).getElementType().isInteger(8)) {
      entry.owned = rounding.scaleBytes();
      return true;
    }
    entry.owned = std::move(rounding.integers);
    std::string name = source.getSymName().str();
    if (llvm::none_of(rounded, [&](const RoundedWeight &one) { return one.name == name; }))
      rounded.push_back(
          {name, int64_t(rounding.scales.size()), rounding.largestError, rounding.rmsError});
    return true;
  }

  const WeightStore &store;
  std::vector<RoundedWeight> &rounded;
  Problems &problems;
};

} // namespace

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
                          std::vector<Artifact::Weight> &weights,
                          std::vector<RoundedWeight> &rounded, Problems &problems) {
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
    Artifact::Weight entry;
    if (!WeightBytes(store, rounded, problems).get(weight, entry))
      return false;
    uint64_t end = offset + weight.getByteSize();
    if (place + 1 < placed.size())
      entry.padding = placed[place + 1].first - end;
    weights.push_back(std::move(entry));
  }
  return true;
}
