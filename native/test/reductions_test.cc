// Sums are within a few units of the sum of magnitudes; extrema and their indices are exact.
#include <cstring>

#include "test/test.h"

using simdnn::Run;
using simdnn::test::Buffer;
using simdnn::test::Context;
using simdnn::test::kEpsilon;
using simdnn::test::Random;

namespace {

struct Shape {
  size_t outer, n, inner;
};

// Every n around the vector width, with few and many columns, several blocks and chunks, and empty operands.
template <class Body>
void each_shape(Context& t, Body body) {
  const auto run = [&](const Shape& s) {
    t.where = std::to_string(s.outer) + " x " + std::to_string(s.n) + " x " + std::to_string(s.inner);
    body(s);
  };
  for (size_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 1023, 1025, 5000}) {
    for (size_t inner : {1, 2, 5, 16, 17, 64, 70}) run({n < 200 ? size_t{3} : 1, n, inner});
  }
  for (const Shape& s : {Shape{1, 65536, 1}, Shape{1, 65537, 1}, Shape{1, 1000003, 1}, Shape{2, 200000, 1},
                         Shape{1, 70000, 3}, Shape{2, 66000, 65}, Shape{2000, 33, 1}, Shape{1, 300, 1000},
                         Shape{0, 4, 4}, Shape{4, 4, 0}}) {
    run(s);
  }
}

void fill_int(Buffer<int32_t>& out, Random& random, bool few) {
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = few ? static_cast<int32_t>(random.below(4)) : static_cast<int32_t>(random.bits());
  }
}

template <typename T, class Kernel, class Fill>
void extremum(Context& t, Kernel kernel, Kernel reference, Fill fill) {
  Random random(1);
  each_shape(t, [&](const Shape& s) {
    for (int kind = 0; kind < 3; ++kind) {
      const size_t outputs = s.outer * s.inner;
      Buffer<T> x(t, outputs * s.n, random.below(16)), expected(t, outputs);
      Buffer<int32_t> places(t, outputs);
      fill(x, random, kind);
      Run run(1);
      reference(run, expected.data(), places.data(), x.data(), s.outer, s.n, s.inner);
      for (int threads = 1; threads <= 4; ++threads) {
        Buffer<T> values(t, outputs, random.below(16));
        Buffer<int32_t> indices(t, outputs, random.below(16));
        Run parallel_run(threads);
        kernel(parallel_run, values.data(), indices.data(), x.data(), s.outer, s.n, s.inner);
        t.check(std::memcmp(values.data(), expected.data(), outputs * sizeof(T)) == 0, "another value");
        t.check(std::memcmp(indices.data(), places.data(), outputs * sizeof(int32_t)) == 0, "another place");
      }
    }
  });

  t.where = "nothing to choose from";
  T value = 7;
  int32_t place = 7;
  Run run(1), empty(1);
  kernel(run, &value, &place, &value, 1, 0, 1);
  t.check(run.fault.array() != nullptr && std::strcmp(run.fault.array(), "x") == 0, "n == 0 must be reported");
  kernel(empty, &value, &place, &value, 0, 0, 1);
  t.check(empty.fault.array() == nullptr && value == 7, "no outputs is not a fault");
}

// Normal numbers; numbers with many ties and zeros of both signs; special values, including NaN.
void fill_float(Buffer<float>& out, Random& random, int kind) {
  if (kind == 0) fill_normal(out, random);
  const float ties[] = {0.0f, -0.0f, -std::numeric_limits<float>::infinity(), -1};
  for (size_t i = 0; kind == 1 && i < out.size(); ++i) out[i] = ties[random.below(4)];
  if (kind == 2) {
    fill_normal(out, random);
    for (size_t k = 0; k < out.size(); k += 1 + random.below(3000)) out[k] = std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace

TEST(sum) {
  Random random(2);
  each_shape(t, [&](const Shape& s) {
    const size_t outputs = s.outer * s.inner;
    Buffer<float> x(t, outputs * s.n, random.below(16)), expected(t, outputs), magnitudes(t, outputs);
    fill_normal(x, random, 10);
    const double scale = 1 / static_cast<double>(s.n);
    Run run(1);
    t.reference.sum(run, expected.data(), x.data(), s.outer, s.n, s.inner, {scale});
    Buffer<float> size(t, x.size());
    for (size_t i = 0; i < x.size(); ++i) size[i] = std::fabs(x[i]);
    t.reference.sum(run, magnitudes.data(), size.data(), s.outer, s.n, s.inner, {scale});
    Buffer<float> one(t, outputs, 3);
    t.kernel.sum(run, one.data(), x.data(), s.outer, s.n, s.inner, {scale});
    // the errors of at most 14 additions in sequence, which partly cancel; then the last rounding
    const double walk = std::sqrt(static_cast<double>(s.n < 14 ? s.n : 14));
    for (size_t i = 0; i < outputs; ++i) {
      t.close(one[i], expected[i], kEpsilon / 2 * (std::fabs(expected[i]) + walk * magnitudes[i]), "out", i);
    }
    for (int threads = 2; threads <= 4; ++threads) {
      Buffer<float> out(t, outputs, random.below(16));
      Run parallel_run(threads);
      t.kernel.sum(parallel_run, out.data(), x.data(), s.outer, s.n, s.inner, {scale});
      t.check(std::memcmp(out.data(), one.data(), outputs * sizeof(float)) == 0, "bits depend on the threads");
    }
    for (size_t o = 0; o < s.outer && o < 5; ++o) {
      Buffer<float> alone(t, s.inner, 1);
      t.kernel.sum(run, alone.data(), x.data() + o * s.n * s.inner, 1, s.n, s.inner, {scale});
      t.check(std::memcmp(alone.data(), one.data() + o * s.inner, s.inner * sizeof(float)) == 0, "one outer index alone has other bits");
    }
  });

  t.where = "ten million equal numbers";
  const size_t n = 10000000;
  Buffer<float> x(t, n), out(t, 3);
  for (size_t i = 0; i < n; ++i) x[i] = 0.1f;
  Run run(1);
  t.kernel.sum(run, out.data(), x.data(), 1, n, 1, {1});
  t.close(out[0], n * static_cast<double>(0.1f), 2 * kEpsilon * 1e6, "out");

  t.where = "nothing";
  out[0] = out[1] = out[2] = 5;
  t.kernel.sum(run, out.data(), x.data(), 1, 0, 3, {1});
  t.check(out[0] == 0 && out[1] == 0 && out[2] == 0, "an empty sum is 0");

  t.where = "NaN and infinities";
  x[5] = std::numeric_limits<float>::infinity();
  t.kernel.sum(run, out.data(), x.data(), 1, 100, 1, {1});
  t.check(out[0] == x[5], "infinity must show");
  x[70] = -x[5];
  t.kernel.sum(run, out.data(), x.data(), 1, 100, 1, {1});
  t.check(std::isnan(out[0]), "NaN must show");
}

TEST(sum_int) {
  Random random(3);
  each_shape(t, [&](const Shape& s) {
    const size_t outputs = s.outer * s.inner;
    Buffer<int32_t> x(t, outputs * s.n, random.below(16)), expected(t, outputs);
    fill_int(x, random, false);
    Run run(1);
    t.reference.sum_int(run, expected.data(), x.data(), s.outer, s.n, s.inner);
    for (int threads = 1; threads <= 4; ++threads) {
      Buffer<int32_t> out(t, outputs, random.below(16));
      Run parallel_run(threads);
      t.kernel.sum_int(parallel_run, out.data(), x.data(), s.outer, s.n, s.inner);
      t.check(std::memcmp(out.data(), expected.data(), outputs * sizeof(int32_t)) == 0, "another sum");
    }
  });
}

TEST(max) { extremum<float>(t, t.kernel.max, t.reference.max, fill_float); }
TEST(min) { extremum<float>(t, t.kernel.min, t.reference.min, fill_float); }
TEST(max_int) {
  extremum<int32_t>(t, t.kernel.max_int, t.reference.max_int,
                    [](Buffer<int32_t>& x, Random& random, int kind) { fill_int(x, random, kind == 1); });
}
TEST(min_int) {
  extremum<int32_t>(t, t.kernel.min_int, t.reference.min_int,
                    [](Buffer<int32_t>& x, Random& random, int kind) { fill_int(x, random, kind == 1); });
}
