// The largest or smallest elements and their indices along the middle dimension of x = [outer, n, inner]; values and indices are [outer, inner].
// Nothing overlaps.
//
// An index is that of the first of equal elements (0 and -0 are equal), or of the first NaN if there is one, as in torch.max(dim) and torch.min(dim);
// values holds x at that index. If n == 0 and there are outputs to write, ("x", 0) is reported and nothing is written. n is below 2^31.
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The length of a block of a line. After each block the lanes' best elements are compared.
constexpr size_t kBlock = 2048;
// Columns reduced side by side, four vectors: each column's comparisons wait for one another, so several chains hide their latency.
constexpr size_t kTile = 4 * kLanes;
// Tiles that pass through a block of rows together, as in reductions.cc (4096 x 4096: 3.9 instead of 5.1 ms).
constexpr size_t kBandTiles = 16, kBlockRows = 32;

template <typename T, bool kLargest>
struct Extremum {
  using D = hn::Rebind<T, F>;
  using V = hn::Vec<D>;
  static constexpr bool kFloat = hwy::IsFloat<T>();
  static constexpr D kD{};

  static HWY_INLINE V neutral() {
    if constexpr (kFloat) return kLargest ? hn::Neg(hn::Inf(kD)) : hn::Inf(kD);
    else return hn::Set(kD, kLargest ? INT32_MIN : INT32_MAX);
  }
  static HWY_INLINE V pick(V a, V b) {
    if constexpr (kLargest) return hn::Max(a, b);
    else return hn::Min(a, b);
  }
  static HWY_INLINE T across(V v) {
    // Highway's emulated target starts its reduction from the lowest finite number, not from -inf
    if (kFloat && hn::AllTrue(kD, hn::Eq(v, neutral()))) return hn::GetLane(v);
    if constexpr (kLargest) return hn::GetLane(hn::MaxOfLanes(kD, v));
    else return hn::GetLane(hn::MinOfLanes(kD, v));
  }
  static bool beyond(T x, T best) { return kLargest ? x > best : x < best; }

  // Whether x replaces the best element so far: it is more extreme, or the first NaN.
  static HWY_INLINE auto replaces(V x, V best) {
    if constexpr (kFloat) {
      const auto within = kLargest ? hn::Le(x, best) : hn::Ge(x, best);
      return hn::And(hn::Not(within), hn::Eq(best, best));
    } else {
      return kLargest ? hn::Gt(x, best) : hn::Lt(x, best);
    }
  }
  static HWY_INLINE auto is_nan(V x) { return hn::Not(hn::Eq(x, x)); }

  // The least i < n for which test(x[i]) holds, or n.
  template <class Test>
  static HWY_INLINE size_t find(const T* x, size_t n, Test test) {
    for (size_t i = 0; i < n; i += kLanes) {
      auto found = test(load(kD, x + i, n - i));
      if (n - i < kLanes) found = hn::And(found, hn::FirstN(kD, n - i));
      const intptr_t lane = hn::FindFirstTrue(kD, found);
      if (lane >= 0) return i + static_cast<size_t>(lane);
    }
    return n;
  }

  // The index of the extremum of n > 0 contiguous elements.
  static size_t line(const T* x, size_t n) {
    T best = x[0];
    size_t best_block = 0;
    for (size_t block = 0; block < n; block += kBlock) {
      const T* p = x + block;
      const size_t length = n - block < kBlock ? n - block : kBlock;
      V v0 = neutral(), v1 = v0;
      auto nan = is_nan(v0);
      size_t i = 0;
      for (; i + 2 * kLanes <= length; i += 2 * kLanes) {
        const V a = hn::LoadU(kD, p + i), b = hn::LoadU(kD, p + i + kLanes);
        v0 = pick(v0, a);
        v1 = pick(v1, b);
        if constexpr (kFloat) nan = hn::Or(nan, hn::Or(is_nan(a), is_nan(b)));
      }
      for (; i < length; i += kLanes) {
        V a = load(kD, p + i, length - i);
        if (length - i < kLanes) a = hn::IfThenElse(hn::FirstN(kD, length - i), a, neutral());
        v0 = pick(v0, a);
        if constexpr (kFloat) nan = hn::Or(nan, is_nan(a));
      }
      if (kFloat && !hn::AllFalse(kD, nan)) return block + find(p, length, [](V v) HWY_ATTR { return is_nan(v); });
      const T candidate = across(pick(v0, v1));
      if (beyond(candidate, best)) best = candidate, best_block = block;
    }
    const V wanted = hn::Set(kD, best);
    return best_block + find(x + best_block, n - best_block, [&](V v) HWY_ATTR { return hn::Eq(v, wanted); });
  }

  // Reduces kVectors vectors of columns, of which the last has `width` <= kLanes columns, over rows [begin, end) that are `stride` elements apart. If begin > 0,
  // values and indices hold the results of the rows before it.
  template <size_t kVectors>
  static HWY_INLINE void columns(T* values, int32_t* indices, const T* x, size_t begin, size_t end, size_t stride,
                                 size_t width) {
    const auto left = [&](size_t k) { return k + 1 == kVectors ? width : kLanes; };
    V best[kVectors];
    VI index[kVectors];
    for (size_t k = 0; k < kVectors; ++k) {
      best[k] = load(kD, (begin == 0 ? x : values) + k * kLanes, left(k));
      index[k] = begin == 0 ? hn::Zero(kI) : load(kI, indices + k * kLanes, left(k));
    }
    for (size_t r = begin == 0 ? 1 : begin; r < end; ++r) {
      const VI row = hn::Set(kI, static_cast<int32_t>(r));
      for (size_t k = 0; k < kVectors; ++k) {
        const V v = load(kD, x + r * stride + k * kLanes, left(k));
        const auto better = replaces(v, best[k]);
        best[k] = hn::IfThenElse(better, v, best[k]);
        index[k] = hn::IfThenElse(hn::RebindMask(kI, better), row, index[k]);
      }
    }
    for (size_t k = 0; k < kVectors; ++k) {
      store(best[k], kD, values + k * kLanes, left(k));
      store(index[k], kI, indices + k * kLanes, left(k));
    }
  }

  static void reduce(Run& run, T* values, int32_t* indices, const T* x, size_t outer, size_t n, size_t inner) {
    if (outer == 0 || inner == 0) return;
    if (n == 0) return run.fault.report("x", 0);
    const size_t tiles = (inner + kTile - 1) / kTile;
    const double work = static_cast<double>(outer) * static_cast<double>(tiles) *
                        (5 + static_cast<double>(n) * (inner == 1 ? 0.1 : 4));
    parallel(run, outer * tiles, 1, work, [&](size_t begin, size_t end) {
      for (size_t task = begin; task < end;) {
        const size_t o = task / tiles, first = task % tiles * kTile, at = o * inner + first;
        size_t band = end - task < kBandTiles ? end - task : kBandTiles;
        if (band > tiles - task % tiles) band = tiles - task % tiles;
        task += band;
        const T* from = x + o * n * inner + first;
        if (inner == 1) {
          const size_t place = line(from, n);
          values[at] = from[place];
          indices[at] = static_cast<int32_t>(place);
          continue;
        }
        const size_t width = inner - first < band * kTile ? inner - first : band * kTile;
        for (size_t row = 0; row < n; row += kBlockRows) {
          const size_t stop = n - row < kBlockRows ? n : row + kBlockRows;
          size_t c = 0;
          for (; c + kTile <= width; c += kTile) columns<4>(values + at + c, indices + at + c, from + c, row, stop, inner, kLanes);
          for (; c < width; c += kLanes) {
            columns<1>(values + at + c, indices + at + c, from + c, row, stop, inner, width - c < kLanes ? width - c : kLanes);
          }
        }
      }
    });
  }
};

}  // namespace

void max(Run& run, float* values, int32_t* indices, const float* x, size_t outer, size_t n, size_t inner) {
  Extremum<float, true>::reduce(run, values, indices, x, outer, n, inner);
}
void min(Run& run, float* values, int32_t* indices, const float* x, size_t outer, size_t n, size_t inner) {
  Extremum<float, false>::reduce(run, values, indices, x, outer, n, inner);
}
void max_int(Run& run, int32_t* values, int32_t* indices, const int32_t* x, size_t outer, size_t n, size_t inner) {
  Extremum<int32_t, true>::reduce(run, values, indices, x, outer, n, inner);
}
void min_int(Run& run, int32_t* values, int32_t* indices, const int32_t* x, size_t outer, size_t n, size_t inner) {
  Extremum<int32_t, false>::reduce(run, values, indices, x, outer, n, inner);
}

}  // namespace simdnn::SIMDNN_ISA
