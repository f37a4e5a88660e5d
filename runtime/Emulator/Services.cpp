//===- Services.cpp - the table that emulated kernels call ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Services.h"
#include "runtime/CPU/ScalarMath.h"
#include "runtime/Emulator/Approximate.h"
#include "runtime/Emulator/Atomics.h"
#include "runtime/Emulator/Barriers.h"
#include "runtime/Emulator/Copies.h"
#include "runtime/Emulator/Mbarriers.h"
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/WarpOperations.h"

namespace fovea::emulator {

static void serveAccess(fovea_thread *thread, int32_t space, int32_t kind, const void *address,
                        int64_t bytes, int32_t alignment, int32_t site) {
  Use use = kind == FOVEA_READ ? Use::Read : Use::Write;
  checkAccess(threadOf(thread), space, {address, bytes, alignment, use, site});
}

static void serveNoAccess(fovea_thread *, int32_t, int32_t, const void *, int64_t, int32_t,
                          int32_t) {}

static void serveBarrier(fovea_thread *thread, int32_t id, int32_t threads, int32_t site) {
  blockBarrier(threadOf(thread), id, threads, true, site);
}

static void serveBarrierArrive(fovea_thread *thread, int32_t id, int32_t threads, int32_t site) {
  blockBarrier(threadOf(thread), id, threads, false, site);
}

static void serveWarpBarrier(fovea_thread *thread, uint32_t mask, int32_t site) {
  warpBarrier(threadOf(thread), mask, site);
}

static uint32_t serveShuffle(fovea_thread *thread, int32_t kind, uint32_t mask, uint32_t value,
                             uint32_t operand, uint32_t clamp, int32_t *inRange, int32_t site) {
  Shuffled result = shuffle(threadOf(thread), kind, mask, value, operand, clamp, site);
  if (inRange)
    *inRange = result.inRange;
  return result.value;
}

static uint32_t serveVote(fovea_thread *thread, int32_t kind, uint32_t mask, int32_t condition,
                          int32_t site) {
  return vote(threadOf(thread), kind, mask, condition != 0, site);
}

static void serveLoadMatrix(fovea_thread *thread, const void *row, int32_t count,
                            int32_t transposed, uint32_t *registers, int32_t site) {
  loadMatrix(threadOf(thread), row, count, transposed != 0, registers, site);
}

static void serveMultiply(fovea_thread *thread, int32_t kind, const uint32_t *a, const uint32_t *b,
                          uint32_t *sum, int32_t site) {
  multiplyFragments(threadOf(thread), kind, a, b, sum, site);
}

static void serveCopyAsync(fovea_thread *thread, void *to, const void *from, int32_t bytes,
                           int32_t valid, int32_t site) {
  copyAsync(threadOf(thread), to, from, bytes, valid, site);
}

static void serveCommitCopies(fovea_thread *thread, int32_t) { commitCopies(threadOf(thread)); }

static void serveWaitCopies(fovea_thread *thread, int32_t pending, int32_t site) {
  waitCopies(threadOf(thread), pending, site);
}

static void serveMbarrierInit(fovea_thread *thread, void *barrier, int32_t count, int32_t site) {
  initMbarrier(threadOf(thread), barrier, count, site);
}

static void serveMbarrierArrive(fovea_thread *thread, void *barrier, int64_t expected,
                                int32_t site) {
  arriveMbarrier(threadOf(thread), barrier, expected, site);
}

static int32_t serveMbarrierTryWait(fovea_thread *thread, void *barrier, int32_t parity,
                                    int32_t site) {
  return tryWaitMbarrier(threadOf(thread), barrier, parity, site);
}

static void serveMbarrierArriveCopies(fovea_thread *thread, void *barrier, int32_t site) {
  arriveAfterCopies(threadOf(thread), barrier, site);
}

static uint64_t serveAtomic(fovea_thread *thread, int32_t operation, int32_t type, int32_t order,
                            int32_t space, void *address, uint64_t value, uint64_t compare,
                            int32_t site) {
  return atomic(threadOf(thread), {operation, type, order, space, address, value, compare, site});
}

static void serveGridBarrier(fovea_thread *thread, void *counter, int32_t site) {
  gridBarrier(threadOf(thread), counter, site);
}

static constexpr fovea_emulator tableWith(decltype(fovea_emulator::access) access) {
  return {access,
          serveBarrier,
          serveBarrierArrive,
          serveWarpBarrier,
          serveShuffle,
          serveVote,
          serveLoadMatrix,
          serveMultiply,
          serveCopyAsync,
          serveCommitCopies,
          serveWaitCopies,
          serveMbarrierInit,
          serveMbarrierArrive,
          serveMbarrierTryWait,
          serveMbarrierArriveCopies,
          serveAtomic,
          serveGridBarrier,
          approximate,
          cpu::scalarMath};
}

const fovea_emulator &services(bool checkMemory) {
  static const fovea_emulator checked = tableWith(serveAccess),
                              unchecked = tableWith(serveNoAccess);
  return checkMemory ? checked : unchecked;
}

} // namespace fovea::emulator
