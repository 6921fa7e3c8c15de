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

// part[c] += dy[c] (x[c] - mean) scale
HWY_INLINE void add_products(float* part, const float* dy, const float* x, float mean, float scale, size_t columns) {
  const VF center = hn::Set(kF, mean), factor = hn::Set(kF, scale);
  for (size_t i = 0; i < columns; i += kLanes) {
    const size_t n = columns - i;
    const VF normal = hn::Mul(hn::Sub(load(kF, x + i, n), center), factor);
    store(hn::MulAdd(load(kF, dy + i, n), normal, load(kF, part + i, n)), kF, part + i, n);
  }
}

// part[c] += dy[c]
HWY_INLINE void add_row(float* part, const float* dy, size_t columns) {
  for (size_t i = 0; i < columns; i += kLanes) {
    const size_t n = columns - i;
    store(hn::Add(load(kF, part + i, n), load(kF, dy + i, n)), kF, part + i, n);
  }
}

// to[c], written or added to, from the parts of blocks of rows in their order: parts[block * stride + c].
void sum_parts(Run& run, float* to, const float* parts, size_t stride, size_t blocks, size_t columns, bool add) {
  parallel(run, columns, kLanes, work(blocks, columns), [=](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += kLanes) {
      const size_t n = end - i;
      VF sum = hn::Zero(kF);
      for (size_t block = 0; block < blocks; ++block) sum = hn::Add(sum, load(kF, parts + block * stride + i, n));
      if (add) sum = hn::Add(load(kF, to + i, n), sum);
      store(sum, kF, to + i, n);
    }
  });
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
  if (columns == 0) return;  // and no memory for sums
  const size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  float* const by_block = dweight == nullptr ? nullptr : scratch(Scratch::kBlocks, blocks * columns);
  parallel(run, blocks, 1, 2 * work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t block = begin; block < end; ++block) {
      float* const part = dweight == nullptr ? nullptr : by_block + block * columns;
      if (part != nullptr) std::memset(part, 0, columns * sizeof(float));
      for (size_t r = block * kRowBlock; r < rows && r < (block + 1) * kRowBlock; ++r) {
        const size_t row = r * columns;
        if (part != nullptr) add_products(part, dy + row, x + row, 0, scale[r], columns);
        if (dx != nullptr) row_gradient(dx + row, dy + row, x + row, scale[r], weight, columns);
      }
    }
  });
  if (dweight != nullptr) sum_parts(run, dweight, by_block, columns, blocks, columns, attributes.accumulate_dweight);
}

// torch.nn.LayerNorm (Ba et al., 2016): mean_r and variance over c of x[r, c], scale_r = 1 / sqrt(variance + eps),
// y[r, c] = (x[r, c] - mean_r) scale_r weight[c] + bias[c]; null weights are ones, null biases zeros. y may be x. The variance is the mean of
// squared differences from the mean, in a second walk. Error: 4 roundings, half of those of the variance, and one of |mean_r| scale_r weight[c].
void layer_norm_forward(Run& run, float* y, float* mean, float* scale, const float* x, const float* weight, const float* bias,
                        size_t rows, size_t columns, const LayerNormForwardAttributes& attributes) {
  const double eps = attributes.eps;
  parallel(run, rows, 1, 1.5 * work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const float* const in = x + r * columns;
      float* const out = y + r * columns;
      mean[r] = static_cast<float>(row_mean(columns, [=](size_t i, size_t n) HWY_ATTR { return load(kF, in + i, n); }));
      const VF center = hn::Set(kF, mean[r]);
      const double variance = row_mean(columns, [=](size_t i, size_t n) HWY_ATTR {
        const VF d = hn::Sub(load(kF, in + i, n), center);
        const VF square = hn::Mul(d, d);
        return n >= kLanes ? square : hn::IfThenElseZero(hn::FirstN(kF, n), square);
      });
      const VF root = hn::Sqrt(hn::Set(kF, static_cast<float>(variance + eps)));
      const VF factor = hn::Div(hn::Set(kF, 1.0f), root);
      scale[r] = hn::GetLane(factor);
      for (size_t i = 0; i < columns; i += kLanes) {
        const size_t n = columns - i;
        const VF normal = hn::Mul(hn::Sub(load(kF, in + i, n), center), factor);
        const VF shift = bias == nullptr ? hn::Zero(kF) : load(kF, bias + i, n);
        store(hn::MulAdd(normal, weight_at(weight, i, n), shift), kF, out + i, n);
      }
    }
  });
}

// With g = dy weight and h = (x - mean_r) scale_r: dx[r, c] = scale_r (g - mean over c of g - h mean over c of (g h)), written; dx may be dy.
// dweight[c] = sum over r of dy h, dbias[c] = sum over r of dy, written, or added to with their flags. Each unless null.
void layer_norm_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                         const float* mean, const float* scale, const float* weight, size_t rows, size_t columns,
                         const LayerNormBackwardAttributes& attributes) {
  if (columns == 0) return;  // and no memory for sums
  const size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  const bool sums = dweight != nullptr || dbias != nullptr;
  float* const parts = sums ? scratch(Scratch::kBlocks, 2 * blocks * columns) : nullptr;
  parallel(run, blocks, 1, 2.5 * work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t block = begin; block < end; ++block) {
      float* const part = sums ? parts + 2 * block * columns : nullptr;
      if (sums) std::memset(part, 0, 2 * columns * sizeof(float));
      for (size_t r = block * kRowBlock; r < rows && r < (block + 1) * kRowBlock; ++r) {
        const float* const upstream = dy + r * columns;
        const float* const in = x + r * columns;
        if (dweight != nullptr) add_products(part, upstream, in, mean[r], scale[r], columns);
        if (dbias != nullptr) add_row(part + columns, upstream, columns);
        if (dx == nullptr) continue;
        float* const out = dx + r * columns;
        const VF center = hn::Set(kF, mean[r]), factor = hn::Set(kF, scale[r]);
        const double g_mean = row_mean(columns, [=](size_t i, size_t n) HWY_ATTR {
          return hn::Mul(load(kF, upstream + i, n), weight_at(weight, i, n));
        });
        const double product_mean = row_mean(columns, [=](size_t i, size_t n) HWY_ATTR {
          const VF h = hn::Mul(hn::Sub(load(kF, in + i, n), center), factor);
          return hn::Mul(hn::Mul(load(kF, upstream + i, n), weight_at(weight, i, n)), h);
        });
        const VF offset = hn::Set(kF, static_cast<float>(g_mean)), share = hn::Set(kF, static_cast<float>(product_mean));
        for (size_t i = 0; i < columns; i += kLanes) {
          const size_t n = columns - i;
          const VF h = hn::Mul(hn::Sub(load(kF, in + i, n), center), factor);
          const VF g = hn::MulSub(load(kF, upstream + i, n), weight_at(weight, i, n), offset);
          store(hn::Mul(factor, hn::NegMulAdd(h, share, g)), kF, out + i, n);
        }
      }
    }
  });
  if (dweight != nullptr) sum_parts(run, dweight, parts, 2 * columns, blocks, columns, attributes.accumulate_dweight);
  if (dbias != nullptr) sum_parts(run, dbias, parts + columns, 2 * columns, blocks, columns, attributes.accumulate_dbias);
}

}  // namespace simdnn::SIMDNN_ISA
