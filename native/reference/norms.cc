#include <cmath>
#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {

void rms_norm_forward(Run&, float* y, float* scale, const float* x, const float* weight, size_t rows, size_t columns,
                      const RmsNormForwardAttributes& attributes) {
  for (size_t r = 0; r < rows; ++r, x += columns, y += columns) {
    double squares = 0;
    for (size_t c = 0; c < columns; ++c) squares += static_cast<double>(x[c]) * x[c];
    const double factor = 1 / std::sqrt(squares / static_cast<double>(columns) + attributes.eps);
    scale[r] = static_cast<float>(factor);
    for (size_t c = 0; c < columns; ++c) y[c] = static_cast<float>(x[c] * factor * (weight == nullptr ? 1 : weight[c]));
  }
}

void rms_norm_backward(Run&, float* dx, float* dweight, const float* dy, const float* x, const float* scale,
                       const float* weight, size_t rows, size_t columns, const RmsNormBackwardAttributes& attributes) {
  const auto g = [&](size_t r, size_t c) {
    return static_cast<double>(dy[r * columns + c]) * (weight == nullptr ? 1 : weight[c]);
  };
  for (size_t c = 0; dweight != nullptr && c < columns; ++c) {
    double sum = attributes.accumulate_dweight ? dweight[c] : 0;
    for (size_t r = 0; r < rows; ++r) sum += static_cast<double>(dy[r * columns + c]) * x[r * columns + c] * scale[r];
    dweight[c] = static_cast<float>(sum);
  }
  for (size_t r = 0; dx != nullptr && r < rows; ++r) {
    double mean = 0;
    for (size_t c = 0; c < columns; ++c) mean += g(r, c) * x[r * columns + c] / static_cast<double>(columns);
    for (size_t c = 0; c < columns; ++c) {
      const double s = scale[r];
      dx[r * columns + c] = static_cast<float>(s * (g(r, c) - x[r * columns + c] * s * s * mean));
    }
  }
}

void layer_norm_forward(Run&, float* y, float* mean, float* scale, const float* x, const float* weight, const float* bias,
                        size_t rows, size_t columns, const LayerNormForwardAttributes& attributes) {
  const double count = static_cast<double>(columns);
  for (size_t r = 0; r < rows; ++r, x += columns, y += columns) {
    double sum = 0, squares = 0;
    for (size_t c = 0; c < columns; ++c) sum += x[c] / count;
    for (size_t c = 0; c < columns; ++c) squares += (x[c] - sum) * (x[c] - sum);
    const double factor = 1 / std::sqrt(squares / count + attributes.eps);
    mean[r] = static_cast<float>(sum);
    scale[r] = static_cast<float>(factor);
    for (size_t c = 0; c < columns; ++c) {
      const double normal = (x[c] - sum) * factor;
      y[c] = static_cast<float>(normal * (weight == nullptr ? 1 : weight[c]) + (bias == nullptr ? 0 : bias[c]));
    }
  }
}

void layer_norm_backward(Run&, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                         const float* mean, const float* scale, const float* weight, size_t rows, size_t columns,
                         const LayerNormBackwardAttributes& attributes) {
  const double count = static_cast<double>(columns);
  const auto g = [&](size_t r, size_t c) {
    return static_cast<double>(dy[r * columns + c]) * (weight == nullptr ? 1 : weight[c]);
  };
  const auto h = [&](size_t r, size_t c) { return (static_cast<double>(x[r * columns + c]) - mean[r]) * scale[r]; };
  for (size_t c = 0; c < columns; ++c) {
    double products = dweight != nullptr && attributes.accumulate_dweight ? dweight[c] : 0;
    double sum = dbias != nullptr && attributes.accumulate_dbias ? dbias[c] : 0;
    for (size_t r = 0; r < rows; ++r) products += dy[r * columns + c] * h(r, c), sum += dy[r * columns + c];
    if (dweight != nullptr) dweight[c] = static_cast<float>(products);
    if (dbias != nullptr) dbias[c] = static_cast<float>(sum);
  }
  for (size_t r = 0; dx != nullptr && r < rows; ++r) {
    double g_mean = 0, product_mean = 0;
    for (size_t c = 0; c < columns; ++c) g_mean += g(r, c) / count, product_mean += g(r, c) * h(r, c) / count;
    std::vector<float> row(columns);
    for (size_t c = 0; c < columns; ++c) row[c] = static_cast<float>(scale[r] * (g(r, c) - g_mean - h(r, c) * product_mean));
    for (size_t c = 0; c < columns; ++c) dx[r * columns + c] = row[c];
  }
}

}  // namespace simdnn::reference
