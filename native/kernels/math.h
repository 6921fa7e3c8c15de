// Elementary functions of float vectors. Their polynomials are minimax fits of the result's relative error, with coefficients that are then rounded to float.
// Each quoted error is the largest difference from float64 over every third float, in ulp of the result: the first number with fused multiply-adds, the second without.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {
namespace math {

// max(x, bound) and min(x, bound) that keep a NaN x. hn::Max and hn::Min do so only for one order of the operands on x86, and differ between the other targets.
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128
HWY_INLINE VF at_least(VF x, float low) { return hn::Max(hn::Set(kF, low), x); }
HWY_INLINE VF at_most(VF x, float high) { return hn::Min(hn::Set(kF, high), x); }
#else
HWY_INLINE VF at_least(VF x, float low) { return hn::IfThenElse(hn::Lt(x, hn::Set(kF, low)), hn::Set(kF, low), x); }
HWY_INLINE VF at_most(VF x, float high) { return hn::IfThenElse(hn::Gt(x, hn::Set(kF, high)), hn::Set(kF, high), x); }
#endif

// Horner's rule; the coefficient of the highest power is the last.
HWY_INLINE VF polynomial(VF, float constant) { return hn::Set(kF, constant); }
template <class... Rest>
HWY_INLINE VF polynomial(VF x, float constant, Rest... rest) {
  return hn::MulAdd(polynomial(x, rest...), x, hn::Set(kF, constant));
}

// AVX-512 has single instructions that split a number into exponent and mantissa, and that scale by a power of two, for denormal numbers too. With them log takes
// 13.4 instead of 15.9 cycles a vector on a Zen 5, exp 6.2 instead of 11.7 (4.5 with the tables below).
#define SIMDNN_AVX512 (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)

// Argument reduction: x = n ln 2 + r with |r| <= ln 2 / 2, and e^r - 1 = r + r^2 q.
// Adding 1.5 * 2^23 + 127 to x / ln 2 rounds it to n: the bits of the sum are those of 1.5 * 2^23 plus n + 127. Shifted left by 23 they are the bits of 2^n.
constexpr int32_t kMagicBits = 0x4b400000;  // of 1.5 * 2^23
constexpr float kMagic = 0x1.8p23f + 127;
constexpr float kLog2E = 1.44269504f;
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;  // n * kLn2High is exact
struct Reduced {
  VF e_minus_1;  // e^r - 1
  VI biased;     // kMagicBits + n + 127; less k if `magic` is kMagic - k
};
HWY_INLINE Reduced reduce(VF x, VF magic) {
  const VF sum = hn::MulAdd(x, hn::Set(kF, kLog2E), magic);
  const VF n = hn::Sub(sum, magic);
  const VF r = hn::NegMulAdd(n, hn::Set(kF, kLn2Low), hn::NegMulAdd(n, hn::Set(kF, kLn2High), x));
  const VF q = polynomial(r, 0.49999994f, 0.1666652f, 0.041668393f, 0.008368781f, 0.0013814467f);
  return {hn::MulAdd(hn::Mul(r, r), q, r), hn::BitCast(kI, sum)};
}
HWY_INLINE Reduced reduce(VF x) { return reduce(x, hn::Set(kF, kMagic)); }
HWY_INLINE VF power_of_two(VI biased) { return hn::BitCast(kF, hn::ShiftLeft<23>(biased)); }

// On AVX2 and AVX-512 a register serves as a table of kLanes floats that is indexed by the low bits of an integer. With x = (n + i / kLanes) ln 2 + r and
// |r| <= ln 2 / (2 kLanes), e^r - 1 needs two coefficients instead of five: functions with an exponential take 0.77 to 0.96 of the time. A third table
// with the rounding errors of the roots would reduce the error of exp to 0.75 ulp, for 1.03 to 1.15 of the time.
#define SIMDNN_TABLES (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)
#if SIMDNN_TABLES
// The bits of 2^(i / 16).
constexpr uint32_t kRootBits[16] = {0x3f800000, 0x3f85aac3, 0x3f8b95c2, 0x3f91c3d3, 0x3f9837f0, 0x3f9ef532, 0x3fa5fed7, 0x3fad583f,
                                    0x3fb504f3, 0x3fbd08a4, 0x3fc5672a, 0x3fce248c, 0x3fd744fd, 0x3fe0ccdf, 0x3feac0c7, 0x3ff5257d};
struct alignas(64) Table {
  uint32_t bits[kLanes];
};
// The bits of 2^(i / kLanes), less i * step, which power_of_two adds.
constexpr Table roots(uint32_t step) {
  Table table{};
  for (uint32_t i = 0; i < kLanes; ++i) table.bits[i] = kRootBits[i * (16 / kLanes)] - i * step;
  return table;
}
#if SIMDNN_AVX512
constexpr int kStepBits = 19;                               // a step of 1 / kLanes in the exponent of a float
constexpr float kSquare = 0.5000162f, kCube = 0.16667058f;  // e^r - 1 = r + kSquare r^2 + kCube r^3
HWY_INLINE VF lookup(const Table& table, VF index) {
  return VF{_mm512_permutexvar_ps(_mm512_castps_si512(index.raw), _mm512_load_ps(table.bits))};
}
#else
constexpr int kStepBits = 20;
constexpr float kSquare = 0.5000648f, kCube = 0.16668232f;
HWY_INLINE VF lookup(const Table& table, VF index) {
  const __m256i bits = _mm256_load_si256(reinterpret_cast<const __m256i*>(table.bits));
  return VF{_mm256_permutevar8x32_ps(_mm256_castsi256_ps(bits), _mm256_castps_si256(index.raw))};
}
#endif
constexpr Table kRoots = roots(0), kRootsLessSteps = roots(1u << kStepBits);

// Adding kSteps rounds a number to a multiple of 1 / kLanes and leaves i in the low bits of the sum.
constexpr float kSteps = 0x1.8p23f / kLanes;
struct ReducedBySteps {
  VF e_minus_1;  // e^r - 1
  VF n;          // n + i / kLanes
  VF sum;        // kSteps + n + i / kLanes; less k if `steps` is kSteps - k
};
HWY_INLINE ReducedBySteps reduce_by_steps(VF x, VF steps) {
  const VF sum = hn::MulAdd(x, hn::Set(kF, kLog2E), steps);
  const VF n = hn::Sub(sum, steps);
  const VF r = hn::NegMulAdd(n, hn::Set(kF, kLn2Low), hn::NegMulAdd(n, hn::Set(kF, kLn2High), x));
  return {hn::MulAdd(hn::Mul(r, r), polynomial(r, kSquare, kCube), r), n, sum};
}

// 2^(n + i / kLanes) from sum = kSteps + n + i / kLanes, if it is not denormal: shifted left, the sum's bits are n << 23 plus i << kStepBits.
HWY_INLINE VF power_of_two(VF sum) {
  return hn::BitCast(kF, hn::Add(hn::BitCast(kI, lookup(kRootsLessSteps, sum)), hn::ShiftLeft<kStepBits>(hn::BitCast(kI, sum))));
}
#endif

// e^x for all floats, with overflow to infinity; 1.01 / 0.98 ulp. Denormal results, for x <= -87.34, are zero where they are flushed (support/denormals.h),
// otherwise as accurate as they can be.
HWY_INLINE VF exp(VF x) {
  const VF limited = at_most(at_least(x, -104.5f), 89.0f);
#if SIMDNN_AVX512
  const ReducedBySteps e = reduce_by_steps(limited, hn::Set(kF, kSteps));
  const VF root = lookup(kRoots, e.sum);
  return VF{_mm512_scalef_ps(hn::MulAdd(root, e.e_minus_1, root).raw, e.n.raw)};  // times 2^floor(n)
#else
  const Reduced e = reduce(limited);
  // 2^n as two factors, because n is in [-151, 128]; only the last product can round
  const VI n = hn::Sub(e.biased, hn::Set(kI, kMagicBits + 127));
  const VI half = hn::ShiftRight<1>(n);
  const VI bias = hn::Set(kI, 127);
  const VF first = power_of_two(hn::Add(half, bias));
  const VF second = power_of_two(hn::Add(hn::Sub(n, half), bias));
  return hn::Mul(hn::Mul(hn::Add(e.e_minus_1, hn::Set(kF, 1.0f)), first), second);
#endif
}

// Adding kRounder rounds x log2 e to n, or to n + i / kLanes.
#if SIMDNN_TABLES
constexpr float kRounder = kSteps;
#else
constexpr float kRounder = kMagic;
#endif

// e^x 2^-k for x - k ln 2 <= 88, where `rounder` is kRounder - k with an integer |k| < 1000. The result is zero where it would be denormal
// (where denormal numbers are not flushed, only from 2^-126.06 down); elsewhere 1.14 / 0.98 ulp.
HWY_INLINE VF exp_or_zero(VF x, VF rounder) {
#if SIMDNN_TABLES
  const ReducedBySteps e = reduce_by_steps(x, rounder);
  const VF sum = e.sum, power = power_of_two(sum);
  const VF y = hn::MulAdd(power, e.e_minus_1, power);
#else
  const Reduced e = reduce(x, rounder);
  const VF sum = hn::BitCast(kF, e.biased);
  const VF y = hn::Mul(hn::Add(e.e_minus_1, hn::Set(kF, 1.0f)), power_of_two(e.biased));
#endif
  return hn::IfThenElse(hn::Lt(sum, hn::Set(kF, kRounder - 126)), hn::Zero(kF), y);
}
HWY_INLINE VF exp_or_zero(VF x) { return exp_or_zero(x, hn::Set(kF, kRounder)); }

// e^(-h^2 / 2), or zero where it would be denormal.
HWY_INLINE VF bell(VF h) {
  const VF square = hn::Mul(h, h);
#if SIMDNN_TABLES
  // As exp_or_zero, with s = -2 r. The rounding error of h^2, up to h^2 / 2 ulp, is added to s; beside it, ln 2 in one part is accurate enough.
  const VF sum = hn::MulAdd(square, hn::Set(kF, -0.5f * kLog2E), hn::Set(kF, kSteps));
  const VF n = hn::Sub(sum, hn::Set(kF, kSteps));
  const VF s = hn::Add(hn::MulAdd(n, hn::Set(kF, 2 * 0.69314718f), square), hn::MulSub(h, h, square));
  const VF e_minus_1 = hn::Mul(s, polynomial(s, -0.5f, kSquare / 4, -kCube / 8));
  const VF power = power_of_two(sum);
  return hn::IfThenElse(hn::Gt(square, hn::Set(kF, 2 * 87.3365f)), hn::Zero(kF), hn::MulAdd(power, e_minus_1, power));
#else
  return exp_or_zero(hn::Mul(square, hn::Set(kF, -0.5f)));
#endif
}

// e^x - 1 for -87 <= x <= 88; 0.95 / 0.92 ulp below 0. It has no table, which would need a third coefficient here; with one tanh took 0.95 of the time.
HWY_INLINE VF expm1(VF x) {
  const Reduced e = reduce(x);
  const VF scale = power_of_two(e.biased);
  return hn::MulAdd(e.e_minus_1, scale, hn::Sub(scale, hn::Set(kF, 1.0f)));
}

// log(1 + f) + n ln 2 for f in [sqrt(1/2) - 1, sqrt(2) - 1].
HWY_INLINE VF log1p_reduced(VF f, VF n) {
  const VF p = polynomial(f, 0.33333313f, -0.25000009f, 0.2000212f, -0.16667996f, 0.14219552f, -0.12405589f,
                          0.11888163f, -0.116756514f, 0.067466393f);
  const VF f2 = hn::Mul(f, f);
  VF y = hn::Mul(hn::Mul(p, f), f2);
  y = hn::MulAdd(n, hn::Set(kF, kLn2Low), y);
  y = hn::NegMulAdd(hn::Set(kF, 0.5f), f2, y);
  return hn::MulAdd(n, hn::Set(kF, kLn2High), hn::Add(f, y));
}

// log x for all floats: -inf at 0, NaN below 0; 0.82 / 0.82 ulp. A denormal x is zero where denormal numbers are flushed, otherwise itself. With kExcess, x is at
// least 1 and `excess` is x - 1, which has more correct digits than x where x is less than sqrt(2).
template <bool kExcess>
HWY_INLINE VF log_of(VF x, VF excess) {
#if SIMDNN_AVX512
  // x = 2^n m with m in [1, 2), then in [sqrt(1/2), sqrt(2)); m is NaN below 0
  VF m{_mm512_getmant_ps(x.raw, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan)};
  VF n{_mm512_getexp_ps(x.raw)};
  const auto large = hn::Ge(m, hn::Set(kF, 1.41421354f));
  m = hn::IfThenElse(large, hn::Mul(m, hn::Set(kF, 0.5f)), m);
  n = hn::IfThenElse(large, hn::Add(n, hn::Set(kF, 1.0f)), n);
  VF f = hn::Sub(m, hn::Set(kF, 1.0f));
  if (kExcess) f = hn::IfThenElse(hn::Lt(x, hn::Set(kF, 1.41421354f)), excess, f);
  const VF y = log1p_reduced(f, n);
  // special values of x: zeros give -inf, +inf gives +inf
  return VF{_mm512_fixupimm_ps(y.raw, x.raw, _mm512_set1_epi32(0x00500400), 0)};
#else
  const auto small = hn::Lt(x, hn::Set(kF, 0x1p-126f));
  const VF scaled = hn::IfThenElse(small, hn::Mul(x, hn::Set(kF, 0x1p25f)), x);
  // scaled = 2^n m with m in [sqrt(1/2), sqrt(2))
  const VI bits = hn::Sub(hn::BitCast(kI, scaled), hn::Set(kI, 0x3f3504f3));
  const VI exponent = hn::And(bits, hn::Set(kI, ~0x7fffff));
  const VF m = hn::BitCast(kF, hn::Sub(hn::BitCast(kI, scaled), exponent));
  const VF n = hn::Sub(hn::ConvertTo(kF, hn::ShiftRight<23>(exponent)), hn::IfThenElseZero(small, hn::Set(kF, 25.0f)));
  VF f = hn::Sub(m, hn::Set(kF, 1.0f));
  if (kExcess) f = hn::IfThenElse(hn::Lt(x, hn::Set(kF, 1.41421354f)), excess, f);
  VF y = log1p_reduced(f, n);
  y = hn::IfThenElse(hn::Lt(x, hn::Inf(kF)), y, x);
  y = hn::IfThenElse(hn::Lt(x, hn::Zero(kF)), hn::NaN(kF), y);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(kF)), hn::Neg(hn::Inf(kF)), y);
#endif
}
HWY_INLINE VF log(VF x) { return log_of<false>(x, x); }

// log(1 + x) for 0 <= x <= 1, as x + x^2 q. Together with exp_or_zero, as in softplus, 2.26 / 2.28 ulp.
HWY_INLINE VF log1p(VF x) {
  const VF q = polynomial(x, -0.4999993f, 0.33330464f, -0.24958019f, 0.19692102f, -0.1534488f, 0.10661128f, -0.05745723f,
                          0.020086242f, -0.0032904686f);
  return hn::MulAdd(hn::Mul(x, x), q, x);
}

// 1 / (1 + e^-x) and its complement, each accurate relative to itself: 3.07 / 2.41 ulp; results that would be denormal are zero.
struct Logistic {
  VF value, complement;
};
HWY_INLINE Logistic logistic(VF x) {
  const VF one = hn::Set(kF, 1.0f);
  const VF e = exp_or_zero(hn::Neg(hn::Abs(x)));
  const VF sum = hn::Add(e, one);
  const auto negative = hn::Lt(x, hn::Zero(kF));
  return {hn::Div(hn::IfThenElse(negative, e, one), sum), hn::Div(hn::IfThenElse(negative, one, e), sum)};
}

// The standard normal distribution function and its density. The distribution function of -|x| is e^(-x^2 / 2) Q(|x| / (|x| + 3)), where the polynomial Q around
// 1/4 has a relative error below 1e-8. In gelu 3.3 / 3.7 ulp for |x| < 1 and 4.8 / 5.2 for x > -2; further down 6.2 at -5 and 16 at -12 with tables. Without
// tables it is 14 and 73, because rounding x^2 / 2 adds an error of x^2 / 2 ulp.
struct Normal {
  VF distribution, density;
};
HWY_INLINE Normal normal(VF x) {
  const VF one = hn::Set(kF, 1.0f);
  const VF h = at_most(hn::Abs(x), 14.0f);
  const VF e = bell(h);
  const VF t = hn::Sub(hn::Div(h, hn::Add(h, hn::Set(kF, 3.0f))), hn::Set(kF, 0.25f));
  const VF q = polynomial(t, 0.2615783f, -0.73260796f, 0.78979313f, -0.39704856f, -0.048613604f, 0.11797253f, 0.02870489f,
                          -0.040367182f, -0.03290518f, 0.027834335f);
  const VF tail = hn::Mul(e, q);
  return {hn::IfThenElse(hn::Lt(x, hn::Zero(kF)), tail, hn::Sub(one, tail)), hn::Mul(e, hn::Set(kF, 0.3989422804f))};
}

}  // namespace math
}  // namespace
}  // namespace simdnn::SIMDNN_ISA
