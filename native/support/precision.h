// How the products of matrices take their operands.
#pragma once
#include <cstdint>

namespace simdnn {

// kHighest: as float32. kMedium: rounded to bfloat16, 8 bits of a float32's 24. kHigh: as the sum of two bfloat16 numbers, of whose four products the
// three that matter are added. Sums are float32's.
enum class Precision : uint8_t {
  kHighest,
  kHigh,
  kMedium,
};

}  // namespace simdnn
