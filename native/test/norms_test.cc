// The normalisations of rows against their references.
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t rows, columns;
};
const Shape kShapes[] = {{0, 5}, {3, 1}, {32, 5}, {7, 2}, {5, 7}, {5, 8}, {5, 9}, {3, 16}, {3, 17}, {70, 33}, {2, 255}, {2, 257}, {3, 1000}, {2, 5003}};

}  // namespace

TEST(rms_norm_forward) {
  Random random(11);
  for (const Shape& s : kShapes) {
    for (bool weighted : {false, true}) {
      t.where = std::to_string(s.rows) + "x" + std::to_string(s.columns) + " weighted=" + std::to_string(weighted);
      const size_t n = s.rows * s.columns;
      Buffer<float> x(t, n, 1), weight(t, s.columns, 2), y(t, n, 3), scale(t, s.rows, 1), expected(t, n);
      Buffer<float> expected_scale(t, s.rows), other(t, n), other_scale(t, s.rows);
      fill_normal(x, random, 2);
      fill_normal(weight, random);
      const float* const w = weighted ? weight.data() : nullptr;
      Run run;
      t.kernel.rms_norm_forward(run, y.data(), scale.data(), x.data(), w, s.rows, s.columns, {1e-5});
      t.reference.rms_norm_forward(run, expected.data(), expected_scale.data(), x.data(), w, s.rows, s.columns, {1e-5});
      for (size_t r = 0; r < s.rows; ++r) t.close(scale[r], expected_scale[r], 4 * kEpsilon * expected_scale[r], "scale", r);
      for (size_t i = 0; i < n; ++i) t.close(y[i], expected[i], 5 * kEpsilon * std::fabs(expected[i]), "y", i);
      for (int threads = 2; threads <= 4; ++threads) {
        Run parallel(threads);
        t.kernel.rms_norm_forward(parallel, other.data(), other_scale.data(), x.data(), w, s.rows, s.columns, {1e-5});
        t.check(std::memcmp(other.data(), y.data(), n * sizeof(float)) == 0, "bits depend on the threads");
      }
      for (size_t r = 0; r < s.rows; ++r) {
        Buffer<float> row(t, s.columns, r % 7);
        std::memcpy(row.data(), x.data() + r * s.columns, s.columns * sizeof(float));
        float one;
        t.kernel.rms_norm_forward(run, row.data(), &one, row.data(), w, 1, s.columns, {1e-5});  // alone, elsewhere, in place
        t.check(std::memcmp(row.data(), y.data() + r * s.columns, s.columns * sizeof(float)) == 0,
                "a row's bits depend on its place");
      }
    }
  }
}

TEST(rms_norm_backward) {
  Random random(12);
  for (const Shape& s : kShapes) {
    for (int kind = 0; kind < 4; ++kind) {
      const bool weighted = (kind & 1) != 0, accumulate = (kind & 2) != 0;
      t.where = std::to_string(s.rows) + "x" + std::to_string(s.columns) + " kind=" + std::to_string(kind);
      const size_t n = s.rows * s.columns;
      Buffer<float> x(t, n, 1), dy(t, n, 2), weight(t, s.columns, 2), y(t, n), scale(t, s.rows, 1), dx(t, n, 3), expected(t, n);
      Buffer<float> dweight(t, s.columns, 1), expected_dweight(t, s.columns), other(t, s.columns), before(t, s.columns);
      fill_normal(x, random, 2);
      fill_normal(dy, random);
      fill_normal(weight, random);
      fill_normal(before, random);
      for (size_t c = 0; c < s.columns; ++c) dweight[c] = expected_dweight[c] = before[c];
      const float* const w = weighted ? weight.data() : nullptr;
      Run run;
      t.reference.rms_norm_forward(run, y.data(), scale.data(), x.data(), w, s.rows, s.columns, {1e-5});
      t.kernel.rms_norm_backward(run, dx.data(), dweight.data(), dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
      t.reference.rms_norm_backward(run, expected.data(), expected_dweight.data(), dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
      for (size_t r = 0; r < s.rows; ++r) {
        double products = 0;
        for (size_t c = 0; c < s.columns; ++c) {
          products += std::fabs(dy[r * s.columns + c] * (weighted ? weight[c] : 1) * x[r * s.columns + c]) / static_cast<double>(s.columns);
        }
        for (size_t c = 0; c < s.columns; ++c) {
          const size_t i = r * s.columns + c;
          const double size = std::fabs(dy[i] * (weighted ? weight[c] : 1)) + 3 * std::fabs(x[i]) * scale[r] * scale[r] * products;
          t.close(dx[i], expected[i], 3 * kEpsilon * scale[r] * size, "dx", i);
        }
      }
      for (size_t c = 0; c < s.columns; ++c) {
        double sum = std::fabs(before[c]);
        for (size_t r = 0; r < s.rows; ++r) sum += std::fabs(dy[r * s.columns + c] * x[r * s.columns + c] * scale[r]);
        t.close(dweight[c], expected_dweight[c], 4 * kEpsilon * sum, "dweight", c);
      }
      for (int threads = 2; threads <= 4; ++threads) {
        Run parallel(threads);
        for (size_t c = 0; c < s.columns; ++c) other[c] = before[c];
        t.kernel.rms_norm_backward(parallel, y.data(), other.data(), dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
        t.check(std::memcmp(y.data(), dx.data(), n * sizeof(float)) == 0 &&
                    std::memcmp(other.data(), dweight.data(), s.columns * sizeof(float)) == 0,
                "bits depend on the threads");
      }
      for (size_t c = 0; c < s.columns; ++c) other[c] = before[c];
      t.kernel.rms_norm_backward(run, nullptr, other.data(), dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
      t.check(std::memcmp(other.data(), dweight.data(), s.columns * sizeof(float)) == 0, "dweight depends on dx");
      t.kernel.rms_norm_backward(run, dy.data(), nullptr, dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
      t.check(std::memcmp(dy.data(), dx.data(), n * sizeof(float)) == 0, "in place differs");
    }
  }
}

TEST(layer_norm_forward) {
  Random random(13);
  for (const Shape& s : kShapes) {
    for (bool affine : {false, true}) {
      t.where = std::to_string(s.rows) + "x" + std::to_string(s.columns) + " affine=" + std::to_string(affine);
      const size_t n = s.rows * s.columns;
      Buffer<float> x(t, n, 1), weight(t, s.columns, 2), bias(t, s.columns, 3), y(t, n, 3), expected(t, n), other(t, n);
      Buffer<float> mean(t, s.rows), scale(t, s.rows, 1), expected_mean(t, s.rows), expected_scale(t, s.rows), unused(t, s.rows);
      fill_normal(x, random, 2);
      for (size_t i = 0; i < n; ++i) x[i] += 5;
      fill_normal(weight, random);
      fill_normal(bias, random);
      const float *const w = affine ? weight.data() : nullptr, *const b = affine ? bias.data() : nullptr;
      Run run;
      t.kernel.layer_norm_forward(run, y.data(), mean.data(), scale.data(), x.data(), w, b, s.rows, s.columns, {1e-5});
      t.reference.layer_norm_forward(run, expected.data(), expected_mean.data(), expected_scale.data(), x.data(), w, b, s.rows, s.columns, {1e-5});
      for (size_t r = 0; r < s.rows; ++r) {
        double size = 0;
        for (size_t c = 0; c < s.columns; ++c) size += std::fabs(x[r * s.columns + c]) / static_cast<double>(s.columns);
        t.close(mean[r], expected_mean[r], 2 * kEpsilon * size, "mean", r);
        // each difference has the rounding error of the mean
        const double lost = kEpsilon * size * expected_scale[r];
        t.close(scale[r], expected_scale[r], (6 * kEpsilon + lost) * expected_scale[r], "scale", r);
        for (size_t c = 0; c < s.columns; ++c) {
          const size_t i = r * s.columns + c;
          const double factor = affine ? std::fabs(weight[c]) : 1;
          const double normal = std::fabs(x[i] - expected_mean[r]) * expected_scale[r];
          const double bound = factor * (2 * lost + 8 * kEpsilon * normal + lost * normal) + kEpsilon * std::fabs(expected[i]);
          t.close(y[i], expected[i], bound, "y", i);
        }
      }
      for (int threads = 2; threads <= 4; ++threads) {
        Run parallel(threads);
        t.kernel.layer_norm_forward(parallel, other.data(), unused.data(), unused.data(), x.data(), w, b, s.rows, s.columns, {1e-5});
        t.check(std::memcmp(other.data(), y.data(), n * sizeof(float)) == 0, "bits depend on the threads");
      }
      for (size_t r = 0; r < s.rows; ++r) {
        Buffer<float> row(t, s.columns, r % 7);
        std::memcpy(row.data(), x.data() + r * s.columns, s.columns * sizeof(float));
        float one, two;
        t.kernel.layer_norm_forward(run, row.data(), &one, &two, row.data(), w, b, 1, s.columns, {1e-5});
        t.check(std::memcmp(row.data(), y.data() + r * s.columns, s.columns * sizeof(float)) == 0,
                "a row's bits depend on its place");
      }
    }
  }
}

TEST(layer_norm_backward) {
  Random random(14);
  for (const Shape& s : kShapes) {
    for (int kind = 0; kind < 4; ++kind) {
      const bool weighted = (kind & 1) != 0, accumulate = (kind & 2) != 0;
      t.where = std::to_string(s.rows) + "x" + std::to_string(s.columns) + " kind=" + std::to_string(kind);
      const size_t n = s.rows * s.columns;
      Buffer<float> x(t, n, 1), dy(t, n, 2), weight(t, s.columns, 2), y(t, n), mean(t, s.rows), scale(t, s.rows, 1), dx(t, n, 3), expected(t, n);
      Buffer<float> sums(t, 2 * s.columns, 1), expected_sums(t, 2 * s.columns), other(t, 2 * s.columns), before(t, 2 * s.columns);
      fill_normal(x, random, 2);
      fill_normal(dy, random);
      fill_normal(weight, random);
      fill_normal(before, random);
      for (size_t c = 0; c < 2 * s.columns; ++c) sums[c] = expected_sums[c] = before[c];
      const float* const w = weighted ? weight.data() : nullptr;
      Run run;
      t.reference.layer_norm_forward(run, y.data(), mean.data(), scale.data(), x.data(), w, nullptr, s.rows, s.columns, {1e-5});
      const auto backward = [&](const KernelTable& table, Run& with, float* to, Buffer<float>& both) {
        table.layer_norm_backward(with, to, both.data(), both.data() + s.columns, dy.data(), x.data(), mean.data(), scale.data(), w,
                                  s.rows, s.columns, {accumulate, accumulate});
      };
      backward(t.kernel, run, dx.data(), sums);
      backward(t.reference, run, expected.data(), expected_sums);
      for (size_t r = 0; r < s.rows; ++r) {
        double magnitude = 0, products = 0;
        for (size_t c = 0; c < s.columns; ++c) {
          const size_t i = r * s.columns + c;
          const double g = std::fabs(dy[i] * (weighted ? weight[c] : 1)) / static_cast<double>(s.columns);
          magnitude += g, products += g * (std::fabs(x[i]) + std::fabs(mean[r])) * scale[r];
        }
        for (size_t c = 0; c < s.columns; ++c) {
          const size_t i = r * s.columns + c;
          const double h = (std::fabs(x[i]) + std::fabs(mean[r])) * scale[r];
          const double size = std::fabs(dy[i] * (weighted ? weight[c] : 1)) + 2 * magnitude + 4 * h * products;
          t.close(dx[i], expected[i], 3 * kEpsilon * scale[r] * size, "dx", i);
        }
      }
      for (size_t c = 0; c < s.columns; ++c) {
        double products = std::fabs(before[c]), sum = std::fabs(before[s.columns + c]);
        for (size_t r = 0; r < s.rows; ++r) {
          const size_t i = r * s.columns + c;
          products += std::fabs(dy[i]) * (std::fabs(x[i]) + std::fabs(mean[r])) * scale[r];
          sum += std::fabs(dy[i]);
        }
        t.close(sums[c], expected_sums[c], 4 * kEpsilon * products, "dweight", c);
        t.close(sums[s.columns + c], expected_sums[s.columns + c], 3 * kEpsilon * sum, "dbias", c);
      }
      for (int threads = 2; threads <= 4; ++threads) {
        Run parallel(threads);
        for (size_t c = 0; c < 2 * s.columns; ++c) other[c] = before[c];
        backward(t.kernel, parallel, y.data(), other);
        t.check(std::memcmp(y.data(), dx.data(), n * sizeof(float)) == 0 &&
                    std::memcmp(other.data(), sums.data(), 2 * s.columns * sizeof(float)) == 0,
                "bits depend on the threads");
      }
      t.kernel.layer_norm_backward(run, dy.data(), nullptr, nullptr, dy.data(), x.data(), mean.data(), scale.data(), w, s.rows, s.columns, {});
      t.check(std::memcmp(dy.data(), dx.data(), n * sizeof(float)) == 0, "in place differs");
    }
  }
}

// Results that are written by non-temporal stores have the same bits as others.
TEST(norms_past_caches) {
  constexpr size_t rows = 4096, columns = 1024, half = rows / 2 * columns;
  Random random(15);
  Buffer<float> x(t, rows * columns), whole(t, rows * columns), halves(t, rows * columns), weight(t, columns), bias(t, columns), mean(t, rows), scale(t, rows);
  fill_normal(weight, random);
  fill_normal(bias, random);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random.below(1000)) - 300;
  const auto same = [&](const char* what) {
    t.check(std::memcmp(whole.data(), halves.data(), x.size() * sizeof(float)) == 0, what);
    std::memset(whole.data(), 0, x.size() * sizeof(float));
  };
  Run run(2);
  const auto each = [&](auto call) {
    call(whole.data(), x.data(), mean.data(), scale.data(), rows);
    call(halves.data(), x.data(), mean.data(), scale.data(), rows / 2);
    call(halves.data() + half, x.data() + half, mean.data() + rows / 2, scale.data() + rows / 2, rows / 2);
  };
  const float *const w = weight.data(), *const b = bias.data();
  each([&](float* y, const float* in, float* m, float* s, size_t n) { t.kernel.rms_norm_forward(run, y, s, in, w, n, columns, {1e-5}); (void)m; });
  same("rms_norm_forward");
  each([&](float* dx, const float* in, float* m, float* s, size_t n) { t.kernel.rms_norm_backward(run, dx, nullptr, in, in, s, w, n, columns, {}); (void)m; });
  same("rms_norm_backward");
  each([&](float* y, const float* in, float* m, float* s, size_t n) { t.kernel.layer_norm_forward(run, y, m, s, in, w, b, n, columns, {1e-5}); });
  same("layer_norm_forward");
  each([&](float* dx, const float* in, float* m, float* s, size_t n) {
    t.kernel.layer_norm_backward(run, dx, nullptr, nullptr, in, in, m, s, w, n, columns, {});
  });
  same("layer_norm_backward");
  Buffer<float> variance(t, columns);
  for (size_t c = 0; c < columns; ++c) variance[c] = static_cast<float>(1 + c % 7);
  each([&](float* y, const float* in, float*, float*, size_t n) { t.kernel.batch_norm_forward(run, y, in, b, variance.data(), w, b, n, columns, {1e-5}); });
  same("batch_norm_forward");
  each([&](float* dx, const float* in, float*, float*, size_t n) {
    t.kernel.batch_norm_backward(run, dx, nullptr, nullptr, in, in, b, variance.data(), w, n, columns, {1e-5, true, false, false});
  });
  same("batch_norm_backward");
}

}  // namespace simdnn::test
