// Settings of the C library's heap, from which JavaScript's large arrays come.
#pragma once
#include <cstddef>

namespace simdnn {

// Makes glibc keep up to 256 MiB of freed memory for the next arrays. By default it returns all but 2 MiB to the system, which then has to clear the pages of
// each new array one by one. This setting is for the whole process; with another C library the function does nothing.
void keep_heap();

// Advises Linux to use huge pages for the part of `memory` that consists of whole huge pages. Its first touch then takes a fraction of the time, and loops over
// several arrays have no TLB misses. The system may ignore the advice.
void prefer_huge_pages(void* memory, size_t bytes);

}  // namespace simdnn
