// Highway vectors for the one instruction set for which this translation unit is compiled, with loads and stores of a row's tail. Include it last. Everything
// in it has internal linkage, so that the linker cannot use a function compiled for a higher instruction set on a lower one.
#pragma once
#ifndef HWY_COMPILE_ONLY_EMU128  // the scalar target: plain loops instead of intrinsics
#define HWY_COMPILE_ONLY_STATIC
#endif
#include <hwy/highway.h>

#include <cstring>

#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using I = hn::RebindToSigned<F>;
using VF = hn::Vec<F>;
using VI = hn::Vec<I>;
constexpr F kF;
constexpr I kI;
constexpr size_t kLanes = HWY_MAX_BYTES / sizeof(float);
constexpr size_t kLine = 16;  // the floats of a cache line

// Loads the first `n` < kLanes elements of p, with zeros in the other lanes; reads nothing behind them.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_tail(D d, const T* HWY_RESTRICT p, size_t n) {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  return hn::MaskedLoad(hn::FirstN(d, n), d, p);  // a masked load does not touch the memory of masked lanes
#else
  alignas(64) T lanes[kLanes] = {};
  std::memcpy(lanes, p, n * sizeof(T));
  return hn::Load(d, lanes);
#endif
}

// Writes the first `n` < kLanes lanes of v to p and nothing behind them.
template <class D, class V, typename T = hn::TFromD<D>>
HWY_INLINE void store_tail(V v, D d, T* HWY_RESTRICT p, size_t n) {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  hn::BlendedStore(v, hn::FirstN(d, n), d, p);
#else
  alignas(64) T lanes[kLanes];
  hn::Store(v, d, lanes);
  std::memcpy(p, lanes, n * sizeof(T));
#endif
}

// Load and store `n` elements: a whole vector if n >= kLanes, else a tail. The body and the tail of a row then use the same arithmetic, so an element's bits do not
// depend on its position.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load(D d, const T* HWY_RESTRICT p, size_t n) {
  return HWY_LIKELY(n >= kLanes) ? hn::LoadU(d, p) : load_tail(d, p, n);
}
template <class D, class V, typename T = hn::TFromD<D>>
HWY_INLINE void store(V v, D d, T* HWY_RESTRICT p, size_t n) {
  if (HWY_LIKELY(n >= kLanes)) {
    hn::StoreU(v, d, p);
  } else {
    store_tail(v, d, p, n);
  }
}

// Floats from p to the next address that is a multiple of a vector's size.
HWY_INLINE size_t to_boundary(const float* p) { return -(reinterpret_cast<uintptr_t>(p) / sizeof(float)) % kLanes; }

// Prefetches the cache line at p for writing, which also takes it from other cores that hold a copy; otherwise the store would have to wait for that. p may be
// any address. A processor without the instruction does nothing.
HWY_INLINE void prefetch_for_writing(const void* p) {
#if HWY_ARCH_X86
  asm volatile("prefetchw (%0)" : : "r"(p));  // without -mprfchw, __builtin_prefetch(p, 1) would prefetch for reading
#else
  __builtin_prefetch(p, 1);
#endif
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
