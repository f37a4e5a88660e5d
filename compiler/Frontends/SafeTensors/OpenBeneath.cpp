//===- OpenBeneath.cpp - files named by a model ---------------------------===//
//
// openat with O_NOFOLLOW for every component: no openat2 is needed, so older kernels and sandboxes
// that filter it give the same answer.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace fovea;

namespace {
/// Owns a file descriptor.
class Descriptor {
public:
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(Descriptor &&other) : fd(std::exchange(other.fd, -1)) {}
  Descriptor &operator=(Descriptor &&other) {
    std::swap(fd, other.fd);
    return *this;
  }
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
  int get() const { return fd; }
  bool valid() const { return fd >= 0; }

private:
  int fd;
};
} // namespace

bool fovea::isPlainPath(llvm::StringRef path) {
  if (path.empty() || path.size() > 4096)
    return false;
  for (unsigned char c : path)
    if (c < 0x20 || c == 0x7f || c == '\\')
      return false;
  llvm::SmallVector<llvm::StringRef> parts;
  path.split(parts, '/');
  return llvm::none_of(
      parts, [](llvm::StringRef part) { return part.empty() || part == "." || part == ".."; });
}

/// Opens `name` in `folder` without following a link. O_NONBLOCK keeps a FIFO from blocking.
static Descriptor openAt(int folder, llvm::StringRef name, int flags) {
  return Descriptor(
      ::openat(folder, name.str().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags));
}

/// The blob that a link of the Hugging Face cache names, opened; invalid for any other link.
/// `folder` lies `depth` folders beneath the snapshot's.
static Descriptor openBlob(int folder, llvm::StringRef name, size_t depth) {
  char target[256];
  ssize_t length = ::readlinkat(folder, name.str().c_str(), target, sizeof(target));
  if (length < 0 || length == static_cast<ssize_t>(sizeof(target)))
    return Descriptor(-1);
  llvm::StringRef blob(target, length);
  std::string blobsFolder;
  for (size_t level = 0; level < depth + 2; ++level)
    blobsFolder += "../";
  blobsFolder += "blobs";
  if (!blob.consume_front(blobsFolder) || !blob.consume_front("/") || blob.empty() ||
      !llvm::all_of(blob, llvm::isHexDigit))
    return Descriptor(-1);
  Descriptor blobs(
      ::openat(folder, blobsFolder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return blobs.valid() ? openAt(blobs.get(), blob, 0) : Descriptor(-1);
}

std::unique_ptr<llvm::MemoryBuffer> fovea::openBeneath(llvm::StringRef folder, llvm::StringRef path,
                                                       Links links, std::string &why, bool *missing,
                                                       bool alone) {
  if (missing)
    *missing = false;
  if (!isPlainPath(path)) {
    llvm::raw_string_ostream text(why = "the name '");
    llvm::printEscapedString(path, text);
    text << "' is not a plain path beneath the folder";
    return nullptr;
  }
  auto fail = [&](llvm::StringRef part) -> std::unique_ptr<llvm::MemoryBuffer> {
    int error = errno;
    if (missing)
      *missing = error == ENOENT;
    why = "cannot open '" + part.str() +
          "': " + (error == ELOOP ? "symbolic links are not followed" : std::strerror(error));
    return nullptr;
  };
  std::string root = folder.empty() ? "." : folder.str();
  Descriptor at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid())
    return fail(root);
  llvm::SmallVector<llvm::StringRef> parts;
  path.split(parts, '/');
  for (llvm::StringRef part : llvm::ArrayRef(parts).drop_back()) {
    at = openAt(at.get(), part, O_DIRECTORY);
    if (!at.valid())
      return fail(part);
  }
  Descriptor file = openAt(at.get(), parts.back(), 0);
  if (!file.valid() && errno == ELOOP && links == Links::HubCache) {
    file = openBlob(at.get(), parts.back(), parts.size() - 1);
    if (!file.valid())
      errno = ELOOP;
  }
  if (!file.valid())
    return fail(path);
  struct stat info;
  if (::fstat(file.get(), &info) != 0)
    return fail(path);
  if (!S_ISREG(info.st_mode)) {
    why = "'" + path.str() + "' is not a regular file";
    return nullptr;
  }
  if (alone && info.st_nlink != 1) {
    why = "the file has more than one hard link";
    return nullptr;
  }
  auto buffer = llvm::MemoryBuffer::getOpenFile(file.get(), path, info.st_size,
                                                /*RequiresNullTerminator=*/false);
  if (!buffer) {
    why = "cannot read '" + path.str() + "': " + buffer.getError().message();
    return nullptr;
  }
  return std::move(*buffer);
}
