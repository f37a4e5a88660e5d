//===- OptionTable.cpp - the table of verbs and options -------------------===//
//
// Instantiates what tablegen made of Options.td.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/OptionTable.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Option/Option.h"

using namespace fovea::cli;
using llvm::StringRef;
using namespace llvm::opt;

#define OPTTABLE_STR_TABLE_CODE
#include "compiler/CommandLine/Options.inc"
#undef OPTTABLE_STR_TABLE_CODE
#define OPTTABLE_PREFIXES_TABLE_CODE
#include "compiler/CommandLine/Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE
#define OPTTABLE_SUBCOMMAND_IDS_TABLE_CODE
#include "compiler/CommandLine/Options.inc"
#undef OPTTABLE_SUBCOMMAND_IDS_TABLE_CODE
#define OPTTABLE_SUBCOMMANDS_CODE
#include "compiler/CommandLine/Options.inc"
#undef OPTTABLE_SUBCOMMANDS_CODE

static constexpr OptTable::Info kOptions[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "compiler/CommandLine/Options.inc"
#undef OPTION
};

OptionTable::OptionTable()
    : GenericOptTable(OptionStrTable, OptionPrefixesTable, kOptions, /*IgnoreCase=*/false,
                      OptionSubCommands, OptionSubCommandIDsTable) {}

std::vector<std::string> OptionTable::verbs() const {
  std::vector<std::string> names;
  for (const SubCommand &verb : getSubCommands())
    names.push_back(verb.Name);
  return names;
}

std::vector<VerbOption> OptionTable::optionsOf(StringRef verb, bool listed) const {
  std::vector<VerbOption> options;
  for (unsigned id = 1; id <= getNumOptions(); ++id) {
    const Option option = getOption(id);
    const char *help = getOptionHelpText(id), *meta = getOptionMetaVar(id);
    if (!option.isRegisteredSC(verb) || (listed && !help))
      continue;
    VerbOption one{option.getPrefixedName().str(),
                   meta ? meta : "",
                   option.getKind() == Option::SeparateClass,
                   help ? help : "",
                   {}};
    if (const char *values = kOptions[id - 1].Values)
      for (StringRef value : llvm::split(values, ','))
        one.values.push_back(value.str());
    options.push_back(std::move(one));
  }
  return options;
}
