//===- Program.h - kernels and weights of a module on a GPU ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_PROGRAM_H
#define FOVEA_RUNTIME_CUDA_PROGRAM_H

#include "runtime/Artifact/ContentHash.h"
#include "runtime/CUDA/Device.h"
#include "runtime/include/fovea_device_abi.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace fovea::cuda {

/// Loaded once for each module; shared by its contexts. Immutable.
class Program {
public:
  /// Code of one section: its target, and how to get its content.
  struct Code {
    std::string_view target;
    std::function<fvm::Status(std::string &content)> read;
  };

  struct Kernel {
    FunctionHandle function;
    const fovea_device_kernel *facts;
    /// Blocks that the device runs at the same time; of cooperative kernels alone.
    int64_t resident = 0;
  };

  /// Loads the best of `code` for the device, finds the kernels in it and copies the weights. The
  /// table of kernels and the weights of the caller must outlive the program, or be empty.
  static fvm::Status load(const Device &device, std::span<const Code> code,
                          std::span<const fovea_device_kernel> kernels, fvm::Bytes weights,
                          std::shared_ptr<const Program> &program);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  const Device &device() const { return gpu; }
  std::span<const Kernel> kernels() const { return list; }
  /// Null without weights.
  DevicePointer weights() const { return weightMemory; }
  /// Target of the section that was taken.
  const std::string &taken() const { return target; }

private:
  explicit Program(const Device &device) : gpu(device) {}
  fvm::Status loadCode(std::span<const Code> code);
  fvm::Status findKernel(const fovea_device_kernel &kernel);
  fvm::Status countResident(Kernel &kernel) const;
  fvm::Status copyWeights(fvm::Bytes weights);

  const Device &gpu;
  std::string target;
  ModuleHandle module = nullptr;
  std::vector<Kernel> list;
  DevicePointer weightMemory = 0;
};

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_PROGRAM_H
