//===- DeviceTensors.cpp - tensors of runs on a device --------------------===//
//
// Tensors of the caller that lie where kernels find them are used in place; others are copied
// before the run and behind it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Context.h"
#include "runtime/Core/Tensors.h"

namespace fovea::core {

using fvm::Code;
using fvm::concat;
using fvm::Status;

/// Alignment in bytes of tensors that kernels are given: their widest accesses.
static constexpr uintptr_t kernelAlignment = 16;

static bool isAligned(const fovea_tensor &tensor) {
  return reinterpret_cast<uintptr_t>(dataOf(tensor)) % kernelAlignment == 0;
}

fovea_dldevice Context::place() const {
  return deviceMemory() ? deviceMemory()->device : hostMemory;
}

/// Why the device gave no memory, where that is more than that there is no more.
Status Context::noMemory(Status status) {
  if (!launcher)
    return status;
  Status refusal = launcher->takeRefusal();
  return refusal.ok() ? std::move(status) : std::move(refusal);
}

Status Context::noMemory(std::string text) {
  return noMemory(Status(Code::OutOfMemory, std::move(text)));
}

/// Places inputData[index], the dense elements of `tensor`, where those who read them can.
Status Context::placeInput(size_t index, const fvm::TensorInfo &info, const fovea_tensor &tensor) {
  hostInputs[index] = nullptr;
  if (info.readBy == fvm::Reader::Target)
    return bringInput(index, info, tensor);
  if (!isIn(hostMemory, tensor))
    return {Code::InvalidArgument, concat("input '", info.name,
                                          "' is on the device, and the host decides sizes or steps "
                                          "of the run by its elements; pass it in the host's "
                                          "memory")};
  hostInputs[index] = inputData[index];
  return info.readBy == fvm::Reader::Both ? bringInput(index, info, tensor) : Status();
}

/// Makes inputData[index], the dense elements of `tensor`, an address for kernels.
Status Context::bringInput(size_t index, const fvm::TensorInfo &info, const fovea_tensor &tensor) {
  if (!deviceMemory())
    return {};
  bool onDevice = !isIn(hostMemory, tensor);
  if (onDevice && !isDense(tensor))
    return {Code::InvalidArgument, concat("input '", info.name,
                                          "' is on the device and not dense row-major; make a "
                                          "dense copy of it there")};
  if (onDevice && isAligned(tensor))
    return {};
  int64_t bytes = 0;
  tensorBytes(fvm::dtypeBytes(info.dtype), shapeOf(tensor), bytes);
  Block &own = deviceInputs[index];
  if (!own.reserve(size_t(bytes)))
    return noMemory(
        concat("input '", info.name, "': no memory for ", bytes, " bytes on the device"));
  const void *from = std::exchange(inputData[index], own.data());
  copiesQueued[index] = copiesQueued[index] || from == inputCopies[index].data();
  return launcher->copy(onDevice ? Copy::WithinDevice : Copy::ToDevice, own.data(), from,
                        size_t(bytes));
}

/// Decides who writes an output: the kernels, or a copy behind them.
void Context::placeOutput(size_t index, const fovea_tensor &tensor) {
  OutputSlot &slot = slots[index];
  if (!deviceMemory()) {
    slot.inPlace = tensor.data;
    return;
  }
  slot.toHost = !isIn(place(), tensor);
  slot.inPlace = tensor.data && !slot.toHost && isAligned(tensor);
}

/// Queues the copies of outputs that kernels have not written in place.
Status Context::returnOutputs(const fvm::Entry &entry) {
  for (size_t i = 0; i < entry.outputs.size(); ++i) {
    OutputSlot &slot = slots[i];
    if (slot.inPlace || (!slot.supplied && !slot.toHost))
      continue;
    const fvm::TensorInfo &info = entry.outputs[i];
    const int64_t *shape = slot.buffer->shape;
    int64_t bytes = 0;
    tensorBytes(fvm::dtypeBytes(info.dtype), {shape, info.shape.size()}, bytes);
    void *to = slot.supplied ? dataOf(*slot.supplied) : nullptr;
    if (!slot.supplied) {
      if (!slot.hostBuffer) {
        slot.hostBuffer = new fovea_buffer;
        slot.hostBuffer->block = Block(allocator);
      }
      // A copy of an earlier run may be on its way to the memory that would be freed.
      if (slot.hostBuffer->block.size() < size_t(bytes))
        if (Status status = launcher->drain(); !status.ok())
          return status;
      if (!slot.hostBuffer->block.reserve(size_t(bytes)))
        return {Code::OutOfMemory,
                concat("output '", info.name, "': no memory for ", bytes, " bytes")};
      std::copy_n(shape, info.shape.size(), slot.hostBuffer->shape);
      to = slot.hostBuffer->block.data();
    }
    if (Status status = launcher->copy(slot.toHost ? Copy::ToHost : Copy::WithinDevice, to,
                                       slot.buffer->block.data(), size_t(bytes));
        !status.ok())
      return status;
  }
  return {};
}

static Status checkUpload(const fovea_tensor &tensor, int64_t elementBytes, int64_t &bytes) {
  auto refuse = [](std::string_view why) {
    return Status(Code::InvalidArgument, concat("the tensor to upload ", why));
  };
  if (!isIn(hostMemory, tensor))
    return refuse("is not in the host's memory");
  if (tensor.ndim < 0 || tensor.ndim > FOVEA_MAX_RANK || (tensor.ndim && !tensor.shape))
    return refuse(concat("has rank ", tensor.ndim, " or no shape, expected a shape and rank 0 to ",
                         FOVEA_MAX_RANK));
  if (elementBytes == 0)
    return refuse("has elements that are no whole bytes");
  if (!tensorBytes(elementBytes, shapeOf(tensor), bytes))
    return refuse("has a size that is negative or too large");
  return !tensor.data && bytes ? refuse("has no data") : Status();
}

Status Context::bringTensor(const fovea_tensor &from, fovea_tensor &to,
                            std::unique_ptr<fovea_buffer> &buffer) {
  const int64_t bits = int64_t(from.dtype.bits) * from.dtype.lanes;
  const int64_t elementBytes = bits % 8 == 0 ? bits / 8 : 0;
  int64_t bytes = 0;
  if (Status status = checkUpload(from, elementBytes, bytes); !status.ok())
    return status;
  auto made = std::make_unique<fovea_buffer>();
  if (deviceMemory())
    made->owner = deviceMemory()->owner;
  made->block = Block(tensorAllocator());
  // What has strides is made dense on the host.
  Block dense(allocator);
  const bool isStaged = deviceMemory() && !isDense(from);
  if (!made->block.reserve(size_t(bytes)) || (isStaged && !dense.reserve(size_t(bytes))))
    return noMemory(concat("no memory for the ", bytes, " bytes of a tensor to upload"));
  if (!isDense(from))
    copyDense(from, elementBytes, isStaged ? dense.data() : made->block.data());
  else if (!deviceMemory())
    std::copy_n(dataOf(from), bytes, static_cast<char *>(made->block.data()));
  if (deviceMemory()) {
    if (Status status = launcher->begin(nullptr); !status.ok())
      return status;
    const void *source = isStaged ? dense.data() : dataOf(from);
    Status copied = launcher->copy(Copy::ToDevice, made->block.data(), source, size_t(bytes));
    Status ended = launcher->end(/*failed=*/false);
    if (!copied.ok() || !ended.ok())
      return copied.ok() ? std::move(ended) : std::move(copied);
  }
  std::copy_n(from.shape, from.ndim, made->shape);
  to = {made->block.data(), place(), from.ndim, from.dtype, made->shape, nullptr, 0};
  buffer = std::move(made);
  return {};
}

/// The fault that kernels of a device have left, which the host has gone on behind.
Status Context::takeFault() {
  const fovea_fault_record record = launcher->takeFault();
  if (!record.taken)
    return {};
  Failure failure;
  failure.fault = record.fault;
  failure.node = record.node;
  failure.value = record.value;
  failure.limit = record.limit;
  return describeFault(failure, *module);
}

} // namespace fovea::core
