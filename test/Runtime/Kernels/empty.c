//===- empty.c - the smallest code section --------------------------------===//
//
// ALLOWED_IMPORTS adds everything that code may import, FORBIDDEN_* one thing each
// that the loader must refuse.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_abi.h"

#ifdef ALLOWED_IMPORTS
extern void *memcpy(void *to, const void *from, uint64_t size);
extern void *memmove(void *to, const void *from, uint64_t size);
extern void *memset(void *to, int value, uint64_t size);
extern int memcmp(const void *a, const void *b, uint64_t size);
void *const table[] = {memcpy, memmove, memset, memcmp};
void clear(void *to, uint64_t size) { memset(to, 0, size); }
#endif

#ifdef FORBIDDEN_IMPORT
extern int puts(const char *text);
int say(void) { return puts("hello"); }
#endif

#ifdef FORBIDDEN_CONSTRUCTOR
volatile int started;
__attribute__((constructor)) static void start(void) { started = 1; }
#endif

#ifdef FORBIDDEN_THREAD_LOCAL
__thread int counter = 1;
int count(void) { return counter++; }
#endif

#ifdef FORBIDDEN_RESOLVER
static int one(void) { return 1; }
static void *choose(void) { return one; }
int number(void) __attribute__((ifunc("choose")));
#endif

void fovea_run_main(fovea_call *call) {
  *(int64_t *)call->host->output(call, 0, 0, 0) = *(const int64_t *)call->weights;
}

int64_t fovea_plan_main(const int64_t *dims) { return 0; }
