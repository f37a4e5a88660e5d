//===- RunCommandLine.cpp - from arguments to an exit code ----------------===//
//
// Chooses the verb and prints what went wrong.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Driver/ProblemText.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea;
using namespace fovea::cli;

using Verb = llvm::Expected<Exit> (*)(const Invocation &);

static Verb verbNamed(llvm::StringRef name) {
  return llvm::StringSwitch<Verb>(name)
      .Case("compile", compileModel)
      .Case("run", runModel)
      .Case("verify", verifyModel)
      .Case("bench", benchModel)
      .Case("explain", explainModel)
      .Case("inspect", inspectModel)
      .Default(checkMachine);
}

/// Prints the error and gives its exit code.
static int finish(llvm::Error error, const Invocation *invocation) {
  int exit = kBug;
  llvm::handleAllErrors(
      std::move(error),
      [&](const Failure &failure) {
        exit = failure.exit;
        llvm::errs() << failure.text << "\n";
        if (!invocation || failure.problems.empty())
          return;
        llvm::json::Object result{{"problems", toJson(failure.problems)}};
        llvm::consumeError(invocation->report(std::move(result)));
      },
      [](const llvm::ErrorInfoBase &other) {
        llvm::errs() << "error: " << other.message() << "\n";
      });
  return exit;
}

static int runVerb(llvm::ArrayRef<const char *> arguments, Environment environment) {
  llvm::Expected<std::optional<Invocation>> parsed = parse(arguments);
  if (!parsed)
    return finish(parsed.takeError(), nullptr);
  if (!*parsed)
    return kOk;
  Invocation &invocation = **parsed;
  invocation.compile.emission.ptxas = environment.ptxas;
  invocation.environment = std::move(environment);
  llvm::Expected<Exit> exit = verbNamed(invocation.verb)(invocation);
  return exit ? *exit : finish(exit.takeError(), &invocation);
}

int cli::runCommandLine(llvm::ArrayRef<const char *> arguments, Environment environment) {
  int exit = runVerb(arguments, std::move(environment));
  // A stream ends the process when it is destroyed with an error that nobody has looked at.
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    llvm::errs() << "error: stdout: " << llvm::outs().error().message() << "\n";
    llvm::outs().clear_error();
    exit = exit == kOk || exit == kDiffers ? int(kRun) : exit;
  }
  llvm::errs().clear_error();
  return exit;
}
