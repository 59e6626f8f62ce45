# One language level, one warning level and one output folder for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(RUYI_CCACHE ccache)
if(RUYI_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "${RUYI_CCACHE}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${CMAKE_CXX_COMPILER_LAUNCHER}")
endif()

find_program(RUYI_MOLD mold)
if(RUYI_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(RUYI_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them; empty for none")
if(RUYI_SANITIZE)
  add_compile_options(
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${RUYI_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=undefined>")
  add_link_options("-fsanitize=${RUYI_SANITIZE}")
endif()

option(RUYI_FUZZ "Build the fuzzers with clang's libFuzzer, instead of as tests that replay their corpus" OFF)
if(RUYI_FUZZ)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

# Warnings for our own code only; generated code is compiled without them (proto/CMakeLists.txt). The presets make them
# errors; who builds by hand, with a compiler that knows more of them, gets a program all the same.
option(RUYI_WARNINGS_AS_ERRORS "Fail where the compiler warns" OFF)
set(RUYI_WARNINGS -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
set(RUYI_CUDA_WARNINGS -Xcompiler=-Wall,-Wextra)
if(RUYI_WARNINGS_AS_ERRORS)
  list(APPEND RUYI_WARNINGS -Werror)
  set(RUYI_CUDA_WARNINGS -Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  list(APPEND RUYI_WARNINGS -Wthread-safety)
endif()
# Gives the options to a target that may also have CUDA's files.
set(RUYI_WARNING_OPTIONS
  "$<$<COMPILE_LANGUAGE:CXX>:${RUYI_WARNINGS}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:${RUYI_CUDA_WARNINGS}>")
