/* main.c - the smallest user of an installed Fovea; exit code 0 when it works.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <fovea_runtime.h>

#include <string.h>

int main(int argc, char **argv) {
  /* The version that was asked for at build time is the one that runs. */
  if (argc != 2 || strcmp(fovea_version(), argv[1]) != 0)
    return 1;
  return fovea_status_code(NULL) == FOVEA_OK ? 0 : 1;
}
