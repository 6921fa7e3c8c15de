// Adam and its variants: one step over a flat block of parameters, as in optimizers.cc.
#include "kernels/optimizers.h"

namespace simdnn::SIMDNN_ISA {
namespace {

struct Adam {
  float *param, *m, *v, *max_v;
  Slope slope;
  Mean mean_of;
  MeanSquare square_of;
  VF step_size, inverse_root, eps, decay;

  // Without kDivides the direction is the mean alone, not divided by the root. With kIsPlain the direction of the gradient is the gradient, parameters do not
  // decay, and the mean has the larger weight: four of 23 instructions less.
  template <bool kAmsgrad, bool kDivides = true, bool kIsPlain = false>
  HWY_INLINE void step(size_t i, size_t n) const {
    VF p = load(kF, param + i, n);
    if constexpr (!kIsPlain) p = hn::Mul(p, decay);
    const VF g = kIsPlain ? load(kF, slope.grad + i, n) : slope.at(i, n, p), before = load(kF, m + i, n);
    const VF mean = kIsPlain ? hn::MulAdd(hn::Sub(g, before), mean_of.weight, before) : mean_of.next(before, g);
    VF square = square_of.next(load(kF, v + i, n), g);
    store(mean, kF, m + i, n);
    store(square, kF, v + i, n);
    if constexpr (kAmsgrad) {
      // a NaN in either is kept, as torch.maximum does
      const VF before = load(kF, max_v + i, n);
      square = hn::IfThenElse(hn::Or(hn::Ge(before, square), hn::IsNaN(before)), before, square);
      store(square, kF, max_v + i, n);
    }
    if constexpr (kDivides) {
      p = minus_quotient(p, hn::Mul(mean, step_size), hn::MulAdd(hn::Sqrt(square), inverse_root, eps));
    } else {
      p = hn::NegMulAdd(mean, step_size, p);
    }
    store(p, kF, param + i, n);
  }
};

// The step of Adam or RAdam, which differ only in step_size and inverse_root.
template <class Attributes>
Adam adam_of(float* param, float* m, float* v, float* max_v, const float* grad, const Attributes& attributes,
             double step_size, double inverse_root) {
  const double decay = attributes.weight_decay;
  return {param,
          m,
          v,
          max_v,
          Slope(grad, attributes.decoupled ? 0 : decay, attributes.maximize),
          Mean(attributes.beta1),
          MeanSquare(attributes.beta2),
          constant(step_size),
          constant(inverse_root),
          constant(attributes.eps),
          constant(attributes.decoupled ? 1 - attributes.lr * decay : 1)};
}

struct Adamax {
  float *param, *exp_avg, *exp_inf;
  Slope slope;
  Mean mean_of;
  VF beta2, step_size, eps_within, eps_beside;

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    const VF mean = mean_of.next(load(kF, exp_avg + i, n), g);
    store(mean, kF, exp_avg + i, n);
    // a NaN in either is kept, as torch.maximum does
    const VF before = hn::Mul(load(kF, exp_inf + i, n), beta2), size = hn::Add(hn::Abs(g), eps_within);
    const VF norm = hn::IfThenElse(hn::Or(hn::Ge(before, size), hn::IsNaN(before)), before, size);
    store(norm, kF, exp_inf + i, n);
    store(hn::Sub(p, hn::Div(hn::Mul(mean, step_size), hn::Add(norm, eps_beside))), kF, param + i, n);
  }
};

}  // namespace

// torch.optim.Adam, and AdamW with `decoupled`. step counts from 1; with g = grad (-grad with `maximize`):
//   coupled: g += weight_decay * param;  decoupled: param *= 1 - lr * weight_decay
//   m += (1 - beta1) (g - m);  v = beta2 v + (1 - beta2) g^2;  with max_v (amsgrad): max_v = max(max_v, v)
//   param -= lr / (1 - beta1^step) * m / (sqrt(v or max_v) / sqrt(1 - beta2^step) + eps)
// Where denormal numbers are flushed, the square of a gradient below 1.1e-19 is 0, and moments whose gradient stays 0 become 0 in the end.
// The square root is rounded exactly, the division within 1 ulp; the update is within 4 ulp of the formula on m and v.
// With operands in the L1 cache, square root and division bound the speed: they take 4.5 and 2.5 of 7.3 cycles for 16 parameters on a Zen 5, 25 cycles on an
// Intel Xeon. There the step takes 18 without the division (quotient), 15 where kIsPlain, and the square root alone 12.5.
void adam_step(Run& run, float* param, float* m, float* v, float* max_v, const float* grad, size_t n,
               const AdamStepAttributes& attributes) {
  const double correction1 = 1 - integer_power(attributes.beta1, attributes.step);
  const double correction2 = 1 - integer_power(attributes.beta2, attributes.step);
  const Adam adam = adam_of(param, m, v, max_v, grad, attributes, attributes.lr / correction1, 1 / root(correction2));
  constexpr double kNanoseconds = 1;
  const bool is_plain = attributes.weight_decay == 0 && !attributes.maximize && attributes.beta1 >= 0.5;
  if (max_v == nullptr && is_plain) {
    for_each_vector(run, {param, m, v}, grad, n, kNanoseconds, [=](size_t i, size_t left) HWY_ATTR { adam.step<false, true, true>(i, left); });
  } else if (max_v == nullptr) {
    for_each_vector(run, {param, m, v}, grad, n, kNanoseconds, [=](size_t i, size_t left) HWY_ATTR { adam.step<false>(i, left); });
  } else {
    for_each_vector(run, {param, m, v, max_v}, grad, n, kNanoseconds, [=](size_t i, size_t left) HWY_ATTR { adam.step<true>(i, left); });
  }
}

// torch.optim.Adamax. step counts from 1; with g = grad (-grad with `maximize`) + weight_decay * param:
//   exp_avg += (1 - beta1) (g - exp_avg);  exp_inf = max(beta2 exp_inf, |g| + eps)
//   param -= lr / (1 - beta1^step) * exp_avg / exp_inf
// With `tfjs` as tf.train.adamax: exp_inf = max(beta2 exp_inf, |g|);  param -= lr / (1 - beta1^step) * exp_avg / (exp_inf + eps)
// The update is within 3 ulp of the formula on exp_avg and exp_inf.
void adamax_step(Run& run, float* param, float* exp_avg, float* exp_inf, const float* grad, size_t n,
                 const AdamaxStepAttributes& attributes) {
  const Adamax adamax{param,
                      exp_avg,
                      exp_inf,
                      Slope(grad, attributes.weight_decay, attributes.maximize),
                      Mean(attributes.beta1),
                      constant(attributes.beta2),
                      constant(attributes.lr / (1 - integer_power(attributes.beta1, attributes.step))),
                      constant(attributes.tfjs ? 0 : attributes.eps),
                      constant(attributes.tfjs ? attributes.eps : 0)};
  for_each_vector(run, {param, exp_avg, exp_inf}, grad, n, 1, [=](size_t i, size_t left) HWY_ATTR { adamax.step(i, left); });
}

// torch.optim.RAdam. step counts from 1; with g = grad (-grad with `maximize`), weight decay as in adam_step:
//   exp_avg += (1 - beta1) (g - exp_avg);  exp_avg_sq = beta2 exp_avg_sq + (1 - beta2) g^2
//   rho_inf = 2 / (1 - beta2) - 1;  rho = rho_inf - 2 step beta2^step / (1 - beta2^step);  m = exp_avg / (1 - beta1^step)
//   rho > 5:  param -= lr * m * r * sqrt(1 - beta2^step) / (sqrt(exp_avg_sq) + eps)
//             with r^2 = (rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho)
//   else:     param -= lr * m
// Factors that are the same for all elements are multiplied in double first; the update is within 4 ulp of the formula on exp_avg and exp_avg_sq.
void radam_step(Run& run, float* param, float* exp_avg, float* exp_avg_sq, const float* grad, size_t n,
                const RadamStepAttributes& attributes) {
  const double power = integer_power(attributes.beta2, attributes.step), longest = 2 / (1 - attributes.beta2) - 1;
  const double length = longest - 2 * static_cast<double>(attributes.step) * power / (1 - power);
  const double squared = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length);
  const double step_size = attributes.lr / (1 - integer_power(attributes.beta1, attributes.step));
  const auto each = [&](auto step) { for_each_vector(run, {param, exp_avg, exp_avg_sq}, grad, n, 1, step); };
  if (length > 5) {
    const Adam adam = adam_of(param, exp_avg, exp_avg_sq, nullptr, grad, attributes, step_size * root((1 - power) * squared), 1);
    each([=](size_t i, size_t left) HWY_ATTR { adam.step<false>(i, left); });
  } else {
    const Adam adam = adam_of(param, exp_avg, exp_avg_sq, nullptr, grad, attributes, step_size, 1);
    each([=](size_t i, size_t left) HWY_ATTR { adam.step<false, false>(i, left); });
  }
}

// torch.optim.SparseAdam. Updates only the rows of the set `touched` (see row_set.h); with g = grad (-grad with `maximize`):
//   exp_avg += (1 - beta1) (g - exp_avg);  exp_avg_sq = beta2 exp_avg_sq + (1 - beta2) g^2
//   param -= lr sqrt(1 - beta2^step) / (1 - beta1^step) * exp_avg / (sqrt(exp_avg_sq) + eps)
// The update is within 4 ulp of the formula on exp_avg and exp_avg_sq.
void sparse_adam_step(Run& run, float* param, float* exp_avg, float* exp_avg_sq, const float* grad, const int32_t* touched,
                      size_t rows, size_t columns, const SparseAdamStepAttributes& attributes) {
  const double correction1 = 1 - integer_power(attributes.beta1, attributes.step);
  const double correction2 = 1 - integer_power(attributes.beta2, attributes.step);
  const Adam adam{param,
                  exp_avg,
                  exp_avg_sq,
                  nullptr,
                  Slope(grad, 0, attributes.maximize),
                  Mean(attributes.beta1),
                  MeanSquare(attributes.beta2),
                  constant(attributes.lr * root(correction2) / correction1),
                  constant(1),
                  constant(attributes.eps),
                  constant(1)};
  for_each_touched(run, touched, rows, columns, false, {param, exp_avg, exp_avg_sq}, [=](size_t i, size_t left) HWY_ATTR { adam.step<false>(i, left); });
}

}  // namespace simdnn::SIMDNN_ISA
