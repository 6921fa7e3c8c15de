// A product with one column, whose operands are contiguous along k: one dot product for each row, at the speed of the memory that holds A.
#include "kernels/gemm.h"
#include "kernels/transpose.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Accumulators of a row, each with its own vectors of k: enough to hide the latency of the additions.
constexpr size_t kChains = 4;
// Rows processed together, so that they share the loads of B.
constexpr size_t kRows = 4;
// The length in k after which the accumulators are added to the total and start again from zero.
constexpr size_t kDotBlock = 256 * kChains * kLanes;

// total[r] += row r's products over [k0, k0 + depth), summed lane by lane; depth <= kDotBlock.
HWY_INLINE void dot_block(const float* const* row, const float* b, size_t k0, size_t depth, VF* total) {
  VF sum[kRows * kChains];
  unroll<kRows * kChains>(SIMDNN_UNROLLED(i) { sum[i] = hn::Zero(kF); });
  const size_t end = k0 + depth;
  size_t k = k0;
  for (; k + kChains * kLanes <= end; k += kChains * kLanes) {
    unroll<kChains>(SIMDNN_UNROLLED(c) {
      const VF element = hn::LoadU(kF, b + k + c * kLanes);
      unroll<kRows>(SIMDNN_UNROLLED(r) {
        VF& s = sum[r * kChains + c];
        s = hn::MulAdd(hn::LoadU(kF, row[r] + k + c * kLanes), element, s);
      });
    });
  }
  unroll<kChains>(SIMDNN_UNROLLED(c) {
    if (k < end) {
      const VF element = load(kF, b + k, end - k);
      unroll<kRows>(SIMDNN_UNROLLED(r) {
        VF& s = sum[r * kChains + c];
        s = hn::MulAdd(load(kF, row[r] + k, end - k), element, s);
      });
      k += kLanes;
    }
  });
  unroll<kRows>(SIMDNN_UNROLLED(r) {
    const VF* const s = sum + r * kChains;
    total[r] = hn::Add(total[r], hn::Add(hn::Add(s[0], s[1]), hn::Add(s[2], s[3])));
  });
}

// Lane i of the result is the sum of the lanes of v[i], for kLanes vectors.
HWY_INLINE VF sums_of_lanes(const VF* v) {
  alignas(64) float rows[kLanes * kLanes], columns[kLanes * kLanes];
  const float* row[kLanes];
  for (size_t i = 0; i < kLanes; ++i) {
    row[i] = rows + i * kLanes;
    hn::Store(v[i], kF, rows + i * kLanes);
  }
  transpose(row, kLanes, columns, kLanes);
  VF sum[kLanes];
  for (size_t i = 0; i < kLanes; ++i) sum[i] = hn::Load(kF, columns + i * kLanes);
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) sum[i] = hn::Add(sum[i], sum[i + half]);
  }
  return sum[0];
}

}  // namespace

void multiply_column(const Product& g, size_t i0, size_t i1) {
  for (size_t i = i0; i < i1; i += kLanes) {
    const size_t n = i1 - i < kLanes ? i1 - i : kLanes;
    VF total[kLanes];
    for (size_t r = 0; r < kLanes; r += kRows) {
      const float* row[kRows];
      for (size_t s = 0; s < kRows; ++s) {
        total[r + s] = hn::Zero(kF);
        row[s] = g.a.at(0, i + (r + s < n ? r + s : n - 1));
      }
      if (r >= n) continue;
      for (size_t k = 0; k < g.k; k += kDotBlock) dot_block(row, g.b.p, k, g.k - k < kDotBlock ? g.k - k : kDotBlock, total + r);
    }
    VF sum = sums_of_lanes(total);
    float* const c = g.c + i;
    if (g.bias != nullptr) sum = hn::Add(sum, hn::Set(kF, *g.bias));
    if (g.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(kF)), sum);
    if (g.accumulate) sum = hn::Add(load(kF, c, n), sum);
    if (g.gate != nullptr) sum = hn::IfThenZeroElse(hn::Le(load(kF, g.gate + i, n), hn::Zero(kF)), sum);
    store(sum, kF, c, n);
  }
  if (g.epilogue != nullptr) g.epilogue(g, i0, i1, 0, 1);
}

}  // namespace simdnn::SIMDNN_ISA
