// The normalisation of columns against its references.
#include <cmath>
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t rows, columns;
};
const Shape kShapes[] = {{0, 5}, {3, 0}, {1, 3}, {3, 1}, {32, 5}, {7, 8}, {9, 9}, {70, 33}, {65, 600}, {1000, 3}, {4100, 17}};

// Each column has another mean and another standard deviation.
void fill_columns(Buffer<float>& x, size_t columns, Random& random) {
  fill_normal(x, random);
  for (size_t i = 0; i < x.size(); ++i) x[i] = x[i] * (1 + static_cast<float>(i % columns) / 7) + static_cast<float>(i % columns % 5);
}

void same(Context& t, Buffer<float>& a, Buffer<float>& b) {
  t.check(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0, "bits depend on the threads");
}

template <class Body>
void each_shape(Context& t, Body body) {
  Random random(51);
  for (const Shape& s : kShapes) {
    t.where = std::to_string(s.rows) + "x" + std::to_string(s.columns);
    body(s, random);
  }
}

}  // namespace

TEST(batch_norm_statistics) {
  each_shape(t, [&](const Shape& s, Random& random) {
    Buffer<float> x(t, s.rows * s.columns, 1), mean(t, s.columns, 1), variance(t, s.columns, 2);
    Buffer<float> expected_mean(t, s.columns), expected(t, s.columns), other(t, s.columns), another(t, s.columns);
    fill_columns(x, s.columns, random);
    Run run;
    t.kernel.batch_norm_statistics(run, mean.data(), variance.data(), x.data(), s.rows, s.columns);
    t.reference.batch_norm_statistics(run, expected_mean.data(), expected.data(), x.data(), s.rows, s.columns);
    for (size_t c = 0; c < s.columns; ++c) {
      double size = 0;
      for (size_t r = 0; r < s.rows; ++r) size += std::fabs(x[r * s.columns + c]) / static_cast<double>(s.rows);
      t.close(mean[c], expected_mean[c], 2 * kEpsilon * size, "mean", c);
      const double lost = kEpsilon * size;  // the rounding error of the mean, which each difference has
      t.close(variance[c], expected[c], 4 * kEpsilon * expected[c] + lost * lost + 2 * lost * kEpsilon, "variance", c);
    }
    for (int threads = 2; threads <= 4; ++threads) {
      Run with(threads);
      t.kernel.batch_norm_statistics(with, other.data(), another.data(), x.data(), s.rows, s.columns);
      same(t, mean, other);
      same(t, variance, another);
    }
  });
}

// Columns whose first rows are unlike the others, a constant column, and a column with a NaN.
TEST(batch_norm_statistics_of_odd_columns) {
  constexpr size_t rows = 3000, columns = 21;
  Random random(52);
  Buffer<float> x(t, rows * columns), mean(t, columns), variance(t, columns), expected_mean(t, columns), expected(t, columns);
  fill_columns(x, columns, random);
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t r = i / columns, c = i % columns;
    if (r < 40 && c % 2 == 0) x[i] += 1000;
    if (c == 3) x[i] = 0.1f;
  }
  x[5] = INFINITY;
  x[1000 * columns + 7] = -INFINITY;
  Run run;
  t.kernel.batch_norm_statistics(run, mean.data(), variance.data(), x.data(), rows, columns);
  t.reference.batch_norm_statistics(run, expected_mean.data(), expected.data(), x.data(), rows, columns);
  for (size_t c = 0; c < columns; ++c) {
    if (c == 5 || c == 7) {
      t.check(mean[c] == expected_mean[c] && std::isnan(variance[c]), "statistics of an infinite number");
      continue;
    }
    t.close(mean[c], expected_mean[c], kEpsilon * (2 + std::fabs(expected_mean[c])), "mean", c);
    t.close(variance[c], expected[c], 4 * kEpsilon * expected[c], "variance", c);
  }
}

TEST(batch_norm_forward) {
  each_shape(t, [&](const Shape& s, Random& random) {
    for (bool affine : {false, true}) {
      const size_t n = s.rows * s.columns;
      Buffer<float> x(t, n, 1), mean(t, s.columns), variance(t, s.columns), weight(t, s.columns, 2), bias(t, s.columns, 3);
      Buffer<float> y(t, n, 2), expected(t, n), other(t, n);
      fill_columns(x, s.columns, random);
      fill_normal(weight, random);
      fill_normal(bias, random);
      const float *const w = affine ? weight.data() : nullptr, *const b = affine ? bias.data() : nullptr;
      Run run;
      t.reference.batch_norm_statistics(run, mean.data(), variance.data(), x.data(), s.rows, s.columns);
      const auto call = [&](const KernelTable& table, Run& with, float* to, const float* from) {
        table.batch_norm_forward(with, to, from, mean.data(), variance.data(), w, b, s.rows, s.columns, {1e-5});
      };
      call(t.kernel, run, y.data(), x.data());
      call(t.reference, run, expected.data(), x.data());
      for (size_t i = 0; i < n; ++i) {
        const double product = std::fabs(expected[i] - (affine ? bias[i % s.columns] : 0));
        t.close(y[i], expected[i], kEpsilon * (4 * product + std::fabs(expected[i])), "y", i);
      }
      for (int threads = 2; threads <= 4; ++threads) {
        Run with(threads);
        call(t.kernel, with, other.data(), x.data());
        same(t, y, other);
      }
      call(t.kernel, run, x.data(), x.data());
      t.check(std::memcmp(x.data(), y.data(), n * sizeof(float)) == 0, "in place differs");
    }
  });
}

TEST(batch_norm_backward) {
  each_shape(t, [&](const Shape& s, Random& random) {
    for (int kind = 0; kind < 8; ++kind) {
      const bool weighted = (kind & 1) != 0, fixed = (kind & 2) != 0, accumulate = (kind & 4) != 0;
      const size_t n = s.rows * s.columns;
      Buffer<float> x(t, n, 1), dy(t, n, 2), mean(t, s.columns), variance(t, s.columns), weight(t, s.columns, 2), before(t, 2 * s.columns);
      Buffer<float> dx(t, n, 3), sums(t, 2 * s.columns), expected(t, n), expected_sums(t, 2 * s.columns), other(t, n), other_sums(t, 2 * s.columns);
      fill_columns(x, s.columns, random);
      fill_normal(dy, random);
      fill_normal(weight, random);
      fill_normal(before, random);
      Run run;
      t.reference.batch_norm_statistics(run, mean.data(), variance.data(), x.data(), s.rows, s.columns);
      const auto call = [&](const KernelTable& table, Run& with, float* to, Buffer<float>& both) {
        for (size_t c = 0; c < both.size(); ++c) both[c] = before[c];
        table.batch_norm_backward(with, to, both.data(), both.data() + s.columns, dy.data(), x.data(), mean.data(), variance.data(),
                                  weighted ? weight.data() : nullptr, s.rows, s.columns, {1e-5, fixed, accumulate, accumulate});
      };
      call(t.kernel, run, dx.data(), sums);
      call(t.reference, run, expected.data(), expected_sums);
      for (size_t c = 0; c < s.columns; ++c) {
        const double scale = 1 / std::sqrt(variance[c] + 1e-5);
        double sum = 0, products = 0;
        const auto h = [&](size_t r) { return std::fabs(static_cast<double>(x[r * s.columns + c]) - mean[c]) * scale; };
        for (size_t r = 0; r < s.rows; ++r) sum += std::fabs(dy[r * s.columns + c]), products += std::fabs(dy[r * s.columns + c]) * h(r);
        const double old = accumulate ? 1 : 0;
        t.close(sums[c], expected_sums[c], kEpsilon * (4 * products + old * std::fabs(before[c])), "dweight", c);
        t.close(sums[s.columns + c], expected_sums[s.columns + c], kEpsilon * (3 * sum + old * std::fabs(before[s.columns + c])), "dbias", c);
        for (size_t r = 0; r < s.rows; ++r) {
          const size_t i = r * s.columns + c;
          const double rows = static_cast<double>(s.rows), through = fixed ? 0 : sum / rows + 2 * h(r) * products / rows;
          t.close(dx[i], expected[i], 4 * kEpsilon * scale * (weighted ? std::fabs(weight[c]) : 1) * (std::fabs(dy[i]) + through), "dx", i);
        }
      }
      for (int threads = 2; threads <= 4; ++threads) {
        Run with(threads);
        call(t.kernel, with, other.data(), other_sums);
        same(t, dx, other);
        same(t, sums, other_sums);
      }
      t.kernel.batch_norm_backward(run, dy.data(), nullptr, nullptr, dy.data(), x.data(), mean.data(), variance.data(),
                                   weighted ? weight.data() : nullptr, s.rows, s.columns, {1e-5, fixed, accumulate, accumulate});
      t.check(std::memcmp(dy.data(), dx.data(), n * sizeof(float)) == 0, "in place differs");
    }
  });
}

}  // namespace simdnn::test
