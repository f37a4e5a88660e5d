//===- FeaturesTest.cpp - CPU features ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/Features.h"
#include "test/Runtime/Samples.h"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

using namespace fovea::test;
using fovea::cpu::hasFeature;

static Image packFor(const fvm::Target &target) {
  fvm::Manifest manifest = emptyManifest();
  manifest.target = target;
  return pack(manifest, readCode("code_empty"), {nullptr, 64});
}

#if defined(__x86_64__)
TEST(Features, agree_with_the_compilers_detection) {
  EXPECT_EQ(hasFeature("sse2"), true);
  EXPECT_EQ(hasFeature("avx2"), bool(__builtin_cpu_supports("avx2")));
  EXPECT_EQ(hasFeature("fma"), bool(__builtin_cpu_supports("fma")));
  EXPECT_EQ(hasFeature("avx512f"), bool(__builtin_cpu_supports("avx512f")));
  EXPECT_EQ(hasFeature("avx512bw"), bool(__builtin_cpu_supports("avx512bw")));
  EXPECT_EQ(hasFeature("avx512vnni"), bool(__builtin_cpu_supports("avx512vnni")));
  EXPECT_EQ(hasFeature("avx512bf16"), bool(__builtin_cpu_supports("avx512bf16")));
  EXPECT_EQ(hasFeature("bmi2"), bool(__builtin_cpu_supports("bmi2")));
  EXPECT_EQ(hasFeature("xop"), bool(__builtin_cpu_supports("xop")));
}

/// Runs in a process of its own, which has not asked for tiles yet: the kernel keeps them from one
/// whose stack for signals does not hold them.
TEST(Features, DISABLED_tiles_do_not_fit_the_stack_for_signals) {
  static char memory[2048];
  stack_t small{};
  small.ss_sp = memory;
  small.ss_size = sizeof(memory);
  ASSERT_EQ(sigaltstack(&small, nullptr), 0);
  fvm::Target target = emptyManifest().target;
  target.features.push_back("amx-tile");
  StatusPtr status = refuse(packFor(target));
  expectStatus(status, FOVEA_INCOMPATIBLE, "the operating system keeps from this process");
}

TEST(Features, what_the_operating_system_keeps_back_is_said) {
  if (!hasFeature("amx-tile").value_or(false))
    GTEST_SKIP() << "this machine has no tiles";
  char program[4096] = {};
  ASSERT_GT(readlink("/proc/self/exe", program, sizeof(program) - 1), 0);
  std::string command = std::string(program) + " --gtest_also_run_disabled_tests "
                                               "--gtest_filter=Features.DISABLED_tiles_*";
  EXPECT_EQ(std::system(command.c_str()), 0);
}
#endif

TEST(Features, unknown_names_have_no_answer) {
  EXPECT_EQ(hasFeature("warp-drive"), std::nullopt);
  for (std::string_view name : fovea::cpu::knownFeatures())
    EXPECT_NE(hasFeature(name), std::nullopt) << name;
}

TEST(Features, artefact_with_a_missing_feature_is_refused) {
  fvm::Target target = emptyManifest().target;
  for (std::string_view name : fovea::cpu::knownFeatures()) {
    if (*hasFeature(name))
      continue;
    target.features.push_back(std::string(name));
    StatusPtr status = refuse(packFor(target));
    expectStatus(status, FOVEA_INCOMPATIBLE, "'" + std::string(name) + "'");
    expectStatus(status, FOVEA_INCOMPATIBLE, "which this machine lacks");
    expectStatus(status, FOVEA_INCOMPATIBLE, "--target=x86-64-v3");
    return;
  }
  GTEST_SKIP() << "this machine has every feature that the runtime knows";
}

TEST(Features, artefact_with_an_unknown_feature_is_refused) {
  fvm::Target target = emptyManifest().target;
  target.features.push_back("warp-drive");
  expectStatus(refuse(packFor(target)), FOVEA_INCOMPATIBLE, "'warp-drive'");
}

TEST(Features, artefact_for_another_machine_is_refused) {
  fvm::Target target = emptyManifest().target;
  target.triple = "riscv64-unknown-linux-gnu";
  expectStatus(refuse(packFor(target)), FOVEA_INCOMPATIBLE, "it is for 'riscv64-");
  target.triple = emptyManifest().target.triple;
  target.triple.replace(target.triple.find("linux"), std::string::npos, "windows-msvc");
  expectStatus(refuse(packFor(target)), FOVEA_INCOMPATIBLE, "windows");
}
