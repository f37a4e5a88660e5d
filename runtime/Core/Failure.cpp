//===- Failure.cpp - words for the failure of a run -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Context.h"

namespace fovea::core {

using fvm::Code;
using fvm::concat;
using fvm::Status;

Status describeFault(const Failure &failure, const Module &module) {
  std::string node(module.nodeName(failure.node));
  std::string where =
      node.empty() ? concat("node number ", failure.node, ": ") : concat("node '", node, "': ");
  switch (failure.fault) {
  case FOVEA_FAULT_INDEX:
    return {
        Code::DataOutOfRange,
        concat(where, "index ", failure.value, " is out of range for ", failure.limit, " elements"),
        node};
  case FOVEA_FAULT_SHAPE:
    return {Code::DataOutOfRange,
            concat(where, "size ", failure.value, " does not match size ", failure.limit), node};
  case FOVEA_FAULT_LENGTH:
    return {Code::DataOutOfRange,
            concat(where, "length ", failure.value, " is out of range [0, ", failure.limit, "]"),
            node};
  case FOVEA_FAULT_PARAMETER:
    return {Code::DataOutOfRange,
            concat(where, "its step or axes, which come from data, are none that it takes"), node};
  case FOVEA_FAULT_MEMORY:
    return {Code::OutOfMemory, concat(where, "no memory for ", failure.value, " bytes"), node};
  }
  return {Code::Internal, concat(where, "unknown fault ", failure.fault, "; please report this"),
          node};
}

Status describeFailure(const Failure &failure, const Module &module, const fvm::Entry &entry) {
  using Kind = Failure::Kind;
  std::string output = concat("output ", failure.index);
  if (failure.index >= 0 && size_t(failure.index) < entry.outputs.size())
    output = concat("output '", entry.outputs[size_t(failure.index)].name, "'");
  std::string sizes = concat(": expected ", failure.limit, ", got ", failure.value);
  std::string dim = concat(", dimension ", failure.dim);
  auto internal = [](std::string_view what) {
    return Status(Code::Internal, concat("compiled code: ", what, "; please report this"));
  };
  switch (failure.kind) {
  case Kind::Fault:
    return describeFault(failure, module);
  case Kind::Launch:
    return {Code::Device, concat("a kernel stopped: ", failure.text)};
  case Kind::NoOutput:
    return internal(concat(output, " does not exist"));
  case Kind::OutputTwice:
    return internal(concat(output, " was produced twice"));
  case Kind::OutputRank:
    return internal(concat(output, ", rank", sizes));
  case Kind::OutputDim:
    return internal(concat(output, dim, sizes));
  case Kind::SuppliedDim:
    return {Code::ShapeMismatch, concat(output, dim, ": the data gives ", failure.value,
                                        ", the tensor supplied has ", failure.limit)};
  case Kind::OutputSize:
    return {Code::DataOutOfRange,
            concat(output, ": a size that depends on data is negative or too large")};
  case Kind::OutputMemory:
    return {Code::OutOfMemory, concat(output, ": no memory for ", failure.value, " bytes")};
  case Kind::BlockSize:
    return {Code::DataOutOfRange, concat("a size that depends on data is negative or too large: ",
                                         failure.value, " bytes")};
  case Kind::BlockMemory:
    return {Code::OutOfMemory, concat("no memory for ", failure.value,
                                      " bytes, whose size "
                                      "depends on data")};
  }
  return internal("unknown failure");
}

} // namespace fovea::core
