#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

// The largest element. A NaN is skipped here, because it compares false, but makes the sum of exponentials NaN.
double row_max(const float* x, size_t classes) {
  double max = -INFINITY;
  for (size_t c = 0; c < classes; ++c) max = x[c] > max ? x[c] : max;
  return max;
}

double sum_of_exponentials(const float* x, size_t classes, double max) {
  double sum = 0;
  for (size_t c = 0; c < classes; ++c) sum += std::exp(x[c] - max);
  return sum;
}

}  // namespace

void softmax(Run&, float* y, const float* x, size_t rows, size_t classes) {
  for (size_t r = 0; r < rows; ++r, x += classes, y += classes) {
    const double max = row_max(x, classes), sum = sum_of_exponentials(x, classes, max);
    for (size_t c = 0; c < classes; ++c) y[c] = static_cast<float>(std::exp(x[c] - max) / sum);
  }
}

void softmax_backward(Run&, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for (size_t r = 0; r < rows; ++r, dx += classes, dy += classes, y += classes) {
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += static_cast<double>(dy[c]) * y[c];
    for (size_t c = 0; c < classes; ++c) dx[c] = static_cast<float>(y[c] * (dy[c] - sum));
  }
}

void log_softmax(Run&, float* y, const float* x, size_t rows, size_t classes) {
  for (size_t r = 0; r < rows; ++r, x += classes, y += classes) {
    const double max = row_max(x, classes);
    size_t top = 0;
    while (top + 1 < classes && x[top] != max) ++top;
    double rest = 0;  // the sum of all exponentials but the largest; in the whole sum these digits are lost where the largest probability is near 1
    for (size_t c = 0; c < classes; ++c) rest += c == top ? std::exp(x[c] - max) - 1 : std::exp(x[c] - max);
    for (size_t c = 0; c < classes; ++c) y[c] = static_cast<float>(x[c] - max - std::log1p(rest));
  }
}

void log_softmax_backward(Run&, float* dx, const float* dy, const float* y, size_t rows, size_t classes) {
  for (size_t r = 0; r < rows; ++r, dx += classes, dy += classes, y += classes) {
    for (size_t c = 0; c < classes; ++c) {
      double others = 0;
      for (size_t k = 0; k < classes; ++k) others += k == c ? 0 : dy[k];
      dx[c] = static_cast<float>(-std::expm1(y[c]) * dy[c] - std::exp(y[c]) * others);
    }
  }
}

}  // namespace simdnn::reference
