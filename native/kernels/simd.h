// Highway vectors for the one instruction set this translation unit is compiled for, with the loads and
// stores of a row's tail. Include it last; everything in it has internal linkage, so that no function
// compiled for a higher instruction set can be picked by the linker for a lower one.
#pragma once
#ifndef HWY_COMPILE_ONLY_EMU128  // the scalar target's: plain loops in place of intrinsics
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
constexpr size_t kLine = 16;  // floats of a cache line

// The first `n` < kLanes elements of p, zero in the other lanes; reads nothing behind them.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_tail(D d, const T* HWY_RESTRICT p, size_t n) {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  return hn::MaskedLoad(hn::FirstN(d, n), d, p);  // masked loads do not touch what they mask off
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

// load/store of `n` elements: a whole vector from kLanes on, else a tail. The same arithmetic then
// serves the body and the tail of a row, so an element's bits do not depend on its position.
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

// Begins to fetch the cache line at p, for writing, and to take it from other cores that hold a copy: a store has to wait for that. p may be
// any address; a processor without the instruction does nothing.
HWY_INLINE void prefetch_for_writing(const void* p) {
#if HWY_ARCH_X86
  asm volatile("prefetchw (%0)" : : "r"(p));  // __builtin_prefetch(p, 1) is a fetch for reading without -mprfchw
#else
  __builtin_prefetch(p, 1);
#endif
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
