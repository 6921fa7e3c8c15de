#include <algorithm>
#include <vector>

#include "kernels/table.h"
#include "reference/activate.h"
#include "reference/rounded.h"

namespace simdnn::reference {
namespace {

void differentiate(Run& run, float* dx, const float* y, size_t n, Unary function, const UnaryAttributes& parameters) {
  switch (function) {
#define UNARY(name)                                    \
  case Unary::name:                                    \
    name##_backward(run, dx, dx, y, y, n, parameters); \
    break;
#include "generated/unary.def"
    default:
      break;
  }
}

}  // namespace

void linear_forward(Run& run, float* y, const float* x, const float* weight, const float* bias, size_t rows, size_t in,
                    size_t out, const LinearAttributes& attributes) {
  const Precision precision = precision_of(run, in, out);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = bias != nullptr ? bias[o] : 0;
      for (size_t i = 0; i < in; ++i) sum += product(precision, x[r * in + i], weight[o * in + i]);
      y[r * out + o] = static_cast<float>(sum);
    }
  }
  activate(run, y, rows * out, attributes.activation, {attributes.a, attributes.b});
}

// The reference does not pack the weight: it copies it.
void linear_pack(Run&, float* panels, const float* weight, size_t in, size_t out) {
  std::copy_n(weight, out * in, panels);
  std::fill_n(panels + out * in, packed(in, out) - out * in, 0.0f);
}

void linear_forward_packed(Run& run, float* y, const float* x, const float* panels, const float* bias, size_t rows,
                           size_t in, size_t out, const LinearAttributes& attributes) {
  linear_forward(run, y, x, panels, bias, rows, in, out, attributes);
}

void dense_forward(Run& run, float* y, const float* x, const float* weight, const float* bias, size_t rows, size_t in,
                   size_t out, const LinearAttributes& attributes) {
  std::vector<float> transposed(out * in);
  for (size_t i = 0; i < in; ++i) {
    for (size_t o = 0; o < out; ++o) transposed[o * in + i] = weight[i * out + o];
  }
  linear_forward(run, y, x, transposed.data(), bias, rows, in, out, attributes);
}

// Element (r, i) of an operand, read from its columns [padded(n), padded(rows)], or from `rows` if there are no columns.
static std::vector<float> rows_of(const float* from, const float* columns, size_t rows, size_t n) {
  if (columns == nullptr) return std::vector<float>(from, from + rows * n);
  const size_t stride = padded(rows);
  std::vector<float> made(rows * n);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < n; ++i) made[r * n + i] = columns[i * stride + r];
  }
  return made;
}

static void put(float* to, float* columns, const std::vector<float>& from, size_t rows, size_t n) {
  const size_t stride = padded(rows);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < n; ++i) {
      if (to != nullptr) to[r * n + i] = from[r * n + i];
      if (columns != nullptr) columns[i * stride + r] = from[r * n + i];
    }
  }
}

void linear_forward_columns(Run& run, float* y, float* y_columns, const float* x, const float* x_columns,
                            const float* weight, const float* bias, size_t rows, size_t in, size_t out,
                            const LinearAttributes& attributes) {
  std::vector<float> y_rows(rows * out);
  linear_forward(run, y_rows.data(), rows_of(x, x_columns, rows, in).data(), weight, bias, rows, in, out, attributes);
  put(y, y_columns, y_rows, rows, out);
}

void linear_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                     const float* weight, size_t rows, size_t in, size_t out,
                     const LinearBackwardAttributes& attributes) {
  const Precision precision = precision_of(run, in, out);
  if (dx != nullptr) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t i = 0; i < in; ++i) {
        double sum = attributes.accumulate_dx ? dx[r * in + i] : 0;
        for (size_t o = 0; o < out; ++o) sum += product(precision, dy[r * out + o], weight[o * in + i]);
        dx[r * in + i] = static_cast<float>(sum);
      }
    }
    differentiate(run, dx, x, rows * in, attributes.activation, {attributes.a, attributes.b});
  }
  if (dweight != nullptr) {
    for (size_t o = 0; o < out; ++o) {
      for (size_t i = 0; i < in; ++i) {
        double sum = attributes.accumulate_dweight ? dweight[o * in + i] : 0;
        for (size_t r = 0; r < rows; ++r) sum += product(precision, dy[r * out + o], x[r * in + i]);
        dweight[o * in + i] = static_cast<float>(sum);
      }
    }
  }
  if (dbias != nullptr) {
    for (size_t o = 0; o < out; ++o) {
      double sum = attributes.accumulate_dbias ? dbias[o] : 0;
      for (size_t r = 0; r < rows; ++r) sum += dy[r * out + o];
      dbias[o] = static_cast<float>(sum);
    }
  }
}

void linear_backward_columns(Run& run, float* dx, float* dx_columns, float* dweight, float* dbias, const float* dy,
                             const float* dy_columns, const float* x, const float* x_columns, const float* weight,
                             size_t rows, size_t in, size_t out, const LinearBackwardAttributes& attributes) {
  const std::vector<float> dy_rows = rows_of(dy, dy_columns, rows, out);
  if (dx != nullptr || dx_columns != nullptr) {
    std::vector<float> dx_rows(rows * in);
    linear_backward(run, dx_rows.data(), nullptr, nullptr, dy_rows.data(), x, weight, rows, in, out, {});
    if (x_columns != nullptr) {
      differentiate(run, dx_rows.data(), rows_of(x, x_columns, rows, in).data(), rows * in, attributes.activation,
                    {attributes.a, attributes.b});
    }
    put(dx, dx_columns, dx_rows, rows, in);
  }
  linear_backward(run, nullptr, dweight, dbias, dy_rows.data(), x, weight, rows, in, out, attributes);
}

}  // namespace simdnn::reference
