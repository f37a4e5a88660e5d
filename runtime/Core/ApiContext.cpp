//===- ApiContext.cpp - contexts and runs in C ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Api.h"
#include "runtime/Core/Context.h"
#include "runtime/Core/Tensors.h"

using namespace fovea::core;
using fvm::Code;
using fvm::Status;

struct fovea_context {
  std::unique_ptr<Context> context;
};

void fovea_context_options_init(fovea_context_options *options) {
  if (!options)
    return;
  *options = {};
  options->struct_size = sizeof(*options);
  options->spin_us = -1;
}

fovea_status *fovea_context_create(const fovea_module *module, const fovea_context_options *options,
                                   fovea_context **context) {
  return guarded([&]() -> Status {
    if (!module || !context)
      return nullArgument(module ? "context" : "module");
    fovea_context_options defaults;
    fovea_context_options_init(&defaults);
    auto handle = std::make_unique<fovea_context>();
    Status status = Context::create(module->module, options ? *options : defaults, handle->context);
    if (status.ok())
      *context = handle.release();
    return status;
  });
}

void fovea_context_free(fovea_context *context) { delete context; }

int32_t fovea_context_threads(const fovea_context *context) {
  return context ? context->context->threads() : 0;
}

fovea_status *fovea_context_run(fovea_context *context, const char *entry,
                                const fovea_tensor *inputs, int64_t num_inputs,
                                fovea_tensor *outputs, int64_t num_outputs, fovea_stream *stream) {
  return guarded([&]() -> Status {
    if (!context)
      return nullArgument("context");
    if (num_inputs < 0 || (num_inputs && !inputs))
      return {Code::InvalidArgument, "argument 'inputs' is null or has a negative count"};
    if (num_outputs < 0 || (num_outputs && !outputs))
      return {Code::InvalidArgument, "argument 'outputs' is null or has a negative count"};
    return context->context->run(entry, {inputs, size_t(num_inputs)},
                                 {outputs, size_t(num_outputs)}, stream);
  });
}

fovea_status *fovea_context_synchronize(fovea_context *context) {
  return guarded([&]() -> Status {
    if (!context)
      return nullArgument("context");
    return context->context->synchronize();
  });
}

fovea_dldevice fovea_context_device(const fovea_context *context) {
  return context ? context->context->place() : hostMemory;
}

fovea_status *fovea_context_upload(fovea_context *context, const fovea_tensor *from,
                                   fovea_tensor *to, fovea_buffer **buffer) {
  return guarded([&]() -> Status {
    if (!context || !from)
      return nullArgument(context ? "from" : "context");
    if (!to || !buffer)
      return nullArgument(to ? "buffer" : "to");
    std::unique_ptr<fovea_buffer> made;
    Status status = context->context->upload(*from, *to, made);
    if (status.ok())
      *buffer = made.release();
    return status;
  });
}

fovea_status *fovea_context_start_clock(fovea_context *context) {
  return guarded([&]() -> Status {
    if (!context)
      return nullArgument("context");
    return context->context->startClock();
  });
}

fovea_status *fovea_context_stop_clock(fovea_context *context, double *milliseconds) {
  return guarded([&]() -> Status {
    if (!context || !milliseconds)
      return nullArgument(context ? "milliseconds" : "context");
    return context->context->stopClock(*milliseconds);
  });
}

int64_t fovea_context_replays(const fovea_context *context) {
  return context ? context->context->replays() : 0;
}

fovea_status *fovea_context_detach(fovea_context *context, int64_t index, fovea_buffer **buffer) {
  return guarded([&]() -> Status {
    if (!context || !buffer)
      return nullArgument(context ? "buffer" : "context");
    return context->context->detach(index, *buffer);
  });
}

void fovea_buffer_free(fovea_buffer *buffer) { delete buffer; }
