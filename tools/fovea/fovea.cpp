//===- fovea.cpp - the program ---------------------------------------------===//
//
// Reads the environment and hands over to compiler/CommandLine.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Verbs.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

static void interrupted(int) { _exit(fovea::cli::kInterrupted); }

int main(int argc, char **argv) {
  std::signal(SIGINT, interrupted);
  std::signal(SIGPIPE, SIG_DFL);
  fovea::cli::Environment environment;
  if (const char *python = std::getenv("FOVEA_PYTHON"))
    environment.python = python;
  void *anchor = reinterpret_cast<void *>(interrupted);
  llvm::SmallString<128> folder(llvm::sys::fs::getMainExecutable(argv[0], anchor));
  llvm::sys::path::remove_filename(folder);
  llvm::sys::path::append(folder, "..", "share", "fovea");
  environment.shareFolder = folder.str().str();
  return fovea::cli::runCommandLine({argv + 1, argv + argc}, std::move(environment));
}
