//===- Ptxas.cpp - from PTX text to a cubin -------------------------------===//
//
// Runs NVIDIA's assembler on temporary files and reads its report.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Ptxas.h"

#include "compiler/Base/TemporaryFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea;

/// Longer than any kernel takes; a child process that hangs ends.
static constexpr unsigned kSeconds = 300;

static llvm::Error failure(const llvm::Twine &what) { return llvm::createStringError(what); }

llvm::Expected<std::string> cuda::findPtxas(llvm::StringRef named,
                                            llvm::ArrayRef<std::string> folders) {
  if (!named.empty()) {
    if (llvm::sys::fs::can_execute(named))
      return named.str();
    return failure("ptxas cannot be run: '" + named + "', which FOVEA_PTXAS names, is no program");
  }
  llvm::SmallVector<llvm::StringRef> paths(folders.begin(), folders.end());
  if (!paths.empty())
    if (auto found = llvm::sys::findProgramByName("ptxas", paths))
      return *found;
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  return failure("ptxas is not there, NVIDIA's assembler of PTX 13.3 or later: install the Python "
                 "package nvidia-cuda-nvcc or the CUDA toolkit and let FOVEA_PTXAS name its ptxas");
}

std::vector<cuda::KernelUsage> cuda::readUsage(llvm::StringRef report) {
  static const llvm::Regex function("Compiling entry function '([^']+)'"),
      stack("([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads"),
      registers("Used ([0-9]+) registers"), shared("([0-9]+) bytes smem");
  std::vector<KernelUsage> kernels;
  auto number = [](llvm::StringRef text) {
    int64_t value = 0;
    text.getAsInteger(10, value);
    return value;
  };
  llvm::SmallVector<llvm::StringRef> lines, match;
  report.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    if (function.match(line, &match))
      kernels.emplace_back().name = match[1].str();
    if (kernels.empty())
      continue;
    KernelUsage &kernel = kernels.back();
    if (stack.match(line, &match)) {
      kernel.stack = number(match[1]);
      kernel.spillStores = number(match[2]);
      kernel.spillLoads = number(match[3]);
    }
    if (registers.match(line, &match))
      kernel.registers = number(match[1]);
    if (shared.match(line, &match))
      kernel.shared = number(match[1]);
  }
  return kernels;
}

static llvm::Expected<std::string> contentsOf(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return failure("cannot read what ptxas has written: " + file.getError().message());
  return (*file)->getBuffer().str();
}

llvm::Expected<cuda::Cubin> cuda::assemble(llvm::StringRef ptx, llvm::StringRef arch,
                                           llvm::StringRef ptxas) {
  TemporaryFile input("ptx"), output("cubin"), log("log");
  for (const TemporaryFile *file : {&output, &log})
    if (file->error)
      return failure("cannot make a temporary file: " + file->error.message());
  if (llvm::Error failed = input.write(ptx))
    return std::move(failed);
  llvm::StringRef arguments[] = {ptxas, "-v", "-O3",       "--gpu-name",
                                 arch,  "-o", output.path, input.path};
  std::string error;
  int status = llvm::sys::ExecuteAndWait(
      ptxas, arguments, std::nullopt,
      {std::nullopt, llvm::StringRef(log.path), llvm::StringRef(log.path)}, kSeconds,
      /*MemoryLimit=*/0, &error);
  auto report = contentsOf(log.path);
  if (!report)
    return report.takeError();
  if (status != 0)
    return failure("ptxas refuses the device code for " + arch + ": " +
                   (error.empty() ? llvm::StringRef(*report).trim() : llvm::StringRef(error)));
  auto bytes = contentsOf(output.path);
  if (!bytes)
    return bytes.takeError();
  Cubin cubin;
  cubin.bytes.assign(bytes->begin(), bytes->end());
  cubin.kernels = readUsage(*report);
  cubin.report = std::move(*report);
  return cubin;
}
