// Memory on 64-byte boundaries: a cache line, and the widest vector.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace simdnn {

struct FreeAligned {
  void operator()(char* p) const { std::free(p); }
};
using Aligned = std::unique_ptr<char, FreeAligned>;

// `bytes` zeroed bytes; throws std::bad_alloc.
inline Aligned allocate_aligned(size_t bytes) {
  if (bytes > SIZE_MAX - 128) throw std::bad_alloc();
  const size_t rounded = (bytes + 64) / 64 * 64;
  Aligned memory(static_cast<char*>(std::aligned_alloc(64, rounded)));
  if (!memory) throw std::bad_alloc();
  std::memset(memory.get(), 0, rounded);
  return memory;
}

}  // namespace simdnn
