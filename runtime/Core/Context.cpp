//===- Context.cpp - state of the runs of one thread ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Context.h"
#include "runtime/CPU/Processors.h"
#include "runtime/Core/Tensors.h"

#include <algorithm>

namespace fovea::core {

using fvm::Code;
using fvm::concat;
using fvm::Status;

static constexpr int32_t maxThreads = 1024;
static constexpr int32_t defaultSpinMicroseconds = 100;
static constexpr int32_t maxSpinMicroseconds = 10'000'000;

static int32_t chooseThreads(const Module &module, int32_t wanted) {
  if (wanted)
    return wanted;
  // The host launches kernels, which takes one thread.
  if (module.deviceProgram())
    return 1;
  auto usable = int32_t(std::min(cpu::usableProcessors(), maxThreads));
  int64_t hint = module.manifest().threadsHint;
  return hint ? int32_t(std::min<int64_t>(hint, usable)) : usable;
}

Context::Context(std::shared_ptr<const Module> shared, const fovea_context_options &options,
                 int32_t threads, std::unique_ptr<Launcher> kernels)
    : module(std::move(shared)), launcher(std::move(kernels)),
      allocator(options.allocator.alloc ? options.allocator : defaultAllocator()),
      pool(threads, options.spin_us < 0 ? defaultSpinMicroseconds : options.spin_us),
      members(threads),
      team{threads, options.parallel_for, options.parallel_for_user, &pool, &members},
      work(tensorAllocator()), hostScratch(allocator), replaying(options.replay != 0) {
  size_t symbols = 0, inputs = 0, outputs = 0;
  for (const EntryPoint &point : module->entries()) {
    symbols = std::max(symbols, point.entry->symbols.size());
    inputs = std::max(inputs, point.entry->inputs.size());
    outputs = std::max(outputs, point.entry->outputs.size());
  }
  dims.resize(symbols);
  inputData.resize(inputs);
  hostInputs.resize(inputs);
  copiesQueued.resize(inputs);
  slots.resize(outputs);
  inputCopies.reserve(inputs);
  deviceInputs.reserve(inputs);
  for (size_t i = 0; i < inputs; ++i) {
    inputCopies.emplace_back(allocator);
    deviceInputs.emplace_back(tensorAllocator());
  }
}

Context::~Context() {
  // Copies from and to memory of the host may be under way.
  if (launcher)
    (void)launcher->drain();
  for (OutputSlot &slot : slots) {
    delete slot.buffer;
    delete slot.hostBuffer;
  }
}

Status Context::create(std::shared_ptr<const Module> module, const fovea_context_options &options,
                       std::unique_ptr<Context> &context) {
  if (options.struct_size != sizeof(options))
    return {Code::InvalidArgument, "context options: struct_size is wrong; set them up with "
                                   "fovea_context_options_init"};
  if (options.threads < 0 || options.threads > maxThreads)
    return {Code::InvalidArgument, concat("context options: threads is ", options.threads,
                                          ", expected 0 to ", maxThreads)};
  if (options.spin_us < -1 || options.spin_us > maxSpinMicroseconds)
    return {Code::InvalidArgument, concat("context options: spin_us is ", options.spin_us,
                                          ", expected -1 to ", maxSpinMicroseconds)};
  if (options.replay != 0 && options.replay != 1)
    return {Code::InvalidArgument,
            concat("context options: replay is ", options.replay, ", expected 0 or 1")};
  if (!options.allocator.alloc != !options.allocator.free)
    return {Code::InvalidArgument, "context options: alloc and free go together"};
  int32_t threads = chooseThreads(*module, options.threads);
  std::unique_ptr<Launcher> launcher;
  if (Status status = makeLauncher(*module, options.emulate_seed, launcher); !status.ok())
    return status;
  context.reset(new Context(std::move(module), options, threads, std::move(launcher)));
  return {};
}

namespace {
/// Says that a thread is in the context.
class Entered {
public:
  explicit Entered(std::atomic<bool> &busy) : busy(busy), alone(!busy.exchange(true)) {}
  ~Entered() {
    if (alone)
      busy.store(false);
  }
  Status check() const {
    if (alone)
      return {};
    return {Code::InvalidArgument,
            "the context is running on another thread; use one context per thread"};
  }

private:
  std::atomic<bool> &busy;
  const bool alone;
};
} // namespace

Status Context::run(const char *entry, std::span<const fovea_tensor> inputs,
                    std::span<fovea_tensor> outputs, fovea_stream *stream) {
  Entered entered(busy);
  if (Status status = entered.check(); !status.ok())
    return status;
  return runEntry(entry, inputs, outputs, stream);
}

Status Context::synchronize() {
  Entered entered(busy);
  if (Status status = entered.check(); !status.ok() || !launcher)
    return status;
  if (Status status = launcher->synchronize(); !status.ok())
    return status;
  return takeFault();
}

Status Context::runEntry(const char *name, std::span<const fovea_tensor> inputs,
                         std::span<fovea_tensor> outputs, fovea_stream *stream) {
  const EntryPoint *point = module->find(name);
  if (!point)
    return {Code::InvalidArgument, concat("there is no entry '", name, "'")};
  const fvm::Entry &entry = *point->entry;
  if (stream && !launcher)
    return {Code::InvalidArgument, "the CPU has no streams; pass a null stream"};
  // The last run's outputs end here, also when this run fails.
  for (OutputSlot &slot : slots) {
    slot.supplied = nullptr;
    slot.produced = slot.inPlace = slot.toHost = false;
  }
  if (Status status = solveDims(entry, inputs, dims.data()); !status.ok())
    return status;
  if (launcher)
    if (Status status = launcher->begin(stream); !status.ok())
      return status;
  if (Status status = runToEnd(*point, inputs, outputs); !status.ok()) {
    // A failed run has no outputs to detach.
    for (OutputSlot &slot : slots)
      slot.produced = false;
    return status;
  }
  publishOutputs(entry, outputs);
  return {};
}

/// What follows the begin of a run; ends it whatever happens.
Status Context::runToEnd(const EntryPoint &point, std::span<const fovea_tensor> inputs,
                         std::span<fovea_tensor> outputs) {
  // Given back behind the end of the run, whose kernels may use them until then.
  RunBlocks blocks(tensorAllocator());
  try {
    return endRun(runBegun(point, inputs, outputs, blocks));
  } catch (...) {
    if (launcher)
      (void)launcher->end(/*failed=*/true);
    throw;
  }
}

Status Context::runBegun(const EntryPoint &point, std::span<const fovea_tensor> inputs,
                         std::span<fovea_tensor> outputs, RunBlocks &blocks) {
  const fvm::Entry &entry = *point.entry;
  if (Status status = bindInputs(entry, inputs); !status.ok())
    return status;
  if (Status status = bindOutputs(entry, inputs, outputs); !status.ok())
    return status;
  fovea_plan plan;
  if (Status status = module->plan(point, dims.data(), team.count, plan); !status.ok())
    return status;
  if (Status status = reserve(entry, plan); !status.ok())
    return status;
  if (Status status = replayOrExecute(point, plan, blocks); !status.ok())
    return status;
  return deviceMemory() ? returnOutputs(entry) : Status();
}

/// `status` is that of the run so far; the first failure counts.
Status Context::endRun(Status status) {
  if (!launcher)
    return status;
  Status ended = launcher->end(/*failed=*/!status.ok());
  if (!status.ok())
    return status;
  return ended.ok() ? takeFault() : std::move(ended);
}

Status Context::bindInputs(const fvm::Entry &entry, std::span<const fovea_tensor> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const fvm::TensorInfo &info = entry.inputs[i];
    if (Status status = checkInputData(info, inputs[i], place()); !status.ok())
      return status;
    inputData[i] = dataOf(inputs[i]);
    if (isDense(inputs[i]) || !isIn(hostMemory, inputs[i])) {
      if (Status status = placeInput(i, info, inputs[i]); !status.ok())
        return status;
      continue;
    }
    // A copy of an earlier run to the device, perhaps of another entry, may still read the dense
    // copy; a run that is captured cannot make one.
    if (copiesQueued[i] || (deviceMemory() && info.readBy != fvm::Reader::Host)) {
      if (Status status = launcher->drain(); !status.ok())
        return status;
      copiesQueued.assign(copiesQueued.size(), false);
    }
    int64_t elementBytes = fvm::dtypeBytes(info.dtype), bytes = 0;
    tensorBytes(elementBytes, shapeOf(inputs[i]), bytes);
    if (!inputCopies[i].reserve(size_t(bytes)))
      return {Code::OutOfMemory,
              concat("input '", info.name, "': no memory for a dense copy of ", bytes, " bytes")};
    copyDense(inputs[i], elementBytes, inputCopies[i].data());
    inputData[i] = inputCopies[i].data();
    if (Status status = placeInput(i, info, inputs[i]); !status.ok())
      return status;
  }
  return {};
}

static bool overlap(const void *a, int64_t aBytes, const void *b, int64_t bBytes) {
  auto aBegin = reinterpret_cast<uintptr_t>(a), bBegin = reinterpret_cast<uintptr_t>(b);
  return aBegin < bBegin + uintptr_t(bBytes) && bBegin < aBegin + uintptr_t(aBytes);
}

Status Context::bindOutputs(const fvm::Entry &entry, std::span<const fovea_tensor> inputs,
                            std::span<const fovea_tensor> outputs) {
  if (outputs.size() != entry.outputs.size())
    return {Code::InvalidArgument, concat("entry '", entry.name, "' has ", entry.outputs.size(),
                                          " outputs, got ", outputs.size())};
  auto bytesOf = [](const fvm::TensorInfo &info, const fovea_tensor &tensor) {
    int64_t bytes = 0;
    tensorBytes(fvm::dtypeBytes(info.dtype), shapeOf(tensor), bytes);
    return bytes;
  };
  for (size_t i = 0; i < outputs.size(); ++i) {
    const fvm::TensorInfo &info = entry.outputs[i];
    if (Status status = outputs[i].data
                            ? checkSuppliedOutput(info, outputs[i], dims.data(), place())
                            : checkWantedOutput(info, outputs[i], place());
        !status.ok())
      return status;
    placeOutput(i, outputs[i]);
    if (!outputs[i].data)
      continue;
    slots[i].supplied = &outputs[i];
    // Compiled code is built on the promise that buffers are distinct.
    int64_t bytes = bytesOf(info, outputs[i]);
    auto clash = [&](std::string_view role, const fvm::TensorInfo &other) {
      return Status(Code::InvalidArgument, concat("output '", info.name, "' overlaps ", role, " '",
                                                  other.name, "' in memory"));
    };
    for (size_t k = 0; k < inputs.size(); ++k)
      if (overlap(dataOf(outputs[i]), bytes, inputData[k], bytesOf(entry.inputs[k], inputs[k])))
        return clash("input", entry.inputs[k]);
    for (size_t k = 0; k < i; ++k)
      if (slots[k].supplied && overlap(dataOf(outputs[i]), bytes, dataOf(outputs[k]),
                                       bytesOf(entry.outputs[k], outputs[k])))
        return clash("output", entry.outputs[k]);
  }
  return {};
}

/// What kernels of a device may use from the start of a run.
void Context::admitMemory(const EntryPoint &point, const fovea_plan &plan) {
  for (size_t i = 0; i < point.entry->inputs.size(); ++i) {
    const fvm::TensorInfo &info = point.entry->inputs[i];
    if (info.readBy == fvm::Reader::Host)
      continue;
    int64_t shape[FOVEA_MAX_RANK] = {}, bytes = 0;
    for (size_t d = 0; d < info.shape.size(); ++d)
      shape[d] = dimValue(info.shape[d], dims.data());
    tensorBytes(fvm::dtypeBytes(info.dtype), {shape, info.shape.size()}, bytes);
    launcher->admit(concat("input '", info.name, "'"), inputData[i], bytes, /*writable=*/false);
  }
  launcher->admit("the weights", module->weights(), module->weightSize(), /*writable=*/false);
  launcher->admit("the arena", work.data(), plan.arena_bytes, /*writable=*/true);
}

/// Arena and scratch of the run.
Status Context::reserve(const fvm::Entry &entry, const fovea_plan &plan) {
  int64_t scratchBytes = plan.peak_bytes - plan.arena_bytes;
  if (work.reserve(size_t(deviceMemory() ? plan.arena_bytes : plan.peak_bytes)) &&
      (!deviceMemory() || hostScratch.reserve(size_t(scratchBytes))))
    return {};
  return noMemory(concat("no memory for the ", plan.peak_bytes, " bytes that a run of entry '",
                         entry.name, "' with these shapes needs"));
}

/// Thread 0's scratch.
char *Context::scratchOf(const fovea_plan &plan) const {
  if (deviceMemory())
    return static_cast<char *>(hostScratch.data());
  uint64_t start = fvm::alignUp(uint64_t(plan.arena_bytes), memoryAlignment);
  return static_cast<char *>(work.data()) + start;
}

Status Context::execute(const EntryPoint &point, const fovea_plan &plan, RunBlocks &blocks) {
  if (launcher)
    admitMemory(point, plan);
  static const std::shared_ptr<void> nobody;
  Call call(point, tensorAllocator(), deviceMemory() ? deviceMemory()->owner : nobody, team,
            {slots.data(), point.entry->outputs.size()}, blocks, launcher.get());
  call.host = hostTable();
  call.inputs = inputData.data();
  call.host_inputs = hostInputs.data();
  call.dims = dims.data();
  call.weights = deviceMemory() ? deviceMemory()->weights : module->weights();
  call.arena = work.data();
  call.threads = team.count;
  if (!call.execute(scratchOf(plan), plan.scratch_bytes)) {
    Status status = describeFailure(call.failure(), *module, *point.entry);
    return status.code() == Code::OutOfMemory ? noMemory(std::move(status)) : std::move(status);
  }
  for (size_t i = 0; i < point.entry->outputs.size(); ++i)
    if (!slots[i].produced)
      return {Code::Internal, concat("compiled code did not produce output '",
                                     point.entry->outputs[i].name, "'; please report this")};
  return {};
}

void Context::publishOutputs(const fvm::Entry &entry, std::span<fovea_tensor> outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (slots[i].supplied) {
      // The tensor is the caller's and may be gone before the next run.
      slots[i].supplied = nullptr;
      slots[i].produced = false;
      continue;
    }
    const fvm::TensorInfo &info = entry.outputs[i];
    fovea_buffer &buffer = slots[i].toHost ? *slots[i].hostBuffer : *slots[i].buffer;
    outputs[i] = {buffer.block.data(),
                  slots[i].toHost ? hostMemory : place(),
                  int32_t(info.shape.size()),
                  toDLPack(info.dtype),
                  buffer.shape,
                  nullptr,
                  0};
  }
}

Status Context::upload(const fovea_tensor &from, fovea_tensor &to,
                       std::unique_ptr<fovea_buffer> &buffer) {
  Entered entered(busy);
  if (Status status = entered.check(); !status.ok())
    return status;
  return bringTensor(from, to, buffer);
}

Status Context::startClock() {
  Entered entered(busy);
  if (Status status = entered.check(); !status.ok())
    return status;
  clockStart.reset();
  if (deviceMemory())
    if (Status status = launcher->startClock(); !status.ok())
      return status;
  clockStart = Clock::now();
  return {};
}

Status Context::stopClock(double &milliseconds) {
  Entered entered(busy);
  if (Status status = entered.check(); !status.ok())
    return status;
  if (!clockStart)
    return {Code::InvalidArgument, "the clock was not started; call fovea_context_start_clock"};
  if (!deviceMemory()) {
    milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - *clockStart).count();
    return {};
  }
  double elapsed = 0;
  if (Status status = launcher->stopClock(elapsed); !status.ok())
    return status;
  if (Status status = takeFault(); !status.ok())
    return status;
  milliseconds = elapsed;
  return {};
}

Status Context::detach(int64_t index, fovea_buffer *&buffer) {
  if (index < 0 || size_t(index) >= slots.size() || !slots[size_t(index)].produced)
    return {Code::InvalidArgument,
            concat("output ", index, " of the last run has no memory of the context to detach")};
  OutputSlot &slot = slots[size_t(index)];
  buffer = std::exchange(slot.toHost ? slot.hostBuffer : slot.buffer, nullptr);
  slot.produced = false;
  return {};
}

} // namespace fovea::core
