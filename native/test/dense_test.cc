#include <algorithm>
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

// dense_forward has the bits of linear_forward with the transposed weight, by any number of threads, and without bias and activation those of matmul.
void check_dense(Context& t, size_t rows, size_t in, size_t out, Unary activation, size_t misaligned, Random& random) {
  t.where = std::to_string(rows) + "x" + std::to_string(in) + "->" + std::to_string(out) + " activation " +
            std::to_string(static_cast<int>(activation));
  Buffer<float> x(t, rows * in, misaligned), weight(t, in * out, misaligned + 1), transposed(t, out * in), bias(t, out, misaligned + 2);
  Buffer<float> y(t, rows * out, misaligned + 3), expected(t, rows * out);
  fill_normal(x, random);
  fill_normal(weight, random);
  fill_normal(bias, random);
  if (rows * in > 40) x[in - 1] = std::numeric_limits<float>::quiet_NaN();
  for (size_t i = 0; i < in; ++i) {
    for (size_t o = 0; o < out; ++o) transposed[o * in + i] = weight[i * out + o];
  }
  const size_t bytes = rows * out * sizeof(float);
  for (const float* const b : {static_cast<const float*>(nullptr), static_cast<const float*>(bias.data())}) {
    Run one(1);
    t.kernel.linear_forward(one, expected.data(), x.data(), transposed.data(), b, rows, in, out, {activation, 0.5, 2});
    for (const int threads : {1, 2, 3}) {
      std::fill_n(y.data(), y.size(), 3e38f);
      Run run(threads);
      t.kernel.dense_forward(run, y.data(), x.data(), weight.data(), b, rows, in, out, {activation, 0.5, 2});
      t.check(std::memcmp(y.data(), expected.data(), bytes) == 0, "differs from linear_forward");
    }
    if (activation != Unary::none) continue;
    if (b == nullptr) {
      t.kernel.matmul(one, expected.data(), x.data(), weight.data(), rows, out, in, {});
      t.check(std::memcmp(y.data(), expected.data(), bytes) == 0, "differs from matmul");
    }
    t.reference.dense_forward(one, expected.data(), x.data(), weight.data(), b, rows, in, out, {});
    const double bound = kEpsilon * 6 * static_cast<double>(in + 3);  // loose: linear_forward's test has the tight one
    for (size_t i = 0; i < y.size(); ++i) {
      if (!std::isnan(expected[i])) t.close(y[i], expected[i], bound, "y", i);
    }
  }
}

}  // namespace

TEST(dense_forward) {
  Random random(12);
  for (const size_t rows : {1, 2, 5, 14, 33}) {
    for (const size_t in : {1, 13, 64, 257, 520}) {
      for (const size_t out : {1, 2, 15, 32, 37, 100}) {
        check_dense(t, rows, in, out, (rows + in + out) % 2 == 0 ? Unary::relu : Unary::none, (rows + out) % 4, random);
      }
    }
  }
  // More columns than are taken at a time, rows that are copied apart, blocks of k whose sums are kept aside, and work for several threads.
  check_dense(t, 50, 1024, 600, Unary::none, 0, random);
  check_dense(t, 3, 300, 1024, Unary::tanh, 1, random);
  check_dense(t, 257, 520, 40, Unary::relu, 0, random);
  check_dense(t, 300, 530, 1, Unary::relu, 1, random);
  for (int function = 1; function < kUnaryCount; ++function) check_dense(t, 3, 7, 19, static_cast<Unary>(function), 0, random);
  for (const size_t none : {0, 1, 2}) {
    check_dense(t, none != 0 ? 3 : 0, none != 1 ? 4 : 0, none != 2 ? 5 : 0, Unary::relu, 0, random);
  }
}

}  // namespace simdnn::test
