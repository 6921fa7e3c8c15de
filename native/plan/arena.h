// Places the temporaries of a plan in one block of memory, the arena.
#pragma once
#include <cstddef>
#include <vector>

namespace simdnn {

// A temporary, and the first and the last call that use it.
struct Lifetime {
  size_t bytes;
  size_t first;
  size_t last;
};

struct Placement {
  std::vector<size_t> offsets;  // in bytes, multiples of 64, one for each temporary
  size_t bytes = 0;             // the size of the arena
};

// Temporaries whose lifetimes overlap do not overlap in memory, and `guard` bytes are left free behind each. From the largest to the smallest, each gets the
// lowest offset at which it fits. For the nested lifetimes of a forward and a backward pass the arena is at most a few percent larger than necessary.
Placement place(const std::vector<Lifetime>& lifetimes, size_t guard = 0);

}  // namespace simdnn
