// Transpositions: of vectors in registers, of matrices of 4-byte elements in blocks.
#pragma once
#include "kernels/simd.h"
#include "kernels/unroll.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Transposes the 4 x 4 floats within each 128-bit block of four vectors.
HWY_INLINE void transpose_in_blocks(VF& r0, VF& r1, VF& r2, VF& r3) {
  constexpr hn::Repartition<double, F> kD;
  const auto low01 = hn::BitCast(kD, hn::InterleaveLower(kF, r0, r1));
  const auto low23 = hn::BitCast(kD, hn::InterleaveLower(kF, r2, r3));
  const auto high01 = hn::BitCast(kD, hn::InterleaveUpper(kF, r0, r1));
  const auto high23 = hn::BitCast(kD, hn::InterleaveUpper(kF, r2, r3));
  r0 = hn::BitCast(kF, hn::InterleaveLower(kD, low01, low23));
  r1 = hn::BitCast(kF, hn::InterleaveUpper(kD, low01, low23));
  r2 = hn::BitCast(kF, hn::InterleaveLower(kD, high01, high23));
  r3 = hn::BitCast(kF, hn::InterleaveUpper(kD, high01, high23));
}

constexpr size_t kBlocks = kLanes / 4;
static_assert(kBlocks <= 4, "vectors of up to 512 bits");

// 128-bit blocks from each of the pointers, `offset` elements on. It uses only loads and blends, so that a quarter of the shuffles of transpose() remain: 1.6
// times as fast on a processor that does one 512-bit shuffle a cycle (Zen 5).
HWY_INLINE VF load_blocks(const float* const* p, size_t offset) {
  const auto pair = [&](size_t b) __attribute__((always_inline)) {
    VF odd = hn::LoadDup128(kF, p[b + 1] + offset), even = hn::LoadDup128(kF, p[b] + offset);
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    asm("" : "+m"(odd), "+m"(even));  // forces broadcasts from memory: g++ 12 fails on the blend of two broadcasts from registers
#endif
    return hn::OddEvenBlocks(odd, even);
  };
  if constexpr (kBlocks == 1) {
    return hn::LoadU(kF, p[0] + offset);
  } else if constexpr (kBlocks == 2) {
    return pair(0);
  } else {
    return hn::ConcatUpperLower(kF, pair(2), pair(0));
  }
}

// kLanes rows that are `stride` apart, read four columns at a time.
struct RowsInBlocks {
  RowsInBlocks() = default;
  RowsInBlocks(const float* x, size_t stride) : stride(stride) {
    for (size_t b = 0; b < kBlocks; ++b) block[b] = x + 4 * b * stride;
  }
  // Sets c[0] to c[3] to the next four columns.
  HWY_INLINE void next_columns(VF (&c)[4]) {
    size_t step = stride;
    asm("" : "+r"(step));  // without it g++ keeps an address for each load, most of them spilled to memory
    unroll<4>(SIMDNN_UNROLLED(i) { c[i] = load_blocks(block, i * step); });
    transpose_in_blocks(c[0], c[1], c[2], c[3]);
    for (const float*& p : block) p += 4;
  }
  const float* block[kBlocks];
  size_t stride;
};

// out[j * width + i] = row[i][j] for i, j < kLanes, with `n` elements read from each row. The transposition is in registers and reads each row once: rows a power
// of two apart share a set of the L1 cache, which cannot hold kLanes lines.
HWY_INLINE void transpose(const float* const* row, size_t n, float* out, size_t width) {
  VF v[kLanes];
  unroll<kLanes>(SIMDNN_UNROLLED(i) { v[i] = load(kF, row[i], n); });
  unroll<kBlocks>(SIMDNN_UNROLLED(b) {
    transpose_in_blocks(v[4 * b], v[4 * b + 1], v[4 * b + 2], v[4 * b + 3]);
  });
  // Block b of v[4g + c] is now rows 4g, ..., 4g + 3 of column 4b + c: transpose the blocks.
  unroll<4>(SIMDNN_UNROLLED(c) {
    const auto put = [&](size_t b, VF column) __attribute__((always_inline)) {
      hn::StoreU(column, kF, out + (4 * b + c) * width);
    };
    if constexpr (kBlocks == 1) {
      put(0, v[c]);
    } else if constexpr (kBlocks == 2) {
      put(0, hn::ConcatLowerLower(kF, v[4 + c], v[c]));
      put(1, hn::ConcatUpperUpper(kF, v[4 + c], v[c]));
    } else {
      const VF low02 = hn::ConcatLowerLower(kF, v[8 + c], v[c]), high02 = hn::ConcatUpperUpper(kF, v[8 + c], v[c]);
      const VF low13 = hn::ConcatLowerLower(kF, v[12 + c], v[4 + c]);
      const VF high13 = hn::ConcatUpperUpper(kF, v[12 + c], v[4 + c]);
      put(0, hn::OddEvenBlocks(hn::SwapAdjacentBlocks(low13), low02));
      put(1, hn::OddEvenBlocks(low13, hn::SwapAdjacentBlocks(low02)));
      put(2, hn::OddEvenBlocks(hn::SwapAdjacentBlocks(high13), high02));
      put(3, hn::OddEvenBlocks(high13, hn::SwapAdjacentBlocks(high02)));
    }
  });
}

// A block has 16 x 16 elements; 16 elements are one cache line. It goes through a buffer, so that each line of x is read once and each line of out written once:
// with strides of a power of two the 16 lines fall into the same set of the L1 cache, which holds 12 (2048 x 2048: 3.4 GB/s with two plain loops).
constexpr size_t kTransposeBlock = 16;

// to[4 by 4] = from[4 by 4] transposed; strides in elements.
HWY_INLINE void transpose_4x4(uint32_t* to, size_t stride_to, const uint32_t* from, size_t stride_from) {
  constexpr hn::CappedTag<uint32_t, 4> d;
  const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + stride_from);
  const auto r2 = hn::LoadU(d, from + 2 * stride_from), r3 = hn::LoadU(d, from + 3 * stride_from);
  const auto low01 = hn::InterleaveLower(d, r0, r1), high01 = hn::InterleaveUpper(d, r0, r1);
  const auto low23 = hn::InterleaveLower(d, r2, r3), high23 = hn::InterleaveUpper(d, r2, r3);
  hn::StoreU(hn::ConcatLowerLower(d, low23, low01), d, to);
  hn::StoreU(hn::ConcatUpperUpper(d, low23, low01), d, to + stride_to);
  hn::StoreU(hn::ConcatLowerLower(d, high23, high01), d, to + 2 * stride_to);
  hn::StoreU(hn::ConcatUpperUpper(d, high23, high01), d, to + 3 * stride_to);
}

// Transposes one whole block.
HWY_INLINE void transpose_block(uint32_t* out, size_t stride_out, const uint32_t* x, size_t stride_x) {
  constexpr hn::RebindToUnsigned<F> d;
  alignas(64) uint32_t block[kTransposeBlock * kTransposeBlock];
  for (size_t c = 0; c < kTransposeBlock; c += 4) {
    for (size_t r = 0; r < kTransposeBlock; r += 4) {
      transpose_4x4(block + r * kTransposeBlock + c, kTransposeBlock, x + c * stride_x + r, stride_x);
    }
  }
  for (size_t r = 0; r < kTransposeBlock; ++r) {
    for (size_t c = 0; c < kTransposeBlock; c += kLanes) {
      hn::StoreU(hn::Load(d, block + r * kTransposeBlock + c), d, out + r * stride_out + c);
    }
  }
}

// out[r * stride_out + c] = x[c * stride_x + r] for r < rows, c < columns.
inline void transpose(uint32_t* out, size_t stride_out, const uint32_t* x, size_t stride_x, size_t rows, size_t columns) {
  for (size_t top = 0; top < rows; top += kTransposeBlock) {
    const size_t bottom = top + kTransposeBlock < rows ? top + kTransposeBlock : rows;
    for (size_t left = 0; left < columns; left += kTransposeBlock) {
      const size_t right = left + kTransposeBlock < columns ? left + kTransposeBlock : columns;
      if (bottom - top == kTransposeBlock && right - left == kTransposeBlock) {
        transpose_block(out + top * stride_out + left, stride_out, x + left * stride_x + top, stride_x);
        continue;
      }
      for (size_t r = top; r < bottom; ++r) {
        for (size_t c = left; c < right; ++c) out[r * stride_out + c] = x[c * stride_x + r];
      }
    }
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
