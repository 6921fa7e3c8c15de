// The functions of native/descriptions/unary.mjs on float vectors. Each is a struct with the function's own name:
//   f(x)                  the value
//   f.gradient(dy, x, y)  dy * f'(x), where y = f(x)
// Element-wise and fused kernels both use these structs, so both give the same bits.
// Values at NaN, infinities, zeros and bounds are PyTorch's, except where noted.
#pragma once
#include "kernels/functions_in_double.h"
#include "kernels/tanh.h"
#include "kernels/power.h"

namespace simdnn::SIMDNN_ISA {
namespace {
namespace unary {

HWY_INLINE VF set(double value) { return hn::Set(kF, static_cast<float>(value)); }
HWY_INLINE VF zero() { return hn::Zero(kF); }
HWY_INLINE VF one() { return hn::Set(kF, 1.0f); }

struct relu {
  explicit relu(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::IfThenElse(hn::Lt(x, zero()), zero(), x); }
  VF gradient(VF dy, VF x, VF) const { return hn::IfThenElse(hn::Le(x, zero()), zero(), dy); }
};

struct leaky_relu {
  float slope;
  explicit leaky_relu(const UnaryAttributes& attributes) : slope(static_cast<float>(attributes.a)) {}
  VF operator()(VF x) const { return hn::IfThenElse(hn::Gt(x, zero()), x, hn::Mul(x, set(slope))); }
  VF gradient(VF dy, VF x, VF) const { return hn::IfThenElse(hn::Gt(x, zero()), dy, hn::Mul(dy, set(slope))); }
};

struct sigmoid {
  explicit sigmoid(const UnaryAttributes&) {}
  VF operator()(VF x) const { return math::logistic(x).value; }
  VF gradient(VF dy, VF, VF y) const { return hn::Mul(dy, hn::Mul(y, hn::Sub(one(), y))); }
};

struct tanh {
  explicit tanh(const UnaryAttributes&) {}
  VF operator()(VF x) const { return math::tanh(x); }
  VF gradient(VF dy, VF, VF y) const { return hn::Mul(dy, hn::NegMulAdd(y, y, one())); }
};

// x Phi(x). At +inf it is +inf, as PyTorch's is in float64; PyTorch's float32 gives NaN there.
struct gelu {
  explicit gelu(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Mul(x, math::normal(x).distribution); }
  VF gradient(VF dy, VF x, VF) const {
    const math::Normal phi = math::normal(x);
    return hn::Mul(dy, hn::MulAdd(x, phi.density, phi.distribution));
  }
};

// x / 2 (1 + tanh u) = x sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3). x is limited to |x| <= 11 inside the sigmoid, which is
// 0 or 1 beyond; so x^3 cannot overflow.
struct gelu_tanh {
  static constexpr double kLinear = 1.5957691216057308, kCubic = 0.044715 * kLinear;
  explicit gelu_tanh(const UnaryAttributes&) {}
  static VF limited(VF x) { return math::at_most(math::at_least(x, -11.0f), 11.0f); }
  VF operator()(VF x) const {
    const VF t = limited(x);
    const VF u2 = hn::Mul(t, hn::MulAdd(hn::Mul(t, t), set(kCubic), set(kLinear)));
    return hn::Mul(x, math::logistic(u2).value);
  }
  VF gradient(VF dy, VF x, VF) const {
    const VF t = limited(x);
    const VF t2 = hn::Mul(t, t);
    const math::Logistic s = math::logistic(hn::Mul(t, hn::MulAdd(t2, set(kCubic), set(kLinear))));
    const VF slope = hn::MulAdd(t2, set(3 * kCubic), set(kLinear));
    return hn::Mul(dy, hn::MulAdd(hn::Mul(x, s.value), hn::Mul(s.complement, slope), s.value));
  }
};

struct silu {
  explicit silu(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Mul(x, math::logistic(x).value); }
  VF gradient(VF dy, VF x, VF) const {
    const math::Logistic s = math::logistic(x);
    return hn::Mul(dy, hn::Mul(s.value, hn::MulAdd(x, s.complement, one())));
  }
};

struct elu {
  float alpha;
  explicit elu(const UnaryAttributes& attributes) : alpha(static_cast<float>(attributes.a)) {}
  VF operator()(VF x) const {
    const VF below = hn::Mul(set(alpha), math::expm1(math::at_least(math::at_most(x, 0), -87.0f)));
    return hn::IfThenElse(hn::Ge(x, zero()), x, below);
  }
  VF gradient(VF dy, VF x, VF) const {
    const VF below = hn::Mul(dy, hn::Mul(set(alpha), math::exp_or_zero(math::at_most(x, 0))));
    return hn::IfThenElse(hn::Gt(x, zero()), dy, below);
  }
};

// scale x for x > 0, scale alpha (e^x - 1) below. With these constants layers preserve mean 0 and variance 1 (Klambauer et al., 2017).
struct selu {
  static constexpr double kScale = 1.0507009873554805, kAlpha = 1.6732632423543772;
  explicit selu(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    const VF below = hn::Mul(set(kScale * kAlpha), math::expm1(math::at_least(math::at_most(x, 0), -87.0f)));
    return hn::IfThenElse(hn::Ge(x, zero()), hn::Mul(x, set(kScale)), below);
  }
  VF gradient(VF dy, VF x, VF) const {
    const VF below = hn::Mul(set(kScale * kAlpha), math::exp_or_zero(math::at_most(x, 0)));
    return hn::Mul(dy, hn::IfThenElse(hn::Gt(x, zero()), set(kScale), below));
  }
};

// log(1 + e^z) / beta with z = beta x; x where z > threshold.
struct softplus {
  float beta, threshold, inverse;
  explicit softplus(const UnaryAttributes& attributes)
      : beta(static_cast<float>(attributes.a)),
        threshold(static_cast<float>(attributes.b)),
        inverse(static_cast<float>(1 / attributes.a)) {}
  VF operator()(VF x) const {
    const VF z = hn::Mul(x, set(beta));
    const VF rest = math::log1p(math::exp_or_zero(hn::Neg(hn::Abs(z))));
    const VF y = hn::Mul(hn::Add(math::at_least(z, 0), rest), set(inverse));
    return hn::IfThenElse(hn::Gt(z, set(threshold)), x, y);
  }
  VF gradient(VF dy, VF x, VF) const {
    const VF z = hn::Mul(x, set(beta));
    return hn::IfThenElse(hn::Gt(z, set(threshold)), dy, hn::Mul(dy, math::logistic(z).value));
  }
};

// x min(max(x + 3, 0), 6) / 6
struct hardswish {
  explicit hardswish(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    const VF step = math::at_most(math::at_least(hn::Add(x, set(3)), 0), 6);
    return hn::Mul(x, hn::Mul(step, set(1.0 / 6)));
  }
  VF gradient(VF dy, VF x, VF) const {
    VF dx = hn::Mul(dy, hn::MulAdd(x, set(1.0 / 3), set(0.5)));
    dx = hn::IfThenElse(hn::Ge(x, set(3)), dy, dx);
    return hn::IfThenElse(hn::Le(x, set(-3)), zero(), dx);
  }
};

// x tanh(softplus(x)) = x n / (n + 2) with w = e^x, n = w (w + 2). From x = 20 on, n / (n + 2) is 1.
struct mish {
  explicit mish(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    const VF w = math::exp_or_zero(math::at_most(x, 20));
    const VF n = hn::Mul(w, hn::Add(w, set(2)));
    return hn::Mul(x, hn::Div(n, hn::Add(n, set(2))));
  }
  // the derivative of n / (n + 2) is 4 w (1 + w) / (n + 2)^2
  VF gradient(VF dy, VF x, VF) const {
    const VF w = math::exp_or_zero(math::at_most(x, 20));
    const VF n = hn::Mul(w, hn::Add(w, set(2)));
    const VF inverse = hn::Div(one(), hn::Add(n, set(2)));
    const VF derivative = hn::Mul(hn::Mul(hn::Mul(set(4), w), inverse), hn::Mul(hn::Add(w, one()), inverse));
    const VF near = hn::IfThenElse(hn::Gt(x, set(20)), zero(), derivative);
    return hn::Mul(dy, hn::MulAdd(x, near, hn::Mul(n, inverse)));
  }
};

struct relu6 {
  explicit relu6(const UnaryAttributes&) {}
  VF operator()(VF x) const { return math::at_most(math::at_least(x, 0), 6); }
  VF gradient(VF dy, VF, VF y) const {
    return hn::IfThenElse(hn::Or(hn::Le(y, zero()), hn::Ge(y, set(6))), zero(), dy);
  }
};

// Unlike clamp, it has no gradient at its bounds.
struct hardtanh {
  float low, high;
  explicit hardtanh(const UnaryAttributes& p) : low(static_cast<float>(p.a)), high(static_cast<float>(p.b)) {}
  VF operator()(VF x) const { return math::at_most(math::at_least(x, low), high); }
  VF gradient(VF dy, VF x, VF) const {
    return hn::IfThenElse(hn::Or(hn::Le(x, set(low)), hn::Ge(x, set(high))), zero(), dy);
  }
};

// min(max(x + 3, 0), 6) / 6
struct hardsigmoid {
  explicit hardsigmoid(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    return hn::Mul(math::at_most(math::at_least(hn::Add(x, set(3)), 0), 6), set(1.0 / 6));
  }
  VF gradient(VF dy, VF, VF y) const {
    return hn::IfThenElseZero(hn::And(hn::Gt(y, zero()), hn::Lt(y, one())), hn::Mul(dy, set(1.0 / 6)));
  }
};

// With a negative alpha, x / alpha is positive below zero, where e^(x / alpha) grows beyond bounds.
struct celu {
  float alpha, inverse;
  explicit celu(const UnaryAttributes& p) : alpha(static_cast<float>(p.a)), inverse(static_cast<float>(1 / p.a)) {}
  VF operator()(VF x) const {
    const VF z = hn::Mul(x, set(inverse));
    VF root = math::expm1(math::at_least(math::at_most(z, alpha < 0 ? 88.0f : 0.0f), -87.0f));
    if (alpha < 0) root = hn::IfThenElse(hn::Gt(z, set(88)), math::exp(z), root);
    return hn::IfThenElse(hn::Ge(x, zero()), x, hn::Mul(set(alpha), root));
  }
  VF gradient(VF dy, VF x, VF) const {
    const VF z = hn::Mul(x, set(inverse));
    const VF slope = alpha < 0 ? math::exp(z) : math::exp_or_zero(math::at_most(z, 0));
    return hn::IfThenElse(hn::Gt(x, zero()), dy, hn::Mul(dy, slope));
  }
};

struct softsign {
  explicit softsign(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Div(x, hn::Add(hn::Abs(x), one())); }
  VF gradient(VF dy, VF x, VF) const {
    const VF root = hn::Div(one(), hn::Add(hn::Abs(x), one()));
    return hn::Mul(hn::Mul(dy, root), root);
  }
};

// min(x, 0) - log(1 + e^-|x|)
struct logsigmoid {
  explicit logsigmoid(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    return hn::Sub(math::at_most(x, 0), math::log1p(math::exp_or_zero(hn::Neg(hn::Abs(x)))));
  }
  VF gradient(VF dy, VF x, VF) const { return hn::Mul(dy, math::logistic(x).complement); }
};

struct tanhshrink {
  explicit tanhshrink(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Sub(x, math::tanh(x)); }
  VF gradient(VF dy, VF x, VF) const {
    const VF y = math::tanh(x);
    return hn::Mul(dy, hn::Mul(y, y));
  }
};

struct softshrink {
  float lambd;
  explicit softshrink(const UnaryAttributes& p) : lambd(static_cast<float>(p.a)) {}
  VF operator()(VF x) const {
    const VF size = hn::Sub(hn::Abs(x), set(lambd));
    return hn::IfThenElse(hn::Le(size, zero()), zero(), hn::CopySign(size, x));
  }
  VF gradient(VF dy, VF x, VF) const { return hn::IfThenElse(hn::Le(hn::Abs(x), set(lambd)), zero(), dy); }
};

struct hardshrink {
  float lambd;
  explicit hardshrink(const UnaryAttributes& p) : lambd(static_cast<float>(p.a)) {}
  VF operator()(VF x) const { return hn::IfThenElse(hn::Le(hn::Abs(x), set(lambd)), zero(), x); }
  VF gradient(VF dy, VF x, VF) const { return hn::IfThenElse(hn::Le(hn::Abs(x), set(lambd)), zero(), dy); }
};

struct threshold {
  float bound, value;
  explicit threshold(const UnaryAttributes& p) : bound(static_cast<float>(p.a)), value(static_cast<float>(p.b)) {}
  VF operator()(VF x) const { return hn::IfThenElse(hn::Le(x, set(bound)), set(value), x); }
  VF gradient(VF dy, VF x, VF) const { return hn::IfThenElse(hn::Le(x, set(bound)), zero(), dy); }
};

struct exp {
  explicit exp(const UnaryAttributes&) {}
  VF operator()(VF x) const { return math::exp(x); }
  VF gradient(VF dy, VF, VF y) const { return hn::Mul(dy, y); }
};

struct log {
  explicit log(const UnaryAttributes&) {}
  VF operator()(VF x) const { return math::log(x); }
  VF gradient(VF dy, VF x, VF) const { return hn::Div(dy, x); }
};

struct sqrt {
  explicit sqrt(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Sqrt(x); }
  VF gradient(VF dy, VF, VF y) const { return hn::Div(dy, hn::Add(y, y)); }
};

struct abs {
  explicit abs(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Abs(x); }
  VF gradient(VF dy, VF x, VF) const {
    const VF sign = hn::IfThenElse(hn::Gt(x, zero()), one(), hn::IfThenElse(hn::Lt(x, zero()), set(-1), zero()));
    return hn::Mul(dy, sign);
  }
};

struct square {
  explicit square(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Mul(x, x); }
  VF gradient(VF dy, VF x, VF) const { return hn::Mul(dy, hn::Add(x, x)); }
};

struct reciprocal {
  explicit reciprocal(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Div(one(), x); }
  VF gradient(VF dy, VF, VF y) const { return hn::Neg(hn::Mul(dy, hn::Mul(y, y))); }
};

struct rsqrt {
  explicit rsqrt(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Div(one(), hn::Sqrt(x)); }
  VF gradient(VF dy, VF, VF y) const { return hn::Mul(hn::Mul(set(-0.5), dy), hn::Mul(y, hn::Mul(y, y))); }
};

// 0 at NaN, as in PyTorch.
struct sign {
  explicit sign(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    return hn::IfThenElse(hn::Gt(x, zero()), one(), hn::IfThenElse(hn::Lt(x, zero()), set(-1), zero()));
  }
  VF gradient(VF, VF, VF) const { return zero(); }
};

#define ROUNDING(name, rounded)                                \
  struct name {                                                \
    explicit name(const UnaryAttributes&) {}                   \
    VF operator()(VF x) const { return rounded(x); }           \
    VF gradient(VF, VF, VF) const { return zero(); }           \
  };
ROUNDING(floor, hn::Floor)
ROUNDING(ceil, hn::Ceil)
ROUNDING(round, hn::Round)
ROUNDING(trunc, hn::Trunc)
#undef ROUNDING

struct expm1 {
  explicit expm1(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    const VF y = math::expm1(math::at_most(math::at_least(x, -87.0f), 88.0f));
    return hn::IfThenElse(hn::Eq(x, zero()), x, hn::IfThenElse(hn::Gt(x, set(88)), math::exp(x), y));
  }
  VF gradient(VF dy, VF x, VF) const { return hn::Mul(dy, math::exp(x)); }
};

// With u = 1 + x rounded: log u plus (x - (u - 1)) / u, which makes up for the rounding of u. Near 0 it is the power series.
struct log1p {
  explicit log1p(const UnaryAttributes&) {}
  VF operator()(VF x) const {
    const VF u = hn::Add(x, one());
    const VF lost = hn::Div(hn::Sub(x, hn::Sub(u, one())), u);
    const auto finite = hn::And(hn::Gt(u, zero()), hn::Lt(x, hn::Inf(kF)));
    const VF far = hn::Add(math::log(u), hn::IfThenElseZero(finite, lost));
    const auto near = hn::And(hn::Gt(x, set(-0.29)), hn::Lt(x, set(0.41)));
    const VF y = hn::IfThenElse(near, math::log1p_reduced(x, zero()), far);
    return hn::IfThenElse(hn::Eq(x, zero()), x, y);
  }
  VF gradient(VF dy, VF x, VF) const { return hn::Div(dy, hn::Add(x, one())); }
};

struct neg {
  explicit neg(const UnaryAttributes&) {}
  VF operator()(VF x) const { return hn::Neg(x); }
  VF gradient(VF dy, VF, VF) const { return hn::Neg(dy); }
};

struct pow_scalar {
  double exponent;
  explicit pow_scalar(const UnaryAttributes& attributes) : exponent(attributes.a) {}
  // Exponents for which the power is a product, a quotient or a root are calculated that way: up to ten times faster.
  static VF raise(VF x, double exponent) {
    if (exponent == 2) return hn::Mul(x, x);
    if (exponent == 3) return hn::Mul(hn::Mul(x, x), x);
    if (exponent == 1) return x;
    if (exponent == 0) return one();
    if (exponent == 0.5) return hn::Sqrt(x);
    if (exponent == -0.5) return hn::Div(one(), hn::Sqrt(x));
    const VF inverse = hn::Div(one(), x);
    if (exponent == -1) return inverse;
    if (exponent == -2) return hn::Mul(inverse, inverse);
    return power(x, set(exponent));
  }
  VF operator()(VF x) const { return raise(x, exponent); }
  VF gradient(VF dy, VF x, VF) const {
    if (exponent == 0) return zero();
    return hn::Mul(dy, hn::Mul(set(exponent), raise(x, exponent - 1)));
  }
};

// min(max(x, low), high): high where low > high, NaN where a bound is NaN.
struct clamp {
  float low, high;
  explicit clamp(const UnaryAttributes& attributes)
      : low(static_cast<float>(attributes.a)),
        high(attributes.a != attributes.a ? low : static_cast<float>(attributes.b)) {}
  VF operator()(VF x) const {
    const VF raised = math::at_least(x, low);
    const VF y = hn::IfThenElse(hn::Le(raised, set(high)), raised, set(high));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
  }
  VF gradient(VF dy, VF x, VF) const {
    return hn::IfThenElseZero(hn::And(hn::Ge(x, set(low)), hn::Le(x, set(high))), dy);
  }
};

}  // namespace unary
}  // namespace
}  // namespace simdnn::SIMDNN_ISA
