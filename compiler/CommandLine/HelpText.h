//===- HelpText.h - help, manual page and completion ----------------------===//
//
// Texts about the command line, all made of its table.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_HELPTEXT_H
#define FOVEA_COMPILER_COMMANDLINE_HELPTEXT_H

#include "compiler/CommandLine/OptionTable.h"

namespace fovea::cli {

/// What there is: on stdout.
void printOverview(const OptionTable &table);
/// The options of one verb: on stdout.
void printHelp(const OptionTable &table, llvm::StringRef verb);
/// fovea.1, in the man macros of roff: on stdout.
void printManPage(const OptionTable &table);
/// A script for bash that completes verbs, options, their values and files: on stdout.
void printBashCompletion(const OptionTable &table);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_HELPTEXT_H
