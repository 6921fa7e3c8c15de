// One step of an optimizer over a flat block of parameters. Each array is read and written once.
//
// Scalar factors are computed in double and rounded once. Threads share the n elements in whole cache lines. param, m, v, max_v, momentum_buffer and grad must
// not overlap; grad is not changed.
#include "kernels/optimizers.h"

namespace simdnn::SIMDNN_ISA {
namespace {

constexpr double kInfinity = __builtin_huge_val();

struct Sgd {
  float *param, *buffer;
  Slope slope;
  VF lr, momentum, rest;

  template <bool kMomentum, bool kNesterovStep, bool kFirst>
  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    VF g = slope.at(i, n, p);
    if constexpr (kMomentum) {
      const VF b = kFirst ? g : hn::MulAdd(momentum, load(kF, buffer + i, n), hn::Mul(g, rest));
      store(b, kF, buffer + i, n);
      g = kNesterovStep ? hn::MulAdd(momentum, b, g) : b;
    }
    store(hn::NegMulAdd(lr, g, p), kF, param + i, n);
  }
};

struct Rmsprop {
  float *param, *square_avg, *grad_avg, *buffer;
  Slope slope;
  MeanSquare square_of;
  VF momentum, rate_within, rate, least;
  Root root_of;

  template <bool kCentered, bool kMomentum>
  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    const VF square = square_of.next(load(kF, square_avg + i, n), g);
    store(square, kF, square_avg + i, n);
    VF variance = square;
    if constexpr (kCentered) {
      const VF before = load(kF, grad_avg + i, n);
      const VF mean = hn::MulAdd(hn::Sub(g, before), square_of.rest, before);
      store(mean, kF, grad_avg + i, n);
      variance = hn::NegMulAdd(mean, mean, square);
      variance = hn::IfThenZeroElse(hn::Lt(variance, least), variance);  // rounding can make it negative where all gradients are the same
    }
    VF direction = quotient(hn::Mul(g, rate_within), root_of.of(variance));
    if constexpr (kMomentum) {
      direction = hn::MulAdd(momentum, load(kF, buffer + i, n), direction);
      store(direction, kF, buffer + i, n);
    }
    store(hn::NegMulAdd(rate, direction, p), kF, param + i, n);
  }
};

struct Adagrad {
  float *param, *sum;
  Slope slope;
  VF lr, least;
  Root root_of;

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    VF total = load(kF, sum + i, n);
    total = hn::MulAdd(g, g, hn::IfThenElse(hn::Lt(total, least), least, total));  // this comparison keeps a NaN
    store(total, kF, sum + i, n);
    const VF direction = quotient(g, root_of.of(total));
    store(hn::NegMulAdd(lr, direction, p), kF, param + i, n);
  }
};

// The step of adagrad_step or adagrad_rows_step.
template <class Attributes>
Adagrad adagrad_of(float* param, float* sum, const float* grad, const Attributes& attributes, double weight_decay, bool tfjs) {
  const double steps = static_cast<double>(attributes.step) - 1;
  return {param,
          sum,
          Slope(grad, weight_decay, attributes.maximize),
          constant(attributes.lr / (1 + steps * attributes.lr_decay)),
          constant(attributes.step == 1 ? attributes.initial : 0),
          Root(attributes.eps, tfjs)};
}

struct Adadelta {
  float *param, *square_avg, *acc_delta;
  Slope slope;
  MeanSquare square_of;
  VF lr, eps;
  hn::Mask<F> by_last;  // all lanes or none, as in Mean

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    const VF last = load(kF, square_avg + i, n);
    const VF square = square_of.next(last, g);
    const VF before = load(kF, acc_delta + i, n);
    // Not one square root of the quotient: the quotient can underflow where the quotient of the roots does not.
    const VF ratio = quotient(hn::Sqrt(hn::Add(before, eps)), hn::Sqrt(hn::Add(hn::IfThenElse(by_last, last, square), eps)));
    const VF delta = hn::Mul(ratio, g);
    store(square, kF, square_avg + i, n);
    store(square_of.next(before, delta), kF, acc_delta + i, n);
    store(hn::NegMulAdd(lr, delta, p), kF, param + i, n);
  }
};

struct Lion {
  float *param, *exp_avg;
  const float* grad;
  Mean mean_of;
  VF beta1, rest1, lr, decay, down;

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = hn::Mul(load(kF, param + i, n), decay);
    const VF g = hn::Mul(load(kF, grad + i, n), down);
    const VF before = load(kF, exp_avg + i, n);
    const VF blend = hn::MulAdd(g, rest1, hn::Mul(before, beta1));
    const auto itself = hn::Or(hn::Eq(blend, hn::Zero(kF)), hn::IsNaN(blend));
    const VF sign = hn::IfThenElse(itself, blend, hn::CopySign(hn::Set(kF, 1.0f), blend));
    store(mean_of.next(before, g), kF, exp_avg + i, n);
    store(hn::NegMulAdd(lr, sign, p), kF, param + i, n);
  }
};

}  // namespace

// torch.optim.SGD. With g = grad (-grad with `maximize`) + weight_decay * param, and momentum_buffer b:
//   b = momentum * b + (1 - dampening) * g, or g alone with `first_step`;  g = b, or g + momentum * b with `nesterov`
//   param -= lr * g
// Without a momentum_buffer there is no momentum, and `nesterov` means nothing.
void sgd_step(Run& run, float* param, float* momentum_buffer, const float* grad, size_t n,
              const SgdStepAttributes& attributes) {
  const Sgd sgd{param,
                momentum_buffer,
                Slope(grad, attributes.weight_decay, attributes.maximize),
                constant(attributes.lr),
                constant(attributes.momentum),
                constant(1 - attributes.dampening)};
  const bool nesterov = attributes.nesterov, first = attributes.first_step;
  const auto each = [&](auto step) { for_each_vector(run, {param, momentum_buffer}, grad, n, 0.7, step); };
  if (momentum_buffer == nullptr) {
    each([=](size_t i, size_t left) HWY_ATTR { sgd.step<false, false, false>(i, left); });
  } else if (nesterov && first) {
    each([=](size_t i, size_t left) HWY_ATTR { sgd.step<true, true, true>(i, left); });
  } else if (nesterov) {
    each([=](size_t i, size_t left) HWY_ATTR { sgd.step<true, true, false>(i, left); });
  } else if (first) {
    each([=](size_t i, size_t left) HWY_ATTR { sgd.step<true, false, true>(i, left); });
  } else {
    each([=](size_t i, size_t left) HWY_ATTR { sgd.step<true, false, false>(i, left); });
  }
}

// The rows of the set `touched` (see row_set.h) as sgd_step steps them without momentum and weight decay, with its bits. A row of zeros would stay as it is.
void sgd_rows_step(Run& run, float* param, const float* grad, const int32_t* touched, size_t rows, size_t columns, const SgdRowsStepAttributes& attributes) {
  const Sgd sgd{param, nullptr, Slope(grad, 0, attributes.maximize), constant(attributes.lr), constant(0), constant(1)};
  for_each_touched(run, touched, rows, columns, false, {param}, [=](size_t i, size_t left) HWY_ATTR { sgd.step<false, false, false>(i, left); });
}

// torch.optim.RMSprop. With g = grad (-grad with `maximize`) + weight_decay * param:
//   square_avg = alpha square_avg + (1 - alpha) g^2;  with grad_avg (centered): grad_avg += (1 - alpha) (g - grad_avg)
//   d = g / (sqrt(square_avg - grad_avg^2) + eps);  with momentum_buffer: d = momentum_buffer = momentum * momentum_buffer + d
//   param -= lr * d
// With `tfjs` as tf.train.rmsprop: d = lr * g / sqrt(square_avg + eps), centered lr * g / sqrt(square_avg - grad_avg^2 - eps);  param -= d
// Gradients that do not change can leave a negative number under PyTorch's root, by rounding; here the root of 0 is taken then. With `tfjs` it is NaN, as in
// TensorFlow.js.
void rmsprop_step(Run& run, float* param, float* square_avg, float* grad_avg, float* momentum_buffer, const float* grad,
                  size_t n, const RmspropStepAttributes& attributes) {
  const Rmsprop rmsprop{param,
                        square_avg,
                        grad_avg,
                        momentum_buffer,
                        Slope(grad, attributes.weight_decay, attributes.maximize),
                        MeanSquare(attributes.alpha),
                        constant(attributes.momentum),
                        constant(attributes.tfjs ? attributes.lr : 1),
                        constant(attributes.tfjs ? 1 : attributes.lr),
                        constant(attributes.tfjs ? -kInfinity : 0),
                        Root(attributes.tfjs && grad_avg != nullptr ? -attributes.eps : attributes.eps, attributes.tfjs)};
  const auto each = [&](auto step) { for_each_vector(run, {param, square_avg, grad_avg, momentum_buffer}, grad, n, 1, step); };
  if (grad_avg == nullptr && momentum_buffer == nullptr) {
    each([=](size_t i, size_t left) HWY_ATTR { rmsprop.step<false, false>(i, left); });
  } else if (grad_avg == nullptr) {
    each([=](size_t i, size_t left) HWY_ATTR { rmsprop.step<false, true>(i, left); });
  } else if (momentum_buffer == nullptr) {
    each([=](size_t i, size_t left) HWY_ATTR { rmsprop.step<true, false>(i, left); });
  } else {
    each([=](size_t i, size_t left) HWY_ATTR { rmsprop.step<true, true>(i, left); });
  }
}

// torch.optim.Adagrad. step counts from 1; with g = grad (-grad with `maximize`) + weight_decay * param:
//   sum = max(sum, initial in step 1, else 0) + g^2;  param -= lr / (1 + (step - 1) lr_decay) * g / (sqrt(sum) + eps)
// With `tfjs` as tf.train.adagrad: sqrt(sum + eps).
// PyTorch starts the sum at `initial`; here its memory starts as zeros and it is at least `initial` in step 1. So a PyTorch state that was saved before the
// first step equals no state.
// The sum is within 2 ulp, apart from the cancellation that weight decay can bring; the update is within 4 ulp of the formula on it.
void adagrad_step(Run& run, float* param, float* sum, const float* grad, size_t n, const AdagradStepAttributes& attributes) {
  const Adagrad adagrad = adagrad_of(param, sum, grad, attributes, attributes.weight_decay, attributes.tfjs);
  for_each_vector(run, {param, sum}, grad, n, 1, [=](size_t i, size_t left) HWY_ATTR { adagrad.step(i, left); });
}

// The rows of the set `touched` (see row_set.h) as adagrad_step steps them without weight decay, with its bits. A row of zeros would stay as it is, but for the
// sum of step 1, which is at least `initial` in every row.
void adagrad_rows_step(Run& run, float* param, float* sum, const float* grad, const int32_t* touched, size_t rows, size_t columns,
                       const AdagradRowsStepAttributes& attributes) {
  const Adagrad adagrad = adagrad_of(param, sum, grad, attributes, 0, false);
  const bool all = attributes.step == 1 && attributes.initial > 0;
  for_each_touched(run, touched, rows, columns, all, {param, sum}, [=](size_t i, size_t left) HWY_ATTR { adagrad.step(i, left); });
}

// torch.optim.Adadelta. With g = grad (-grad with `maximize`) + weight_decay * param:
//   square_avg = rho square_avg + (1 - rho) g^2;  delta = sqrt(acc_delta + eps) / sqrt(square_avg + eps) * g
//   acc_delta = rho acc_delta + (1 - rho) delta^2;  param -= lr * delta
// With `tfjs` as tf.train.adadelta: delta uses square_avg from before the step.
// Roots are exactly rounded, the division within 1 ulp; delta is within 4 ulp of the formula on square_avg and acc_delta.
void adadelta_step(Run& run, float* param, float* square_avg, float* acc_delta, const float* grad, size_t n,
                   const AdadeltaStepAttributes& attributes) {
  const Adadelta adadelta{param,
                          square_avg,
                          acc_delta,
                          Slope(grad, attributes.weight_decay, attributes.maximize),
                          MeanSquare(attributes.rho),
                          constant(attributes.lr),
                          constant(attributes.eps),
                          hn::FirstN(kF, attributes.tfjs ? kLanes : 0)};
  for_each_vector(run, {param, square_avg, acc_delta}, grad, n, 1, [=](size_t i, size_t left) HWY_ATTR { adadelta.step(i, left); });
}

// Lion (Chen et al., 2023, arXiv 2302.06675, algorithm 2). With g = grad (-grad with `maximize`):
//   param = (1 - lr weight_decay) param - lr sign(beta1 exp_avg + (1 - beta1) g);  exp_avg += (1 - beta2) (g - exp_avg)
// The sign of 0 is 0. The sign of NaN is NaN, as in JAX, so that a NaN shows in the parameter; torch.sign makes it 0. A sum smaller than its rounding error,
// 1.5 ulp of the larger term, may have either sign. A denormal sum has the sign 0 where denormal numbers are flushed.
void lion_step(Run& run, float* param, float* exp_avg, const float* grad, size_t n, const LionStepAttributes& attributes) {
  const Lion lion{param,
                  exp_avg,
                  grad,
                  Mean(attributes.beta2),
                  constant(attributes.beta1),
                  constant(1 - attributes.beta1),
                  constant(attributes.lr),
                  constant(1 - attributes.lr * attributes.weight_decay),
                  constant(attributes.maximize ? -1 : 1)};
  for_each_vector(run, {param, exp_avg}, grad, n, 1, [=](size_t i, size_t left) HWY_ATTR { lion.step(i, left); });
}

}  // namespace simdnn::SIMDNN_ISA
