#include "kernels/parameter_gradients.h"

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

constexpr size_t kBiasChain = 64, kBiasRows = 256;

// to[j] = the sum of rows [rows, width] in one chain, for columns [begin, end); with `add` it is added to to[j].
HWY_NOINLINE void sum_in_chain(float* to, const float* from, size_t rows, size_t width, size_t begin, size_t end, bool add) {
  for (size_t j = begin; j < end; j += kLanes) {
    const size_t n = end - j;
    VF sum = hn::Zero(kF);
    for (size_t r = 0; r < rows; ++r) sum = hn::Add(sum, load(kF, from + r * width + j, n));
    if (add) sum = hn::Add(load(kF, to + j, n), sum);
    store(sum, kF, to + j, n);
  }
}

// The same in four chains; to is written.
HWY_NOINLINE void sum_in_four(float* to, const float* from, size_t rows, size_t width, size_t begin, size_t end) {
  for (size_t j = begin; j < end; j += kLanes) {
    const size_t n = end - j;
    const float* row = from + j;
    VF s0 = hn::Zero(kF), s1 = s0, s2 = s0, s3 = s0;
    size_t left = rows;
    for (; left >= 4; left -= 4, row += 4 * width) {
      s0 = hn::Add(s0, load(kF, row, n));
      s1 = hn::Add(s1, load(kF, row + width, n));
      s2 = hn::Add(s2, load(kF, row + 2 * width, n));
      s3 = hn::Add(s3, load(kF, row + 3 * width, n));
    }
    if (left > 0) s0 = hn::Add(s0, load(kF, row, n));
    if (left > 1) s1 = hn::Add(s1, load(kF, row + width, n));
    if (left > 2) s2 = hn::Add(s2, load(kF, row + 2 * width, n));
    store(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), kF, to + j, n);
  }
}

}  // namespace

void bias_sums(Run& run, float* dbias, const float* dy, size_t rows, size_t out, bool add) {
  const double work = static_cast<double>(rows) * static_cast<double>(out) / kLanes;
  const size_t blocks = rows <= kBiasChain ? 0 : (rows + kBiasRows - 1) / kBiasRows;
  float* const by_block = blocks == 0 ? nullptr : scratch(Scratch::kBlocks, blocks * out);
  const auto sum_blocks = [&](size_t b0, size_t b1, size_t j0, size_t j1) {
    for (size_t b = b0; b < b1; ++b) {
      const size_t first = b * kBiasRows, left = rows - first;
      sum_in_four(by_block + b * out, dy + first * out, left < kBiasRows ? left : kBiasRows, out, j0, j1);
    }
  };
  const bool by_rows = blocks > 0 && splits_k(rows, out, 1, threads_for(run, work));
  if (by_rows) parallel(run, blocks, 1, work, [&](size_t b0, size_t b1) { sum_blocks(b0, b1, 0, out); });
  parallel(run, out, kLanes, by_rows ? 0 : work, [&](size_t j0, size_t j1) {
    if (!by_rows) sum_blocks(0, blocks, j0, j1);
    if (blocks == 0) {
      sum_in_chain(dbias, dy, rows, out, j0, j1, add);
    } else {
      sum_in_chain(dbias, by_block, blocks, out, j0, j1, add);
    }
  });
}

bool multiply_dweight(Run& run, float* dweight, float* dbias, const Operand& dy, const float* x, size_t rows, size_t in,
                      size_t out, const LinearBackwardAttributes& attributes) {
  Product g{};
  g.c = dweight;
  g.c_stride = in;
  g.a = dy;
  g.b = operand(x, in, rows, true);
  g.m = out;
  g.n = in;
  g.k = rows;
  g.precision = precision_of(run, in, out);
  g.accumulate = attributes.accumulate_dweight;
  const bool alike = g.accumulate == attributes.accumulate_dbias;
  const bool both = dbias != nullptr && alike && rows <= kBiasChain && sums_fit(g);
  if (both) g.sums = dbias;
  multiply(run, g);
  return both;
}

}  // namespace simdnn::SIMDNN_ISA
