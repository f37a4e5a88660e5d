//===- Format.cpp - identity of the ABI that a .fvm was made for ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Format.h"
#include "runtime/include/fovea_abi.h"

namespace fvm {

uint64_t abiHash() {
  const uint64_t facts[] = {FOVEA_ABI_VERSION,
                            sizeof(void *),
                            sizeof(fovea_host),
                            offsetof(fovea_host, parallel_for),
                            offsetof(fovea_host, math),
                            sizeof(fovea_call),
                            offsetof(fovea_call, inputs),
                            offsetof(fovea_call, dims),
                            offsetof(fovea_call, weights),
                            offsetof(fovea_call, arena),
                            offsetof(fovea_call, threads),
                            offsetof(fovea_call, host_inputs)};
  // FNV-1a.
  uint64_t hash = 0xcbf29ce484222325;
  for (uint64_t fact : facts)
    for (int shift = 0; shift < 64; shift += 8)
      hash = (hash ^ ((fact >> shift) & 0xff)) * 0x100000001b3;
  return hash;
}

} // namespace fvm
