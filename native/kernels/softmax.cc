#include "kernels/softmax_row.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Calls body(row, out, a, b) for each row of the matrices, or for kLanes of them at a time; rows divided among
// threads. b may be null.
template <class Body>
void for_each_row(Run& run, float* out, const float* a, const float* b, size_t rows, size_t classes, Body body) {
  if (classes == 0) return;  // 2^53 rows of nothing take no memory
  with_row_kind(classes, [&](auto kind) {
    using Kind = decltype(kind);
    const size_t together = Kind::kInLanes ? kLanes : 1;
    parallel(run, (rows + together - 1) / together, 1, softmax_work(rows, classes), [&](size_t begin, size_t end) {
      for (size_t r = begin * together; r < end * together && r < rows; r += together) {
        const size_t start = r * classes;
        if constexpr (Kind::kInLanes) {
          const size_t n = rows - r < kLanes ? rows - r : kLanes;
          LaneRows lanes_out, lanes_a, lanes_b;
          rows_to_lanes(lanes_a, a + start, n, classes);
          if (b != nullptr) rows_to_lanes(lanes_b, b + start, n, classes);
          RowsInLanes row(classes, lanes_out.values);
          body(row, lanes_out.values, lanes_a.values, lanes_b.values);
          lanes_to_rows(out + start, lanes_out, n, classes);
        } else {
          typename Kind::type row(classes, out + start);
          body(row, out + start, a + start, b == nullptr ? b : b + start);
        }
      }
    });
  });
}

}  // namespace

// y[r, c] = e^(x[r, c] - max) / sum over c; y may be x. -inf gives 0, a row with NaN or +inf or of nothing
// but -inf NaN. Error: 3 ulp, half an ulp for each e-fold below 1, and the rounding of the sum (row_sums);
// what is below 2^-126 is zero.
void softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, y, x, nullptr, rows, classes, [](auto& row, float* out, const float* in, const float*) {
    const VF max = row_max(row, in);
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      const VF e = math::exp_or_zero(hn::Sub(load(kF, in + i, n), max));
      row.prefetch_next(in, i);
      row.prefetch_next(out, i);
      row.put(i, n, e);
      return e;
    });
    const VF scale = hn::Div(hn::Set(kF, 1.0f), sum);
    row.each([&](size_t i, size_t n, auto) { store(hn::Mul(row.get(i, n), scale), kF, out + i, n); });
  });
}

// dx[r, c] = y[r, c] * (dy[r, c] - sum over c of dy y), where y = softmax(x); dx may be dy or y.
void softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, dx, dy, y, rows, classes, [](auto& row, float* out, const float* upstream, const float* result) {
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(upstream, i);
      row.prefetch_next(result, i);
      row.prefetch_next(out, i);
      return hn::Mul(load(kF, upstream + i, n), load(kF, result + i, n));
    });
    row.each([&](size_t i, size_t n, auto) {
      const VF difference = hn::Sub(load(kF, upstream + i, n), sum);
      store(hn::Mul(load(kF, result + i, n), difference), kF, out + i, n);
    });
  });
}

// y[r, c] = x[r, c] - max - log(sum over c of e^(x[r, c] - max)); y may be x. -inf stays -inf, a row with
// NaN or +inf or of nothing but -inf becomes NaN.
void log_softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, y, x, nullptr, rows, classes, [](auto& row, float* out, const float* in, const float*) {
    const VF max = row_max(row, in);
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(in, i);
      row.prefetch_next(out, i);
      return math::exp_or_zero(hn::Sub(load(kF, in + i, n), max));
    });
    const VF log_sum = math::log(sum);
    row.each([&](size_t i, size_t n, auto) {
      store(hn::Sub(hn::Sub(load(kF, in + i, n), max), log_sum), kF, out + i, n);
    });
  });
}

// dx[r, c] = dy[r, c] - e^y[r, c] * sum over c of dy, where y = log_softmax(x); dx may be dy or y.
void log_softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, dx, dy, y, rows, classes, [](auto& row, float* out, const float* upstream, const float* result) {
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(upstream, i);
      row.prefetch_next(result, i);
      row.prefetch_next(out, i);
      return load(kF, upstream + i, n);
    });
    row.each([&](size_t i, size_t n, auto) {
      const VF p = math::exp_or_zero(load(kF, result + i, n));
      store(hn::NegMulAdd(p, sum, load(kF, upstream + i, n)), kF, out + i, n);
    });
  });
}

}  // namespace simdnn::SIMDNN_ISA
