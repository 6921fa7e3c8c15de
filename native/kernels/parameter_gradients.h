// The gradients of a layer's weight and bias.
#pragma once
#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Rows that are summed one after the other, as the product for dweight can do along the way. More of them are summed in blocks of
// kBiasRows, each in four chains over r mod 4, which hide the latency of the adds; the blocks are added in order. Only the number of rows
// decides. At most 64 + 2 + rows / 256 roundings.
constexpr size_t kBiasChain = 64;
constexpr size_t kBiasRows = 256;

// Sums over r of dy[r * stride + j] for the columns j that `load_row` loads, in one chain.
template <class LoadRow>
HWY_INLINE VF sum_of_chain(const float* dy, size_t rows, size_t stride, LoadRow load_row) {
  VF total = hn::Zero(kF);
  for (size_t r = 0; r < rows; ++r) total = hn::Add(total, load_row(dy + r * stride));
  return total;
}

// The same of one block.
template <class LoadRow>
HWY_INLINE VF sum_of_block(const float* dy, size_t rows, size_t stride, LoadRow load_row) {
  VF s0 = hn::Zero(kF), s1 = s0, s2 = s0, s3 = s0;
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* row = dy + r * stride;
    s0 = hn::Add(s0, load_row(row));
    s1 = hn::Add(s1, load_row(row + stride));
    s2 = hn::Add(s2, load_row(row + 2 * stride));
    s3 = hn::Add(s3, load_row(row + 3 * stride));
  }
  if (r < rows) s0 = hn::Add(s0, load_row(dy + r * stride));
  if (r + 1 < rows) s1 = hn::Add(s1, load_row(dy + (r + 1) * stride));
  if (r + 2 < rows) s2 = hn::Add(s2, load_row(dy + (r + 2) * stride));
  return hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
}

// Calls body(load_row) with what loads the first n columns of a row, a whole vector where there are as many.
template <class Body>
HWY_INLINE VF with_columns(size_t n, Body body) {
  if (n >= kLanes) return body([](const float* p) HWY_ATTR { return hn::LoadU(kF, p); });
  return body([n](const float* p) HWY_ATTR { return load_tail(kF, p, n); });
}

// dbias[out], written or added to, from dy [rows, out].
inline void bias_sums(Run& run, float* dbias, const float* dy, size_t rows, size_t out, bool add) {
  const double work = static_cast<double>(rows) * static_cast<double>(out) / kLanes;
  const size_t blocks = (rows + kBiasRows - 1) / kBiasRows;
  const auto block_sum = [&](size_t block, size_t j) HWY_ATTR {
    const size_t begin = block * kBiasRows, left = rows - begin;
    return with_columns(out - j, [&](auto load_row) HWY_ATTR {
      return sum_of_block(dy + begin * out + j, left < kBiasRows ? left : kBiasRows, out, load_row);
    });
  };
  float* by_block = nullptr;  // [blocks, out], where threads divide the blocks: why is told at product_of_blocks, gemm.cc
  if (divides_depth(rows, out, 1, threads_for(run, work))) {
    by_block = scratch(Scratch::kBlocks, blocks * out);
    parallel(run, blocks, 1, work, [&](size_t begin, size_t end) {
      for (size_t block = begin; block < end; ++block) {
        for (size_t j = 0; j < out; j += kLanes) store(block_sum(block, j), kF, by_block + block * out + j, out - j);
      }
    });
  }
  parallel(run, out, kLanes, by_block == nullptr ? work : 0, [&](size_t begin, size_t end) {
    for (size_t j = begin; j < end; j += kLanes) {
      const size_t n = out - j;
      VF sums = hn::Zero(kF);
      if (rows <= kBiasChain) {
        sums = with_columns(n, [&](auto load_row) HWY_ATTR { return sum_of_chain(dy + j, rows, out, load_row); });
      } else {
        for (size_t block = 0; block < blocks; ++block) {
          sums = hn::Add(sums, by_block == nullptr ? block_sum(block, j) : load(kF, by_block + block * out + j, n));
        }
      }
      if (add) sums = hn::Add(load(kF, dbias + j, n), sums);
      store(sums, kF, dbias + j, n);
    }
  });
}

// dweight [out, in] from dy, an operand of `out` vectors of length rows, and x [rows, in]; written or added to. In a lane that it leaves
// empty it makes dbias too, with the bits of bias_sums, where there is one, both are added to or neither, and the product is small. Returns
// whether it did.
inline bool multiply_dweight(Run& run, float* dweight, float* dbias, const Operand& dy, const float* x, size_t rows,
                             size_t in, size_t out, int32_t accumulate) {
  Product g{};
  g.c = dweight;
  g.c_stride = in;
  g.a = dy;
  g.b = operand(x, in, rows, true);
  g.m = out;
  g.n = in;
  g.k = rows;
  g.accumulate = (accumulate & kAccumulateDweight) != 0;
  const bool alike = g.accumulate == ((accumulate & kAccumulateDbias) != 0);
  const bool both = dbias != nullptr && alike && rows <= kBiasChain && sums_fit(g);
  if (both) g.sums = dbias;
  multiply(run, g);
  return both;
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
