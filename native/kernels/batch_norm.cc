// Batch normalisation: each column of x = [rows, columns] is normalised by its mean and variance (Ioffe, Szegedy, 2015).
#include <cstring>

#include "kernels/past_caches.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using D64 = hn::Repartition<double, F>;
constexpr D64 kD64;

// Terms of this many rows are added in float, then in double to the column's sum: the order of additions depends on the number of rows alone. Rows that are a
// multiple of 4 KiB long fall into one set of the L1 cache: four of them take half of its ways and leave the others to the sums.
constexpr size_t kBlockRows = 4;
// Columns processed together, 4 KiB of each row: their sums stay in the L1 cache.
constexpr size_t kBand = 1024;
// The number of first rows whose mean is the shift that is subtracted before squares are summed (see batch_norm_statistics).
constexpr size_t kFirstRows = 32;

double work(size_t rows, size_t columns) { return 2.0 * static_cast<double>(rows) * (1 + static_cast<double>(columns) / kLanes); }

HWY_INLINE VF at_or(const float* p, size_t c, size_t n, float absent) {
  return p == nullptr ? hn::Set(kF, absent) : load(kF, p + c, n);
}

// 1 / sqrt(variance + eps)
HWY_INLINE VF scale_of(const float* variance, size_t c, size_t n, float eps) {
  const VF shifted = hn::Add(load(kF, variance + c, n), hn::Set(kF, eps));
  return hn::Div(hn::Set(kF, 1.0f), hn::Sqrt(shifted));
}

// sums[c...] += v, in double, for the lanes of v.
HWY_INLINE void add_to(double* sums, VF v) {
  constexpr hn::Rebind<float, D64> half;
  constexpr size_t kHalf = kLanes / 2;
  const auto low = hn::PromoteTo(kD64, hn::LowerHalf(half, v)), high = hn::PromoteTo(kD64, hn::UpperHalf(half, v));
  hn::StoreU(hn::Add(hn::LoadU(kD64, sums), low), kD64, sums);
  hn::StoreU(hn::Add(hn::LoadU(kD64, sums + kHalf), high), kD64, sums + kHalf);
}

// Prefetches p[i], an element of the next rows, because the hardware prefetcher stops at each 4 KiB page. p[i] may lie behind the array's end.
HWY_INLINE void prefetch_ahead(const float* p, size_t i) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(p) + i * sizeof(float)));
}

// For columns c in [band, stop): sums[k][c - band] = the sum of the k-th term over all rows. add(r, c, n, to) adds row r's terms to to[k].
template <size_t kSums, class Add>
HWY_INLINE void sum_rows(double (*sums)[kBand], size_t rows, size_t band, size_t stop, Add add) {
  for (size_t k = 0; k < kSums; ++k) std::memset(sums[k], 0, kBand * sizeof(double));
  for (size_t block = 0; block < rows; block += kBlockRows) {
    const bool whole = rows - block >= kBlockRows;
    size_t c = band;
    // Two vectors at a time are a whole cache line of each row: one that was left half used could be evicted by another row's line.
    for (; whole && c + 2 * kLanes <= stop; c += 2 * kLanes) {
      VF low[kSums], high[kSums];
      for (size_t k = 0; k < kSums; ++k) low[k] = high[k] = hn::Zero(kF);
      for (size_t r = block; r < block + kBlockRows; ++r) {
        add(r, c, kLanes, low);
        add(r, c + kLanes, kLanes, high);
      }
      for (size_t k = 0; k < kSums; ++k) {
        add_to(sums[k] + (c - band), low[k]);
        add_to(sums[k] + (c - band) + kLanes, high[k]);
      }
    }
    for (; c < stop; c += kLanes) {
      VF to[kSums];
      for (size_t k = 0; k < kSums; ++k) to[k] = hn::Zero(kF);
      for (size_t r = block; r < rows && r < block + kBlockRows; ++r) add(r, c, stop - c, to);
      for (size_t k = 0; k < kSums; ++k) add_to(sums[k] + (c - band), to[k]);
    }
  }
}

// Calls body(band, stop) for bands of columns, which threads share.
template <class Body>
void each_band(Run& run, size_t rows, size_t columns, Body body) {
  parallel(run, (columns + kLanes - 1) / kLanes, 4, work(rows, columns), [=](size_t begin, size_t end) {
    const size_t last = end * kLanes < columns ? end * kLanes : columns;
    for (size_t band = begin * kLanes; band < last; band += kBand) body(band, last - band < kBand ? last : band + kBand);
  });
}

// sums[0, kLanes) / count, rounded to float.
HWY_INLINE VF mean_of(const double* sums, double count) {
  alignas(64) float lanes[kLanes];
  for (size_t k = 0; k < kLanes; ++k) lanes[k] = static_cast<float>(sums[k] / count);
  return hn::Load(kF, lanes);
}

}  // namespace

// mean[c], and variance[c] = the mean of (x[r, c] - mean[c])^2, in one pass over x: with d = x - shift, where shift is the mean of the first rows,
// mean = shift + mean of d, and variance = mean of d^2 - (mean of d)^2. If the first rows are so unlike the others that the subtraction would lose more
// than half of its first term, a second pass over the band takes the mean as shift. Error of both: 10 roundings of the mean magnitude of their terms.
void batch_norm_statistics(Run& run, float* mean, float* variance, const float* x, size_t rows, size_t columns) {
  const double count = static_cast<double>(rows);
  each_band(run, rows, columns, [=](size_t band, size_t stop) {
    alignas(64) double sums[2][kBand];
    alignas(64) float shift[kBand];
    const size_t first = rows < kFirstRows ? rows : kFirstRows, vectors = (stop - band + kLanes - 1) / kLanes * kLanes;
    sum_rows<1>(sums, first, band, stop, [=](size_t r, size_t c, size_t n, VF* to) HWY_ATTR {
      to[0] = hn::Add(to[0], load(kF, x + r * columns + c, n));
    });
    for (size_t k = 0; k < vectors; ++k) shift[k] = static_cast<float>(sums[0][k] / static_cast<double>(first));
    for (int walk = 0; walk < 2; ++walk) {
      // an infinite or NaN shift would turn an infinite mean into NaN
      for (size_t k = 0; k < vectors; ++k) shift[k] = shift[k] - shift[k] == 0 ? shift[k] : 0;
      const float* const from = shift;
      sum_rows<2>(sums, rows, band, stop, [=](size_t r, size_t c, size_t n, VF* to) HWY_ATTR {
        prefetch_ahead(x, (r + kBlockRows) * columns + c);
        const VF d = hn::Sub(load(kF, x + r * columns + c, n), hn::Load(kF, from + (c - band)));
        to[0] = hn::Add(to[0], d);
        to[1] = hn::MulAdd(d, d, to[1]);
      });
      bool again = false;
      for (size_t c = band; c < stop; ++c) {
        const double d = sums[0][c - band] / count, square = sums[1][c - band] / count, exact = shift[c - band] + d;
        mean[c] = static_cast<float>(exact);
        variance[c] = static_cast<float>(square - d * d);
        again = again || !(2 * d * d <= square);
        shift[c - band] = mean[c];
      }
      if (!again) break;
    }
  });
}

// y[r, c] = (x[r, c] - mean[c]) / sqrt(variance[c] + eps) weight[c] + bias[c]; null weights are ones, null biases zeros. y may be x. Error: 5 roundings
// of the product, one of the sum.
void batch_norm_forward(Run& run, float* y, const float* x, const float* mean, const float* variance, const float* weight,
                        const float* bias, size_t rows, size_t columns, const BatchNormForwardAttributes& attributes) {
  if (columns == 0) return;  // and no memory for factors
  const float eps = static_cast<float>(attributes.eps);
  const size_t padded = (columns + kLanes - 1) / kLanes * kLanes;
  float *const factors = scratch(Scratch::kBlocks, 2 * padded), *const shifts = factors + padded;
  for (size_t c = 0; c < columns; c += kLanes) {
    const size_t n = columns - c;
    hn::Store(hn::Mul(scale_of(variance, c, n, eps), at_or(weight, c, n, 1)), kF, factors + c);
    hn::Store(at_or(bias, c, n, 0), kF, shifts + c);
  }
  const bool past = past_caches(y, rows * columns, columns);
  parallel(run, rows, 1, work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const float* const in = x + r * columns;
      float* const out = y + r * columns;
      const float* const ahead = past ? in : out;
      write_row(out, columns, past, [=](size_t c, size_t n) HWY_ATTR {
        prefetch_ahead(in, columns + c);
        prefetch_ahead(ahead, columns + c);
        const VF d = hn::Sub(load(kF, in + c, n), load(kF, mean + c, n));
        return hn::MulAdd(d, hn::Load(kF, factors + c), hn::Load(kF, shifts + c));
      });
    }
    finish_writing(past);
  });
}

// With s = 1 / sqrt(variance + eps) and h = (x - mean) s: dbias[c] = sum over r of dy, dweight[c] = sum over r of dy h; both are written, or added to
// with their flags. dx[r, c] = weight s (dy - dbias / rows - h dweight / rows), or weight s dy where mean and variance are `fixed`; dx may be dy. Each
// result may be null.
void batch_norm_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x, const float* mean,
                         const float* variance, const float* weight, size_t rows, size_t columns,
                         const BatchNormBackwardAttributes& attributes) {
  if (columns == 0) return;  // and no memory for sums
  const float eps = static_cast<float>(attributes.eps);
  const double count = static_cast<double>(rows);
  const bool through = dx != nullptr && !attributes.fixed;  // whether dx has terms from mean and variance
  const size_t padded = (columns + kLanes - 1) / kLanes * kLanes;
  // dx = (dy - offset - (x - mean) share) factor; without rows there is no variance
  float *const offsets = scratch(Scratch::kBlocks, 3 * padded), *const shares = offsets + padded, *const factors = shares + padded;
  if (through || dbias != nullptr || dweight != nullptr) {
    const bool add_dbias = attributes.accumulate_dbias, add_dweight = attributes.accumulate_dweight;
    each_band(run, rows, columns, [=](size_t band, size_t stop) {
      alignas(64) double sums[2][kBand];  // of dy, and of dy (x - mean)
      sum_rows<2>(sums, rows, band, stop, [=](size_t r, size_t c, size_t n, VF* to) HWY_ATTR {
        const size_t at = r * columns + c;
        prefetch_ahead(dy, at + kBlockRows * columns);
        prefetch_ahead(x, at + kBlockRows * columns);
        const VF g = load(kF, dy + at, n);
        to[0] = hn::Add(to[0], g);
        to[1] = hn::MulAdd(g, hn::Sub(load(kF, x + at, n), load(kF, mean + c, n)), to[1]);
      });
      for (size_t c = band; c < stop; c += kLanes) {
        const size_t n = stop - c;
        const VF scale = rows == 0 ? hn::Zero(kF) : scale_of(variance, c, n, eps);
        const double *const of_dy = sums[0] + (c - band), *const of_products = sums[1] + (c - band);
        if (through) {
          hn::Store(mean_of(of_dy, count), kF, offsets + c);
          hn::Store(hn::Mul(hn::Mul(mean_of(of_products, count), scale), scale), kF, shares + c);
        }
        if (dbias != nullptr) {
          const VF sum = mean_of(of_dy, 1);
          store(add_dbias ? hn::Add(load(kF, dbias + c, n), sum) : sum, kF, dbias + c, n);
        }
        if (dweight != nullptr) {
          const VF sum = hn::Mul(mean_of(of_products, 1), scale);
          store(add_dweight ? hn::Add(load(kF, dweight + c, n), sum) : sum, kF, dweight + c, n);
        }
      }
    });
  }
  if (dx == nullptr || rows == 0) return;
  for (size_t c = 0; c < columns; c += kLanes) {
    const size_t n = columns - c;
    hn::Store(hn::Mul(scale_of(variance, c, n, eps), at_or(weight, c, n, 1)), kF, factors + c);
  }
  const bool past = past_caches(dx, rows * columns, columns);
  parallel(run, rows, 1, work(rows, columns), [=](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const float *const upstream = dy + r * columns, *const in = x + r * columns;
      float* const out = dx + r * columns;
      const float* const ahead = past ? in : out;
      write_row(out, columns, past, [=](size_t c, size_t n) HWY_ATTR {
        prefetch_ahead(upstream, columns + c);
        prefetch_ahead(in, columns + c);
        prefetch_ahead(ahead, columns + c);
        VF g = load(kF, upstream + c, n);
        if (through) {
          const VF d = hn::Sub(load(kF, in + c, n), load(kF, mean + c, n));
          g = hn::NegMulAdd(d, hn::Load(kF, shares + c), hn::Sub(g, hn::Load(kF, offsets + c)));
        }
        return hn::Mul(g, hn::Load(kF, factors + c));
      });
    }
    finish_writing(past);
  });
}

}  // namespace simdnn::SIMDNN_ISA
