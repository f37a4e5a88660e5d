//===- Capabilities.cpp - what the CPU compiled for can do ----------------===//
//
// Reads the host's features, and holds the table of register shapes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/Capabilities.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Host.h"

using namespace fovea::cpu;

int64_t Capabilities::rowsFor(int64_t vectors) const {
  // 32 registers: 6x4, 8x3, 12x2; 16 registers: 6x2, 12x1.
  static constexpr int64_t kWide[] = {14, 12, 8, 6}, kNarrow[] = {12, 6};
  return registers >= 32 ? kWide[vectors - 1] : kNarrow[vectors - 1];
}

RegisterTile Capabilities::tileFor(std::optional<int64_t> columns) const {
  int64_t best = maxVectors();
  if (columns) {
    double least = 1e300;
    for (int64_t vectors = maxVectors(); vectors >= 1; --vectors) {
      // Loads and broadcasts per multiply-add fall with the tile's area.
      double rows = rowsFor(vectors);
      double cost = llvm::divideCeil(*columns, vectors * lanes) * double(vectors) *
                    (1.0 + 0.5 / rows + 0.25 / double(vectors));
      if (cost < least * 0.999) {
        least = cost;
        best = vectors;
      }
    }
  }
  return {rowsFor(best), best};
}

static std::optional<Capabilities> hostCapabilities() {
  Capabilities host;
  host.cpu = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  for (auto &feature : features)
    host.features.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(host.features);
  auto has = [&](llvm::StringRef name) { return features.lookup(name); };
  if (has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl"))
    return host;
  if (!has("avx2") || !has("fma") || !has("f16c"))
    return std::nullopt;
  host.lanes = 8;
  host.registers = 16;
  return host;
}

std::optional<Capabilities> fovea::cpu::capabilitiesOf(llvm::StringRef name) {
  if (name == "host")
    return hostCapabilities();
  Capabilities named;
  named.cpu = name.str();
  if (name == "x86-64-v4")
    return named;
  if (name != "x86-64-v3")
    return std::nullopt;
  named.lanes = 8;
  named.registers = 16;
  return named;
}
