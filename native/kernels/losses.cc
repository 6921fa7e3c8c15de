#include "kernels/activations.h"
#include "kernels/class_labels.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Losses are summed in float over 512 elements, these sums in double over chunks of 16 blocks, and the chunks in order. The order depends on n alone; threads
// share the chunks.
constexpr size_t kBlock = 512, kChunk = 16 * kBlock;

// A loss of d = x - target: its value and its slope, which is the derivative or half of it; `scale` is the factor that is still missing.
template <class Loss>
struct OfDifference {
  Loss each;
  VF value(VF x, VF target) const { return each.value(hn::Sub(x, target)); }
  VF slope(VF x, VF target) const { return each.slope(hn::Sub(x, target)); }
};

struct Square {
  VF value(VF d) const { return hn::Mul(d, d); }
  VF slope(VF d) const { return d; }
};

struct Absolute {
  VF value(VF d) const { return hn::Abs(d); }
  VF slope(VF d) const {
    const VF sign = hn::CopySign(hn::Set(kF, 1.0f), d);
    return hn::IfThenElse(hn::Eq(d, hn::Zero(kF)), d, hn::IfThenElse(hn::IsNaN(d), d, sign));
  }
};

struct SmoothAbsolute {
  VF beta, inverse;  // 1 / beta
  VF value(VF d) const {
    const VF size = hn::Abs(d), half = hn::Set(kF, 0.5f);
    const VF square = hn::Mul(hn::Mul(hn::Mul(half, d), d), inverse);
    return hn::IfThenElse(hn::Ge(size, beta), hn::NegMulAdd(half, beta, size), square);
  }
  VF slope(VF d) const {
    return hn::IfThenElse(hn::Ge(hn::Abs(d), beta), Absolute{}.slope(d), hn::Mul(d, inverse));
  }
};

struct Huber {
  VF delta;
  VF value(VF d) const {
    const VF size = hn::Abs(d), half = hn::Set(kF, 0.5f);
    const VF line = hn::Mul(delta, hn::NegMulAdd(half, delta, size));
    return hn::IfThenElse(hn::Ge(size, delta), line, hn::Mul(hn::Mul(half, d), d));
  }
  VF slope(VF d) const { return hn::IfThenElse(hn::Ge(hn::Abs(d), delta), hn::CopySign(delta, d), d); }
};

// -(t log x + (1 - t) log(1 - x)); each logarithm is at least -100, as in PyTorch.
struct CrossEntropy {
  VF value(VF x, VF t) const {
    const VF log = math::at_least(math::log(x), -100), complement = math::at_least(unary::log1p({})(hn::Neg(x)), -100);
    return hn::NegMulAdd(t, log, hn::Mul(hn::Sub(t, hn::Set(kF, 1.0f)), complement));
  }
  VF slope(VF x, VF t) const {
    const VF variance = hn::Mul(x, hn::Sub(hn::Set(kF, 1.0f), x));
    return hn::Div(hn::Sub(x, t), math::at_least(variance, 1e-12f));
  }
};

// (1 - t) x above 0 and -t x below, and log(1 + e^-|x|): no difference of two infinities where x is one.
struct CrossEntropyOfLogits {
  VF value(VF x, VF t) const {
    const VF rest = math::log1p(math::exp_or_zero(hn::Neg(hn::Abs(x))));
    const VF factor = hn::Sub(hn::IfThenElse(hn::Lt(x, hn::Zero(kF)), hn::Zero(kF), hn::Set(kF, 1.0f)), t);
    return hn::MulAdd(factor, x, rest);
  }
  VF slope(VF x, VF t) const { return hn::Sub(math::logistic(x).value, t); }
};

// t (log t - x), or 0 where t is 0.
struct Divergence {
  VF value(VF x, VF t) const {
    const VF zero = hn::Zero(kF);
    return hn::IfThenElse(hn::Eq(t, zero), zero, hn::Mul(t, hn::Sub(math::log(t), x)));
  }
  VF slope(VF, VF t) const { return hn::Neg(t); }
};

// e^t (t - x)
struct DivergenceOfLogarithm {
  VF value(VF x, VF t) const { return hn::Mul(math::exp(t), hn::Sub(t, x)); }
  VF slope(VF, VF t) const { return hn::Neg(math::exp(t)); }
};

// dx = the slopes times scale, values = the losses; either may be null. Returns the sum of the losses.
template <class Loss>
HWY_INLINE float block_of_errors(float* dx, float* values, const float* x, const float* target, size_t count, Loss loss,
                                 VF scale) {
  VF sums[2] = {hn::Zero(kF), hn::Zero(kF)};
  for (size_t i = 0; i < count; i += kLanes) {
    const size_t n = count - i;
    const VF a = load(kF, x + i, n), b = load(kF, target + i, n);
    const VF value = loss.value(a, b);
    if (dx != nullptr) store(hn::Mul(loss.slope(a, b), scale), kF, dx + i, n);
    if (values != nullptr) store(value, kF, values + i, n);
    VF& sum = sums[i / kLanes % 2];
    sum = hn::Add(sum, n >= kLanes ? value : hn::IfThenElseZero(hn::FirstN(kF, n), value));
  }
  return hn::GetLane(hn::SumOfLanes(kF, hn::Add(sums[0], sums[1])));
}

// An element-wise loss, reduced by `reduction`. `scale` times the loss's slope is its derivative.
template <class Loss>
HWY_INLINE void pairwise_loss(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
                              Reduction reduction, Loss each, float scale) {
  const size_t chunks = (n + kChunk - 1) / kChunk;
  auto* const sums = reinterpret_cast<double*>(scratch(Scratch::kRows, 2 * chunks));
  float* const values = reduction == Reduction::none ? loss : nullptr;
  const VF factor = hn::Set(kF, scale * reduction_scale(reduction, static_cast<double>(n)));
  parallel(run, chunks, 1, 2.0 * static_cast<double>(n) / kLanes, [=](size_t begin, size_t end) {
    for (size_t chunk = begin; chunk < end; ++chunk) {
      double sum = 0;
      for (size_t i = chunk * kChunk; i < n && i < (chunk + 1) * kChunk; i += kBlock) {
        const size_t count = n - i < kBlock ? n - i : kBlock;
        sum += block_of_errors(dx == nullptr ? nullptr : dx + i, values == nullptr ? nullptr : values + i, x + i,
                               target + i, count, each, factor);
      }
      sums[chunk] = sum;
    }
  });
  if (reduction == Reduction::none) return;
  double sum = 0;
  for (size_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk];
  loss[0] = static_cast<float>(reduction == Reduction::mean ? sum / static_cast<double>(n) : sum);
}

}  // namespace

// torch.nn.NLLLoss: loss_r = -weight[y] log_probs[r, y]; dx is its gradient for an upstream gradient of 1, or null. Reductions: sum; mean, the sum divided by
// the sum of weight[y]; none. Ignored and refused labels are treated as in softmax_cross_entropy. dx may not overlap log_probs.
void nll_loss(Run& run, float* loss, float* dx, const float* log_probs, const int32_t* labels, const float* weight,
              size_t rows, size_t classes, const NllLossAttributes& attributes) {
  float* const memory = scratch(Scratch::kRows, 2 * rows);
  float* const losses = attributes.reduction == Reduction::none ? loss : memory;
  const Labels checked = check_labels(run, labels, reinterpret_cast<int32_t*>(memory + rows), rows, classes,
                                      attributes.ignore_index, weight);
  const float scale = reduction_scale(attributes.reduction, checked.weight);
  const double work = static_cast<double>(rows) * (2 + 0.1 * static_cast<double>(classes));
  parallel(run, rows, 64, work, [=](size_t begin, size_t end) {
    if (dx != nullptr) std::memset(dx + begin * classes, 0, (end - begin) * classes * sizeof(float));
    for (size_t r = begin; r < end; ++r) {
      const int32_t label = checked.label[r];
      losses[r] = 0;
      if (label == kNoClass) continue;
      const size_t at = r * classes + static_cast<size_t>(label);
      const float mass = weight == nullptr ? 1.0f : weight[label];
      losses[r] = -mass * log_probs[at];
      if (dx != nullptr) dx[at] = -mass * scale;
    }
  });
  if (attributes.reduction != Reduction::none) reduce_losses(loss, losses, rows, attributes.reduction, checked.weight);
}

// torch.nn.MSELoss: (x - target)^2. Reductions: sum; mean over n; none. dx is its gradient for an upstream gradient of 1, or null; dx may be x or target.
// Error of the sum: at most 256 / kLanes + 4 roundings.
void mse_loss(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
              const MseLossAttributes& attributes) {
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, OfDifference<Square>{}, 2);
}

// torch.nn.L1Loss: |x - target|; reductions and dx as in mse_loss, with slope 0 at 0. Error of an element: one rounding.
void l1_loss(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
             const L1LossAttributes& attributes) {
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, OfDifference<Absolute>{}, 1);
}

// torch.nn.SmoothL1Loss, with d = x - target: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; with beta 0 it is l1_loss. Reductions and dx as in mse_loss.
// Error of an element: 4 roundings.
void smooth_l1_loss(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
                    const SmoothL1LossAttributes& attributes) {
  const SmoothAbsolute each{hn::Set(kF, static_cast<float>(attributes.beta)), hn::Set(kF, static_cast<float>(1 / attributes.beta))};
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, OfDifference<SmoothAbsolute>{each}, 1);
}

// torch.nn.HuberLoss, with d = x - target: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2). Reductions, dx and the error of the sum as in mse_loss.
// Error of an element: 3 roundings.
void huber_loss(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
                const HuberLossAttributes& attributes) {
  const Huber each{hn::Set(kF, static_cast<float>(attributes.delta))};
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, OfDifference<Huber>{each}, 1);
}

// torch.nn.BCELoss for probabilities x; reductions and dx as in mse_loss. Error of an element: 3 ulp of the larger logarithm, 3 roundings.
void binary_cross_entropy(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
                          const BinaryCrossEntropyAttributes& attributes) {
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, CrossEntropy{}, 1);
}

// torch.nn.BCEWithLogitsLoss: (1 - target) x where x > 0, else -target x, + log(1 + e^-|x|), dx = sigmoid(x) - target; reductions as in mse_loss. Error of
// an element: 4 ulp of the largest term.
void binary_cross_entropy_with_logits(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n,
                                      const BinaryCrossEntropyWithLogitsAttributes& attributes) {
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, CrossEntropyOfLogits{}, 1);
}

// torch.nn.KLDivLoss: target (log target - x), or e^target (target - x) with `log_target`; reductions and dx as in mse_loss. Error of an element: 3 ulp of the
// larger term.
void kl_div(Run& run, float* loss, float* dx, const float* x, const float* target, size_t n, const KlDivAttributes& attributes) {
  if (attributes.log_target) return pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, DivergenceOfLogarithm{}, 1);
  pairwise_loss(run, loss, dx, x, target, n, attributes.reduction, Divergence{}, 1);
}

}  // namespace simdnn::SIMDNN_ISA
