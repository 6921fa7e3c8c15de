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

// The bfloat16 number in the upper half of a float32's bits, the lower half arbitrary; of NaN, whose bits may all be in the lower half, a quiet NaN. It is that of
// to_bfloat16.
HWY_INLINE VU upper_half(VF x) {
  const VU bits = hn::BitCast(kU, x), magnitude = hn::And(bits, hn::Set(kU, 0x7fffffff));
  const VU half = hn::Add(hn::And(hn::ShiftRight<16>(bits), hn::Set(kU, 1)), hn::Set(kU, 0x7fff));
  const VU rounded = hn::IfThenElse(hn::Lt(magnitude, hn::Set(kU, 0x7f7f8000)), hn::Add(bits, half), bits);
  return hn::IfThenElse(hn::Gt(magnitude, hn::Set(kU, 0x7f800000)), hn::Or(bits, hn::Set(kU, 0x400000)), rounded);
}

// Pairs of numbers in upper halves, `first` below `second`.
HWY_INLINE VU pair_up(VU first, VU second) { return hn::OrAnd(hn::ShiftRight<16>(first), second, hn::Set(kU, 0xffff0000)); }

// What is packed of two vectors: their rounded numbers, or the high and the low part of each. The parts are those of split_floats.
template <bool kSplit>
struct Parts {
  static HWY_INLINE Parts of(VF x) {
    Parts parts;
    if constexpr (!kSplit) {
      parts.high = upper_half(x);
    } else {
      const VF high = to_bfloat16(x);
      const auto finite = hn::Lt(hn::Abs(x), hn::Set(kF, HUGE_VALF));
      parts.high = hn::BitCast(kU, hn::IfThenElse(finite, high, hn::CopySign(hn::Set(kF, 1), x)));
      parts.low = upper_half(hn::IfThenElse(finite, low_of(x, high), x));
    }
    return parts;
  }
  VU high = hn::Zero(kU), low = hn::Zero(kU);
};

HWY_INLINE size_t left_of(size_t at, size_t end) { return at < end ? end - at : 0; }
constexpr size_t steps_of_pairs(size_t depth) { return (depth + 2 * kPairStep - 1) / (2 * kPairStep) * kPairStep; }

// An operand of which panels are packed: as in Product, or in the panels that pack_operand made.
struct PairSource {
  Operand x;
  size_t panel;  // 0, or floats from one panel of kTileColumns vectors to the next

  HWY_INLINE const float* at(size_t k, size_t i) const {
    return panel == 0 ? x.at(k, i) : x.p + i / kTileColumns * panel + k * kTileColumns + i % kTileColumns;
  }
  HWY_INLINE size_t k_stride() const { return panel == 0 ? x.k_stride : kTileColumns; }
  bool across() const { return panel != 0 || x.n_stride == 1; }  // whether vectors lie side by side, so that one load reads numbers of kLanes of them
};

// Where a panel's pairs are written; its low parts `low` words behind its high ones.
struct PairPanels {
  uint32_t* out;
  size_t low;
};

// Packs `depth` floats along k as pairs, followed by zeros up to a whole step.
template <bool kSplit>
HWY_INLINE void pair_row(const float* from, size_t depth, uint32_t* out, size_t low) {
  const auto put = [&](size_t k, VF x, VF y) __attribute__((always_inline)) {
    const auto first = Parts<kSplit>::of(x), second = Parts<kSplit>::of(y);
    hn::StoreU(pair_up(hn::ConcatEven(kU, second.high, first.high), hn::ConcatOdd(kU, second.high, first.high)), kU, out + k / 2);
    if constexpr (kSplit) hn::StoreU(pair_up(hn::ConcatEven(kU, second.low, first.low), hn::ConcatOdd(kU, second.low, first.low)), kU, out + low + k / 2);
  };
  size_t k = 0;
  for (; k + 2 * kLanes <= depth; k += 2 * kLanes) put(k, hn::LoadU(kF, from + k), hn::LoadU(kF, from + k + kLanes));
  for (; k < 2 * steps_of_pairs(depth); k += 2 * kLanes) put(k, load(kF, from + k, left_of(k, depth)), load(kF, from + k + kLanes, left_of(k + kLanes, depth)));
}

// Packs `count` vectors of x that lie side by side, as columns of panels of `panel` words, with zeros behind `count` and behind `depth`.
template <bool kSplit>
void pair_columns(const PairSource& x, size_t k0, size_t depth, size_t i, size_t count, PairPanels to, size_t panel) {
  const size_t stride = x.k_stride(), pairs = steps_of_pairs(depth), whole = depth / 2;
  const size_t rounded = (count + kPairPanel - 1) / kPairPanel * kPairPanel;
  for (size_t p = 0; p < pairs; ++p) {
    for (size_t v = 0; v < rounded; v += kLanes) {
      uint32_t* const out = to.out + v / kPairPanel * panel + p * kPairColumns + v % kPairPanel;
      Parts<kSplit> first, second;
      if (v < count && 2 * p < depth) {
        const float* const from = x.at(k0, i + v) + 2 * p * stride;
        const size_t n = count - v;
        first = Parts<kSplit>::of(n >= kLanes ? hn::LoadU(kF, from) : load(kF, from, n));
        if (p < whole) second = Parts<kSplit>::of(n >= kLanes ? hn::LoadU(kF, from + stride) : load(kF, from + stride, n));
      }
      hn::StoreU(pair_up(first.high, second.high), kU, out);
      if constexpr (kSplit) hn::StoreU(pair_up(first.low, second.low), kU, out + to.low);
    }
  }
}

// Words from one row of a panel of rows to the next, and of a panel of either kind, for blocks of k of up to kPairDepth numbers.
constexpr size_t kPairDepth = 256;
constexpr size_t kPairRowWords = steps_of_pairs(kPairDepth) + kLine, kPairPanelWords = kPairPanel * kPairRowWords;

// Packs vectors [i, i + count) of x over [k0, k0 + depth) as panels of rows, each kPairRowWords apart, or of columns. Columns behind `count` are zeros, rows arbitrary.
template <bool kSplit>
void pack_pairs(const PairUnit& unit, const PairSource& x, bool rows, size_t k0, size_t depth, size_t i, size_t count, PairPanels to) {
  const size_t pairs = steps_of_pairs(depth);
  if (!rows && x.across()) {
    pair_columns<kSplit>(x, k0, depth, i, count, to, kPairPanelWords);
  } else if (rows && !x.across()) {
    for (size_t r = 0; r < count; ++r) {
      pair_row<kSplit>(x.at(k0, i + r), depth, to.out + r / kPairPanel * kPairPanelWords + r % kPairPanel * kPairRowWords, to.low);
    }
  } else {  // by a buffer that is transposed
    alignas(64) uint32_t aside[2 * kPairPanelWords];
    for (size_t v = 0; v < count; v += kPairPanel) {
      const size_t n = count - v < kPairPanel ? count - v : kPairPanel;
      if (rows) {
        pair_columns<kSplit>(x, k0, depth, i + v, n, {aside, kPairPanelWords}, kPairPanelWords);
      } else {
        for (size_t r = 0; r < n; ++r) pair_row<kSplit>(x.at(k0, i + v + r), depth, aside + r * kPairRowWords, kPairPanelWords);
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
