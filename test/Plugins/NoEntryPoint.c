/* NoEntryPoint.c - a shared library that is no pass plug-in.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
int fovea_test_nowhere(void);

int fovea_test_something(void) {
#ifdef CALLS_WHAT_IS_NOWHERE
  return fovea_test_nowhere();
#else
  return 1;
#endif
}
