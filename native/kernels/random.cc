// Random numbers from Philox counters: element i comes from word i % 4 of counter offset + i / 4 (see philox.h), for any number of threads and any start
// of a fill. A fill of n elements uses the counters [offset, offset + (n + 3) / 4).
#include "kernels/philox.h"
#include "kernels/math.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Calls emit(i, left, words) with the words of the elements from i on, of which `left` are still to be made.
template <class Emit>
HWY_INLINE void generate(Run& run, size_t n, uint64_t seed, uint64_t offset, double ns, Emit emit) {
  parallel(run, n, 64, static_cast<double>(n) * ns, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += kPhiloxWords) {
      const PhiloxWords words = philox(seed, offset + i / 4);
      emit(i, end - i, words.first);
      if (end - i > kLanes) emit(i + kLanes, end - i - kLanes, words.second);
    }
  });
}

// The upper 24 bits of each word.
HWY_INLINE VI upper_bits(VU words) { return hn::BitCast(kI, hn::ShiftRight<8>(words)); }

// The largest float below `high`, or `low` if that is not below it.
float largest_below(float high, float low) {
  if (!(high > low)) return low;
  int32_t bits = 0;
  std::memcpy(&bits, &high, sizeof bits);
  bits = high > 0 ? bits - 1 : (high < 0 ? bits + 1 : INT32_MIN + 1);  // below 0 comes the negative number of least magnitude
  std::memcpy(&high, &bits, sizeof bits);
  return high;
}

// Standard normal numbers by the Box-Muller method. Of each pair of words the first gives the radius sqrt(-2 ln u) with u = (word >> 1) / 2^31 in (0, 1], the
// second the angle 2 pi word / 2^32; the two results are radius * cos and radius * sin. The largest magnitude is 6.66. Error of this formula: below
// 3e-7 * (1 + |z|).
HWY_INLINE VF box_muller(VU words) {
  const VF whole = hn::ConvertTo(kF, hn::BitCast(kI, hn::ShiftRight<1>(hn::DupEven(words))));
  const VF u = hn::Mul(hn::Max(whole, hn::Set(kF, 0.5f)), hn::Set(kF, 0x1p-31f));
  const VF radius = hn::Sqrt(hn::Mul(hn::Set(kF, -2.0f), math::log(u)));

  // The angle is `quarter` quarter turns plus x in [-pi / 4, pi / 4); cos is sin a quarter turn later.
  const VU angle = hn::DupOdd(words);
  const VU later = hn::OddEven(hn::Zero(kU), hn::Set(kU, 1));
  const VU quarter = hn::Add(hn::ShiftRight<30>(hn::Add(angle, hn::Set(kU, 1u << 29))), later);
  constexpr float kHalfPi = 1.57079632679f;
  const VF x = hn::Mul(hn::ConvertTo(kF, hn::BitCast(kI, hn::ShiftLeft<2>(angle))), hn::Set(kF, kHalfPi * 0x1p-32f));
  const VF x2 = hn::Mul(x, x);
  // Taylor series: the first omitted term is below 2^-25 of the result
  const VF sine = hn::Mul(x, math::polynomial(x2, 1.0f, -1.0f / 6, 1.0f / 120, -1.0f / 5040, 1.0f / 362880));
  const VF cosine = math::polynomial(x2, 1.0f, -1.0f / 2, 1.0f / 24, -1.0f / 720, 1.0f / 40320, -1.0f / 3628800);
  const auto odd = hn::Eq(hn::And(quarter, hn::Set(kU, 1)), hn::Set(kU, 1));
  const VF turned = hn::IfThenElse(hn::RebindMask(kF, odd), cosine, sine);
  const VU sign = hn::ShiftLeft<30>(hn::And(quarter, hn::Set(kU, 2)));
  return hn::Mul(radius, hn::BitCast(kF, hn::Xor(hn::BitCast(kU, turned), sign)));
}

}  // namespace

// out = low + (high - low) * u with u = (word >> 8) / 2^24; where rounding would give `high`, the largest float below it. The product and the sum are rounded
// separately, so that the bits are the same on every target.
void fill_uniform(Run& run, float* out, size_t n, const FillUniformAttributes& attributes) {
  const VF start = hn::Set(kF, static_cast<float>(attributes.low));
  const VF range = hn::Set(kF, static_cast<float>(attributes.high - attributes.low));
  const VF last = hn::Set(kF, largest_below(static_cast<float>(attributes.high), static_cast<float>(attributes.low)));
  generate(run, n, attributes.seed, attributes.offset, 0.3, [&](size_t i, size_t left, VU words) HWY_ATTR {
    const VF u = hn::Mul(hn::ConvertTo(kF, upper_bits(words)), hn::Set(kF, 0x1p-24f));
    const VF value = hn::Add(start, hn::Mul(range, u));
    store(hn::Min(value, last), kF, out + i, left);
  });
}

// out = mean + std * z with z from box_muller.
void fill_normal(Run& run, float* out, size_t n, const FillNormalAttributes& attributes) {
  const VF centre = hn::Set(kF, static_cast<float>(attributes.mean));
  const VF width = hn::Set(kF, static_cast<float>(attributes.std));
  generate(run, n, attributes.seed, attributes.offset, 1, [&](size_t i, size_t left, VU words) HWY_ATTR {
    store(hn::MulAdd(width, box_muller(words), centre), kF, out + i, left);
  });
}

// y = x * mask / (1 - p), with mask = 1 where u = (word >> 8) / 2^24 >= p, else 0: torch's dropout in training, also for p == 1; p is limited to [0, 1]. The
// same call with dy in place of x is the backward pass. `y` may be x.
void dropout(Run& run, float* y, const float* x, size_t n, const DropoutAttributes& attributes) {
  const double chance = attributes.p > 0 ? (attributes.p < 1 ? attributes.p : 1) : 0;
  const double scaled = chance * 0x1p24;  // u >= p is word >> 8 >= scaled, rounded up to an integer
  const int32_t whole = static_cast<int32_t>(scaled);
  const VI threshold = hn::Set(kI, whole + (whole < scaled ? 1 : 0));
  const VF scale = hn::Set(kF, chance < 1 ? static_cast<float>(1 / (1 - chance)) : 0.0f);
  generate(run, n, attributes.seed, attributes.offset, 0.3, [&](size_t i, size_t left, VU words) HWY_ATTR {
    const auto dropped = hn::Gt(threshold, upper_bits(words));
    const VF factor = hn::IfThenZeroElse(hn::RebindMask(kF, dropped), scale);
    store(hn::Mul(load(kF, x + i, left), factor), kF, y + i, left);
  });
}

// A random order of 0 .. n-1 (n < 2^31) by the Fisher-Yates shuffle, from the last place down: place i is exchanged with one in [0, i]. Unbiased numbers below a
// bound come from the words of the stream in order, by D. Lemire's method ("Fast random integer generation in an interval", 2019). It uses n - 1 words or a few
// more. Serial; the same on every target.
void random_permutation(Run&, int32_t* out, size_t n, const RandomPermutationAttributes& attributes) {
  const uint64_t seed = attributes.seed, offset = attributes.offset;
  alignas(64) uint32_t words[kPhiloxWords];
  size_t used = 0;
  const auto next = [&]() HWY_ATTR {
    if (used % kPhiloxWords == 0) {
      const PhiloxWords fresh = philox(seed, offset + used / 4);
      hn::Store(fresh.first, kU, words);
      hn::Store(fresh.second, kU, words + kLanes);
    }
    return words[used++ % kPhiloxWords];
  };
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<int32_t>(i);
  for (size_t i = n; i-- > 1;) {
    const uint32_t bound = static_cast<uint32_t>(i) + 1;
    uint64_t product = uint64_t{next()} * bound;
    if (static_cast<uint32_t>(product) < bound) {
      const uint32_t biased = (0 - bound) % bound;
      while (static_cast<uint32_t>(product) < biased) product = uint64_t{next()} * bound;
    }
    const size_t j = static_cast<size_t>(product >> 32);
    const int32_t moved = out[i];
    out[i] = out[j];
    out[j] = moved;
  }
}

}  // namespace simdnn::SIMDNN_ISA
