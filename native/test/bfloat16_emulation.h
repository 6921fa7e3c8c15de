// The arithmetic of the units for bfloat16 pairs, as the manuals of Intel and Arm describe it. Denormal operands and results are zeros. Intel's units round sums
// to the nearest number, Arm's round to odd.
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

// x + y, rounded to odd: a sum that is not exact becomes its neighbour whose last bit is 1. A sum beyond the largest number is infinite.
inline float added_to_odd(float x, float y) {
  const double a = flushed(x), b = flushed(y), sum = a + b;
  if (!std::isfinite(sum)) return static_cast<float>(sum);
  const double of_b = sum - a, lost = (a - (sum - of_b)) + (b - of_b);  // a + b = sum + lost
  constexpr uint64_t kBelow = (1u << 29) - 1;                           // a double's bits below a float's last
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof bits);
  if (lost != 0 && (lost < 0) != (sum < 0)) --bits;  // toward zero
  const bool exact = lost == 0 && (bits & kBelow) == 0;
  bits = (bits & ~kBelow) | (exact ? 0 : kBelow + 1);
  double odd;
  std::memcpy(&odd, &bits, sizeof odd);
  return flushed(static_cast<float>(odd));
}

// sum + (the product of the low halves + the product of the high halves).
inline float with_pair_to_odd(float sum, uint32_t a, uint32_t b) {
  const float low = flushed(bfloat16_of(a, false) * bfloat16_of(b, false)), high = flushed(bfloat16_of(a, true) * bfloat16_of(b, true));
  return added_to_odd(sum, added_to_odd(low, high));
}

// sum + x * y of one half of two pairs, rounded once: a product below 2^-126 still counts.
inline float with_product(float sum, uint32_t a, uint32_t b, bool high) { return flushed(std::fma(bfloat16_of(a, high), bfloat16_of(b, high), flushed(sum))); }

}  // namespace
}  // namespace simdnn
