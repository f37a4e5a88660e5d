# cmake --install: libraries, programs, headers and find_package(Fovea).
include(GNUInstallDirs)
