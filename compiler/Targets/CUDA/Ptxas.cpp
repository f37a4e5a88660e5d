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

/// Longer than any kernel takes, and than a version takes to be printed; a child process that hangs
/// ends.
static constexpr unsigned kSeconds = 300, kSecondsOfVersion = 20;
/// The CUDA release whose ptxas knows PTX 8.0, which is what is emitted.
static constexpr cuda::Release kOldest = {12, 0};

static llvm::Error failure(const llvm::Twine &what) { return llvm::createStringError(what); }

static llvm::Expected<std::string> contentsOf(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return failure("cannot read what ptxas has written: " + file.getError().message());
  return (*file)->getBuffer().str();
}

namespace {
/// How a run of ptxas has ended, and what it has printed.
struct Ran {
  int status;
  std::string report;
  /// Why it did not run or was stopped.
  std::string error;
};
} // namespace

static llvm::Expected<Ran> run(llvm::StringRef ptxas, llvm::ArrayRef<llvm::StringRef> options,
                               unsigned seconds) {
  TemporaryFile log("log");
  if (log.error)
    return failure("cannot make a temporary file: " + log.error.message());
  llvm::SmallVector<llvm::StringRef> arguments{ptxas};
  arguments.append(options.begin(), options.end());
  Ran ran;
  ran.status = llvm::sys::ExecuteAndWait(
      ptxas, arguments, std::nullopt,
      {std::nullopt, llvm::StringRef(log.path), llvm::StringRef(log.path)}, seconds,
      /*MemoryLimit=*/0, &ran.error);
  auto report = contentsOf(log.path);
  if (!report)
    return report.takeError();
  ran.report = std::move(*report);
  return ran;
}

/// What to do without a ptxas that can be used.
static constexpr llvm::StringLiteral kRemedy =
    "install the Python package nvidia-cuda-nvcc or the CUDA toolkit, of 12.0 or later, and let "
    "FOVEA_PTXAS or the option ptxas name its ptxas";

std::string cuda::textOf(Release release) {
  return std::to_string(release.first) + "." + std::to_string(release.second);
}

/// What `ptxas` says its release is, unless it is no ptxas.
static llvm::Expected<cuda::Release> releaseOf(llvm::StringRef ptxas) {
  static const llvm::Regex release("release ([0-9]+)\\.([0-9]+)");
  auto ran = run(ptxas, {"--version"}, kSecondsOfVersion);
  if (!ran)
    return ran.takeError();
  if (!ran->error.empty())
    return failure("ptxas '" + ptxas + "' did not say its version: " + ran->error + "; " + kRemedy);
  llvm::SmallVector<llvm::StringRef> match;
  cuda::Release found;
  if (ran->status != 0 || !release.match(ran->report, &match) ||
      match[1].getAsInteger(10, found.first) || match[2].getAsInteger(10, found.second))
    return failure("'" + ptxas +
                   "' is no ptxas, as '--version' gives no release of CUDA: " + kRemedy);
  return found;
}

/// What is at `path`, unless it is too old or no ptxas.
static llvm::Expected<cuda::Assembler> checked(llvm::StringRef path) {
  llvm::Expected<cuda::Release> release = releaseOf(path);
  if (!release)
    return release.takeError();
  if (*release < kOldest)
    return failure("ptxas '" + path + "' is of CUDA " + cuda::textOf(*release) +
                   ", and PTX 8.0 needs that of CUDA " + cuda::textOf(kOldest) +
                   " or later: " + kRemedy);
  return cuda::Assembler{path.str(), *release};
}

llvm::Expected<cuda::Assembler> cuda::findPtxas(llvm::StringRef named,
                                                llvm::ArrayRef<std::string> folders) {
  if (!named.empty()) {
    if (llvm::sys::fs::can_execute(named))
      return checked(named);
    return failure("ptxas cannot be run: '" + named +
                   "', which FOVEA_PTXAS or the option ptxas names, is no program");
  }
  llvm::SmallVector<llvm::StringRef> paths(folders.begin(), folders.end());
  if (!paths.empty())
    if (auto found = llvm::sys::findProgramByName("ptxas", paths))
      return checked(*found);
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return checked(*found);
  return failure("ptxas, NVIDIA's assembler, is not there: " + kRemedy);
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

llvm::Expected<cuda::Cubin> cuda::assemble(llvm::StringRef ptx, llvm::StringRef arch,
                                           llvm::StringRef ptxas) {
  TemporaryFile input("ptx"), output("cubin");
  if (output.error)
    return failure("cannot make a temporary file: " + output.error.message());
  if (llvm::Error failed = input.write(ptx))
    return std::move(failed);
  auto ran = run(ptxas, {"-v", "-O3", "--gpu-name", arch, "-o", output.path, input.path}, kSeconds);
  if (!ran)
    return ran.takeError();
  if (ran->status != 0)
    return failure("ptxas refuses the device code for " + arch + ": " +
                   llvm::StringRef(ran->error.empty() ? ran->report : ran->error).trim());
  auto bytes = contentsOf(output.path);
  if (!bytes)
    return bytes.takeError();
  Cubin cubin;
  cubin.bytes.assign(bytes->begin(), bytes->end());
  cubin.kernels = readUsage(ran->report);
  cubin.report = std::move(ran->report);
  return cubin;
}
