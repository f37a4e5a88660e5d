//===- Files.h - safetensors bytes and folders for tests ------------------===//
//
// Makes files that are sound, or wrong in one chosen way.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_COMPILER_FRONTENDS_SAFETENSORS_FILES_H
#define FOVEA_TEST_COMPILER_FRONTENDS_SAFETENSORS_FILES_H

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace fovea::test {

/// A file with this header and `dataBytes` zeros; `length` stands in for the header's own length.
inline std::string fileWith(const std::string &header, size_t dataBytes,
                            uint64_t length = ~uint64_t(0)) {
  uint64_t stated = length == ~uint64_t(0) ? header.size() : length;
  std::string file;
  for (unsigned byte = 0; byte < 8; ++byte)
    file.push_back(static_cast<char>(stated >> (8 * byte)));
  return file + header + std::string(dataBytes, '\0');
}

/// An entry of a header.
inline std::string entry(const std::string &name, const std::string &dtype,
                         const std::string &shape, uint64_t begin, uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

/// A folder that is removed when the test ends.
class Folder {
public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fovea-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(root); }

  std::string path() const { return root.string(); }
  std::filesystem::path operator/(const std::string &name) const { return root / name; }

  void write(const std::string &name, const std::string &contents) const {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary) << contents;
  }

private:
  std::filesystem::path root;
};

} // namespace fovea::test

#endif // FOVEA_TEST_COMPILER_FRONTENDS_SAFETENSORS_FILES_H
