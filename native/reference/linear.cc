#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

void activate(Run& run, float* y, size_t n, int32_t activation, double a, double b) {
  switch (activation) {
#define UNARY(name)                       \
  case k_##name:                          \
    name##_forward(run, y, y, n, a, b); \
    break;
#include "kernels/unary.def"
    default:
      break;
  }
}

void differentiate(Run& run, float* dx, const float* y, size_t n, int32_t activation, double a, double b) {
  switch (activation) {
#define UNARY(name)                             \
  case k_##name:                                \
    name##_backward(run, dx, dx, y, y, n, a, b); \
    break;
#include "kernels/unary.def"
    default:
      break;
  }
}

}  // namespace

void linear_forward(Run& run, float* y, const float* x, const float* weight, const float* bias, size_t rows, size_t in,
                    size_t out, int32_t activation, double a, double b) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = bias != nullptr ? bias[o] : 0;
      for (size_t i = 0; i < in; ++i) sum += static_cast<double>(x[r * in + i]) * weight[o * in + i];
      y[r * out + o] = static_cast<float>(sum);
    }
  }
  activate(run, y, rows * out, activation, a, b);
}

void linear_forward_columns(Run& run, float* y, float* y_columns, const float* x, const float* x_columns,
                            const float* weight, const float* bias, size_t rows, size_t in, size_t out,
                            int32_t activation, double a, double b) {
  const size_t stride = padded(rows);
  std::vector<float> x_rows(x, x + (x_columns == nullptr ? rows * in : 0)), y_rows(rows * out);
  if (x_columns != nullptr) {
    x_rows.resize(rows * in);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t i = 0; i < in; ++i) x_rows[r * in + i] = x_columns[i * stride + r];
    }
  }
  linear_forward(run, y_rows.data(), x_rows.data(), weight, bias, rows, in, out, activation, a, b);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      if (y != nullptr) y[r * out + o] = y_rows[r * out + o];
      if (y_columns != nullptr) y_columns[o * stride + r] = y_rows[r * out + o];
    }
  }
}

void linear_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                     const float* weight, size_t rows, size_t in, size_t out, int32_t accumulate, int32_t activation,
                     double a, double b) {
  if (dx != nullptr) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t i = 0; i < in; ++i) {
        double sum = accumulate & kAccumulateDx ? dx[r * in + i] : 0;
        for (size_t o = 0; o < out; ++o) sum += static_cast<double>(dy[r * out + o]) * weight[o * in + i];
        dx[r * in + i] = static_cast<float>(sum);
      }
    }
    differentiate(run, dx, x, rows * in, activation, a, b);
  }
  if (dweight != nullptr) {
    for (size_t o = 0; o < out; ++o) {
      for (size_t i = 0; i < in; ++i) {
        double sum = accumulate & kAccumulateDweight ? dweight[o * in + i] : 0;
        for (size_t r = 0; r < rows; ++r) sum += static_cast<double>(dy[r * out + o]) * x[r * in + i];
        dweight[o * in + i] = static_cast<float>(sum);
      }
    }
  }
  if (dbias != nullptr) {
    for (size_t o = 0; o < out; ++o) {
      double sum = accumulate & kAccumulateDbias ? dbias[o] : 0;
      for (size_t r = 0; r < rows; ++r) sum += dy[r * out + o];
      dbias[o] = static_cast<float>(sum);
    }
  }
}

}  // namespace simdnn::reference
