// Panels of an operand in the order the micro-kernel reads them: for each k the elements side by side.
#pragma once
#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// kN lanes: block b (4 lanes) is row[4b][k, k + 4).
template <size_t kN>
HWY_INLINE hn::Vec<hn::FixedTag<float, kN>> load_blocks(const float* const* row, size_t k) {
  constexpr hn::FixedTag<float, kN> kD;
  if constexpr (kN == 4) {
    return hn::LoadU(kD, row[0] + k);
  } else {
    return hn::Combine(kD, load_blocks<kN / 2>(row + kN / 2, k), load_blocks<kN / 2>(row, k));
  }
}

// kLanes rows of 4 elements become 4 vectors: rows 4b, ..., 4b + 3 lie in block b, so that transposing
// the 4 x 4 floats within each block transposes all of them.
HWY_INLINE void transpose_four(const float* const* row, size_t k, float* out, size_t width) {
  using D = hn::Repartition<double, F>;
  constexpr D kD;
  const VF r0 = load_blocks<kLanes>(row + 0, k), r1 = load_blocks<kLanes>(row + 1, k);
  const VF r2 = load_blocks<kLanes>(row + 2, k), r3 = load_blocks<kLanes>(row + 3, k);
  const auto low01 = hn::BitCast(kD, hn::InterleaveLower(kF, r0, r1));
  const auto low23 = hn::BitCast(kD, hn::InterleaveLower(kF, r2, r3));
  const auto high01 = hn::BitCast(kD, hn::InterleaveUpper(kF, r0, r1));
  const auto high23 = hn::BitCast(kD, hn::InterleaveUpper(kF, r2, r3));
  hn::StoreU(hn::BitCast(kF, hn::InterleaveLower(kD, low01, low23)), kF, out);
  hn::StoreU(hn::BitCast(kF, hn::InterleaveUpper(kD, low01, low23)), kF, out + width);
  hn::StoreU(hn::BitCast(kF, hn::InterleaveLower(kD, high01, high23)), kF, out + 2 * width);
  hn::StoreU(hn::BitCast(kF, hn::InterleaveUpper(kD, high01, high23)), kF, out + 3 * width);
}

// One vector's width of a panel: n <= kLanes rows that are contiguous along k. Lanes behind n repeat the
// last row: what is calculated from them is never stored.
HWY_INLINE void pack_transposed(const Operand& x, size_t n, size_t k, float* out, size_t width) {
  const float* row[kLanes];
  for (size_t i = 0; i < kLanes; ++i) row[i] = x.at(0, i < n ? i : n - 1);
  if (k < 4) {
    for (size_t j = 0; j < k; ++j) {
      for (size_t i = 0; i < kLanes; ++i) out[j * width + i] = row[i][j];
    }
    return;
  }
  size_t j = 0;
  for (; j + 4 <= k; j += 4) transpose_four(row, j, out + j * width, width);
  if (j < k) transpose_four(row, k - 4, out + (k - 4) * width, width);  // again over what is done
}

HWY_INLINE void pack_copied(const Operand& x, size_t n, size_t k, float* out, size_t width) {
  for (size_t j = 0; j < k; ++j) hn::StoreU(load(kF, x.at(j, 0), n), kF, out + j * width);
}

// Rows [i, i + n) and [k, k + depth) of x as a panel `width` wide, a multiple of kLanes, at least n.
inline void pack(const Operand& x, size_t k, size_t depth, size_t i, size_t n, float* out, size_t width) {
  for (size_t v = 0; v < n; v += kLanes) {
    const Operand part{x.at(k, i + v), x.k_stride, x.n_stride};
    if (x.n_stride == 1) {
      pack_copied(part, n - v, depth, out + v, width);
    } else {
      pack_transposed(part, n - v, depth, out + v, width);
    }
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
