// The optimizers' formulas, in double.
#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {

void adam_step(Run&, float* param, float* m, float* v, float* max_v, const float* grad, size_t n, double lr,
               double beta1, double beta2, double eps, double weight_decay, uint64_t step, int32_t flags) {
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  for (size_t i = 0; i < n; ++i) {
    double p = param[i];
    double g = (flags & kAdamMaximize) != 0 ? -grad[i] : grad[i];
    if ((flags & kDecoupledDecay) != 0) {
      p *= 1 - lr * weight_decay;
    } else {
      g += weight_decay * p;
    }
    const double mean = beta1 * m[i] + (1 - beta1) * g;
    double square = beta2 * v[i] + (1 - beta2) * g * g;
    m[i] = static_cast<float>(mean);
    v[i] = static_cast<float>(square);
    if (max_v != nullptr) {
      if (!(max_v[i] >= square) && !std::isnan(max_v[i])) max_v[i] = static_cast<float>(square);
      square = max_v[i];
    }
    p -= lr / correction1 * mean / (std::sqrt(square) / std::sqrt(correction2) + eps);
    param[i] = static_cast<float>(p);
  }
}

void sgd_step(Run&, float* param, float* momentum_buffer, const float* grad, size_t n, double lr, double momentum,
              double dampening, double weight_decay, int32_t flags) {
  for (size_t i = 0; i < n; ++i) {
    double g = (flags & kSgdMaximize) != 0 ? -grad[i] : grad[i];
    g += weight_decay * param[i];
    if (momentum_buffer != nullptr) {
      const double b = (flags & kFirstStep) != 0 ? g : momentum * momentum_buffer[i] + (1 - dampening) * g;
      momentum_buffer[i] = static_cast<float>(b);
      g = (flags & kNesterov) != 0 ? g + momentum * b : b;
    }
    param[i] = static_cast<float>(param[i] - lr * g);
  }
}

}  // namespace simdnn::reference
