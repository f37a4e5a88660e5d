//===- SharedObject.h - checks a code section before it is loaded ---------===//
//
// The dynamic loader trusts what it maps. This reads the ELF file with bounds
// checks first, and lets only code through that can do nothing at load time and
// imports nothing but memory functions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_SHAREDOBJECT_H
#define FOVEA_RUNTIME_ARTIFACT_SHAREDOBJECT_H

#include "runtime/Artifact/ContentHash.h"
#include "runtime/Artifact/Status.h"
#include <span>

namespace fvm {

/// Functions that the code section may import.
inline constexpr std::string_view allowedImports[] = {"memcpy", "memset", "memmove", "memcmp"};

/// Succeeds when `file` is a 64-bit little-endian shared object for this machine that
///  - imports only allowedImports and needs no other library,
///  - runs nothing when loaded (no constructors, destructors, or resolvers),
///  - has no segment that is writable and executable, no text relocations, no executable stack,
///    and no thread-local storage.
/// Wrong machine: Incompatible. Anything else: BadArtifact with the reason.
Status checkSharedObject(Bytes file);

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_SHAREDOBJECT_H
