#include <cmath>
#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

double weight_of(const float* weight, size_t c) { return weight == nullptr ? 1 : weight[c]; }

// One row: the log-probability of each class, the sum of the probabilities of all other classes, and the loss and gradient to which terms are added.
struct Row {
  std::vector<double> log_p, others, gradient;
  double loss = 0;

  Row(const float* x, size_t classes) : log_p(classes), others(classes), gradient(classes) {
    double max = -INFINITY, sum = 0;  // e^(x - max) stays finite
    for (size_t c = 0; c < classes; ++c) max = x[c] > max ? x[c] : max;
    for (size_t c = 0; c < classes; ++c) sum += std::exp(x[c] - max);
    for (size_t c = 0; c < classes; ++c) {
      double rest = 0;
      for (size_t k = 0; k < classes; ++k) rest += k == c ? 0 : std::exp(x[k] - max);
      others[c] = rest / sum;
      log_p[c] = x[c] == max ? -std::log1p(rest) : x[c] - max - std::log(sum);
    }
  }

  // The cross entropy of target mass q at class c.
  void add(size_t c, double q) {
    loss -= q * log_p[c];
    for (size_t k = 0; k < gradient.size(); ++k) gradient[k] += q * (k == c ? -others[c] : std::exp(log_p[k]));
  }

  void write_gradient(float* out, double scale) const {
    for (size_t k = 0; out != nullptr && k < gradient.size(); ++k) out[k] = static_cast<float>(scale * gradient[k]);
  }
};

void reduce(float* loss, double sum, double count, Reduction reduction) {
  if (reduction == Reduction::mean) loss[0] = static_cast<float>(sum / count);
  if (reduction == Reduction::sum) loss[0] = static_cast<float>(sum);
}

bool is_class(int32_t label, size_t classes) { return label >= 0 && static_cast<size_t>(label) < classes; }

}  // namespace

void softmax_cross_entropy(Run& run, float* loss, float* dlogits, const float* logits, const int32_t* labels,
                           const float* weight, size_t rows, size_t classes,
                           const SoftmaxCrossEntropyAttributes& attributes) {
  double count = 0;
  for (size_t r = 0; r < rows; ++r) {
    if (labels[r] != attributes.ignore_index && is_class(labels[r], classes)) {
      count += weight_of(weight, static_cast<size_t>(labels[r]));
    }
  }
  const double keep = 1 - attributes.label_smoothing;
  const bool weightless = attributes.reduction == Reduction::mean && attributes.label_smoothing != 0 && count == 0;
  const double scale = weightless ? NAN : (attributes.reduction == Reduction::mean ? 1 / count : 1);
  double total = 0, of_labels = 0;
  for (size_t r = 0; r < rows; ++r) {
    Row row(logits + r * classes, classes);
    const bool takes_part = labels[r] != attributes.ignore_index && is_class(labels[r], classes);
    if (labels[r] != attributes.ignore_index && !takes_part) run.fault.report("labels", r, labels[r], classes);
    if (takes_part) {
      const auto y = static_cast<size_t>(labels[r]);
      row.add(y, keep * weight_of(weight, y));
      of_labels -= weight_of(weight, y) * row.log_p[y];
      for (size_t c = 0; attributes.label_smoothing != 0 && c < classes; ++c) {
        row.add(c, attributes.label_smoothing / static_cast<double>(classes) * weight_of(weight, c));
      }
    }
    total += row.loss;
    if (attributes.reduction == Reduction::none) loss[r] = static_cast<float>(row.loss);
    row.write_gradient(dlogits == nullptr ? nullptr : dlogits + r * classes, takes_part ? scale : 0);
    // p times infinity minus infinity
    if (dlogits != nullptr && takes_part && std::isinf(scale)) dlogits[r * classes + static_cast<size_t>(labels[r])] = NAN;
  }
  reduce(loss, total, count, attributes.reduction);
  if (weightless) loss[0] = static_cast<float>(keep * (of_labels / count) + (total - keep * of_labels) / count);
}

void softmax_cross_entropy_soft(Run&, float* loss, float* dlogits, const float* logits, const float* target,
                                const float* weight, size_t rows, size_t classes,
                                const SoftmaxCrossEntropySoftAttributes& attributes) {
  const double count = static_cast<double>(rows);
  const double scale = attributes.reduction == Reduction::mean ? 1 / count : 1;
  double total = 0;
  for (size_t r = 0; r < rows; ++r) {
    Row row(logits + r * classes, classes);
    for (size_t c = 0; c < classes; ++c) {
      const double t = target[r * classes + c] * (1 - attributes.label_smoothing) +
                       attributes.label_smoothing / static_cast<double>(classes);
      row.add(c, t * weight_of(weight, c));
    }
    total += row.loss;
    if (attributes.reduction == Reduction::none) loss[r] = static_cast<float>(row.loss);
    row.write_gradient(dlogits == nullptr ? nullptr : dlogits + r * classes, scale);
  }
  reduce(loss, total, count, attributes.reduction);
}

}  // namespace simdnn::reference
