//===- Module.h - a loaded artefact ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_MODULE_H
#define FOVEA_RUNTIME_CORE_MODULE_H

#include "runtime/Artifact/Manifest.h"
#include "runtime/Artifact/Reader.h"
#include "runtime/CUDA/Program.h"
#include "runtime/Core/CodeImage.h"
#include "runtime/include/fovea_abi.h"
#include "runtime/include/fovea_device_abi.h"
#include "runtime/include/fovea_runtime.h"

namespace fovea::core {

/// A manifest entry with its code.
struct EntryPoint {
  /// fovea_io_info with the arrays that it points into.
  struct IoInfo {
    fovea_io_info info;
    std::vector<int64_t> dims;
    std::vector<const char *> symbols;
  };

  const fvm::Entry *entry;
  fovea_run_fn run;
  fovea_plan_fn plan;
  std::vector<IoInfo> inputs;
  std::vector<IoInfo> outputs;
};

/// Immutable after load; shared by its handle and its contexts.
class Module {
public:
  /// Checks every section and loads the code of target "cpu"; where kernels are for a GPU, their
  /// code too, on `device`, or on the first one for null.
  static fvm::Status load(fvm::Artifact artifact, const fovea_device *device,
                          std::shared_ptr<const Module> &module);

  /// Entry by name, the first for null, null when there is none of that name.
  const EntryPoint *find(const char *name) const;

  /// Memory of a run with these symbol values.
  fvm::Status plan(const EntryPoint &entry, const int64_t *dims, int64_t threads,
                   fovea_plan &plan) const;

  const fvm::Manifest &manifest() const { return description; }
  const std::vector<EntryPoint> &entries() const { return points; }
  const void *weights() const { return weightBytes.data; }
  int64_t weightSize() const { return int64_t(weightBytes.size); }
  /// Kernels of a device; none in code for processors.
  std::span<const fovea_device_kernel> kernels() const { return deviceKernels; }
  /// The kernels on their GPU; null in code for processors and for the emulator.
  const std::shared_ptr<const cuda::Program> &deviceProgram() const { return program; }

  /// Name of a node by the number in a fault, "" when the manifest has none.
  std::string_view nodeName(int64_t node) const;

  std::string manifestText;
  std::string ledgerText;
  std::string targetText;

private:
  fvm::Status readTexts();
  fvm::Status checkContents();
  fvm::Status bindEntries();
  fvm::Status bindKernels();
  fvm::Status loadKernels(const fovea_device *device);

  fvm::Artifact artifact;
  fvm::Manifest description;
  fvm::Bytes weightBytes;
  CodeImage code;
  std::vector<EntryPoint> points;
  std::span<const fovea_device_kernel> deviceKernels;
  std::shared_ptr<const cuda::Program> program;
};

} // namespace fovea::core

/// What the C handle holds.
struct fovea_module {
  std::shared_ptr<const fovea::core::Module> module;
};

#endif // FOVEA_RUNTIME_CORE_MODULE_H
