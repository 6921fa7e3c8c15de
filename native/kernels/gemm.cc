// The driver: divides C among threads, and each thread's part into blocks and tiles.
#include "kernels/gemm.h"

#include <atomic>
#include <cstring>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Columns of B packed at a time: with kBlockK 512 KiB, half of a usual second-level cache.
constexpr size_t kBlockN = 512;
// Rows whose partial sums are kept aside while they must not be added to C yet, or lie beside another thread's: 2 MiB with kBlockN.
constexpr size_t kBlockM = 1024;
// A block of an operand that lies within so many floats, 1 MiB, is read in place as fast as packed;
// beyond, its rows fall on too few sets of the caches. (Rows of A that are contiguous along k are not packed:
// copies_rows.)
constexpr size_t kInPlace = 1 << 18;
// Rows of A packed at a time: whole cache lines of a k-major A, 112 KiB with kBlockK.
constexpr size_t kGroupA = (8 * kTileRows + kLanes - 1) / kLanes * kLanes;
// Each panel of a packed B is read once for so many rows of A, in whole tiles on every target, which the second-level cache holds where k is at
// most so many blocks: 32 and 256 rows through 784-512-512-10 take 0.95 and 0.96 of the time that an order with A's tiles outside takes.
constexpr size_t kPanelRows = 84, kPanelBlocks = 4;
// Floats of partial sums where k is divided among threads: 4 MiB.
constexpr size_t kMostBlocks = size_t{1} << 20;
// Floats of A that are copied at most: 16 MiB.
constexpr size_t kMostCopied = size_t{1} << 22;

HWY_INLINE size_t min_of(size_t x, size_t y) { return x < y ? x : y; }
HWY_INLINE size_t round_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

// Column j, a multiple of kTileColumns, of B where it is packed: as pack_panels leaves all of k.
HWY_INLINE const float* packed_at(const Product& g, size_t k, size_t j) {
  return g.b.p + j / kTileColumns * panel_floats(g.k, kTileColumns) + k * kTileColumns;
}

struct Plan {
  bool pack_a, pack_b, keep_sums, by_panels;
  size_t block_n;
};

HWY_INLINE Plan plan_product(const Product& g) {
  const size_t depth = min_of(g.k, kBlockK);
  Plan plan;
  plan.pack_a = g.n > 2 * kTileColumns && g.a.n_stride == 1 && g.a.k_stride * depth >= kInPlace;
  plan.pack_b = g.packed ? false : g.b.n_stride != 1 || (!kMaskedLoads && g.n % kLanes != 0) ||
                (g.m > 3 * kTileRows && g.b.k_stride * depth >= kInPlace);
  plan.keep_sums = (g.accumulate || g.c_stride % kCrowded == 0) && g.k > kBlockK;
  plan.by_panels = g.packed && g.k <= kPanelBlocks * kBlockK;
  plan.block_n = g.m <= kTileRows || plan.by_panels ? kTileColumns : kBlockN;
  return plan;
}

// Scratch of one thread; null where the plan does without.
struct Buffers {
  float* a;     // panels of kGroupA rows
  float* b;     // panels of kBlockN columns
  float* sums;  // of up to kBlockM rows and kBlockN columns
};

// Those of `count` threads. Made before they begin, since a task cannot throw; each takes the next.
class AllBuffers {
 public:
  AllBuffers(const Product& g, const Plan& plan, size_t count) {
    if (plan.pack_a) {
      size_.a = (kBlockK + 1) * kGroupA;
      first_.a = scratch(Scratch::kPackA, count * size_.a);
    }
    if (plan.pack_b) {
      size_.b = (min_of(g.k, kBlockK) + 1 + kPackSlack) * min_of(kBlockN, round_up(g.n, kTileColumns));
      first_.b = scratch(Scratch::kPackB, count * size_.b);
    }
    if (plan.keep_sums) {
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

// Rows [i0, i1) and columns [j0, j1) of C, at most kBlockN of them, over one block of K.
HWY_NOINLINE void product_block(const Product& g, const Plan& plan, const Buffers& buffers, size_t i0, size_t i1,
                                size_t j0, size_t j1, size_t k0, size_t depth) {
  const bool first = k0 == 0, last = k0 + depth == g.k;
  if (plan.pack_b) pack_panels(g.b, k0, depth, j0, j1, buffers.b, kTileColumns);
  const bool k_major = g.a.n_stride == 1;
  TileCall t;
  t.sums = nullptr;
  t.k = depth;
  t.relu = last && g.relu;
  t.accumulate = last && g.accumulate;
  t.a_stride = plan.pack_a ? kGroupA : k_major ? g.a.k_stride : g.a.n_stride;
  t.b_stride = plan.pack_b || g.packed ? kTileColumns : g.b.k_stride;
  t.c_stride = last || !plan.keep_sums ? g.c_stride : kBlockN;
  t.partial_stride = plan.keep_sums ? kBlockN : g.c_stride;
  size_t packed = 0, packed_end = 0;
  for_tiles(i1 - i0, kTileRows, kTileRows, [&](size_t from, size_t height) __attribute__((always_inline)) {
    const size_t i = i0 + from;
    t.a = g.a.at(k0, i);
    if (plan.pack_a) {
      if (i + height > packed_end) {
        packed = i;
        packed_end = min_of(i + kGroupA, i1);
        pack_panels(g.a, k0, depth, packed, packed_end, buffers.a, kGroupA);
      }
      t.a = buffers.a + (i - packed);
    }
    for (size_t j = j0; j < j1; j += kTileColumns) {
      const size_t width = min_of(kTileColumns, j1 - j);
      t.b = g.packed      ? packed_at(g, k0, j)
            : plan.pack_b ? buffers.b + (j - j0) / kTileColumns * panel_floats(depth, kTileColumns)
                          : g.b.at(k0, j);
      float* const c = g.c + i * g.c_stride + j;
      float* const sums = plan.keep_sums ? buffers.sums + (i - i0) * kBlockN + (j - j0) : c;
      t.partial = first ? nullptr : sums;
      t.c = last ? c : sums;
      t.bias = last && g.bias != nullptr ? g.bias + j : nullptr;
      t.gate = last && g.gate != nullptr ? g.gate + i * g.c_stride + j : nullptr;
      t.tail = width % kLanes;
      tile_kernel(height, (width + kLanes - 1) / kLanes, t.tail != 0, k_major)(t);
    }
  });
}

// Nanoseconds at about 4 GHz and one MulAdd a cycle.
HWY_INLINE double work_of(const Product& g) {
  return static_cast<double>(g.m * g.n) * static_cast<double>(g.k + 8) / (4 * kLanes);
}

// Whether `threads` best divide the rows of C. To divide columns packs no part of B twice; it takes enough of them to keep the tiles whole.
HWY_INLINE bool divides_rows(size_t rows, size_t columns, size_t threads) {
  return columns < rows && columns < 8 * kTileColumns * threads;
}

HWY_INLINE bool is_small(const Product& g, const Plan& plan) {
  return g.k <= kBlockK && !plan.pack_a && !plan.pack_b && work_of(g) < kParallelWork;
}

// A small product, by one thread: the choices of multiply and product_block cost 90 cycles.
void product_at_once(const Product& g) {
  const bool k_major = g.a.n_stride == 1;
  TileCall t;
  t.k = g.k;
  t.relu = g.relu;
  t.accumulate = g.accumulate;
  t.a_stride = k_major ? g.a.k_stride : g.a.n_stride;
  t.b_stride = g.packed ? kTileColumns : g.b.k_stride;
  t.c_stride = g.c_stride;
  t.partial = nullptr;
  for_tiles(g.m, kSmallTileRows, kMostSmallTileRows, [&](size_t i, size_t height) __attribute__((always_inline)) {
    t.a = g.a.p + i * g.a.n_stride;
    for (size_t j = 0; j < g.n; j += kTileColumns) {
      const size_t width = min_of(kTileColumns, g.n - j);
      t.b = g.packed ? packed_at(g, 0, j) : g.b.p + j;
      t.c = g.c + i * g.c_stride + j;
      t.bias = g.bias == nullptr ? nullptr : g.bias + j;
      t.gate = g.gate == nullptr ? nullptr : g.gate + i * g.c_stride + j;
      t.sums = g.sums != nullptr && j + width == g.n ? g.sums + i : nullptr;
      t.tail = width % kLanes;
      tile_kernel(height, (width + kLanes - 1) / kLanes, t.tail != 0, k_major)(t);
    }
  });
  if (g.finish != nullptr) g.finish(g, 0, g.m, 0, g.n);
}

HWY_NOINLINE void product_part(const Product& g, const Plan& plan, const Buffers& buffers, size_t i0, size_t i1,
                               size_t j0, size_t j1) {
  const auto block = [&](size_t i, size_t block_m, size_t j) __attribute__((always_inline)) {
    size_t k = 0;
    do {
      const size_t depth = min_of(kBlockK, g.k - k);
      product_block(g, plan, buffers, i, min_of(i + block_m, i1), j, min_of(j + plan.block_n, j1), k, depth);
      k += depth;
    } while (k < g.k);
  };
  if (plan.by_panels) {
    for (size_t i = i0; i < i1; i += kPanelRows) {
      for (size_t j = j0; j < j1; j += plan.block_n) block(i, kPanelRows, j);
    }
  } else {
    const size_t block_m = plan.keep_sums ? kBlockM : i1 - i0;
    for (size_t j = j0; j < j1; j += plan.block_n) {
      for (size_t i = i0; i < i1; i += block_m) block(i, block_m, j);
    }
  }
  if (g.finish != nullptr) g.finish(g, i0, i1, j0, j1);
}

// The sums of each block of k by themselves, each thread those of its own blocks, then added in order: the bits are those of one thread.
// A thread so finds in its cache the rows that it made itself when the layer's other products were divided by rows. And a line that two cores
// have read makes the next store to it wait for the other: 8 ns a line where they share no cache. Two threads on such cores took 0.86 of a
// step's time in tabular (dweight, and with it dbias), on cores that share a cache 1.00.
HWY_NOINLINE void product_of_blocks(Run& run, const Product& g) {
  const size_t blocks = (g.k + kBlockK - 1) / kBlockK, size = g.m * g.n;
  float* const partial = scratch(Scratch::kBlocks, blocks * size);
  Product of_block = g;
  of_block.accumulate = false;
  of_block.c_stride = g.n;
  of_block.k = kBlockK;
  const Plan plan = plan_product(of_block);
  AllBuffers buffers(of_block, plan, static_cast<size_t>(run.threads));
  parallel(run, blocks, 1, work_of(g), [&](size_t begin, size_t end) {
    const Buffers own = buffers.next();
    Product p = of_block;
    for (size_t block = begin; block < end; ++block) {
      const size_t k0 = block * kBlockK;
      p.k = min_of(kBlockK, g.k - k0);
      p.a.p = g.a.at(k0, 0);
      p.b.p = g.b.at(k0, 0);
      p.c = partial + block * size;
      product_part(p, plan, own, 0, p.m, 0, p.n);
    }
  });
  parallel(run, g.m, 1, static_cast<double>(blocks * size) / (2 * kLanes), [&](size_t i0, size_t i1) {
    for (size_t i = i0; i < i1; ++i) {
      for (size_t j = 0; j < g.n; j += kLanes) {
        const float* const from = partial + i * g.n + j;
        float* const to = g.c + i * g.c_stride + j;
        const size_t n = g.n - j;
        VF sum = load(kF, from, n);
        for (size_t block = 1; block < blocks; ++block) sum = hn::Add(load(kF, from + block * size, n), sum);
        if (g.accumulate) sum = hn::Add(load(kF, to, n), sum);
        store(sum, kF, to, n);
      }
    }
  });
}

// True where gemv.cc beats the tiles. For a B whose rows run along n that is as soon as its columns are more than
// two tiles' (1x4096->4096, dX: 1.8 ms, by tiles 8.4; 1x784->512: 19 us and 22). For rows along k: from 2,048 weights
// (1x64->32: 0.16 us, by tiles 0.22; 1x784->512: 30 and 44), but where they crowd the L1 cache only if A's tiles would have
// one column or B comes from memory (1x1024->1024 by tiles 118 us; 1x4096->4096: 4.5 ms, as a row 3.5).
HWY_INLINE bool is_row(const Product& g) {
  if (g.m != 1) return false;
  if (g.b.n_stride == 1) return g.n > 2 * kTileColumns;
  return g.n * g.k >= (g.b.n_stride % kCrowded != 0 ? 2048 : size_t{1} << 22);
}

// Nanoseconds to read `floats` at 32 GB/s, a last-level cache's.
HWY_INLINE double reading(size_t floats) { return static_cast<double>(floats) / 8; }

void product_of_row(Run& run, const Product& g) {
  parallel(run, g.n, kTileColumns, reading(g.n * g.k), [&](size_t j0, size_t j1) { multiply_row(g, j0, j1); });
}

void product_of_column(Run& run, const Product& g) {
  parallel(run, g.m, kLanes, reading(g.m * g.k), [&](size_t i0, size_t i1) { multiply_column(g, i0, i1); });
}

// Rows of A that all begin at the same place of a page fall on few sets of the caches: a block of 256 rows then has just as many lines as these sets
// hold, where nothing else is read. Moved apart by a cache line, forward products of such layers take 0.94 to 0.97 of their time, dX 0.94 to 1;
// with C's partial sums (plan_product) 0.92 to 0.95. It takes a block of columns to be worth it.
HWY_INLINE bool copies_rows(const Product& g) {
  return g.a.k_stride == 1 && g.a.n_stride % kCrowded == 0 && g.k > 0 && g.m > 3 * kTileRows && g.n > kBlockN && g.m * g.k <= kMostCopied;
}

HWY_NOINLINE void multiply_copied(Run& run, const Product& g) {
  const size_t stride = round_up(g.k, kCrowded) + kLine;
  float* const rows = scratch(Scratch::kCopyA, g.m * stride);
  parallel(run, g.m, kTileRows, reading(g.m * g.k), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) std::memcpy(rows + i * stride, g.a.at(0, i), g.k * sizeof(float));
  });
  Product moved = g;
  moved.a = {rows, 1, stride};
  multiply(run, moved);
}

}  // namespace

bool sums_fit(const Product& g) {
  return kMaskedLoads && g.n % kLanes != 0 && g.m > 1 && g.n > 1 && is_small(g, plan_product(g));
}

bool divides_depth(size_t k, size_t m, size_t n, size_t threads) {
  const size_t blocks = (k + kBlockK - 1) / kBlockK, longest = (blocks + threads - 1) / threads * kBlockK;
  return threads > 1 && blocks > 1 && divides_rows(k, m, threads) && divides_rows(k, n, threads) && longest * threads * 9 <= k * 10 &&
         blocks * m * n <= kMostBlocks;
}

void pack_operand(const Operand& b, size_t n, size_t k, float* out) { pack_panels(b, 0, k, 0, n, out, kTileColumns); }

void multiply(Run& run, const Product& g) {
  if (g.m == 0 || g.n == 0) return;
  if (copies_rows(g)) return multiply_copied(run, g);
  if (!g.packed && g.n == 1 && g.c_stride == 1 && g.a.k_stride == 1 && g.b.k_stride == 1) return product_of_column(run, g);
  if (!g.packed && is_row(g)) return product_of_row(run, g);
  if (!g.packed && g.n == 1 && g.c_stride == 1) {  // of a k-major A, one column is the transposed product's row, in the same memory
    Product row = g;
    row.a = g.b;
    row.b = g.a;
    row.m = 1;
    row.n = g.m;
    if (is_row(row)) return product_of_row(run, row);
  }
  Plan plan = plan_product(g);
  const double work = work_of(g);
  const size_t parts = threads_for(run, work);
  if (is_small(g, plan) && (parts == 1 || g.sums != nullptr)) return product_at_once(g);
  const bool ends_with_sum = g.bias == nullptr && g.gate == nullptr && !g.relu && g.finish == nullptr;
  if (g.a.n_stride == 1 && !g.packed && ends_with_sum && divides_depth(g.k, g.m, g.n, parts)) return product_of_blocks(run, g);
  const bool by_rows = divides_rows(g.m, g.n, parts);
  // A core that reads partial sums in its part of C's rows fetches ahead into the other's, which then has to take the lines back. Forward
  // products of two threads on cores that share no cache: 128x784->512 280 us instead of 320.
  if (parts > 1 && !by_rows) plan.keep_sums = g.k > kBlockK;
  AllBuffers buffers(g, plan, parts);
  const auto part = [&](size_t i0, size_t i1, size_t j0, size_t j1) { product_part(g, plan, buffers.next(), i0, i1, j0, j1); };
  if (parts == 1) return part(0, g.m, 0, g.n);
  if (by_rows) {
    parallel(run, g.m, kTileRows, work, [&](size_t i0, size_t i1) { part(i0, i1, 0, g.n); });
  } else {
    parallel(run, g.n, kTileColumns, work, [&](size_t j0, size_t j1) { part(0, g.m, j0, j1); });
  }
}

}  // namespace simdnn::SIMDNN_ISA
