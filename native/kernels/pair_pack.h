// Packs operands for the units that multiply bfloat16 pairs (support/pair_tile.h), in panels of kPairPanel of A's rows or B's columns.
#pragma once
#include <cmath>
#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/transpose.h"
#include "support/pair_tile.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using U = hn::RebindToUnsigned<F>;
using VU = hn::Vec<U>;
constexpr U kU;

constexpr size_t kPairPanel = kPairRows;
static_assert(kPairRows == kPairColumns);

// The parts of a vector's numbers that are packed: the numbers rounded to bfloat16, as by to_bfloat16, or their high and low parts, as by split_floats. Each part is
// in the upper half of an element whose lower half is arbitrary.
template <bool kSplit>
struct Parts {
  VU high = hn::Zero(kU), low = hn::Zero(kU);
};

// Numbers whose magnitude has at least these bits need a special case: they may round to infinity, or are infinite or NaN.
constexpr uint32_t kLargeMagnitude = 0x7f7f8000;

// Adds half a unit in the last place of a bfloat16, or one bit less where the last place is even: ties then round to even.
HWY_INLINE VU rounded_up(VU bits) { return hn::Add(bits, hn::Add(hn::And(hn::ShiftRight<16>(bits), hn::Set(kU, 1)), hn::Set(kU, 0x7fff))); }

HWY_INLINE VU magnitude_of(VF x) { return hn::BitCast(kU, hn::Abs(x)); }

template <bool kSplit>
HWY_INLINE Parts<kSplit> parts_of_small(VF x) {
  Parts<kSplit> parts;
  parts.high = rounded_up(hn::BitCast(kU, x));
  if constexpr (kSplit) {
    const VF high = hn::BitCast(kF, hn::And(parts.high, hn::Set(kU, 0xffff0000)));
    parts.low = rounded_up(hn::BitCast(kU, hn::Sub(x, high)));
  }
  return parts;
}

// Makes a NaN quiet, because its payload may be in the lower half alone, without which it would become an infinity.
HWY_INLINE VU upper_half(VF x) { return hn::IfThenElse(hn::Gt(magnitude_of(x), hn::Set(kU, 0x7f800000)), hn::Or(hn::BitCast(kU, x), hn::Set(kU, 0x400000)), hn::BitCast(kU, x)); }

template <bool kSplit>
HWY_NOINLINE Parts<kSplit> parts_of_any(VF x) {
  const VF high = to_bfloat16(x);
  if constexpr (!kSplit) return {upper_half(high)};
  const auto finite = hn::Lt(hn::Abs(x), hn::Set(kF, HUGE_VALF));
  return {hn::BitCast(kU, hn::IfThenElse(finite, high, hn::CopySign(hn::Set(kF, 1), x))), upper_half(hn::IfThenElse(finite, low_of(x, high), x))};
}

// Makes pairs of the numbers in the upper halves of two vectors: `first` in the lower half, `second` in the upper half.
HWY_INLINE VU pair_up(VU first, VU second) { return hn::OrAnd(hn::ShiftRight<16>(first), second, hn::Set(kU, 0xffff0000)); }

// Stores pairs of an element of x and one of y, or, with kAlong, pairs of neighbouring elements of x and then of y.
template <bool kSplit, bool kAlong>
HWY_INLINE void store_pairs(VF x, VF y, uint32_t* out, size_t low) {
  Parts<kSplit> first, second;
  if (HWY_LIKELY(hn::AllTrue(kU, hn::Lt(hn::Max(magnitude_of(x), magnitude_of(y)), hn::Set(kU, kLargeMagnitude))))) {
    first = parts_of_small<kSplit>(x), second = parts_of_small<kSplit>(y);
  } else {
    first = parts_of_any<kSplit>(x), second = parts_of_any<kSplit>(y);
  }
  const auto put = [&](VU a, VU b, uint32_t* to) __attribute__((always_inline)) {
    hn::StoreU(kAlong ? pair_up(hn::ConcatEven(kU, b, a), hn::ConcatOdd(kU, b, a)) : pair_up(a, b), kU, to);
  };
  put(first.high, second.high, out);
  if constexpr (kSplit) put(first.low, second.low, out + low);
}

HWY_INLINE size_t left_of(size_t at, size_t end) { return at < end ? end - at : 0; }
constexpr size_t steps_of_pairs(size_t depth) { return (depth + 2 * kPairStep - 1) / (2 * kPairStep) * kPairStep; }

// The operand whose panels are packed: laid out as in Product, or in panels that pack_operand made.
struct PairSource {
  Operand x;
  size_t panel;  // 0, or floats from one panel of kTileColumns vectors to the next

  HWY_INLINE const float* at(size_t k, size_t i) const {
    return panel == 0 ? x.at(k, i) : x.p + i / kTileColumns * panel + k * kTileColumns + i % kTileColumns;
  }
  HWY_INLINE size_t k_stride() const { return panel == 0 ? x.k_stride : kTileColumns; }
  bool across() const { return panel != 0 || x.n_stride == 1; }  // whether vectors lie side by side, so that one load reads numbers of kLanes of them
};

// The memory to which a panel's pairs are written. The low parts are `low` words behind the high ones.
struct PairPanels {
  uint32_t* out;
  size_t low;
};

// Distances of prefetching: the rows are too short for the hardware to see a stream.
constexpr size_t kRowsAhead = 4, kPairsAhead = 8;

HWY_INLINE void prefetch(const float* p) { __builtin_prefetch(p, 0, 2); }

// Packs `depth` floats along k as pairs, followed by zeros up to a whole step, and prefetches the floats that are `ahead` floats further on.
template <bool kSplit>
HWY_INLINE void pair_row(const float* from, size_t depth, size_t ahead, uint32_t* out, size_t low) {
  size_t k = 0;
  for (; k + 2 * kLanes <= depth; k += 2 * kLanes) {
    prefetch(from + ahead + k);
    if constexpr (kLanes == 16) prefetch(from + ahead + k + kLanes);
    store_pairs<kSplit, true>(hn::LoadU(kF, from + k), hn::LoadU(kF, from + k + kLanes), out + k / 2, low);
  }
  for (; k < 2 * steps_of_pairs(depth); k += 2 * kLanes) {
    store_pairs<kSplit, true>(load(kF, from + k, left_of(k, depth)), load(kF, from + k + kLanes, left_of(k + kLanes, depth)), out + k / 2, low);
  }
}

// Packs `count` vectors of x that lie side by side, as columns of panels of `panel` words, with zeros behind `count` and behind `depth`.
template <bool kSplit>
void pair_columns(const PairSource& x, size_t k0, size_t depth, size_t i, size_t count, PairPanels to, size_t panel) {
  const size_t stride = x.k_stride(), pairs = steps_of_pairs(depth), whole = depth / 2;
  const size_t rounded = (count + kPairPanel - 1) / kPairPanel * kPairPanel;
  for (size_t p = 0; p < pairs; ++p) {
    for (size_t v = 0; v < rounded; v += kLanes) {
      uint32_t* const out = to.out + v / kPairPanel * panel + p * kPairColumns + v % kPairPanel;
      VF first = hn::Zero(kF), second = first;
      if (v + kLanes <= count && p < whole) {
        const float* const from = x.at(k0, i + v) + 2 * p * stride;
        prefetch(from + 2 * kPairsAhead * stride);
        prefetch(from + (2 * kPairsAhead + 1) * stride);
        first = hn::LoadU(kF, from), second = hn::LoadU(kF, from + stride);
      } else if (v < count && 2 * p < depth) {
        const float* const from = x.at(k0, i + v) + 2 * p * stride;
        first = load(kF, from, count - v);
        if (p < whole) second = load(kF, from + stride, count - v);
      }
      store_pairs<kSplit, false>(first, second, out, to.low);
    }
  }
}

// Words from one row of a panel of rows to the next, and of a panel of either kind, for blocks of k of up to kPairDepth numbers.
constexpr size_t kPairDepth = 256 + 2 * kPairStep;
constexpr size_t kPairRowWords = steps_of_pairs(kPairDepth) + 2 * kLine, kPairPanelWords = kPairPanel * kPairRowWords;
static_assert(kPairRowWords / kLine % 2 == 1, "an odd number of cache lines, so that 16 rows fall into different sets of the L1 cache");

// Packs vectors [i, i + count) of x over [k0, k0 + depth) as panels of rows, each kPairRowWords apart, or of columns. Columns behind `count` are zeros, rows arbitrary.
template <bool kSplit>
void pack_pairs(const PairUnit& unit, const PairSource& x, bool rows, size_t k0, size_t depth, size_t i, size_t count, PairPanels to) {
  const size_t pairs = steps_of_pairs(depth), ahead = kRowsAhead * x.x.n_stride;
  if (!rows && x.across()) {
    pair_columns<kSplit>(x, k0, depth, i, count, to, kPairPanelWords);
  } else if (rows && !x.across()) {
    for (size_t r = 0; r < count; ++r) {
      pair_row<kSplit>(x.at(k0, i + r), depth, ahead, to.out + r / kPairPanel * kPairPanelWords + r % kPairPanel * kPairRowWords, to.low);
    }
  } else {  // packed into a buffer first, which is then transposed
    alignas(64) uint32_t aside[2 * kPairPanelWords];
    for (size_t v = 0; v < count; v += kPairPanel) {
      const size_t n = count - v < kPairPanel ? count - v : kPairPanel;
      if (rows) {
        pair_columns<kSplit>(x, k0, depth, i + v, n, {aside, kPairPanelWords}, kPairPanelWords);
      } else {
        for (size_t r = 0; r < n; ++r) pair_row<kSplit>(x.at(k0, i + v + r), depth, ahead, aside + r * kPairRowWords, kPairPanelWords);
        for (size_t r = n; r < kPairPanel; ++r) {
          for (size_t part = 0; part < (kSplit ? 2 : 1); ++part) std::memset(aside + part * kPairPanelWords + r * kPairRowWords, 0, pairs * sizeof(uint32_t));
        }
      }
      for (size_t part = 0; part < (kSplit ? 2 : 1); ++part) {
        uint32_t* const out = to.out + v / kPairPanel * kPairPanelWords + part * to.low;
        const uint32_t* const from = aside + part * kPairPanelWords;
        if (rows) {
          transpose(out, kPairRowWords, from, kPairColumns, kPairPanel, pairs);
        } else {
          transpose(out, kPairColumns, from, kPairRowWords, pairs, kPairPanel);
        }
      }
    }
  }
  for (size_t v = 0; v < count && (rows ? unit.arrange_rows != nullptr : unit.arrange_columns != nullptr); v += kPairPanel) {
    for (size_t part = 0; part < (kSplit ? 2 : 1); ++part) {
      uint32_t* const panel = to.out + v / kPairPanel * kPairPanelWords + part * to.low;
      if (rows) {
        unit.arrange_rows(panel, kPairRowWords, count - v < kPairPanel ? count - v : kPairPanel, pairs);
      } else {
        unit.arrange_columns(panel, pairs);
      }
    }
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
