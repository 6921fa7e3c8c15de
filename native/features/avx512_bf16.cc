// vdpbf16ps adds the two products of one pair in each lane of a vector. It treats denormal operands and results as zeros, whatever the thread's settings are.
#include "support/pair_tile.h"
#ifdef SIMDNN_INTRINSICS  // plain functions of the same names
#include SIMDNN_INTRINSICS
#else
#include <immintrin.h>
#endif

namespace simdnn::SIMDNN_FEATURE {
namespace {

// A tile of 11 rows and 2 vectors uses 25 of the 32 registers: 22 for sums, 2 for B and one for a broadcast element of A. 32 rows are tiles of 11, 11 and 10 rows.
constexpr size_t kRows = 11;

template <size_t rows>
void multiply_rows(const PairTile& tile, size_t first) {
  __m512 sums[rows][2];
#pragma GCC unroll 11
  for (size_t i = 0; i < rows; ++i) {
    float* const from = tile.sums + (first + i) * tile.sums_stride;
    sums[i][0] = tile.continues ? _mm512_loadu_ps(from) : _mm512_setzero_ps();
    sums[i][1] = tile.continues ? _mm512_loadu_ps(from + 16) : _mm512_setzero_ps();
  }
  const size_t terms = tile.low_a != nullptr ? 3 : 1, of_low_a = tile.exchanged ? 1 : 2, of_low_b = tile.exchanged ? 2 : 1;
  for (size_t term = 0; term < terms; ++term) {
    const uint32_t* const a = (term == of_low_a ? tile.low_a : tile.a) + first * tile.a_stride;
    const uint32_t* const b = term == of_low_b ? tile.low_b : tile.b;
    for (size_t p = 0; p < tile.pairs; ++p) {
      const __m512bh b0 = (__m512bh)_mm512_loadu_si512(b + p * kPairColumns), b1 = (__m512bh)_mm512_loadu_si512(b + p * kPairColumns + 16);
#pragma GCC unroll 11
      for (size_t i = 0; i < rows; ++i) {
        const __m512bh pair = (__m512bh)_mm512_set1_epi32(static_cast<int>(a[i * tile.a_stride + p]));
        sums[i][0] = _mm512_dpbf16_ps(sums[i][0], pair, b0);
        sums[i][1] = _mm512_dpbf16_ps(sums[i][1], pair, b1);
      }
    }
  }
#pragma GCC unroll 11
  for (size_t i = 0; i < rows; ++i) {
    _mm512_storeu_ps(tile.sums + (first + i) * tile.sums_stride, sums[i][0]);
    _mm512_storeu_ps(tile.sums + (first + i) * tile.sums_stride + 16, sums[i][1]);
  }
}

template <size_t rows>
void multiply_last(const PairTile& tile, size_t first) {
  if (tile.rows - first == rows) return multiply_rows<rows>(tile, first);
  if constexpr (rows > 1) multiply_last<rows - 1>(tile, first);
}

void multiply(const PairTile& tile) {
  size_t first = 0;
  for (; tile.rows - first > kRows; first += kRows) multiply_rows<kRows>(tile, first);
  multiply_last<kRows>(tile, first);
}

void nothing() {}

}  // namespace

extern const PairUnit unit;
const PairUnit unit = {nothing, multiply, nothing, nullptr, nullptr};

}  // namespace simdnn::SIMDNN_FEATURE
