//===- Features.cpp - what this CPU can do --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/Features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace fovea::cpu {

#if defined(__x86_64__)

static constexpr std::string_view hostArch = "x86_64", lowestTarget = "x86-64-v3";

namespace {

enum Register { EAX, EBX, ECX, EDX };

/// Register state that the operating system must save for the feature to be usable.
enum class State { None, Avx, Avx512, Amx };

struct Feature {
  std::string_view name;
  uint32_t leaf;
  uint32_t subleaf;
  Register reg;
  int bit;
  State state = State::None;
};

} // namespace

/// Intel SDM volume 2 (CPUID) and AMD APM volume 3, appendix E.
static constexpr Feature features[] = {
    {"cx8", 1, 0, EDX, 8},
    {"cmov", 1, 0, EDX, 15},
    {"mmx", 1, 0, EDX, 23},
    {"fxsr", 1, 0, EDX, 24},
    {"sse", 1, 0, EDX, 25},
    {"sse2", 1, 0, EDX, 26},
    {"sse3", 1, 0, ECX, 0},
    {"pclmul", 1, 0, ECX, 1},
    {"ssse3", 1, 0, ECX, 9},
    {"fma", 1, 0, ECX, 12, State::Avx},
    {"cx16", 1, 0, ECX, 13},
    {"sse4.1", 1, 0, ECX, 19},
    {"sse4.2", 1, 0, ECX, 20},
    {"movbe", 1, 0, ECX, 22},
    {"popcnt", 1, 0, ECX, 23},
    {"aes", 1, 0, ECX, 25},
    {"xsave", 1, 0, ECX, 26},
    {"avx", 1, 0, ECX, 28, State::Avx},
    {"f16c", 1, 0, ECX, 29, State::Avx},
    {"bmi", 7, 0, EBX, 3},
    {"avx2", 7, 0, EBX, 5, State::Avx},
    {"bmi2", 7, 0, EBX, 8},
    {"avx512f", 7, 0, EBX, 16, State::Avx512},
    {"avx512dq", 7, 0, EBX, 17, State::Avx512},
    {"adx", 7, 0, EBX, 19},
    {"avx512ifma", 7, 0, EBX, 21, State::Avx512},
    {"clflushopt", 7, 0, EBX, 23},
    {"clwb", 7, 0, EBX, 24},
    {"avx512cd", 7, 0, EBX, 28, State::Avx512},
    {"sha", 7, 0, EBX, 29},
    {"avx512bw", 7, 0, EBX, 30, State::Avx512},
    {"avx512vl", 7, 0, EBX, 31, State::Avx512},
    {"avx512vbmi", 7, 0, ECX, 1, State::Avx512},
    {"avx512vbmi2", 7, 0, ECX, 6, State::Avx512},
    {"gfni", 7, 0, ECX, 8},
    {"vaes", 7, 0, ECX, 9, State::Avx},
    {"vpclmulqdq", 7, 0, ECX, 10, State::Avx},
    {"avx512vnni", 7, 0, ECX, 11, State::Avx512},
    {"avx512bitalg", 7, 0, ECX, 12, State::Avx512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, State::Avx512},
    {"avx512vp2intersect", 7, 0, EDX, 8, State::Avx512},
    {"serialize", 7, 0, EDX, 14},
    {"amx-bf16", 7, 0, EDX, 22, State::Amx},
    {"avx512fp16", 7, 0, EDX, 23, State::Avx512},
    {"amx-tile", 7, 0, EDX, 24, State::Amx},
    {"amx-int8", 7, 0, EDX, 25, State::Amx},
    {"avxvnni", 7, 1, EAX, 4, State::Avx},
    {"avx512bf16", 7, 1, EAX, 5, State::Avx512},
    {"amx-fp16", 7, 1, EAX, 21, State::Amx},
    {"avxifma", 7, 1, EAX, 23, State::Avx},
    {"avxvnniint8", 7, 1, EDX, 4, State::Avx},
    {"avxneconvert", 7, 1, EDX, 5, State::Avx},
    {"avxvnniint16", 7, 1, EDX, 10, State::Avx},
    {"sahf", 0x80000001, 0, ECX, 0},
    {"lzcnt", 0x80000001, 0, ECX, 5},
    {"sse4a", 0x80000001, 0, ECX, 6},
    {"prfchw", 0x80000001, 0, ECX, 8},
    {"xop", 0x80000001, 0, ECX, 11, State::Avx},
    {"fma4", 0x80000001, 0, ECX, 16, State::Avx},
    {"tbm", 0x80000001, 0, ECX, 21},
};

static bool cpuidBit(const Feature &feature) {
  uint32_t regs[4];
  if (!__get_cpuid_count(feature.leaf, feature.subleaf, &regs[EAX], &regs[EBX], &regs[ECX],
                         &regs[EDX]))
    return false;
  return regs[feature.reg] >> feature.bit & 1;
}

/// XCR0: the register state that the operating system saves.
static uint64_t savedState() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

static bool requestAmxState() {
#if defined(__linux__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

static bool hasState(State state) {
  static const uint64_t saved = savedState();
  constexpr uint64_t avx = 0x6, avx512 = 0xe6, amx = 0x60000;
  switch (state) {
  case State::None:
    return true;
  case State::Avx:
    return (saved & avx) == avx;
  case State::Avx512:
    return (saved & avx512) == avx512;
  case State::Amx:
    return (saved & amx) == amx && requestAmxState();
  }
  return false;
}

static bool hasRow(const Feature &feature) { return cpuidBit(feature) && hasState(feature.state); }

/// True when the processor has it, whatever the operating system lets this process use.
static bool isBuiltIn(const Feature &feature) { return cpuidBit(feature); }

#elif defined(__aarch64__)

static constexpr std::string_view hostArch = "aarch64", lowestTarget = "armv8-a";

namespace {
struct Feature {
  std::string_view name;
  unsigned long type;
  unsigned long mask;
};
} // namespace

/// Bits of the kernel's arch/arm64/include/uapi/asm/hwcap.h.
static constexpr Feature features[] = {
    {"fp-armv8", AT_HWCAP, 1UL << 0}, {"neon", AT_HWCAP, 1UL << 1},
    {"lse", AT_HWCAP, 1UL << 8},      {"fullfp16", AT_HWCAP, 1UL << 10},
    {"dotprod", AT_HWCAP, 1UL << 20}, {"sve", AT_HWCAP, 1UL << 22},
    {"sve2", AT_HWCAP2, 1UL << 1},    {"i8mm", AT_HWCAP2, 1UL << 13},
    {"bf16", AT_HWCAP2, 1UL << 14},
};

static bool hasRow(const Feature &feature) {
  return (getauxval(feature.type) & feature.mask) == feature.mask;
}

static bool isBuiltIn(const Feature &feature) { return hasRow(feature); }

#endif

std::vector<std::string_view> knownFeatures() {
  std::vector<std::string_view> names;
  for (const Feature &feature : features)
    names.push_back(feature.name);
  return names;
}

std::optional<bool> hasFeature(std::string_view name) {
  for (const Feature &feature : features)
    if (feature.name == name)
      return hasRow(feature);
  return std::nullopt;
}

/// Why code with a feature cannot run, behind "which".
static std::string_view whyNot(std::string_view name) {
  for (const Feature &feature : features)
    if (feature.name == name)
      return isBuiltIn(feature) ? "the operating system keeps from this process"
                                : "this machine lacks";
  return "this runtime does not know";
}

fvm::Status checkTarget(const fvm::Target &target) {
  std::string_view triple = target.triple;
  if (triple.substr(0, triple.find('-')) != hostArch ||
      triple.find("-linux") == std::string_view::npos)
    return fvm::incompatible(
        fvm::concat("it is for '", triple, "', this machine is ", hostArch, "-linux"),
        fvm::concat("recompile the model with 'fovea compile' on this machine or with --target=",
                    lowestTarget));
  for (const std::string &name : target.features) {
    if (hasFeature(name).value_or(false))
      continue;
    return fvm::incompatible(
        fvm::concat("it uses the CPU feature '", name, "', which ", whyNot(name)),
        fvm::concat("recompile the model with 'fovea compile' on this machine or with --target=",
                    lowestTarget));
  }
  return {};
}

} // namespace fovea::cpu
