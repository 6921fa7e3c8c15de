// What softmax, log_softmax and the cross entropies calculate of one row of classes: its maximum and the
// exponentials that stand below it. The order of every sum depends on the number of classes alone.
#pragma once
#include "kernels/math.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Passes over a row: body(i, n, lanes) for its vectors, kLanes elements from i on, fewer in the last;
// `lanes` keeps the lanes that are elements and clears the others.
struct AllLanes {
  HWY_INLINE VF keep(VF v) const { return v; }
  HWY_INLINE VF keep_or(VF v, VF) const { return v; }
};
struct FirstLanes {
  decltype(hn::FirstN(kF, 0)) mask;
  HWY_INLINE VF keep(VF v) const { return hn::IfThenElseZero(mask, v); }
  HWY_INLINE VF keep_or(VF v, VF other) const { return hn::IfThenElse(mask, v, other); }
};
template <class Body>
HWY_INLINE void for_row(size_t classes, Body body) {
  size_t i = 0;
  for (; i + kLanes <= classes; i += kLanes) body(i, kLanes, AllLanes{});
  if (i < classes) body(i, classes - i, FirstLanes{hn::FirstN(kF, classes - i)});
}

// The largest element; rows with a NaN are NaN in the exponentials anyway.
HWY_INLINE float row_max(const float* x, size_t classes) {
  const VF lowest = hn::Neg(hn::Inf(kF));
  VF m0 = lowest, m1 = lowest, m2 = lowest, m3 = lowest;
  size_t i = 0;
  for (; i + 4 * kLanes <= classes; i += 4 * kLanes) {
    m0 = hn::Max(m0, hn::LoadU(kF, x + i));
    m1 = hn::Max(m1, hn::LoadU(kF, x + i + kLanes));
    m2 = hn::Max(m2, hn::LoadU(kF, x + i + 2 * kLanes));
    m3 = hn::Max(m3, hn::LoadU(kF, x + i + 3 * kLanes));
  }
  for_row(classes - i, [&](size_t j, size_t n, auto lanes) {
    m0 = hn::Max(m0, lanes.keep_or(load(kF, x + i + j, n), lowest));
  });
  return hn::GetLane(hn::MaxOfLanes(kF, hn::Max(hn::Max(m0, m1), hn::Max(m2, m3))));
}

// kSums sums over a row at once: body(i, n, lanes, sums) adds to them. Each block of 16 vectors is summed
// from zero, then the blocks: a lane's sum passes 16 + classes / (16 kLanes) roundings.
template <size_t kSums, class Body>
HWY_INLINE void row_sums(float* out, size_t classes, Body body) {
  constexpr size_t kBlock = 16 * kLanes;
  VF totals[kSums];
  for (VF& total : totals) total = hn::Zero(kF);
  for (size_t begin = 0; begin < classes; begin += kBlock) {
    VF sums[kSums];
    for (VF& sum : sums) sum = hn::Zero(kF);
    for_row(classes - begin < kBlock ? classes - begin : kBlock,
            [&](size_t i, size_t n, auto lanes) { body(begin + i, n, lanes, sums); });
    for (size_t k = 0; k < kSums; ++k) totals[k] = hn::Add(totals[k], sums[k]);
  }
  for (size_t k = 0; k < kSums; ++k) out[k] = hn::GetLane(hn::SumOfLanes(kF, totals[k]));
}

// The sum over a row of the vectors that body(i, n) returns.
template <class Body>
HWY_INLINE float row_sum(size_t classes, Body body) {
  float out;
  row_sums<1>(&out, classes, [&](size_t i, size_t n, auto lanes, VF* sums) {
    sums[0] = hn::Add(sums[0], lanes.keep(body(i, n)));
  });
  return out;
}

// Cost of a row's pass with exponentials in nanoseconds, for parallel().
inline double softmax_work(size_t rows, size_t classes) {
  return static_cast<double>(rows) * (8.0 + 5.0 * static_cast<double>(classes) / kLanes);
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
