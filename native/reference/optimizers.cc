// The optimizers' formulas, in double.
#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {

void adam_step(Run&, float* param, float* m, float* v, float* max_v, const float* grad, size_t n,
               const AdamStepAttributes& attributes) {
  const double beta1 = attributes.beta1, beta2 = attributes.beta2;
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(attributes.step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(attributes.step));
  for (size_t i = 0; i < n; ++i) {
    double p = param[i];
    double g = attributes.maximize ? -grad[i] : grad[i];
    if (attributes.decoupled) {
      p *= 1 - attributes.lr * attributes.weight_decay;
    } else {
      g += attributes.weight_decay * p;
    }
    const double mean = beta1 * m[i] + (1 - beta1) * g;
    double square = beta2 * v[i] + (1 - beta2) * g * g;
    m[i] = static_cast<float>(mean);
    v[i] = static_cast<float>(square);
    if (max_v != nullptr) {
      if (!(max_v[i] >= square) && !std::isnan(max_v[i])) max_v[i] = static_cast<float>(square);
      square = max_v[i];
    }
    p -= attributes.lr / correction1 * mean / (std::sqrt(square) / std::sqrt(correction2) + attributes.eps);
    param[i] = static_cast<float>(p);
  }
}

void sgd_step(Run&, float* param, float* momentum_buffer, const float* grad, size_t n,
              const SgdStepAttributes& attributes) {
  for (size_t i = 0; i < n; ++i) {
    double g = attributes.maximize ? -grad[i] : grad[i];
    g += attributes.weight_decay * param[i];
    if (momentum_buffer != nullptr) {
      const double b = attributes.first_step
                           ? g
                           : attributes.momentum * momentum_buffer[i] + (1 - attributes.dampening) * g;
      momentum_buffer[i] = static_cast<float>(b);
      g = attributes.nesterov ? g + attributes.momentum * b : b;
    }
    param[i] = static_cast<float>(param[i] - attributes.lr * g);
  }
}

void rmsprop_step(Run&, float* param, float* square_avg, float* grad_avg, float* momentum_buffer, const float* grad,
                  size_t n, const RmspropStepAttributes& attributes) {
  const auto& [lr, alpha, eps, weight_decay, momentum, maximize] = attributes;
  for (size_t i = 0; i < n; ++i) {
    const double g = (maximize ? -1.0 : 1.0) * grad[i] + weight_decay * param[i];
    const double square = alpha * square_avg[i] + (1 - alpha) * g * g;
    square_avg[i] = static_cast<float>(square);
    double variance = square;
    if (grad_avg != nullptr) {
      const double mean = grad_avg[i] + (1 - alpha) * (g - grad_avg[i]);
      grad_avg[i] = static_cast<float>(mean);
      variance = std::fmax(square - mean * mean, 0);
    }
    double direction = g / (std::sqrt(variance) + eps);
    if (momentum_buffer != nullptr) {
      direction += momentum * momentum_buffer[i];
      momentum_buffer[i] = static_cast<float>(direction);
    }
    param[i] = static_cast<float>(param[i] - lr * direction);
  }
}

}  // namespace simdnn::reference
