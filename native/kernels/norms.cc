// Normalisation of the rows of x = [rows, columns].
#include <cstring>

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Terms are added in float within blocks of so many elements, the sums of blocks in double: the order depends on the number of columns alone.
constexpr size_t kBlock = 16 * kLanes;
// Rows whose part of dweight is added in float before it goes to the sum of all.
constexpr size_t kRowBlock = 32;

// The mean over a row of value(i, n), 0 in the lanes that a tail has too many.
template <class Value>
HWY_INLINE double row_mean(size_t columns, Value value) {
  double total = 0;
  for (size_t block = 0; block < columns; block += kBlock) {
    const size_t end = columns - block < kBlock ? columns : block + kBlock;
    VF sums[2] = {hn::Zero(kF), hn::Zero(kF)};
    for (size_t i = block; i < end; i += kLanes) {
      VF& sum = sums[i / kLanes % 2];
      sum = hn::Add(sum, value(i, columns - i));
    }
    total += hn::GetLane(hn::SumOfLanes(kF, hn::Add(sums[0], sums[1])));
  }
  return total / static_cast<double>(columns);
}

double work(size_t rows, size_t columns) { return static_cast<double>(rows) * (8 + 2.0 * static_cast<double>(columns) / kLanes); }

HWY_INLINE VF weight_at(const float* weight, size_t i, size_t n) {
  return weight == nullptr ? hn::Set(kF, 1.0f) : load(kF, weight + i, n);
}

// part[c] += dy[c] x[c] scale
HWY_INLINE void add_products(float* part, const float* dy, const float* x, float scale, size_t columns) {
  const VF factor = hn::Set(kF, scale);
  for (size_t i = 0; i < columns; i += kLanes) {
    const size_t n = columns - i;
    const VF normal = hn::Mul(load(kF, x + i, n), factor);
    store(hn::MulAdd(load(kF, dy + i, n), normal, load(kF, part + i, n)), kF, part + i, n);
  }
}

// A row of dx.
HWY_INLINE void row_gradient(float* dx, const float* dy, const float* x, float scale, const float* weight, size_t columns) {
  const double mean = row_mean(columns, [=](size_t i, size_t n) HWY_ATTR {
    return hn::Mul(hn::Mul(load(kF, dy + i, n), weight_at(weight, i, n)), load(kF, x + i, n));
  });
  const double square = static_cast<double>(scale) * scale;
  const VF factor = hn::Set(kF, scale), share = hn::Set(kF, static_cast<float>(square * mean));
  for (size_t i = 0; i < columns; i += kLanes) {
    const size_t n = columns - i;
    const VF g = hn::Mul(load(kF, dy + i, n), weight_at(weight, i, n));
    store(hn::Mul(factor, hn::NegMulAdd(load(kF, x + i, n), share, g)), kF, dx + i, n);
  }
}

}  // namespace

// torch.nn.RMSNorm (Zhang, Sennrich, 2019): scale_r = 1 / sqrt(mean over c of x[r, c]^2 + eps), y[r, c] = x[r, c] scale_r weight[c]; a null weight
// is ones. y may be x. Error: 3 ulp and half of the mean's, of at most 12 roundings in sequence.
void rms_norm_forward(Run& run, float* y, float* scale, const float* x, const float* weight, size_t rows, size_t columns,
                      const RmsNormForwardAttributes& attributes) {
  const double eps = attributes.eps;
  parallel(run, rows, 1, work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const float* const in = x + r * columns;
      float* const out = y + r * columns;
      const double mean = row_mean(columns, [=](size_t i, size_t n) HWY_ATTR {
        const VF v = load(kF, in + i, n);
        return hn::Mul(v, v);
      });
      const VF root = hn::Sqrt(hn::Set(kF, static_cast<float>(mean + eps)));
      const VF factor = hn::Div(hn::Set(kF, 1.0f), root);
      scale[r] = hn::GetLane(factor);
      for (size_t i = 0; i < columns; i += kLanes) {
        const size_t n = columns - i;
        store(hn::Mul(hn::Mul(load(kF, in + i, n), factor), weight_at(weight, i, n)), kF, out + i, n);
      }
    }
  });
}

// With g = dy weight: dx[r, c] = scale_r (g[r, c] - x[r, c] scale_r^2 mean over c of (g x)), written; dx may be dy.
// dweight[c] = sum over r of dy[r, c] x[r, c] scale_r, written, or added to with `accumulate_dweight`. Each unless null.
void rms_norm_backward(Run& run, float* dx, float* dweight, const float* dy, const float* x, const float* scale,
                       const float* weight, size_t rows, size_t columns, const RmsNormBackwardAttributes& attributes) {
  const size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  float* const by_block = dweight == nullptr ? nullptr : scratch(Scratch::kBlocks, blocks * columns);
  parallel(run, blocks, 1, 2 * work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t block = begin; block < end; ++block) {
      float* const part = dweight == nullptr ? nullptr : by_block + block * columns;
      if (part != nullptr) std::memset(part, 0, columns * sizeof(float));
      for (size_t r = block * kRowBlock; r < rows && r < (block + 1) * kRowBlock; ++r) {
        const size_t row = r * columns;
        if (part != nullptr) add_products(part, dy + row, x + row, scale[r], columns);
        if (dx != nullptr) row_gradient(dx + row, dy + row, x + row, scale[r], weight, columns);
      }
    }
  });
  if (dweight == nullptr) return;
  const bool add = attributes.accumulate_dweight;
  parallel(run, columns, kLanes, work(blocks, columns), [=](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += kLanes) {
      const size_t n = end - i;
      VF sum = hn::Zero(kF);
      for (size_t block = 0; block < blocks; ++block) sum = hn::Add(sum, load(kF, by_block + block * columns + i, n));
      if (add) sum = hn::Add(load(kF, dweight + i, n), sum);
      store(sum, kF, dweight + i, n);
    }
  });
}

}  // namespace simdnn::SIMDNN_ISA
