// The instruction sets that kernels are compiled for, from least to best, and which of them run here.
#pragma once

// targets.def, written by CMakeLists.txt, has the targets of this build: X(scalar) X(sse4) ...
namespace simdnn {

struct KernelTable;  // kernels/table.h

#define X(target)                   \
  namespace target {                \
  extern const KernelTable table;   \
  }
#include "targets.def"

struct Target {
  const char* name;
  const KernelTable* table;
  bool (*supported)();
};

// Every target of this build, the least first.
extern const Target targets[];
extern const int target_count;

// The best target that this processor runs; the target called `name`, or null.
const Target& best_target();
const Target* find_target(const char* name);

}  // namespace simdnn
