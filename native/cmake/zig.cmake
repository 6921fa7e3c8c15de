# Builds for SIMDNN_TRIPLE, a target as zig writes it (x86_64-linux-gnu.2.17), with the compiler SIMDNN_ZIG: clang, a linker, and each system's C and C++
# library in one program. scripts/zig.mjs installs it and names the triples.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SIMDNN_TRIPLE SIMDNN_ZIG)
string(REPLACE "-" ";" parts ${SIMDNN_TRIPLE})
list(GET parts 0 CMAKE_SYSTEM_PROCESSOR)
if(SIMDNN_TRIPLE MATCHES "macos")
  set(CMAKE_SYSTEM_NAME Darwin)
elseif(SIMDNN_TRIPLE MATCHES "windows")
  set(CMAKE_SYSTEM_NAME Windows)
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()

set(CMAKE_C_COMPILER ${SIMDNN_ZIG} cc -target ${SIMDNN_TRIPLE})
set(CMAKE_CXX_COMPILER ${SIMDNN_ZIG} c++ -target ${SIMDNN_TRIPLE})
foreach(language C CXX)
  set(CMAKE_${language}_ARCHIVE_CREATE "\"${SIMDNN_ZIG}\" ar qc <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_FINISH "\"${SIMDNN_ZIG}\" ranlib <TARGET>")
  # zig keeps frame pointers otherwise: the tile of a product then has a register too few and takes up to twice the time.
  set(CMAKE_${language}_FLAGS_INIT -fomit-frame-pointer)
endforeach()
set(CMAKE_SHARED_LINKER_FLAGS_INIT -s) # no names of what is not exported
set(SIMDNN_CCACHE "" CACHE STRING "") # zig keeps its objects itself

# What CMake looks for on these systems and this build does not use.
set(CMAKE_RC_COMPILER ${SIMDNN_ZIG})
set(CMAKE_INSTALL_NAME_TOOL ${SIMDNN_ZIG})
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "") # the triple says it
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE NEVER)
