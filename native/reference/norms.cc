#include <cmath>

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

}  // namespace simdnn::reference
