#include <algorithm>
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

// The project's bound for outputs that sum `length` products: see bound() below.
struct Sums {
  double largest = 0, norm = 0;
  void output(double expected, double squares) {
    largest = std::max(largest, std::fabs(expected));
    norm = std::max(norm, std::sqrt(squares));
  }
  double bound(size_t length) const {
    return kEpsilon * (4 * largest + std::sqrt(static_cast<double>(length)) * norm);
  }
};

double square(double x) { return x * x; }

void name_case(Context& t, size_t rows, size_t in, size_t out) {
  t.where = std::to_string(rows) + "x" + std::to_string(in) + "->" + std::to_string(out);
}

void check_forward(Context& t, size_t rows, size_t in, size_t out, bool with_bias, size_t misaligned, Random& random) {
  name_case(t, rows, in, out);
  Buffer<float> x(t, rows * in, misaligned), weight(t, out * in, misaligned + 1), bias(t, out, misaligned + 2);
  Buffer<float> y(t, rows * out, misaligned + 3), expected(t, rows * out), again(t, rows * out);
  fill_normal(x, random);
  fill_normal(weight, random);
  fill_normal(bias, random);
  const float* const b = with_bias ? bias.data() : nullptr;
  const size_t bytes = rows * out * sizeof(float);
  Run run(1);
  t.kernel.linear_forward(run, y.data(), x.data(), weight.data(), b, rows, in, out, {});
  t.reference.linear_forward(run, expected.data(), x.data(), weight.data(), b, rows, in, out, {});
  Sums sums;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double squares = with_bias ? square(bias[o]) : 0;
      for (size_t i = 0; i < in; ++i) squares += square(static_cast<double>(x[r * in + i]) * weight[o * in + i]);
      sums.output(expected[r * out + o], squares);
    }
  }
  for (size_t i = 0; i < y.size(); ++i) t.close(y[i], expected[i], sums.bound(in), "y", i);
  for (int threads = 2; threads <= 4; ++threads) {
    Run many(threads);
    t.kernel.linear_forward(many, again.data(), x.data(), weight.data(), b, rows, in, out, {});
    t.check(std::memcmp(y.data(), again.data(), bytes) == 0, "bits depend on the number of threads");
  }
  Buffer<float> row(t, out);
  for (size_t r = 0; r < rows; r += rows / 3 + 1) {
    t.kernel.linear_forward(run, row.data(), x.data() + r * in, weight.data(), b, 1, in, out, {});
    t.check(std::memcmp(row.data(), y.data() + r * out, out * sizeof(float)) == 0, "row alone has other bits");
  }
}

// The fused activation has the bits of its own kernel, however the rows are divided.
void check_activations(Context& t, Random& random) {
  const struct {
    Unary unary;
    decltype(KernelTable::relu_forward) kernel;
  } activations[] = {
#define UNARY(name) {Unary::name, t.kernel.name##_forward},
#include "generated/unary.def"
  };
  for (const size_t rows : {3, 70}) {
    const size_t in = 19, out = rows == 3 ? 300 : 37;
    Buffer<float> x(t, rows * in), weight(t, out * in), bias(t, out), plain(t, rows * out), y(t, rows * out);
    fill_normal(x, random);
    fill_normal(weight, random);
    fill_normal(bias, random);
    x[in + 3] = std::numeric_limits<float>::quiet_NaN();
    std::fill_n(x.data() + 2 * in, in - 1, 0.0f);  // plain[2, 0] is -0 where products and sums are rounded once
    x[3 * in - 1] = 1e-30f;
    weight[in - 1] = -1e-30f;
    bias[0] = -0.0f;
    Run run(1);
    t.kernel.linear_forward(run, plain.data(), x.data(), weight.data(), bias.data(), rows, in, out, {});
    for (const auto& activation : activations) {
      t.where = "activation " + std::to_string(static_cast<int>(activation.unary));
      Buffer<float> expected(t, rows * out);
      activation.kernel(run, expected.data(), plain.data(), rows * out, {0.5, 2});
      for (const int threads : {1, 3}) {
        Run many(threads);
        t.kernel.linear_forward(many, y.data(), x.data(), weight.data(), bias.data(), rows, in, out,
                                {activation.unary, 0.5, 2});
        t.check(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)) == 0, "differs from its kernel");
      }
    }
  }
}

struct Wanted {
  bool dx, dweight, dbias;
};

void check_backward(Context& t, size_t rows, size_t in, size_t out, Wanted wanted, int accumulate, size_t misaligned,
                    Random& random) {
  name_case(t, rows, in, out);
  t.where += " accumulate " + std::to_string(accumulate);
  const LinearBackwardAttributes attributes = accumulating(accumulate);
  Buffer<float> dy(t, rows * out, misaligned), x(t, rows * in, misaligned + 1), weight(t, out * in, misaligned + 2);
  fill_normal(dy, random);
  fill_normal(x, random);
  fill_normal(weight, random);

  struct Gradients {
    Buffer<float> dx, dweight, dbias;
  };
  const auto call = [&](const KernelTable& table, Gradients& g, int threads) {
    Random same(7);
    fill_normal(g.dx, same);
    fill_normal(g.dweight, same);
    fill_normal(g.dbias, same);
    Run run(threads);
    table.linear_backward(run, wanted.dx ? g.dx.data() : nullptr, wanted.dweight ? g.dweight.data() : nullptr,
                          wanted.dbias ? g.dbias.data() : nullptr, dy.data(), x.data(), weight.data(), rows, in, out,
                          attributes);
  };
  const size_t off = misaligned;
  Gradients got{{t, rows * in, off}, {t, out * in, off + 1}, {t, out, off + 2}};
  Gradients expected{{t, rows * in}, {t, out * in}, {t, out}}, again{{t, rows * in}, {t, out * in}, {t, out}};
  call(t.kernel, got, 1);
  call(t.reference, expected, 1);

  Sums dx, dweight, dbias;  // a previous value that is added to counts as one more product of normal numbers: 3^2
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < in; ++i) {
      double squares = attributes.accumulate_dx ? 9 : 0;
      for (size_t o = 0; o < out; ++o) squares += square(static_cast<double>(dy[r * out + o]) * weight[o * in + i]);
      dx.output(expected.dx[r * in + i], squares);
    }
  }
  for (size_t o = 0; o < out; ++o) {
    for (size_t i = 0; i < in; ++i) {
      double squares = attributes.accumulate_dweight ? 9 : 0;
      for (size_t r = 0; r < rows; ++r) squares += square(static_cast<double>(dy[r * out + o]) * x[r * in + i]);
      dweight.output(expected.dweight[o * in + i], squares);
    }
    double squares = attributes.accumulate_dbias ? 9 : 0;
    for (size_t r = 0; r < rows; ++r) squares += square(dy[r * out + o]);
    dbias.output(expected.dbias[o], squares);
  }
  for (size_t i = 0; i < got.dx.size(); ++i) t.close(got.dx[i], expected.dx[i], dx.bound(out), "dx", i);
  for (size_t i = 0; i < got.dweight.size(); ++i) {
    t.close(got.dweight[i], expected.dweight[i], dweight.bound(rows), "dweight", i);
  }
  for (size_t i = 0; i < out; ++i) t.close(got.dbias[i], expected.dbias[i], dbias.bound(rows), "dbias", i);

  for (int threads = 2; threads <= 4; ++threads) {
    call(t.kernel, again, threads);
    t.check(std::memcmp(got.dx.data(), again.dx.data(), rows * in * sizeof(float)) == 0, "dx depends on threads");
    t.check(std::memcmp(got.dweight.data(), again.dweight.data(), out * in * sizeof(float)) == 0,
            "dweight depends on threads");
    t.check(std::memcmp(got.dbias.data(), again.dbias.data(), out * sizeof(float)) == 0, "dbias depends on threads");
  }
}

// dx of a single row has the bits of that row in a batch.
void check_row_of_dx(Context& t, size_t rows, size_t in, size_t out, Random& random) {
  name_case(t, rows, in, out);
  Buffer<float> dy(t, rows * out, 1), weight(t, out * in, 2), dx(t, rows * in), row(t, in, 3);
  fill_normal(dy, random);
  fill_normal(weight, random);
  Run run(1);
  const auto dx_of = [&](float* to, const float* from, size_t n) {
    t.kernel.linear_backward(run, to, nullptr, nullptr, from, nullptr, weight.data(), n, in, out, {});
  };
  dx_of(dx.data(), dy.data(), rows);
  for (size_t r = 0; r < rows; r += rows / 3 + 1) {
    dx_of(row.data(), dy.data() + r * out, 1);
    t.check(std::memcmp(row.data(), dx.data() + r * in, in * sizeof(float)) == 0, "row alone has other bits");
  }
}

// dx with a fused derivative has the bits of the product followed by the function's own kernel, whether it is written or added.
void check_derivatives(Context& t, size_t rows, size_t in, size_t out, Random& random) {
  const struct {
    Unary unary;
    decltype(KernelTable::relu_backward) kernel;
  } functions[] = {{Unary::relu, t.kernel.relu_backward},
                   {Unary::sigmoid, t.kernel.sigmoid_backward},
                   {Unary::tanh, t.kernel.tanh_backward}};
  Buffer<float> dy(t, rows * out, 1), x(t, rows * in, 2), weight(t, out * in, 3), before(t, rows * in), plain(t, rows * in),
      expected(t, rows * in), dx(t, rows * in);
  for (Buffer<float>* buffer : {&dy, &x, &weight, &before}) fill_normal(*buffer, random);
  x.data()[0] = std::nanf("");
  for (size_t i = 1; i < x.size(); i += 7) x.data()[i] = i % 2 == 0 ? 0.0f : -0.0f;
  Run run(1);
  const size_t bytes = dx.size() * sizeof(float);
  for (const bool accumulate : {false, true}) {
    const auto backward = [&](Run& with, float* to, Unary function) {
      std::memcpy(to, before.data(), bytes);
      LinearBackwardAttributes attributes;
      attributes.activation = function;
      attributes.accumulate_dx = accumulate;
      t.kernel.linear_backward(with, to, nullptr, nullptr, dy.data(), x.data(), weight.data(), rows, in, out,
                               attributes);
    };
    backward(run, plain.data(), Unary::none);
    for (const auto& function : functions) {
      name_case(t, rows, in, out);
      t.where += " derivative " + std::to_string(static_cast<int>(function.unary));
      function.kernel(run, expected.data(), plain.data(), x.data(), x.data(), dx.size(), {});
      for (const int threads : {1, 3}) {
        Run many(threads);
        backward(many, dx.data(), function.unary);
        t.check(std::memcmp(dx.data(), expected.data(), bytes) == 0, "differs from its kernel");
      }
    }
  }
}

}  // namespace

TEST(linear_forward) {
  Random random(2);
  for (const size_t rows : {1, 2, 5, 13, 14, 17, 32, 63}) {
    for (const size_t in : {1, 2, 3, 4, 5, 13, 30, 33, 257}) {
      for (const size_t out : {1, 5, 8, 16, 17, 31, 33, 100}) {
        check_forward(t, rows, in, out, (rows + in) % 2 == 0, (rows + out) % 4, random);
      }
    }
  }
  check_forward(t, 0, 4, 3, true, 0, random);
  check_forward(t, 3, 0, 5, true, 0, random);
  check_forward(t, 128, 512, 512, true, 0, random);
  check_forward(t, 130, 300, 601, true, 1, random);
  check_forward(t, 20, 300, 1024, true, 1, random);  // partial sums are kept in scratch even on one thread
  check_forward(t, 300, 530, 1, true, 1, random);
  check_forward(t, 70, 1024, 1, true, 1, random);
  for (const size_t in : {63, 64, 65, 16389, 40000}) check_forward(t, 19, in, 1, true, 1, random);  // one column: dots.cc
  check_forward(t, 2, 2051, 2053, true, 1, random);  // a row alone reads weights beyond the caches
  for (const size_t out : {20, 36, 100}) check_forward(t, 3, 303, out, true, 1, random);  // a row alone has groups of columns that overlap
  check_activations(t, random);
}

TEST(linear_backward) {
  Random random(3);
  int accumulate = 0;
  for (const size_t rows : {1, 3, 4, 14, 31, 32, 65, 255, 257, 513}) {
    for (const size_t in : {1, 5, 16, 17, 33}) {
      for (const size_t out : {1, 7, 10, 16, 29, 65}) {
        check_backward(t, rows, in, out, {true, true, true}, accumulate++ % 8, rows % 3, random);
      }
    }
  }
  for (int wanted = 0; wanted < 8; ++wanted) {
    check_backward(t, 33, 20, 9, {(wanted & 1) != 0, (wanted & 2) != 0, (wanted & 4) != 0}, 7, 1, random);
    check_backward(t, 200, 130, 150, {(wanted & 1) != 0, (wanted & 2) != 0, (wanted & 4) != 0}, 0, 1, random);
  }
  for (const int accumulated : {0, 7}) check_backward(t, 1, 75, 60, {true, true, true}, accumulated, 1, random);  // dweight is an outer product
  check_backward(t, 0, 3, 4, {true, true, true}, 0, 0, random);
  check_backward(t, 0, 3, 4, {true, true, true}, 7, 0, random);
  check_backward(t, 600, 170, 130, {true, true, true}, 7, 1, random);
  for (const int accumulated : {0, 7}) {  // threads divide the rows of dweight's and dbias's sums
    check_backward(t, 512, 130, 37, {true, true, true}, accumulated, 1, random);
    check_backward(t, 1000, 20, 330, {true, true, true}, accumulated, 2, random);
  }
  for (const size_t in : {1, 30, 65, 1000, 2100}) {
    for (const size_t out : {1, 9, 300, 530}) check_row_of_dx(t, 31, in, out, random);
  }
  check_derivatives(t, 45, 130, 37, random);
  check_derivatives(t, 20, 37, 300, random);
  check_derivatives(t, 20, 1024, 300, random);
  check_derivatives(t, 1, 130, 37, random);
  check_derivatives(t, 300, 1, 530, random);
}

}  // namespace simdnn::test
