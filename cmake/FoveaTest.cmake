# Tests: GoogleTest programs, lit, pytest, all registered with ctest under labels.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
find_package(GTest REQUIRED)
include(GoogleTest)
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

# fovea_add_unittest(NAME source... [LINK lib...] [PCH target])
# One GoogleTest program; every case of it is a test of ctest with the label "unit".
function(fovea_add_unittest name)
  cmake_parse_arguments(ARG "" "PCH" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE fovea_flags ${ARG_LINK} GTest::gtest GTest::gtest_main)
  if(ARG_PCH)
    target_precompile_headers(${name} REUSE_FROM ${ARG_PCH})
  endif()
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/test/bin")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS unit TIMEOUT 300 SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()
