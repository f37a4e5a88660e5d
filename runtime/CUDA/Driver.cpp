//===- Driver.cpp - NVIDIA's driver, when it is there ---------------------===//
//
// Finds the functions in the library and makes sentences of what fails.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Driver.h"

#include <dlfcn.h>

namespace fovea::cuda {

using fvm::Code;
using fvm::concat;
using fvm::Status;

std::string versionText(int version) { return concat(version / 1000, ".", version % 1000 / 10); }

static Status missing(std::string_view what) {
  return {Code::Device, concat("there is no CUDA driver: ", what,
                               "; install NVIDIA's driver, or compile the model for a processor")};
}

static Status tooOld(std::string_view library, std::string_view what) {
  return {Code::Device, concat("the CUDA driver '", library, "' is too old: ", what,
                               "; install a driver for CUDA ", versionText(Driver::kOldest),
                               " or later (525 or later)")};
}

/// Why dlopen or dlsym failed.
static std::string linkerText() {
  const char *text = dlerror();
  return text ? text : "unknown reason";
}

Status Driver::open(const char *library, Driver &driver) {
  driver.name = library;
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return missing(linkerText());
  auto find = [&](const char *symbol) { return dlsym(handle, symbol); };
  driver.cuDriverGetVersion =
      reinterpret_cast<decltype(driver.cuDriverGetVersion)>(find("cuDriverGetVersion"));
  if (!driver.cuDriverGetVersion)
    return missing(concat("'", library, "' is not one"));
  if (driver.cuDriverGetVersion(&driver.supported) != kSuccess)
    return missing(concat("'", library, "' has no version, as the stub of the CUDA toolkit"));
  if (driver.supported < kOldest)
    return tooOld(library, concat("it supports CUDA ", versionText(driver.supported)));
  const char *absent = nullptr;
#define FOVEA_CUDA_FIND(function, parameters)                                                      \
  driver.function = reinterpret_cast<decltype(driver.function)>(find(#function));                  \
  if (!driver.function)                                                                            \
    absent = #function;
  FOVEA_CUDA_FUNCTIONS(FOVEA_CUDA_FIND)
#undef FOVEA_CUDA_FIND
  if (absent)
    return tooOld(library, concat("it has no ", absent));
  int result = driver.cuInit(0);
  if (result == kNoDevice)
    return {Code::Device, "there is no CUDA device: the driver is there but finds no GPU that this "
                          "process may use; see CUDA_VISIBLE_DEVICES and nvidia-smi"};
  if (result != kSuccess)
    return {Code::Device,
            concat("the CUDA driver does not start: ", driver.textOf(result), "; see nvidia-smi")};
  return {};
}

Status Driver::get(const Driver *&driver) {
  struct Loaded {
    Driver driver;
    Code code = Code::Ok;
    std::string text;
  };
  // Never freed: what uses it may go after static objects have gone.
  static const Loaded &loaded = *[] {
    auto *result = new Loaded;
    Status status = open("libcuda.so.1", result->driver);
    result->code = status.code();
    result->text = status.message();
    return result;
  }();
  if (loaded.code != Code::Ok)
    return {loaded.code, loaded.text};
  driver = &loaded.driver;
  return {};
}

std::string Driver::textOf(int result) const {
  const char *title = nullptr, *text = nullptr;
  if (cuGetErrorName(result, &title) != kSuccess || !title)
    return concat("error ", result);
  if (cuGetErrorString(result, &text) != kSuccess || !text)
    return title;
  return concat(title, " (", text, ")");
}

} // namespace fovea::cuda
