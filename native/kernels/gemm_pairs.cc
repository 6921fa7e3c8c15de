// Products of rounded operands by a unit for bfloat16 pairs.
#include "kernels/gemm.h"

#include <atomic>
#include <cstring>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/pair_pack.h"
#include "kernels/past_caches.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The operand with fewer vectors, up to kPairKept of them, is packed for a block of k and stays in the L2 cache: 256 KiB for each part of its numbers. The other one
// passes: kPairGroup of its vectors are packed and at once multiplied by all that stay.
constexpr size_t kPairKept = 512, kPairGroup = 4 * kPairPanel;
// Floats of the sums that go on from one block of k to the next: 256 KiB.
constexpr size_t kPairSums = size_t{1} << 16;
// The most numbers of the operand that stays which are packed for all blocks of k at once, to be read again by each part of the other: 4 MiB for each part of them.
constexpr size_t kMostKept = size_t{1} << 21;

HWY_INLINE size_t min_of(size_t x, size_t y) { return x < y ? x : y; }
HWY_INLINE size_t panels_of(size_t vectors) { return (vectors + kPairPanel - 1) / kPairPanel; }

// Blocks of k are alike and of about 256 numbers: each reads and writes all sums, and a panel of one and its partner fill the L1 cache.
// 784 = 288 + 288 + 208: three blocks instead of four take 0.92 of the time of 256x784->512.
HWY_INLINE size_t blocks_of(size_t k) { return k <= kPairDepth ? 1 : (k - 2 * kPairStep + 255) / 256; }
HWY_INLINE size_t depth_of_blocks(size_t k) {
  const size_t blocks = blocks_of(k);
  return 2 * steps_of_pairs((k + blocks - 1) / blocks);
}

// One operand of the part of C that a thread computes: vectors [begin, end).
struct Side {
  PairSource source;
  size_t begin, end;
  bool rows;  // whether its vectors are the rows of the unit's tiles
  size_t size() const { return end - begin; }
};

// Whether B's columns should be the rows of the tiles, so that a tile of C is transposed before it is stored: where that saves more than it costs. Rows are packed
// without a transposition if they are contiguous along k, columns if they lie side by side. Bits are the same either way.
bool exchanges(const Product& g) {
  const PairSource a{g.a, 0}, b{g.b, g.packed ? size_t{1} : size_t{0}};
  const size_t k = g.k == 0 ? 1 : g.k;
  const size_t as_is = (a.across() ? g.m : 0) + (b.across() ? 0 : g.n);
  const size_t exchanged = (a.across() ? 0 : g.m) + (b.across() ? g.n : 0) + g.m * g.n / k;
  return exchanged < as_is;
}

// How each thread computes its part of C, and the words of scratch that the largest part needs.
struct PairBlocking {
  bool split, exchanged, keeps_all;
  size_t kept, passing;  // vectors of a block, multiples of kPairPanel where there are several blocks
  size_t kept_words, passing_words, sums;

  explicit PairBlocking(const Product& g) {
    split = g.precision == Precision::kHigh;
    exchanged = exchanges(g);
    const size_t fewer = min_of(g.m, g.n), more = g.m < g.n ? g.n : g.m, blocks = blocks_of(g.k);
    kept = min_of(fewer, kPairKept);
    const size_t panels = panels_of(kept);
    passing = blocks == 1 ? more : min_of(more, kPairSums / (panels * kPairPanel * kPairPanel) * kPairPanel);
    keeps_all = blocks > 1 && more > passing && kept * g.k <= kMostKept;
    const size_t parts = split ? 2 : 1;
    kept_words = panels * kPairPanelWords * parts * (keeps_all ? blocks : 1);
    passing_words = panels_of(min_of(passing, kPairGroup)) * kPairPanelWords * parts;
    sums = blocks == 1 ? 0 : panels * panels_of(passing) * kPairPanel * kPairPanel;
  }
};

// A tile of C whose sums are complete: adds, activates and stores them.
HWY_NOINLINE void finish_tile(const Product& g, const float* sums, size_t i, size_t rows, size_t j, size_t width) {
  TileCall t{};  // with k = 0
  t.a_stride = 1;
  t.partial_stride = kPairColumns;
  t.c_stride = g.c_stride;
  t.relu = g.relu;
  t.accumulate = g.accumulate;
  for_tiles(rows, kTileRows, kTileRows, [&](size_t r, size_t height) __attribute__((always_inline)) {
    for (size_t v = 0; v < width; v += kTileColumns) {
      const size_t columns = min_of(kTileColumns, width - v);
      t.a = t.b = t.partial = sums + r * kPairColumns + v;
      t.c = g.c + (i + r) * g.c_stride + j + v;
      t.bias = g.bias != nullptr ? g.bias + j + v : nullptr;
      t.gate = g.gate != nullptr ? g.gate + (i + r) * g.c_stride + j + v : nullptr;
      t.tail = columns % kLanes;
      tile_kernel(height, (columns + kLanes - 1) / kLanes, t.tail != 0, true)(t);
    }
  });
}

HWY_INLINE void transpose_tile(const float* from, float* to) {
  const float* row[kLanes];
  for (size_t i = 0; i < kPairPanel; i += kLanes) {
    for (size_t j = 0; j < kPairPanel; j += kLanes) {
      for (size_t r = 0; r < kLanes; ++r) row[r] = from + (i + r) * kPairColumns + j;
      transpose(row, kLanes, to + j * kPairColumns + i, kPairColumns);
    }
  }
}

template <bool kSplit>
class PairedPart {
 public:
  PairedPart(const PairUnit& unit, const Product& g, const PairBlocking& blocking, uint32_t* kept, uint32_t* passing, float* sums, size_t i0, size_t i1, size_t j0, size_t j1)
      : unit_(unit), g_(g), blocking_(blocking), kept_(kept), passing_(passing), sums_(sums) {
    const Side a{{g.a, 0}, i0, i1, !blocking.exchanged};
    const Side b{{g.b, g.packed ? (g.k + 1) * kTileColumns : 0}, j0, j1, blocking.exchanged};
    a_passes_ = a.size() >= b.size();
    passes_ = a_passes_ ? a : b;
    stays_ = a_passes_ ? b : a;
    direct_ = g.bias == nullptr && g.gate == nullptr && !g.relu && !g.accumulate && !blocking.exchanged;
    past_ = past_caches(g.c, g.m * g.n, g.c_stride);
  }

  void compute() {
    for (size_t s = stays_.begin; s < stays_.end; s += blocking_.kept) {
      const size_t s_end = min_of(s + blocking_.kept, stays_.end);
      for (size_t p = passes_.begin; p < passes_.end; p += blocking_.passing) {
        block(s, s_end, p, min_of(p + blocking_.passing, passes_.end), p == passes_.begin);
      }
    }
    finish_writing(past_);
  }

 private:
  static constexpr size_t kParts = kSplit ? 2 : 1;

  void block(size_t s, size_t s_end, size_t p, size_t p_end, bool first_block) {
    const size_t stays = panels_of(s_end - s), deep = depth_of_blocks(g_.k), blocks = g_.k == 0 ? 1 : (g_.k + deep - 1) / deep;
    for (size_t block = 0; block < blocks; ++block) {
      const size_t k0 = block * deep, depth = min_of(deep, g_.k - k0);
      const PairPanels kept{kept_ + (blocking_.keeps_all ? block * panels_of(blocking_.kept) * kPairPanelWords * kParts : 0), stays * kPairPanelWords};
      if (first_block || !blocking_.keeps_all) pack(stays_, k0, depth, s, s_end, kept);
      for (size_t group = p; group < p_end; group += kPairGroup) {
        const size_t group_end = min_of(group + kPairGroup, p_end);
        const PairPanels passing{passing_, panels_of(group_end - group) * kPairPanelWords};
        pack(passes_, k0, depth, group, group_end, passing);
        for (size_t panel = 0; panel < panels_of(group_end - group); ++panel) {
          for (size_t stay = 0; stay < stays; ++stay) {
            const size_t tile = ((group - p) / kPairPanel + panel) * stays + stay;
            multiply({kept.out + stay * kPairPanelWords, kept.low}, s + stay * kPairPanel, s_end, {passing.out + panel * kPairPanelWords, passing.low}, group + panel * kPairPanel,
                     group_end, steps_of_pairs(depth), sums_ + tile * kPairPanel * kPairPanel, block == 0, block + 1 == blocks);
          }
        }
      }
    }
  }

  void pack(const Side& side, size_t k0, size_t depth, size_t from, size_t to, PairPanels out) {
    pack_pairs<kSplit>(unit_, side.source, side.rows, k0, depth, from, to - from, out);
  }

  // Vectors [s, s_end) of the operand that stays by [p, p_end) of the one that passes, at most a panel of each.
  void multiply(PairPanels kept, size_t s, size_t s_end, PairPanels passing, size_t p, size_t p_end, size_t pairs, float* sums, bool first, bool last) {
    const PairPanels& a = stays_.rows ? kept : passing;
    const PairPanels& b = stays_.rows ? passing : kept;
    const size_t wide_s = min_of(kPairPanel, s_end - s), wide_p = min_of(kPairPanel, p_end - p);
    const size_t i = a_passes_ ? p : s, rows = a_passes_ ? wide_p : wide_s, j = a_passes_ ? s : p, columns = a_passes_ ? wide_s : wide_p;
    alignas(64) float aside[2][kPairPanel * kPairPanel];
    const bool direct = last && first && direct_ && rows == kPairRows && columns == kPairColumns;
    PairTile tile{a.out, b.out, kSplit ? a.out + a.low : nullptr, kSplit ? b.out + b.low : nullptr, kPairRowWords, pairs, stays_.rows ? wide_s : wide_p, sums, kPairColumns,
                  blocking_.exchanged, !first};
    if (direct && past_) tile.sums = aside[0];
    else if (direct) tile.sums = g_.c + i * g_.c_stride + j, tile.sums_stride = g_.c_stride;
    else if (first && last) tile.sums = aside[0];
    unit_.multiply(tile);
    if (direct && past_) {
      for (size_t r = 0; r < kPairRows; ++r) {
        for (size_t v = 0; v < kPairColumns; v += kLanes) hn::Stream(hn::Load(kF, aside[0] + r * kPairColumns + v), kF, g_.c + (i + r) * g_.c_stride + j + v);
      }
    }
    if (!last || direct) return;
    const float* complete = tile.sums;
    if (blocking_.exchanged) {
      transpose_tile(complete, aside[1]);
      complete = aside[1];
    }
    finish_tile(g_, complete, i, rows, j, columns);
  }

  const PairUnit& unit_;
  const Product& g_;
  const PairBlocking& blocking_;
  uint32_t *const kept_, *const passing_;
  float* const sums_;
  Side passes_, stays_;
  bool a_passes_, direct_, past_;
};

// An estimate of the product's time in nanoseconds: 256 multiply-adds a nanosecond, and a quarter of a nanosecond to pack a number.
double work_of(const Product& g) { return static_cast<double>(g.m * g.n) * static_cast<double>(g.k + 8) / 256 + static_cast<double>((g.m + g.n) * g.k) / 4; }

}  // namespace

void multiply_pairs(Run& run, const Product& g) {
  const PairUnit& unit = *run.unit;
  const double work = work_of(g);
  const bool by_rows = g.m > g.n;
  const PairBlocking blocking(g);
  const size_t parts = threads_for(run, work) == 1 ? 1 : static_cast<size_t>(run.threads);
  auto* const kept = reinterpret_cast<uint32_t*>(scratch(Scratch::kPackA, parts * blocking.kept_words));
  auto* const passing = reinterpret_cast<uint32_t*>(scratch(Scratch::kPackB, parts * blocking.passing_words));
  float* const sums = blocking.sums == 0 ? nullptr : scratch(Scratch::kRows, parts * blocking.sums);
  std::atomic<size_t> next{0};
  const auto part = [&](size_t begin, size_t end) {
    const size_t own = next.fetch_add(1, std::memory_order_relaxed);
    uint32_t* const own_kept = kept + own * blocking.kept_words;
    uint32_t* const own_passing = passing + own * blocking.passing_words;
    float* const own_sums = sums + own * blocking.sums;
    const size_t i0 = by_rows ? begin : 0, i1 = by_rows ? end : g.m, j0 = by_rows ? 0 : begin, j1 = by_rows ? g.n : end;
    unit.begin();
    if (blocking.split) {
      PairedPart<true>(unit, g, blocking, own_kept, own_passing, own_sums, i0, i1, j0, j1).compute();
    } else {
      PairedPart<false>(unit, g, blocking, own_kept, own_passing, own_sums, i0, i1, j0, j1).compute();
    }
    unit.end();
    if (g.epilogue != nullptr) g.epilogue(g, i0, i1, j0, j1);
  };
  const size_t divided = by_rows ? g.m : g.n;
  if (parts == 1) return part(0, divided);
  parallel(run, divided, kPairPanel, work, part);
}

}  // namespace simdnn::SIMDNN_ISA
