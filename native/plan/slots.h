// A kernel call as data: its arguments in slots, and a function that calls the kernel with them. The functions are generated from native/descriptions.
#pragma once
#include <cstddef>

#include "kernels/table.h"

namespace simdnn {

union Slot {
  void* pointer;
  uint64_t size;    // a size or a counter
  int32_t integer;  // an int32, an enumerator or the flags of a call
  double real;
  const Layout* layout;
};

using Invoke = void (*)(const KernelTable& table, Run& run, const Slot* slots);

}  // namespace simdnn
