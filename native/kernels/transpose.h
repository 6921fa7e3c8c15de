// A blocked transposition of 4-byte elements.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// A block's lines of x and of out, two times 32 of 128 bytes, stay in the L1 cache.
constexpr size_t kTransposeBlock = 32;

// out[r * stride_out + c] = x[c * stride_x + r] for r < rows, c < columns.
void transpose(uint32_t* out, size_t stride_out, const uint32_t* x, size_t stride_x, size_t rows, size_t columns) {
  for (size_t top = 0; top < rows; top += kTransposeBlock) {
    const size_t bottom = top + kTransposeBlock < rows ? top + kTransposeBlock : rows;
    for (size_t left = 0; left < columns; left += kTransposeBlock) {
      const size_t right = left + kTransposeBlock < columns ? left + kTransposeBlock : columns;
      for (size_t r = top; r < bottom; ++r) {
        for (size_t c = left; c < right; ++c) out[r * stride_out + c] = x[c * stride_x + r];
      }
    }
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
