// Memory on 64-byte boundaries, the size of a cache line and of the widest vector.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#elif defined(_WIN32)
#include <malloc.h>
#endif

namespace simdnn {

// Allocates `bytes` bytes, a multiple of `boundary`, at an address that is a multiple of `boundary`; returns null if there is no memory. To be freed by
// free_allocated_on, because Windows has no std::aligned_alloc and its free does not accept what _aligned_malloc returns.
inline void* allocate_on(size_t boundary, size_t bytes) {
#if defined(_WIN32)
  return _aligned_malloc(bytes, boundary);
#else
  return std::aligned_alloc(boundary, bytes);
#endif
}

inline void free_allocated_on(void* p) {
#if defined(_WIN32)
  _aligned_free(p);
#else
  std::free(p);
#endif
}

struct FreeAligned {
  void operator()(char* p) const { free_allocated_on(p); }
};
using Aligned = std::unique_ptr<char, FreeAligned>;

// `bytes` uninitialised bytes; throws std::bad_alloc.
inline Aligned allocate_unset(size_t bytes) {
  constexpr size_t kHugePage = size_t{2} << 20;
#if defined(__linux__)
  const size_t boundary = bytes < kHugePage ? 64 : kHugePage;
#else
  const size_t boundary = 64;
#endif
  if (bytes > SIZE_MAX - 2 * kHugePage) throw std::bad_alloc();
  const size_t rounded = (bytes + boundary) / boundary * boundary;
  Aligned memory(static_cast<char*>(allocate_on(boundary, rounded)));
  if (!memory) throw std::bad_alloc();
#if defined(__linux__)
  // On a virtual machine the first touch of 25 MB takes 80 ms in pages of 4 KiB and 4 ms in huge pages. The system may ignore the advice.
  if (boundary == kHugePage) madvise(memory.get(), rounded, MADV_HUGEPAGE);
#endif
  return memory;
}

// `bytes` zeroed bytes; throws std::bad_alloc.
inline Aligned allocate_aligned(size_t bytes) {
  Aligned memory = allocate_unset(bytes);
  std::memset(memory.get(), 0, bytes);
  return memory;
}

}  // namespace simdnn
