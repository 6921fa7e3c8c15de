// The products of the terms of a sum at each precision (support/precision.h), computed in double.
#pragma once
#include <cmath>
#include <cstring>

#include "support/run.h"

namespace simdnn::reference {

// Rounds to the nearest bfloat16, ties to even. A finite number beyond the largest bfloat16 becomes that number.
inline float to_bfloat16(float x) {
  constexpr float kLargest = 0x1.fep127f;
  if (!std::isfinite(x) || x == 0) return x;
  int exponent;
  std::frexp(x, &exponent);
  const double unit = std::ldexp(1.0, std::fmax(exponent, -125) - 8), rounded = std::nearbyint(x / unit) * unit;
  return std::fabs(rounded) > kLargest ? std::copysign(kLargest, x) : static_cast<float>(rounded);
}

// The low part: x - high, rounded to the nearest bfloat16, or toward zero where `high` is the largest bfloat16.
inline float low_of(float x, float high) {
  float rest = x - high;
  if (std::fabs(x) <= 0x1.fep127f) return to_bfloat16(rest);
  uint32_t bits;
  std::memcpy(&bits, &rest, sizeof bits);
  bits &= 0xffff0000u;
  std::memcpy(&rest, &bits, sizeof rest);
  return rest;
}

inline double product(Precision precision, float a, float b) {
  const bool finite = std::isfinite(a) && std::isfinite(b);
  if (precision == Precision::kHighest || !finite) return static_cast<double>(a) * b;
  const float high_a = to_bfloat16(a), high_b = to_bfloat16(b);
  const double high = static_cast<double>(high_a) * high_b;
  if (precision == Precision::kMedium) return high;
  const float low_a = low_of(a, high_a), low_b = low_of(b, high_b);
  return high + static_cast<double>(high_a) * low_b + static_cast<double>(low_a) * high_b;
}

// Whether B [k, n] is large enough to have a lower precision.
inline Precision precision_of(const Run& run, size_t k, size_t n) {
  return k >= 32 && n >= 32 && k * n >= 8192 ? run.precision : Precision::kHighest;
}

}  // namespace simdnn::reference
