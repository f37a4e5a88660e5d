//===- Program.cpp - kernels and weights of a module on a GPU -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Program.h"

#include "runtime/CUDA/Architecture.h"

namespace fovea::cuda {

using fvm::Code;
using fvm::concat;
using fvm::Status;

/// Shared memory that every kernel may have; more must be asked for.
static constexpr int kSharedWithoutAsking = 48 << 10;
/// Most threads of a block.
static constexpr int kMostThreads = 1024;

Status Program::load(const Device &device, std::span<const Code> code,
                     std::span<const fovea_device_kernel> kernels, fvm::Bytes weights,
                     std::shared_ptr<const Program> &program) {
  if (Status status = device.usable(); !status.ok())
    return status;
  Device::Scope scope(device);
  std::shared_ptr<Program> loading(new Program(device));
  if (Status status = loading->loadCode(code); !status.ok())
    return status;
  for (const fovea_device_kernel &kernel : kernels)
    if (Status status = loading->findKernel(kernel); !status.ok())
      return status;
  if (Status status = loading->copyWeights(weights); !status.ok())
    return status;
  program = std::move(loading);
  return {};
}

Program::~Program() {
  if (gpu.isLost())
    return;
  Device::Scope scope(gpu);
  if (module)
    gpu.driver().cuModuleUnload(module);
  if (weightMemory)
    gpu.driver().cuMemFree_v2(weightMemory);
}

/// Results after which other code for the device may still do: a cubin of a younger toolkit than
/// the driver, say, or PTX that it cannot assemble.
static bool refusesImage(int result) {
  return result == kInvalidImage || result == kNoBinaryForGpu || result == kInvalidPtx ||
         result == kUnsupportedPtxVersion;
}

Status Program::loadCode(std::span<const Code> code) {
  std::vector<std::string_view> targets;
  std::string known, refused;
  for (const Code &one : code) {
    targets.push_back(one.target);
    known += concat(known.empty() ? "" : ", ", one.target);
  }
  for (size_t index : rankCode(targets, gpu.major(), gpu.minor())) {
    // The driver wants PTX with a zero byte at its end; a string has one.
    std::string content;
    if (Status status = code[index].read(content); !status.ok())
      return status;
    if (content.empty())
      return fvm::badArtifact(concat("its code '", targets[index], "' is empty"));
    int result = gpu.driver().cuModuleLoadData(&module, content.c_str());
    if (result == kSuccess) {
      target = targets[index];
      return {};
    }
    if (!refusesImage(result))
      return gpu.check(result, concat("its code '", targets[index], "' cannot be loaded"));
    refused +=
        concat(refused.empty() ? "" : ", ", targets[index], ": ", gpu.driver().textOf(result));
  }
  std::string capability = concat(gpu.major(), ".", gpu.minor());
  if (!refused.empty())
    return fvm::incompatible(
        concat("the CUDA driver, for CUDA ", versionText(gpu.driver().version()),
               ", takes none of its code for compute capability ", capability, " (", refused, ")"),
        "install a younger driver, or recompile the model with an older ptxas");
  return fvm::incompatible(concat("it has code for ", known, ", not for CUDA device ", gpu.index(),
                                  " of compute capability ", capability),
                           "recompile the model with 'fovea compile --target=cuda'");
}

Status Program::findKernel(const fovea_device_kernel &kernel) {
  Kernel found{nullptr, &kernel};
  if (kernel.threads < 1 || kernel.threads > kMostThreads || kernel.words < 0 ||
      kernel.shared_bytes < 0)
    return fvm::badArtifact(concat("its kernel '", kernel.name, "' has sizes that no kernel has"));
  if (kernel.shared_bytes > gpu.maxSharedBytes())
    return fvm::incompatible(concat("its kernel '", kernel.name, "' needs ", kernel.shared_bytes,
                                    " bytes of shared memory, a block of CUDA device ", gpu.index(),
                                    " has ", gpu.maxSharedBytes()));
  int result = gpu.driver().cuModuleGetFunction(&found.function, module, kernel.name);
  if (result == kSuccess && kernel.shared_bytes > kSharedWithoutAsking)
    result = gpu.driver().cuFuncSetAttribute(found.function, kFunctionMaxDynamicShared,
                                             kernel.shared_bytes);
  if (result != kSuccess)
    return gpu.check(result, concat("kernel '", kernel.name, "' cannot be had"));
  list.push_back(found);
  return {};
}

Status Program::copyWeights(fvm::Bytes weights) {
  if (!weights.size)
    return {};
  int result = gpu.driver().cuMemAlloc_v2(&weightMemory, weights.size);
  if (result == kSuccess)
    result = gpu.driver().cuMemcpyHtoD_v2(weightMemory, weights.data, weights.size);
  // A copy from memory that is not page-locked returns before it has ended, and streams of the
  // caller need not be ordered with the default stream, where it is queued.
  if (result == kSuccess)
    result = gpu.driver().cuStreamSynchronize(nullptr);
  return gpu.check(result, concat("the weights (", weights.size, " bytes) cannot be copied to it"));
}

} // namespace fovea::cuda
