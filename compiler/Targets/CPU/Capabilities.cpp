//===- Capabilities.cpp - what the CPU compiled for can do ----------------===//
//
// Reads the host's features, and holds the table of register shapes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/Capabilities.h"

#include "compiler/Targets/CPU/ProductRows.h"
#include "runtime/CPU/Features.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Host.h"

using namespace fovea::cpu;

/// Rows of the register tile, for one vector of columns and on.
static llvm::ArrayRef<int64_t> tileRows(const Capabilities &cpu) {
  static constexpr int64_t kWide[] = {14, 12, 8, 6}, kNarrow[] = {8, 6}, kNeon[] = {16, 12, 8, 6};
  if (cpu.lanes == 4)
    return kNeon;
  return cpu.registers >= 32 ? llvm::ArrayRef<int64_t>(kWide) : kNarrow;
}

int64_t Capabilities::maxVectors() const { return tileRows(*this).size(); }

int64_t Capabilities::rowsFor(int64_t vectors) const { return tileRows(*this)[vectors - 1]; }

/// Rows up to which a product's tile follows from their number.
static constexpr int64_t kFewRows = 32;

/// What reading a panel once for every strip of rows adds to a product of few rows, in rows; a
/// strip takes the time of four rows at least, which is that of the panel's way to the registers.
static double costOfStrips(std::optional<int64_t> rows, int64_t most) {
  if (!rows || *rows > kFewRows)
    return 1;
  int64_t strips = llvm::divideCeil(std::max<int64_t>(*rows, 1), most);
  int64_t inStrip = llvm::divideCeil(std::max<int64_t>(*rows, 1), strips);
  return double(strips * (std::max<int64_t>(inStrip, 4) + 1)) / double(std::max<int64_t>(*rows, 1));
}

RegisterTile Capabilities::tileFor(std::optional<int64_t> columns,
                                   std::optional<int64_t> rowCount) const {
  int64_t best = maxVectors();
  if (columns) {
    double least = 1e300;
    for (int64_t vectors = maxVectors(); vectors >= 1; --vectors) {
      // Loads and broadcasts per multiply-add fall with the tile's area.
      double rows = rowsFor(vectors);
      double cost = llvm::divideCeil(*columns, vectors * lanes) * double(vectors) *
                    (1.0 + 0.5 / rows + 0.25 / double(vectors)) *
                    costOfStrips(rowCount, rowsFor(vectors));
      if (cost < least * 0.999) {
        least = cost;
        best = vectors;
      }
    }
  }
  return {rowsFor(best), best};
}

static Capabilities level3() {
  Capabilities level;
  level.cpu = "x86-64-v3";
  level.tune = "generic";
  level.features = {"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"};
  level.lanes = 8;
  level.registers = 16;
  return level;
}

static Capabilities level4() {
  Capabilities level = level3();
  level.cpu = "x86-64-v4";
  for (const char *feature : {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"})
    level.features.push_back(feature);
  level.lanes = 16;
  level.registers = 32;
  return level;
}

static Capabilities armv8() {
  Capabilities level;
  level.arch = "aarch64";
  level.cpu = level.tune = "generic";
  level.features = {"fp-armv8", "neon"};
  level.lanes = 4;
  level.registers = 32;
  level.laneOperands = true;
  level.maskedAccesses = false;
  return level;
}

namespace {
struct Level {
  llvm::StringLiteral name;
  Capabilities (*make)();
};
} // namespace

/// Highest first among those of one architecture.
static constexpr Level kLevels[] = {
    {"x86-64-v4", level4}, {"x86-64-v3", level3}, {"armv8-a", armv8}};

/// A level and the rows named behind it; nothing for a row that there is not or that has other
/// lanes.
static std::optional<Capabilities> withRows(Capabilities level, llvm::StringRef names) {
  while (!names.empty()) {
    auto [name, rest] = names.split('+');
    const ProductRow *row = findProductRow(name);
    if (!row || row->unit == RowUnit::Fma || row->lanes != level.lanes)
      return std::nullopt;
    level.rows.push_back(name.str());
    names = rest;
  }
  return level;
}

/// The proven rows that this process may use: tiles need the consent of the operating system.
static std::vector<std::string> rowsOfHost(int64_t lanes) {
  std::vector<std::string> names;
  auto has = [](llvm::StringRef feature) { return hasFeature(feature).value_or(false); };
  for (const ProductRow &row : productRows())
    if (row.proven && row.unit != RowUnit::Fma && row.lanes == lanes &&
        llvm::all_of(row.features, has))
      names.push_back(row.name.str());
  return names;
}

std::optional<Capabilities> fovea::cpu::capabilitiesOf(llvm::StringRef name) {
  auto [first, rows] = name.split('+');
  if (name.ends_with("+"))
    return std::nullopt;
  for (const Level &level : kLevels)
    if (level.name == first)
      return withRows(level.make(), rows);
  if (name != "host")
    return std::nullopt;
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](const std::string &feature) { return features.lookup(feature); };
  for (const Level &level : kLevels) {
    Capabilities cpu = level.make();
    if (!llvm::all_of(cpu.features, has))
      continue;
    cpu.tune = llvm::sys::getHostCPUName().str();
    cpu.rows = rowsOfHost(cpu.lanes);
    return cpu;
  }
  return std::nullopt;
}

llvm::StringRef fovea::cpu::levelOf(const ProductRow &row) {
  for (const Level &level : kLevels)
    if (level.make().lanes == row.lanes)
      return level.name;
  return {};
}

std::vector<std::string> fovea::cpu::featuresOfTargets() {
  std::vector<std::string> names;
  auto add = [&](llvm::StringRef name) {
    if (!llvm::is_contained(names, name))
      names.push_back(name.str());
  };
  for (const Level &level : kLevels)
    llvm::for_each(level.make().features, add);
  for (const ProductRow &row : productRows())
    llvm::for_each(row.features, add);
  return names;
}
