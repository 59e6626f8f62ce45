# CUDA's compiler, for the kernels in core/kernels: raw .cu files without ATen. By default the one that scripts/setup
# unpacks into .deps/, not the machine's own, which would hide a missing step of the set-up (docs/adr/0008).
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  set(CMAKE_CUDA_COMPILER "${CMAKE_SOURCE_DIR}/.deps/cuda/bin/nvcc" CACHE FILEPATH "nvcc of CUDA 13")
  if(NOT EXISTS "${CMAKE_CUDA_COMPILER}")
    message(FATAL_ERROR "No nvcc in ${CMAKE_CUDA_COMPILER}: run scripts/setup first, or set CMAKE_CUDA_COMPILER to the nvcc of a CUDA 13 toolkit.")
  endif()
endif()
# GPUs from Turing to Hopper; newer ones compile the last entry for themselves when the program starts.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90-real 90-virtual)
endif()
# libtorch_cpu.so loads the runtime of the wheel: a second one, or a static one, would have a state of its own.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)
if(NOT CMAKE_CUDA_HOST_COMPILER)
  set(CMAKE_CUDA_HOST_COMPILER "${CMAKE_CXX_COMPILER}")
endif()
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # unknown to CMake 3.25
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_EXTENSIONS OFF)

# The folders are of libtorch's own wheels (cmake/torch.cmake), or of the toolkit.
file(REAL_PATH "${TORCH_ROOT}" _torch)
cmake_path(GET _torch PARENT_PATH _site_packages)
find_file(RUYI_CUDART libcudart.so.13 REQUIRED NO_DEFAULT_PATH
  PATHS "${_site_packages}/nvidia/cu13/lib" ${CMAKE_CUDA_IMPLICIT_LINK_DIRECTORIES})
add_library(torch::cudart SHARED IMPORTED GLOBAL)
set_target_properties(torch::cudart PROPERTIES
  IMPORTED_LOCATION "${RUYI_CUDART}"
  IMPORTED_SONAME libcudart.so.13
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES}"
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES}")
