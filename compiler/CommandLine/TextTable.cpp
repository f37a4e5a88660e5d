//===- TextTable.cpp - columns of text ------------------------------------===//
//
// Left-aligned columns, two blanks apart.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/TextTable.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea::cli;

void TextTable::print() const {
  std::vector<size_t> widths;
  for (const auto &row : rows)
    for (auto [column, cell] : llvm::enumerate(row)) {
      widths.resize(std::max(widths.size(), column + 1));
      widths[column] = std::max(widths[column], cell.size());
    }
  for (const auto &row : rows) {
    std::string line;
    for (auto [column, cell] : llvm::enumerate(row))
      line += cell + std::string(widths[column] - cell.size() + 2, ' ');
    llvm::outs() << llvm::StringRef(line).rtrim() << "\n";
  }
}

std::string fovea::cli::shortNumber(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g", value);
  return text;
}
