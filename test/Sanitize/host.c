//===- host.c - runs instrumented code over buffers of exact size ---------===//
//
// A host for code that was compiled with --address-sanitizer: each input, output, weight section,
// arena and scratch memory is a block of its own, so that AddressSanitizer sees every access beyond
// one. Usage: host CODE ENTRY SPEC; SPEC has a line per item, see main. Exit code 0 when the run
// ends, 5 when it stops with a fault, ASAN_OPTIONS=exitcode=N for what the sanitizer finds.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "fovea_abi.h"

#include <dlfcn.h>
#if defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

static jmp_buf start;
static int faulted;
static int64_t scratch_bytes, dims[MOST], elements[MOST];
static const void *inputs[MOST];
static int num_dims, num_inputs, num_outputs;

static void *block(int64_t bytes) {
  void *memory = NULL;
  if (bytes < 0 || bytes > ((int64_t)1 << 32) || posix_memalign(&memory, 64, (size_t)bytes)) {
    printf("no memory for %ld bytes\n", (long)bytes);
    exit(6);
  }
  return memory;
}

static void unwind(void) { longjmp(start, 1); }

static void fault(fovea_call *call, int64_t kind, int64_t node, int64_t value, int64_t limit) {
  (void)call;
  if (!faulted)
    printf("fault %ld node %ld value %ld limit %ld\n", (long)kind, (long)node, (long)value,
           (long)limit);
  faulted = 1;
}

static void stop(fovea_call *call, int64_t kind, int64_t node, int64_t value, int64_t limit) {
  fault(call, kind, node, value, limit);
  unwind();
}

static void parallel_for(fovea_call *call, fovea_task task, void *args, int64_t count) {
  (void)call;
  for (int64_t i = 0; i < count; ++i) {
    void *scratch = block(scratch_bytes);
    task(args, i, scratch);
    free(scratch);
  }
  if (faulted)
    unwind();
}

static void *output(fovea_call *call, int64_t index, int64_t rank, const int64_t *sizes) {
  (void)call;
  int64_t bytes = index < num_outputs ? elements[index] : -1;
  for (int64_t dim = 0; dim < rank; ++dim)
    bytes *= sizes[dim];
  return block(bytes);
}

static void *allocate(fovea_call *call, int64_t bytes) {
  (void)call;
  return block(bytes);
}

static double evaluate(int64_t function, double a, double b) {
  switch (function) {
  case FOVEA_MATH_EXP:
    return exp(a);
  case FOVEA_MATH_LOG:
    return log(a);
  case FOVEA_MATH_POW:
    return pow(a, b);
  default:
    return tanh(a);
  }
}

/// The bytes of a file in a block of exactly their size.
static void *contents(const char *path, int64_t bytes) {
  void *memory = block(bytes);
  FILE *file = fopen(path, "rb");
  if (!file || fread(memory, 1, (size_t)bytes, file) != (size_t)bytes) {
    printf("cannot read %s\n", path);
    exit(6);
  }
  fclose(file);
  return memory;
}

/* Code with tile products needs the kernel's consent; other code does without. */
static void request_tiles(void) {
#if defined(__x86_64__)
  (void)syscall(SYS_arch_prctl, 0x1023, 18);
#endif
}

static int64_t steps_made;

static void team(fovea_call *call, fovea_task task, void *args, int64_t shares) {
  steps_made = 0;
  parallel_for(call, task, args, shares);
}

/* Of one slot: the only share of a phase, and then its end. */
static int64_t share(fovea_call *call, int64_t slot) {
  static int64_t next = -1;
  (void)call;
  next = next == slot ? -1 : slot;
  return next;
}

/* The only slot is the first that asks. */
static int64_t proceed(fovea_call *call, int64_t slot, int64_t condition) {
  (void)call;
  (void)slot;
  steps_made += condition != 0;
  return condition != 0;
}

static int64_t steps(fovea_call *call) {
  (void)call;
  return steps_made;
}

int main(int argc, char **argv) {
  static fovea_host host = {FOVEA_ABI_VERSION, parallel_for, output, allocate, fault, stop,
                            evaluate,          team,         share,  proceed,  steps};
  fovea_call call = {&host, inputs, dims, NULL, NULL, 1, NULL};
  char what[16], path[512], symbol[256];
  long number;
  request_tiles();
  FILE *spec = argc == 4 ? fopen(argv[3], "r") : NULL;
  void *code = spec ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (!code) {
    printf("cannot load: %s\n", spec ? dlerror() : "no specification");
    return 6;
  }
  while (fscanf(spec, "%15s %ld %511s", what, &number, path) == 3) {
    if (!strcmp(what, "scratch"))
      scratch_bytes = number;
    else if (!strcmp(what, "dim") && num_dims < MOST)
      dims[num_dims++] = number;
    else if (!strcmp(what, "output") && num_outputs < MOST)
      elements[num_outputs++] = number;
    else if (!strcmp(what, "input") && num_inputs < MOST)
      inputs[num_inputs++] = contents(path, number);
    else if (!strcmp(what, "weights"))
      call.weights = contents(path, number);
  }
  snprintf(symbol, sizeof(symbol), "fovea_plan_%s", argv[2]);
  fovea_plan_fn plan = (fovea_plan_fn)dlsym(code, symbol);
  snprintf(symbol, sizeof(symbol), "fovea_run_%s", argv[2]);
  fovea_run_fn run = (fovea_run_fn)dlsym(code, symbol);
  if (!plan || !run)
    return 6;
  call.arena = block(plan(dims));
  if (!setjmp(start))
    run(&call);
  if (!faulted)
    printf("ended\n");
  return faulted ? 5 : 0;
}
