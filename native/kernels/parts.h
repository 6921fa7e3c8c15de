// Divides lines into as many parts as there are threads, for kernels that need scratch memory for each part.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Calls body(part, begin, end) for each of `parts`, which owns the lines [begin, end). Threads share the parts if `work`, in nanoseconds, is worth it.
template <class Body>
void for_each_part(Run& run, size_t parts, size_t lines, double work, Body body) {
  parallel(run, parts, 1, work, [=](size_t first, size_t last) {
    for (size_t part = first; part < last; ++part) {
      const size_t each = lines / parts, more = lines % parts;
      const size_t begin = part * each + (part < more ? part : more);
      body(part, begin, begin + each + (part < more ? 1 : 0));
    }
  });
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
