// Layer norm and RMS norm: normalisation of the rows of x = [rows, columns].
#include <cstring>
#include <utility>

#include "kernels/past_caches.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using D64 = hn::Repartition<double, F>;
constexpr D64 kD64;
using VD = hn::Vec<D64>;

// Terms are added in float within blocks of so many elements, and the blocks' sums in double: the order depends on the number of columns alone.
constexpr size_t kBlock = 16 * kLanes;
// Rows whose terms of dweight are added in float before they go to the sum of all rows.
constexpr size_t kRowBlock = 32;

// Prefetches the same place of two matrices kRows rows ahead, because the hardware prefetcher stops at each 4 KiB page. Behind the last row it does no harm. A
// backward pass prefetches dy in its first pass over the row and x in its second, so that both passes keep the memory busy.
template <size_t kRows>
HWY_INLINE void prefetch_rows(const float* a, const float* b, size_t i, size_t columns) {
  const size_t ahead = (i + kRows * columns) * sizeof(float);
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(a) + ahead));
  if (a != b) __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(b) + ahead));
}

// Rows processed together: they share the work that is done once per pass, the end of one row's sums does not wait for that of the other's, and sums over rows
// are read and written once for both.
constexpr size_t kTogether = 2;

// means[row][k] = the mean of the k-th term over each of kRows rows. add(i, n, sums, fetches) adds the terms of the n elements from i on to sums[row][k], 0 in
// the lanes behind a tail; where `fetches`, which is once a cache line, it also prefetches what comes next. Each row has four chains of additions, which hide
// one another's latency. A row's order of additions does not depend on the rows beside it.
template <size_t kRows, size_t kMeans, class Add>
HWY_INLINE void row_means(double (&means)[kRows][kMeans], size_t columns, Add add) {
  constexpr hn::Rebind<float, D64> half;
  constexpr size_t kChains = 4 / kMeans;
  VD low[kRows][kMeans], high[kRows][kMeans];
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t k = 0; k < kMeans; ++k) low[row][k] = high[row][k] = hn::Zero(kD64);
  }
  for (size_t block = 0; block < columns; block += kBlock) {
    const size_t end = columns - block < kBlock ? columns : block + kBlock;
    VF sums[kChains][kRows][kMeans];
    for (size_t chain = 0; chain < kChains; ++chain) {
      for (size_t row = 0; row < kRows; ++row) {
        for (size_t k = 0; k < kMeans; ++k) sums[chain][row][k] = hn::Zero(kF);
      }
    }
    size_t i = block;
    for (; i + kChains * kLanes <= end; i += kChains * kLanes) {
      for (size_t chain = 0; chain < kChains; ++chain) add(i + chain * kLanes, kLanes, sums[chain], chain * kLanes % kLine == 0);
    }
    for (; i < end; i += kLanes) add(i, end - i, sums[0], true);
    for (size_t row = 0; row < kRows; ++row) {
      for (size_t k = 0; k < kMeans; ++k) {
        VF sum = hn::Add(sums[0][row][k], sums[1][row][k]);
        if constexpr (kChains == 4) sum = hn::Add(sum, hn::Add(sums[2][row][k], sums[3][row][k]));
        low[row][k] = hn::Add(low[row][k], hn::PromoteTo(kD64, hn::LowerHalf(half, sum)));
        high[row][k] = hn::Add(high[row][k], hn::PromoteTo(kD64, hn::UpperHalf(half, sum)));
      }
    }
  }
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t k = 0; k < kMeans; ++k) {
      means[row][k] = hn::GetLane(hn::SumOfLanes(kD64, hn::Add(low[row][k], high[row][k]))) / static_cast<double>(columns);
    }
  }
}

// Calls body(r, count) for rows [begin, end): kTogether at a time if they are long, else one by one, as the processor overlaps short rows by itself. count is
// a compile-time constant.
template <class Body>
HWY_INLINE void each_rows(size_t begin, size_t end, size_t columns, Body body) {
  size_t r = begin;
  for (; columns >= kBlock && r + kTogether <= end; r += kTogether) body(r, std::integral_constant<size_t, kTogether>());
  for (; r < end; ++r) body(r, std::integral_constant<size_t, 1>());
}

double work(size_t rows, size_t columns) { return static_cast<double>(rows) * (8 + 2.0 * static_cast<double>(columns) / kLanes); }

template <bool kWeighted>
HWY_INLINE VF weight_at(const float* weight, size_t i, size_t n) {
  if constexpr (kWeighted) return load(kF, weight + i, n);
  return hn::Set(kF, 1.0f);
}

// Calls body(Weighted, Parts). Each is a type whose `value` is a constant: whether there is a weight, and whether sums over rows are wanted.
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

// to[c] = the sum of parts[block * stride + c] over the blocks in their order; with `add` it is added to to[c].
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
      each_rows(begin, end, columns, [=](size_t r, auto count) HWY_ATTR {
        constexpr size_t kRows = decltype(count)::value;
        const float* const in = x + r * columns;
        float* const out = y + r * columns;
        const float* const ahead = past ? in : out;
        double means[kRows][1];
        row_means<kRows, 1>(means, columns, [=](size_t i, size_t n, VF(&sums)[kRows][1], bool fetches) HWY_ATTR {
          for (size_t row = 0; row < kRows; ++row) {
            const size_t at = row * columns + i;
            if (fetches) prefetch_rows<kRows>(in, ahead, at, columns);
            const VF v = load(kF, in + at, n);
            sums[row][0] = hn::MulAdd(v, v, sums[row][0]);
          }
        });
        for (size_t row = 0; row < kRows; ++row) {
          const VF root = hn::Sqrt(hn::Set(kF, static_cast<float>(means[row][0] + eps)));
          const VF factor = hn::Div(hn::Set(kF, 1.0f), root);
          scale[r + row] = hn::GetLane(factor);
          const float* const from = in + row * columns;
          write_row(out + row * columns, columns, past, [=](size_t i, size_t n) HWY_ATTR {
            return hn::Mul(hn::Mul(load(kF, from + i, n), factor), weight_at<decltype(weighted)::value>(weight, i, n));
          });
        }
      });
      finish_writing(past);
    });
  });
}

// With g = dy weight: dx[r, c] = scale_r (g[r, c] - x[r, c] scale_r^2 mean over c of (g x)); dx is written and may be dy.
// dweight[c] = sum over r of dy[r, c] x[r, c] scale_r is written, or added to with `accumulate_dweight`. Either may be null.
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
        if constexpr (kParts) std::memset(part, 0, columns * sizeof(float));
        const size_t stop = rows < (block + 1) * kRowBlock ? rows : (block + 1) * kRowBlock;
        each_rows(block * kRowBlock, stop, columns, [=](size_t r, auto count) HWY_ATTR {
          constexpr size_t kRows = decltype(count)::value;
          const float *const upstream = dy + r * columns, *const in = x + r * columns;
          float* const out = dx == nullptr ? nullptr : dx + r * columns;
          const float* const ahead = dx == nullptr ? in : (past ? upstream : out);
          VF factor[kRows];
          for (size_t row = 0; row < kRows; ++row) factor[row] = hn::Set(kF, scale[r + row]);
          double means[kRows][1];
          row_means<kRows, 1>(means, columns, [=](size_t i, size_t n, VF(&sums)[kRows][1], bool fetches) HWY_ATTR {
            const VF w = weight_at<kWeighted>(weight, i, n);
            VF sum = hn::Zero(kF);
            if constexpr (kParts) sum = load(kF, part + i, n);
            for (size_t row = 0; row < kRows; ++row) {
              const size_t at = row * columns + i;
              if (fetches) prefetch_rows<kRows>(upstream, ahead, at, columns);
              const VF d = load(kF, upstream + at, n), v = load(kF, in + at, n);
              sums[row][0] = hn::MulAdd(hn::Mul(d, w), v, sums[row][0]);
              if constexpr (kParts) sum = hn::MulAdd(d, hn::Mul(v, factor[row]), sum);
            }
            if constexpr (kParts) store(sum, kF, part + i, n);
          });
          for (size_t row = 0; dx != nullptr && row < kRows; ++row) {
            const double square = static_cast<double>(scale[r + row]) * scale[r + row];
            const VF share = hn::Set(kF, static_cast<float>(square * means[row][0])), root = factor[row];
            const float *const d = upstream + row * columns, *const v = in + row * columns;
            write_row(out + row * columns, columns, past, [=](size_t i, size_t n) HWY_ATTR {
              prefetch_rows<kRows>(v, v, i, columns);
              const VF g = hn::Mul(load(kF, d + i, n), weight_at<kWeighted>(weight, i, n));
              return hn::Mul(root, hn::NegMulAdd(load(kF, v + i, n), share, g));
            });
          }
        });
      }
      finish_writing(past);
    });
  });
  if (dweight != nullptr) sum_parts(run, dweight, parts, columns, blocks, columns, attributes.accumulate_dweight);
}

// torch.nn.LayerNorm (Ba et al., 2016): mean_r and variance over c of x[r, c], scale_r = 1 / sqrt(variance + eps),
// y[r, c] = (x[r, c] - mean_r) scale_r weight[c] + bias[c]. Null weights are ones, null biases zeros. y may be x. The variance is the mean of the squared
// differences from the mean, in a second pass. Error: 4 roundings, half of the variance's roundings, and one of |mean_r| scale_r weight[c].
void layer_norm_forward(Run& run, float* y, float* mean, float* scale, const float* x, const float* weight, const float* bias,
                        size_t rows, size_t columns, const LayerNormForwardAttributes& attributes) {
  const double eps = attributes.eps;
  const bool past = past_caches(y, rows * columns, columns);
  with_flags(weight != nullptr, bias != nullptr, [=, &run](auto weighted, auto shifted) {
    constexpr bool kWeighted = decltype(weighted)::value, kShifted = decltype(shifted)::value;
    parallel(run, rows, 1, 1.5 * work(rows, columns), [=](size_t begin, size_t end) {
      each_rows(begin, end, columns, [=](size_t r, auto count) HWY_ATTR {
        constexpr size_t kRows = decltype(count)::value;
        const float* const in = x + r * columns;
        float* const out = y + r * columns;
        const float* const ahead = past ? in : out;
        double means[kRows][1];
        row_means<kRows, 1>(means, columns, [=](size_t i, size_t n, VF(&sums)[kRows][1], bool fetches) HWY_ATTR {
          for (size_t row = 0; row < kRows; ++row) {
            const size_t at = row * columns + i;
            if (fetches) prefetch_rows<kRows>(in, ahead, at, columns);
            sums[row][0] = hn::Add(sums[row][0], load(kF, in + at, n));
          }
        });
        VF center[kRows];
        for (size_t row = 0; row < kRows; ++row) {
          mean[r + row] = static_cast<float>(means[row][0]);
          center[row] = hn::Set(kF, mean[r + row]);
        }
        row_means<kRows, 1>(means, columns, [=](size_t i, size_t n, VF(&sums)[kRows][1], bool) HWY_ATTR {
          for (size_t row = 0; row < kRows; ++row) {
            VF d = hn::Sub(load(kF, in + row * columns + i, n), center[row]);
            if (HWY_UNLIKELY(n < kLanes)) d = hn::IfThenElseZero(hn::FirstN(kF, n), d);
            sums[row][0] = hn::MulAdd(d, d, sums[row][0]);
          }
        });
        for (size_t row = 0; row < kRows; ++row) {
          const VF root = hn::Sqrt(hn::Set(kF, static_cast<float>(means[row][0] + eps)));
          const VF factor = hn::Div(hn::Set(kF, 1.0f), root), middle = center[row];
          scale[r + row] = hn::GetLane(factor);
          const float* const from = in + row * columns;
          write_row(out + row * columns, columns, past, [=](size_t i, size_t n) HWY_ATTR {
            const VF normal = hn::Mul(hn::Sub(load(kF, from + i, n), middle), factor);
            const VF shift = kShifted ? load(kF, bias + i, n) : hn::Zero(kF);
            return hn::MulAdd(normal, weight_at<kWeighted>(weight, i, n), shift);
          });
        }
      });
      finish_writing(past);
    });
  });
}

// With g = dy weight and h = (x - mean_r) scale_r: dx[r, c] = scale_r (g - mean over c of g - h mean over c of (g h)); dx is written and may be dy.
// dweight[c] = sum over r of dy h and dbias[c] = sum over r of dy are written, or added to with their flags. Each may be null.
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
        if constexpr (kParts) std::memset(part, 0, 2 * columns * sizeof(float));
        const size_t stop = rows < (block + 1) * kRowBlock ? rows : (block + 1) * kRowBlock;
        each_rows(block * kRowBlock, stop, columns, [=](size_t r, auto count) HWY_ATTR {
          constexpr size_t kRows = decltype(count)::value;
          const float *const upstream = dy + r * columns, *const in = x + r * columns;
          float* const out = dx == nullptr ? nullptr : dx + r * columns;
          const float* const ahead = dx == nullptr ? in : (past ? upstream : out);
          VF center[kRows], factor[kRows];
          for (size_t row = 0; row < kRows; ++row) {
            center[row] = hn::Set(kF, mean[r + row]);
            factor[row] = hn::Set(kF, scale[r + row]);
          }
          double means[kRows][2];  // of g, and of g h
          row_means<kRows, 2>(means, columns, [=](size_t i, size_t n, VF(&to)[kRows][2], bool fetches) HWY_ATTR {
            const VF w = weight_at<kWeighted>(weight, i, n);
            VF products = hn::Zero(kF), sum = hn::Zero(kF);
            if constexpr (kParts) {
              products = load(kF, part + i, n);
              sum = load(kF, part + columns + i, n);
            }
            for (size_t row = 0; row < kRows; ++row) {
              const size_t at = row * columns + i;
              if (fetches) prefetch_rows<kRows>(upstream, ahead, at, columns);
              const VF d = load(kF, upstream + at, n), h = hn::Mul(hn::Sub(load(kF, in + at, n), center[row]), factor[row]);
              const VF g = hn::Mul(d, w);
              to[row][0] = hn::Add(to[row][0], g);
              to[row][1] = hn::MulAdd(g, h, to[row][1]);
              if constexpr (kParts) {
                products = hn::MulAdd(d, h, products);
                sum = hn::Add(sum, d);
              }
            }
            if constexpr (kParts) {
              store(products, kF, part + i, n);
              store(sum, kF, part + columns + i, n);
            }
          });
          for (size_t row = 0; dx != nullptr && row < kRows; ++row) {
            const VF offset = hn::Set(kF, static_cast<float>(means[row][0])), share = hn::Set(kF, static_cast<float>(means[row][1]));
            const VF middle = center[row], root = factor[row];
            const float *const d = upstream + row * columns, *const v = in + row * columns;
            write_row(out + row * columns, columns, past, [=](size_t i, size_t n) HWY_ATTR {
              prefetch_rows<kRows>(v, v, i, columns);
              const VF h = hn::Mul(hn::Sub(load(kF, v + i, n), middle), root);
              const VF g = hn::MulSub(load(kF, d + i, n), weight_at<kWeighted>(weight, i, n), offset);
              return hn::Mul(root, hn::NegMulAdd(h, share, g));
            });
          }
        });
      }
      finish_writing(past);
    });
  });
  if (dweight != nullptr) sum_parts(run, dweight, parts, 2 * columns, blocks, columns, attributes.accumulate_dweight);
  if (dbias != nullptr) sum_parts(run, dbias, parts + columns, 2 * columns, blocks, columns, attributes.accumulate_dbias);
}

}  // namespace simdnn::SIMDNN_ISA
