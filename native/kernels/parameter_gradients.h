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

// out[j] = sum over r of dy[r * stride + j] for the columns that `load_row` loads.
template <class LoadRow>
HWY_INLINE VF column_sums(const float* dy, size_t rows, size_t stride, LoadRow load_row) {
  VF total = hn::Zero(kF);
  if (rows <= kBiasChain) {
    for (size_t r = 0; r < rows; ++r) total = hn::Add(total, load_row(dy + r * stride));
    return total;
  }
  for (size_t begin = 0; begin < rows; begin += kBiasRows) {
    const size_t end = begin + kBiasRows < rows ? begin + kBiasRows : rows;
    VF s0 = hn::Zero(kF), s1 = s0, s2 = s0, s3 = s0;
    size_t r = begin;
    for (; r + 4 <= end; r += 4) {
      const float* row = dy + r * stride;
      s0 = hn::Add(s0, load_row(row));
      s1 = hn::Add(s1, load_row(row + stride));
      s2 = hn::Add(s2, load_row(row + 2 * stride));
      s3 = hn::Add(s3, load_row(row + 3 * stride));
    }
    if (r < end) s0 = hn::Add(s0, load_row(dy + r * stride));
    if (r + 1 < end) s1 = hn::Add(s1, load_row(dy + (r + 1) * stride));
    if (r + 2 < end) s2 = hn::Add(s2, load_row(dy + (r + 2) * stride));
    total = hn::Add(total, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
  }
  return total;
}

// dbias[out], written or added to, from dy [rows, out].
HWY_NOINLINE void bias_sums(Run& run, float* dbias, const float* dy, size_t rows, size_t out, bool add) {
  const double work = static_cast<double>(rows) * static_cast<double>(out) / kLanes;
  parallel(run, out, kLanes, work, [&](size_t begin, size_t end) {
    for (size_t j = begin; j < end; j += kLanes) {
      const size_t n = end - j;
      VF sums;
      if (n >= kLanes) {
        sums = column_sums(dy + j, rows, out, [](const float* p) HWY_ATTR { return hn::LoadU(kF, p); });
      } else {
        sums = column_sums(dy + j, rows, out, [n](const float* p) HWY_ATTR { return load_tail(kF, p, n); });
      }
      if (add) sums = hn::Add(load(kF, dbias + j, n), sums);
      store(sums, kF, dbias + j, n);
    }
  });
}

// dweight [out, in] from dy, an operand of `out` vectors of length rows, and x [rows, in]; written or added to. In a lane that it leaves
// empty it makes dbias too, with the bits of bias_sums, where there is one, both are added to or neither, and the product is small. Returns
// whether it did.
HWY_NOINLINE bool multiply_dweight(Run& run, float* dweight, float* dbias, const Operand& dy, const float* x, size_t rows,
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
