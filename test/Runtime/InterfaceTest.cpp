//===- InterfaceTest.cpp - the shared library from outside ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include "runtime/include/fovea_abi.h"
#include <array>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

using namespace fovea::test;

static std::vector<std::string> linesOf(std::istream &&stream) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

/// Lines that a program prints, none when it cannot be run.
static std::vector<std::string> outputOf(const std::string &command) {
  std::string text;
  FILE *pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (!pipe)
    return {};
  std::array<char, 4096> part;
  while (size_t size = fread(part.data(), 1, part.size(), pipe))
    text.append(part.data(), size);
  pclose(pipe);
  return linesOf(std::istringstream(text));
}

TEST(Interface, exports_exactly_the_listed_symbols) {
  std::vector<std::string> symbols = outputOf("nm -D --defined-only " FOVEA_TEST_LIBRARY);
  if (symbols.empty())
    GTEST_SKIP() << "needs nm";
  std::vector<std::string> found;
  for (const std::string &line : symbols)
    found.push_back(line.substr(line.rfind(' ') + 1));
  auto listed = linesOf(std::ifstream(FOVEA_TEST_SOURCE "/exports.txt"));
  EXPECT_EQ(found, listed);
}

TEST(Interface, needs_only_the_system_libraries) {
  std::set<std::string> allowed = {
      "libc.so.6",  "libm.so.6",       "libstdc++.so.6",       "libgcc_s.so.1",
      "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};
  std::vector<std::string> lines = outputOf("readelf -d " FOVEA_TEST_LIBRARY);
  if (lines.empty())
    GTEST_SKIP() << "needs readelf";
  std::set<std::string> needed;
  std::string soname;
  for (const std::string &line : lines) {
    size_t open = line.find('['), close = line.find(']');
    if (open == std::string::npos)
      continue;
    std::string name = line.substr(open + 1, close - open - 1);
    bool sanitizer =
        name.find("clang_rt") != std::string::npos || name.find("san.so") != std::string::npos;
    if (line.find("(SONAME)") != std::string::npos)
      soname = name;
    else if (line.find("(NEEDED)") != std::string::npos && !sanitizer)
      needed.insert(name);
  }
  for (const std::string &name : needed)
    EXPECT_TRUE(allowed.count(name)) << name;
  EXPECT_TRUE(needed.count("libc.so.6")) << "the output was understood";
  EXPECT_EQ(soname, "libfovea-runtime.so.0");
}

TEST(Interface, versions) {
  EXPECT_STREQ(fovea_version(), "0.1.0");
  EXPECT_EQ(fovea_abi_version(), uint32_t(FOVEA_ABI_VERSION));
}

TEST(Interface, null_status_is_success) {
  EXPECT_EQ(fovea_status_code(nullptr), FOVEA_OK);
  EXPECT_STREQ(fovea_status_message(nullptr), "");
  EXPECT_STREQ(fovea_status_node(nullptr), "");
  fovea_status_free(nullptr);
}

TEST(Interface, codes_are_those_of_the_artifact_library) {
  EXPECT_EQ(int(fvm::Code::InvalidArgument), FOVEA_INVALID_ARGUMENT);
  EXPECT_EQ(int(fvm::Code::BadArtifact), FOVEA_BAD_ARTIFACT);
  EXPECT_EQ(int(fvm::Code::Incompatible), FOVEA_INCOMPATIBLE);
  EXPECT_EQ(int(fvm::Code::ShapeMismatch), FOVEA_SHAPE_MISMATCH);
  EXPECT_EQ(int(fvm::Code::DataOutOfRange), FOVEA_DATA_OUT_OF_RANGE);
  EXPECT_EQ(int(fvm::Code::OutOfMemory), FOVEA_OUT_OF_MEMORY);
  EXPECT_EQ(int(fvm::Code::Device), FOVEA_DEVICE);
  EXPECT_EQ(int(fvm::Code::Internal), FOVEA_INTERNAL);
}

TEST(Interface, devices) {
  int32_t count = 0;
  expectStatus(StatusPtr(fovea_device_count("cpu", &count)), FOVEA_OK);
  EXPECT_EQ(count, 1);
  expectStatus(StatusPtr(fovea_device_count("tpu", &count)), FOVEA_INVALID_ARGUMENT, "'tpu'");
  expectStatus(StatusPtr(fovea_device_count(nullptr, &count)), FOVEA_INVALID_ARGUMENT, "'kind'");
  fovea_device *device = nullptr;
  expectStatus(StatusPtr(fovea_device_open("cpu", 1, &device)), FOVEA_DEVICE, "no device 1");
  expectStatus(StatusPtr(fovea_device_open("cpu", 0, &device)), FOVEA_OK);
  EXPECT_STREQ(fovea_device_kind(device), "cpu");
  fovea_device_free(device);
}
