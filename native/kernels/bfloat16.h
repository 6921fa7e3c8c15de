// Rounds packed operands to bfloat16, or splits them into two bfloat16 numbers; each result is stored as the float32 of the same value.
#pragma once
#include <cmath>

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Rounds to the nearest number with 8 significant bits, ties to even. NaN and infinities stay what they are. A finite x stays finite: what would round
// beyond the largest bfloat16 becomes that number.
HWY_INLINE VF to_bfloat16(VF x) {
  const VI bits = hn::BitCast(kI, x), magnitude = hn::And(bits, hn::Set(kI, 0x7fffffff));
  const VI odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(kI, 1));
  const VI half = hn::Add(hn::Set(kI, 0x7fff), odd);
  const VI up = hn::IfThenElseZero(hn::Lt(magnitude, hn::Set(kI, 0x7f7f8000)), half);
  const VF rounded = hn::BitCast(kF, hn::And(hn::Add(bits, up), hn::Set(kI, static_cast<int32_t>(0xffff0000))));
  return hn::IfThenElse(hn::IsNaN(x), x, rounded);
}

// x - high for finite x, rounded to the nearest bfloat16; where `high` is the largest bfloat16, rounded toward zero, since the sum of both could otherwise be infinite.
HWY_INLINE VF low_of(VF x, VF high) {
  const VF rest = hn::Sub(x, high);
  const VF toward_zero = hn::BitCast(kF, hn::And(hn::BitCast(kI, rest), hn::Set(kI, static_cast<int32_t>(0xffff0000))));
  return hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Set(kF, 0x1.fep127f)), toward_zero, to_bfloat16(rest));
}

// to[0, n) = `from` rounded to bfloat16; n is a multiple of kLanes.
HWY_INLINE void round_floats(const float* from, size_t n, float* to) {
  for (size_t i = 0; i < n; i += kLanes) hn::StoreU(to_bfloat16(hn::LoadU(kF, from + i)), kF, to + i);
}

// from = high + low, with an error of at most 2^-17 of it. For an infinity or NaN high is 1 with its sign and low is the number itself. Then none of
// high * high, high * low and low * high is 0 * infinity, which would be NaN, unless the product itself is.
HWY_INLINE void split_floats(const float* from, size_t n, float* high, float* low) {
  const VF one = hn::Set(kF, 1), infinity = hn::Set(kF, HUGE_VALF);
  for (size_t i = 0; i < n; i += kLanes) {
    const VF x = hn::LoadU(kF, from + i), most = to_bfloat16(x);
    const auto finite = hn::Lt(hn::Abs(x), infinity);
    hn::StoreU(hn::IfThenElse(finite, most, hn::CopySign(one, x)), kF, high + i);
    hn::StoreU(hn::IfThenElse(finite, low_of(x, most), x), kF, low + i);
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
