// Sums over the middle dimension of x = [outer, n, inner]; out = [outer, inner].
// Nothing overlaps.
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using U = hn::RebindToUnsigned<F>;
constexpr U kU;
using D64 = hn::Repartition<double, F>;
constexpr D64 kD64;

// A long sum is divided into chunks of this many elements, the tasks that threads share.
constexpr size_t kChunk = 65536;
// Columns that are reduced side by side: their accumulators stay in registers.
constexpr size_t kTile = 4 * kLanes;
// Tiles of columns that pass through a block of rows together, up to a page of each row. A single tile that passed through all rows would use only a few lines of
// each page (4096 x 4096 in 4.0 instead of 2.2 ms on a Zen 5).
constexpr size_t kBandTiles = 16, kBand = kBandTiles * kTile;
constexpr double kNs = 0.1;  // the time of one element, from the L2 cache

// --- sums of floats: within a block in float, where at most kBlockRows + 2 terms are added in sequence; the blocks' sums in double, where the rounding does
// not matter. The order depends on n alone.
constexpr size_t kBlockRows = 8;

struct FloatSum {
  using T = float;
  using Total = double;

  // The sum of n contiguous elements; a row of a block is four vectors.
  static double line(const float* x, size_t n) {
    constexpr hn::Rebind<float, D64> half;
    constexpr size_t kBlock = kBlockRows * 4 * kLanes;
    auto total = hn::Zero(kD64);
    for (size_t block = 0; block < n; block += kBlock) {
      const float* p = x + block;
      const size_t length = n - block < kBlock ? n - block : kBlock;
      VF s0 = hn::Zero(kF), s1 = s0, s2 = s0, s3 = s0;
      size_t i = 0;
      for (; i + 4 * kLanes <= length; i += 4 * kLanes) {
        s0 = hn::Add(s0, hn::LoadU(kF, p + i));
        s1 = hn::Add(s1, hn::LoadU(kF, p + i + kLanes));
        s2 = hn::Add(s2, hn::LoadU(kF, p + i + 2 * kLanes));
        s3 = hn::Add(s3, hn::LoadU(kF, p + i + 3 * kLanes));
      }
      for (; i < length; i += kLanes) s0 = hn::Add(s0, load(kF, p + i, length - i));
      const VF sum = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
      total = hn::Add(total, hn::Add(hn::PromoteTo(kD64, hn::LowerHalf(half, sum)),
                                     hn::PromoteTo(kD64, hn::UpperHalf(half, sum))));
    }
    return hn::GetLane(hn::SumOfLanes(kD64, total));
  }

  // totals[c...] += sums, in double.
  static HWY_INLINE void add_to(double* totals, VF sums) {
    constexpr hn::Rebind<float, D64> half;
    constexpr size_t kHalf = kLanes / 2;
    const auto low = hn::PromoteTo(kD64, hn::LowerHalf(half, sums)), high = hn::PromoteTo(kD64, hn::UpperHalf(half, sums));
    hn::StoreU(hn::Add(hn::LoadU(kD64, totals), low), kD64, totals);
    hn::StoreU(hn::Add(hn::LoadU(kD64, totals + kHalf), high), kD64, totals + kHalf);
  }

  // totals[0, width) = the sums of `width` <= kBand columns over n rows that are `stride` elements apart.
  static void columns(double* totals, const float* x, size_t n, size_t stride, size_t width) {
    for (size_t c = 0; c < width; c += kLanes) {
      for (size_t k = 0; k < kLanes; ++k) totals[c + k] = 0;
    }
    for (size_t row = 0; row < n; row += kBlockRows) {
      const size_t rows = n - row < kBlockRows ? n - row : kBlockRows;
      const float* block = x + row * stride;
      size_t c = 0;
      for (; c + kTile <= width; c += kTile) {
        VF s0 = hn::Zero(kF), s1 = s0, s2 = s0, s3 = s0;
        for (size_t r = 0; r < rows; ++r) {
          const float* p = block + r * stride + c;
          s0 = hn::Add(s0, hn::LoadU(kF, p));
          s1 = hn::Add(s1, hn::LoadU(kF, p + kLanes));
          s2 = hn::Add(s2, hn::LoadU(kF, p + 2 * kLanes));
          s3 = hn::Add(s3, hn::LoadU(kF, p + 3 * kLanes));
        }
        add_to(totals + c, s0);
        add_to(totals + c + kLanes, s1);
        add_to(totals + c + 2 * kLanes, s2);
        add_to(totals + c + 3 * kLanes, s3);
      }
      for (; c < width; c += kLanes) {
        VF s = hn::Zero(kF);
        for (size_t r = 0; r < rows; ++r) s = hn::Add(s, load(kF, block + r * stride + c, width - c));
        add_to(totals + c, s);
      }
    }
  }
};

// --- sums of int32, modulo 2^32: any order gives the same result -------------------------------------
struct IntSum {
  using T = int32_t;
  using Total = uint32_t;

  static uint32_t line(const int32_t* x, size_t n) {
    auto s0 = hn::Zero(kU), s1 = s0;
    size_t i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      s0 = hn::Add(s0, hn::BitCast(kU, hn::LoadU(kI, x + i)));
      s1 = hn::Add(s1, hn::BitCast(kU, hn::LoadU(kI, x + i + kLanes)));
    }
    for (; i < n; i += kLanes) s0 = hn::Add(s0, hn::BitCast(kU, load(kI, x + i, n - i)));
    alignas(64) uint32_t lanes[kLanes];  // hn::SumOfLanes adds as signed numbers, whose overflow is undefined
    hn::Store(hn::Add(s0, s1), kU, lanes);
    uint32_t total = 0;
    for (uint32_t lane : lanes) total += lane;
    return total;
  }

  static void columns(uint32_t* totals, const int32_t* x, size_t n, size_t stride, size_t width) {
    for (size_t row = 0; row < n || row == 0; row += kBlockRows) {
      const size_t end = n - row < kBlockRows ? n : row + kBlockRows;
      for (size_t c = 0; c < width; c += kLanes) {
        auto s = row == 0 ? hn::Zero(kU) : hn::LoadU(kU, totals + c);
        for (size_t r = row; r < end; ++r) s = hn::Add(s, hn::BitCast(kU, load(kI, x + r * stride + c, width - c)));
        hn::StoreU(s, kU, totals + c);
      }
    }
  }
};

// A task is one chunk of rows of one tile of columns of one outer index; a thread takes a band of tasks at a time. If there are several chunks, their sums go to
// scratch and are added in order.
template <class Sum, class Finish>
void reduce(Run& run, const typename Sum::T* x, size_t outer, size_t n, size_t inner, Finish finish) {
  using Total = typename Sum::Total;
  if (outer == 0 || inner == 0) return;
  const size_t chunks = n <= kChunk ? 1 : (n + kChunk - 1) / kChunk;
  const size_t tiles = (inner + kTile - 1) / kTile;
  Total* partial = nullptr;
  if (chunks > 1) {
    partial = reinterpret_cast<Total*>(scratch(Scratch::kRows, outer * chunks * inner * (sizeof(Total) / sizeof(float))));
  }
  const double elements = static_cast<double>(outer) * static_cast<double>(n) * static_cast<double>(inner);
  const double work = elements * kNs + static_cast<double>(outer * tiles * chunks) * 4;
  parallel(run, outer * chunks * tiles, 1, work, [&](size_t begin, size_t end) {
    for (size_t task = begin; task < end;) {
      const size_t o = task / (chunks * tiles), chunk = task / tiles % chunks, tile = task % tiles, first = tile * kTile;
      size_t band = end - task < kBandTiles ? end - task : kBandTiles;
      if (band > tiles - tile) band = tiles - tile;
      task += band;
      const size_t rows = n - chunk * kChunk < kChunk ? n - chunk * kChunk : kChunk;
      const size_t width = inner - first < band * kTile ? inner - first : band * kTile;
      const auto* from = x + (o * n + chunk * kChunk) * inner + first;
      alignas(64) Total totals[kBand];
      if (inner == 1) {
        totals[0] = Sum::line(from, rows);
      } else {
        Sum::columns(totals, from, rows, inner, width);
      }
      for (size_t c = 0; c < width; ++c) {
        if (chunks == 1) {
          finish(o * inner + first + c, totals[c]);
        } else {
          partial[(o * chunks + chunk) * inner + first + c] = totals[c];
        }
      }
    }
  });
  if (chunks == 1) return;
  for (size_t o = 0; o < outer; ++o) {
    for (size_t c = 0; c < inner; ++c) {
      Total total = 0;
      for (size_t chunk = 0; chunk < chunks; ++chunk) total += partial[(o * chunks + chunk) * inner + c];
      finish(o * inner + c, total);
    }
  }
}

}  // namespace

// out = scale * the sum of x over n; 0 for n == 0. The error is at most 14 half units in the last place of the sum of magnitudes (see the blocks above), plus the
// rounding of the result. If a block's sum exceeds the largest float, the result is infinity.
void sum(Run& run, float* out, const float* x, size_t outer, size_t n, size_t inner, const SumAttributes& attributes) {
  const double scale = attributes.scale;
  reduce<FloatSum>(run, x, outer, n, inner, [=](size_t i, double total) { out[i] = static_cast<float>(scale * total); });
}

// out = the sum of x over n, modulo 2^32.
void sum_int(Run& run, int32_t* out, const int32_t* x, size_t outer, size_t n, size_t inner) {
  reduce<IntSum>(run, x, outer, n, inner, [=](size_t i, uint32_t total) { out[i] = static_cast<int32_t>(total); });
}

}  // namespace simdnn::SIMDNN_ISA
