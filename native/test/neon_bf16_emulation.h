// Plain functions in place of the intrinsics that features/neon_bf16.cc calls.
#pragma once
#include "test/bfloat16_emulation.h"

namespace simdnn::SIMDNN_FEATURE {
namespace {

template <class T, size_t n>
struct Vector {
  T lanes[n];
};
using float32x2_t = Vector<float, 2>;
using float32x4_t = Vector<float, 4>;
using uint32x4_t = Vector<uint32_t, 4>;
using uint64x2_t = Vector<uint64_t, 2>;
struct bfloat16x8_t {
  uint32_t pairs[4];
};

template <class To, class From>
To same_bits(const From& from) {
  To to;
  static_assert(sizeof to == sizeof from);
  std::memcpy(&to, &from, sizeof to);
  return to;
}
inline uint64x2_t vreinterpretq_u64_u32(const uint32x4_t& x) { return same_bits<uint64x2_t>(x); }
inline uint32x4_t vreinterpretq_u32_u64(const uint64x2_t& x) { return same_bits<uint32x4_t>(x); }
inline bfloat16x8_t vreinterpretq_bf16_u32(const uint32x4_t& x) { return same_bits<bfloat16x8_t>(x); }

inline uint32x4_t vld1q_u32(const uint32_t* from) { return {{from[0], from[1], from[2], from[3]}}; }
inline void vst1q_u32(uint32_t* to, const uint32x4_t& x) { std::memcpy(to, &x, sizeof x); }
inline float32x2_t vld1_f32(const float* from) { return {{from[0], from[1]}}; }
inline float32x4_t vcombine_f32(const float32x2_t& x, const float32x2_t& y) { return {{x.lanes[0], x.lanes[1], y.lanes[0], y.lanes[1]}}; }
inline void vst1_f32(float* to, const float32x2_t& x) { std::memcpy(to, &x, sizeof x); }
inline float32x4_t vdupq_n_f32(float x) { return {{x, x, x, x}}; }
inline float32x2_t vget_low_f32(const float32x4_t& x) { return {{x.lanes[0], x.lanes[1]}}; }
inline float32x2_t vget_high_f32(const float32x4_t& x) { return {{x.lanes[2], x.lanes[3]}}; }

inline uint64x2_t vzip1q_u64(const uint64x2_t& x, const uint64x2_t& y) { return {{x.lanes[0], y.lanes[0]}}; }
inline uint64x2_t vzip2q_u64(const uint64x2_t& x, const uint64x2_t& y) { return {{x.lanes[1], y.lanes[1]}}; }
inline uint32x4_t vzip1q_u32(const uint32x4_t& x, const uint32x4_t& y) { return {{x.lanes[0], y.lanes[0], x.lanes[1], y.lanes[1]}}; }
inline uint32x4_t vzip2q_u32(const uint32x4_t& x, const uint32x4_t& y) { return {{x.lanes[2], y.lanes[2], x.lanes[3], y.lanes[3]}}; }

inline float32x4_t vbfmmlaq_f32(const float32x4_t& sums, const bfloat16x8_t& a, const bfloat16x8_t& b) {
  float32x4_t out = sums;
  for (size_t i = 0; i < 2; ++i) {
    for (size_t j = 0; j < 2; ++j) {
      for (size_t p = 0; p < 2; ++p) out.lanes[2 * i + j] = with_pair_to_odd(out.lanes[2 * i + j], a.pairs[2 * i + p], b.pairs[2 * j + p]);
    }
  }
  return out;
}

}  // namespace
}  // namespace simdnn::SIMDNN_FEATURE
