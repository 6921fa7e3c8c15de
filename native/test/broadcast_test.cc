// Arithmetic with broadcasting. pow has an error of up to one ulp; all others must have the reference's bits.
#include <cstring>

#include "test/test.h"

using simdnn::Layout;
using simdnn::Run;
using simdnn::test::Buffer;
using simdnn::test::Context;
using simdnn::test::Random;

namespace {

// The row-major strides of an operand of `sizes` in the index space `space`; the stride of dimension d is 0 where bit d of `repeat` is set.
struct Shape {
  int rank;
  size_t size[4];
};

Layout make(const Shape& space, unsigned repeat_a, unsigned repeat_b) {
  Layout layout;
  layout.rank = space.rank;
  const unsigned repeat[2] = {repeat_a, repeat_b};
  for (int d = 0; d < space.rank; ++d) layout.size[d] = space.size[d];
  for (int k = 0; k < 2; ++k) {
    size_t stride = 1;
    for (int d = space.rank - 1; d >= 0; --d) {
      const bool repeated = (repeat[k] >> d & 1) != 0;
      layout.stride[k][d] = repeated ? 0 : stride;
      if (!repeated) stride *= space.size[d];
    }
  }
  return layout;
}

void fill(Buffer<float>& out, Random& random) { fill_corners(out, random); }
void fill(Buffer<int32_t>& out, Random& random) {
  const int32_t corners[] = {0, 1, -1, INT32_MAX, INT32_MIN, 65536, 46341};
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = random.below(2) != 0 ? corners[random.below(7)] : static_cast<int32_t>(random.bits());
  }
}

void same(Context& t, float actual, float expected, double ulps, size_t i) {
  int exponent = 0;
  std::frexp(expected, &exponent);
  const double ulp = std::ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
  t.close(actual, expected, ulps * ulp, "out", i);
  if (expected == 0) t.check(std::signbit(actual) == std::signbit(expected), "the sign of zero");
}
void same(Context& t, int32_t actual, int32_t expected, double, size_t i) { t.close(actual, expected, 0, "out", i); }

template <typename R, typename T>
using Kernel = void (*)(Run&, R*, const T*, const T*, const Layout&);

template <typename R, typename T>
void compare(Context& t, Kernel<R, T> kernel, Kernel<R, T> reference, const Layout& layout, Random& random, double ulps) {
  const size_t n = layout.count();
  Buffer<T> a(t, layout.extent(0), random.below(16)), b(t, layout.extent(1), random.below(16));
  Buffer<R> out(t, n, random.below(16)), expected(t, n);
  fill(a, random);
  fill(b, random);
  Run run(1);
  reference(run, expected.data(), a.data(), b.data(), layout);
  kernel(run, out.data(), a.data(), b.data(), layout);
  for (size_t i = 0; i < n; ++i) same(t, out[i], expected[i], ulps, i);
  for (int threads = 2; threads <= 4; ++threads) {
    Buffer<R> again(t, n, random.below(16));
    Run parallel_run(threads);
    kernel(parallel_run, again.data(), a.data(), b.data(), layout);
    t.check(std::memcmp(again.data(), out.data(), n * sizeof(R)) == 0, "bits depend on the threads");
  }
}

// In place: out == a, then out == b, which is allowed for contiguous operands.
template <typename R, typename T>
void compare_in_place(Context&, Kernel<R, T>, Random&) {}
template <typename T>
void compare_in_place(Context& t, Kernel<T, T> kernel, Random& random) {
  const size_t n = 100;
  const Layout layout = make({1, {n}}, 0, 0);
  Buffer<T> a(t, n), b(t, n), out(t, n);
  fill(a, random);
  fill(b, random);
  Buffer<T> into_a(t, n, 3), into_b(t, n, 5);
  std::memcpy(into_a.data(), a.data(), n * sizeof(T));
  std::memcpy(into_b.data(), b.data(), n * sizeof(T));
  Run run(1);
  kernel(run, out.data(), a.data(), b.data(), layout);
  kernel(run, into_a.data(), into_a.data(), b.data(), layout);
  kernel(run, into_b.data(), a.data(), into_b.data(), layout);
  t.check(std::memcmp(into_a.data(), out.data(), n * sizeof(T)) == 0, "in place of a");
  t.check(std::memcmp(into_b.data(), out.data(), n * sizeof(T)) == 0, "in place of b");
}

// Sizes around the vector width; every way to repeat a dimension; strided and shifted operands.
template <typename R, typename T>
void binary(Context& t, Kernel<R, T> kernel, Kernel<R, T> reference, double ulps = 0) {
  Random random(7);
  for (size_t n : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 300000}) {
    t.where = "n = " + std::to_string(n);
    compare(t, kernel, reference, make({1, {n}}, 0, 0), random, ulps);
  }
  const Shape shapes[] = {{0, {}}, {2, {3, 17}}, {3, {2, 3, 33}}, {4, {2, 3, 4, 5}}, {3, {4, 0, 3}}, {2, {700, 100}}};
  for (const Shape& shape : shapes) {
    for (unsigned repeat_a = 0; repeat_a < 1u << shape.rank; ++repeat_a) {
      for (unsigned repeat_b = 0; repeat_b < 1u << shape.rank; ++repeat_b) {
        t.where = "rank " + std::to_string(shape.rank) + ", repeated " + std::to_string(repeat_a) + " " + std::to_string(repeat_b);
        compare(t, kernel, reference, make(shape, repeat_a, repeat_b), random, ulps);
      }
    }
  }
  Layout transposed = make({2, {19, 23}}, 0, 0);
  transposed.stride[1][0] = 1;
  transposed.stride[1][1] = 19;
  transposed.offset[0] = 3;
  transposed.offset[1] = 5;
  t.where = "transposed";
  compare(t, kernel, reference, transposed, random, ulps);
  t.where = "in place";
  compare_in_place(t, kernel, random);
}

}  // namespace

#define BINARY(name) \
  TEST(name) { binary(t, t.kernel.name, t.reference.name); }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(maximum)
BINARY(minimum)
BINARY(remainder)
BINARY(fmod)
BINARY(maximum_int)
BINARY(minimum_int)
BINARY(remainder_int)
BINARY(floor_divide_int)
BINARY(eq)
BINARY(ne)
BINARY(lt)
BINARY(le)
BINARY(gt)
BINARY(ge)
BINARY(add_int)
BINARY(sub_int)
BINARY(mul_int)
BINARY(eq_int)
BINARY(ne_int)
BINARY(lt_int)
BINARY(le_int)
BINARY(gt_int)
BINARY(ge_int)

TEST(atan2) { binary(t, t.kernel.atan2, t.reference.atan2, 0.51); }

// Quotients below 2^22, because there float32 represents the integers and the halves between them.
TEST(floor_divide) {
  Random random(9);
  const size_t n = 4000;
  Buffer<float> a(t, n), b(t, n), out(t, n), expected(t, n);
  const float corners[] = {0.0f, -0.0f, 1, -1, 0.1f, 1.5f, -2, INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < n; ++i) {
    a[i] = random.below(4) == 0 ? corners[random.below(10)] : static_cast<float>(1000 * random.normal());
    b[i] = random.below(4) == 0 ? corners[random.below(10)] : std::round(static_cast<float>(40 * random.normal())) / 4;
  }
  Run run;
  t.kernel.floor_divide(run, out.data(), a.data(), b.data(), make({1, {n}}, 0, 0));
  t.reference.floor_divide(run, expected.data(), a.data(), b.data(), make({1, {n}}, 0, 0));
  for (size_t i = 0; i < n; ++i) same(t, out[i], expected[i], 0, i);
}

TEST(pow) {
  binary(t, t.kernel.pow, t.reference.pow, 1);

  // Every pair of the numbers for which C's pow has a rule of its own.
  const float kInf = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  const float special[] = {0.0f, -0.0f, 1, -1, 2, -2, 3, -3, 0.5f, -0.5f, 1.5f, -1.5f, 1e-45f, -1e-45f, 3.4e38f, -3.4e38f,
                           16777215, 16777216, -16777215, 1e-30f, 1.0000001f, 0.99999994f, 10, kInf, -kInf, kNaN};
  constexpr size_t n = sizeof special / sizeof *special;
  Layout layout = make({2, {n, n}}, 0, 0);
  layout.stride[0][0] = 1, layout.stride[0][1] = 0;
  layout.stride[1][0] = 0, layout.stride[1][1] = 1;
  Buffer<float> out(t, n * n), expected(t, n * n);
  Run run(1);
  t.kernel.pow(run, out.data(), special, special, layout);
  t.reference.pow(run, expected.data(), special, special, layout);
  for (size_t i = 0; i < n * n; ++i) {
    char where[64];
    std::snprintf(where, sizeof where, "%.9g ^ %.9g", special[i / n], special[i % n]);
    t.where = where;
    same(t, out[i], expected[i], 1, i);
  }

  // Many ordinary bases and exponents, results over the whole range of floats.
  Random random(11);
  const size_t count = 20000;
  Buffer<float> x(t, count), y(t, count), power(t, count), truth(t, count);
  for (size_t i = 0; i < count; ++i) {
    x[i] = static_cast<float>(std::exp2(20 * random.normal()));
    y[i] = static_cast<float>(6 * random.normal());
  }
  t.where = "ordinary";
  t.kernel.pow(run, power.data(), x.data(), y.data(), make({1, {count}}, 0, 0));
  t.reference.pow(run, truth.data(), x.data(), y.data(), make({1, {count}}, 0, 0));
  for (size_t i = 0; i < count; ++i) same(t, power[i], truth[i], 1, i);

  t.where = "squares are x * x";
  Buffer<float> two(t, 1);
  two[0] = 2;
  t.kernel.pow(run, power.data(), x.data(), two.data(), make({1, {count}}, 0, 1));
  for (size_t i = 0; i < count; ++i) t.check(power[i] == x[i] * x[i], "not the rounded square");
}
