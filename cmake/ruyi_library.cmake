# ruyi_library(NAME SOURCES ... DEPS ... PRIVATE_DEPS ...)
# A library target ruyi_NAME with the alias ruyi::NAME. Without SOURCES it is header-only. Includes start at the
# repository root ("core/base/clock.h").
function(ruyi_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(ruyi_${name} STATIC ${ARG_SOURCES})
    target_include_directories(ruyi_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_compile_options(ruyi_${name} PRIVATE ${RUYI_WARNING_OPTIONS})
    target_link_libraries(ruyi_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  else()
    add_library(ruyi_${name} INTERFACE)
    target_include_directories(ruyi_${name} INTERFACE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(ruyi_${name} INTERFACE ${ARG_DEPS} ${ARG_PRIVATE_DEPS})
  endif()
  add_library(ruyi::${name} ALIAS ruyi_${name})
endfunction()

# ruyi_executable(NAME SOURCES ... DEPS ...)
# A program under build/<preset>/bin.
function(ruyi_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${RUYI_WARNING_OPTIONS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

# With this environment of a test, libtorch and oneDNN take the processor for one without AVX-512.
set(RUYI_OLD_PROCESSOR ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2)

# The ThreadSanitizer preset builds and runs these: the tests of core/, where no gRPC hides the order of threads.
add_custom_target(tests_without_grpc)
set(RUYI_CORE_TESTS "${CMAKE_SOURCE_DIR}/tests/core")

# ruyi_test(NAME SOURCES ... DEPS ... [LABELS ...])
# A GoogleTest program NAME, run by ctest as one test with the source folder in RUYI_SOURCE_DIR. Tests under tests/core
# get the label without_grpc.
function(ruyi_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  if(RUYI_SANITIZE MATCHES "thread")
    list(APPEND ARG_DEPS ruyi::tsan_absl)
  endif()
  ruyi_executable(${name} SOURCES ${ARG_SOURCES} DEPS ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE RUYI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  cmake_path(IS_PREFIX RUYI_CORE_TESTS "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE is_core_test)
  if(is_core_test)
    list(APPEND ARG_LABELS without_grpc)
    add_dependencies(tests_without_grpc ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # The programs do the same: core/tensor/passive_openmp.cc.
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()
