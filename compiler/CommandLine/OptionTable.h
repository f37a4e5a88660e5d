//===- OptionTable.h - the table of verbs and options ---------------------===//
//
// What Options.td lists, for parsing and for every text that is made of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_OPTIONTABLE_H
#define FOVEA_COMPILER_COMMANDLINE_OPTIONTABLE_H

#include "llvm/Option/OptTable.h"

#include <string>
#include <vector>

namespace fovea::cli {

enum OptionId {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "compiler/CommandLine/Options.inc"
#undef OPTION
};

/// One option of a verb.
struct VerbOption {
  /// With its dashes; ends with = when a value follows.
  std::string spelling;
  /// What stands for the value; empty when there is none.
  std::string meta;
  /// Whether the value is a word of its own.
  bool separate;
  std::string help;
  /// The values that there are, when the table names them.
  std::vector<std::string> values;
};

class OptionTable : public llvm::opt::GenericOptTable {
public:
  OptionTable();

  std::vector<std::string> verbs() const;
  /// Options that are for `verb`; only those with a help text when `listed`.
  std::vector<VerbOption> optionsOf(llvm::StringRef verb, bool listed) const;
};

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_OPTIONTABLE_H
