// Assigns the temporaries of a plan to offsets in one block of memory, the arena.
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

// Temporaries whose lifetimes overlap never overlap in memory, and `guard` bytes are left free behind each. The largest is placed first, each at the lowest
// offset where it fits. For the nested lifetimes of forward and backward passes the arena is within a few percent of the smallest possible.
Placement place(const std::vector<Lifetime>& lifetimes, size_t guard = 0);

}  // namespace simdnn
