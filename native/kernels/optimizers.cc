// One step of an optimizer over a flat block of parameters: each array is read and written once.
//
// Scalars are formed in double and rounded once; n elements are divided among threads in whole cache
// lines. param, m, v, max_v, momentum_buffer and grad must not overlap; grad is left as it is.
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Both cores have read a layer's parameters: before a store can be done, its line has to be taken back from the other. So many floats ahead
// that costs nothing. With two threads on cores that share no cache, a step over 262,144 parameters takes 56 us instead of 98 (64 lines ahead
// 73). In a small network, whose one thread shares nothing, it would take 0.01 of a compiled step.
constexpr size_t kAhead = 16 * kLine, kShared = size_t{1} << 14;

HWY_INLINE VF constant(double x) { return hn::Set(kF, static_cast<float>(x)); }

// base^n by squaring. std::pow would tie the binary to a newer glibc.
double integer_power(double base, uint64_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, base *= base) {
    if ((n & 1) != 0) result *= base;
  }
  return result;
}

// Not std::sqrt, which may be a call into libm.
double root(double x) { return hn::GetLane(hn::Sqrt(hn::Set(hn::CappedTag<double, 1>(), x))); }

// Floats from p to the next address that is a multiple of a vector's size.
HWY_INLINE size_t to_boundary(const float* p) { return -(reinterpret_cast<uintptr_t>(p) / sizeof(float)) % kLanes; }

// step(i, n) for vectors of n elements from i on, which cover [0, n). They begin where param's do in memory: an array that JavaScript has
// made lies 16 bytes behind a page, so that each vector from its first element on would fall into two cache lines. A step of Adam over ten
// million parameters takes 4.3 ms so, else 5.2 to 7.
template <bool kFetches, class Step>
HWY_INLINE void for_each_vector(Run& run, float* param, size_t n, double ns, Step step) {
  const size_t boundary = to_boundary(param), before = boundary < n ? boundary : 0;
  const auto part = [&](size_t i, size_t count) __attribute__((noinline)) { step(i, count); };  // inline twice it is 8 KB of the binary
  if (before > 0) part(0, before);
  parallel(run, n - before, kLine, static_cast<double>(n) * ns, [&](size_t begin, size_t end) {
    const Step each = step;  // a copy stays in registers: through the reference it is loaded anew behind each store
    const bool shared = kFetches && n >= kShared;
    size_t i = before + begin;
    end += before;
    for (; i + kLanes <= end; i += kLanes) {
      if (shared) prefetch_for_writing(param + i + kAhead);
      each(i, kLanes);
    }
    if (i < end) part(i, end - i);
  });
}

// What a parameter goes down: its gradient, or minus that with `maximize`, and weight_decay * param.
struct Slope {
  const float* grad;
  VF decay, sign;

  Slope(const float* grad, double weight_decay, bool maximize)
      : grad(grad), decay(constant(weight_decay)), sign(constant(maximize ? -1 : 1)) {}
  HWY_INLINE VF at(size_t i, size_t n, VF p) const {
    return hn::MulAdd(decay, p, hn::Mul(load(kF, grad + i, n), sign));
  }
};

// mean + (1 - beta) (g - mean).
struct Mean {
  // All or nothing: which end it moves from, the nearer one: (1 - beta)(g - mean) + mean loses g where beta is small.
  // A mask, as a bool is looked up in memory for each vector (8.2 instead of 7.1 cycles).
  hn::Mask<F> from_grad;
  VF weight;

  explicit Mean(double beta)
      : from_grad(hn::FirstN(kF, beta < 0.5 ? kLanes : 0)), weight(constant(beta < 0.5 ? -beta : 1 - beta)) {}
  HWY_INLINE VF next(VF mean, VF g) const {
    return hn::MulAdd(hn::Sub(g, mean), weight, hn::IfThenElse(from_grad, g, mean));
  }
};

// kept * before + (1 - kept) x^2.
struct MeanSquare {
  VF kept, rest;

  explicit MeanSquare(double kept) : kept(constant(kept)), rest(constant(1 - kept)) {}
  HWY_INLINE VF next(VF before, VF x) const { return hn::MulAdd(hn::Mul(x, rest), x, hn::Mul(before, kept)); }
};

struct Adam {
  float *param, *m, *v, *max_v;
  Slope slope;
  Mean mean_of;
  MeanSquare square_of;
  VF step_size, inverse_root, eps, decay;

  // Without kDivides the mean itself is the direction.
  template <bool kAmsgrad, bool kDivides = true>
  HWY_INLINE void step(size_t i, size_t n) const {
    VF p = hn::Mul(load(kF, param + i, n), decay);
    const VF g = slope.at(i, n, p);
    const VF mean = mean_of.next(load(kF, m + i, n), g);
    VF square = square_of.next(load(kF, v + i, n), g);
    store(mean, kF, m + i, n);
    store(square, kF, v + i, n);
    if constexpr (kAmsgrad) {
      // a NaN in either is kept, as torch.maximum does
      const VF before = load(kF, max_v + i, n);
      square = hn::IfThenElse(hn::Or(hn::Ge(before, square), hn::IsNaN(before)), before, square);
      store(square, kF, max_v + i, n);
    }
    VF direction = hn::Mul(mean, step_size);
    if constexpr (kDivides) direction = hn::Div(direction, hn::MulAdd(hn::Sqrt(square), inverse_root, eps));
    store(hn::Sub(p, direction), kF, param + i, n);
  }
};

// Adam's and RAdam's, which differ in the factors of the mean and of the root.
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
  VF lr, eps, momentum;

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
      variance = hn::IfThenZeroElse(hn::Lt(variance, hn::Zero(kF)), variance);  // of gradients that are all the same, by rounding
    }
    VF direction = hn::Div(g, hn::Add(hn::Sqrt(variance), eps));
    if constexpr (kMomentum) {
      direction = hn::MulAdd(momentum, load(kF, buffer + i, n), direction);
      store(direction, kF, buffer + i, n);
    }
    store(hn::NegMulAdd(lr, direction, p), kF, param + i, n);
  }
};

struct Adagrad {
  float *param, *sum;
  Slope slope;
  VF lr, least, eps;

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    VF total = load(kF, sum + i, n);
    total = hn::MulAdd(g, g, hn::IfThenElse(hn::Lt(total, least), least, total));  // a NaN is kept
    store(total, kF, sum + i, n);
    const VF direction = hn::Div(g, hn::Add(hn::Sqrt(total), eps));
    store(hn::NegMulAdd(lr, direction, p), kF, param + i, n);
  }
};

struct Adadelta {
  float *param, *square_avg, *acc_delta;
  Slope slope;
  MeanSquare square_of;
  VF lr, eps;

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    const VF square = square_of.next(load(kF, square_avg + i, n), g);
    const VF before = load(kF, acc_delta + i, n);
    // One root of the quotient would do, but that can be below the least float where the quotient of the roots is not.
    const VF ratio = hn::Div(hn::Sqrt(hn::Add(before, eps)), hn::Sqrt(hn::Add(square, eps)));
    const VF delta = hn::Mul(ratio, g);
    store(square, kF, square_avg + i, n);
    store(square_of.next(before, delta), kF, acc_delta + i, n);
    store(hn::NegMulAdd(lr, delta, p), kF, param + i, n);
  }
};

struct Adamax {
  float *param, *exp_avg, *exp_inf;
  Slope slope;
  Mean mean_of;
  VF beta2, step_size, eps;

  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = slope.at(i, n, p);
    const VF mean = mean_of.next(load(kF, exp_avg + i, n), g);
    store(mean, kF, exp_avg + i, n);
    // a NaN in either is kept, as torch.maximum does
    const VF before = hn::Mul(load(kF, exp_inf + i, n), beta2), size = hn::Add(hn::Abs(g), eps);
    const VF norm = hn::IfThenElse(hn::Or(hn::Ge(before, size), hn::IsNaN(before)), before, size);
    store(norm, kF, exp_inf + i, n);
    store(hn::Sub(p, hn::Div(hn::Mul(mean, step_size), norm)), kF, param + i, n);
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

// torch.optim.Adam, and AdamW with `decoupled`. step counts from 1; with g = grad (-grad with `maximize`):
//   coupled: g += weight_decay * param;  decoupled: param *= 1 - lr * weight_decay
//   m += (1 - beta1) (g - m);  v = beta2 v + (1 - beta2) g^2;  with max_v (amsgrad): max_v = max(max_v, v)
//   param -= lr / (1 - beta1^step) * m / (sqrt(v or max_v) / sqrt(1 - beta2^step) + eps)
// A gradient below 1.1e-19 has a square that is denormal, 0 in v where these are flushed, and moments whose gradient stays 0 end as zeros.
// Square root and division are exactly rounded; the update is within 4 ulp of the formula on m and v.
// From the L1 cache they are the time: 4.5 and 2.5 of 7.3 cycles for 16 parameters on a Zen 5.
void adam_step(Run& run, float* param, float* m, float* v, float* max_v, const float* grad, size_t n,
               const AdamStepAttributes& attributes) {
  const double correction1 = 1 - integer_power(attributes.beta1, attributes.step);
  const double correction2 = 1 - integer_power(attributes.beta2, attributes.step);
  const Adam adam = adam_of(param, m, v, max_v, grad, attributes, attributes.lr / correction1, 1 / root(correction2));
  constexpr double kNanoseconds = 1;
  if (max_v == nullptr) {
    for_each_vector<true>(run, param, n, kNanoseconds, [=](size_t i, size_t left) HWY_ATTR { adam.step<false>(i, left); });
  } else {
    for_each_vector<true>(run, param, n, kNanoseconds, [=](size_t i, size_t left) HWY_ATTR { adam.step<true>(i, left); });
  }
}

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
  const auto each = [&](auto step) { for_each_vector<false>(run, param, n, 0.7, step); };
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

// torch.optim.RMSprop. With g = grad (-grad with `maximize`) + weight_decay * param:
//   square_avg = alpha square_avg + (1 - alpha) g^2;  with grad_avg (centered): grad_avg += (1 - alpha) (g - grad_avg)
//   d = g / (sqrt(square_avg - grad_avg^2) + eps);  with momentum_buffer: d = momentum_buffer = momentum * momentum_buffer + d
//   param -= lr * d
// Where PyTorch takes the root of a negative number, which rounding can leave of gradients that do not change, it is the root of 0 here.
void rmsprop_step(Run& run, float* param, float* square_avg, float* grad_avg, float* momentum_buffer, const float* grad,
                  size_t n, const RmspropStepAttributes& attributes) {
  const Rmsprop rmsprop{param,
                        square_avg,
                        grad_avg,
                        momentum_buffer,
                        Slope(grad, attributes.weight_decay, attributes.maximize),
                        MeanSquare(attributes.alpha),
                        constant(attributes.lr),
                        constant(attributes.eps),
                        constant(attributes.momentum)};
  const auto each = [&](auto step) { for_each_vector<false>(run, param, n, 1, step); };
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
// PyTorch's sum begins as initial, ours in memory that is zero: it is never below its beginning, so that a state of PyTorch's that was saved
// before the first step is the same as none.
// The sum is within 2 ulp, with weight decay as its cancellation allows; the update is within 4 ulp of the formula on it.
void adagrad_step(Run& run, float* param, float* sum, const float* grad, size_t n, const AdagradStepAttributes& attributes) {
  const double steps = static_cast<double>(attributes.step) - 1;
  const Adagrad adagrad{param,
                        sum,
                        Slope(grad, attributes.weight_decay, attributes.maximize),
                        constant(attributes.lr / (1 + steps * attributes.lr_decay)),
                        constant(attributes.step == 1 ? attributes.initial : 0),
                        constant(attributes.eps)};
  for_each_vector<false>(run, param, n, 1, [=](size_t i, size_t left) HWY_ATTR { adagrad.step(i, left); });
}

// torch.optim.Adadelta. With g = grad (-grad with `maximize`) + weight_decay * param:
//   square_avg = rho square_avg + (1 - rho) g^2;  delta = sqrt(acc_delta + eps) / sqrt(square_avg + eps) * g
//   acc_delta = rho acc_delta + (1 - rho) delta^2;  param -= lr * delta
// Roots and the division are exactly rounded; delta is within 4 ulp of the formula on square_avg and acc_delta.
void adadelta_step(Run& run, float* param, float* square_avg, float* acc_delta, const float* grad, size_t n,
                   const AdadeltaStepAttributes& attributes) {
  const Adadelta adadelta{param,
                          square_avg,
                          acc_delta,
                          Slope(grad, attributes.weight_decay, attributes.maximize),
                          MeanSquare(attributes.rho),
                          constant(attributes.lr),
                          constant(attributes.eps)};
  for_each_vector<false>(run, param, n, 1, [=](size_t i, size_t left) HWY_ATTR { adadelta.step(i, left); });
}

// torch.optim.Adamax. step counts from 1; with g = grad (-grad with `maximize`) + weight_decay * param:
//   exp_avg += (1 - beta1) (g - exp_avg);  exp_inf = max(beta2 exp_inf, |g| + eps)
//   param -= lr / (1 - beta1^step) * exp_avg / exp_inf
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
                      constant(attributes.eps)};
  for_each_vector<false>(run, param, n, 1, [=](size_t i, size_t left) HWY_ATTR { adamax.step(i, left); });
}

// torch.optim.RAdam. step counts from 1; with g = grad (-grad with `maximize`), weight decay as in adam_step:
//   exp_avg += (1 - beta1) (g - exp_avg);  exp_avg_sq = beta2 exp_avg_sq + (1 - beta2) g^2
//   rho_inf = 2 / (1 - beta2) - 1;  rho = rho_inf - 2 step beta2^step / (1 - beta2^step);  m = exp_avg / (1 - beta1^step)
//   rho > 5:  param -= lr * m * r * sqrt(1 - beta2^step) / (sqrt(exp_avg_sq) + eps)
//             with r^2 = (rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho)
//   else:     param -= lr * m
// All that does not depend on an element is one factor, in double; the update is within 4 ulp of the formula on exp_avg and exp_avg_sq.
void radam_step(Run& run, float* param, float* exp_avg, float* exp_avg_sq, const float* grad, size_t n,
                const RadamStepAttributes& attributes) {
  const double power = integer_power(attributes.beta2, attributes.step), longest = 2 / (1 - attributes.beta2) - 1;
  const double length = longest - 2 * static_cast<double>(attributes.step) * power / (1 - power);
  const double squared = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length);
  const double step_size = attributes.lr / (1 - integer_power(attributes.beta1, attributes.step));
  const auto each = [&](auto step) { for_each_vector<false>(run, param, n, 1, step); };
  if (length > 5) {
    const Adam adam = adam_of(param, exp_avg, exp_avg_sq, nullptr, grad, attributes, step_size * root((1 - power) * squared), 1);
    each([=](size_t i, size_t left) HWY_ATTR { adam.step<false>(i, left); });
  } else {
    const Adam adam = adam_of(param, exp_avg, exp_avg_sq, nullptr, grad, attributes, step_size, 1);
    each([=](size_t i, size_t left) HWY_ATTR { adam.step<false, false>(i, left); });
  }
}

// Lion (Chen et al., 2023, arXiv 2302.06675, algorithm 2). With g = grad (-grad with `maximize`):
//   param = (1 - lr weight_decay) param - lr sign(beta1 exp_avg + (1 - beta1) g);  exp_avg += (1 - beta2) (g - exp_avg)
// The sign of 0 is 0, and that of NaN is NaN, so that it shows in the parameter, as in JAX; torch.sign makes it 0. What is so near 0 that its
// rounding is as large, 1.5 ulp of the larger term, may have either sign; a sum that is denormal has none where these are flushed.
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
  for_each_vector<false>(run, param, n, 1, [=](size_t i, size_t left) HWY_ATTR { lion.step(i, left); });
}

}  // namespace simdnn::SIMDNN_ISA
