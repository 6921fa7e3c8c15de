// Normalisation of the rows of x = [rows, columns].
#include <cstring>

#include "kernels/past_caches.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using D64 = hn::Repartition<double, F>;
constexpr D64 kD64;
using VD = hn::Vec<D64>;

// Terms are added in float within blocks of so many elements, the sums of blocks in double: the order depends on the number of columns alone.
constexpr size_t kBlock = 16 * kLanes;
// Rows whose part of dweight is added in float before it goes to the sum of all.
constexpr size_t kRowBlock = 32;

// Begins to fetch the same place of the next row: the processor's own prefetching stops at each 4 KiB page. Harmless behind the last row.
HWY_INLINE void prefetch_next(const float* row, size_t i, size_t columns) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(row) + (i + columns) * sizeof(float)));
}

// means[k] over a row of kMeans kinds of terms: add(i, n, sums) adds those of the n elements from i on to sums[k], 0 in the lanes that a tail has too many.
// Four chains of additions, so that none waits for the one before it.
template <size_t kMeans, class Add>
HWY_INLINE void row_means(double (&means)[kMeans], size_t columns, Add add) {
  constexpr hn::Rebind<float, D64> half;
  constexpr size_t kChains = 4 / kMeans;
  VD low[kMeans], high[kMeans];
  for (size_t k = 0; k < kMeans; ++k) low[k] = high[k] = hn::Zero(kD64);
  for (size_t block = 0; block < columns; block += kBlock) {
    const size_t end = columns - block < kBlock ? columns : block + kBlock;
    VF sums[kChains][kMeans];
    for (size_t chain = 0; chain < kChains; ++chain) {
      for (size_t k = 0; k < kMeans; ++k) sums[chain][k] = hn::Zero(kF);
    }
    size_t i = block;
    for (; i + kChains * kLanes <= end; i += kChains * kLanes) {
      for (size_t chain = 0; chain < kChains; ++chain) add(i + chain * kLanes, kLanes, sums[chain]);
    }
    for (; i < end; i += kLanes) add(i, end - i, sums[0]);
    for (size_t k = 0; k < kMeans; ++k) {
      VF sum = hn::Add(sums[0][k], sums[1][k]);
      if constexpr (kChains == 4) sum = hn::Add(sum, hn::Add(sums[2][k], sums[3][k]));
      low[k] = hn::Add(low[k], hn::PromoteTo(kD64, hn::LowerHalf(half, sum)));
      high[k] = hn::Add(high[k], hn::PromoteTo(kD64, hn::UpperHalf(half, sum)));
    }
  }
  for (size_t k = 0; k < kMeans; ++k) {
    means[k] = hn::GetLane(hn::SumOfLanes(kD64, hn::Add(low[k], high[k]))) / static_cast<double>(columns);
  }
}
template <class Add>
HWY_INLINE double row_mean(size_t columns, Add add) {
  double means[1];
  row_means(means, columns, add);
  return means[0];
}

double work(size_t rows, size_t columns) { return static_cast<double>(rows) * (8 + 2.0 * static_cast<double>(columns) / kLanes); }

template <bool kWeighted>
HWY_INLINE VF weight_at(const float* weight, size_t i, size_t n) {
  if constexpr (kWeighted) return load(kF, weight + i, n);
  return hn::Set(kF, 1.0f);
}

// part[c] += a b
HWY_INLINE void add_product(float* part, VF a, VF b, size_t n) { store(hn::MulAdd(a, b, load(kF, part, n)), kF, part, n); }

// body(Weighted, Parts), each a type whose `value` says whether there is a weight, or whether sums over rows are wanted.
template <bool kFlag>
struct Flag {
  static constexpr bool value = kFlag;
};
template <class Body>
void with_flags(bool weighted, bool parts, Body body) {
  if (weighted && parts) return body(Flag<true>{}, Flag<true>{});
  if (weighted) return body(Flag<true>{}, Flag<false>{});
  if (parts) return body(Flag<false>{}, Flag<true>{});
  body(Flag<false>{}, Flag<false>{});
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

}  // namespace

// torch.nn.RMSNorm (Zhang, Sennrich, 2019): scale_r = 1 / sqrt(mean over c of x[r, c]^2 + eps), y[r, c] = x[r, c] scale_r weight[c]; a null weight
// is ones. y may be x. Error: 3 ulp and half of the mean's, of at most 12 roundings in sequence.
void rms_norm_forward(Run& run, float* y, float* scale, const float* x, const float* weight, size_t rows, size_t columns,
                      const RmsNormForwardAttributes& attributes) {
  const double eps = attributes.eps;
  const bool past = past_caches(y, rows * columns, columns);
  with_flags(weight != nullptr, false, [=, &run](auto weighted, auto) {
    parallel(run, rows, 1, work(rows, columns), [=](size_t begin, size_t end) {
      for (size_t r = begin; r < end; ++r) {
        const float* const in = x + r * columns;
        float* const out = y + r * columns;
        const float* const ahead = past ? in : out;
        const double mean = row_mean(columns, [=](size_t i, size_t n, VF* sums) HWY_ATTR {
          prefetch_next(in, i, columns);
          prefetch_next(ahead, i, columns);
          const VF v = load(kF, in + i, n);
          sums[0] = hn::MulAdd(v, v, sums[0]);
        });
        const VF root = hn::Sqrt(hn::Set(kF, static_cast<float>(mean + eps)));
        const VF factor = hn::Div(hn::Set(kF, 1.0f), root);
        scale[r] = hn::GetLane(factor);
        write_row(out, columns, past, [=](size_t i, size_t n) HWY_ATTR {
          return hn::Mul(hn::Mul(load(kF, in + i, n), factor), weight_at<decltype(weighted)::value>(weight, i, n));
        });
      }
      finish_writing(past);
    });
  });
}

// With g = dy weight: dx[r, c] = scale_r (g[r, c] - x[r, c] scale_r^2 mean over c of (g x)), written; dx may be dy.
// dweight[c] = sum over r of dy[r, c] x[r, c] scale_r, written, or added to with `accumulate_dweight`. Each unless null.
void rms_norm_backward(Run& run, float* dx, float* dweight, const float* dy, const float* x, const float* scale,
                       const float* weight, size_t rows, size_t columns, const RmsNormBackwardAttributes& attributes) {
  if (columns == 0) return;  // and no memory for sums
  const size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  const bool past = past_caches(dx, rows * columns, columns);
  float* const parts = dweight == nullptr ? nullptr : scratch(Scratch::kBlocks, blocks * columns);
  with_flags(weight != nullptr, dweight != nullptr, [=, &run](auto weighted, auto summed) {
    constexpr bool kWeighted = decltype(weighted)::value, kParts = decltype(summed)::value;
    parallel(run, blocks, 1, 2 * work(rows, columns), [=](size_t begin, size_t end) {
      for (size_t block = begin; block < end; ++block) {
        float* const part = kParts ? parts + block * columns : nullptr;
        if (kParts) std::memset(part, 0, columns * sizeof(float));
        for (size_t r = block * kRowBlock; r < rows && r < (block + 1) * kRowBlock; ++r) {
          const float *const upstream = dy + r * columns, *const in = x + r * columns;
          float* const out = dx == nullptr ? nullptr : dx + r * columns;
          const float* const ahead = dx == nullptr || past ? in : out;
          const VF factor = hn::Set(kF, scale[r]);
          const double mean = row_mean(columns, [=](size_t i, size_t n, VF* sums) HWY_ATTR {
            prefetch_next(upstream, i, columns);
            prefetch_next(in, i, columns);
            prefetch_next(ahead, i, columns);
            const VF d = load(kF, upstream + i, n), v = load(kF, in + i, n);
            sums[0] = hn::MulAdd(hn::Mul(d, weight_at<kWeighted>(weight, i, n)), v, sums[0]);
            if constexpr (kParts) add_product(part + i, d, hn::Mul(v, factor), n);
          });
          if (dx == nullptr) continue;
          const double square = static_cast<double>(scale[r]) * scale[r];
          const VF share = hn::Set(kF, static_cast<float>(square * mean));
          write_row(out, columns, past, [=](size_t i, size_t n) HWY_ATTR {
            const VF g = hn::Mul(load(kF, upstream + i, n), weight_at<kWeighted>(weight, i, n));
            return hn::Mul(factor, hn::NegMulAdd(load(kF, in + i, n), share, g));
          });
        }
      }
      finish_writing(past);
    });
  });
  if (dweight != nullptr) sum_parts(run, dweight, parts, columns, blocks, columns, attributes.accumulate_dweight);
}

// torch.nn.LayerNorm (Ba et al., 2016): mean_r and variance over c of x[r, c], scale_r = 1 / sqrt(variance + eps),
// y[r, c] = (x[r, c] - mean_r) scale_r weight[c] + bias[c]; null weights are ones, null biases zeros. y may be x. The variance is the mean of
// squared differences from the mean, in a second walk. Error: 4 roundings, half of those of the variance, and one of |mean_r| scale_r weight[c].
void layer_norm_forward(Run& run, float* y, float* mean, float* scale, const float* x, const float* weight, const float* bias,
                        size_t rows, size_t columns, const LayerNormForwardAttributes& attributes) {
  const double eps = attributes.eps;
  const bool past = past_caches(y, rows * columns, columns);
  with_flags(weight != nullptr, bias != nullptr, [=, &run](auto weighted, auto shifted) {
    constexpr bool kWeighted = decltype(weighted)::value, kShifted = decltype(shifted)::value;
    parallel(run, rows, 1, 1.5 * work(rows, columns), [=](size_t begin, size_t end) {
      for (size_t r = begin; r < end; ++r) {
        const float* const in = x + r * columns;
        float* const out = y + r * columns;
        const float* const ahead = past ? in : out;
        mean[r] = static_cast<float>(row_mean(columns, [=](size_t i, size_t n, VF* sums) HWY_ATTR {
          prefetch_next(in, i, columns);
          prefetch_next(ahead, i, columns);
          sums[0] = hn::Add(sums[0], load(kF, in + i, n));
        }));
        const VF center = hn::Set(kF, mean[r]);
        const double variance = row_mean(columns, [=](size_t i, size_t n, VF* sums) HWY_ATTR {
          VF d = hn::Sub(load(kF, in + i, n), center);
          if (HWY_UNLIKELY(n < kLanes)) d = hn::IfThenElseZero(hn::FirstN(kF, n), d);
          sums[0] = hn::MulAdd(d, d, sums[0]);
        });
        const VF root = hn::Sqrt(hn::Set(kF, static_cast<float>(variance + eps)));
        const VF factor = hn::Div(hn::Set(kF, 1.0f), root);
        scale[r] = hn::GetLane(factor);
        write_row(out, columns, past, [=](size_t i, size_t n) HWY_ATTR {
          const VF normal = hn::Mul(hn::Sub(load(kF, in + i, n), center), factor);
          const VF shift = kShifted ? load(kF, bias + i, n) : hn::Zero(kF);
          return hn::MulAdd(normal, weight_at<kWeighted>(weight, i, n), shift);
        });
      }
      finish_writing(past);
    });
  });
}

// With g = dy weight and h = (x - mean_r) scale_r: dx[r, c] = scale_r (g - mean over c of g - h mean over c of (g h)), written; dx may be dy.
// dweight[c] = sum over r of dy h, dbias[c] = sum over r of dy, written, or added to with their flags. Each unless null.
void layer_norm_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                         const float* mean, const float* scale, const float* weight, size_t rows, size_t columns,
                         const LayerNormBackwardAttributes& attributes) {
  if (columns == 0) return;  // and no memory for sums
  const size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  const bool past = past_caches(dx, rows * columns, columns);
  const bool sums = dweight != nullptr || dbias != nullptr;
  float* const parts = sums ? scratch(Scratch::kBlocks, 2 * blocks * columns) : nullptr;
  with_flags(weight != nullptr, sums, [=, &run](auto weighted, auto summed) {
    constexpr bool kWeighted = decltype(weighted)::value, kParts = decltype(summed)::value;
    parallel(run, blocks, 1, 2.5 * work(rows, columns), [=](size_t begin, size_t end) {
      for (size_t block = begin; block < end; ++block) {
        float* const part = kParts ? parts + 2 * block * columns : nullptr;
        if (kParts) std::memset(part, 0, 2 * columns * sizeof(float));
        for (size_t r = block * kRowBlock; r < rows && r < (block + 1) * kRowBlock; ++r) {
          const float *const upstream = dy + r * columns, *const in = x + r * columns;
          float* const out = dx == nullptr ? nullptr : dx + r * columns;
          const float* const ahead = dx == nullptr || past ? in : out;
          const VF center = hn::Set(kF, mean[r]), factor = hn::Set(kF, scale[r]);
          double means[2];  // of g, and of g h
          row_means(means, columns, [=](size_t i, size_t n, VF* to) HWY_ATTR {
            prefetch_next(upstream, i, columns);
            prefetch_next(in, i, columns);
            prefetch_next(ahead, i, columns);
            const VF d = load(kF, upstream + i, n), h = hn::Mul(hn::Sub(load(kF, in + i, n), center), factor);
            const VF g = hn::Mul(d, weight_at<kWeighted>(weight, i, n));
            to[0] = hn::Add(to[0], g);
            to[1] = hn::MulAdd(g, h, to[1]);
            if constexpr (kParts) {
              add_product(part + i, d, h, n);
              store(hn::Add(load(kF, part + columns + i, n), d), kF, part + columns + i, n);
            }
          });
          if (dx == nullptr) continue;
          const VF offset = hn::Set(kF, static_cast<float>(means[0])), share = hn::Set(kF, static_cast<float>(means[1]));
          write_row(out, columns, past, [=](size_t i, size_t n) HWY_ATTR {
            const VF h = hn::Mul(hn::Sub(load(kF, in + i, n), center), factor);
            const VF g = hn::MulSub(load(kF, upstream + i, n), weight_at<kWeighted>(weight, i, n), offset);
            return hn::Mul(factor, hn::NegMulAdd(h, share, g));
          });
        }
      }
      finish_writing(past);
    });
  });
  if (dweight != nullptr) sum_parts(run, dweight, parts, 2 * columns, blocks, columns, attributes.accumulate_dweight);
  if (dbias != nullptr) sum_parts(run, dbias, parts + columns, 2 * columns, blocks, columns, attributes.accumulate_dbias);
}

}  // namespace simdnn::SIMDNN_ISA
