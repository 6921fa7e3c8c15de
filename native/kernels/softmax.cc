#include "kernels/softmax_row.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Calls body(start of the row) for each row, rows divided among threads.
template <class Body>
void for_each_row(Run& run, size_t rows, size_t classes, Body body) {
  if (classes == 0) return;  // rows of nothing, of which there can be 2^53 in no memory
  parallel(run, rows, 1, softmax_work(rows, classes), [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) body(r * classes);
  });
}

}  // namespace

// y[r, c] = e^(x[r, c] - max) / sum over c; y may be x. -inf gives 0, a row with NaN or +inf or of nothing
// but -inf NaN. Error: 3 ulp, half an ulp for each e-fold below 1, and the rounding of the sum (row_sums);
// what is below 2^-126 is zero.
void softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, rows, classes, [=](size_t row) {
    const float* in = x + row;
    float* out = y + row;
    const VF max = hn::Set(kF, row_max(in, classes));
    const float sum = row_sum(classes, [&](size_t i, size_t n) {
      const VF e = math::exp_or_zero(hn::Sub(load(kF, in + i, n), max));
      store(e, kF, out + i, n);
      return e;
    });
    const VF scale = hn::Set(kF, 1.0f / sum);
    for_row(classes, [&](size_t i, size_t n, auto) { store(hn::Mul(load(kF, out + i, n), scale), kF, out + i, n); });
  });
}

// dx[r, c] = y[r, c] * (dy[r, c] - sum over c of dy y), where y = softmax(x); dx may be dy or y.
void softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, rows, classes, [=](size_t row) {
    const VF sum = hn::Set(kF, row_sum(classes, [&](size_t i, size_t n) {
                             return hn::Mul(load(kF, dy + row + i, n), load(kF, y + row + i, n));
                           }));
    for_row(classes, [&](size_t i, size_t n, auto) {
      const VF difference = hn::Sub(load(kF, dy + row + i, n), sum);
      store(hn::Mul(load(kF, y + row + i, n), difference), kF, dx + row + i, n);
    });
  });
}

// y[r, c] = x[r, c] - max - log(sum over c of e^(x[r, c] - max)); y may be x. -inf stays -inf, a row with
// NaN or +inf or of nothing but -inf becomes NaN.
void log_softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, rows, classes, [=](size_t row) {
    const VF max = hn::Set(kF, row_max(x + row, classes));
    const float sum = row_sum(
        classes, [&](size_t i, size_t n) { return math::exp_or_zero(hn::Sub(load(kF, x + row + i, n), max)); });
    const VF log_sum = math::log(hn::Set(kF, sum));
    for_row(classes, [&](size_t i, size_t n, auto) {
      store(hn::Sub(hn::Sub(load(kF, x + row + i, n), max), log_sum), kF, y + row + i, n);
    });
  });
}

// dx[r, c] = dy[r, c] - e^y[r, c] * sum over c of dy, where y = log_softmax(x); dx may be dy or y.
void log_softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, rows, classes, [=](size_t row) {
    const VF sum =
        hn::Set(kF, row_sum(classes, [&](size_t i, size_t n) { return load(kF, dy + row + i, n); }));
    for_row(classes, [&](size_t i, size_t n, auto) {
      const VF p = math::exp_or_zero(load(kF, y + row + i, n));
      store(hn::NegMulAdd(p, sum, load(kF, dy + row + i, n)), kF, dx + row + i, n);
    });
  });
}

}  // namespace simdnn::SIMDNN_ISA
