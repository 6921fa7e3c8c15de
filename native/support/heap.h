// The C library's heap, from which JavaScript's large arrays come.
#pragma once
#include <cstddef>

namespace simdnn {

// Has glibc keep memory that was given back, at most 256 MiB, for the next array. By itself it returns all but 2 MiB to the system, and each
// array is then made of pages that the system has to clear one by one. Of the process; nothing with another C library.
void keep_heap();

// Has Linux use huge pages for what memory has whole ones of: the first touch then takes a fraction of the time, and sweeps of several arrays side by side miss
// the translation buffer no longer. A wish.
void prefer_huge_pages(void* memory, size_t bytes);

}  // namespace simdnn
