// A product with one row (GEMV): B is read once, at the speed of the memory that holds it.
#include "kernels/gemm.h"
#include "kernels/gemm_pack.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Columns whose sums stay in the L1 cache at a time; for a B whose rows are contiguous along n, one page of each row.
constexpr size_t kStrip = 1024;
// Rows of B that are added to the sums in one pass: each row is a stream that the hardware prefetches.
constexpr size_t kRowsAtOnce = 8;

// Continues the chains of sums[0, n) by kRows rows of B from k on.
template <size_t kRows>
HWY_INLINE void add_rows(const Product& g, size_t k, size_t j0, size_t n, float* sums) {
  const float* row[kRows];
  VF element[kRows];
  unroll<kRows>(SIMDNN_UNROLLED(r) {
    row[r] = g.b.at(k + r, j0);
    element[r] = hn::Set(kF, *g.a.at(k + r, 0));
  });
  const auto add = [&](size_t j, auto load_row) __attribute__((always_inline)) {
    VF sum = hn::Load(kF, sums + j);
    unroll<kRows>(SIMDNN_UNROLLED(r) { sum = hn::MulAdd(element[r], load_row(row[r] + j), sum); });
    hn::Store(sum, kF, sums + j);
  };
  size_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    add(j, [](const float* p) __attribute__((always_inline)) { return hn::LoadU(kF, p); });
  }
  if (j < n) add(j, [&](const float* p) __attribute__((always_inline)) { return load_tail(kF, p, n - j); });
}

// The chains of one block of K for columns [j0, j0 + n), n <= kStrip, of a B whose rows run along n.
HWY_INLINE void block_along_n(const Product& g, size_t k0, size_t depth, size_t j0, size_t n, float* sums) {
  for (size_t j = 0; j < n; j += kLanes) hn::Store(hn::Zero(kF), kF, sums + j);
  size_t k = 0;
  for (; k + kRowsAtOnce <= depth; k += kRowsAtOnce) add_rows<kRowsAtOnce>(g, k0 + k, j0, n, sums);
  for (; k < depth; ++k) add_rows<1>(g, k0 + k, j0, n, sums);
}

// The same for a B whose rows are contiguous along k. An output's sum is one chain, so kLanes outputs are computed side by side, one in each lane, with
// their rows transposed in registers. Two or three such groups at a time hide the latency of the chains.
//
// Reading whole squares of kLanes columns touches each cache line once. Reading four columns at a time touches it four times, so the line has to stay in the L1
// cache meanwhile. In microseconds, by squares (or tiles) and by fours: 1x784->512 44 and 30, but 1x1024->1024, whose rows share one set of that cache, 118
// (tiles) and 204.
constexpr size_t kStripAlongK = 2 * kLanes, kLastStripAlongK = 3 * kLanes;
// How many floats of a row ahead to prefetch, because the hardware does not follow this many streams (1x4096->4096: 4.0 ms without). Into the L2 cache, because rows a
// power of two apart share a set of the L1 cache.
constexpr size_t kAhead = 128;

template <size_t kGroups>
HWY_INLINE void groups_along_k(const Product& g, size_t k0, size_t depth, size_t j0, size_t n, float* sums) {
  alignas(64) float square[kLanes * kLanes];
  // Where the last group is not full it begins so much earlier that it is, and computes columns once more.
  const size_t end = j0 + n;
  const bool are_full = end >= kLanes;
  size_t first[kGroups];
  VF sum[kGroups];
  unroll<kGroups>(SIMDNN_UNROLLED(i) {
    first[i] = i + 1 == kGroups && are_full ? end - kLanes : j0 + i * kLanes;
    sum[i] = hn::Zero(kF);
  });
  size_t k = k0;
  if (are_full && g.b.n_stride % kConflictStride != 0) {
    RowsInBlocks rows[kGroups];
    unroll<kGroups>(SIMDNN_UNROLLED(i) { rows[i] = RowsInBlocks(g.b.at(k, first[i]), g.b.n_stride); });
    const float* a = g.a.at(k, 0);
    for (; k + 4 <= k0 + depth; k += 4, a += 4 * g.a.k_stride) {
      VF columns[kGroups][4];
      unroll<kGroups>(SIMDNN_UNROLLED(i) { rows[i].next_columns(columns[i]); });
      unroll<4>(SIMDNN_UNROLLED(c) {
        const VF element = hn::Set(kF, a[c * g.a.k_stride]);
        unroll<kGroups>(SIMDNN_UNROLLED(i) { sum[i] = hn::MulAdd(element, columns[i][c], sum[i]); });
      });
    }
  }
  for (; k < k0 + depth; k += kLanes) {
    const size_t left = k0 + depth - k < kLanes ? k0 + depth - k : kLanes;
    // near the end of these rows, prefetch the beginning of the next strip's rows
    const bool more = k + kAhead < g.k;
    const float* const ahead = more ? g.b.at(k + kAhead, 0) : g.b.at(k + kAhead - g.k, kStripAlongK);
    unroll<kGroups>(SIMDNN_UNROLLED(i) {
      const float* row[kLanes];
      for (size_t r = 0; r < kLanes; ++r) {
        const size_t column = first[i] + r < end ? first[i] + r : end - 1;
        row[r] = g.b.at(k, column);
        __builtin_prefetch(ahead + column * g.b.n_stride, 0, 2);
      }
      transpose(row, left, square, kLanes);
      for (size_t r = 0; r < left; ++r) sum[i] = hn::MulAdd(hn::Set(kF, *g.a.at(k + r, 0)), hn::Load(kF, square + r * kLanes), sum[i]);
    });
  }
  unroll<kGroups>(SIMDNN_UNROLLED(i) {
    hn::Store(sum[i], kF, square);
    const size_t skipped = j0 + i * kLanes - first[i];
    for (size_t r = skipped; r < kLanes; ++r) sums[i * kLanes + r - skipped] = square[r];
  });
}

HWY_INLINE void block_along_k(const Product& g, size_t k0, size_t depth, size_t j0, size_t n, float* sums) {
  if (n > 2 * kLanes) return groups_along_k<3>(g, k0, depth, j0, n, sums);
  if (n > kLanes) return groups_along_k<2>(g, k0, depth, j0, n, sums);
  groups_along_k<1>(g, k0, depth, j0, n, sums);
}

}  // namespace

void multiply_row(const Product& g, size_t j0, size_t j1) {
  alignas(64) float block[kStrip + kLanes], total[kStrip + kLanes];
  const size_t strip = g.b.n_stride == 1 ? kStrip : kStripAlongK, last = g.b.n_stride == 1 ? kStrip : kLastStripAlongK;
  for (size_t j = j0, n = 0; j < j1; j += n) {
    n = j1 - j <= last ? j1 - j : strip;
    size_t k = 0;
    do {
      const size_t depth = g.k - k < kBlockK ? g.k - k : kBlockK;
      float* const sums = k == 0 ? total : block;
      if (g.b.n_stride == 1) {
        block_along_n(g, k, depth, j, n, sums);
      } else {
        block_along_k(g, k, depth, j, n, sums);
      }
      if (k > 0) {
        for (size_t i = 0; i < n; i += kLanes) {
          hn::Store(hn::Add(hn::Load(kF, total + i), hn::Load(kF, block + i)), kF, total + i);
        }
      }
      k += depth;
    } while (k < g.k);
    for (size_t i = 0; i < n; i += kLanes) {
      VF sum = hn::Load(kF, total + i);
      float* const c = g.c + j + i;
      if (g.bias != nullptr) sum = hn::Add(sum, load(kF, g.bias + j + i, n - i));
      if (g.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(kF)), sum);
      if (g.accumulate) sum = hn::Add(load(kF, c, n - i), sum);
      if (g.gate != nullptr) sum = hn::IfThenZeroElse(hn::Le(load(kF, g.gate + j + i, n - i), hn::Zero(kF)), sum);
      store(sum, kF, c, n - i);
    }
  }
  if (g.epilogue != nullptr) g.epilogue(g, 0, 1, j0, j1);
}

}  // namespace simdnn::SIMDNN_ISA
