// Settings of the C library's heap, from which JavaScript's large arrays come.
#pragma once
#include <cstddef>

namespace simdnn {

// Makes glibc keep up to 256 MiB of freed memory for the next array. By default it returns all but 2 MiB to the system, and each new array then consists of
// pages that the system has to clear one by one. It holds for the process, and does nothing with another C library.
void keep_heap();

// Advises Linux to use huge pages for the whole huge pages in `memory`. The first touch then takes a fraction of the time, and loops over several arrays no
// longer miss the TLB. The advice may be refused.
void prefer_huge_pages(void* memory, size_t bytes);

}  // namespace simdnn
