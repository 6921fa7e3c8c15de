// The targets: the instruction sets for which the kernels are compiled, and which of them this processor supports.
#pragma once

// CMakeLists.txt writes targets.def, the list of the targets of this build: X(scalar) X(sse4) ...
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

// All targets of this build, from the slowest to the fastest.
extern const Target targets[];
extern const int target_count;

// The fastest target that this processor supports.
const Target& best_target();
// The target with this name, or null.
const Target* find_target(const char* name);

}  // namespace simdnn
