// Places the temporaries of a plan in one block of memory.
#pragma once
#include <cstddef>
#include <vector>

namespace simdnn {

// A temporary that is in use from call `first` to call `last`, both included.
struct Lifetime {
  size_t bytes;
  size_t first;
  size_t last;
};

struct Placement {
  std::vector<size_t> offsets;  // multiples of 64, one for each lifetime
  size_t bytes = 0;             // of the whole arena
};

// Temporaries whose lifetimes overlap never overlap in memory, with `guard` bytes left free behind each.
// Largest first, each at the lowest offset where it fits: within a few percent of the best possible for
// the stacks that a forward and a backward pass make.
Placement place(const std::vector<Lifetime>& lifetimes, size_t guard = 0);

}  // namespace simdnn
