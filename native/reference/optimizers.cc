// The optimizers' formulas, computed in double.
#include <cmath>

#include "kernels/table.h"
#include "reference/row_set.h"

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
  const auto& [lr, alpha, eps, weight_decay, momentum, maximize, tfjs] = attributes;
  for (size_t i = 0; i < n; ++i) {
    const double g = (maximize ? -1.0 : 1.0) * grad[i] + weight_decay * param[i];
    const double square = alpha * square_avg[i] + (1 - alpha) * g * g;
    square_avg[i] = static_cast<float>(square);
    double variance = square;
    if (grad_avg != nullptr) {
      const double mean = grad_avg[i] + (1 - alpha) * (g - grad_avg[i]);
      grad_avg[i] = static_cast<float>(mean);
      variance = tfjs ? square - mean * mean : std::fmax(square - mean * mean, 0);
    }
    const double below = grad_avg == nullptr ? eps : -eps;
    double direction = tfjs ? lr * g / std::sqrt(variance + below) : g / (std::sqrt(variance) + eps);
    if (momentum_buffer != nullptr) {
      direction += momentum * momentum_buffer[i];
      momentum_buffer[i] = static_cast<float>(direction);
    }
    param[i] = static_cast<float>(param[i] - (tfjs ? 1 : lr) * direction);
  }
}

void adagrad_step(Run&, float* param, float* sum, const float* grad, size_t n, const AdagradStepAttributes& attributes) {
  const auto& [step, lr, lr_decay, eps, weight_decay, initial, maximize, tfjs] = attributes;
  const double least = step == 1 ? initial : 0, rate = lr / (1 + (static_cast<double>(step) - 1) * lr_decay);
  for (size_t i = 0; i < n; ++i) {
    const double g = (maximize ? -1.0 : 1.0) * grad[i] + weight_decay * param[i];
    const double total = (sum[i] < least ? least : sum[i]) + g * g;
    sum[i] = static_cast<float>(total);
    const double root = tfjs ? std::sqrt(total + eps) : std::sqrt(total) + eps;
    param[i] = static_cast<float>(param[i] - rate * g / root);
  }
}

void adadelta_step(Run&, float* param, float* square_avg, float* acc_delta, const float* grad, size_t n,
                   const AdadeltaStepAttributes& attributes) {
  const auto& [lr, rho, eps, weight_decay, maximize, tfjs] = attributes;
  for (size_t i = 0; i < n; ++i) {
    const double g = (maximize ? -1.0 : 1.0) * grad[i] + weight_decay * param[i];
    const double square = rho * square_avg[i] + (1 - rho) * g * g;
    const double delta = std::sqrt(acc_delta[i] + eps) / std::sqrt((tfjs ? square_avg[i] : square) + eps) * g;
    square_avg[i] = static_cast<float>(square);
    acc_delta[i] = static_cast<float>(rho * acc_delta[i] + (1 - rho) * delta * delta);
    param[i] = static_cast<float>(param[i] - lr * delta);
  }
}

void adamax_step(Run&, float* param, float* exp_avg, float* exp_inf, const float* grad, size_t n,
                 const AdamaxStepAttributes& attributes) {
  const auto& [step, lr, beta1, beta2, eps, weight_decay, maximize, tfjs] = attributes;
  const double correction = 1 - std::pow(beta1, static_cast<double>(step));
  for (size_t i = 0; i < n; ++i) {
    const double g = (maximize ? -1.0 : 1.0) * grad[i] + weight_decay * param[i];
    const double mean = beta1 * exp_avg[i] + (1 - beta1) * g;
    const double before = beta2 * exp_inf[i], size = std::fabs(g) + (tfjs ? 0 : eps);
    const double norm = before >= size || std::isnan(before) ? before : size;
    exp_avg[i] = static_cast<float>(mean);
    exp_inf[i] = static_cast<float>(norm);
    param[i] = static_cast<float>(param[i] - lr / correction * mean / (norm + (tfjs ? eps : 0)));
  }
}

void radam_step(Run&, float* param, float* exp_avg, float* exp_avg_sq, const float* grad, size_t n,
                const RadamStepAttributes& attributes) {
  const auto& [step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize] = attributes;
  const double t = static_cast<double>(step);
  const double correction1 = 1 - std::pow(beta1, t), correction2 = 1 - std::pow(beta2, t);
  const double rho_inf = 2 / (1 - beta2) - 1, rho = rho_inf - 2 * t * std::pow(beta2, t) / correction2;
  const double rectified = std::sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho));
  for (size_t i = 0; i < n; ++i) {
    double p = param[i];
    double g = maximize ? -grad[i] : grad[i];
    if (decoupled) {
      p *= 1 - lr * weight_decay;
    } else {
      g += weight_decay * p;
    }
    const double mean = beta1 * exp_avg[i] + (1 - beta1) * g;
    const double square = beta2 * exp_avg_sq[i] + (1 - beta2) * g * g;
    exp_avg[i] = static_cast<float>(mean);
    exp_avg_sq[i] = static_cast<float>(square);
    const double adaptive = rho > 5 ? rectified * std::sqrt(correction2) / (std::sqrt(square) + eps) : 1;
    param[i] = static_cast<float>(p - lr * mean / correction1 * adaptive);
  }
}

void lion_step(Run&, float* param, float* exp_avg, const float* grad, size_t n, const LionStepAttributes& attributes) {
  const auto& [lr, beta1, beta2, weight_decay, maximize] = attributes;
  for (size_t i = 0; i < n; ++i) {
    const double g = maximize ? -grad[i] : grad[i];
    const double blend = beta1 * exp_avg[i] + (1 - beta1) * g;
    const double sign = blend > 0 ? 1 : (blend < 0 ? -1 : blend);
    exp_avg[i] = static_cast<float>(beta2 * exp_avg[i] + (1 - beta2) * g);
    param[i] = static_cast<float>((1 - lr * weight_decay) * param[i] - lr * sign);
  }
}

void sparse_adam_step(Run&, float* param, float* exp_avg, float* exp_avg_sq, const float* grad, const int32_t* touched,
                      size_t rows, size_t columns, const SparseAdamStepAttributes& attributes) {
  const auto& [step, lr, beta1, beta2, eps, maximize] = attributes;
  const double t = static_cast<double>(step);
  const double correction1 = 1 - std::pow(beta1, t), correction2 = 1 - std::pow(beta2, t);
  const std::vector<bool> in = rows_of(touched, rows);
  for (size_t i = 0; i < rows * columns; ++i) {
    if (!in[i / columns]) continue;
    const double g = maximize ? -grad[i] : grad[i];
    const double mean = beta1 * exp_avg[i] + (1 - beta1) * g, square = beta2 * exp_avg_sq[i] + (1 - beta2) * g * g;
    exp_avg[i] = static_cast<float>(mean);
    exp_avg_sq[i] = static_cast<float>(square);
    param[i] = static_cast<float>(param[i] - lr * std::sqrt(correction2) / correction1 * mean / (std::sqrt(square) + eps));
  }
}

void sgd_rows_step(Run&, float* param, const float* grad, const int32_t* touched, size_t rows, size_t columns,
                   const SgdRowsStepAttributes& attributes) {
  const auto& [lr, maximize] = attributes;
  const std::vector<bool> in = rows_of(touched, rows);
  for (size_t i = 0; i < rows * columns; ++i) {
    if (in[i / columns]) param[i] = static_cast<float>(param[i] - lr * (maximize ? -grad[i] : grad[i]));
  }
}

void adagrad_rows_step(Run&, float* param, float* sum, const float* grad, const int32_t* touched, size_t rows, size_t columns,
                       const AdagradRowsStepAttributes& attributes) {
  const auto& [step, lr, lr_decay, eps, initial, maximize] = attributes;
  const std::vector<bool> in = rows_of(touched, rows);
  for (size_t r = 0; r < rows; ++r) {
    if (!in[r] && !(step == 1 && initial > 0)) continue;
    Run run;
    adagrad_step(run, param + r * columns, sum + r * columns, grad + r * columns, columns, {step, lr, lr_decay, eps, 0, initial, maximize, false});
  }
}

}  // namespace simdnn::reference
