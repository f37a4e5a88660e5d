//===- Verbs.h - the commands ---------------------------------------------===//
//
// One function per verb. The result goes to stdout, the log to stderr; the value is the exit code
// of a command that did what it was asked.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_VERBS_H
#define FOVEA_COMPILER_COMMANDLINE_VERBS_H

#include "compiler/CommandLine/Invocation.h"

namespace fovea::cli {

llvm::Expected<Exit> compileModel(const Invocation &invocation);
llvm::Expected<Exit> runModel(const Invocation &invocation);
llvm::Expected<Exit> verifyModel(const Invocation &invocation);
llvm::Expected<Exit> benchModel(const Invocation &invocation);
llvm::Expected<Exit> explainModel(const Invocation &invocation);
llvm::Expected<Exit> inspectModel(const Invocation &invocation);
llvm::Expected<Exit> checkMachine(const Invocation &invocation);

/// Parses, runs the verb and prints errors; the exit code.
int runCommandLine(llvm::ArrayRef<const char *> arguments, Environment environment);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_VERBS_H
