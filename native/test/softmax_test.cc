// softmax and log_softmax, forward and backward, against their references.
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

using Forward = decltype(KernelTable::softmax);
using Backward = decltype(KernelTable::softmax_backward);

struct Shape {
  size_t rows, classes;
};
// clang-format off
const Shape kShapes[] = {{0, 5}, {3, 0},  {1, 1},  {5, 1},   {32, 5},  {7, 2},    {9, 3},     {4, 4},  {3, 7},    {5, 8},
                         {2, 9}, {6, 10}, {3, 15}, {3, 16},  {3, 17},  {2, 31},   {2, 33},    {2, 63}, {2, 64},   {2, 65},
                         {5, 100}, {3, 127}, {3, 129}, {17, 1000}, {2, 5003}};
// clang-format on

// Roundings in a sum over `classes`: they partly cancel.
double sum_roundings(size_t classes) { return 4 + std::sqrt(static_cast<double>(classes)) / 16; }

void same_bits(Context& t, Buffer<float>& a, Buffer<float>& b, const char* what) {
  t.check(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0, what);
}

// The error of a sum over classes in which exponentials below 2^-126 are zero.
double underflow(size_t classes) { return static_cast<double>(classes) * 0x1p-126; }

// Bounds of a forward result; the difference x - max rounds relative to its own size, which is about
// -log y, and for a logarithm near 0 that of the others' exponentials.
double softmax_bound(double expected, size_t classes) {
  const double rounded = sum_roundings(classes) + 0.5 * std::fabs(std::log(expected + 1e-38));
  return kEpsilon * rounded * expected + 1.2e-38;
}
double log_softmax_bound(double expected, size_t classes) {
  if (std::isinf(expected)) return 0;
  const double others = std::fmin(std::fabs(std::log(std::fabs(expected) + 1e-38)), 88);
  return kEpsilon * (sum_roundings(classes) + 0.5 * others) * std::fabs(expected) + underflow(classes);
}

void test_forward(Context& t, Forward kernel, Forward reference, double (*bound)(double, size_t)) {
  Random random(3);
  for (const Shape& s : kShapes) {
    for (int kind = 0; kind < 3; ++kind) {
      const char* const kinds[] = {" normal", " large", " corners"};
      t.where = std::to_string(s.rows) + "x" + std::to_string(s.classes) + kinds[kind];
      Buffer<float> x(t, s.rows * s.classes, s.classes % 5), y(t, x.size(), 1), expected(t, x.size());
      kind == 2 ? fill_corners(x, random) : fill_normal(x, random, kind == 0 ? 2 : 300);
      Run run;
      kernel(run, y.data(), x.data(), s.rows, s.classes);
      reference(run, expected.data(), x.data(), s.rows, s.classes);
      for (size_t i = 0; i < x.size(); ++i) t.close(y[i], expected[i], bound(expected[i], s.classes), "y", i);
      for (size_t r = 0; r < s.rows; ++r) {
        Buffer<float> row(t, s.classes, r % 7);
        std::memcpy(row.data(), x.data() + r * s.classes, s.classes * sizeof(float));
        kernel(run, row.data(), row.data(), 1, s.classes);  // alone, elsewhere, in place
        t.check(std::memcmp(row.data(), y.data() + r * s.classes, s.classes * sizeof(float)) == 0,
                "a row's bits depend on its place");
      }
    }
  }
  t.where = "threads";
  Buffer<float> x(t, 1003 * 77), alone(t, x.size()), divided(t, x.size());
  fill_normal(x, random);
  Run serial;
  kernel(serial, alone.data(), x.data(), 1003, 77);
  for (int threads = 2; threads <= 4; ++threads) {
    Run run(threads);
    kernel(run, divided.data(), x.data(), 1003, 77);
    same_bits(t, alone, divided, "bits depend on the threads");
  }
}

void test_backward(Context& t, Forward twin_forward, Backward kernel, Backward reference) {
  Random random(4);
  for (const Shape& s : kShapes) {
    t.where = std::to_string(s.rows) + "x" + std::to_string(s.classes);
    const size_t n = s.rows * s.classes;
    Buffer<float> x(t, n), y(t, n, 1), dy(t, n, 2), dx(t, n, 3), expected(t, n);
    fill_normal(x, random, 2);
    fill_normal(dy, random);
    Run run;
    twin_forward(run, y.data(), x.data(), s.rows, s.classes);
    kernel(run, dx.data(), dy.data(), y.data(), s.rows, s.classes);
    reference(run, expected.data(), dy.data(), y.data(), s.rows, s.classes);
    for (size_t r = 0; r < s.rows; ++r) {
      double sum = 0;  // of the magnitudes that the row's sum is made of
      for (size_t c = 0; c < s.classes; ++c) sum += std::fabs(dy[r * s.classes + c]);
      for (size_t c = 0; c < s.classes; ++c) {
        const size_t i = r * s.classes + c;
        const double p = kernel == t.kernel.softmax_backward ? y[i] : std::exp(y[i]);
        t.close(dx[i], expected[i], kEpsilon * (std::fabs(dy[i]) + p * sum_roundings(s.classes) * (sum + 1)), "dx", i);
      }
      Buffer<float> row(t, s.classes, r % 7);
      std::memcpy(row.data(), dy.data() + r * s.classes, s.classes * sizeof(float));
      kernel(run, row.data(), row.data(), y.data() + r * s.classes, 1, s.classes);
      t.check(std::memcmp(row.data(), dx.data() + r * s.classes, s.classes * sizeof(float)) == 0,
              "a row's bits depend on its place");
    }
  }
  t.where = "threads";
  Buffer<float> y(t, 1003 * 77), dy(t, y.size()), alone(t, y.size()), divided(t, y.size());
  fill_normal(y, random);
  fill_normal(dy, random);
  Run serial;
  kernel(serial, alone.data(), dy.data(), y.data(), 1003, 77);
  for (int threads = 2; threads <= 4; ++threads) {
    Run run(threads);
    kernel(run, divided.data(), dy.data(), y.data(), 1003, 77);
    same_bits(t, alone, divided, "bits depend on the threads");
  }
}

// Rows in which one class is ahead of all others by a gap that grows until their exponentials underflow. y, and the gradient of log_softmax for the label's loss,
// must be within a few roundings of their own magnitude.
template <class Check>
void for_confident_rows(Context& t, Check check) {
  Random random(8);
  for (size_t classes : {2, 3, 5, 8, 9, 17, 33, 100}) {
    for (double base : {0.0, 43.7, -61.3, 250.0, -3000.0}) {
      for (double gap = 0; gap <= 100; gap += 2.5) {
        t.where = std::to_string(classes) + " classes around " + std::to_string(base) + ", ahead by " + std::to_string(gap);
        Buffer<float> x(t, classes, classes % 5);
        const size_t top = random.below(classes);
        for (size_t c = 0; c < classes; ++c) x[c] = static_cast<float>(base + random.uniform() - (c == top ? 0 : 1 + gap));
        check(x, top);
      }
    }
  }
}

// Rows with infinities: some classes masked, all classes masked, and +inf.
void test_infinities(Context& t, Forward kernel, bool logarithm) {
  t.where = "infinities";
  Buffer<float> x(t, 12), y(t, 12);
  const float rows[] = {-kInf, 1, 1, -kInf, -kInf, -kInf, kInf, 0, 1, -kInf, 5, -kInf};
  std::memcpy(x.data(), rows, sizeof rows);
  Run run;
  kernel(run, y.data(), x.data(), 4, 3);
  t.check(y[0] == (logarithm ? -kInf : 0), "a masked class");
  t.close(y[1], logarithm ? std::log(0.5) : 0.5, 1e-7, "half");
  for (size_t i = 3; i < 9; ++i) t.check(std::isnan(y[i]), "rows without a distribution are NaN");
  t.check(y[10] == (logarithm ? 0 : 1), "the only class left");
}

}  // namespace

TEST(softmax) {
  test_forward(t, t.kernel.softmax, t.reference.softmax, softmax_bound);
  test_infinities(t, t.kernel.softmax, false);
}
TEST(softmax_backward) { test_backward(t, t.reference.softmax, t.kernel.softmax_backward, t.reference.softmax_backward); }
TEST(log_softmax) {
  test_forward(t, t.kernel.log_softmax, t.reference.log_softmax, log_softmax_bound);
  test_infinities(t, t.kernel.log_softmax, true);
}
TEST(log_softmax_of_confident_rows) {
  for_confident_rows(t, [&](Buffer<float>& x, size_t top) {
    const size_t classes = x.size();
    Buffer<float> y(t, classes), expected(t, classes), dy(t, classes), dx(t, classes), expected_dx(t, classes);
    Run run;
    t.kernel.log_softmax(run, y.data(), x.data(), 1, classes);
    t.reference.log_softmax(run, expected.data(), x.data(), 1, classes);
    for (size_t c = 0; c < classes; ++c) t.close(y[c], expected[c], log_softmax_bound(expected[c], classes), "y", c);
    for (size_t c = 0; c < classes; ++c) dy[c] = c == top ? -1 : 0;
    t.kernel.log_softmax_backward(run, dx.data(), dy.data(), y.data(), 1, classes);
    t.reference.log_softmax_backward(run, expected_dx.data(), dy.data(), y.data(), 1, classes);
    for (size_t c = 0; c < classes; ++c) t.close(dx[c], expected_dx[c], 4 * kEpsilon * std::fabs(expected_dx[c]), "dx", c);
  });
}
TEST(log_softmax_backward) {
  test_backward(t, t.reference.log_softmax, t.kernel.log_softmax_backward, t.reference.log_softmax_backward);
}

// Results that are written by non-temporal stores, in place or not, have the same bits as others.
TEST(softmax_past_caches) {
  constexpr size_t rows = 4096, columns = 1024, n = rows * columns, half = n / 2;
  Random random(16);
  Buffer<float> x(t, n), dy(t, n), whole(t, n), halves(t, n);
  for (size_t i = 0; i < n; ++i) {
    x[i] = static_cast<float>(random.below(1000)) / 100 + (i % (3 * columns) == 5 ? 30 : 0);  // in every third row one class has nearly all of the probability
    dy[i] = static_cast<float>(random.below(1000)) / 100 - 3;
  }
  Run run(2);
  const auto forward = [&](Forward kernel, const char* what) {
    kernel(run, halves.data(), x.data(), rows / 2, columns);
    kernel(run, halves.data() + half, x.data() + half, rows / 2, columns);
    kernel(run, whole.data(), x.data(), rows, columns);
    same_bits(t, whole, halves, what);
    std::memcpy(whole.data(), x.data(), n * sizeof(float));
    kernel(run, whole.data(), whole.data(), rows, columns);
    same_bits(t, whole, halves, what);
  };
  const auto backward = [&](Backward kernel, const char* what) {  // of the y in halves
    std::memcpy(x.data(), halves.data(), n * sizeof(float));
    kernel(run, whole.data(), dy.data(), x.data(), rows, columns);
    kernel(run, halves.data(), dy.data(), x.data(), rows / 2, columns);
    kernel(run, halves.data() + half, dy.data() + half, x.data() + half, rows / 2, columns);
    same_bits(t, whole, halves, what);
    kernel(run, x.data(), dy.data(), x.data(), rows, columns);
    same_bits(t, x, halves, what);
  };
  Buffer<float> logits(t, n);
  std::memcpy(logits.data(), x.data(), n * sizeof(float));
  forward(t.kernel.softmax, "softmax");
  backward(t.kernel.softmax_backward, "softmax_backward");
  std::memcpy(x.data(), logits.data(), n * sizeof(float));
  forward(t.kernel.log_softmax, "log_softmax");
  backward(t.kernel.log_softmax_backward, "log_softmax_backward");
}

}  // namespace simdnn::test
