//===- Capabilities.h - what the CPU compiled for can do ------------------===//
//
// Capabilities by which schedules choose; never a chip's name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_CAPABILITIES_H
#define FOVEA_COMPILER_TARGETS_CPU_CAPABILITIES_H

#include "compiler/Targets/Loops/RegisterTile.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace fovea::cpu {

using loops::RegisterTile;

/// A CPU as the code generator sees it.
struct Capabilities {
  /// LLVM's names of the architecture and of the level compiled for, and of the processor whose
  /// timing guides it.
  std::string arch = "x86_64", cpu, tune;
  /// Features that a machine must have to run the code, by LLVM's names.
  std::vector<std::string> features;
  /// Rows of the table of products (ProductRows.h) beside the multiply-adds of the level.
  std::vector<std::string> rows;
  /// f32 lanes of a vector register, and how many registers there are.
  int64_t lanes = 16;
  int64_t registers = 32;
  /// Whether multiply-adds take one lane of a register as operand.
  bool laneOperands = false;
  /// Whether loads and stores take a mask.
  bool maskedAccesses = true;

  /// Widest panel in vectors, and the rows that go with each width from 1 on.
  int64_t maxVectors() const;
  int64_t rowsFor(int64_t vectors) const;

  /// Tile for `columns` columns and `rowCount` rows (nothing when only the run knows): least padded
  /// work, and of few rows least reading of the columns.
  RegisterTile tileFor(std::optional<int64_t> columns, std::optional<int64_t> rowCount) const;
};

/// Capabilities of "x86-64-v3", "x86-64-v4", "armv8-a", or of "host": the highest of these that the
/// host has, with all proven rows of products. A level may be followed by rows,
/// "x86-64-v4+amx-bf16". Nothing for another name or for a host without any of them.
std::optional<Capabilities> capabilitiesOf(llvm::StringRef name);

struct ProductRow;

/// The level behind which a target names a row: the one of its lanes.
llvm::StringRef levelOf(const ProductRow &row);

/// Features by which levels and rows of products differ, each once, by LLVM's names.
std::vector<std::string> featuresOfTargets();

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_CAPABILITIES_H
