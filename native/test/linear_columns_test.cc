#include <algorithm>
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

void name_case(Context& t, size_t rows, size_t in, size_t out) {
  t.where = std::to_string(rows) + "x" + std::to_string(in) + "->" + std::to_string(out);
}

// to[i, r] = from[r, i], in rows of length padded(rows); the padding is arbitrary.
void fill_columns(Buffer<float>& to, Buffer<float>& from, size_t rows, size_t n, Random& random) {
  fill_corners(to, random);
  const size_t stride = padded(rows);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < n; ++i) to[i * stride + r] = from[r * n + i];
  }
}

// linear_forward_columns gives the bits of linear_forward for any combination of its optional arrays.
void check_columns(Context& t, size_t rows, size_t in, size_t out, Unary activation, Random& random) {
  name_case(t, rows, in, out);
  t.where += " activation " + std::to_string(static_cast<int>(activation));
  const size_t stride = padded(rows);
  Buffer<float> x(t, rows * in, 1), weight(t, out * in, 2), bias(t, out, 3), expected(t, rows * out), reference(t, rows * out);
  Buffer<float> x_columns(t, padded(in) * padded(rows), rows % 3), y_columns(t, padded(out) * padded(rows), rows % 2), y(t, rows * out, 3);
  fill_normal(x, random);
  fill_normal(weight, random);
  fill_normal(bias, random);
  if (rows > 1 && in > 0) x[in - 1] = std::numeric_limits<float>::quiet_NaN();
  fill_columns(x_columns, x, rows, in, random);
  Run run(1);
  const float* const b = (rows + out) % 3 == 0 ? nullptr : bias.data();
  t.kernel.linear_forward(run, expected.data(), x.data(), weight.data(), b, rows, in, out, {activation, 0.5, 2});
  for (const bool from_columns : {false, true}) {
    for (const int wanted : {1, 2, 3}) {
      const float nothing[1] = {};
      const float unwritten = 3e38f;  // not NaN, because every NaN passes as equal
      std::fill_n(y.data(), y.size(), unwritten);
      std::fill_n(y_columns.data(), y_columns.size(), unwritten);
      t.kernel.linear_forward_columns(run, wanted & 1 ? y.data() : nullptr, wanted & 2 ? y_columns.data() : nullptr,
                                      from_columns ? nothing : x.data(), from_columns ? x_columns.data() : nullptr,
                                      weight.data(), b, rows, in, out, {activation, 0.5, 2});
      // The sign of a NaN is not compared: the compiler may swap the factors of a product, and need not do so in both kernels.
      const auto equal = [](const float& u, const float& v) {
        return std::memcmp(&u, &v, sizeof u) == 0 || (std::isnan(u) && std::isnan(v));
      };
      bool same = true;
      for (size_t i = 0; i < rows * out; ++i) {
        if (wanted & 1) same = same && equal(y[i], expected[i]);
        if (wanted & 2) same = same && equal(y_columns[i % out * stride + i / out], expected[i]);
      }
      t.check(same, "differs from linear_forward");
      if (activation != Unary::none || wanted != 1) continue;
      t.reference.linear_forward_columns(run, reference.data(), nullptr, from_columns ? nothing : x.data(),
                                         from_columns ? x_columns.data() : nullptr, weight.data(), b, rows, in, out, {});
      const double bound = kEpsilon * 6 * static_cast<double>(in + 3);  // loose: linear_forward's test has the tight one
      for (size_t i = 0; i < rows * out; ++i) t.close(y[i], reference[i], bound, "y", i);
    }
  }
}

// linear_backward_columns gives the bits of linear_backward for any combination of its optional arrays.
void check_backward_columns(Context& t, size_t rows, size_t in, size_t out, int accumulate, Unary activation,
                            Random& random) {
  name_case(t, rows, in, out);
  t.where += " accumulate " + std::to_string(accumulate) + " activation " +
             std::to_string(static_cast<int>(activation));
  LinearBackwardAttributes attributes = accumulating(accumulate), of_rows = accumulating(accumulate & ~1);
  attributes.activation = of_rows.activation = activation;
  attributes.a = of_rows.a = 0.5;
  attributes.b = of_rows.b = 2;
  const size_t stride = padded(rows);
  Buffer<float> dy(t, rows * out, 1), x(t, rows * in, 2), weight(t, out * in, 3);
  Buffer<float> dy_columns(t, padded(out) * padded(rows), rows % 3), x_columns(t, padded(in) * padded(rows), rows % 2);
  for (Buffer<float>* buffer : {&dy, &x, &weight}) fill_normal(*buffer, random);
  for (size_t i = 0; i < x.size(); i += 5) x[i] = i % 2 == 0 ? 0.0f : -0.0f;
  fill_columns(dy_columns, dy, rows, out, random);
  fill_columns(x_columns, x, rows, in, random);

  struct Gradients {
    Gradients(Context& t, size_t rows, size_t in, size_t out, size_t off)
        : dx(t, rows * in, off), dx_columns(t, padded(in) * padded(rows), off + 1), dweight(t, out * in, off + 2), dbias(t, out, off + 3) {
      Random same(7);
      for (Buffer<float>* buffer : {&dx, &dx_columns, &dweight, &dbias}) fill_normal(*buffer, same);
    }
    Buffer<float> dx, dx_columns, dweight, dbias;
  };
  Run run(1);
  Gradients expected(t, rows, in, out, 0), before(t, rows, in, out, 0);
  t.kernel.linear_backward(run, expected.dx.data(), expected.dweight.data(), expected.dbias.data(), dy.data(), x.data(),
                           weight.data(), rows, in, out, of_rows);
  for (const bool from_columns : {false, true}) {
    for (int wanted = 0; wanted < 16; ++wanted) {
      const float nothing[1] = {};
      Gradients got(t, rows, in, out, 1);
      const auto call = [&](const KernelTable& table, Gradients& g) {
        table.linear_backward_columns(run, wanted & 1 ? g.dx.data() : nullptr, wanted & 2 ? g.dx_columns.data() : nullptr,
                                      wanted & 4 ? g.dweight.data() : nullptr, wanted & 8 ? g.dbias.data() : nullptr,
                                      from_columns ? nothing : dy.data(), from_columns ? dy_columns.data() : nullptr, x.data(),
                                      activation != Unary::none ? x_columns.data() : nullptr, weight.data(), rows, in,
                                      out, attributes);
      };
      call(t.kernel, got);
      const auto same = [&](Buffer<float>& is, Buffer<float>& should_be, const char* what) {
        t.check(std::memcmp(is.data(), should_be.data(), is.size() * sizeof(float)) == 0, what);
      };
      same(got.dx, wanted & 1 ? expected.dx : before.dx, "dx");
      same(got.dweight, wanted & 4 ? expected.dweight : before.dweight, "dweight");
      same(got.dbias, wanted & 8 ? expected.dbias : before.dbias, "dbias");
      if (wanted & 2) {
        bool equal = true;
        for (size_t r = 0; r < rows; ++r) {
          for (size_t i = 0; i < in; ++i) equal = equal && std::memcmp(&got.dx_columns[i * stride + r], &expected.dx[r * in + i], 4) == 0;
        }
        for (size_t i = in * stride; i < got.dx_columns.size(); ++i) equal = equal && got.dx_columns[i] == 0;
        t.check(equal, "dx_columns");
      } else {
        same(got.dx_columns, before.dx_columns, "dx_columns, which is not wanted");
      }
      if (wanted != 15 || activation != Unary::none) continue;
      Gradients reference(t, rows, in, out, 0);
      call(t.reference, reference);
      const double bound = kEpsilon * 30 * static_cast<double>(rows + out + 9);  // loose: linear_backward's test has the tight one
      for (size_t i = 0; i < rows * in; ++i) t.close(got.dx[i], reference.dx[i], bound, "dx", i);
      for (size_t i = 0; i < out * in; ++i) t.close(got.dweight[i], reference.dweight[i], bound, "dweight", i);
      for (size_t i = 0; i < out; ++i) t.close(got.dbias[i], reference.dbias[i], bound, "dbias", i);
    }
  }
}

}  // namespace

TEST(linear_forward_columns) {
  Random random(4);
  for (const size_t rows : {1, 5, 16, 17, 32, 63, 100}) {
    for (const size_t in : {1, 13, 30, 257, 520}) {
      for (const size_t out : {1, 5, 15, 30, 37}) {
        check_columns(t, rows, in, out, (rows + in + out) % 2 == 0 ? Unary::relu : Unary::none, random);
      }
    }
  }
  for (int function = 1; function < kUnaryCount; ++function) {
    check_columns(t, 33, 7, 19, static_cast<Unary>(function), random);
  }
  for (const size_t none : {0, 1, 2}) {
    check_columns(t, none != 0 ? 3 : 0, none != 1 ? 4 : 0, none != 2 ? 5 : 0, Unary::relu, random);
  }
}

TEST(linear_backward_columns) {
  Random random(5);
  int accumulate = 0;
  for (const size_t rows : {1, 16, 17, 32, 63, 65, 300}) {
    for (const size_t in : {1, 13, 16, 30, 130}) {
      for (const size_t out : {1, 5, 15, 16, 37}) {
        check_backward_columns(t, rows, in, out, accumulate++ % 8,
                               (rows + in + out) % 2 == 0 ? Unary::relu : Unary::none, random);
      }
    }
  }
  for (const Unary activation : {Unary::relu, Unary::sigmoid, Unary::tanh}) {
    check_backward_columns(t, 33, 7, 19, 0, activation, random);
  }
  for (const size_t none : {0, 1, 2}) {
    for (const int add : {0, 7}) {
      check_backward_columns(t, none != 0 ? 3 : 0, none != 1 ? 4 : 0, none != 2 ? 5 : 0, add, Unary::relu, random);
    }
  }
}

}  // namespace simdnn::test
