// Plain functions in place of the intrinsics that features/avx512_bf16.cc calls.
#pragma once
#include "test/bfloat16_emulation.h"

namespace simdnn::SIMDNN_FEATURE {
namespace {

struct __m512 {
  float lanes[16];
};
struct __m512bh {
  uint32_t lanes[16];
};

inline __m512 _mm512_setzero_ps() { return {}; }
inline __m512bh _mm512_loadu_si512(const void* from) {
  __m512bh v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline __m512bh _mm512_set1_epi32(int x) {
  __m512bh v;
  for (uint32_t& lane : v.lanes) lane = static_cast<uint32_t>(x);
  return v;
}
inline __m512 _mm512_loadu_ps(const float* from) {
  __m512 v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void _mm512_storeu_ps(float* to, const __m512& v) { std::memcpy(to, &v, sizeof v); }

inline __m512 _mm512_dpbf16_ps(__m512 sum, const __m512bh& a, const __m512bh& b) {
  for (size_t i = 0; i < 16; ++i) sum.lanes[i] = with_product(sum.lanes[i], a.lanes[i], b.lanes[i], true);
  for (size_t i = 0; i < 16; ++i) sum.lanes[i] = with_product(sum.lanes[i], a.lanes[i], b.lanes[i], false);
  return sum;
}

}  // namespace
}  // namespace simdnn::SIMDNN_FEATURE
