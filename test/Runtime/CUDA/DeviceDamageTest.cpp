//===- DeviceDamageTest.cpp - damaged artefacts for GPUs are refused ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Format.h"
#include "test/Runtime/CUDA/DeviceSamples.h"

#include <cstring>
#include <span>

using namespace fovea::test;

/// Refused before anything of it reaches the driver.
static void expectRefused(std::span<const std::byte> image, const char *what, size_t where) {
  static DevicePtr device = openDevice(0);
  driver().calls.clear();
  fovea_module *module = nullptr;
  StatusPtr status(fovea_module_load_memory(image.data(), image.size(), device.get(), &module));
  ModulePtr freed(module);
  ASSERT_NE(status, nullptr) << what << " " << where << " was accepted";
  fovea_code code = fovea_status_code(status.get());
  EXPECT_TRUE(code == FOVEA_BAD_ARTIFACT || code == FOVEA_INCOMPATIBLE)
      << fovea_status_message(status.get());
  EXPECT_EQ(driver().count("cuModuleLoadData"), 0) << what << " " << where;
}

TEST(DeviceDamage, every_changed_byte_is_refused) {
  Image image = packDevice();
  loadFor(openDevice(0), image);
  for (size_t i = 0; i < image.size() && !testing::Test::HasFailure(); ++i) {
    image[i] ^= std::byte(1 << i % 8);
    expectRefused(image, "a change of byte", i);
    image[i] ^= std::byte(1 << i % 8);
  }
  loadFor(openDevice(0), image);
}

TEST(DeviceDamage, every_prefix_is_refused) {
  const Image image = packDevice();
  for (size_t size = 0; size < image.size() && !testing::Test::HasFailure(); ++size)
    expectRefused({image.data(), size}, "a prefix of", size);
}

/// The artefact with its table changed and hashed again.
static Image forge(auto change) {
  Image image = packDevice();
  auto &header = *reinterpret_cast<fvm::FileHeader *>(image.data());
  auto *records = reinterpret_cast<fvm::SectionRecord *>(image.data() + sizeof(header));
  for (size_t i = 0; i < header.sectionCount; ++i)
    change(records[i]);
  fvm::Sha256 hash;
  hash.update(image.data(), offsetof(fvm::FileHeader, hash));
  hash.update(records, header.sectionCount * sizeof(fvm::SectionRecord));
  header.hash = hash.finish();
  return image;
}

TEST(DeviceDamage, only_code_of_a_gpu_is_for_a_device) {
  DevicePtr device = openDevice(0);
  for (auto kind : {fvm::SectionKind::Manifest, fvm::SectionKind::Weights, fvm::SectionKind::Ledger,
                    fvm::SectionKind::Code}) {
    Image image = forge([&](fvm::SectionRecord &record) {
      if (record.kind == uint32_t(kind))
        record.space = uint32_t(fvm::MemorySpace::Device);
    });
    expectStatus(refuseFor(device, image), FOVEA_BAD_ARTIFACT, "breaks the format's rules");
  }
}

TEST(DeviceDamage, code_of_a_gpu_that_is_not_marked_is_missing) {
  Image image = forge([](fvm::SectionRecord &record) { record.space = 0; });
  expectStatus(refuseFor(openDevice(0), image), FOVEA_BAD_ARTIFACT,
               "no code of its kernel 'double_values'");
}

TEST(DeviceDamage, code_without_content_is_refused) {
  driver().calls.clear();
  expectStatus(refuseFor(openDevice(0), packDevice({{"sm_90", ""}})), FOVEA_BAD_ARTIFACT,
               "its code 'sm_90' is empty");
  EXPECT_EQ(driver().count("cuModuleLoadData"), 0);
}
