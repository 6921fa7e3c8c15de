// Arithmetic of the units for bfloat16 pairs, as Intel's manual describes it: denormal operands and results are zeros, sums are rounded to the nearest.
#pragma once
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace simdnn {
namespace {

inline float flushed(float x) { return std::fabs(x) < FLT_MIN ? std::copysign(0.0f, x) : x; }

inline float bfloat16_of(uint32_t pair, bool high) {
  const uint32_t bits = high ? pair & 0xffff0000u : pair << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return flushed(x);
}

// sum + x * y of one half of two pairs. A product of bfloat16 numbers is a float32 as it is: to fuse it would change nothing.
inline float with_product(float sum, uint32_t a, uint32_t b, bool high) { return flushed(flushed(sum) + flushed(bfloat16_of(a, high) * bfloat16_of(b, high))); }

}  // namespace
}  // namespace simdnn
