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

struct Adam {
  float *param, *m, *v, *max_v;
  const float* grad;
  // All or nothing: which end m moves from, the nearer one: (1 - beta1)(g - m) + m loses g where beta1 is small.
  // A mask, as a bool is looked up in memory for each vector (8.2 instead of 7.1 cycles).
  hn::Mask<F> from_grad;
  VF weight, beta2, rest2, step_size, inverse_root, eps, coupled, decay, sign;

  template <bool kAmsgrad>
  HWY_INLINE void step(size_t i, size_t n) const {
    VF p = hn::Mul(load(kF, param + i, n), decay);
    VF g = hn::Mul(load(kF, grad + i, n), sign);
    g = hn::MulAdd(coupled, p, g);
    VF mean = load(kF, m + i, n);
    mean = hn::MulAdd(hn::Sub(g, mean), weight, hn::IfThenElse(from_grad, g, mean));
    VF square = hn::MulAdd(hn::Mul(g, rest2), g, hn::Mul(load(kF, v + i, n), beta2));
    store(mean, kF, m + i, n);
    store(square, kF, v + i, n);
    if constexpr (kAmsgrad) {
      // a NaN in either is kept, as torch.maximum does
      const VF before = load(kF, max_v + i, n);
      square = hn::IfThenElse(hn::Or(hn::Ge(before, square), hn::IsNaN(before)), before, square);
      store(square, kF, max_v + i, n);
    }
    const VF root = hn::MulAdd(hn::Sqrt(square), inverse_root, eps);
    p = hn::Sub(p, hn::Div(hn::Mul(mean, step_size), root));
    store(p, kF, param + i, n);
  }
};

struct Sgd {
  float *param, *buffer;
  const float* grad;
  VF lr, momentum, rest, decay, sign;

  template <bool kMomentum, bool kNesterovStep, bool kFirst>
  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    VF g = hn::MulAdd(decay, p, hn::Mul(load(kF, grad + i, n), sign));
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
  const float* grad;
  VF lr, alpha, rest, eps, momentum, decay, sign;

  template <bool kCentered, bool kMomentum>
  HWY_INLINE void step(size_t i, size_t n) const {
    const VF p = load(kF, param + i, n);
    const VF g = hn::MulAdd(decay, p, hn::Mul(load(kF, grad + i, n), sign));
    const VF square = hn::MulAdd(hn::Mul(g, rest), g, hn::Mul(load(kF, square_avg + i, n), alpha));
    store(square, kF, square_avg + i, n);
    VF variance = square;
    if constexpr (kCentered) {
      const VF before = load(kF, grad_avg + i, n);
      const VF mean = hn::MulAdd(hn::Sub(g, before), rest, before);
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
  const double beta1 = attributes.beta1, beta2 = attributes.beta2;
  const double correction1 = 1 - integer_power(beta1, attributes.step);
  const double correction2 = 1 - integer_power(beta2, attributes.step);
  const double root = hn::GetLane(hn::Sqrt(hn::Set(hn::CappedTag<double, 1>(), correction2)));
  const Adam adam{param,
                  m,
                  v,
                  max_v,
                  grad,
                  hn::FirstN(kF, beta1 < 0.5 ? kLanes : 0),
                  constant(beta1 < 0.5 ? -beta1 : 1 - beta1),
                  constant(beta2),
                  constant(1 - beta2),
                  constant(attributes.lr / correction1),
                  constant(1 / root),
                  constant(attributes.eps),
                  constant(attributes.decoupled ? 0 : attributes.weight_decay),
                  constant(attributes.decoupled ? 1 - attributes.lr * attributes.weight_decay : 1),
                  constant(attributes.maximize ? -1 : 1)};
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
                grad,
                constant(attributes.lr),
                constant(attributes.momentum),
                constant(1 - attributes.dampening),
                constant(attributes.weight_decay),
                constant(attributes.maximize ? -1 : 1)};
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
                        grad,
                        constant(attributes.lr),
                        constant(attributes.alpha),
                        constant(1 - attributes.alpha),
                        constant(attributes.eps),
                        constant(attributes.momentum),
                        constant(attributes.weight_decay),
                        constant(attributes.maximize ? -1 : 1)};
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

}  // namespace simdnn::SIMDNN_ISA
