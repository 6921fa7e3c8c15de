// Loops with constant indices.
#pragma once
#include <utility>

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

template <class Body, size_t... kI>
HWY_INLINE void unroll(Body body, std::index_sequence<kI...>) {
  (body(std::integral_constant<size_t, kI>()), ...);
}
// Calls body(0), ..., body(kN - 1) with compile-time constants, so that arrays indexed by them become registers.
template <size_t kN, class Body>
HWY_INLINE void unroll(Body body) {
  unroll(body, std::make_index_sequence<kN>());
}
#define SIMDNN_UNROLLED(i) [&](auto i) __attribute__((always_inline))

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
