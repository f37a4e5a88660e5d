//===- ElfView.h - bounds-checked reading of an ELF file ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_ELFVIEW_H
#define FOVEA_RUNTIME_ARTIFACT_ELFVIEW_H

#include "runtime/Artifact/ContentHash.h"
#include <cstring>
#include <elf.h>
#include <optional>
#include <string>
#include <vector>

namespace fvm {

/// Reads a shared object as the dynamic loader would: through its segments and its dynamic table,
/// which the user of the view fills in. Nothing is read outside the file, whatever it holds.
class ElfView {
public:
  explicit ElfView(Bytes file) : file(file) {}

  /// Reads a T at a file offset; false when it does not lie in the file.
  template <typename T> bool readFile(uint64_t offset, T &value) const {
    if (offset > file.size || file.size - offset < sizeof(T))
      return false;
    memcpy(&value, static_cast<const char *>(file.data) + offset, sizeof(T));
    return true;
  }

  /// Reads a T at an address of the loaded image, from the part that comes from the file.
  template <typename T> bool readImage(uint64_t address, T &value) const {
    for (const Elf64_Phdr &load : loads)
      if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz &&
          load.p_filesz - (address - load.p_vaddr) >= sizeof(T))
        return readFile(load.p_offset + (address - load.p_vaddr), value);
    return false;
  }

  /// Value of a tag of the dynamic section, if present.
  std::optional<uint64_t> tag(int64_t wanted) const {
    for (const Elf64_Dyn &entry : dynamic)
      if (entry.d_tag == wanted)
        return entry.d_un.d_val;
    return std::nullopt;
  }

  /// Appends a name of the dynamic string table; false when it does not end inside of it. The tags
  /// DT_STRTAB and DT_STRSZ must be there.
  bool readName(uint64_t offset, std::string &name) const;

  /// Entries of the dynamic symbol table, from the hash tables over it; nullopt when there is no
  /// sound one.
  std::optional<uint64_t> countSymbols() const;

  Bytes file;
  /// Segments of type PT_LOAD, which must lie in the file.
  std::vector<Elf64_Phdr> loads;
  /// The dynamic table without its end mark.
  std::vector<Elf64_Dyn> dynamic;

private:
  std::optional<uint64_t> countGnuHash(uint64_t table) const;
};

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_ELFVIEW_H
