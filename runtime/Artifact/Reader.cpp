//===- Reader.cpp - opens and checks .fvm files ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fvm {

Artifact &Artifact::operator=(Artifact &&other) noexcept {
  std::swap(base, other.base);
  std::swap(size, other.size);
  std::swap(table, other.table);
  return *this;
}

Artifact::~Artifact() {
  if (base)
    munmap(const_cast<uint8_t *>(base), size);
}

static Status cannotRead(const char *path) {
  return {Code::BadArtifact, concat("cannot read '", path, "': ", strerror(errno),
                                    "; give the path of a file that 'fovea compile' wrote")};
}

Status Artifact::open(const char *path, Artifact &artifact) {
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return cannotRead(path);
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return {Code::BadArtifact, concat("cannot read '", path,
                                      "': not a regular file; give the "
                                      "path of a file that 'fovea compile' "
                                      "wrote")};
  }
  if (info.st_size == 0) {
    close(fd);
    return badArtifact("the file is empty");
  }
  void *memory = mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  int error = errno;
  close(fd);
  errno = error;
  if (memory == MAP_FAILED)
    return cannotRead(path);
  Artifact opened;
  opened.base = static_cast<const uint8_t *>(memory);
  opened.size = uint64_t(info.st_size);
  artifact = std::move(opened);
  return artifact.readTable();
}

Status Artifact::copyFrom(const void *data, size_t size, Artifact &artifact) {
  if (size == 0)
    return badArtifact("the file is empty");
  void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return {Code::OutOfMemory, concat("no memory for an artefact of ", size, " bytes")};
  memcpy(memory, data, size);
  Artifact opened;
  opened.base = static_cast<const uint8_t *>(memory);
  opened.size = size;
  artifact = std::move(opened);
  return artifact.readTable();
}

template <size_t N> static bool isZero(const uint8_t (&bytes)[N]) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

/// Everything that can be said before the table is trusted. `header` is a private copy.
static Status checkHeader(const FileHeader &header, uint64_t size) {
  if (memcmp(header.magic, fileMagic, sizeof(fileMagic)) != 0)
    return badArtifact("it does not start like a .fvm file");
  if (header.version != formatVersion)
    return incompatible(
        concat("it has format version ", header.version, ", this runtime reads ", formatVersion));
  if (header.fileBytes != size)
    return badArtifact(concat("the file has ", size, " bytes, its header says ", header.fileBytes));
  if (header.abiHash != abiHash())
    return incompatible("it was made for another ABI version of the runtime");
  if (header.headerBytes != sizeof(FileHeader) ||
      header.sectionRecordBytes != sizeof(SectionRecord) || header.sectionCount > maxSections ||
      !isZero(header.reserved))
    return badArtifact("the header breaks the format's rules");
  return {};
}

Status Artifact::readTable() {
  if (size < sizeof(FileHeader))
    return badArtifact(concat("the file ends after ", size, " bytes, inside the header"));
  FileHeader header;
  memcpy(&header, base, sizeof(header));
  if (Status status = checkHeader(header, size); !status.ok())
    return status;
  uint64_t tableBytes = header.sectionCount * sizeof(SectionRecord);
  if (size - sizeof(header) < tableBytes)
    return badArtifact("the file ends inside the section table");
  table.resize(header.sectionCount);
  if (tableBytes)
    memcpy(table.data(), base + sizeof(header), tableBytes);
  Sha256 hash;
  hash.update(&header, offsetof(FileHeader, hash));
  hash.update(table.data(), tableBytes);
  if (hash.finish() != header.hash)
    return badArtifact("the header or section table has changed (its SHA-256 differs)");
  return checkLayout();
}

static Status checkRecord(const SectionRecord &record) {
  auto fail = [&](std::string_view what) {
    return badArtifact(concat("section ", sectionName(record), " ", what));
  };
  if (record.kind < uint32_t(SectionKind::Manifest) || record.kind > uint32_t(SectionKind::Ledger))
    return badArtifact(concat("section kind ", record.kind, " is unknown"));
  if (record.space > uint32_t(MemorySpace::Device) || !isZero(record.reserved))
    return fail("breaks the format's rules");
  // Only code of a GPU is meant for a device.
  const bool forHost = record.kind != uint32_t(SectionKind::Code) ||
                       strncmp(record.target, "cpu", sizeof(record.target)) == 0;
  if (record.space == uint32_t(MemorySpace::Device) && forHost)
    return fail("breaks the format's rules");
  size_t length = strnlen(record.target, sizeof(record.target));
  if (std::any_of(record.target + length, std::end(record.target), [](char c) { return c; }) ||
      length == sizeof(record.target))
    return fail("has a bad target");
  if (!std::has_single_bit(record.alignment) || record.alignment > maxAlignment ||
      (record.kind == uint32_t(SectionKind::Weights) && record.alignment < weightsAlignment))
    return fail("has a bad alignment");
  return {};
}

/// Sections follow each other in order with zero padding and end with the file, so that every
/// byte outside the header and table is either padding or some section's content.
Status Artifact::checkLayout() const {
  uint64_t end = sizeof(FileHeader) + table.size() * sizeof(SectionRecord);
  for (const SectionRecord &record : table) {
    if (Status status = checkRecord(record); !status.ok())
      return status;
    uint64_t offset = alignUp(end, record.alignment);
    if (record.offset != offset || offset > size || record.size > size - offset)
      return badArtifact(concat("section ", sectionName(record), " does not lie where it should"));
    if (std::any_of(base + end, base + offset, [](uint8_t byte) { return byte; }))
      return badArtifact(concat("padding before section ", sectionName(record), " is not zero"));
    if (find(SectionKind(record.kind), record.target) != &record)
      return badArtifact(concat("section ", sectionName(record), " occurs twice"));
    end = offset + record.size;
  }
  if (end != size)
    return badArtifact("there are bytes after the last section");
  return {};
}

const SectionRecord *Artifact::find(SectionKind kind, std::string_view target) const {
  for (const SectionRecord &record : table)
    if (record.kind == uint32_t(kind) && target == record.target)
      return &record;
  return nullptr;
}

Status Artifact::check(const SectionRecord &section) const {
  return checkContent(section, content(section));
}

Status Artifact::copyText(const SectionRecord &section, std::string &text) const {
  text.assign(reinterpret_cast<const char *>(base) + section.offset, section.size);
  return checkContent(section, {text.data(), text.size()});
}

std::string sectionName(const SectionRecord &section) {
  static constexpr std::string_view names[] = {"?", "manifest", "code", "weights", "ledger"};
  std::string name(names[section.kind < std::size(names) ? section.kind : 0]);
  std::string_view target(section.target, strnlen(section.target, sizeof(section.target)));
  return target.empty() ? name : concat(name, " '", target, "'");
}

Status readLedger(const Artifact &artifact, std::string &text) {
  text.clear();
  const SectionRecord *ledger = artifact.find(SectionKind::Ledger);
  if (!ledger)
    return {};
  if (ledger->size > maxLedgerBytes)
    return badArtifact("its ledger is too large");
  return artifact.copyText(*ledger, text);
}

Status checkContent(const SectionRecord &section, Bytes content) {
  if (contentHash({&content, 1}) != section.hash)
    return badArtifact(
        concat("section ", sectionName(section), " has changed (its SHA-256 differs)"));
  return {};
}

} // namespace fvm
