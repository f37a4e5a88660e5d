//===- WarpOperations.cpp - what the lanes of a warp do together ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/WarpOperations.h"
#include "runtime/Emulator/Fragments.h"
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"

#include <bit>

namespace fovea::emulator {

namespace {
enum Operation : int32_t { Barrier, Shuffle, Vote, LoadMatrix, Multiply };

/// Operands in the frames of the lanes that wait.
struct ShuffleOperands {
  uint32_t value, operand, clamp;
  Shuffled result;
};
struct VoteOperands {
  bool condition;
  uint32_t result;
};
struct MatrixOperands {
  const void *row;
  uint32_t *registers;
};
struct FragmentOperands {
  const uint32_t *a, *b;
  uint32_t *sum;
};
} // namespace

static const char *nameOf(int32_t operation) {
  static const char *const names[] = {"a barrier", "a shuffle", "a vote", "a load of matrices",
                                      "a product"};
  return names[operation];
}

/// Products and matrices are one instruction, which all lanes execute together.
static bool isOneInstruction(int32_t operation) {
  return operation == LoadMatrix || operation == Multiply;
}

static bool checkMask(const Thread &thread, uint32_t mask, int32_t site) {
  const Warp &warp = *thread.warp;
  auto broken = [&](std::string_view what) {
    report(thread, site, Rule::Warp, concat("names lanes ", maskText(mask), what));
    return false;
  };
  if (!(mask & laneBit(thread)))
    return broken(concat(", not its own lane ", thread.lane));
  if (mask & ~warp.lanes)
    return broken(concat(", but its warp has ", std::popcount(warp.lanes), " threads"));
  if (mask & warp.ended)
    return broken(concat(", of which ", maskText(mask & warp.ended), " have ended"));
  return true;
}

/// Whether lanes that wait for this one came to something else.
static bool checkMeeting(const Thread &thread, const Meeting &own, const Meeting &other) {
  if (!(other.mask & laneBit(thread)) || !(own.mask & other.arrived))
    return true;
  report(thread, own.site, Rule::Warp,
         concat("is ", nameOf(own.operation), " of lanes ", maskText(own.mask), ", but lanes ",
                maskText(own.mask & other.arrived), " wait at ",
                operationName(*thread.machine, other.site), ", ", nameOf(other.operation),
                " of lanes ", maskText(other.mask),
                own.operation == other.operation && own.mask == other.mask
                    ? isOneInstruction(own.operation) && own.qualifier == other.qualifier
                          ? " elsewhere in the code"
                          : " of another kind"
                    : ""));
  return false;
}

/// Comes to an operation. True for the last lane of the mask, which does it for all and then wakes
/// the others (`dismiss`); false for the others once it is done.
static bool meet(Thread &thread, const Meeting &wanted) {
  Warp &warp = *thread.warp;
  if (!checkMask(thread, wanted.mask, wanted.site))
    abandonLaunch(thread);
  for (uint32_t rest = warp.meetingsUsed; rest; rest &= rest - 1) {
    Meeting &meeting = warp.meetings[std::countr_zero(rest)];
    if (meeting.mask == wanted.mask && meeting.operation == wanted.operation &&
        meeting.qualifier == wanted.qualifier &&
        (meeting.site == wanted.site || !isOneInstruction(wanted.operation))) {
      meeting.arrived |= laneBit(thread);
      if (meeting.arrived == meeting.mask) {
        warp.meetingsUsed &= ~(rest & -rest);
        return true;
      }
      suspend(thread, Wait::Warp, wanted.site);
      return false;
    }
    if (!checkMeeting(thread, wanted, meeting))
      abandonLaunch(thread);
  }
  if (wanted.mask == laneBit(thread))
    return true;
  // Each meeting has a lane that waits there, and this one does not: there is room.
  int32_t place = std::countr_one(warp.meetingsUsed);
  warp.meetings[place] = wanted;
  warp.meetings[place].arrived = laneBit(thread);
  warp.meetingsUsed |= uint32_t(1) << place;
  suspend(thread, Wait::Warp, wanted.site);
  return false;
}

static void dismiss(Thread &thread, uint32_t mask) { wake(*thread.warp, mask & ~laneBit(thread)); }

template <typename Operands> static Operands &operandsOf(const Warp &warp, int32_t lane) {
  return *static_cast<Operands *>(warp.threads[lane].operands);
}

void warpBarrier(Thread &thread, uint32_t mask, int32_t site) {
  if (!meet(thread, {Barrier, 0, site, mask, 0}))
    return;
  if (thread.machine->options.checkMemory)
    thread.home->clocks.joinWarp(warpIndex(thread), mask, thread.warp->lanes);
  dismiss(thread, mask);
}

Shuffled shuffle(Thread &thread, int32_t kind, uint32_t mask, uint32_t value, uint32_t operand,
                 uint32_t clamp, int32_t site) {
  if (kind < FOVEA_SHUFFLE_IDX || kind > FOVEA_SHUFFLE_BFLY) {
    report(thread, site, Rule::Warp, concat("is a shuffle of kind ", kind, ", expected 0 to 3"));
    abandonLaunch(thread);
  }
  ShuffleOperands own{value, operand, clamp, {}};
  thread.operands = &own;
  if (!meet(thread, {Shuffle, kind, site, mask, 0}))
    return own.result;
  const Warp &warp = *thread.warp;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    int32_t lane = std::countr_zero(rest);
    auto &operands = operandsOf<ShuffleOperands>(warp, lane);
    bool inRange = false;
    int32_t source = shuffleSource(kind, lane, operands.operand, operands.clamp, inRange);
    if (!(mask >> source & 1)) {
      report(warp.threads[lane], site, Rule::Warp,
             concat("takes the value of lane ", source, ", which is not among lanes ",
                    maskText(mask)));
      abandonLaunch(thread);
    }
    operands.result = {operandsOf<ShuffleOperands>(warp, source).value, inRange};
  }
  dismiss(thread, mask);
  return own.result;
}

uint32_t vote(Thread &thread, int32_t kind, uint32_t mask, bool condition, int32_t site) {
  if (kind < FOVEA_VOTE_ALL || kind > FOVEA_VOTE_BALLOT) {
    report(thread, site, Rule::Warp, concat("is a vote of kind ", kind, ", expected 0 to 3"));
    abandonLaunch(thread);
  }
  VoteOperands own{condition, 0};
  thread.operands = &own;
  if (!meet(thread, {Vote, kind, site, mask, 0}))
    return own.result;
  uint32_t ballot = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    if (operandsOf<VoteOperands>(*thread.warp, std::countr_zero(rest)).condition)
      ballot |= rest & -rest;
  uint32_t result = kind == FOVEA_VOTE_ALL   ? ballot == mask
                    : kind == FOVEA_VOTE_ANY ? ballot != 0
                    : kind == FOVEA_VOTE_UNI ? ballot == mask || !ballot
                                             : ballot;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    operandsOf<VoteOperands>(*thread.warp, std::countr_zero(rest)).result = result;
  dismiss(thread, mask);
  return own.result;
}

/// Where the warp is not full, an instruction of all its lanes has no meaning.
static void needFullWarp(Thread &thread, int32_t site) {
  if (thread.warp->lanes == ~uint32_t(0))
    return;
  report(
      thread, site, Rule::Warp,
      concat("needs the 32 threads of a warp, this one has ", std::popcount(thread.warp->lanes)));
  abandonLaunch(thread);
}

void loadMatrix(Thread &thread, const void *row, int32_t count, bool transposed,
                uint32_t *registers, int32_t site) {
  if (count != 1 && count != 2 && count != 4) {
    report(thread, site, Rule::Warp, concat("loads ", count, " matrices, expected 1, 2 or 4"));
    abandonLaunch(thread);
  }
  needFullWarp(thread, site);
  MatrixOperands own{row, registers};
  thread.operands = &own;
  uint32_t mask = ~uint32_t(0);
  if (!meet(thread, {LoadMatrix, count | int32_t(transposed) << 8, site, mask, 0}))
    return;
  const Warp &warp = *thread.warp;
  const void *rows[FOVEA_WARP];
  uint32_t *words[FOVEA_WARP];
  for (int32_t lane = 0; lane < FOVEA_WARP; ++lane) {
    auto &operands = operandsOf<MatrixOperands>(warp, lane);
    rows[lane] = operands.row;
    words[lane] = operands.registers;
    // Lanes behind those of the last matrix address nothing.
    if (lane < 8 * count)
      checkShared(warp.threads[lane], {operands.row, 16, 16, Use::Read, site});
  }
  loadMatrices(rows, count, transposed, words);
  dismiss(thread, mask);
}

void multiplyFragments(Thread &thread, int32_t kind, const uint32_t *a, const uint32_t *b,
                       uint32_t *sum, int32_t site) {
  needFullWarp(thread, site);
  FragmentOperands own{a, b, sum};
  thread.operands = &own;
  uint32_t mask = ~uint32_t(0);
  if (!meet(thread, {Multiply, kind, site, mask, 0}))
    return;
  ProductOperands all;
  for (int32_t lane = 0; lane < FOVEA_WARP; ++lane) {
    auto &operands = operandsOf<FragmentOperands>(*thread.warp, lane);
    all.a[lane] = operands.a;
    all.b[lane] = operands.b;
    all.sum[lane] = operands.sum;
  }
  if (!multiply(kind, all)) {
    report(thread, site, Rule::Warp, concat("is a product of kind ", kind, ", expected 0 to 3"));
    abandonLaunch(thread);
  }
  dismiss(thread, mask);
}

void leaveMeetings(Thread &thread) {
  const Warp &warp = *thread.warp;
  for (uint32_t rest = warp.meetingsUsed; rest; rest &= rest - 1) {
    const Meeting &meeting = warp.meetings[std::countr_zero(rest)];
    if (!(meeting.mask & laneBit(thread)))
      continue;
    report(thread, meeting.site, Rule::Warp,
           concat("is ", nameOf(meeting.operation), " where lanes ", maskText(meeting.arrived),
                  " wait for this thread, which ends without it"));
    abandonLaunch(thread);
  }
}

} // namespace fovea::emulator
