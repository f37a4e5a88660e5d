//===- fovea.cpp - the program ---------------------------------------------===//
//
// Reads the environment and hands over to compiler/CommandLine.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Verbs.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

static void interrupted(int) { _exit(fovea::cli::kInterrupted); }

/// Crashes of the compiler itself are caught where they happen; this is for compiled code.
static void crashed(int) {
  static constexpr char text[] = "error[FV0903]: compiled code crashed\n"
                                 "  try: report this as a bug of Fovea with the model\n";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
  _exit(fovea::cli::kBug);
}

int main(int argc, char **argv) {
  std::signal(SIGINT, interrupted);
  std::signal(SIGPIPE, SIG_DFL);
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    std::signal(number, crashed);
  fovea::cli::Environment environment;
  if (const char *python = std::getenv("FOVEA_PYTHON"))
    environment.python = python;
  if (const char *ptxas = std::getenv("FOVEA_PTXAS"))
    environment.ptxas = ptxas;
  void *anchor = reinterpret_cast<void *>(interrupted);
  llvm::SmallString<128> folder(llvm::sys::fs::getMainExecutable(argv[0], anchor));
  llvm::sys::path::remove_filename(folder);
  llvm::sys::path::append(folder, "..", "share", "fovea");
  environment.shareFolder = folder.str().str();
  return fovea::cli::runCommandLine({argv + 1, argv + argc}, std::move(environment));
}
