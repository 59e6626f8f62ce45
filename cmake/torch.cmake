# libtorch from the PyPI wheel that scripts/setup unpacks into .deps/. TorchConfig.cmake demands a CUDA toolkit,
# so the two libraries that a CPU build needs are imported by hand (docs/adr/0002).
set(TORCH_ROOT "${CMAKE_SOURCE_DIR}/.deps/torch" CACHE PATH "The torch folder of the wheel")
set(RUYI_TORCH_VERSION 2.11.0)
if(NOT EXISTS "${TORCH_ROOT}/version.py")
  message(FATAL_ERROR "No libtorch in ${TORCH_ROOT}: run scripts/setup first, or set TORCH_ROOT to the torch folder of the ${RUYI_TORCH_VERSION} wheel.")
endif()
file(STRINGS "${TORCH_ROOT}/version.py" _torch_version REGEX "^__version__")
if(NOT _torch_version MATCHES "${RUYI_TORCH_VERSION}")
  message(FATAL_ERROR "${TORCH_ROOT} holds ${_torch_version}; ${RUYI_TORCH_VERSION} is needed. Run scripts/setup.")
endif()

foreach(lib c10 torch_cpu c10_cuda)
  add_library(torch::${lib} SHARED IMPORTED GLOBAL)
  set_target_properties(torch::${lib} PROPERTIES
    IMPORTED_LOCATION "${TORCH_ROOT}/lib/lib${lib}.so"
    IMPORTED_SONAME "lib${lib}.so")
endforeach()

# -idirafter, not -I: the wheel bundles an old google/protobuf that must not hide Debian's.
add_library(torch_headers INTERFACE)
target_compile_definitions(torch_headers INTERFACE AT_PER_OPERATOR_HEADERS)
target_compile_options(torch_headers INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-idirafter ${TORCH_ROOT}/include>")
add_library(torch::cpu INTERFACE IMPORTED GLOBAL)
target_link_libraries(torch::cpu INTERFACE torch_headers torch::torch_cpu torch::c10)
# The allocator of GPUs; libtorch_cuda itself is loaded when it is asked for (docs/adr/0007).
set_property(TARGET torch::c10_cuda PROPERTY INTERFACE_LINK_LIBRARIES torch_headers torch::c10 torch::cudart)

# DT_RPATH also serves the libraries that libtorch itself loads (libgomp, libcupti).
target_link_options(torch::cpu INTERFACE "LINKER:--disable-new-dtags")
