#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {

void nll_loss(Run& run, float* loss, float* dx, const float* log_probs, const int32_t* labels, const float* weight,
              size_t rows, size_t classes, const NllLossAttributes& attributes) {
  const auto takes_part = [&](size_t r) {
    return labels[r] != attributes.ignore_index && labels[r] >= 0 && static_cast<size_t>(labels[r]) < classes;
  };
  const auto mass = [&](size_t r) { return weight == nullptr ? 1.0 : weight[labels[r]]; };
  double count = 0, total = 0;
  for (size_t r = 0; r < rows; ++r) {
    if (takes_part(r)) count += mass(r);
    if (!takes_part(r) && labels[r] != attributes.ignore_index) run.fault.report("labels", r, labels[r], classes);
  }
  for (size_t i = 0; dx != nullptr && i < rows * classes; ++i) dx[i] = 0;
  for (size_t r = 0; r < rows; ++r) {
    double row_loss = 0;
    if (takes_part(r)) {
      const size_t at = r * classes + static_cast<size_t>(labels[r]);
      row_loss = -mass(r) * log_probs[at];
      if (dx != nullptr) dx[at] = static_cast<float>(-mass(r) / (attributes.reduction == Reduction::mean ? count : 1));
    }
    total += row_loss;
    if (attributes.reduction == Reduction::none) loss[r] = static_cast<float>(row_loss);
  }
  if (attributes.reduction == Reduction::mean) loss[0] = static_cast<float>(total / count);
  if (attributes.reduction == Reduction::sum) loss[0] = static_cast<float>(total);
}

namespace {

// A loss of x and target: value(x, target) and its derivative by x.
template <class Value, class Derivative>
void loss_of_pairs(float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction, Value value,
                   Derivative derivative) {
  const double count = static_cast<double>(n);
  double total = 0;
  for (size_t i = 0; i < n; ++i) {
    total += value(x[i], target[i]);
    if (reduction == Reduction::none) loss[i] = static_cast<float>(value(x[i], target[i]));
    if (dx != nullptr) dx[i] = static_cast<float>(derivative(x[i], target[i]) / (reduction == Reduction::mean ? count : 1));
  }
  if (reduction == Reduction::mean) loss[0] = static_cast<float>(total / count);
  if (reduction == Reduction::sum) loss[0] = static_cast<float>(total);
}

// A loss of d = x - target: value(d) and derivative(d).
template <class Value, class Derivative>
void pairwise_loss(float* loss, float* dx, const float* x, const float* target, size_t n, Reduction reduction, Value value,
                   Derivative derivative) {
  loss_of_pairs(
      loss, dx, x, target, n, reduction, [=](double a, double b) { return value(a - b); },
      [=](double a, double b) { return derivative(a - b); });
}

}  // namespace

void mse_loss(Run&, float* loss, float* dx, const float* x, const float* target, size_t n,
              const MseLossAttributes& attributes) {
  pairwise_loss(
      loss, dx, x, target, n, attributes.reduction, [](double d) { return d * d; }, [](double d) { return 2 * d; });
}

void l1_loss(Run&, float* loss, float* dx, const float* x, const float* target, size_t n,
             const L1LossAttributes& attributes) {
  pairwise_loss(
      loss, dx, x, target, n, attributes.reduction, [](double d) { return std::fabs(d); },
      [](double d) { return std::isnan(d) ? d : (d > 0) - (d < 0); });
}

void smooth_l1_loss(Run&, float* loss, float* dx, const float* x, const float* target, size_t n,
                    const SmoothL1LossAttributes& attributes) {
  const double beta = static_cast<float>(attributes.beta);
  pairwise_loss(
      loss, dx, x, target, n, attributes.reduction,
      [=](double d) { return std::fabs(d) >= beta ? std::fabs(d) - beta / 2 : d * d / (2 * beta); },
      [=](double d) { return std::fabs(d) >= beta ? (d > 0) - (d < 0) : d / beta; });
}

void huber_loss(Run&, float* loss, float* dx, const float* x, const float* target, size_t n,
                const HuberLossAttributes& attributes) {
  const double delta = static_cast<float>(attributes.delta);
  pairwise_loss(
      loss, dx, x, target, n, attributes.reduction,
      [=](double d) { return std::fabs(d) >= delta ? delta * (std::fabs(d) - delta / 2) : d * d / 2; },
      [=](double d) { return std::fabs(d) >= delta ? std::copysign(delta, d) : d; });
}

void binary_cross_entropy(Run&, float* loss, float* dx, const float* x, const float* target, size_t n,
                          const BinaryCrossEntropyAttributes& attributes) {
  const auto limited = [](double log) { return log < -100 ? -100 : log; };
  loss_of_pairs(
      loss, dx, x, target, n, attributes.reduction,
      [=](double a, double t) { return -(t * limited(std::log(a)) + (1 - t) * limited(std::log1p(-a))); },
      [](double a, double t) { return (a - t) / (a * (1 - a) < 1e-12 ? 1e-12 : a * (1 - a)); });
}

void binary_cross_entropy_with_logits(Run&, float* loss, float* dx, const float* x, const float* target, size_t n,
                                      const BinaryCrossEntropyWithLogitsAttributes& attributes) {
  loss_of_pairs(
      loss, dx, x, target, n, attributes.reduction,
      [](double a, double t) { return a < 0 ? -t * a + std::log1p(std::exp(a)) : (1 - t) * a + std::log1p(std::exp(-a)); },
      [](double a, double t) { return 1 / (1 + std::exp(-a)) - t; });
}

void kl_div(Run&, float* loss, float* dx, const float* x, const float* target, size_t n, const KlDivAttributes& attributes) {
  const bool log_target = attributes.log_target;
  loss_of_pairs(
      loss, dx, x, target, n, attributes.reduction,
      [=](double a, double t) { return log_target ? std::exp(t) * (t - a) : (t == 0 ? 0 : t * (std::log(t) - a)); },
      [=](double, double t) { return log_target ? -std::exp(t) : -t; });
}

}  // namespace simdnn::reference
