//===- Module.cpp - a loaded artefact -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Module.h"
#include "runtime/CPU/Features.h"
#include "runtime/Core/Api.h"
#include "runtime/Core/Memory.h"
#include "runtime/Core/Tensors.h"

#include <limits>

namespace fovea::core {

using fvm::Code;
using fvm::concat;
using fvm::SectionKind;
using fvm::SectionRecord;
using fvm::Status;

fvm::Status Module::load(fvm::Artifact artifact, const fovea_device *device,
                         std::shared_ptr<const Module> &module) {
  auto loading = std::make_shared<Module>();
  loading->artifact = std::move(artifact);
  if (Status status = loading->readTexts(); !status.ok())
    return status;
  if (Status status = cpu::checkTarget(loading->description.target); !status.ok())
    return status;
  if (Status status = loading->checkContents(); !status.ok())
    return status;
  const SectionRecord *code = loading->artifact.find(SectionKind::Code, "cpu");
  if (!code)
    return fvm::incompatible("it has no code for the CPU");
  if (Status status = CodeImage::load(loading->artifact, *code, loading->code); !status.ok())
    return status;
  if (Status status = loading->bindEntries(); !status.ok())
    return status;
  if (Status status = loading->bindKernels(); !status.ok())
    return status;
  if (Status status = loading->loadKernels(device); !status.ok())
    return status;
  module = std::move(loading);
  return {};
}

Status Module::readTexts() {
  const SectionRecord *manifest = artifact.find(SectionKind::Manifest);
  if (!manifest)
    return fvm::badArtifact("it has no manifest");
  if (manifest->size > fvm::maxManifestBytes)
    return fvm::badArtifact("its manifest is too large");
  if (Status status = artifact.copyText(*manifest, manifestText); !status.ok())
    return status;
  if (Status status = fvm::readManifest(manifestText, description); !status.ok())
    return status;
  if (Status status = fvm::readLedger(artifact, ledgerText); !status.ok())
    return status;
  targetText = concat(description.target.triple, " ", description.target.cpu, " ");
  for (size_t i = 0; i < description.target.features.size(); ++i)
    targetText += concat(i ? "," : "", description.target.features[i]);
  return {};
}

/// Checks everything that was not checked on a private copy. Code of other targets is checked
/// too: a file is sound as a whole or not at all.
Status Module::checkContents() {
  for (const SectionRecord &section : artifact.sections()) {
    // The code that will run is checked where it runs from.
    if (&section == artifact.find(SectionKind::Code, "cpu"))
      continue;
    if (Status status = artifact.check(section); !status.ok())
      return status;
  }
  if (const SectionRecord *weights = artifact.find(SectionKind::Weights))
    weightBytes = artifact.content(*weights);
  return {};
}

static std::vector<EntryPoint::IoInfo> describe(const std::vector<fvm::TensorInfo> &tensors,
                                                const fvm::Entry &entry) {
  std::vector<EntryPoint::IoInfo> result;
  result.reserve(tensors.size());
  for (const fvm::TensorInfo &tensor : tensors) {
    EntryPoint::IoInfo &io = result.emplace_back();
    for (const fvm::Dim &dim : tensor.shape) {
      bool isSymbol = dim.kind == fvm::Dim::Kind::Symbol;
      io.dims.push_back(dim.kind == fvm::Dim::Kind::Static ? dim.value : -1);
      io.symbols.push_back(isSymbol ? entry.symbols[dim.value].c_str() : nullptr);
    }
    io.info = {tensor.name.c_str(),
               fvm::dtypeName(tensor.dtype).data(),
               toDLPack(tensor.dtype),
               int32_t(tensor.shape.size()),
               io.dims.data(),
               io.symbols.data(),
               tensor.readBy != fvm::Reader::Target};
  }
  return result;
}

Status Module::bindEntries() {
  for (const fvm::Entry &entry : description.entries) {
    EntryPoint &point = points.emplace_back();
    point.entry = &entry;
    point.run = reinterpret_cast<fovea_run_fn>(code.find("fovea_run_" + entry.name));
    point.plan = reinterpret_cast<fovea_plan_fn>(code.find("fovea_plan_" + entry.name));
    if (!point.run || !point.plan)
      return fvm::badArtifact(concat("its code has no entry '", entry.name, "'"));
    point.inputs = describe(entry.inputs, entry);
    point.outputs = describe(entry.outputs, entry);
  }
  return {};
}

Status Module::bindKernels() {
  const auto *count = static_cast<const int64_t *>(code.find("fovea_device_kernel_count"));
  const auto *table = static_cast<const fovea_device_kernel *>(code.find("fovea_device_kernels"));
  if (!count)
    return {};
  if (*count < 0 || (*count > 0 && !table))
    return fvm::badArtifact("its table of kernels is not complete");
  deviceKernels = {table, size_t(*count)};
  return {};
}

/// Code of a GPU is in sections for the device's memory; without such, kernels are emulated.
Status Module::loadKernels(const fovea_device *device) {
  std::vector<cuda::Program::Code> parts;
  for (const SectionRecord &section : artifact.sections())
    if (section.kind == uint32_t(SectionKind::Code) &&
        section.space == uint32_t(fvm::MemorySpace::Device))
      parts.push_back({section.target, [this, &section](std::string &content) {
                         return artifact.copyText(section, content);
                       }});
  bool forGpu = device && device->kind == std::string_view("cuda");
  if (parts.empty()) {
    for (const fovea_device_kernel &kernel : deviceKernels)
      if (!kernel.emulated)
        return fvm::badArtifact(concat("there is no code of its kernel '", kernel.name, "'"));
    if (forGpu)
      return fvm::incompatible("its code is for the CPU, it was to be loaded for a 'cuda' device",
                               "recompile the model with 'fovea compile --target=cuda'");
    return {};
  }
  if (device && !forGpu)
    return fvm::incompatible("its kernels are for a 'cuda' device, it was to be loaded for the CPU",
                             "recompile the model with 'fovea compile'");
  const cuda::Device *gpu = nullptr;
  if (Status status = cuda::Device::open(device ? device->index : 0, gpu); !status.ok())
    return status;
  return cuda::Program::load(*gpu, parts, deviceKernels, weightBytes, program);
}

const EntryPoint *Module::find(const char *name) const {
  if (!name)
    return &points.front();
  for (const EntryPoint &point : points)
    if (point.entry->name == name)
      return &point;
  return nullptr;
}

Status Module::plan(const EntryPoint &entry, const int64_t *dims, int64_t threads,
                    fovea_plan &plan) const {
  int64_t arena = entry.plan(dims);
  if (arena < 0)
    return {Code::Internal, concat("the plan of entry '", entry.entry->name, "' is ", arena,
                                   " bytes; please report this")};
  int64_t scratch = int64_t(fvm::alignUp(uint64_t(description.scratchBytes), memoryAlignment));
  int64_t peak, all;
  constexpr int64_t most = std::numeric_limits<int64_t>::max() - int64_t(memoryAlignment);
  if (arena > most || __builtin_mul_overflow(scratch, threads, &all) ||
      __builtin_add_overflow(int64_t(fvm::alignUp(uint64_t(arena), memoryAlignment)), all, &peak))
    return {Code::OutOfMemory, concat("a run of entry '", entry.entry->name,
                                      "' with these shapes needs more memory than can be "
                                      "addressed")};
  plan = {arena, scratch, peak};
  return {};
}

std::string_view Module::nodeName(int64_t node) const {
  if (node < 0 || size_t(node) >= description.nodes.size())
    return {};
  return description.nodes[size_t(node)];
}

} // namespace fovea::core
