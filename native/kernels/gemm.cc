// The GEMM driver: divides C among threads, and each thread's part into blocks and tiles.
#include "kernels/gemm.h"

#include <cstring>

#include "kernels/gemm_blocks.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// An estimate of the product's time in nanoseconds, at 4 GHz and one MulAdd a cycle.
HWY_INLINE double work_of(const Product& g) {
  return static_cast<double>(g.m * g.n) * static_cast<double>(g.k + 8) / (4 * kLanes);
}

// Whether threads should divide the rows of C rather than its columns. Dividing the columns packs no part of B twice, but needs enough columns to keep the tiles
// whole.
HWY_INLINE bool divides_rows(size_t rows, size_t columns, size_t threads) {
  return columns < rows && columns < 8 * kTileColumns * threads;
}

HWY_INLINE bool is_small(const Product& g, const Blocking& blocking) {
  return g.k <= kBlockK && !blocking.pack_a && !blocking.pack_b && work_of(g) < kParallelWork;
}

// A small product on one thread, without the choices of multiply and product_block, which cost 90 cycles.
void small_product(const Product& g) {
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
  if (g.epilogue != nullptr) g.epilogue(g, 0, g.m, 0, g.n);
}

HWY_NOINLINE void product_part(const Product& g, const Blocking& blocking, const Buffers& buffers, size_t i0, size_t i1,
                               size_t j0, size_t j1) {
  const auto of_k = blocking.parts > 0 ? rounded_block : product_block;
  const auto block = [&](size_t i, size_t block_m, size_t j) __attribute__((always_inline)) {
    size_t k = 0;
    do {
      const size_t depth = min_of(kBlockK, g.k - k);
      of_k(g, blocking, buffers, i, min_of(i + block_m, i1), j, min_of(j + blocking.block_n, j1), k, depth);
      k += depth;
    } while (k < g.k);
  };
  if (blocking.by_panels) {
    for (size_t i = i0; i < i1;) {  // each of these blocks reads all of B, so the last one has at least half of kPanelRows unless it is the only one
      const size_t left = i1 - i, rows = left < kPanelRows + kPanelRows / 2 ? left : kPanelRows;
      for (size_t j = j0; j < j1; j += blocking.block_n) block(i, rows, j);
      i += rows;
    }
  } else {
    const size_t block_m = blocking.keep_sums ? kBlockM : i1 - i0;
    for (size_t j = j0; j < j1; j += blocking.block_n) {
      for (size_t i = i0; i < i1; i += block_m) block(i, block_m, j);
    }
  }
  if (g.epilogue != nullptr) g.epilogue(g, i0, i1, j0, j1);
}

// Split-K: each thread computes the partial sums of its own blocks of k, which are then added in order, so the bits are those of one thread.
// Each thread then finds in its own cache the rows that it wrote when the layer's other products were divided by rows. Also, a store to a line that two cores
// have read has to wait for the other core: 8 ns a line where they share no cache. On such cores two threads took 0.86 of the time of a step of the tabular
// benchmark (in dweight and, with it, dbias); on cores that share a cache 1.00.
HWY_NOINLINE void split_k_product(Run& run, const Product& g) {
  const size_t blocks = (g.k + kBlockK - 1) / kBlockK, size = g.m * g.n;
  float* const partial = scratch(Scratch::kBlocks, blocks * size);
  Product of_block = g;
  of_block.accumulate = false;
  of_block.c_stride = g.n;
  of_block.k = kBlockK;
  const Blocking blocking = blocking_of(of_block);
  AllBuffers buffers(of_block, blocking, static_cast<size_t>(run.threads));
  parallel(run, blocks, 1, work_of(g), [&](size_t begin, size_t end) {
    const Buffers own = buffers.next();
    Product p = of_block;
    for (size_t block = begin; block < end; ++block) {
      const size_t k0 = block * kBlockK;
      p.k = min_of(kBlockK, g.k - k0);
      p.a.p = g.a.at(k0, 0);
      p.b.p = g.b.at(k0, 0);
      p.c = partial + block * size;
      product_part(p, blocking, own, 0, p.m, 0, p.n);
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

// Whether a product with one row goes to gemv.cc, because that is faster than tiles. Where B's rows are contiguous along n, gemv is faster from more columns than
// two tiles have (1x4096->4096, dX: 1.8 ms, with tiles 8.4; 1x784->512: 19 us and 22). Where they run along k, it is faster from 2,048 weights on (1x64->32:
// 0.16 us, with tiles 0.22; 1x784->512: 30 and 44). Where they also have cache-set conflicts, it is faster only if B comes from memory (1x1024->1024 with tiles:
// 118 us; 1x4096->4096: 3.5 ms, with tiles 4.5).
HWY_INLINE bool is_row(const Product& g) {
  if (g.m != 1) return false;
  if (g.b.n_stride == 1) return g.n > 2 * kTileColumns;
  return g.n * g.k >= (g.b.n_stride % kConflictStride != 0 ? 2048 : size_t{1} << 22);
}

// Nanoseconds to read `floats` at 32 GB/s, the bandwidth of a last-level cache.
HWY_INLINE double reading(size_t floats) { return static_cast<double>(floats) / 8; }

void product_of_row(Run& run, const Product& g) {
  parallel(run, g.n, kTileColumns, reading(g.n * g.k), [&](size_t j0, size_t j1) { multiply_row(g, j0, j1); });
}

void product_of_column(Run& run, const Product& g) {
  parallel(run, g.m, kLanes, reading(g.m * g.k), [&](size_t i0, size_t i1) { multiply_column(g, i0, i1); });
}

// Whether a product with k = 1 goes to outer_product.cc. A smaller one is a small product, which can have `sums`.
HWY_INLINE bool is_outer(const Product& g) {
  const bool is_plain = g.bias == nullptr && g.gate == nullptr && !g.relu && g.epilogue == nullptr && !g.packed;
  return g.k == 1 && is_plain && g.b.n_stride == 1 && g.n >= 2 * kTileColumns && g.m * g.n >= 2048;
}

void outer_product(Run& run, const Product& g) {
  parallel(run, g.m, 1, reading(g.m * g.n), [&](size_t i0, size_t i1) { multiply_outer(g, i0, i1); });
}

// Whether to copy A so that its rows no longer all begin at the same offset in a page. Such rows fall into few sets of the caches: the lines of a block of 256
// rows just fill these sets if nothing else is read. With the rows moved apart by a cache line, forward products of such layers take 0.94 to 0.97 of their
// time and dX 0.94 to 1; together with C's partial sums (blocking_of) 0.92 to 0.95. The copy pays only with a block of columns or more.
HWY_INLINE bool copies_rows(const Product& g) {
  return g.a.k_stride == 1 && g.a.n_stride % kConflictStride == 0 && g.k > 0 && g.m > 3 * kTileRows && g.n > kBlockN && g.m * g.k <= kMostCopied;
}

HWY_NOINLINE void multiply_copied(Run& run, const Product& g) {
  const size_t stride = round_up(g.k, kConflictStride) + kLine;
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
  return kMaskedLoads && g.n % kLanes != 0 && g.m > 1 && g.n > 1 && !is_outer(g) && is_small(g, blocking_of(g));
}

bool splits_k(size_t k, size_t m, size_t n, size_t threads) {
  const size_t blocks = (k + kBlockK - 1) / kBlockK, longest = (blocks + threads - 1) / threads * kBlockK;
  return threads > 1 && blocks > 1 && divides_rows(k, m, threads) && divides_rows(k, n, threads) && longest * threads * 9 <= k * 10 &&
         blocks * m * n <= kMostPartialSums;
}

void pack_operand(const Operand& b, size_t n, size_t k, float* out) { pack_panels(b, 0, k, 0, n, out, kTileColumns); }

void multiply(Run& run, const Product& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.precision == Precision::kHighest) {
    if (copies_rows(g)) return multiply_copied(run, g);
    if (!g.packed && g.n == 1 && g.c_stride == 1 && g.a.k_stride == 1 && g.b.k_stride == 1) return product_of_column(run, g);
    if (!g.packed && is_row(g)) return product_of_row(run, g);
    if (is_outer(g)) return outer_product(run, g);
    if (!g.packed && g.n == 1 && g.c_stride == 1) {  // one column of a k-major A is a product with one row, transposed, in the same memory
      Product row = g;
      row.a = g.b;
      row.b = g.a;
      row.m = 1;
      row.n = g.m;
      if (is_row(row)) return product_of_row(run, row);
    }
  }
  if (g.precision != Precision::kHighest && run.unit != nullptr) return multiply_pairs(run, g);
  Blocking blocking = blocking_of(g);
  const double work = work_of(g);
  const size_t parts = threads_for(run, work);
  if (is_small(g, blocking) && (parts == 1 || g.sums != nullptr)) return small_product(g);
  // Where operands are split into two bfloat16 parts, a block's chains continue those of the block before, so that no thread can begin in the middle of k.
  const bool ends_with_sum = blocking.parts < 2 && g.bias == nullptr && g.gate == nullptr && !g.relu && g.epilogue == nullptr;
  if (g.a.n_stride == 1 && !g.packed && ends_with_sum && splits_k(g.k, g.m, g.n, parts)) return split_k_product(run, g);
  const bool by_rows = divides_rows(g.m, g.n, parts);
  // A core that reads partial sums from its part of C's rows also prefetches lines of the other core's part, which then has to take them back. So partial sums
  // are kept apart: 128x784->512 with two threads on cores that share no cache takes 280 us instead of 320.
  if (parts > 1 && !by_rows) blocking.keep_sums = g.k > kBlockK;
  AllBuffers buffers(g, blocking, parts);
  const auto part = [&](size_t i0, size_t i1, size_t j0, size_t j1) { product_part(g, blocking, buffers.next(), i0, i1, j0, j1); };
  if (parts == 1) return part(0, g.m, 0, g.n);
  if (by_rows) {
    parallel(run, g.m, kTileRows, work, [&](size_t i0, size_t i1) { part(i0, i1, 0, g.n); });
  } else {
    parallel(run, g.n, kTileColumns, work, [&](size_t j0, size_t j1) { part(0, g.m, j0, j1); });
  }
}

}  // namespace simdnn::SIMDNN_ISA
