//===- runner.c - runs artefacts on behalf of another process -------------===//
//
// Started under an emulator, it answers requests from stdin on stdout until stdin ends:
//   load THREADS PATH        ->  ok BYTES, then the manifest
//   run MODULE ENTRY INPUTS  ->  ok OUTPUTS, then the outputs; each input follows the request
//   free MODULE              ->  ok 0
// A tensor is a line "CODE BITS RANK SIZE..." (codes of fovea_dtype) and its bytes, dense. Modules
// have the numbers 0, 1, ... as they are loaded. What fails is answered by "error TEXT".
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "fovea_runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kModules = 1024, kTensors = 64, kLine = 4096 };

static struct {
  fovea_module *module;
  fovea_context *context;
} loaded[kModules];
static int loaded_count;

/// Answers with the error, if there is one; true for success.
static int succeeded(fovea_status *status) {
  if (!status)
    return 1;
  printf("error %s\n", fovea_status_message(status));
  fovea_status_free(status);
  return 0;
}

static void load(int threads, const char *path) {
  if (loaded_count == kModules) {
    puts("error too many modules");
    return;
  }
  fovea_module *module;
  if (!succeeded(fovea_module_load_file(path, NULL, &module)))
    return;
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.threads = threads;
  fovea_context *context;
  if (!succeeded(fovea_context_create(module, &options, &context))) {
    fovea_module_free(module);
    return;
  }
  loaded[loaded_count].module = module;
  loaded[loaded_count++].context = context;
  const char *manifest = fovea_module_manifest(module);
  printf("ok %zu\n%s", strlen(manifest), manifest);
}

/// False for a number that no module has.
static int release(int number) {
  if (number < 0 || number >= loaded_count || !loaded[number].module)
    return 0;
  fovea_context_free(loaded[number].context);
  fovea_module_free(loaded[number].module);
  loaded[number].module = NULL;
  puts("ok 0");
  return 1;
}

static size_t bytes_of(const fovea_tensor *tensor) {
  size_t bytes = tensor->dtype.bits / 8;
  for (int32_t dim = 0; dim < tensor->ndim; ++dim)
    bytes *= (size_t)tensor->shape[dim];
  return bytes;
}

/// Reads a tensor into memory of its own; 0 at the end of stdin or for what is no tensor.
static int read_tensor(fovea_tensor *tensor, int64_t *shape) {
  int code, bits, rank;
  if (scanf("%d %d %d", &code, &bits, &rank) != 3 || rank < 0 || rank > FOVEA_MAX_RANK)
    return 0;
  for (int dim = 0; dim < rank; ++dim) {
    long long size;
    if (scanf("%lld", &size) != 1)
      return 0;
    shape[dim] = size;
  }
  if (getchar() != '\n')
    return 0;
  *tensor = (fovea_tensor){
      .device = {1, 0}, .ndim = rank, .dtype = {(uint8_t)code, (uint8_t)bits, 1}, .shape = shape};
  size_t bytes = bytes_of(tensor);
  tensor->data = malloc(bytes + 1);
  return tensor->data && fread(tensor->data, 1, bytes, stdin) == bytes;
}

static void write_tensor(const fovea_tensor *tensor) {
  printf("%d %d %d", tensor->dtype.code, tensor->dtype.bits, tensor->ndim);
  for (int32_t dim = 0; dim < tensor->ndim; ++dim)
    printf(" %lld", (long long)tensor->shape[dim]);
  putchar('\n');
  const char *data = tensor->data;
  fwrite(data ? data + tensor->byte_offset : "", 1, bytes_of(tensor), stdout);
}

/// False when stdin does not hold what the request promises.
static int run(int number, const char *entry, int count) {
  static int64_t shapes[kTensors][FOVEA_MAX_RANK];
  fovea_tensor inputs[kTensors], outputs[kTensors];
  if (number < 0 || number >= loaded_count || !loaded[number].module || count < 0 ||
      count > kTensors)
    return 0;
  for (int index = 0; index < count; ++index)
    if (!read_tensor(&inputs[index], shapes[index]))
      return 0;
  memset(outputs, 0, sizeof(outputs));
  int64_t results = fovea_module_output_count(loaded[number].module, entry);
  if (results > kTensors)
    return 0;
  if (succeeded(fovea_context_run(loaded[number].context, entry, inputs, count, outputs,
                                  results < 0 ? 0 : results, NULL))) {
    printf("ok %lld\n", (long long)results);
    for (int64_t index = 0; index < results; ++index)
      write_tensor(&outputs[index]);
  }
  for (int index = 0; index < count; ++index)
    free(inputs[index].data);
  return 1;
}

int main(void) {
  char line[kLine], text[kLine];
  int number, count;
  while (fgets(line, sizeof(line), stdin)) {
    if (sscanf(line, "load %d %4095[^\n]", &number, text) == 2)
      load(number, text);
    else if (!(sscanf(line, "run %d %4095s %d", &number, text, &count) == 3
                   ? run(number, text, count)
                   : sscanf(line, "free %d", &number) == 1 && release(number)))
      return 1;
    fflush(stdout);
  }
  return 0;
}
