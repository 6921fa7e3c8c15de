// Packs an operand into panels, the order in which the microkernel reads it: for each k the panel's elements side by side.
#pragma once
#include "kernels/gemm.h"
#include "kernels/transpose.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Packs one vector's width of a panel from n rows that are contiguous along k, of which at most kLanes are used. Lanes behind n repeat the last row; the
// results computed from them are never stored. Writes up to kPackSlack rows behind the panel's end.
constexpr size_t kPackSlack = kLanes - 1;
HWY_INLINE void pack_transposed(const Operand& x, size_t n, size_t k, float* out, size_t width) {
  const float* row[kLanes];
  for (size_t i = 0; i < kLanes; ++i) row[i] = x.at(0, i < n ? i : n - 1);
  for (size_t j = 0; j < k; j += kLanes) {
    transpose(row, k - j, out + j * width, width);
    for (const float*& r : row) r += kLanes;
  }
}

// Floats from one panel to the next. The extra row beyond `depth` keeps the panels from falling into the same sets of the L1 cache, because packing writes to
// all of them in turn.
HWY_INLINE size_t panel_floats(size_t depth, size_t width) { return (depth + 1) * width; }

// Packs rows [i0, i1) of x over [k0, k0 + depth) as panels of `width` rows, a multiple of kLanes. `out` needs kPackSlack * width floats behind the last panel.
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
  // The outer loop follows the rows in memory, which the hardware prefetches, not the panels.
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
