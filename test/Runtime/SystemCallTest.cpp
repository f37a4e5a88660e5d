//===- SystemCallTest.cpp - what a run asks of the kernel -----------------===//
//
// Runs in a child process that the kernel ends when it waits for, wakes or starts a thread.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include <csignal>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fovea::test;

/// From here on the process is killed for futex, clone and clone3. False when the kernel cannot.
static bool forbidThreads() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  sock_fprog program = {std::size(filter), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// How a child ends that runs the sample with so many threads: 0 as it should, 1 with an error,
/// 2 without a filter, -1 killed for a system call.
static int runForbidden(int threads) {
  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module, threads);
  Tensor<float> x = sampleInput(13, 17), mask = sampleMask(13, 17);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    if (!forbidThreads())
      _exit(2);
    fovea_tensor inputs[] = {x.view(), mask.view()}, output = {};
    StatusPtr status(fovea_context_run(context.get(), "main", inputs, 2, &output, 1, nullptr));
    _exit(status ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGSYS ? -1 : 128 + WTERMSIG(status);
  return WEXITSTATUS(status);
}

TEST(SystemCalls, one_thread_neither_waits_nor_starts_another) {
  int end = runForbidden(1);
  if (end == 2)
    GTEST_SKIP() << "the kernel has no seccomp filters";
  EXPECT_EQ(end, 0);
  // With two threads the filter finds the second.
  EXPECT_EQ(runForbidden(2), -1);
}
