//===- Program.cpp - a loaded artefact that runs --------------------------===//
//
// Calls the runtime.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Program.h"

#include <cstring>

using namespace fovea;
using namespace fovea::cli;

llvm::Error cli::toError(fovea_status *status, const llvm::Twine &about) {
  if (!status)
    return llvm::Error::success();
  fovea_code code = fovea_status_code(status);
  std::string node = fovea_status_node(status), text = fovea_status_message(status);
  fovea_status_free(status);
  bool input = code == FOVEA_BAD_ARTIFACT || code == FOVEA_INCOMPATIBLE;
  return failureOfRun(input ? kInput : code == FOVEA_INTERNAL ? kBug : kRun, about, node, text);
}

llvm::Expected<Program> Program::with(fovea_module *module, RunOptions run) {
  Program program;
  program.module.reset(module);
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.threads = run.threads;
  options.emulate_seed = run.emulateSeed;
  fovea_context *context = nullptr;
  if (llvm::Error error = toError(fovea_context_create(module, &options, &context), "run"))
    return error;
  program.context.reset(context);
  return program;
}

llvm::Expected<Program> Program::load(const std::string &path, RunOptions run) {
  fovea_module *module = nullptr;
  if (llvm::Error error = toError(fovea_module_load_file(path.c_str(), nullptr, &module), path))
    return error;
  return with(module, run);
}

llvm::Expected<Program> Program::load(llvm::ArrayRef<std::byte> bytes, RunOptions run) {
  fovea_module *module = nullptr;
  fovea_status *status = fovea_module_load_memory(bytes.data(), bytes.size(), nullptr, &module);
  if (llvm::Error error = toError(status, "load"))
    return error;
  return with(module, run);
}

static TensorSignature toSignature(const fovea_io_info &info) {
  TensorSignature tensor;
  tensor.name = info.name;
  tensor.dtype = *dtypeNamed(info.dtype);
  tensor.shape.assign(info.dims, info.dims + info.rank);
  for (int32_t dim = 0; dim < info.rank; ++dim)
    tensor.symbols.push_back(info.symbols[dim] ? info.symbols[dim] : "");
  tensor.onHost = info.on_host != 0;
  return tensor;
}

llvm::Expected<Signature> Program::signature(const std::string &entry) const {
  Signature signature;
  std::vector<std::string> names;
  for (int64_t index = 0; index < fovea_module_entry_count(module.get()); ++index)
    names.push_back(fovea_module_entry_name(module.get(), index));
  signature.entry = entry.empty() && !names.empty() ? names.front() : entry;
  const char *name = signature.entry.c_str();
  int64_t inputs = fovea_module_input_count(module.get(), name);
  if (inputs < 0)
    return failure(kUsage, "there is no entry '" + signature.entry + "'" +
                               didYouMean(signature.entry, names));
  fovea_io_info info;
  for (int64_t index = 0; index < inputs; ++index) {
    if (auto error = toError(fovea_module_input_info(module.get(), name, index, &info), name))
      return error;
    signature.inputs.push_back(toSignature(info));
  }
  for (int64_t index = 0; index < fovea_module_output_count(module.get(), name); ++index) {
    if (auto error = toError(fovea_module_output_info(module.get(), name, index, &info), name))
      return error;
    signature.outputs.push_back(toSignature(info));
  }
  return signature;
}

static fovea_dtype dlTypeOf(DType dtype) {
  uint8_t code = dtype == DType::Bool   ? 6
                 : dtype == DType::BF16 ? 4
                 : isFloat(dtype)       ? 2
                 : isUnsigned(dtype)    ? 1
                                        : 0;
  return {code, static_cast<uint8_t>(8 * sizeOf(dtype)), 1};
}

std::vector<fovea_tensor> cli::viewsOf(llvm::ArrayRef<Tensor> tensors) {
  std::vector<fovea_tensor> views;
  for (const Tensor &tensor : tensors) {
    fovea_tensor view = {};
    view.data = const_cast<uint8_t *>(tensor.data());
    view.device = {1, 0};
    view.ndim = static_cast<int32_t>(tensor.shape().size());
    view.dtype = dlTypeOf(tensor.dtype());
    view.shape = const_cast<int64_t *>(tensor.shape().data());
    views.push_back(view);
  }
  return views;
}

bool Program::onDevice() const {
  constexpr int32_t host = 1;
  return fovea_context_device(context.get()).device_type != host;
}

llvm::Expected<std::vector<fovea_tensor>> Program::place(const Signature &signature,
                                                         std::vector<fovea_tensor> tensors) {
  if (!onDevice())
    return tensors;
  for (auto [tensor, input] : llvm::zip_equal(tensors, signature.inputs)) {
    if (input.onHost)
      continue;
    fovea_buffer *buffer = nullptr;
    fovea_status *status = fovea_context_upload(context.get(), &tensor, &tensor, &buffer);
    if (llvm::Error error = toError(status, "upload"))
      return error;
    uploaded.emplace_back(buffer, fovea_buffer_free);
  }
  return tensors;
}

/// Runs with the outputs left in the context.
llvm::Error Program::runOnly(const Signature &signature, llvm::ArrayRef<fovea_tensor> inputs,
                             fovea_stream *stream) {
  fovea_tensor unset = {};
  if (stream)
    unset.device = fovea_context_device(context.get());
  outputs.assign(signature.outputs.size(), unset);
  return toError(fovea_context_run(context.get(), signature.entry.c_str(), inputs.data(),
                                   inputs.size(), outputs.data(), outputs.size(), stream),
                 "run");
}

llvm::Expected<double> Program::time(const Signature &signature,
                                     llvm::ArrayRef<fovea_tensor> inputs, int64_t runs) {
  fovea_stream *stream = onDevice() ? FOVEA_CONTEXT_STREAM : nullptr;
  if (llvm::Error error = toError(fovea_context_start_clock(context.get()), "bench"))
    return error;
  for (int64_t run = 0; run < runs; ++run)
    if (llvm::Error error = runOnly(signature, inputs, stream))
      return error;
  double milliseconds = 0;
  if (llvm::Error error = toError(fovea_context_stop_clock(context.get(), &milliseconds), "bench"))
    return error;
  return milliseconds;
}

llvm::Expected<std::vector<Tensor>> Program::run(const Signature &signature,
                                                 llvm::ArrayRef<Tensor> inputs) {
  if (llvm::Error error = runOnly(signature, viewsOf(inputs), nullptr))
    return error;
  std::vector<Tensor> results;
  for (auto [output, declared] : llvm::zip(outputs, signature.outputs)) {
    llvm::ArrayRef<int64_t> shape(output.shape, output.ndim);
    llvm::Expected<Tensor> copy = Tensor::create(declared.dtype, shape);
    if (!copy)
      return failure(kRun, "output '" + declared.name + "'", copy.takeError());
    if (copy->byteSize())
      std::memcpy(copy->data(), static_cast<char *>(output.data) + output.byte_offset,
                  copy->byteSize());
    results.push_back(std::move(*copy));
  }
  return results;
}

llvm::Expected<int64_t> Program::peakBytes(const Signature &signature,
                                           llvm::ArrayRef<fovea_tensor> inputs) const {
  fovea_plan plan = {};
  fovea_status *status = fovea_module_plan(module.get(), signature.entry.c_str(), inputs.data(),
                                           inputs.size(), threads(), &plan);
  if (llvm::Error error = toError(status, "plan"))
    return error;
  return plan.peak_bytes;
}
