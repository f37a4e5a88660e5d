# A project of its own that uses an installed Fovea; copied to the build folder by Check.cmake.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
cmake_minimum_required(VERSION 3.25)
project(Consumer LANGUAGES C)
find_package(Fovea REQUIRED COMPONENTS ${COMPONENTS})
add_executable(consumer main.c)
target_link_libraries(consumer PRIVATE Fovea::Runtime)
if(TARGET Fovea::Compiler)
  # Linking is the test: the exported target and its headers are complete.
  add_executable(compiler_consumer main.c)
  target_link_libraries(compiler_consumer PRIVATE Fovea::Compiler Fovea::Runtime)
endif()
