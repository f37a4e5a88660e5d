//===- TextTable.h - columns of text --------------------------------------===//
//
// Aligns cells for a terminal.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_TEXTTABLE_H
#define FOVEA_COMPILER_COMMANDLINE_TEXTTABLE_H

#include <string>
#include <vector>

namespace fovea::cli {

/// Rows of cells; each column is as wide as its widest cell.
class TextTable {
public:
  explicit TextTable(std::vector<std::string> head) : rows{std::move(head)} {}
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }
  /// Prints to stdout.
  void print() const;

private:
  std::vector<std::vector<std::string>> rows;
};

/// A number with a few significant digits: "0.0123", "1.2e-07".
std::string shortNumber(double value);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_TEXTTABLE_H
