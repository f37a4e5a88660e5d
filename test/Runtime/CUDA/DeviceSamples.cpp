//===- DeviceSamples.cpp - an artefact for GPUs and what runs it ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

#include "runtime/CUDA/Device.h"

#include <dlfcn.h>

namespace fovea::test {

using fvm::Dim;
using fvm::DType;

FakeCuda &driver() {
  static FakeCuda *state = [] {
    void *library = dlopen(FOVEA_TEST_DRIVER, RTLD_NOW);
    EXPECT_TRUE(library) << dlerror();
    return reinterpret_cast<FakeCuda *(*)()>(dlsym(library, "fake_cuda"))();
  }();
  return *state;
}

fvm::Manifest deviceManifest() {
  fvm::Manifest manifest = emptyManifest();
  const Dim n = Dim::symbol(0);
  manifest.entries.clear();
  auto add = [&](const char *name, Dim size, fvm::Reader reader = fvm::Reader::Target) {
    manifest.entries.push_back(
        {name, {"n"}, {{"x", DType::F32, {n}, reader}}, {{"y", DType::F32, {size}}}});
  };
  for (const char *name : {"main", "blocks", "fault", "wrong"})
    add(name, n);
  add("shapes", Dim::data());
  add("told", n, fvm::Reader::Both);
  add("asked", Dim::data(), fvm::Reader::Host);
  return manifest;
}

Image packDevice(const std::vector<DeviceCode> &code) {
  Image host = readCode("code_device"), image;
  const float weight = 2;
  std::vector<fvm::Section> sections = {
      {fvm::SectionKind::Code, "cpu", {{host.data(), host.size()}}}};
  for (const DeviceCode &one : code)
    sections.push_back({fvm::SectionKind::Code,
                        one.target,
                        {{one.content.data(), one.content.size()}},
                        64,
                        fvm::MemorySpace::Device});
  std::string json = fvm::writeManifest(deviceManifest());
  fvm::Status status = fvm::writeArtifact(
      image, fvm::sectionsOf(json, std::move(sections), {{&weight, sizeof(weight)}}, "{}"));
  EXPECT_TRUE(status.ok()) << status.message();
  return image;
}

DevicePtr openDevice(int32_t index) {
  fovea_device *device = nullptr;
  expectStatus(StatusPtr(fovea_device_open("cuda", index, &device)), FOVEA_OK);
  return DevicePtr(device);
}

ModulePtr loadFor(const DevicePtr &device, const Image &image) {
  fovea_module *module = nullptr;
  expectStatus(
      StatusPtr(fovea_module_load_memory(image.data(), image.size(), device.get(), &module)),
      FOVEA_OK);
  return ModulePtr(module);
}

StatusPtr refuseFor(const DevicePtr &device, const Image &image) {
  fovea_module *module = nullptr;
  StatusPtr status(fovea_module_load_memory(image.data(), image.size(), device.get(), &module));
  EXPECT_EQ(module, nullptr);
  return status;
}

/// The driver, as a program of its own would call it.
static const cuda::Device &gpu() {
  const cuda::Device *device = nullptr;
  EXPECT_TRUE(cuda::Device::open(0, device).ok());
  return *device;
}

DeviceValues::DeviceValues(std::vector<float> values, size_t skipped)
    : shape{int64_t(values.size())}, skipped(skipped) {
  cuda::Device::Scope scope(gpu());
  unsigned long long address = 0;
  size_t bytes = values.size() * sizeof(float);
  EXPECT_EQ(gpu().driver().cuMemAlloc_v2(&address, bytes + skipped * sizeof(float)), 0);
  memory = address;
  EXPECT_EQ(gpu().driver().cuMemcpyHtoD_v2(memory + skipped * sizeof(float), values.data(), bytes),
            0);
}

DeviceValues::~DeviceValues() {
  cuda::Device::Scope scope(gpu());
  gpu().driver().cuMemFree_v2(memory);
}

fovea_tensor DeviceValues::view(int32_t index) {
  return {reinterpret_cast<void *>(memory), {2, index}, 1, dtypeOf<float>(), shape.data(), nullptr,
          skipped * sizeof(float)};
}

std::vector<float> DeviceValues::values() const {
  const float *start = fakeHost<float>(int64_t(memory)) + skipped;
  return {start, start + shape[0]};
}

void DeviceValues::set(const std::vector<float> &values) {
  float *start = fakeHost<float>(int64_t(memory)) + skipped;
  std::copy(values.begin(), values.end(), start);
}

std::vector<float> valuesOf(const fovea_tensor &tensor) {
  const float *start = static_cast<float *>(tensor.data);
  return {start, start + tensor.shape[0]};
}

} // namespace fovea::test
