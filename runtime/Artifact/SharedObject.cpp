//===- SharedObject.cpp - checks a code section before it is loaded -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/SharedObject.h"
#include "runtime/Artifact/ElfView.h"

#include <algorithm>
#include <cstring>

namespace fvm {

#if defined(__x86_64__)
static constexpr uint16_t hostMachine = EM_X86_64;
static constexpr uint64_t allowedRelocations[] = {R_X86_64_RELATIVE, R_X86_64_GLOB_DAT,
                                                  R_X86_64_JUMP_SLOT, R_X86_64_64};
#elif defined(__aarch64__)
static constexpr uint16_t hostMachine = EM_AARCH64;
static constexpr uint64_t allowedRelocations[] = {R_AARCH64_RELATIVE, R_AARCH64_GLOB_DAT,
                                                  R_AARCH64_JUMP_SLOT, R_AARCH64_ABS64};
#else
#error "the runtime knows x86-64 and AArch64"
#endif

/// Everything else (libraries, constructors, audit hooks, ...) is refused by not being here.
static constexpr int64_t allowedTags[] = {
    DT_HASH,
    DT_GNU_HASH,
    DT_SYMTAB,
    DT_STRTAB,
    DT_STRSZ,
    DT_SYMENT,
    DT_RELA,
    DT_RELASZ,
    DT_RELAENT,
    DT_JMPREL,
    DT_RELACOUNT,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_PLTGOT,
    DT_SONAME,
    DT_FLAGS,
    DT_VERSYM,
    DT_FLAGS_1,
    DT_VERDEF,
    DT_VERDEFNUM,
#if defined(__aarch64__)
    DT_AARCH64_BTI_PLT,
    DT_AARCH64_VARIANT_PCS,
#endif
};

static Status refuse(std::string_view what) { return badArtifact(concat("its code ", what)); }

namespace {

class Checker : ElfView {
public:
  explicit Checker(Bytes file) : ElfView(file) {}
  Status check();

private:
  Status checkHeader();
  Status checkSegments();
  Status checkLoadSegment(const Elf64_Phdr &segment);
  Status checkDynamic();
  Status checkFlags();
  Status checkSymbols();
  Status checkSymbol(const Elf64_Sym &symbol);
  Status checkRelocations(int64_t addressTag, int64_t sizeTag);

  Elf64_Ehdr header;
  Elf64_Phdr dynamicSegment = {};
  uint64_t symbolCount = 0;
};

} // namespace

Status Checker::checkHeader() {
  if (!readFile(0, header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_type != ET_DYN)
    return refuse("is not a 64-bit shared object");
  if (header.e_machine != hostMachine)
    return incompatible("its code is for another kind of processor",
                        "recompile the model with 'fovea compile' for this machine");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > 64)
    return refuse("has a bad program header table");
  return {};
}

Status Checker::checkLoadSegment(const Elf64_Phdr &segment) {
  if (segment.p_offset > file.size || file.size - segment.p_offset < segment.p_filesz ||
      segment.p_memsz < segment.p_filesz || segment.p_vaddr > UINT64_MAX / 2 ||
      segment.p_memsz > UINT64_MAX / 4)
    return refuse("has a segment outside the file");
  if ((segment.p_flags & PF_W) && (segment.p_flags & PF_X))
    return refuse("has a segment that is writable and executable");
  if (!loads.empty() && segment.p_vaddr < loads.back().p_vaddr + loads.back().p_memsz)
    return refuse("has overlapping segments");
  loads.push_back(segment);
  return {};
}

Status Checker::checkSegments() {
  bool hasStack = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    uint64_t offset = uint64_t(i) * sizeof(segment);
    if (header.e_phoff > file.size || !readFile(header.e_phoff + offset, segment))
      return refuse("has a bad program header table");
    Status status;
    if (segment.p_type == PT_LOAD)
      status = checkLoadSegment(segment);
    else if (segment.p_type == PT_DYNAMIC)
      dynamicSegment = segment;
    else if (segment.p_type == PT_TLS)
      status = refuse("has thread-local storage");
    else if (segment.p_type == PT_INTERP)
      status = refuse("names a program interpreter");
    else if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X))
      status = refuse("asks for an executable stack");
    else if (segment.p_type == PT_GNU_STACK)
      hasStack = true;
    if (!status.ok())
      return status;
  }
  // Without the header the loader assumes that an executable stack is wanted.
  return hasStack ? Status() : refuse("asks for an executable stack");
}

Status Checker::checkFlags() {
  uint64_t flags = tag(DT_FLAGS).value_or(0), flags1 = tag(DT_FLAGS_1).value_or(0);
  if (flags & DF_TEXTREL)
    return refuse("has text relocations");
  if (flags & ~uint64_t(DF_BIND_NOW | DF_SYMBOLIC))
    return refuse(concat("has unexpected dynamic flags ", flags));
  if (flags1 & ~uint64_t(DF_1_NOW))
    return refuse(concat("has unexpected dynamic flags ", flags1));
  return {};
}

Status Checker::checkDynamic() {
  // The loader reads the table at its address, not at its file offset.
  for (uint64_t i = 0;; ++i) {
    Elf64_Dyn entry;
    if (i >= 4096 || !readImage(dynamicSegment.p_vaddr + i * sizeof(entry), entry))
      return refuse("has no sound dynamic section");
    if (entry.d_tag == DT_NULL)
      break;
    if (entry.d_tag == DT_NEEDED)
      return refuse("needs another library");
    if (entry.d_tag == DT_INIT || entry.d_tag == DT_INIT_ARRAY || entry.d_tag == DT_FINI ||
        entry.d_tag == DT_FINI_ARRAY || entry.d_tag == DT_PREINIT_ARRAY)
      return refuse("has constructors or destructors");
    if (std::ranges::find(allowedTags, entry.d_tag) == std::end(allowedTags))
      return refuse(concat("has an unexpected dynamic tag ", entry.d_tag));
    if (tag(entry.d_tag))
      return refuse(concat("repeats dynamic tag ", entry.d_tag));
    dynamic.push_back(entry);
  }
  if (!tag(DT_SYMTAB) || !tag(DT_STRTAB) || !tag(DT_STRSZ) ||
      tag(DT_SYMENT).value_or(sizeof(Elf64_Sym)) != sizeof(Elf64_Sym) ||
      tag(DT_RELAENT).value_or(sizeof(Elf64_Rela)) != sizeof(Elf64_Rela) ||
      tag(DT_PLTREL).value_or(DT_RELA) != DT_RELA)
    return refuse("has no sound dynamic section");
  return checkFlags();
}

Status Checker::checkSymbol(const Elf64_Sym &symbol) {
  std::string name;
  if (!readName(symbol.st_name, name))
    return refuse("has a symbol without a sound name");
  if (ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC || ELF64_ST_TYPE(symbol.st_info) == STT_TLS ||
      ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE)
    return refuse(concat("has a symbol of a kind that is not allowed, '", name, "'"));
  if (symbol.st_shndx == SHN_UNDEF &&
      std::ranges::find(allowedImports, name) == std::end(allowedImports))
    return refuse(concat("imports '", name, "', which is not allowed"));
  return {};
}

Status Checker::checkSymbols() {
  std::optional<uint64_t> count = countSymbols();
  if (!count)
    return refuse("has no sound symbol hash table");
  symbolCount = *count;
  // Symbol 0 is the null symbol.
  for (uint64_t i = 1; i < symbolCount; ++i) {
    Elf64_Sym symbol;
    if (!readImage(*tag(DT_SYMTAB) + i * sizeof(symbol), symbol))
      return refuse("has a symbol table outside the file");
    if (Status status = checkSymbol(symbol); !status.ok())
      return status;
  }
  return {};
}

/// Rules out the kinds that call code at load time, and targets that the loader would miss.
Status Checker::checkRelocations(int64_t addressTag, int64_t sizeTag) {
  uint64_t size = tag(sizeTag).value_or(0);
  if (size && (!tag(addressTag) || size % sizeof(Elf64_Rela)))
    return refuse("has a bad relocation table");
  for (uint64_t offset = 0; offset < size; offset += sizeof(Elf64_Rela)) {
    Elf64_Rela relocation;
    if (!readImage(*tag(addressTag) + offset, relocation))
      return refuse("has a relocation table outside the file");
    uint64_t type = ELF64_R_TYPE(relocation.r_info);
    if (std::ranges::find(allowedRelocations, type) == std::end(allowedRelocations) ||
        ELF64_R_SYM(relocation.r_info) >= symbolCount)
      return refuse(concat("has a relocation that is not allowed, type ", type));
    bool writable = std::ranges::any_of(loads, [&](const Elf64_Phdr &load) {
      return (load.p_flags & PF_W) && relocation.r_offset >= load.p_vaddr &&
             relocation.r_offset - load.p_vaddr < load.p_memsz &&
             load.p_memsz - (relocation.r_offset - load.p_vaddr) >= 8;
    });
    if (!writable)
      return refuse("has a relocation outside its data");
  }
  return {};
}

Status Checker::check() {
  if (Status status = checkHeader(); !status.ok())
    return status;
  if (Status status = checkSegments(); !status.ok())
    return status;
  if (Status status = checkDynamic(); !status.ok())
    return status;
  if (Status status = checkSymbols(); !status.ok())
    return status;
  if (Status status = checkRelocations(DT_RELA, DT_RELASZ); !status.ok())
    return status;
  return checkRelocations(DT_JMPREL, DT_PLTRELSZ);
}

Status checkSharedObject(Bytes file) { return Checker(file).check(); }

} // namespace fvm
