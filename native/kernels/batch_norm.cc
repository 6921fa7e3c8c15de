// Normalisation of the columns of x = [rows, columns], each by its mean and variance (Ioffe, Szegedy, 2015).
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using D64 = hn::Repartition<double, F>;
constexpr D64 kD64;

// Rows whose terms are added in float before they go to a column's sum in double: the order depends on the number of rows alone.
constexpr size_t kBlockRows = 8;
// Columns that go through the rows together: 2 KiB of each row.
constexpr size_t kBand = 512;

double work(size_t rows, size_t columns) { return 2.0 * static_cast<double>(rows) * (1 + static_cast<double>(columns) / kLanes); }

HWY_INLINE VF at_or(const float* p, size_t c, size_t n, float absent) {
  return p == nullptr ? hn::Set(kF, absent) : load(kF, p + c, n);
}

// 1 / sqrt(variance + eps)
HWY_INLINE VF scale_of(const float* variance, size_t c, size_t n, float eps) {
  const VF shifted = hn::Add(load(kF, variance + c, n), hn::Set(kF, eps));
  return hn::Div(hn::Set(kF, 1.0f), hn::Sqrt(shifted));
}

// sums[c...] += v, in double.
HWY_INLINE void add_to(double* sums, VF v) {
  constexpr hn::Rebind<float, D64> half;
  constexpr size_t kHalf = kLanes / 2;
  const auto low = hn::PromoteTo(kD64, hn::LowerHalf(half, v)), high = hn::PromoteTo(kD64, hn::UpperHalf(half, v));
  hn::StoreU(hn::Add(hn::LoadU(kD64, sums), low), kD64, sums);
  hn::StoreU(hn::Add(hn::LoadU(kD64, sums + kHalf), high), kD64, sums + kHalf);
}

// For each column the sum over rows of term(r, c, n), a vector of columns c...; finish(c, n, sums) is called for each vector of columns.
template <class Term, class Finish>
void sum_columns(Run& run, size_t rows, size_t columns, Term term, Finish finish) {
  parallel(run, (columns + kLanes - 1) / kLanes, 4, work(rows, columns), [=](size_t begin, size_t end) {
    const size_t last = end * kLanes < columns ? end * kLanes : columns;
    alignas(64) double sums[kBand];
    for (size_t band = begin * kLanes; band < last; band += kBand) {
      const size_t stop = last - band < kBand ? last : band + kBand;
      for (size_t k = 0; k < kBand; ++k) sums[k] = 0;
      for (size_t block = 0; block < rows; block += kBlockRows) {
        const size_t after = rows - block < kBlockRows ? rows : block + kBlockRows;
        for (size_t c = band; c < stop; c += kLanes) {
          VF sum = hn::Zero(kF);
          for (size_t r = block; r < after; ++r) sum = hn::Add(sum, term(r, c, columns - c));
          add_to(sums + (c - band), sum);
        }
      }
      for (size_t c = band; c < stop; c += kLanes) finish(c, columns - c, sums + (c - band));
    }
  });
}

// sums[0, kLanes) / count, rounded.
HWY_INLINE VF mean_of(const double* sums, double count) {
  alignas(64) float lanes[kLanes];
  for (size_t k = 0; k < kLanes; ++k) lanes[k] = static_cast<float>(sums[k] / count);
  return hn::Load(kF, lanes);
}

}  // namespace

// mean[c] and variance[c], the mean of (x[r, c] - mean[c])^2, in two walks. Error of both: 10 roundings of the mean magnitude of their terms.
void batch_norm_statistics(Run& run, float* mean, float* variance, const float* x, size_t rows, size_t columns) {
  const double count = static_cast<double>(rows);
  sum_columns(
      run, rows, columns, [=](size_t r, size_t c, size_t n) HWY_ATTR { return load(kF, x + r * columns + c, n); },
      [=](size_t c, size_t n, const double* sums) HWY_ATTR { store(mean_of(sums, count), kF, mean + c, n); });
  sum_columns(
      run, rows, columns,
      [=](size_t r, size_t c, size_t n) HWY_ATTR {
        const VF d = hn::Sub(load(kF, x + r * columns + c, n), load(kF, mean + c, n));
        return hn::Mul(d, d);
      },
      [=](size_t c, size_t n, const double* sums) HWY_ATTR { store(mean_of(sums, count), kF, variance + c, n); });
}

// y[r, c] = (x[r, c] - mean[c]) / sqrt(variance[c] + eps) weight[c] + bias[c]; null weights are ones, null biases zeros. y may be x. Error: 5 roundings
// of the product, one of the sum.
void batch_norm_forward(Run& run, float* y, const float* x, const float* mean, const float* variance, const float* weight,
                        const float* bias, size_t rows, size_t columns, const BatchNormForwardAttributes& attributes) {
  const float eps = static_cast<float>(attributes.eps);
  parallel(run, rows, 1, work(rows, columns), [=](size_t begin, size_t end) {
    alignas(64) float factors[kBand];
    for (size_t band = 0; band < columns; band += kBand) {
      const size_t stop = columns - band < kBand ? columns : band + kBand;
      for (size_t c = band; c < stop; c += kLanes) {
        const VF factor = hn::Mul(scale_of(variance, c, columns - c, eps), at_or(weight, c, columns - c, 1));
        hn::Store(factor, kF, factors + (c - band));
      }
      for (size_t r = begin; r < end; ++r) {
        for (size_t c = band; c < stop; c += kLanes) {
          const size_t n = columns - c, at = r * columns + c;
          const VF d = hn::Sub(load(kF, x + at, n), load(kF, mean + c, n));
          store(hn::MulAdd(d, hn::Load(kF, factors + (c - band)), at_or(bias, c, n, 0)), kF, y + at, n);
        }
      }
    }
  });
}

// With s = 1 / sqrt(variance + eps) and h = (x - mean) s: dbias[c] = sum over r of dy, dweight[c] = sum over r of dy h, written, or added to with their
// flags; dx[r, c] = weight s (dy - dbias / rows - h dweight / rows), or weight s dy where mean and variance are `fixed`; dx may be dy. Each unless null.
void batch_norm_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x, const float* mean,
                         const float* variance, const float* weight, size_t rows, size_t columns,
                         const BatchNormBackwardAttributes& attributes) {
  if (columns == 0) return;  // and no memory for sums
  const float eps = static_cast<float>(attributes.eps);
  const double count = static_cast<double>(rows);
  const bool through = dx != nullptr && !attributes.fixed;  // dx goes through mean and variance
  const size_t padded = (columns + kLanes - 1) / kLanes * kLanes;
  float* const means = through ? scratch(Scratch::kBlocks, 2 * padded) : nullptr;  // of dy, then of dy h
  if (through || dbias != nullptr) {
    const bool add = attributes.accumulate_dbias;
    sum_columns(
        run, rows, columns, [=](size_t r, size_t c, size_t n) HWY_ATTR { return load(kF, dy + r * columns + c, n); },
        [=](size_t c, size_t n, const double* sums) HWY_ATTR {
          if (through) store(mean_of(sums, count), kF, means + c, n);
          if (dbias == nullptr) return;
          const VF sum = mean_of(sums, 1);
          store(add ? hn::Add(load(kF, dbias + c, n), sum) : sum, kF, dbias + c, n);
        });
  }
  if (through || dweight != nullptr) {
    const bool add = attributes.accumulate_dweight;
    sum_columns(
        run, rows, columns,
        [=](size_t r, size_t c, size_t n) HWY_ATTR {
          const size_t at = r * columns + c;
          return hn::Mul(load(kF, dy + at, n), hn::Sub(load(kF, x + at, n), load(kF, mean + c, n)));
        },
        [=](size_t c, size_t n, const double* sums) HWY_ATTR {
          const VF scale = rows == 0 ? hn::Zero(kF) : scale_of(variance, c, n, eps);  // without rows there is no variance
          if (through) store(hn::Mul(mean_of(sums, count), scale), kF, means + padded + c, n);
          if (dweight == nullptr) return;
          const VF sum = hn::Mul(mean_of(sums, 1), scale);
          store(add ? hn::Add(load(kF, dweight + c, n), sum) : sum, kF, dweight + c, n);
        });
  }
  if (dx == nullptr) return;
  parallel(run, rows, 1, work(rows, columns), [=](size_t begin, size_t end) {
    // dx = (dy - offset - (x - mean) share) factor
    alignas(64) float factors[kBand], shares[kBand], offsets[kBand];
    for (size_t band = 0; band < columns; band += kBand) {
      const size_t stop = columns - band < kBand ? columns : band + kBand;
      for (size_t c = band; c < stop; c += kLanes) {
        const size_t n = columns - c;
        const VF scale = scale_of(variance, c, n, eps);
        hn::Store(hn::Mul(scale, at_or(weight, c, n, 1)), kF, factors + (c - band));
        hn::Store(through ? hn::Mul(load(kF, means + padded + c, n), scale) : hn::Zero(kF), kF, shares + (c - band));
        hn::Store(through ? load(kF, means + c, n) : hn::Zero(kF), kF, offsets + (c - band));
      }
      for (size_t r = begin; r < end; ++r) {
        for (size_t c = band; c < stop; c += kLanes) {
          const size_t n = columns - c, at = r * columns + c, k = c - band;
          VF g = load(kF, dy + at, n);
          if (through) {
            const VF d = hn::Sub(load(kF, x + at, n), load(kF, mean + c, n));
            g = hn::NegMulAdd(d, hn::Load(kF, shares + k), hn::Sub(g, hn::Load(kF, offsets + k)));
          }
          store(hn::Mul(g, hn::Load(kF, factors + k)), kF, dx + at, n);
        }
      }
    }
  });
}

}  // namespace simdnn::SIMDNN_ISA
