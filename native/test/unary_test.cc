// The element-wise kernels against their references: at special values, for all lengths of tails, over the whole range of float, in place, and on 1 to 4 threads.
#include <cstdlib>
#include <cstring>

#include "reference/unary.h"
#include "support/denormals.h"
#include "test/test.h"

namespace simdnn::test {
namespace {

using Forward = decltype(KernelTable::relu_forward);
using Backward = decltype(KernelTable::relu_backward);

using reference::Case;

const size_t kSizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 1000, 5000};

double bound(const Case& c, double ulp, double scaled, double expected, double x, double dy) {
  const double scale = std::fabs(x) < 1e30 ? (std::fabs(dy) + 1) * (std::fabs(x) + 1) : 1;
  const double flushed = flush_denormal() ? 0x1p-126 : 0;
  return kEpsilon * (ulp * std::fabs(expected) + scaled * scale) + std::fmax(c.tiny, flushed) * scale;
}

void check_forward(Context& t, Forward kernel, Forward reference, const Case& c, Buffer<float>& x) {
  const size_t n = x.size();
  Buffer<float> y(t, n, 1), expected(t, n);
  Run run;
  kernel(run, y.data(), x.data(), n, {c.a, c.b});
  reference(run, expected.data(), x.data(), n, {c.a, c.b});
  for (size_t i = 0; i < n; ++i) {
    if (std::isinf(expected[i]) && std::fabs(y[i]) > 3.4e38) continue;  // 1 ulp below overflow
    t.close(y[i], expected[i], bound(c, c.forward, c.forward_scale, expected[i], x[i], 1), "y", i);
  }
}

void check_backward(Context& t, Forward twin_forward, Backward kernel, Backward reference, const Case& c, Buffer<float>& x,
                    Buffer<float>& dy) {
  const size_t n = x.size();
  Buffer<float> y(t, n, 2), dx(t, n, 3), expected(t, n);
  Run run;
  twin_forward(run, y.data(), x.data(), n, {c.a, c.b});
  kernel(run, dx.data(), dy.data(), x.data(), y.data(), n, {c.a, c.b});
  reference(run, expected.data(), dy.data(), x.data(), y.data(), n, {c.a, c.b});
  for (size_t i = 0; i < n; ++i) {
    if (std::isinf(expected[i]) && std::fabs(dx[i]) > 3.4e38) continue;
    t.close(dx[i], expected[i], bound(c, c.backward, c.backward_scale, expected[i], x[i], dy[i]), "dx", i);
  }
}

// Every `stride`-th bit pattern of a float; the stride is a prime, or SIMDNN_TEST_STRIDE, where 1 means all 2^32 patterns.
uint64_t stride_of_range() {
  const char* const given = std::getenv("SIMDNN_TEST_STRIDE");
  const uint64_t stride = given == nullptr ? 0 : std::strtoull(given, nullptr, 10);
  return stride == 0 ? 20011 : stride;
}

// 64 neighbours of each special value.
std::vector<uint32_t> special_patterns() {
  std::vector<uint32_t> patterns;
  const float special[] = {0, 1, 2, 3, 6, 0.5f, 0.34657359f, 0.41421356f, 0.70710678f, 1.41421356f,
                           10, 11, 20, 87.33f, 88.72f, 103.97f, 104.5f, 3.4e38f, 1.17549435e-38f};
  for (float value : special) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    for (uint32_t i = 0; i < 64; ++i) {
      patterns.push_back(bits + i - 32);
      patterns.push_back((bits ^ (1u << 31)) + i - 32);
    }
  }
  return patterns;
}

void check_range(Context& t, Forward kernel, Forward reference, const Case& c) {
  t.where = flush_denormal() ? "whole range" : "whole range, denormal numbers kept";
  std::vector<uint32_t> patterns = special_patterns();
  const auto check = [&] {
    Buffer<float> x(t, patterns.size());
    std::memcpy(x.data(), patterns.data(), patterns.size() * sizeof(float));
    check_forward(t, kernel, reference, c, x);
    patterns.clear();
  };
  const uint64_t stride = stride_of_range();
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += stride) {
    patterns.push_back(static_cast<uint32_t>(bits));
    if (patterns.size() >= 65536) check();
  }
  check();
}

void test_forward(Context& t, Forward kernel, Forward reference, const Case& c) {
  Random random(1);
  for (size_t n : kSizes) {
    for (int corners = 0; corners < 2; ++corners) {
      t.where = "n=" + std::to_string(n) + (corners ? " corners" : "");
      Buffer<float> x(t, n, n % 5);
      corners ? fill_corners(x, random) : fill_normal(x, random, 3);
      check_forward(t, kernel, reference, c, x);
    }
  }
  check_range(t, kernel, reference, c);
  set_flush_denormal(false);
  check_range(t, kernel, reference, c);
  set_flush_denormal(true);

  t.where = "threads";
  const size_t n = 300001;
  Buffer<float> x(t, n), alone(t, n), divided(t, n);
  fill_normal(x, random, 3);
  Run serial(1);
  kernel(serial, alone.data(), x.data(), n, {c.a, c.b});
  for (int threads = 2; threads <= 4; ++threads) {
    Run run(threads);
    kernel(run, divided.data(), x.data(), n, {c.a, c.b});
    t.check(std::memcmp(alone.data(), divided.data(), n * sizeof(float)) == 0, "bits depend on the threads");
  }
  t.where = "one by one, in place";
  for (size_t i = 0; i < 100; ++i) kernel(serial, x.data() + i, x.data() + i, 1, {c.a, c.b});
  t.check(std::memcmp(alone.data(), x.data(), 100 * sizeof(float)) == 0, "bits depend on the position");
}

void test_backward(Context& t, Forward twin_forward, Backward kernel, Backward reference, const Case& c) {
  Random random(2);
  for (size_t n : kSizes) {
    for (int corners = 0; corners < 2; ++corners) {
      t.where = "n=" + std::to_string(n) + (corners ? " corners" : "");
      Buffer<float> x(t, n, n % 5), dy(t, n, n % 3);
      corners ? fill_corners(x, random) : fill_normal(x, random, 3);
      fill_normal(dy, random);
      check_backward(t, twin_forward, kernel, reference, c, x, dy);
    }
  }
  const size_t n = 300001;
  Buffer<float> x(t, n), y(t, n), dy(t, n), alone(t, n), divided(t, n);
  fill_normal(x, random, 3);
  fill_normal(dy, random);
  Run serial(1);
  twin_forward(serial, y.data(), x.data(), n, {c.a, c.b});
  kernel(serial, alone.data(), dy.data(), x.data(), y.data(), n, {c.a, c.b});
  t.where = "threads";
  for (int threads = 2; threads <= 4; ++threads) {
    Run run(threads);
    kernel(run, divided.data(), dy.data(), x.data(), y.data(), n, {c.a, c.b});
    t.check(std::memcmp(alone.data(), divided.data(), n * sizeof(float)) == 0, "bits depend on the threads");
  }
  t.where = "one by one, in place";
  for (size_t i = 0; i < 100; ++i) {
    kernel(serial, dy.data() + i, dy.data() + i, x.data() + i, y.data() + i, 1, {c.a, c.b});
  }
  t.check(std::memcmp(alone.data(), dy.data(), 100 * sizeof(float)) == 0, "bits depend on the position");
}

}  // namespace

#define UNARY(name)                                                                                 \
  TEST(name##_forward) {                                                                            \
    for (const Case& c : reference::unary::name::cases) {                                           \
      test_forward(t, t.kernel.name##_forward, t.reference.name##_forward, c);                           \
    }                                                                                               \
  }                                                                                                 \
  TEST(name##_backward) {                                                                           \
    for (const Case& c : reference::unary::name::cases) {                                           \
      test_backward(t, t.reference.name##_forward, t.kernel.name##_backward, t.reference.name##_backward, c); \
    }                                                                                               \
  }
#include "generated/unary.def"

// The lower tail, relative to itself. Where e^(-x^2 / 2) is computed with tables, the rounding error of x^2 is corrected.
TEST(gelu_tail) {
  const std::string target = t.target.name;
  const double bound = (target == "avx2" || target == "avx512" ? 16 : 75) * kEpsilon;
  Buffer<float> x(t, 100000), y(t, x.size()), expected(t, x.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = -2 - 10 * static_cast<float>(i) / static_cast<float>(x.size());
  Run run;
  t.kernel.gelu_forward(run, y.data(), x.data(), x.size(), {});
  t.reference.gelu_forward(run, expected.data(), x.data(), x.size(), {});
  for (size_t i = 0; i < x.size(); ++i) t.close(y[i], expected[i], bound * std::fabs(expected[i]), "y", i);
}

}  // namespace simdnn::test
