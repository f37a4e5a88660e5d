//===- CodeImage.cpp - the code section as a loaded library ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/CodeImage.h"
#include "runtime/Artifact/SharedObject.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

namespace fovea::core {

using fvm::Bytes;
using fvm::Code;
using fvm::concat;
using fvm::Status;

CodeImage::~CodeImage() {
  if (handle)
    dlclose(handle);
  // The loader knows libraries by name: while this one is loaded, the name /proc/self/fd/N must
  // not come to mean another file, so the descriptor lives as long.
  if (fd >= 0)
    close(fd);
}

static Status systemError(std::string_view what) {
  return {Code::OutOfMemory, concat("cannot load the artefact's code, ", what, ": ",
                                    strerror(errno), "; check the limits of the process")};
}

static int createMemoryFile() {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = memfd_create("fovea-code", flags | MFD_EXEC);
  // Kernels before 6.3 do not know the flag and need none.
  return fd >= 0 || errno != EINVAL ? fd : memfd_create("fovea-code", flags);
}

static Status writeAll(int fd, Bytes content) {
  auto *data = static_cast<const char *>(content.data);
  for (uint64_t done = 0; done < content.size;) {
    ssize_t written = write(fd, data + done, content.size - done);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return systemError("writing to memory");
    done += uint64_t(written);
  }
  int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  return fcntl(fd, F_ADD_SEALS, seals) == 0 ? Status() : systemError("sealing memory");
}

static Status checkCopy(int fd, const fvm::SectionRecord &section) {
  void *memory = mmap(nullptr, section.size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED)
    return systemError("mapping memory");
  Status status = fvm::checkContent(section, {memory, section.size});
  if (status.ok())
    status = fvm::checkSharedObject({memory, section.size});
  munmap(memory, section.size);
  return status;
}

Status CodeImage::load(const fvm::Artifact &artifact, const fvm::SectionRecord &section,
                       CodeImage &image) {
  if (section.size == 0)
    return fvm::badArtifact("its code is empty");
  CodeImage loaded;
  loaded.fd = createMemoryFile();
  if (loaded.fd < 0)
    return systemError("creating memory");
  if (Status status = writeAll(loaded.fd, artifact.content(section)); !status.ok())
    return status;
  if (Status status = checkCopy(loaded.fd, section); !status.ok())
    return status;
  loaded.handle = dlopen(concat("/proc/self/fd/", loaded.fd).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded.handle) {
    const char *why = dlerror();
    return fvm::badArtifact(concat("its code cannot be loaded: ", why ? why : "unknown reason"));
  }
  image = std::move(loaded);
  return {};
}

void *CodeImage::find(const std::string &symbol) const { return dlsym(handle, symbol.c_str()); }

} // namespace fovea::core
