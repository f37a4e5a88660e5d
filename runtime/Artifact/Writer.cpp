//===- Writer.cpp - writes .fvm files -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Writer.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace fvm {

namespace {
/// The file as spans: header, table, and the sections with the padding between them.
struct Layout {
  FileHeader header = {};
  std::vector<SectionRecord> table;
  std::vector<Bytes> spans;
};
} // namespace

static Status checkSection(const Section &section) {
  if (section.target.size() >= sizeof(SectionRecord::target))
    return {Code::InvalidArgument, concat("section target '", section.target, "' is too long")};
  uint64_t least = section.kind == SectionKind::Weights ? weightsAlignment : 1;
  if (!std::has_single_bit(section.alignment) || section.alignment < least ||
      section.alignment > maxAlignment)
    return {Code::InvalidArgument, concat("section alignment ", section.alignment,
                                          " is no power of two from ", least, " to 2 MiB")};
  return {};
}

static Status layOut(const std::vector<Section> &sections, Layout &layout) {
  if (sections.size() > maxSections)
    return {Code::InvalidArgument, concat("more than ", maxSections, " sections")};
  layout.table.resize(sections.size());
  layout.spans = {{&layout.header, sizeof(FileHeader)},
                  {layout.table.data(), sections.size() * sizeof(SectionRecord)}};
  uint64_t end = sizeof(FileHeader) + sections.size() * sizeof(SectionRecord);
  for (size_t i = 0; i < sections.size(); ++i) {
    const Section &section = sections[i];
    if (Status status = checkSection(section); !status.ok())
      return status;
    SectionRecord &record = layout.table[i];
    record = {};
    record.kind = uint32_t(section.kind);
    record.space = uint32_t(section.space);
    section.target.copy(record.target, sizeof(record.target) - 1);
    record.alignment = section.alignment;
    record.offset = alignUp(end, section.alignment);
    for (const Bytes &part : section.content)
      record.size += part.size;
    record.hash = contentHash(section.content);
    layout.spans.push_back({nullptr, record.offset - end});
    layout.spans.insert(layout.spans.end(), section.content.begin(), section.content.end());
    end = record.offset + record.size;
  }

  FileHeader &header = layout.header;
  memcpy(header.magic, fileMagic, sizeof(fileMagic));
  header.version = formatVersion;
  header.headerBytes = sizeof(FileHeader);
  header.abiHash = abiHash();
  header.fileBytes = end;
  header.sectionCount = uint32_t(sections.size());
  header.sectionRecordBytes = sizeof(SectionRecord);
  Sha256 hash;
  hash.update(&header, offsetof(FileHeader, hash));
  hash.update(layout.table.data(), layout.table.size() * sizeof(SectionRecord));
  header.hash = hash.finish();
  return {};
}

static Status systemError(std::string_view what) {
  return {Code::InvalidArgument, concat(what, ": ", strerror(errno))};
}

static Status writeSpans(int fd, const std::vector<Bytes> &spans) {
  static const char zeros[65536] = {};
  for (Bytes span : spans) {
    while (span.size) {
      size_t size = span.data ? span.size : std::min<uint64_t>(span.size, sizeof(zeros));
      ssize_t written = write(fd, span.data ? span.data : zeros, size);
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return systemError("cannot write the artefact");
      if (span.data)
        span.data = static_cast<const char *>(span.data) + written;
      span.size -= size_t(written);
    }
  }
  return {};
}

std::vector<Section> sectionsOf(std::string_view manifestJson, std::vector<Section> code,
                                std::vector<Bytes> weights, std::string_view ledgerJson) {
  std::vector<Section> sections;
  sections.push_back({SectionKind::Manifest, "", {{manifestJson.data(), manifestJson.size()}}});
  if (!ledgerJson.empty())
    sections.push_back({SectionKind::Ledger, "", {{ledgerJson.data(), ledgerJson.size()}}});
  for (Section &section : code)
    sections.push_back(std::move(section));
  sections.push_back({SectionKind::Weights, "", std::move(weights), 4096});
  return sections;
}

Status writeArtifact(int fd, const std::vector<Section> &sections) {
  Layout layout;
  if (Status status = layOut(sections, layout); !status.ok())
    return status;
  return writeSpans(fd, layout.spans);
}

Status writeArtifact(std::vector<std::byte> &out, const std::vector<Section> &sections) {
  Layout layout;
  if (Status status = layOut(sections, layout); !status.ok())
    return status;
  out.assign(layout.header.fileBytes, std::byte(0));
  uint64_t offset = 0;
  for (const Bytes &span : layout.spans) {
    if (span.data && span.size)
      memcpy(out.data() + offset, span.data, span.size);
    offset += span.size;
  }
  return {};
}

/// Resolves links, and refuses to replace what is no regular file (a device, a folder).
static Status resolveDestination(std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0)
    return errno == ENOENT ? Status() : systemError(concat("cannot write '", path, "'"));
  if (!S_ISREG(info.st_mode))
    return {Code::InvalidArgument, concat("cannot write '", path, "': not a regular file")};
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved))
    return systemError(concat("cannot write '", path, "'"));
  path = resolved;
  return {};
}

/// Makes the rename durable. Some file systems cannot sync a folder: not an error.
static void syncFolder(const std::string &path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync(fd);
  close(fd);
}

/// What open(..., 0666) would have given. Reading the mask sets it for a moment, so it is read
/// from /proc, where that is possible.
static mode_t defaultMode() {
  mode_t mask = 022;
  if (FILE *file = fopen("/proc/self/status", "re")) {
    char line[256];
    unsigned value;
    while (fgets(line, sizeof(line), file))
      if (sscanf(line, "Umask: %o", &value) == 1)
        mask = value;
    fclose(file);
  }
  return 0666 & ~mask;
}

Status writeArtifact(const std::string &destination, const std::vector<Section> &sections) {
  std::string path = destination;
  if (Status status = resolveDestination(path); !status.ok())
    return status;
  std::string temporary = path + ".tmp.XXXXXX";
  int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0)
    return systemError(concat("cannot write '", destination, "'"));
  Status status = writeArtifact(fd, sections);
  if (status.ok() && (fchmod(fd, defaultMode()) != 0 || fsync(fd) != 0))
    status = systemError(concat("cannot write '", destination, "'"));
  if (close(fd) != 0 && status.ok())
    status = systemError(concat("cannot write '", destination, "'"));
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0)
    status = systemError(concat("cannot write '", destination, "'"));
  if (!status.ok())
    unlink(temporary.c_str());
  else
    syncFolder(path);
  return status;
}

} // namespace fvm
