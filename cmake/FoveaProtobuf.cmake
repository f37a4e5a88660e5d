# fovea_protobuf_lite: the lite part of protobuf 3.21, built here so that it is position-independent
# and hidden: a process that loads another protobuf never meets this one. Sets FOVEA_PROTOC.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
if(NOT FOVEA_PROTOBUF_SOURCE)
  file(GLOB candidates
    "${PROJECT_SOURCE_DIR}/.cache/sources/grpcio-tools-*/third_party/protobuf/src")
  if(candidates)
    list(GET candidates 0 found)
    set(FOVEA_PROTOBUF_SOURCE "${found}" CACHE PATH "The folder src of protobuf 3.21" FORCE)
  endif()
endif()
if(NOT EXISTS "${FOVEA_PROTOBUF_SOURCE}/google/protobuf/message_lite.h")
  message(FATAL_ERROR "The ONNX frontend needs the sources of protobuf 3.21. Run `./dev build`, "
    "which unpacks them into .cache/sources, or set -DFOVEA_PROTOBUF_SOURCE=<protobuf>/src.")
endif()
find_program(FOVEA_PROTOC protoc REQUIRED)

set(lite any_lite arena arenastring arenaz_sampler extension_set generated_enum_util
  generated_message_tctable_lite generated_message_util implicit_weak_message inlined_string_field
  io/coded_stream io/io_win32 io/strtod io/zero_copy_stream io/zero_copy_stream_impl
  io/zero_copy_stream_impl_lite map message_lite parse_context repeated_field repeated_ptr_field
  stubs/bytestream stubs/common stubs/int128 stubs/status stubs/statusor stubs/stringpiece
  stubs/stringprintf stubs/structurally_valid stubs/strutil stubs/time wire_format_lite)
list(TRANSFORM lite PREPEND "${FOVEA_PROTOBUF_SOURCE}/google/protobuf/")
list(TRANSFORM lite APPEND ".cc")
add_library(fovea_protobuf_lite STATIC ${lite})
target_include_directories(fovea_protobuf_lite SYSTEM PUBLIC "${FOVEA_PROTOBUF_SOURCE}")
target_compile_definitions(fovea_protobuf_lite PRIVATE HAVE_PTHREAD=1)
# Not ours to keep free of warnings. Its files share names of static functions.
target_compile_options(fovea_protobuf_lite PRIVATE -w)
set_target_properties(fovea_protobuf_lite PROPERTIES UNITY_BUILD OFF)
find_package(Threads REQUIRED)
target_link_libraries(fovea_protobuf_lite PUBLIC Threads::Threads)
if(FOVEA_SANITIZE)
  target_compile_options(fovea_protobuf_lite PRIVATE -fsanitize=${FOVEA_SANITIZE})
endif()
