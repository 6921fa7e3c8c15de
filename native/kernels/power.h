// x^y for vectors of floats, calculated in double.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using D64 = hn::Repartition<double, F>;
using I64 = hn::RebindToSigned<D64>;
using V64 = hn::Vec<D64>;
constexpr D64 kD64;
constexpr I64 kI64;

// log2(x) for normal x > 0, relative error below 2^-44. x = 2^e m with m in [sqrt(1/2), sqrt(2)), and ln m = 2 atanh(s) with s = (m - 1) / (m + 1); as
// s^2 < 0.0295, nine terms of the series are enough.
HWY_INLINE V64 log2_double(V64 x) {
  constexpr int64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
  const auto bits = hn::Sub(hn::BitCast(kI64, x), hn::Set(kI64, kSqrtHalf));
  const auto exponent = hn::And(bits, hn::Set(kI64, -(int64_t{1} << 52)));
  const V64 m = hn::BitCast(kD64, hn::Sub(hn::BitCast(kI64, x), exponent));
  // exponent = e * 2^52, converted to 1.5 * 2^52 + e in floating point, because not every target can convert int64
  const V64 magic = hn::Set(kD64, 0x1.8p52);
  const V64 e = hn::Sub(hn::BitCast(kD64, hn::Add(hn::ShiftRight<52>(exponent), hn::BitCast(kI64, magic))), magic);
  const V64 one = hn::Set(kD64, 1.0);
  const V64 s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const V64 s2 = hn::Mul(s, s);
  constexpr double kTwoOverLn2 = 2.8853900817779268;
  V64 series = hn::Set(kD64, kTwoOverLn2 / 17);
  for (int k = 15; k >= 1; k -= 2) series = hn::MulAdd(series, s2, hn::Set(kD64, kTwoOverLn2 / k));
  return hn::MulAdd(series, s, e);
}

// 2^x for |x| <= 1000, relative error below 2^-36: 2^n times the Taylor series of e^(f ln 2) with |f| <= 1/2.
HWY_INLINE V64 exp2_double(V64 x) {
  const V64 magic = hn::Set(kD64, 0x1.8p52);
  const V64 shifted = hn::Add(x, magic);  // its low bits are round(x)
  const V64 t = hn::Mul(hn::Sub(x, hn::Sub(shifted, magic)), hn::Set(kD64, 0.69314718055994531));
  constexpr double kInverse[] = {1, 1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880};
  V64 series = hn::Set(kD64, kInverse[9]);
  for (int k = 8; k >= 0; --k) series = hn::MulAdd(series, t, hn::Set(kD64, kInverse[k]));
  return hn::BitCast(kD64, hn::Add(hn::BitCast(kI64, series), hn::ShiftLeft<52>(hn::BitCast(kI64, shifted))));
}

// |x|^y in double; results that overflow or underflow a float are 2^300 or 2^-300.
HWY_INLINE V64 power_double(V64 x, V64 y) {
  const V64 magnitude = hn::Abs(x);
  const V64 infinity = hn::Inf(kD64);
  V64 log = log2_double(magnitude);
  log = hn::IfThenElse(hn::Eq(magnitude, hn::Zero(kD64)), hn::Neg(infinity), log);
  log = hn::IfThenElse(hn::Eq(magnitude, infinity), infinity, log);
  V64 exponent = hn::Mul(y, log);
  exponent = hn::IfThenElseZero(hn::Not(hn::Eq(magnitude, hn::Set(kD64, 1.0))), exponent);  // 1^inf is 1, though 0 * inf is NaN
  exponent = hn::Min(hn::Max(exponent, hn::Set(kD64, -300.0)), hn::Set(kD64, 300.0));
  return exp2_double(exponent);
}

// Rounds to float; numbers beyond the largest float become infinity.
HWY_INLINE hn::Vec<hn::Rebind<float, D64>> round_to_float(V64 x) {
  constexpr hn::Rebind<float, D64> half;
#if HWY_TARGET == HWY_EMU128  // Highway's DemoteTo saturates there
  alignas(64) double wide[kLanes / 2];
  alignas(64) float narrow[kLanes / 2];
  hn::Store(x, kD64, wide);
  for (size_t i = 0; i < kLanes / 2; ++i) narrow[i] = static_cast<float>(wide[i]);
  return hn::Load(half, narrow);
#else
  return hn::DemoteTo(half, x);
#endif
}

// C's pow on floats, error below 0.51 ulp; x^2 is exactly x * x rounded. x^0 = 1^y = 1 even for NaN. A negative finite x with a fractional y gives NaN; an odd
// integer y keeps the sign of x, also of -0.
HWY_INLINE VF power(VF x, VF y) {
  // split through memory, because Highway's emulated target cannot split a vector
  constexpr hn::Rebind<float, D64> half;
  constexpr size_t kHalf = kLanes / 2;
  alignas(64) float bases[kLanes], exponents[kLanes], powers[kLanes];
  hn::Store(x, kF, bases);
  hn::Store(y, kF, exponents);
  for (size_t i = 0; i < kLanes; i += kHalf) {
    const V64 base = hn::PromoteTo(kD64, hn::Load(half, bases + i));
    const V64 exponent = hn::PromoteTo(kD64, hn::Load(half, exponents + i));
    hn::Store(round_to_float(power_double(base, exponent)), half, powers + i);
  }
  VF result = hn::Load(kF, powers);

  const VF zero = hn::Zero(kF), one = hn::Set(kF, 1.0f), two = hn::Set(kF, 2.0f);
  const auto integer = hn::Eq(hn::Floor(y), y);
  const VF half_y = hn::Mul(y, hn::Set(kF, 0.5f));
  const auto odd = hn::And(integer, hn::Not(hn::Eq(hn::Floor(half_y), half_y)));
  result = hn::IfThenElse(odd, hn::CopySign(result, x), result);
  const auto fractional_root = hn::And(hn::And(hn::Lt(x, zero), hn::Not(integer)), hn::Gt(x, hn::Neg(hn::Inf(kF))));
  result = hn::IfThenElse(fractional_root, hn::NaN(kF), result);
  result = hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::IsNaN(y)), hn::NaN(kF), result);
  result = hn::IfThenElse(hn::Eq(y, two), hn::Mul(x, x), result);
  return hn::IfThenElse(hn::Or(hn::Eq(x, one), hn::Eq(y, zero)), one, result);
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
