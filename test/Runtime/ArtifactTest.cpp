//===- ArtifactTest.cpp - writing and reading .fvm files ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Reader.h"
#include "test/Runtime/Samples.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

using namespace fovea::test;
using namespace fvm;
namespace fs = std::filesystem;

namespace {
/// A folder that goes away with the test.
class ArtifactFile : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/fovea-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::vector<Section> sections() const {
    return sectionsOf(manifest, {{SectionKind::Code, "cpu", {{code.data(), code.size()}}}},
                      {{sampleWeights, 32}, {nullptr, 100}}, "{}");
  }

  fs::path folder;
  std::string manifest = writeManifest(sampleManifest());
  Image code = readCode("code_sample");
};
} // namespace

static Image contentOf(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto *bytes = reinterpret_cast<const std::byte *>(text.data());
  return {bytes, bytes + text.size()};
}

TEST_F(ArtifactFile, file_and_memory_are_the_same_bytes) {
  std::string path = folder / "a.fvm";
  ASSERT_TRUE(writeArtifact(path, sections()).ok());
  Image memory;
  ASSERT_TRUE(writeArtifact(memory, sections()).ok());
  EXPECT_EQ(contentOf(path), memory);
  ASSERT_TRUE(writeArtifact(path, sections()).ok()) << "replacing an old file";
  EXPECT_EQ(contentOf(path), memory);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "no temporary file is left";
}

TEST_F(ArtifactFile, sections_come_back_aligned) {
  std::string path = folder / "a.fvm";
  ASSERT_TRUE(writeArtifact(path, sections()).ok());
  Artifact artifact;
  ASSERT_TRUE(Artifact::open(path.c_str(), artifact).ok());
  ASSERT_EQ(artifact.sections().size(), 4u);
  for (const SectionRecord &section : artifact.sections())
    EXPECT_TRUE(artifact.check(section).ok());
  Bytes weights = artifact.content(*artifact.find(SectionKind::Weights));
  ASSERT_EQ(weights.size, 132u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(weights.data) % 64, 0u);
  EXPECT_EQ(memcmp(weights.data, sampleWeights, 32), 0);
  std::string text;
  ASSERT_TRUE(artifact.copyText(*artifact.find(SectionKind::Manifest), text).ok());
  EXPECT_EQ(text, manifest);
  EXPECT_EQ(artifact.find(SectionKind::Code, "cuda"), nullptr);
}

TEST_F(ArtifactFile, a_link_is_followed_and_a_device_is_not_replaced) {
  std::string path = folder / "a.fvm", link = folder / "link.fvm";
  ASSERT_TRUE(writeArtifact(path, sections()).ok());
  fs::create_symlink(path, link);
  ASSERT_TRUE(writeArtifact(link, sections()).ok());
  EXPECT_TRUE(fs::is_symlink(link));
  Status status = writeArtifact(std::string("/dev/null"), sections());
  EXPECT_EQ(status.code(), Code::InvalidArgument);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(ArtifactFile, an_impossible_path_is_an_error) {
  Status status = writeArtifact(folder / "none" / "a.fvm", sections());
  EXPECT_EQ(status.code(), Code::InvalidArgument);
  EXPECT_NE(status.message().find("No such file"), std::string::npos) << status.message();
}

TEST_F(ArtifactFile, loads_from_a_memory_file) {
  int fd = memfd_create("artifact", MFD_CLOEXEC);
  ASSERT_GE(fd, 0);
  ASSERT_TRUE(writeArtifact(fd, sections()).ok());
  fovea_module *module = nullptr;
  std::string path = concat("/proc/self/fd/", fd);
  StatusPtr status(fovea_module_load_file(path.c_str(), nullptr, &module));
  close(fd);
  expectStatus(status, FOVEA_OK);
  ModulePtr freed(module);
  EXPECT_EQ(fovea_module_entry_count(module), 11);
}

TEST_F(ArtifactFile, unreadable_files_are_refused) {
  fovea_module *module = nullptr;
  auto loadPath = [&](const std::string &path) {
    return StatusPtr(fovea_module_load_file(path.c_str(), nullptr, &module));
  };
  expectStatus(loadPath(folder / "none.fvm"), FOVEA_BAD_ARTIFACT, "No such file");
  expectStatus(loadPath(folder), FOVEA_BAD_ARTIFACT, "not a regular file");
  std::ofstream(folder / "empty.fvm").close();
  expectStatus(loadPath(folder / "empty.fvm"), FOVEA_BAD_ARTIFACT, "the file is empty");
}

TEST(Writer, wrong_sections_are_refused) {
  Image out;
  Section section{SectionKind::Weights, "", {}};
  section.alignment = 32;
  EXPECT_FALSE(writeArtifact(out, {section}).ok());
  section.alignment = 96;
  EXPECT_FALSE(writeArtifact(out, {section}).ok());
  section.alignment = 64;
  EXPECT_TRUE(writeArtifact(out, {section}).ok());
  section.target.assign(32, 'x');
  EXPECT_FALSE(writeArtifact(out, {section}).ok());
  EXPECT_FALSE(writeArtifact(out, std::vector<Section>(65, {SectionKind::Ledger, "", {}})).ok());
}
