//===- FakeDriver.cpp - a CUDA driver for tests ---------------------------===//
//
// The library, its devices, contexts and modules.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/FakeCalls.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>

using namespace fovea::cuda;
using namespace fovea::test;

/// CUDA_ERROR_INVALID_CONTEXT, CUDA_ERROR_CONTEXT_IS_DESTROYED.
static constexpr int kInvalidContext = 201, kContextIsDestroyed = 709;

struct fovea::cuda::CUfunc_st {
  std::string name;
};

extern "C" __attribute__((visibility("default"))) FakeCuda *fake_cuda() {
  static FakeCuda *state = [] {
    auto *made = new FakeCuda;
    if (const char *version = getenv("FAKE_CUDA_VERSION"))
      made->version = atoi(version);
    if (const char *devices = getenv("FAKE_CUDA_DEVICES"))
      made->devices = atoi(devices);
    const char *fail = getenv("FAKE_CUDA_FAIL"), *colon = fail ? strchr(fail, ':') : nullptr;
    if (colon)
      made->fail[std::string(fail, colon)] = atoi(colon + 1);
    return made;
  }();
  return state;
}

int fovea::test::called(const std::string &name, const std::string &details) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  FakeCuda &fake = *fake_cuda();
  fake.calls.push_back(details.empty() ? name : name + " " + details);
  if (const char *log = getenv("FAKE_CUDA_CALLS"))
    std::ofstream(log, std::ios::app) << fake.calls.back() << "\n";
  auto failing = fake.fail.find(name);
  if (failing == fake.fail.end())
    return kSuccess;
  int result = failing->second;
  fake.fail.erase(failing);
  if (result == kThrow)
    throw std::bad_alloc();
  return result;
}

FAKE cuDriverGetVersion(int *version) {
  *version = fake_cuda()->version;
  return called("cuDriverGetVersion");
}
FAKE cuInit(unsigned) { return called("cuInit"); }
FAKE cuGetErrorName(int result, const char **text) {
  *text = result == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_OF_THE_FAKE";
  return kSuccess;
}
FAKE cuGetErrorString(int result, const char **text) {
  static thread_local std::string number;
  number = "number " + std::to_string(result);
  *text = number.c_str();
  return kSuccess;
}
FAKE cuDeviceGetCount(int *count) {
  *count = fake_cuda()->devices;
  return called("cuDeviceGetCount");
}
FAKE cuDeviceGet(int *device, int index) {
  *device = 100 + index;
  return called("cuDeviceGet");
}
FAKE cuDeviceGetName(char *text, int bytes, int device) {
  snprintf(text, size_t(bytes), "Fake GPU %d", device - 100);
  return called("cuDeviceGetName");
}
FAKE cuDeviceGetAttribute(int *value, int attribute, int) {
  const FakeCuda &fake = *fake_cuda();
  *value = attribute == kCapabilityMajor   ? fake.major
           : attribute == kCapabilityMinor ? fake.minor
           : attribute == kMemoryPools     ? 1
                                           : 227 << 10;
  return called("cuDeviceGetAttribute");
}
FAKE cuDeviceTotalMem_v2(size_t *bytes, int) {
  *bytes = size_t(1) << 30;
  return called("cuDeviceTotalMem_v2");
}
FAKE cuDevicePrimaryCtxRetain(ContextHandle *context, int device) {
  *context = reinterpret_cast<ContextHandle>(uintptr_t(device));
  return called("cuDevicePrimaryCtxRetain");
}

static thread_local std::vector<ContextHandle> current;

FAKE cuCtxPushCurrent_v2(ContextHandle context) {
  // Not noted: it is around everything.
  if (fake_cuda()->fail.erase("cuCtxPushCurrent_v2"))
    return kContextIsDestroyed;
  current.push_back(context);
  return kSuccess;
}
FAKE cuCtxPopCurrent_v2(ContextHandle *context) {
  if (current.empty())
    return kInvalidContext;
  *context = current.back();
  current.pop_back();
  return kSuccess;
}

int fovea::test::calledWithin(const std::string &name, const std::string &details) {
  int result = called(name, details);
  return current.empty() ? kInvalidContext : result;
}

FAKE cuModuleLoadData(ModuleHandle *module, const void *image) {
  fake_cuda()->image.assign(static_cast<const char *>(image),
                            strnlen(static_cast<const char *>(image), 16));
  *module = reinterpret_cast<ModuleHandle>(uintptr_t(7));
  return calledWithin("cuModuleLoadData", fake_cuda()->image);
}
FAKE cuModuleUnload(ModuleHandle) { return calledWithin("cuModuleUnload"); }
FAKE cuModuleGetFunction(FunctionHandle *function, ModuleHandle, const char *name) {
  static auto &known = *new std::map<std::string, CUfunc_st>;
  *function = &known.try_emplace(name, CUfunc_st{name}).first->second;
  return calledWithin("cuModuleGetFunction", name);
}
FAKE cuFuncSetAttribute(FunctionHandle function, int attribute, int value) {
  return calledWithin("cuFuncSetAttribute", function->name + " " + std::to_string(attribute) + "=" +
                                                std::to_string(value));
}
FAKE cuLaunchKernelEx(const LaunchConfig *config, FunctionHandle function, void **parameters,
                      void **extra) {
  bool cooperative = config->attributeCount == 1 &&
                     config->attributes->id == LaunchAttribute::kCooperative &&
                     config->attributes->value.cooperative == 1;
  int result = calledWithin(
      "cuLaunchKernelEx",
      function->name + " " + std::to_string(config->gridX) + "x" + std::to_string(config->blockX) +
          " shared " + std::to_string(config->sharedBytes) + (cooperative ? " cooperative" : "") +
          " on " + std::to_string(reinterpret_cast<uintptr_t>(config->stream)));
  if (result != kSuccess)
    return result;
  bool asBuffer = !parameters && extra && extra[0] == kParametersBuffer &&
                  extra[2] == kParametersSize && extra[4] == kParametersEnd;
  if (!asBuffer || config->gridY * config->gridZ * config->blockY * config->blockZ != 1)
    return kInvalidValue;
  const auto *words = static_cast<const int64_t *>(extra[1]);
  std::vector<int64_t> kept(words, words + *static_cast<size_t *>(extra[3]) / sizeof(*words));
  return fovea::test::queueFake(
      config->stream, [=, run = findFakeKernel(function->name), blocks = config->gridX,
                       threads = config->blockX] { run(kept.data(), blocks, int(threads)); });
}
