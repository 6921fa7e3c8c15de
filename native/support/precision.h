// The precision of the operands of matrix products.
#pragma once
#include <cstdint>

namespace simdnn {

// kHighest: operands are float32. kMedium: they are rounded to bfloat16, which has 8 of a float32's 24 significant bits. kHigh: each is the sum of two bfloat16
// numbers, and the three largest of their four products are added. Sums are always in float32.
enum class Precision : uint8_t {
  kHighest,
  kHigh,
  kMedium,
};

}  // namespace simdnn
