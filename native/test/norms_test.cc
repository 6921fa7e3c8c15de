// The normalisations of rows against their twins.
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
      t.twin.rms_norm_forward(run, expected.data(), expected_scale.data(), x.data(), w, s.rows, s.columns, {1e-5});
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
      t.twin.rms_norm_forward(run, y.data(), scale.data(), x.data(), w, s.rows, s.columns, {1e-5});
      t.kernel.rms_norm_backward(run, dx.data(), dweight.data(), dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
      t.twin.rms_norm_backward(run, expected.data(), expected_dweight.data(), dy.data(), x.data(), scale.data(), w, s.rows, s.columns, {accumulate});
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

}  // namespace simdnn::test
