// Panels of an operand in the order the micro-kernel reads them: for each k the elements side by side.
#pragma once
#include "kernels/gemm.h"
#include "kernels/simd.h"
#include "kernels/unroll.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Transposes the 4 x 4 floats within each 128-bit block of four vectors.
HWY_INLINE void transpose_in_blocks(VF& r0, VF& r1, VF& r2, VF& r3) {
  constexpr hn::Repartition<double, F> kD;
  const auto low01 = hn::BitCast(kD, hn::InterleaveLower(kF, r0, r1));
  const auto low23 = hn::BitCast(kD, hn::InterleaveLower(kF, r2, r3));
  const auto high01 = hn::BitCast(kD, hn::InterleaveUpper(kF, r0, r1));
  const auto high23 = hn::BitCast(kD, hn::InterleaveUpper(kF, r2, r3));
  r0 = hn::BitCast(kF, hn::InterleaveLower(kD, low01, low23));
  r1 = hn::BitCast(kF, hn::InterleaveUpper(kD, low01, low23));
  r2 = hn::BitCast(kF, hn::InterleaveLower(kD, high01, high23));
  r3 = hn::BitCast(kF, hn::InterleaveUpper(kD, high01, high23));
}

// out[j * width + i] = row[i][j] for i, j < kLanes; of each row `n` elements are read. In registers, each
// row read once: rows a power of two apart share a set of the L1 cache, which does not hold kLanes lines.
HWY_INLINE void transpose(const float* const* row, size_t n, float* out, size_t width) {
  constexpr size_t kBlocks = kLanes / 4;
  VF v[kLanes];
  unroll<kLanes>(SIMDNN_UNROLLED(i) { v[i] = load(kF, row[i], n); });
  unroll<kBlocks>(SIMDNN_UNROLLED(b) {
    transpose_in_blocks(v[4 * b], v[4 * b + 1], v[4 * b + 2], v[4 * b + 3]);
  });
  // Block b of v[4g + c] is now rows 4g, ..., 4g + 3 of column 4b + c: transpose the blocks.
  unroll<4>(SIMDNN_UNROLLED(c) {
    const auto put = [&](size_t b, VF column) __attribute__((always_inline)) {
      hn::StoreU(column, kF, out + (4 * b + c) * width);
    };
    if constexpr (kBlocks == 1) {
      put(0, v[c]);
    } else if constexpr (kBlocks == 2) {
      put(0, hn::ConcatLowerLower(kF, v[4 + c], v[c]));
      put(1, hn::ConcatUpperUpper(kF, v[4 + c], v[c]));
    } else {
      static_assert(kBlocks == 4, "vectors of up to 512 bits");
      const VF low02 = hn::ConcatLowerLower(kF, v[8 + c], v[c]), high02 = hn::ConcatUpperUpper(kF, v[8 + c], v[c]);
      const VF low13 = hn::ConcatLowerLower(kF, v[12 + c], v[4 + c]);
      const VF high13 = hn::ConcatUpperUpper(kF, v[12 + c], v[4 + c]);
      put(0, hn::OddEvenBlocks(hn::SwapAdjacentBlocks(low13), low02));
      put(1, hn::OddEvenBlocks(low13, hn::SwapAdjacentBlocks(low02)));
      put(2, hn::OddEvenBlocks(hn::SwapAdjacentBlocks(high13), high02));
      put(3, hn::OddEvenBlocks(high13, hn::SwapAdjacentBlocks(high02)));
    }
  });
}

// One vector's width of a panel: n rows, at most kLanes of them used, that are contiguous along k. Lanes
// behind n repeat the last row: what is calculated from them is never stored. Writes up to kPackSlack
// rows of the panel too many.
constexpr size_t kPackSlack = kLanes - 1;
HWY_INLINE void pack_transposed(const Operand& x, size_t n, size_t k, float* out, size_t width) {
  const float* row[kLanes];
  for (size_t i = 0; i < kLanes; ++i) row[i] = x.at(0, i < n ? i : n - 1);
  for (size_t j = 0; j < k; j += kLanes) {
    transpose(row, k - j, out + j * width, width);
    for (const float*& r : row) r += kLanes;
  }
}

// Floats from one panel to the next. The row more than `depth` keeps panels off the same sets of the L1
// cache, so that copying can write to all of them in turn.
HWY_INLINE size_t panel_floats(size_t depth, size_t width) { return (depth + 1) * width; }

// Rows [i0, i1) of x over [k0, k0 + depth) as panels of `width` rows, a multiple of kLanes. `out` has
// kPackSlack * width floats behind the last panel.
inline void pack_panels(const Operand& x, size_t k0, size_t depth, size_t i0, size_t i1, float* out, size_t width) {
  const size_t panel = panel_floats(depth, width);
  if (x.n_stride != 1) {
    for (size_t i = i0; i < i1; i += kLanes) {
      const Operand part{x.at(k0, i), x.k_stride, x.n_stride};
      const size_t at = i - i0;
      pack_transposed(part, i1 - i, depth, out + at / width * panel + at % width, width);
    }
    return;
  }
  // Along the rows of memory, which the hardware prefetches, not panel by panel.
  for (size_t k = 0; k < depth; ++k) {
    const float* row = x.at(k0 + k, i0);
    float* to = out + k * width;
    for (size_t left = i1 - i0; left > 0; to += panel) {
      const size_t n = left < width ? left : width;
      for (size_t i = 0; i < n; i += kLanes) hn::StoreU(load(kF, row + i, n - i), kF, to + i);
      row += n;
      left -= n;
    }
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
