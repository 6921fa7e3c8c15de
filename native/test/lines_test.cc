// Sorts have the reference's bits; scans are within one rounding of the terms that were added or multiplied.
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t outer, n, inner;
};
const Shape kShapes[] = {{1, 0, 1}, {0, 3, 2}, {2, 3, 0}, {1, 1, 1}, {3, 2, 1}, {2, 7, 3}, {5, 47, 1}, {1, 48, 2}, {3, 49, 1}, {2, 300, 5}, {1, 5000, 1}, {2, 20, 200}};

template <class Body>
void each_shape(Context& t, Body body) {
  for (const Shape& s : kShapes) {
    t.where = std::to_string(s.outer) + " x " + std::to_string(s.n) + " x " + std::to_string(s.inner);
    body(s);
  }
}

void fill(Buffer<float>& out, Random& random, int kind) {
  const float few[] = {0.0f, -0.0f, 1, -1, INFINITY, -INFINITY, NAN, 2};
  fill_normal(out, random);
  for (size_t i = 0; kind == 1 && i < out.size(); ++i) out[i] = few[random.below(8)];
}
void fill(Buffer<int32_t>& out, Random& random, int kind) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = kind == 1 ? static_cast<int32_t>(random.below(5)) - 2 : static_cast<int32_t>(random.bits());
}

template <typename T, class Kernel>
void sorting(Context& t, Kernel kernel, Kernel reference) {
  Random random(31);
  each_shape(t, [&](const Shape& s) {
    for (int kind = 0; kind < 4; ++kind) {
      const size_t all = s.outer * s.n * s.inner;
      const bool descending = kind >= 2;
      Buffer<T> x(t, all, 1), expected(t, all);
      Buffer<int32_t> places(t, all);
      fill(x, random, kind % 2);
      Run run;
      reference(run, expected.data(), places.data(), x.data(), s.outer, s.n, s.inner, {descending});
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<T> values(t, all, 2);
        Buffer<int32_t> indices(t, all, 3);
        Run with(threads);
        kernel(with, values.data(), indices.data(), x.data(), s.outer, s.n, s.inner, {descending});
        t.check(std::memcmp(values.data(), expected.data(), all * sizeof(T)) == 0, "another order");
        t.check(std::memcmp(indices.data(), places.data(), all * sizeof(int32_t)) == 0, "other places");
      }
    }
  });
}

template <typename T, class Kernel>
void scan(Context& t, Kernel kernel, Kernel reference, double spread) {
  Random random(32);
  each_shape(t, [&](const Shape& s) {
    for (bool reverse : {false, true}) {
      const size_t all = s.outer * s.n * s.inner;
      Buffer<T> x(t, all, 1), expected(t, all), in_place(t, all);
      fill(x, random, 0);
      for (size_t i = 0; spread > 0 && i < all; ++i) x[i] = static_cast<T>(1 + spread * random.normal());
      Run run;
      reference(run, expected.data(), x.data(), s.outer, s.n, s.inner, {reverse});
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<T> out(t, all, 2);
        Run with(threads);
        kernel(with, out.data(), x.data(), s.outer, s.n, s.inner, {reverse});
        t.check(std::memcmp(out.data(), expected.data(), all * sizeof(T)) == 0, "other totals");
      }
      std::memcpy(in_place.data(), x.data(), all * sizeof(T));
      kernel(run, in_place.data(), in_place.data(), s.outer, s.n, s.inner, {reverse});
      t.check(std::memcmp(in_place.data(), expected.data(), all * sizeof(T)) == 0, "in place differs");
    }
  });
}

}  // namespace

TEST(sort) { sorting<float>(t, t.kernel.sort, t.reference.sort); }
TEST(sort_int) { sorting<int32_t>(t, t.kernel.sort_int, t.reference.sort_int); }
TEST(cumsum) { scan<float>(t, t.kernel.cumsum, t.reference.cumsum, 0); }
TEST(cumsum_int) { scan<int32_t>(t, t.kernel.cumsum_int, t.reference.cumsum_int, 0); }
TEST(cumprod) { scan<float>(t, t.kernel.cumprod, t.reference.cumprod, 0.01); }

TEST(cumprod_backward) {
  Random random(33);
  each_shape(t, [&](const Shape& s) {
    if (s.n > 300) return;  // the reference takes n^3 steps
    for (bool zeros : {false, true}) {
      const size_t all = s.outer * s.n * s.inner;
      Buffer<float> x(t, all, 1), dy(t, all, 2), expected(t, all);
      for (size_t i = 0; i < all; ++i) x[i] = zeros && random.below(5) == 0 ? 0.0f : static_cast<float>(1 + 0.01 * random.normal());
      fill_normal(dy, random);
      Run run;
      t.reference.cumprod_backward(run, expected.data(), dy.data(), x.data(), s.outer, s.n, s.inner);
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<float> dx(t, all, 3);
        Run with(threads);
        t.kernel.cumprod_backward(with, dx.data(), dy.data(), x.data(), s.outer, s.n, s.inner);
        // in double of up to n terms of about e^(n / 100)
        for (size_t i = 0; i < all; ++i) t.close(dx[i], expected[i], kEpsilon * std::fabs(expected[i]) + 1e-13 * static_cast<double>(s.n), "dx", i);
      }
    }
  });
}

}  // namespace simdnn::test
