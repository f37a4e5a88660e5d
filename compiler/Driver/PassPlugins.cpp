//===- PassPlugins.cpp - passes from shared libraries ---------------------===//
//
// Loads with dlopen itself, not with mlir::PassPlugin: symbols stay local to a library, and those
// that are missing are found when it is loaded, not in the middle of a pass.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/PassPlugins.h"

#include "compiler/Driver/KnownPasses.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/FileSystem.h"

#include <dlfcn.h>
#include <map>
#include <mutex>

using namespace mlir;
using namespace fovea;

static constexpr const char *kEntryPoint = "mlirGetPassPluginInfo";

namespace {

/// A library and the file that it was read from.
struct Loaded {
  PassLibrary plugin;
  llvm::sys::fs::UniqueID id;
  llvm::sys::TimePoint<> changed;
};

/// What this module has put into the process's registry.
struct Registered {
  std::mutex mutex;
  bool known = false;
  std::map<std::string, Loaded> plugins;
};

} // namespace

static Registered &registered() {
  static Registered instance;
  return instance;
}

static Problem refuse(StringRef file, const Twine &what, const Twine &why, const Twine &remedy) {
  return {"FV0330", file.str(), "", "", 0, what.str(), why.str(), remedy.str()};
}

/// The start of the library that an address lies in.
static const void *baseOf(const void *address) {
  Dl_info info;
  return dladdr(address, &info) ? info.dli_fbase : nullptr;
}

bool fovea::PassLibrary::owns(const Pass &pass) const {
  // The first word of an object with virtual functions points to its class's table.
  return base && baseOf(*reinterpret_cast<const void *const *>(&pass)) == base;
}

/// The passes that are always there. A plug-in that claims one of their names has to come second.
static void registerKnown(Registered &registry) {
  if (registry.known)
    return;
  registerFoveaPasses();
  registerUpstreamPasses();
  registry.known = true;
}

/// True when the library would register its passes in another copy of MLIR than this one.
static bool hasOtherMlir(void *handle) {
  auto *own = reinterpret_cast<void *>(
      static_cast<void (*)(const PassAllocatorFunction &)>(&mlir::registerPass));
  Dl_info info;
  if (!dladdr(own, &info) || !info.dli_sname)
    return false;
  void *seen = dlsym(handle, info.dli_sname);
  return seen && baseOf(seen) != info.dli_fbase;
}

/// Checks a library that is loaded, and registers its passes. `others` are those that have done so.
static std::optional<Problem> enter(void *handle, StringRef file,
                                    const std::map<std::string, Loaded> &others,
                                    PassLibrary &plugin) {
  auto *entry = reinterpret_cast<PassPluginLibraryInfo (*)()>(dlsym(handle, kEntryPoint));
  if (!entry)
    return refuse(file, "the library is no pass plug-in",
                  "it does not define " + Twine(kEntryPoint),
                  "define it as mlir/Tools/Plugins/PassPlugin.h says, as examples/plugin does");
  if (hasOtherMlir(handle))
    return refuse(file, "the pass plug-in uses another MLIR",
                  "it is linked with another library than Fovea, so that its passes would not be "
                  "known here",
                  "build it with the MLIR that Fovea was built with");
  PassPluginLibraryInfo info = entry();
  if (info.apiVersion != MLIR_PLUGIN_API_VERSION)
    return refuse(file, "the pass plug-in has another version of the interface",
                  "its version is " + Twine(info.apiVersion) + ", this is version " +
                      Twine(MLIR_PLUGIN_API_VERSION),
                  "build it with the MLIR that Fovea was built with");
  if (!info.registerPassRegistryCallbacks)
    return refuse(file, "the pass plug-in registers no passes",
                  "registerPassRegistryCallbacks is null", "set it in " + Twine(kEntryPoint));
  plugin = {file.str(), info.pluginName ? info.pluginName : "",
            baseOf(reinterpret_cast<void *>(entry))};
  // MLIR ends the process when two libraries have a pass of one name.
  for (const auto &[path, other] : others)
    if (other.plugin.name == plugin.name)
      return refuse(file, "a pass plug-in '" + plugin.name + "' is loaded already",
                    "this process has it from " + path,
                    "give one file, or start a new process; other plug-ins need other names");
  info.registerPassRegistryCallbacks();
  return std::nullopt;
}

std::optional<Problem> fovea::loadPassPlugin(StringRef file, PassLibrary &plugin) {
  SmallString<128> path;
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::real_path(file, path))
    return refuse(file, "the pass plug-in cannot be read", error.message(), "check the path");
  if (llvm::sys::fs::status(path, status) || !llvm::sys::fs::is_regular_file(status))
    return refuse(file, "the pass plug-in cannot be read", "it is no file", "check the path");
  Registered &registry = registered();
  std::lock_guard lock(registry.mutex);
  registerKnown(registry);
  auto known = registry.plugins.find(path.str().str());
  if (known != registry.plugins.end()) {
    const Loaded &loaded = known->second;
    if (loaded.id != status.getUniqueID() || loaded.changed != status.getLastModificationTime())
      return refuse(file, "the pass plug-in has changed since this process loaded it",
                    "a library with passes cannot be taken out of a process",
                    "start a new process");
    plugin = loaded.plugin;
    plugin.file = file.str();
    return std::nullopt;
  }
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *why = dlerror();
    return refuse(file, "the pass plug-in cannot be loaded", why ? why : "",
                  "build a shared library that is linked with Fovea's libMLIR");
  }
  // Even one that is refused stays: what its constructors have registered points into it.
  if (std::optional<Problem> problem = enter(handle, file, registry.plugins, plugin))
    return problem;
  registry.plugins[path.str().str()] = {plugin, status.getUniqueID(),
                                        status.getLastModificationTime()};
  return std::nullopt;
}

/// The text with "builtin.module(...)" around it; a whole text that has it already as it is.
static std::string anchored(StringRef text) {
  StringRef rest = text;
  if (rest.consume_front("builtin.module") && rest.ltrim().starts_with("(")) {
    int depth = 0;
    for (auto [index, character] : llvm::enumerate(rest)) {
      depth += character == '(' ? 1 : character == ')' ? -1 : 0;
      if (character == ')' && depth <= 0 && index + 1 == rest.size())
        return text.str();
      if (character == ')' && depth <= 0)
        break;
    }
  }
  return ("builtin.module(" + text + ")").str();
}

llvm::Expected<OpPassManager> fovea::parsePipeline(StringRef text) {
  text = text.trim();
  if (text.empty())
    return llvm::createStringError("it names no pass");
  std::string reason;
  llvm::raw_string_ostream stream(reason);
  Registered &registry = registered();
  std::lock_guard lock(registry.mutex);
  registerKnown(registry);
  FailureOr<OpPassManager> manager = parsePassPipeline(anchored(text), stream);
  if (succeeded(manager) && !manager->empty())
    return std::move(*manager);
  if (succeeded(manager))
    return llvm::createStringError("it names no pass");
  // "place: error: what" or "what"; then the text with a mark below it, or where it stands.
  StringRef what = reason;
  if (what.contains("error: "))
    what = what.split("error: ").second;
  return llvm::createStringError(what.ltrim().split('\n').first);
}
