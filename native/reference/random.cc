// Random numbers from Philox words. By definition u and the uniform number are rounded to float; all else is in double.
#include "reference/philox.h"

#include <cmath>
#include <utility>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

float unit(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

}  // namespace

void fill_uniform(Run&, float* out, size_t n, const FillUniformAttributes& attributes) {
  const float start = static_cast<float>(attributes.low), end = static_cast<float>(attributes.high);
  const float range = static_cast<float>(attributes.high - attributes.low);
  for (size_t i = 0; i < n; ++i) {
    out[i] = start + range * unit(random_word(attributes.seed, attributes.offset, i));
    if (out[i] >= end) out[i] = end > start ? std::nextafter(end, -INFINITY) : start;
  }
}

void fill_normal(Run&, float* out, size_t n, const FillNormalAttributes& attributes) {
  const auto word = [&](size_t i) { return random_word(attributes.seed, attributes.offset, i); };
  constexpr double kTwoPi = 6.283185307179586;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t first = word(i / 2 * 2), second = word(i / 2 * 2 + 1);
    const double u = std::fmax(static_cast<float>(first >> 1), 0.5f) * 0x1p-31;
    const double radius = std::sqrt(-2 * std::log(u)), angle = kTwoPi * 0x1p-32 * second;
    const double part = i % 2 == 0 ? std::cos(angle) : std::sin(angle);
    out[i] = static_cast<float>(attributes.mean + attributes.std * radius * part);
  }
}

void dropout(Run&, float* y, const float* x, size_t n, const DropoutAttributes& attributes) {
  for (size_t i = 0; i < n; ++i) {
    const bool kept = unit(random_word(attributes.seed, attributes.offset, i)) >= attributes.p;
    y[i] = x[i] * (kept ? static_cast<float>(1 / (1 - attributes.p)) : 0.0f);
  }
}

void random_permutation(Run&, int32_t* out, size_t n, const RandomPermutationAttributes& attributes) {
  size_t used = 0;
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<int32_t>(i);
  for (size_t i = n; i-- > 1;) {
    const uint64_t bound = i + 1;
    // of the 2^32 words, the products whose low half is below 2^32 mod bound are drawn again
    uint64_t product = 0;
    do {
      product = bound * random_word(attributes.seed, attributes.offset, used++);
    } while (product % 0x100000000 < 0x100000000 % bound);
    std::swap(out[i], out[product >> 32]);
  }
}

}  // namespace simdnn::reference
