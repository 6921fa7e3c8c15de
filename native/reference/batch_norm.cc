#include <cmath>
#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {

void batch_norm_statistics(Run&, float* mean, float* variance, const float* x, size_t rows, size_t columns) {
  const double count = static_cast<double>(rows);
  for (size_t c = 0; c < columns; ++c) {
    double sum = 0, squares = 0;
    for (size_t r = 0; r < rows; ++r) sum += x[r * columns + c];
    const double center = sum / count;
    for (size_t r = 0; r < rows; ++r) squares += (x[r * columns + c] - center) * (x[r * columns + c] - center);
    mean[c] = static_cast<float>(center);
    variance[c] = static_cast<float>(squares / count);
  }
}

void batch_norm_forward(Run&, float* y, const float* x, const float* mean, const float* variance, const float* weight,
                        const float* bias, size_t rows, size_t columns, const BatchNormForwardAttributes& a) {
  for (size_t i = 0; i < rows * columns; ++i) {
    const size_t c = i % columns;
    const double normal = (static_cast<double>(x[i]) - mean[c]) / std::sqrt(variance[c] + a.eps);
    y[i] = static_cast<float>(normal * (weight == nullptr ? 1 : weight[c]) + (bias == nullptr ? 0 : bias[c]));
  }
}

void batch_norm_backward(Run&, float* dx, float* dweight, float* dbias, const float* dy, const float* x, const float* mean,
                         const float* variance, const float* weight, size_t rows, size_t columns,
                         const BatchNormBackwardAttributes& a) {
  const double count = static_cast<double>(rows);
  std::vector<float> gradient(rows * columns);
  for (size_t c = 0; c < columns; ++c) {
    const double s = 1 / std::sqrt(variance[c] + a.eps);
    double sum = 0, products = 0;
    const auto h = [&](size_t r) { return (static_cast<double>(x[r * columns + c]) - mean[c]) * s; };
    for (size_t r = 0; r < rows; ++r) sum += dy[r * columns + c], products += dy[r * columns + c] * h(r);
    if (dbias != nullptr) dbias[c] = static_cast<float>(sum + (a.accumulate_dbias ? dbias[c] : 0));
    if (dweight != nullptr) dweight[c] = static_cast<float>(products + (a.accumulate_dweight ? dweight[c] : 0));
    const double factor = s * (weight == nullptr ? 1 : weight[c]);
    for (size_t r = 0; r < rows; ++r) {
      const double g = a.fixed ? dy[r * columns + c] : dy[r * columns + c] - sum / count - h(r) * products / count;
      gradient[r * columns + c] = static_cast<float>(factor * g);
    }
  }
  for (size_t i = 0; dx != nullptr && i < gradient.size(); ++i) dx[i] = gradient[i];
}

}  // namespace simdnn::reference
