//===- ConformanceAtomics.cpp - cases of atomic operations, one by one ----===//
//
// All that kernels can say: of types without an order (add, bits, exchanges) they name the unsigned
// one. Results follow the PTX ISA's definition of `atom` (d = [a]; [a] = operation(d, b)).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_device_abi.h"
#include "test/Runtime/Emulator/Conformance.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <deque>

namespace fovea::emulator {

using Op = ConformanceOperation;
using Words = std::vector<uint32_t>;

static bool isWide(uint32_t type) { return type == FOVEA_ATOMIC_S64 || type == FOVEA_ATOMIC_U64; }

Words atomicInputs(uint32_t type) {
  uint32_t size = isWide(type) ? 2 : 1;
  Words words(size_t(FOVEA_WARP) * 3 * size);
  for (uint32_t i = 0; i < words.size(); ++i)
    words[i] = type == FOVEA_ATOMIC_F32  ? std::bit_cast<uint32_t>(float(mix(i)) - 2048)
               : size == 2 && i % 2 == 0 ? mix(i)
                                         : mix(i) - 2048;
  // Half of the lanes compare with what is there.
  for (size_t lane = 0; lane < FOVEA_WARP; lane += 2)
    std::copy_n(&words[lane * 3 * size], size, &words[(lane * 3 + 2) * size]);
  return words;
}

template <typename T> static T operated(int32_t operation, T memory, T operand, T compare) {
  switch (operation) {
  case FOVEA_ATOMIC_ADD:
    return memory + operand;
  case FOVEA_ATOMIC_MIN:
    return operand < memory ? operand : memory;
  case FOVEA_ATOMIC_MAX:
    return memory < operand ? operand : memory;
  case FOVEA_ATOMIC_EXCHANGE:
    return operand;
  case FOVEA_ATOMIC_COMPARE_EXCHANGE:
    return memory == compare ? operand : memory;
  }
  if constexpr (std::is_integral_v<T>)
    return operation == FOVEA_ATOMIC_AND  ? memory & operand
           : operation == FOVEA_ATOMIC_OR ? memory | operand
                                          : memory ^ operand;
  return memory;
}

/// Words before and after the operation, lane by lane.
template <typename T> static Words resultsOf(const ConformanceCase &c) {
  constexpr size_t size = sizeof(T) / sizeof(uint32_t);
  Words in = c.inputs(), out(FOVEA_WARP * 2 * size);
  for (size_t lane = 0; lane < FOVEA_WARP; ++lane) {
    T given[3], got[2];
    std::memcpy(given, &in[lane * 3 * size], sizeof(given));
    got[0] = given[0];
    got[1] = operated(c.kind, given[0], given[1], given[2]);
    std::memcpy(&out[lane * 2 * size], got, sizeof(got));
  }
  return out;
}

static Words resultsOf(const ConformanceCase &c) {
  switch (c.first) {
  case FOVEA_ATOMIC_S32:
    return resultsOf<int32_t>(c);
  case FOVEA_ATOMIC_S64:
    return resultsOf<int64_t>(c);
  case FOVEA_ATOMIC_U64:
    return resultsOf<uint64_t>(c);
  case FOVEA_ATOMIC_F32:
    return resultsOf<float>(c);
  }
  return resultsOf<uint32_t>(c);
}

static std::array<ConformanceCase, 21> makeCases() {
  std::array<ConformanceCase, 21> cases = {{
      {"atom.lane add u32", Op::AtomicOfLane, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32},
      {"atom.lane add u64", Op::AtomicOfLane, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U64},
      {"atom.lane add f32", Op::AtomicOfLane, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_F32},
      {"atom.lane min s32", Op::AtomicOfLane, FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_S32},
      {"atom.lane min u32", Op::AtomicOfLane, FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_U32},
      {"atom.lane min s64", Op::AtomicOfLane, FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_S64},
      {"atom.lane min u64", Op::AtomicOfLane, FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_U64},
      {"atom.lane max s32", Op::AtomicOfLane, FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_S32},
      {"atom.lane max u32", Op::AtomicOfLane, FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_U32},
      {"atom.lane max s64", Op::AtomicOfLane, FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_S64},
      {"atom.lane max u64", Op::AtomicOfLane, FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_U64},
      {"atom.lane and u32", Op::AtomicOfLane, FOVEA_ATOMIC_AND, FOVEA_ATOMIC_U32},
      {"atom.lane and u64", Op::AtomicOfLane, FOVEA_ATOMIC_AND, FOVEA_ATOMIC_U64},
      {"atom.lane or u32", Op::AtomicOfLane, FOVEA_ATOMIC_OR, FOVEA_ATOMIC_U32},
      {"atom.lane or u64", Op::AtomicOfLane, FOVEA_ATOMIC_OR, FOVEA_ATOMIC_U64},
      {"atom.lane xor u32", Op::AtomicOfLane, FOVEA_ATOMIC_XOR, FOVEA_ATOMIC_U32},
      {"atom.lane xor u64", Op::AtomicOfLane, FOVEA_ATOMIC_XOR, FOVEA_ATOMIC_U64},
      {"atom.lane exch u32", Op::AtomicOfLane, FOVEA_ATOMIC_EXCHANGE, FOVEA_ATOMIC_U32},
      {"atom.lane exch u64", Op::AtomicOfLane, FOVEA_ATOMIC_EXCHANGE, FOVEA_ATOMIC_U64},
      {"atom.lane cas u32", Op::AtomicOfLane, FOVEA_ATOMIC_COMPARE_EXCHANGE, FOVEA_ATOMIC_U32},
      {"atom.lane cas u64", Op::AtomicOfLane, FOVEA_ATOMIC_COMPARE_EXCHANGE, FOVEA_ATOMIC_U64},
  }};
  // Results stay where they are.
  static std::deque<Words> results;
  for (ConformanceCase &c : cases) {
    c.inputWords = isWide(c.first) ? 6 : 3;
    c.outputWords = isWide(c.first) ? 4 : 2;
    c.expected = results.emplace_back(resultsOf(c));
  }
  return cases;
}

std::span<const ConformanceCase> atomicCases() {
  static const std::array cases = makeCases();
  return cases;
}

} // namespace fovea::emulator
