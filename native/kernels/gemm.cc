// The driver: divides C among threads, and each thread's part into blocks and tiles.
#include "kernels/gemm.h"

#include <atomic>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Columns of B packed at a time: with kBlockK 512 KiB, half of a usual second-level cache.
constexpr size_t kBlockN = 512;
// Rows whose partial sums are kept aside while they must not be added to C yet: 2 MiB with kBlockN.
constexpr size_t kBlockM = 1024;
constexpr size_t kPanelA = (kTileRows + kLanes - 1) / kLanes * kLanes;

struct Buffers {
  float* a;     // kBlockK * kPanelA
  float* b;     // kBlockK * kBlockN
  float* sums;  // kBlockM * kBlockN, null where not needed
};

HWY_INLINE size_t min_of(size_t x, size_t y) { return x < y ? x : y; }
HWY_INLINE size_t round_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

struct Plan {
  bool pack_a, pack_b;
  size_t block_n;
};

inline Plan plan_product(const Product& g, size_t rows, size_t columns) {
  const size_t tiles_m = (rows + kTileRows - 1) / kTileRows;
  Plan plan;
  plan.pack_b = g.b.n_stride != 1 || (!kMaskedLoads && columns % kLanes != 0) ||
                (tiles_m > 3 && g.b.k_stride * min_of(g.k, kBlockK) > 8192);
  plan.pack_a = g.a.n_stride != 1 ? columns > 4 * kTileColumns && g.k > 64
                                  : columns > 4 * kTileColumns && g.k > 64 && g.a.k_stride >= 512;
  plan.block_n = tiles_m == 1 ? kTileColumns : kBlockN;
  return plan;
}

// Rows [i0, i1) and columns [j0, j1) of C, at most kBlockN of them, over one block of K.
inline void product_block(const Product& g, const Plan& plan, const Buffers& buffers, size_t i0, size_t i1,
                          size_t j0, size_t j1, size_t k0, size_t depth) {
  const bool first = k0 == 0, last = k0 + depth == g.k;
  if (plan.pack_b) {
    for (size_t j = j0; j < j1; j += kTileColumns) {
      pack(g.b, k0, depth, j, min_of(kTileColumns, j1 - j), buffers.b + (j - j0) * depth, kTileColumns);
    }
  }
  TileCall t;
  t.k = depth;
  t.relu = last && g.relu;
  t.accumulate = last && g.accumulate;
  const size_t rows = i1 - i0, tiles = (rows + kTileRows - 1) / kTileRows;
  for (size_t tile_row = 0; tile_row < tiles; ++tile_row) {
    // Heights differ by one at most: a last tile of a row or two would wait for its few chains.
    const size_t i = i0 + rows * tile_row / tiles, height = i0 + rows * (tile_row + 1) / tiles - i;
    const bool k_major = plan.pack_a || g.a.n_stride == 1;
    if (plan.pack_a) {
      pack(g.a, k0, depth, i, height, buffers.a, kPanelA);
      t.a = buffers.a;
      t.a_stride = kPanelA;
    } else {
      t.a = g.a.at(k0, i);
      t.a_stride = k_major ? g.a.k_stride : g.a.n_stride;
    }
    for (size_t j = j0; j < j1; j += kTileColumns) {
      const size_t width = min_of(kTileColumns, j1 - j);
      t.b = plan.pack_b ? buffers.b + (j - j0) * depth : g.b.at(k0, j);
      t.b_stride = plan.pack_b ? kTileColumns : g.b.k_stride;
      float* c = g.c + i * g.c_stride + j;
      float* sums = buffers.sums == nullptr ? c : buffers.sums + (i - i0) * kBlockN + (j - j0);
      const size_t sums_stride = buffers.sums == nullptr ? g.c_stride : kBlockN;
      t.partial = first ? nullptr : sums;
      t.partial_stride = sums_stride;
      t.c = last ? c : sums;
      t.c_stride = last ? g.c_stride : sums_stride;
      t.bias = last && g.bias != nullptr ? g.bias + j : nullptr;
      t.tail = width % kLanes;
      tile_kernel(height, (width + kLanes - 1) / kLanes, t.tail != 0, k_major)(t);
    }
  }
}

inline void product_range(const Product& g, const Buffers& buffers, size_t i0, size_t i1, size_t j0, size_t j1) {
  const Plan plan = plan_product(g, i1 - i0, j1 - j0);
  const size_t block_m = buffers.sums == nullptr ? i1 - i0 : kBlockM;
  for (size_t j = j0; j < j1; j += plan.block_n) {
    for (size_t i = i0; i < i1; i += block_m) {
      size_t k = 0;
      do {
        const size_t depth = min_of(kBlockK, g.k - k);
        product_block(g, plan, buffers, i, min_of(i + block_m, i1), j, min_of(j + plan.block_n, j1), k, depth);
        k += depth;
      } while (k < g.k);
    }
  }
}

}  // namespace

void multiply(Run& run, const Product& g) {
  if (g.m == 0 || g.n == 0) return;
  const bool sums = g.accumulate && g.k > kBlockK;
  const size_t size_a = kBlockK * kPanelA, size_b = kBlockK * min_of(kBlockN, round_up(g.n, kTileColumns));
  const size_t size_sums = sums ? kBlockM * kBlockN : 0;
  const size_t slots = static_cast<size_t>(run.threads);
  float* const pack_a = scratch(Scratch::kPackA, slots * size_a);
  float* const pack_b = scratch(Scratch::kPackB, slots * size_b);
  float* const partial = sums ? scratch(Scratch::kRows, slots * size_sums) : nullptr;
  std::atomic<size_t> next_slot{0};
  const auto part = [&](size_t i0, size_t i1, size_t j0, size_t j1) {
    const size_t slot = next_slot.fetch_add(1, std::memory_order_relaxed);
    const Buffers buffers{pack_a + slot * size_a, pack_b + slot * size_b, sums ? partial + slot * size_sums : nullptr};
    product_range(g, buffers, i0, i1, j0, j1);
    if (g.finish != nullptr) g.finish(g, i0, i1, j0, j1);
  };
  // Nanoseconds at about 4 GHz and one MulAdd a cycle.
  const double work = static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k + 8) / (4 * kLanes);
  // Dividing columns packs no part of B twice; it takes enough of them to keep the tiles whole.
  if (g.n >= g.m || g.n >= 8 * kTileColumns * slots) {
    parallel(run, g.n, kTileColumns, work, [&](size_t j0, size_t j1) { part(0, g.m, j0, j1); });
  } else {
    parallel(run, g.m, kTileRows, work, [&](size_t i0, size_t i1) { part(i0, i1, 0, g.n); });
  }
}

}  // namespace simdnn::SIMDNN_ISA
