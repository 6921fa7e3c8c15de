// bfmmla: a vector of two rows by a vector of two columns, four numbers along k each, added to 2 x 2 sums. Of each two numbers the products are added first,
// then their sum to the chain; both sums round to odd (to the odd neighbour of what is not exact), denormal numbers are zeros, whatever the thread's arithmetic
// does with them. (Processors with FEAT_EBF16 can be told to round otherwise, by a bit of FPCR that is 0 unless a program sets it.)
#include "support/pair_tile.h"
#ifdef SIMDNN_INTRINSICS  // plain functions of the same names
#include SIMDNN_INTRINSICS
#else
#include <arm_neon.h>
#endif

namespace simdnn::SIMDNN_FEATURE {
namespace {

// 6 x 4 vectors of sums, 4 of B and one of A in 32 registers.
constexpr size_t kDoubleRows = 6, kDoubleColumns = 4;
constexpr size_t kStep = 4;  // pairs in a vector

// Two rows in place: the pairs of a vector become two pairs of either row, the first two in the upper row's place.
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

// Two pairs of four columns in place: a vector becomes both pairs of two columns, the first two in the first pair's place.
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
