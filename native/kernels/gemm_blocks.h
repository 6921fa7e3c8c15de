// Blocks of a product: one thread packs, multiplies and finishes them, in float32 or with rounded operands.
#pragma once
#include <atomic>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Columns of B packed at a time: with kBlockK rows 512 KiB, half of a typical L2 cache.
constexpr size_t kBlockN = 512;
// Rows whose partial sums are kept in scratch, because they may not be added to C yet or because C's lines are shared with another thread: 2 MiB with kBlockN.
constexpr size_t kBlockM = 1024;
// A block of an operand that spans at most this many floats, 1 MiB, is read in place as fast as packed. The rows of a wider one fall into too few sets of the
// caches. (Rows of A that are contiguous along k are never packed: see copies_rows.)
constexpr size_t kInPlace = 1 << 18;
// Rows of A packed at a time: whole cache lines of a k-major A, 112 KiB with kBlockK columns.
constexpr size_t kGroupA = (8 * kTileRows + kLanes - 1) / kLanes * kLanes;
// Each panel of a packed B is read once for this many rows of A, a multiple of the tile's rows on every target. The L2 cache holds these rows if k has at most
// kPanelBlocks blocks. 32 and 256 rows through 784-512-512-10 take 0.95 and 0.96 of the time of an order whose outer loop is over A's tiles.
constexpr size_t kPanelRows = 84, kPanelBlocks = 4;
// The most floats of partial sums where threads divide k: 4 MiB.
constexpr size_t kMostPartialSums = size_t{1} << 20;
// The most floats of A that copies_rows copies: 16 MiB.
constexpr size_t kMostCopied = size_t{1} << 22;

HWY_INLINE size_t min_of(size_t x, size_t y) { return x < y ? x : y; }
HWY_INLINE size_t round_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

// Where column j of a packed B begins; j is a multiple of kTileColumns. The layout is that of pack_panels over all of k.
HWY_INLINE const float* packed_at(const Product& g, size_t k, size_t j) {
  return g.b.p + j / kTileColumns * panel_floats(g.k, kTileColumns) + k * kTileColumns;
}

struct Blocking {
  bool pack_a, pack_b, keep_sums, by_panels;
  size_t block_n;
  size_t parts;  // the number of bfloat16 parts whose sum stands for an operand; 0 for float32
};

HWY_INLINE Blocking blocking_of(const Product& g) {
  const size_t depth = min_of(g.k, kBlockK);
  Blocking blocking;
  blocking.pack_a = g.n > 2 * kTileColumns && g.a.n_stride == 1 && g.a.k_stride * depth >= kInPlace;
  blocking.pack_b = !g.packed && (g.b.n_stride != 1 || (!kMaskedLoads && g.n % kLanes != 0) ||
                                  (g.m > 3 * kTileRows && g.b.k_stride * depth >= kInPlace));
  blocking.keep_sums = (g.accumulate || g.c_stride % kConflictStride == 0) && g.k > kBlockK;
  blocking.by_panels = g.packed && g.precision == Precision::kHighest && g.k <= kPanelBlocks * kBlockK;
  blocking.block_n = g.m <= kTileRows || blocking.by_panels ? kTileColumns : kBlockN;
  blocking.parts = 0;
  if (g.precision != Precision::kHighest) {
    blocking.pack_a = blocking.pack_b = true;
    blocking.block_n = kBlockN;
    blocking.parts = g.precision == Precision::kHigh ? 2 : 1;
  }
  return blocking;
}

// Floats of a packed group of A, and of a part of a packed block of B.
constexpr size_t kPanelA = (kBlockK + 1 + kPackSlack) * kGroupA;
HWY_INLINE size_t part_of_b(const Product& g) {
  return (min_of(g.k, kBlockK) + 1 + kPackSlack) * min_of(kBlockN, round_up(g.n, kTileColumns));
}

// One thread's scratch memory; a pointer is null where the blocking does not need the memory.
struct Buffers {
  float* a;     // panels of kGroupA rows
  float* b;     // panels of kBlockN columns
  float* sums;  // of up to kBlockM rows and kBlockN columns
};

// The buffers of `count` threads; each thread takes the next. They are allocated before the threads begin, because a task cannot throw.
class AllBuffers {
 public:
  AllBuffers(const Product& g, const Blocking& blocking, size_t count) {
    if (blocking.pack_a) {
      size_.a = kPanelA * (blocking.parts == 2 ? 2 : 1);
      first_.a = scratch(Scratch::kPackA, count * size_.a);
    }
    if (blocking.pack_b) {
      size_.b = part_of_b(g) * (blocking.parts == 2 ? 2 : 1);
      first_.b = scratch(Scratch::kPackB, count * size_.b);
    }
    if (blocking.keep_sums) {
      size_.sums = min_of(g.m, kBlockM) * kBlockN;
      first_.sums = scratch(Scratch::kRows, count * size_.sums);
    }
  }
  Buffers next() {
    const size_t i = next_.fetch_add(1, std::memory_order_relaxed);
    return {first_.a + i * size_.a, first_.b + i * size_.b, first_.sums + i * size_.sums};
  }

 private:
  Buffers first_{};
  struct {
    size_t a, b, sums;
  } size_{};
  std::atomic<size_t> next_{0};
};

// Computes rows [i0, i1) and columns [j0, j1) of C, at most kBlockN columns, over one block of K.
HWY_NOINLINE void product_block(const Product& g, const Blocking& blocking, const Buffers& buffers, size_t i0, size_t i1,
                                size_t j0, size_t j1, size_t k0, size_t depth) {
  const bool first = k0 == 0, last = k0 + depth == g.k;
  if (blocking.pack_b) pack_panels(g.b, k0, depth, j0, j1, buffers.b, kTileColumns);
  const bool k_major = g.a.n_stride == 1;
  TileCall t;
  t.sums = nullptr;
  t.k = depth;
  t.relu = last && g.relu;
  t.accumulate = last && g.accumulate;
  t.a_stride = blocking.pack_a ? kGroupA : (k_major ? g.a.k_stride : g.a.n_stride);
  t.b_stride = blocking.pack_b || g.packed ? kTileColumns : g.b.k_stride;
  t.c_stride = last || !blocking.keep_sums ? g.c_stride : kBlockN;
  t.partial_stride = blocking.keep_sums ? kBlockN : g.c_stride;
  size_t packed = 0, packed_end = 0;
  for_tiles(i1 - i0, kTileRows, kTileRows, [&](size_t from, size_t height) __attribute__((always_inline)) {
    const size_t i = i0 + from;
    t.a = g.a.at(k0, i);
    if (blocking.pack_a) {
      if (i + height > packed_end) {
        packed = i;
        packed_end = min_of(i + kGroupA, i1);
        pack_panels(g.a, k0, depth, packed, packed_end, buffers.a, kGroupA);
      }
      t.a = buffers.a + (i - packed);
    }
    for (size_t j = j0; j < j1; j += kTileColumns) {
      const size_t width = min_of(kTileColumns, j1 - j);
      t.b = g.packed          ? packed_at(g, k0, j)
            : blocking.pack_b ? buffers.b + (j - j0) / kTileColumns * panel_floats(depth, kTileColumns)
                              : g.b.at(k0, j);
      float* const c = g.c + i * g.c_stride + j;
      float* const sums = blocking.keep_sums ? buffers.sums + (i - i0) * kBlockN + (j - j0) : c;
      t.partial = first ? nullptr : sums;
      t.c = last ? c : sums;
      t.bias = last && g.bias != nullptr ? g.bias + j : nullptr;
      t.gate = last && g.gate != nullptr ? g.gate + i * g.c_stride + j : nullptr;
      t.tail = width % kLanes;
      tile_kernel(height, (width + kLanes - 1) / kLanes, t.tail != 0, k_major)(t);
    }
  });
}

// Packs a block of B as panels of rounded numbers, with the low parts behind the high parts.
void pack_rounded_b(const Product& g, const Blocking& blocking, const Buffers& buffers, size_t j0, size_t j1, size_t k0, size_t depth) {
  if (!g.packed) pack_panels(g.b, k0, depth, j0, j1, buffers.b, kTileColumns);
  for (size_t j = j0; j < j1; j += kTileColumns) {
    float* const panel = buffers.b + (j - j0) / kTileColumns * panel_floats(depth, kTileColumns);
    const float* const from = g.packed ? packed_at(g, k0, j) : panel;
    if (blocking.parts == 2) {
      split_floats(from, depth * kTileColumns, panel, panel + part_of_b(g));
    } else {
      round_floats(from, depth * kTileColumns, panel);
    }
  }
}

// As product_block, with rounded operands.
HWY_NOINLINE void rounded_block(const Product& g, const Blocking& blocking, const Buffers& buffers, size_t i0, size_t i1, size_t j0, size_t j1, size_t k0,
                                size_t depth) {
  const bool first = k0 == 0, last = k0 + depth == g.k;
  pack_rounded_b(g, blocking, buffers, j0, j1, k0, depth);
  const size_t terms = blocking.parts == 2 ? 3 : 1, low_a = kPanelA, low_b = part_of_b(g);
  float aside[kTileRows * kTileColumns];
  TileCall t{};
  t.k = depth;
  t.a_stride = kGroupA;
  t.b_stride = kTileColumns;
  for (size_t group = i0; group < i1; group += kGroupA) {
    const size_t end = min_of(group + kGroupA, i1);
    pack_panels(g.a, k0, depth, group, end, buffers.a, kGroupA);
    if (blocking.parts == 2) {
      split_floats(buffers.a, depth * kGroupA, buffers.a, buffers.a + low_a);
    } else {
      round_floats(buffers.a, depth * kGroupA, buffers.a);
    }
    for_tiles(end - group, kTileRows, kTileRows, [&](size_t from, size_t height) __attribute__((always_inline)) {
      const size_t i = group + from;
      for (size_t j = j0; j < j1; j += kTileColumns) {
        const size_t width = min_of(kTileColumns, j1 - j);
        const float* const b = buffers.b + (j - j0) / kTileColumns * panel_floats(depth, kTileColumns);
        float* const c = g.c + i * g.c_stride + j;
        float* const sums = blocking.keep_sums ? buffers.sums + (i - i0) * kBlockN + (j - j0) : c;
        const size_t sums_stride = blocking.keep_sums ? kBlockN : g.c_stride;
        t.tail = width % kLanes;
        t.partial = first ? nullptr : sums;
        t.partial_stride = sums_stride;
        for (size_t term = 0; term < terms; ++term) {
          const bool of_block = term + 1 == terms, ends = of_block && last;
          t.a = buffers.a + from + (term == 2 ? low_a : 0);
          t.b = b + (term == 1 ? low_b : 0);
          t.c = ends ? c : (of_block ? sums : aside);
          t.c_stride = ends ? g.c_stride : (of_block ? sums_stride : kTileColumns);
          t.bias = ends && g.bias != nullptr ? g.bias + j : nullptr;
          t.gate = ends && g.gate != nullptr ? g.gate + i * g.c_stride + j : nullptr;
          t.relu = ends && g.relu;
          t.accumulate = ends && g.accumulate;
          tile_kernel(height, (width + kLanes - 1) / kLanes, t.tail != 0, true)(t);
          t.partial = aside;
          t.partial_stride = kTileColumns;
        }
      }
    });
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
