// The instruction sets that kernels are compiled for, from least to best, and which of them run here.
#pragma once

// targets.def is X(scalar) X(sse4) ...: the targets of this build, written by CMakeLists.txt.
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

// Every target of this build, least first.
extern const Target targets[];
extern const int target_count;

// The best one this processor runs; the one called `name`, null when there is none of that name.
const Target& best_target();
const Target* find_target(const char* name);

}  // namespace simdnn
