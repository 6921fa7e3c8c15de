#include <type_traits>

#include "kernels/past_caches.h"
#include "kernels/softmax_row.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Calls body(row, out, a, b) for each row of the matrices, or for kLanes rows at a time; threads share the rows. b may be null.
template <class Body>
void for_each_row(Run& run, float* out, const float* a, const float* b, size_t rows, size_t classes, Body body) {
  if (classes == 0) return;  // there is nothing to do, and no memory limits the number of rows
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

// y[r, c] = e^(x[r, c] - max) / sum over c; y may be x. -inf gives 0. A row becomes NaN if it has NaN or +inf, or if all its elements are -inf. Error: 3 ulp,
// half an ulp for each e-fold below 1, and the rounding of the sum (row_sums). Results below 2^-126 are zero.
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

// dx[r, c] = y[r, c] * (dy[r, c] - sum over c of dy y), where y = softmax(x); dx may be dy or y. A large dx is written by non-temporal stores (past_caches.h).
// softmax itself does not use them, because its exponentials take longer than the memory.
void softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  const bool past = past_caches(dx, rows * classes, classes);
  for_each_row(run, dx, dy, y, rows, classes, [past](auto& row, float* out, const float* upstream, const float* result) {
    const float* const ahead = past ? result : out;
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(upstream, i);
      row.prefetch_next(result, i);
      row.prefetch_next(ahead, i);
      return hn::Mul(load(kF, upstream + i, n), load(kF, result + i, n));
    });
    const auto dx_at = [&](size_t i, size_t n) {
      const VF difference = hn::Sub(load(kF, upstream + i, n), sum);
      return hn::Mul(load(kF, result + i, n), difference);
    };
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(row)>, LongRow>) {
      write_row(out, row.classes(), past, dx_at);
      finish_writing(past);
    } else {
      row.each([&](size_t i, size_t n, auto) { store(dx_at(i, n), kF, out + i, n); });
    }
  });
}

// y[r, c] = x[r, c] - max - log(sum over c of e^(x[r, c] - max)); y may be x. -inf stays -inf. A row becomes NaN if it has NaN or +inf, or if all its elements
// are -inf. Error: 4 ulp and the rounding of the sum; for a y near 0, whose probability is near 1, half an ulp more for each e-fold to the others.
void log_softmax(Run& run, float* y, const float* x, size_t rows, size_t classes) {
  for_each_row(run, y, x, nullptr, rows, classes, [](auto& row, float* out, const float* in, const float*) {
    const VF max = row_max(row, in);
    const VF one = hn::Set(kF, 1.0f);
    VF sums[2];  // of all exponentials, and of those less than the largest, which is 1
    row_sums<2>(sums, row, [&](size_t i, size_t n, auto lanes, VF* to) {
      row.prefetch_next(in, i);
      row.prefetch_next(out, i);
      const VF e = lanes.keep(math::exp_or_zero(hn::Sub(load(kF, in + i, n), max)));
      to[0] = hn::Add(to[0], e);
      to[1] = hn::Add(to[1], hn::IfThenZeroElse(hn::Eq(e, one), e));
    });
    // The result is log(1 + rest). If several exponentials are as large as the largest, rest is sums[0] - 1, which loses no digits then.
    const VF rest = hn::IfThenElse(hn::Lt(sums[0], hn::Set(kF, 1.5f)), sums[1], hn::Sub(sums[0], one));
    const VF log_sum = math::log_of<true>(hn::Add(rest, one), rest);
    row.each([&](size_t i, size_t n, auto) {
      store(hn::Sub(hn::Sub(load(kF, in + i, n), max), log_sum), kF, out + i, n);
    });
  });
}

// dx[r, c] = dy[r, c] - p sum over c of dy, where y = log_softmax(x) and p = e^y[r, c]; dx may be dy or y. For p > 1/2 it is calculated as
// (1 - p) dy - p (the sum of the others' dy), which is as accurate as y: as p approaches 1 the two terms of the first form would cancel.
void log_softmax_backward(Run& run, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for_each_row(run, dx, dy, y, rows, classes, [](auto& row, float* out, const float* upstream, const float* result) {
    const VF half = hn::Set(kF, -0.693f), lowest = hn::Neg(hn::Inf(kF));  // half is log 1/2: at most one of a row's probabilities is larger
    VF most = lowest;
    const VF sum = row_sum(row, [&](size_t i, size_t n) {
      row.prefetch_next(upstream, i);
      row.prefetch_next(result, i);
      row.prefetch_next(out, i);
      return load(kF, upstream + i, n);
    });
    row.each([&](size_t i, size_t n, auto lanes) { most = hn::Max(most, lanes.keep_or(load(kF, result + i, n), lowest)); });
    const auto dx_of = [&](VF log_p, VF d) { return hn::NegMulAdd(math::exp_or_zero(log_p), sum, d); };
    if (hn::AllFalse(kF, hn::Gt(most, half))) {
      row.each([&](size_t i, size_t n, auto) {
        store(dx_of(load(kF, result + i, n), load(kF, upstream + i, n)), kF, out + i, n);
      });
      return;
    }
    VF sums[3];  // the sum of the others' dy, and the dy and y of the one with p > 1/2
    row_sums<3>(sums, row, [&](size_t i, size_t n, auto, VF* to) {
      const VF d = load(kF, upstream + i, n), log_p = load(kF, result + i, n);
      const auto large = hn::Gt(log_p, half);
      to[0] = hn::Add(to[0], hn::IfThenZeroElse(large, d));
      to[1] = hn::Add(to[1], hn::IfThenElseZero(large, d));
      to[2] = hn::Add(to[2], hn::IfThenElseZero(large, log_p));
    });
    const VF p_minus_1 = math::expm1(sums[2]);
    const VF p_of_large = hn::Add(p_minus_1, hn::Set(kF, 1.0f));
    const VF dx_of_large = hn::Neg(hn::MulAdd(p_of_large, sums[0], hn::Mul(p_minus_1, sums[1])));
    row.each([&](size_t i, size_t n, auto) {
      const VF log_p = load(kF, result + i, n);
      const VF dx_here = dx_of(log_p, load(kF, upstream + i, n));
      store(hn::IfThenElse(hn::Gt(log_p, half), dx_of_large, dx_here), kF, out + i, n);
    });
  });
}

}  // namespace simdnn::SIMDNN_ISA
