// Solutions, determinants, factors and exponentials against their references. Both compute in double, so they differ by a rounding to float, and by their roundings in
// double times the condition number.
#include <algorithm>
#include <utility>

#include "test/test.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t batch, n, m;
};
const Shape kShapes[] = {{0, 3, 2}, {2, 0, 3}, {2, 3, 0}, {1, 1, 1}, {3, 2, 1}, {2, 5, 3}, {5, 17, 4}, {1, 40, 40}};

template <class Body>
void each_shape(Context& t, Body body) {
  for (const Shape& s : kShapes) {
    t.where = std::to_string(s.batch) + " x " + std::to_string(s.n) + " x " + std::to_string(s.m);
    body(s);
  }
}

// An element whose terms cancel may have an error of the largest element's rounding in double.
void compare(Context& t, const char* what, Buffer<float>& actual, Buffer<float>& expected) {
  double largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) largest = std::max(largest, std::fabs(static_cast<double>(expected[i])));
  for (size_t i = 0; i < expected.size(); ++i) t.close(actual[i], expected[i], kEpsilon * std::fabs(static_cast<double>(expected[i])) + 1e-13 * largest + 1e-10, what, i);
}

}  // namespace

TEST(solve) {
  Random random(41);
  each_shape(t, [&](const Shape& s) {
    for (const bool transposed : {false, true}) {
      Buffer<float> a(t, s.batch * s.n * s.n, 1), b(t, s.batch * s.n * s.m, 2), expected(t, b.size());
      fill_normal(a, random), fill_normal(b, random);
      // The largest element of each column is not on the diagonal, so that rows have to be exchanged.
      for (size_t i = 0; i < s.batch * s.n; ++i) a[i * s.n + (i + 1) % s.n] += 20;
      Run run;
      SolveAttributes attributes{};
      attributes.transposed = transposed;
      t.reference.solve(run, expected.data(), a.data(), b.data(), s.batch, s.n, s.m, attributes);
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<float> x(t, b.size(), 3);
        Run with(threads);
        t.kernel.solve(with, x.data(), a.data(), b.data(), s.batch, s.n, s.m, attributes);
        compare(t, "x", x, expected);
      }
    }
  });
  Buffer<float> singular(t, 8), b(t, 4), x(t, 4);
  for (size_t i = 0; i < 8; ++i) singular[i] = i < 4 ? (i % 3 == 0 ? 1.0f : 0.0f) : 1.0f;
  Run run;
  t.kernel.solve(run, x.data(), singular.data(), b.data(), 2, 2, 1, {});
  t.check(run.fault.array() != nullptr && run.fault.position() == 1, "is no fault of the second");
}

TEST(determinant) {
  Random random(43);
  each_shape(t, [&](const Shape& s) {
    Buffer<float> a(t, s.batch * s.n * s.n, 1), expected[3] = {{t, s.batch}, {t, s.batch}, {t, s.batch}};
    fill_normal(a, random);
    Run run;
    t.reference.determinant(run, expected[0].data(), expected[1].data(), expected[2].data(), a.data(), s.batch, s.n);
    for (int threads = 1; threads <= 4; ++threads) {
      Buffer<float> det(t, s.batch, 3), sign(t, s.batch, 1), log(t, s.batch, 2);
      Run with(threads);
      t.kernel.determinant(with, det.data(), sign.data(), log.data(), a.data(), s.batch, s.n);
      compare(t, "det", det, expected[0]), compare(t, "sign", sign, expected[1]), compare(t, "log", log, expected[2]);
    }
  });
}

TEST(determinant_backward) {
  Random random(46);
  each_shape(t, [&](const Shape& s) {
    if (s.n > 20) return;  // the reference's cofactors take n^5 steps
    for (const bool logarithm : {false, true}) {
      Buffer<float> a(t, s.batch * s.n * s.n, 1), dy(t, s.batch, 2), expected(t, a.size());
      fill_normal(a, random), fill_normal(dy, random);
      // A singular matrix of rank n - 1.
      if (!logarithm && s.batch > 1 && s.n > 1) std::copy_n(a.data(), s.n, a.data() + s.n);
      DeterminantBackwardAttributes attributes{};
      attributes.logarithm = logarithm;
      Run run;
      t.reference.determinant_backward(run, expected.data(), dy.data(), a.data(), s.batch, s.n, attributes);
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<float> da(t, a.size(), 3);
        Run with(threads);
        t.kernel.determinant_backward(with, da.data(), dy.data(), a.data(), s.batch, s.n, attributes);
        compare(t, "da", da, expected);
      }
    }
  });
  // Of ranks 0 to n: leading ones on the diagonal, in exchanged rows, and, nilpotent, above and below the diagonal.
  constexpr size_t n = 9;
  for (size_t rank = 0; rank <= n; ++rank) {
    for (const size_t shift : {size_t{0}, size_t{4}, size_t{1}, n - 1}) {
      t.where = "rank " + std::to_string(rank) + ", shifted by " + std::to_string(shift);
      Buffer<float> a(t, n * n), dy(t, 1), expected(t, n * n), da(t, n * n);
      for (size_t i = 0; i < n * n; ++i) a[i] = i / n < rank && (i / n + shift) % n == i % n ? 1.0f : 0.0f;
      if (shift == 1) a[(n - 1) * n] = 0;
      if (shift == n - 1) a[n - 1] = 0;
      dy[0] = 3;
      Run run;
      t.reference.determinant_backward(run, expected.data(), dy.data(), a.data(), 1, n, {});
      t.kernel.determinant_backward(run, da.data(), dy.data(), a.data(), 1, n, {});
      compare(t, "da", da, expected);
    }
  }
}

TEST(cholesky) {
  Random random(44);
  each_shape(t, [&](const Shape& s) {
    Buffer<float> a(t, s.batch * s.n * s.n, 1), expected(t, a.size());
    fill_normal(a, random);
    for (size_t i = 0; i < s.batch * s.n; ++i) a[i * s.n + i % s.n] += 20;  // the elements above the diagonal must not be read
    Run run;
    t.reference.cholesky(run, expected.data(), a.data(), s.batch, s.n);
    for (int threads = 1; threads <= 4; ++threads) {
      Buffer<float> l(t, a.size(), 3);
      Run with(threads);
      t.kernel.cholesky(with, l.data(), a.data(), s.batch, s.n);
      t.check(with.fault.array() == nullptr, "is a fault");
      compare(t, "l", l, expected);
    }
    if (a.size() == 0) return;
    a[a.size() - 1] = NAN;
    Run with(2);
    t.kernel.cholesky(with, expected.data(), a.data(), s.batch, s.n);
    t.check(with.fault.array() != nullptr && with.fault.position() == s.batch - 1, "is no fault of the last");
  });
}

TEST(qr) {
  Random random(45);
  each_shape(t, [&](const Shape& s) {
    for (const auto& [m, n] : {std::pair{s.n, s.m}, std::pair{s.m, s.n}}) {
      for (const size_t k : {m < n ? m : n, m, m / 2}) {
        Buffer<float> a(t, s.batch * m * n, 1), q(t, s.batch * m * k), r(t, s.batch * k * n);
        fill_normal(a, random);
        Run run;
        t.reference.qr(run, q.data(), r.data(), a.data(), s.batch, m, n, k);
        for (int threads = 1; threads <= 4; ++threads) {
          Buffer<float> own(t, q.size(), 3), triangle(t, r.size(), 1);
          Run with(threads);
          t.kernel.qr(with, threads == 4 ? nullptr : own.data(), triangle.data(), a.data(), s.batch, m, n, k);
          compare(t, "r", triangle, r);
          if (threads < 4) compare(t, "q", own, q);
        }
      }
    }
  });
}

TEST(matrix_exp) {
  Random random(42);
  each_shape(t, [&](const Shape& s) {
    for (const double size : {0.01, 0.3}) {
      Buffer<float> x(t, s.batch * s.n * s.n, 1), expected(t, x.size());
      fill_normal(x, random);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<double>(x[i]) * size);
      Run run;
      t.reference.matrix_exp(run, expected.data(), x.data(), s.batch, s.n);
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<float> actual(t, x.size(), 3);
        Run with(threads);
        t.kernel.matrix_exp(with, actual.data(), x.data(), s.batch, s.n);
        compare(t, "y", actual, expected);
      }
    }
  });
}

TEST(matrix_exp_backward) {
  Random random(48);
  each_shape(t, [&](const Shape& s) {
    for (const double size : {0.01, 0.3}) {
      Buffer<float> x(t, s.batch * s.n * s.n, 1), dy(t, x.size(), 2), expected(t, x.size());
      fill_normal(x, random), fill_normal(dy, random);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<double>(x[i]) * size);
      Run run;
      t.reference.matrix_exp_backward(run, expected.data(), dy.data(), x.data(), s.batch, s.n);
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<float> actual(t, x.size(), 3);
        Run with(threads);
        t.kernel.matrix_exp_backward(with, actual.data(), dy.data(), x.data(), s.batch, s.n);
        compare(t, "dx", actual, expected);
      }
    }
  });
}

}  // namespace simdnn::test
