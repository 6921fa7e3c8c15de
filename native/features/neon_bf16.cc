// bfmmla multiplies a vector of two rows by a vector of two columns, with four numbers along k each, and adds the products to 2 x 2 sums. It first adds the two
// products of a pair, then adds their sum to the chain. Both additions round to odd: a result that is not exact becomes its odd neighbour. Denormal numbers
// count as zeros, whatever the thread's settings are. (Processors with FEAT_EBF16 round otherwise if a bit of FPCR is set, which is 0 by default.)
#include "support/pair_tile.h"
#ifdef SIMDNN_INTRINSICS  // plain functions of the same names
#include SIMDNN_INTRINSICS
#else
#include <arm_neon.h>
#endif

namespace simdnn::SIMDNN_FEATURE {
namespace {

// A tile of 6 x 4 vectors of sums uses 29 of the 32 registers, with 4 vectors of B and one of A.
constexpr size_t kDoubleRows = 6, kDoubleColumns = 4;
constexpr size_t kStep = 4;  // pairs in a vector

// Rearranges pairs of rows in place: each vector then has two pairs of the upper row and two of the lower one. Its first half replaces the upper row.
void arrange_rows(uint32_t* a, size_t stride, size_t rows, size_t pairs) {
  for (size_t i = 0; i < rows; i += 2) {
    uint32_t *const upper = a + i * stride, *const lower = upper + stride;
    for (size_t p = 0; p < pairs; p += kStep) {
      const uint64x2_t x = vreinterpretq_u64_u32(vld1q_u32(upper + p)), y = vreinterpretq_u64_u32(vld1q_u32(lower + p));
      vst1q_u32(upper + p, vreinterpretq_u32_u64(vzip1q_u64(x, y)));
      vst1q_u32(lower + p, vreinterpretq_u32_u64(vzip2q_u64(x, y)));
    }
  }
}

// Rearranges two rows of pairs in place: each vector then has both pairs of two columns. The first two columns replace the first row of pairs.
void arrange_columns(uint32_t* b, size_t pairs) {
  for (size_t p = 0; p < pairs; p += 2) {
    uint32_t *const first = b + p * kPairColumns, *const second = first + kPairColumns;
    for (size_t j = 0; j < kPairColumns; j += kStep) {
      const uint32x4_t x = vld1q_u32(first + j), y = vld1q_u32(second + j);
      vst1q_u32(first + j, vzip1q_u32(x, y));
      vst1q_u32(second + j, vzip2q_u32(x, y));
    }
  }
}

inline bfloat16x8_t load(const uint32_t* from) { return vreinterpretq_bf16_u32(vld1q_u32(from)); }

template <size_t rows>
void multiply_part(const PairTile& tile, size_t first, size_t j) {
  float32x4_t sums[rows][kDoubleColumns];
#pragma GCC unroll 6
  for (size_t i = 0; i < rows; ++i) {
    const float* const from = tile.sums + 2 * (first + i) * tile.sums_stride + j;
    for (size_t c = 0; c < kDoubleColumns; ++c) {
      sums[i][c] = tile.continues ? vcombine_f32(vld1_f32(from + 2 * c), vld1_f32(from + tile.sums_stride + 2 * c)) : vdupq_n_f32(0);
    }
  }
  const size_t terms = tile.low_a != nullptr ? 3 : 1, of_low_a = tile.exchanged ? 1 : 2, of_low_b = tile.exchanged ? 2 : 1;
  for (size_t term = 0; term < terms; ++term) {
    const uint32_t* const a = (term == of_low_a ? tile.low_a : tile.a) + 2 * first * tile.a_stride;
    const uint32_t* b = (term == of_low_b ? tile.low_b : tile.b) + j;
    for (size_t p = 0; p < tile.pairs; p += kStep) {
#pragma GCC unroll 2
      for (size_t half = 0; half < 2; ++half, b += 2 * kPairColumns) {
        const bfloat16x8_t b0 = load(b), b1 = load(b + kPairColumns), b2 = load(b + kStep), b3 = load(b + kPairColumns + kStep);
#pragma GCC unroll 6
        for (size_t i = 0; i < rows; ++i) {
          const bfloat16x8_t two = load(a + (2 * i + half) * tile.a_stride + p);
          sums[i][0] = vbfmmlaq_f32(sums[i][0], two, b0);
          sums[i][1] = vbfmmlaq_f32(sums[i][1], two, b1);
          sums[i][2] = vbfmmlaq_f32(sums[i][2], two, b2);
          sums[i][3] = vbfmmlaq_f32(sums[i][3], two, b3);
        }
      }
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    float* const to = tile.sums + 2 * (first + i) * tile.sums_stride + j;
    for (size_t c = 0; c < kDoubleColumns; ++c) {
      vst1_f32(to + 2 * c, vget_low_f32(sums[i][c]));
      vst1_f32(to + tile.sums_stride + 2 * c, vget_high_f32(sums[i][c]));
    }
  }
}

template <size_t rows>
void multiply_rows(const PairTile& tile, size_t first) {
  for (size_t j = 0; j < kPairColumns; j += 2 * kDoubleColumns) multiply_part<rows>(tile, first, j);
}

template <size_t rows>
void multiply_last(const PairTile& tile, size_t first, size_t left) {
  if (left == rows) return multiply_rows<rows>(tile, first);
  if constexpr (rows > 1) multiply_last<rows - 1>(tile, first, left);
}

void multiply(const PairTile& tile) {
  const size_t doubles = (tile.rows + 1) / 2;
  size_t first = 0;
  for (; doubles - first > kDoubleRows; first += kDoubleRows) multiply_rows<kDoubleRows>(tile, first);
  multiply_last<kDoubleRows>(tile, first, doubles - first);
}

void nothing() {}

}  // namespace

extern const PairUnit unit;
const PairUnit unit = {nothing, multiply, nothing, arrange_rows, arrange_columns};

}  // namespace simdnn::SIMDNN_FEATURE
