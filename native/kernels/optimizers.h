// What the optimizers' kernels share: the loop over the parameters, the direction of the gradient, and the running means.
#pragma once
#include "kernels/math.h"
#include "kernels/row_set.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The line so many floats ahead of each array is prefetched, for writing where it is written, from a length of kShared on. Both cores have read a layer's
// parameters, so a store to a line would wait until the other core gives it up: with two threads on cores that share no cache, a step of Adam over 262,144
// parameters takes 56 us instead of 98 (64 lines ahead 73). And arrays that no cache holds come in time although a step is many instructions: over ten million
// parameters 0.92 of the time. In a small network, whose single thread shares nothing, prefetches would take 0.01 of a compiled step.
constexpr size_t kAhead = 16 * kLine, kShared = size_t{1} << 14;

HWY_INLINE VF constant(double x) { return hn::Set(kF, static_cast<float>(x)); }

// base^n by squaring. std::pow would tie the binary to a newer glibc.
inline double integer_power(double base, uint64_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, base *= base) {
    if ((n & 1) != 0) result *= base;
  }
  return result;
}

// Not std::sqrt, which may be a call into libm.
inline double root(double x) { return hn::GetLane(hn::Sqrt(hn::Set(hn::CappedTag<double, 1>(), x))); }

// Calls step(i, n) for vectors of n elements from i on, which cover [0, n). It reads `grad` and writes the other arrays, of which the first are the parameters;
// the rest may be null. Vectors are aligned with the parameters' memory: an array made by JavaScript begins 16 bytes behind a page boundary, so vectors counted
// from its first element would each straddle two cache lines. A step of Adam over ten million parameters takes 4.3 ms with aligned vectors, 5.2 to 7 without.
template <size_t kArrays, class Step>
HWY_INLINE void for_each_vector(Run& run, float* const (&arrays)[kArrays], const float* grad, size_t n, double ns, Step step) {
  float* const param = arrays[0];
  struct Written {
    float* at[kArrays];
  } written;
  for (size_t k = 0; k < kArrays; ++k) written.at[k] = arrays[k] != nullptr ? arrays[k] : param;
  const size_t boundary = to_boundary(param), before = boundary < n ? boundary : 0;
  const auto part = [&](size_t i, size_t count) __attribute__((noinline)) { step(i, count); };  // inlined twice it would add 8 KB to the binary
  if (before > 0) part(0, before);
  parallel(run, n - before, kLine, static_cast<double>(n) * ns, [&](size_t begin, size_t end) {
    const Step each = step;  // a copy stays in registers, while a reference is loaded again after each store
    const Written ahead = written;
    const float* const read = grad;
    const bool fetches = n >= kShared;
    size_t i = before + begin;
    end += before;
    for (; i + kLanes <= end; i += kLanes) {
      if (fetches) {
        for (size_t k = 0; k < kArrays; ++k) prefetch_for_writing(ahead.at[k] + i + kAhead);
        __builtin_prefetch(read + i + kAhead);
      }
      each(i, kLanes);
    }
    if (i < end) part(i, end - i);
  });
}

// Calls step(i, n) for the vectors of those rows of a table that are in the set `touched`, or of all. It writes to the rows of `tables`.
template <size_t kTables, class Step>
HWY_INLINE void for_each_touched(Run& run, const int32_t* touched, size_t rows, size_t columns, bool all, const float* const (&tables)[kTables], Step step) {
  struct Tables {
    const float* at[kTables];
  } written;
  for (size_t k = 0; k < kTables; ++k) written.at[k] = tables[k];
  const auto row = [=](size_t r) HWY_ATTR {
    for (size_t c = 0; c < columns; c += kLanes) step(r * columns + c, columns - c);
  };
  const auto ahead = [=](size_t r) HWY_ATTR {
    for (size_t k = 0; k < kTables; ++k) prefetch_row_for_writing(written.at[k] + r * columns, columns);
  };
  each_row_of(run, touched, rows, all, 10 + 0.1 * static_cast<double>(columns), row, ahead);
}

// The direction that the step descends: the gradient (negated with `maximize`) plus weight_decay * param.
struct Slope {
  const float* grad;
  VF decay, sign;

  Slope(const float* grad, double weight_decay, bool maximize)
      : grad(grad), decay(constant(weight_decay)), sign(constant(maximize ? -1 : 1)) {}
  HWY_INLINE VF at(size_t i, size_t n, VF p) const {
    return hn::MulAdd(decay, p, hn::Mul(load(kF, grad + i, n), sign));
  }
};

// On Intel's processors with AVX-512 a division takes as many cycles as ten fused multiply-adds and waits for the same unit as the square root. There a step of
// Adam with operands in the L1 or L2 cache takes 0.65 of the time with a reciprocal of multiply-adds (kernels_bench 1 adam_step). Its estimate is made of integer
// arithmetic and not by vrcp14ps, whose bits might differ between processors.
#if SIMDNN_AVX512
// 1 / b, within 2^-24 of it, for the roots b by which optimizers divide: b >= 0 or NaN, and 0 counts as positive. For a b of 2^125 or more it is 0.
HWY_INLINE VF reciprocal(VF b) {
  // Subtracting the bits of b from a constant negates its exponent and, roughly, inverts its mantissa: within 6 %. The product with `middle` - b y makes that
  // 2^-9.6 for the two constants that are best together, and a cubic step 2^-28.
  const VF one = hn::Set(kF, 1.0f), middle = hn::Set(kF, 2.0013001f);
  VF y = hn::BitCast(kF, hn::Sub(hn::Set(kI, 0x7EF32000), hn::BitCast(kI, b)));
  y = hn::Mul(y, hn::NegMulAdd(b, y, middle));
  const VF rest = hn::NegMulAdd(b, y, one);
  const auto small = hn::Not(hn::Ge(b, hn::Set(kF, 0x1p125f)));  // or NaN
  return VF{_mm512_maskz_fmadd_ps(small.raw, hn::MulAdd(rest, rest, rest).raw, y.raw, y.raw)};
}

// a / b, within 2^-23 of it. Where b is infinite it is 0, or NaN where a is not finite.
HWY_INLINE VF quotient(VF a, VF b) { return hn::Mul(a, reciprocal(b)); }
// x - a / b
HWY_INLINE VF minus_quotient(VF x, VF a, VF b) { return hn::NegMulAdd(a, reciprocal(b), x); }
#else
HWY_INLINE VF quotient(VF a, VF b) { return hn::Div(a, b); }
HWY_INLINE VF minus_quotient(VF x, VF a, VF b) { return hn::Sub(x, hn::Div(a, b)); }
#endif

// The running mean: mean + (1 - beta) (g - mean).
struct Mean {
  // Whether the formula starts from g or from the mean, the one with the larger weight: (1 - beta)(g - mean) + mean would lose g where beta is small.
  // It is a mask of all lanes or none, because a bool would be read from memory for each vector (8.2 instead of 7.1 cycles).
  hn::Mask<F> from_grad;
  VF weight;

  explicit Mean(double beta)
      : from_grad(hn::FirstN(kF, beta < 0.5 ? kLanes : 0)), weight(constant(beta < 0.5 ? -beta : 1 - beta)) {}
  HWY_INLINE VF next(VF mean, VF g) const {
    return hn::MulAdd(hn::Sub(g, mean), weight, hn::IfThenElse(from_grad, g, mean));
  }
};

// sqrt(x) + eps, or sqrt(x + eps).
struct Root {
  VF within, beside;

  Root(double eps, bool is_within) : within(constant(is_within ? eps : 0)), beside(constant(is_within ? 0 : eps)) {}
  HWY_INLINE VF of(VF x) const { return hn::Add(hn::Sqrt(hn::Add(x, within)), beside); }
};

// The running mean of squares: kept * before + (1 - kept) x^2.
struct MeanSquare {
  VF kept, rest;

  explicit MeanSquare(double kept) : kept(constant(kept)), rest(constant(1 - kept)) {}
  HWY_INLINE VF next(VF before, VF x) const { return hn::MulAdd(hn::Mul(x, rest), x, hn::Mul(before, kept)); }
};

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
