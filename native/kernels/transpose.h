// A blocked transposition of 4-byte elements.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// A block is one cache line of 16 elements wide each way. It goes through a buffer, so that each line of x is
// read once and each line of out written once: with strides of a power of two the 16 lines fall into the same
// set of the L1 cache, which holds 12 (2048 x 2048: 3.4 GB/s with two plain loops).
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

// One whole block.
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
void transpose(uint32_t* out, size_t stride_out, const uint32_t* x, size_t stride_x, size_t rows, size_t columns) {
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
