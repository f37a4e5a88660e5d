//===- ApiModule.cpp - modules in C ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Api.h"
#include "runtime/Core/Module.h"
#include "runtime/Core/Tensors.h"

using namespace fovea::core;
using fvm::Code;
using fvm::concat;
using fvm::Status;

static Status finishLoading(fvm::Artifact artifact, const fovea_device *device,
                            fovea_module **module) {
  std::shared_ptr<const Module> loaded;
  if (Status status = Module::load(std::move(artifact), device, loaded); !status.ok())
    return status;
  *module = new fovea_module{std::move(loaded)};
  return {};
}

fovea_status *fovea_module_load_file(const char *path, const fovea_device *device,
                                     fovea_module **module) {
  return guarded([&]() -> Status {
    if (!path || !module)
      return nullArgument(path ? "module" : "path");
    fvm::Artifact artifact;
    if (Status status = fvm::Artifact::open(path, artifact); !status.ok())
      return status;
    return finishLoading(std::move(artifact), device, module);
  });
}

fovea_status *fovea_module_load_memory(const void *data, size_t size, const fovea_device *device,
                                       fovea_module **module) {
  return guarded([&]() -> Status {
    if (!data || !module)
      return nullArgument(data ? "module" : "data");
    fvm::Artifact artifact;
    if (Status status = fvm::Artifact::copyFrom(data, size, artifact); !status.ok())
      return status;
    return finishLoading(std::move(artifact), device, module);
  });
}

void fovea_module_free(fovea_module *module) { delete module; }

const char *fovea_module_manifest(const fovea_module *module) {
  return module ? module->module->manifestText.c_str() : "";
}

const char *fovea_module_ledger(const fovea_module *module) {
  return module ? module->module->ledgerText.c_str() : "";
}

const char *fovea_module_target(const fovea_module *module) {
  return module ? module->module->targetText.c_str() : "";
}

int64_t fovea_module_entry_count(const fovea_module *module) {
  return module ? int64_t(module->module->entries().size()) : 0;
}

const char *fovea_module_entry_name(const fovea_module *module, int64_t index) {
  if (index < 0 || index >= fovea_module_entry_count(module))
    return nullptr;
  return module->module->entries()[size_t(index)].entry->name.c_str();
}

int64_t fovea_module_input_count(const fovea_module *module, const char *entry) {
  const EntryPoint *point = module ? module->module->find(entry) : nullptr;
  return point ? int64_t(point->inputs.size()) : -1;
}

int64_t fovea_module_output_count(const fovea_module *module, const char *entry) {
  const EntryPoint *point = module ? module->module->find(entry) : nullptr;
  return point ? int64_t(point->outputs.size()) : -1;
}

static Status findEntry(const fovea_module *module, const char *name, const EntryPoint *&point) {
  if (!module)
    return nullArgument("module");
  point = module->module->find(name);
  if (!point)
    return {Code::InvalidArgument, concat("there is no entry '", name, "'")};
  return {};
}

static fovea_status *ioInfo(const fovea_module *module, const char *entry, int64_t index,
                            fovea_io_info *info, std::vector<EntryPoint::IoInfo> EntryPoint::*list,
                            std::string_view role) {
  return guarded([&]() -> Status {
    if (!info)
      return nullArgument("info");
    const EntryPoint *point;
    if (Status status = findEntry(module, entry, point); !status.ok())
      return status;
    const std::vector<EntryPoint::IoInfo> &infos = point->*list;
    if (index < 0 || size_t(index) >= infos.size())
      return {Code::InvalidArgument, concat("entry '", point->entry->name, "' has ", infos.size(),
                                            " ", role, "s, got index ", index)};
    *info = infos[size_t(index)].info;
    return {};
  });
}

fovea_status *fovea_module_input_info(const fovea_module *module, const char *entry, int64_t index,
                                      fovea_io_info *info) {
  return ioInfo(module, entry, index, info, &EntryPoint::inputs, "input");
}

fovea_status *fovea_module_output_info(const fovea_module *module, const char *entry, int64_t index,
                                       fovea_io_info *info) {
  return ioInfo(module, entry, index, info, &EntryPoint::outputs, "output");
}

/// The entry and the values of its symbols for these inputs.
static Status solve(const fovea_module *module, const char *entry, const fovea_tensor *inputs,
                    int64_t count, const EntryPoint *&point, std::vector<int64_t> &dims) {
  if (Status status = findEntry(module, entry, point); !status.ok())
    return status;
  if (count < 0 || (count && !inputs))
    return {Code::InvalidArgument, "argument 'inputs' is null or has a negative count"};
  dims.resize(point->entry->symbols.size());
  return solveDims(*point->entry, {inputs, size_t(count)}, dims.data());
}

fovea_status *fovea_module_plan(const fovea_module *module, const char *entry,
                                const fovea_tensor *inputs, int64_t num_inputs, int32_t threads,
                                fovea_plan *plan) {
  return guarded([&]() -> Status {
    if (!plan || threads < 1)
      return plan ? Status(Code::InvalidArgument, concat("threads is ", threads,
                                                         ", expected 1 or "
                                                         "more"))
                  : nullArgument("plan");
    const EntryPoint *point;
    std::vector<int64_t> dims;
    if (Status status = solve(module, entry, inputs, num_inputs, point, dims); !status.ok())
      return status;
    return module->module->plan(*point, dims.data(), threads, *plan);
  });
}

fovea_status *fovea_module_output_shape(const fovea_module *module, const char *entry,
                                        const fovea_tensor *inputs, int64_t num_inputs,
                                        int64_t index, int64_t *dims) {
  return guarded([&]() -> Status {
    const EntryPoint *point;
    std::vector<int64_t> values;
    if (Status status = solve(module, entry, inputs, num_inputs, point, values); !status.ok())
      return status;
    const std::vector<fvm::TensorInfo> &outputs = point->entry->outputs;
    if (index < 0 || size_t(index) >= outputs.size())
      return {Code::InvalidArgument, concat("there is no output ", index)};
    const std::vector<fvm::Dim> &shape = outputs[size_t(index)].shape;
    if (!dims && !shape.empty())
      return nullArgument("dims");
    for (size_t d = 0; d < shape.size(); ++d)
      dims[d] = dimValue(shape[d], values.data());
    return {};
  });
}
