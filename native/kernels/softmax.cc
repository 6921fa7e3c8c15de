#include "kernels/softmax_row.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Calls body(row, start) for each row, with `memory` + start as its memory; rows divided among threads.
template <class Body>
void for_each_row(Run& run, float* memory, size_t rows, size_t classes, Body body) {
  with_row_kind(classes, [&](auto kind) {
    parallel(run, rows, 1, softmax_work(rows, classes), [&](size_t begin, size_t end) {
      for (size_t start = begin * classes; start < end * classes; start += classes) {
        typename decltype(kind)::type row(classes, memory + start);
        body(row, start);
      }
    });
  });
}

}  // namespace

// y[r, c] = e^(x[r, c] - max) / sum over c; y may be x. -inf gives 0, a row with NaN or +inf or of nothing
// but -inf NaN. Error: 3 ulp, half an ulp for each e-fold below 1, and the rounding of the sum (row_sums);
// what is below 2^-126 is zero.
void softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, y, rows, classes, [=](auto& row, size_t start) {
    const float* const in = x + start;
    const VF max = row_max(row, in);
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      const VF e = math::exp_or_zero(hn::Sub(load(kF, in + i, n), max));
      row.prefetch_next(in, i);
      row.prefetch_next(y + start, i);
      row.put(i, n, e);
      return e;
    });
    const VF scale = hn::Div(hn::Set(kF, 1.0f), sum);
    row.each([&](size_t i, size_t n, auto) { store(hn::Mul(row.get(i, n), scale), kF, y + start + i, n); });
  });
}

// dx[r, c] = y[r, c] * (dy[r, c] - sum over c of dy y), where y = softmax(x); dx may be dy or y.
void softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, nullptr, rows, classes, [=](auto& row, size_t start) {
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(dy + start, i);
      row.prefetch_next(y + start, i);
      row.prefetch_next(dx + start, i);
      return hn::Mul(load(kF, dy + start + i, n), load(kF, y + start + i, n));
    });
    row.each([&](size_t i, size_t n, auto) {
      const VF difference = hn::Sub(load(kF, dy + start + i, n), sum);
      store(hn::Mul(load(kF, y + start + i, n), difference), kF, dx + start + i, n);
    });
  });
}

// y[r, c] = x[r, c] - max - log(sum over c of e^(x[r, c] - max)); y may be x. -inf stays -inf, a row with
// NaN or +inf or of nothing but -inf becomes NaN.
void log_softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, nullptr, rows, classes, [=](auto& row, size_t start) {
    const float* const in = x + start;
    const VF max = row_max(row, in);
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(in, i);
      row.prefetch_next(y + start, i);
      return math::exp_or_zero(hn::Sub(load(kF, in + i, n), max));
    });
    const VF log_sum = math::log(sum);
    row.each([&](size_t i, size_t n, auto) {
      store(hn::Sub(hn::Sub(load(kF, in + i, n), max), log_sum), kF, y + start + i, n);
    });
  });
}

// dx[r, c] = dy[r, c] - e^y[r, c] * sum over c of dy, where y = log_softmax(x); dx may be dy or y.
void log_softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, nullptr, rows, classes, [=](auto& row, size_t start) {
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(dy + start, i);
      row.prefetch_next(y + start, i);
      row.prefetch_next(dx + start, i);
      return load(kF, dy + start + i, n);
    });
    row.each([&](size_t i, size_t n, auto) {
      const VF p = math::exp_or_zero(load(kF, y + start + i, n));
      store(hn::NegMulAdd(p, sum, load(kF, dy + start + i, n)), kF, dx + start + i, n);
    });
  });
}

}  // namespace simdnn::SIMDNN_ISA
