// Non-temporal stores, for results too large to stay in the caches until they are read: a line need not be fetched before it is overwritten.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The least number of floats of such a result: with a matrix of the same size it fills a last-level cache of 32 MiB.
constexpr size_t kPastCaches = size_t{1} << 22;

// Whether a result of `count` floats in rows of `columns` is written past the caches. Its rows have to be whole, aligned vectors.
inline bool past_caches(const float* out, size_t count, size_t columns) {
  return count >= kPastCaches && columns % kLanes == 0 && reinterpret_cast<uintptr_t>(out) % (kLanes * sizeof(float)) == 0;
}

// out[i...] = value(i, n) for a row of `columns` elements.
template <class Value>
HWY_INLINE void write_row(float* out, size_t columns, bool past, Value value) {
  if (past) {
    for (size_t i = 0; i < columns; i += kLanes) hn::Stream(value(i, kLanes), kF, out + i);
  } else {
    size_t i = 0;
    for (; i + 2 * kLanes <= columns; i += 2 * kLanes) {
      const VF first = value(i, kLanes), second = value(i + kLanes, kLanes);
      hn::StoreU(first, kF, out + i);
      hn::StoreU(second, kF, out + i + kLanes);
    }
    for (; i < columns; i += kLanes) store(value(i, columns - i), kF, out + i, columns - i);
  }
}

// Makes a thread's non-temporal stores visible to other threads before anything that it writes later.
HWY_INLINE void finish_writing([[maybe_unused]] bool past) {
#if HWY_ARCH_X86
  if (past) asm volatile("sfence" : : : "memory");
#endif
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
