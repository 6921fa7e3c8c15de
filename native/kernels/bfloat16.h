// Packed operands rounded to bfloat16, or split into two bfloat16 numbers, each as the float32 of its value.
#pragma once
#include <cmath>

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// To the nearest of 8 bits, ties to even. NaN stays NaN, infinities stay themselves, and what is finite stays finite: beyond bfloat16's largest number
// there is that number.
HWY_INLINE VF to_bfloat16(VF x) {
  const VI bits = hn::BitCast(kI, x), magnitude = hn::And(bits, hn::Set(kI, 0x7fffffff));
  const VI odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(kI, 1));
  const VI half = hn::Add(hn::Set(kI, 0x7fff), odd);
  const VI up = hn::IfThenElseZero(hn::Lt(magnitude, hn::Set(kI, 0x7f7f8000)), half);
  const VF rounded = hn::BitCast(kF, hn::And(hn::Add(bits, up), hn::Set(kI, static_cast<int32_t>(0xffff0000))));
  return hn::IfThenElse(hn::IsNaN(x), x, rounded);
}

// What is left of a finite x behind its `high` part, to the nearest; beyond bfloat16's largest number toward zero, since the two could else add up to infinity.
HWY_INLINE VF low_of(VF x, VF high) {
  const VF rest = hn::Sub(x, high);
  const VF toward_zero = hn::BitCast(kF, hn::And(hn::BitCast(kI, rest), hn::Set(kI, static_cast<int32_t>(0xffff0000))));
  return hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Set(kF, 0x1.fep127f)), toward_zero, to_bfloat16(rest));
}

// to[0, n) = from rounded; n is a multiple of kLanes.
HWY_INLINE void round_floats(const float* from, size_t n, float* to) {
  for (size_t i = 0; i < n; i += kLanes) hn::StoreU(to_bfloat16(hn::LoadU(kF, from + i)), kF, to + i);
}

// from = high + low, but for what neither holds: at most 2^-17 of it. In place of an infinity or NaN stand 1 of its sign and the number itself: so of
// high * high, high * low and low * high none is 0 * infinity where the product is not.
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
