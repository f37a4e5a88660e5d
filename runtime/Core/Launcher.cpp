#include "runtime/Core/Launcher.h"
namespace fovea::core {
Launcher::~Launcher() = default;
std::unique_ptr<Launcher> Launcher::create(std::span<const fovea_device_kernel>) { return nullptr; }
}
