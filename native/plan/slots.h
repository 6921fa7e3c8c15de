// A recorded kernel call: its arguments in slots, and a function, generated from native/descriptions, that calls the kernel with them.
#pragma once
#include <cstddef>

#include "kernels/table.h"

namespace simdnn {

union Slot {
  void* pointer;
  uint64_t size;    // a size or a counter
  int32_t integer;  // an int32, an enumerator or a set of flags
  double real;
  const Layout* layout;
};

using Invoke = void (*)(const KernelTable& table, Run& run, const Slot* slots);

}  // namespace simdnn
