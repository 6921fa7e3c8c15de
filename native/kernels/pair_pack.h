// Packs operands for the units that multiply bfloat16 pairs (support/pair_tile.h).
#pragma once
#include <cmath>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/transpose.h"
#include "support/pair_tile.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using U = hn::RebindToUnsigned<F>;
using VU = hn::Vec<U>;
constexpr U kU;

// Which bfloat16 number of an element is packed: its rounded value, or the high or the low part of its split into two.
enum class Bfloat16Part {
  kRounded,
  kHigh,
  kLow,
};

// The bfloat16 number in the upper half of a float32's bits, the lower half zero. The numbers are those of round_floats and split_floats.
template <Bfloat16Part part>
HWY_INLINE VU part_of(VF x) {
  VF value = to_bfloat16(x);
  if constexpr (part != Bfloat16Part::kRounded) {
    const auto finite = hn::Lt(hn::Abs(x), hn::Set(kF, HUGE_VALF));
    if constexpr (part == Bfloat16Part::kHigh) {
      value = hn::IfThenElse(finite, value, hn::CopySign(hn::Set(kF, 1), x));
    } else {
      value = hn::IfThenElse(finite, low_of(x, value), x);
    }
  }
  const VU quiet = hn::IfThenElseZero(hn::RebindMask(kU, hn::IsNaN(value)), hn::Set(kU, 0x400000));  // a NaN whose bits are all in the lower half must stay NaN
  return hn::And(hn::Or(hn::BitCast(kU, value), quiet), hn::Set(kU, 0xffff0000));
}

HWY_INLINE VU pair_up(VU low, VU high) { return hn::Or(hn::ShiftRight<16>(low), high); }

HWY_INLINE size_t left_of(size_t at, size_t end) { return at < end ? end - at : 0; }
constexpr size_t steps_of_pairs(size_t depth) { return (depth + 2 * kPairStep - 1) / (2 * kPairStep) * kPairStep; }

// Packs `depth` floats along k as pairs, followed by zeros up to a whole step.
template <Bfloat16Part part>
HWY_INLINE void pair_row(const float* from, size_t depth, uint32_t* out) {
  for (size_t k = 0; k < 2 * steps_of_pairs(depth); k += 2 * kLanes) {
    const VU first = part_of<part>(load(kF, from + k, left_of(k, depth)));
    const VU second = part_of<part>(load(kF, from + k + kLanes, left_of(k + kLanes, depth)));
    hn::StoreU(pair_up(hn::ConcatEven(kU, second, first), hn::ConcatOdd(kU, second, first)), kU, out + k / 2);
  }
}

// The pairs at k of the next `n` vectors of x, for x.n_stride == 1, with zeros behind the vectors and behind `depth`.
template <Bfloat16Part part>
HWY_INLINE VU pair_across(const float* at, size_t k_stride, size_t k, size_t depth, size_t n) {
  const VU zero = hn::Zero(kU);
  const VU low = k < depth ? part_of<part>(load(kF, at + k * k_stride, n)) : zero;
  const VU high = k + 1 < depth ? part_of<part>(load(kF, at + (k + 1) * k_stride, n)) : zero;
  return pair_up(low, high);
}

// Packs rows [i, i + rows) of x over [k0, k0 + depth), at most kPairRows and kBlockK, as the A of a tile, `stride` apart. `out` has room for whole kTransposeBlocks of rows.
template <Bfloat16Part part>
void pack_pair_rows(const Operand& x, size_t k0, size_t depth, size_t i, size_t rows, uint32_t* out, size_t stride) {
  if (x.k_stride == 1) {
    for (size_t r = 0; r < rows; ++r) pair_row<part>(x.at(k0, i + r), depth, out + r * stride);
    return;
  }
  const size_t pairs = steps_of_pairs(depth);
  alignas(64) uint32_t across[steps_of_pairs(kBlockK) * kTransposeBlock];
  for (size_t r = 0; r < rows; r += kTransposeBlock) {
    for (size_t p = 0; p < pairs; ++p) {
      for (size_t v = 0; v < kTransposeBlock; v += kLanes) {
        hn::Store(pair_across<part>(x.at(k0, i + r + v), x.k_stride, 2 * p, depth, left_of(r + v, rows)), kU, across + p * kTransposeBlock + v);
      }
    }
    transpose(out + r * stride, stride, across, kTransposeBlock, kTransposeBlock, pairs);
  }
}

// Packs columns [j, j + columns) of b over [k0, k0 + depth), at most kTransposeBlock and kBlockK, as columns of a tile, with zeros behind them. at(j) is where
// column j at k0 begins; where n_stride is 1, the columns of one vector lie side by side.
template <Bfloat16Part part, class At>
void pack_pair_columns(At at, size_t k_stride, size_t n_stride, size_t depth, size_t j, size_t columns, uint32_t* out) {
  const size_t pairs = steps_of_pairs(depth);
  if (n_stride == 1) {
    for (size_t v = 0; v < kTransposeBlock; v += kLanes) {
      const size_t n = left_of(v, columns);
      const float* const from = n > 0 ? at(j + v) : nullptr;
      for (size_t p = 0; p < pairs; ++p) hn::StoreU(pair_across<part>(from, k_stride, 2 * p, n > 0 ? depth : 0, n), kU, out + p * kPairColumns + v);
    }
    return;
  }
  alignas(64) uint32_t rows[kTransposeBlock * steps_of_pairs(kBlockK)];
  for (size_t v = 0; v < columns; ++v) pair_row<part>(at(j + v), depth, rows + v * pairs);
  for (size_t v = columns * pairs; v < kTransposeBlock * pairs; ++v) rows[v] = 0;
  transpose(out, kPairColumns, rows, pairs, pairs, kTransposeBlock);
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
