// The element-wise functions of one argument in float64, and the cases in which their kernels are tried: parameters, and bounds of the error.
#pragma once
#include <cmath>
#include <limits>

#include "kernels/table.h"

namespace simdnn::reference {

// Bounds in ulp of the result: `forward` and `backward` everywhere; `forward_scale` and `backward_scale` where the result is a difference of
// terms of about |x| + 1 or dy (|x| + 1). Factors below `tiny` may be taken for zero, denormal ones wherever these are flushed.
struct Case {
  double a, b;
  double forward, forward_scale, backward, backward_scale;
  double tiny = 1.2e-38;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Each function of x and its derivative, in float64, with the parameters a and b.
using Function = UnaryAttributes;
#define VALUE double value(double x) const
#define DERIVATIVE double derivative(double x) const

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }
inline double normal_distribution(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752); }
inline double normal_density(double x) { return 0.39894228040143268 * std::exp(-0.5 * x * x); }

namespace unary {

struct relu : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return x < 0 ? 0 : x; }
  DERIVATIVE { return x <= 0 ? 0 : 1; }
};
struct leaky_relu : Function {
  static constexpr Case cases[] = {{0.01, 0, 1, 0, 1, 0, 2e-45}, {-0.25, 0, 0, 0, 0, 0, 2e-45}};
  VALUE { return x > 0 ? x : a * x; }
  DERIVATIVE { return x > 0 ? 1 : a; }
};
struct sigmoid : Function {
  static constexpr Case cases[] = {{0, 0, 2.5, 0, 2.5, 1}};
  VALUE { return logistic(x); }
  DERIVATIVE { return logistic(x) * logistic(-x); }
};
struct tanh : Function {
  static constexpr Case cases[] = {{0, 0, 3, 0, 2, 2}};
  VALUE { return std::tanh(x); }
  DERIVATIVE { return std::isnan(x) ? x : 1 / (std::cosh(x) * std::cosh(x)); }
};
struct gelu : Function {
  static constexpr Case cases[] = {{0, 0, 3.5, 0.001, 3, 2}};
  VALUE { return x * normal_distribution(x); }
  DERIVATIVE { return normal_distribution(x) + x * normal_density(x); }
};
struct gelu_tanh : Function {
  static constexpr Case cases[] = {{0, 0, 3, 2, 3, 4}};
  static constexpr double kScale = 0.79788456080286536;  // sqrt(2 / pi)
  static double u(double x) { return kScale * (x + 0.044715 * x * x * x); }
  VALUE { return x * logistic(2 * u(x)); }
  DERIVATIVE {
    const double s = logistic(2 * u(x)), complement = logistic(-2 * u(x));
    return s + x * s * complement * 2 * kScale * (1 + 3 * 0.044715 * x * x);
  }
};
struct silu : Function {
  static constexpr Case cases[] = {{0, 0, 3, 0, 3, 1}};
  VALUE { return x * logistic(x); }
  DERIVATIVE { return logistic(x) * (1 + x * logistic(-x)); }
};
struct elu : Function {
  static constexpr Case cases[] = {{1, 0, 2.5, 0, 2.5, 0}, {0.7, 0, 3, 0, 3, 0}};
  VALUE { return x > 0 ? x : a * std::expm1(x); }
  DERIVATIVE { return x > 0 ? 1 : a * std::exp(x); }
};
struct selu : Function {
  static constexpr Case cases[] = {{0, 0, 3, 0, 3, 0}};
  static constexpr double kScale = 1.0507009873554805, kAlpha = 1.6732632423543772;
  VALUE { return kScale * (x > 0 ? x : kAlpha * std::expm1(x)); }
  DERIVATIVE { return kScale * (x > 0 ? 1 : kAlpha * std::exp(x)); }
};
struct softplus : Function {
  static constexpr Case cases[] = {{1, 20, 2.5, 0, 2.5, 0}, {2, 5, 2.5, 0, 2.5, 0}, {-0.5, 20, 2.5, 0, 2.5, 0}};
  VALUE { return a * x > b ? x : std::log1p(std::exp(a * x)) / a; }
  DERIVATIVE { return a * x > b ? 1 : logistic(a * x); }
};
struct hardswish : Function {
  static constexpr Case cases[] = {{0, 0, 1.5, 1, 0, 1}};
  VALUE {
    const double step = x + 3 < 0 ? 0 : (x + 3 > 6 ? 6 : x + 3);
    return x * step / 6;
  }
  DERIVATIVE { return x <= -3 ? 0 : (x >= 3 ? 1 : x / 3 + 0.5); }
};
struct mish : Function {
  static constexpr Case cases[] = {{0, 0, 4, 0, 4, 2}};
  VALUE { return x * std::tanh(x > 40 ? x : std::log1p(std::exp(x))); }
  DERIVATIVE {
    const double t = std::tanh(x > 40 ? x : std::log1p(std::exp(x)));
    return t + x * (1 - t) * (1 + t) * logistic(x);
  }
};
struct relu6 : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return x < 0 ? 0 : (x > 6 ? 6 : x); }
  DERIVATIVE { return x <= 0 || x >= 6 ? 0 : 1; }
};
struct hardtanh : Function {
  static constexpr Case cases[] = {{-1, 1, 0, 0, 0, 0, 0}, {-2, 0.5, 0, 0, 0, 0, 0}};
  VALUE { return x < a ? a : (x > b ? b : x); }
  DERIVATIVE { return x <= a || x >= b ? 0 : 1; }
};
// Its kernel takes the derivative from the rounded result, which is 0 or 1 within half a unit of 3 of the corners.
struct hardsigmoid : Function {
  static constexpr Case cases[] = {{0, 0, 1.5, 1, 1, 0}};
  VALUE { return (x + 3 < 0 ? 0 : (x + 3 > 6 ? 6 : x + 3)) / 6; }
  DERIVATIVE {
    const float y = static_cast<float>(x) + 3.0f;
    return y > 0 && static_cast<float>(y * (1.0f / 6)) < 1 ? 1.0 / 6 : 0;  // 0 at NaN, as in PyTorch
  }
};
struct celu : Function {
  // clang-format off
  static constexpr Case cases[] = {{1, 0, 2.5, 0, 2.5, 0}, {0.7, 0, 4, 1, 4, 1}, {2, 0, 2.5, 0, 2.5, 0},
                                   {-1, 0, 2.5, 0, 2.5, 0}, {-2, 0, 2.5, 0, 2.5, 0}};
  // clang-format on
  VALUE { return x > 0 ? x : a * std::expm1(x / a); }
  DERIVATIVE { return x > 0 ? 1 : std::exp(x / a); }
};
struct softsign : Function {
  static constexpr Case cases[] = {{0, 0, 1.1, 0, 4, 0}};
  VALUE { return std::isinf(x) ? NAN : x / (1 + std::fabs(x)); }
  DERIVATIVE { return 1 / ((1 + std::fabs(x)) * (1 + std::fabs(x))); }
};
struct logsigmoid : Function {
  static constexpr Case cases[] = {{0, 0, 2.5, 0, 3, 0}};
  VALUE { return (x < 0 ? x : 0) - std::log1p(std::exp(-std::fabs(x))); }
  DERIVATIVE { return logistic(-x); }
};
struct tanhshrink : Function {
  static constexpr Case cases[] = {{0, 0, 1, 3, 0, 4}};
  VALUE { return x - std::tanh(x); }
  DERIVATIVE { return std::tanh(x) * std::tanh(x); }
};
struct softshrink : Function {
  static constexpr Case cases[] = {{0.5, 0, 1, 0, 0, 0}, {0.3, 0, 1, 1, 0, 0}};
  VALUE {
    const double lambd = static_cast<float>(a);
    return x > lambd ? x - lambd : (x < -lambd ? x + lambd : (std::isnan(x) ? x : 0));
  }
  DERIVATIVE { return std::fabs(x) <= static_cast<float>(a) ? 0 : 1; }
};
struct hardshrink : Function {
  static constexpr Case cases[] = {{0.5, 0, 0, 0, 0, 0, 0}, {0.3, 0, 0, 0, 0, 0, 0}};
  VALUE { return std::fabs(x) <= static_cast<float>(a) ? 0 : x; }
  DERIVATIVE { return std::fabs(x) <= static_cast<float>(a) ? 0 : 1; }
};
struct threshold : Function {
  static constexpr Case cases[] = {{0.5, 20, 0, 0, 0, 0, 0}, {-1, -3, 0, 0, 0, 0, 0}};
  VALUE { return x <= static_cast<float>(a) ? b : x; }
  DERIVATIVE { return x <= static_cast<float>(a) ? 0 : 1; }
};
struct exp : Function {
  static constexpr Case cases[] = {{0, 0, 1.2, 0, 1.2, 0, 2e-45}};
  VALUE { return std::exp(x); }
  DERIVATIVE { return std::exp(x); }
};
struct log : Function {
  static constexpr Case cases[] = {{0, 0, 1.2, 0, 0.6, 0, 2e-45}};
  VALUE { return std::log(x); }
  DERIVATIVE { return 1 / x; }
};
struct sqrt : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 2, 0, 0}};
  VALUE { return std::sqrt(x); }
  DERIVATIVE { return 1 / (2 * std::sqrt(x)); }
};
struct abs : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return std::fabs(x); }
  DERIVATIVE { return (x > 0) - (x < 0); }
};
struct square : Function {
  static constexpr Case cases[] = {{0, 0, 0.6, 0, 0.6, 0, 2e-45}};
  VALUE { return x * x; }
  DERIVATIVE { return static_cast<float>(2 * x); }
};
struct reciprocal : Function {
  static constexpr Case cases[] = {{0, 0, 0.6, 0, 2.5, 0, 2e-45}};
  VALUE { return 1 / x; }
  DERIVATIVE { return static_cast<float>(-1 / (x * x)); }
};
struct rsqrt : Function {
  static constexpr Case cases[] = {{0, 0, 2, 0, 5, 0, 2e-45}};
  VALUE { return 1 / std::sqrt(x); }
  DERIVATIVE { return -0.5 / (x * std::sqrt(x)); }
};
struct sign : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return (x > 0) - (x < 0); }
  double derivative(double) const { return 0; }
};
struct floor : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return std::floor(x); }
  double derivative(double) const { return 0; }
};
struct ceil : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return std::ceil(x); }
  double derivative(double) const { return 0; }
};
struct round : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return std::nearbyint(x); }
  double derivative(double) const { return 0; }
};
struct trunc : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return std::trunc(x); }
  double derivative(double) const { return 0; }
};
struct expm1 : Function {
  static constexpr Case cases[] = {{0, 0, 2, 0, 3, 0}};
  VALUE { return std::expm1(x); }
  DERIVATIVE { return std::exp(x); }
};
struct log1p : Function {
  static constexpr Case cases[] = {{0, 0, 1.5, 0, 1.6, 0}};
  VALUE { return std::log1p(x); }
  DERIVATIVE { return 1 / (1 + x); }
};
struct sin : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::sin(x); }
  DERIVATIVE { return std::cos(x); }
};
struct cos : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::cos(x); }
  DERIVATIVE { return -std::sin(x); }
};
struct tan : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::tan(x); }
  DERIVATIVE { return 1 / (std::cos(x) * std::cos(x)); }
};
struct asin : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::asin(x); }
  DERIVATIVE { return 1 / std::sqrt((1 - x) * (1 + x)); }
};
struct acos : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::acos(x); }
  DERIVATIVE { return -1 / std::sqrt((1 - x) * (1 + x)); }
};
struct atan : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::atan(x); }
  DERIVATIVE { return 1 / (1 + x * x); }
};
struct sinh : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::sinh(x); }
  DERIVATIVE { return std::cosh(x); }
};
struct cosh : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::cosh(x); }
  DERIVATIVE { return std::sinh(x); }
};
struct asinh : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::asinh(x); }
  DERIVATIVE { return 1 / std::sqrt(x * x + 1); }
};
struct acosh : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::acosh(x); }
  DERIVATIVE { return 1 / std::sqrt((x - 1) * (x + 1)); }
};
struct atanh : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::atanh(x); }
  DERIVATIVE { return 1 / ((1 - x) * (1 + x)); }
};
struct exp2 : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::exp2(x); }
  DERIVATIVE { return std::exp2(x) * std::log(2.0); }
};
struct log2 : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::log2(x); }
  DERIVATIVE { return 1 / (x * std::log(2.0)); }
};
struct log10 : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::log10(x); }
  DERIVATIVE { return 1 / (x * std::log(10.0)); }
};
struct erf : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::erf(x); }
  DERIVATIVE { return 1.1283791670955126 * std::exp(-x * x); }
};
struct erfc : Function {
  static constexpr Case cases[] = {{0, 0, 0.51, 0, 0.51, 0}};
  VALUE { return std::erfc(x); }
  DERIVATIVE { return -1.1283791670955126 * std::exp(-x * x); }
};
struct neg : Function {
  static constexpr Case cases[] = {{0, 0, 0, 0, 0, 0, 0}};
  VALUE { return -x; }
  double derivative(double) const { return -1; }
};
struct pow_scalar : Function {
  // clang-format off
  static constexpr Case cases[] = {{0.5, 0, 0.6, 0, 2, 0, 2e-45}, {1, 0, 0, 0, 0, 0, 2e-45},
                                   {2, 0, 0.6, 0, 1, 0, 2e-45}, {3, 0, 1.2, 0, 2, 0, 2e-45},
                                   {-1, 0, 0.6, 0, 2.5, 0, 2e-45}, {-2, 0, 2, 0, 2, 0, 2e-45},
                                   {-0.5, 0, 2, 0, 2, 0, 2e-45}, {0, 0, 0, 0, 0, 0, 0},
                                   {2.5, 0, 1, 0, 2, 0, 2e-45}, {-3, 0, 1, 0, 2, 0, 2e-45},
                                   {0.25, 0, 1, 0, 2, 0, 2e-45}};
  // clang-format on
  // 0.5 and -0.5 are roots: NaN at -inf, where C's pow gives +inf
  static double raise(double x, double exponent) {
    return exponent == 0.5 ? std::sqrt(x) : (exponent == -0.5 ? 1 / std::sqrt(x) : std::pow(x, exponent));
  }
  VALUE { return raise(x, a); }
  // rounded to float, so that it overflows where PyTorch's does, however small dy is
  DERIVATIVE { return a == 0 ? 0 : static_cast<float>(a * raise(x, a - 1)); }
};
struct clamp : Function {
  // clang-format off
  static constexpr Case cases[] = {{-1, 2, 0, 0, 0, 0, 0}, {-kInfinity, 0.5, 0, 0, 0, 0, 0},
                                   {0, kInfinity, 0, 0, 0, 0, 0}, {3, -3, 0, 0, 0, 0, 0}, {kNaN, 1, 0, 0, 0, 0, 0},
                                   {-1, kNaN, 0, 0, 0, 0, 0}};
  // clang-format on
  VALUE {
    if (std::isnan(x) || std::isnan(a) || std::isnan(b)) return NAN;
    const double raised = x < a ? a : x;
    return raised > b ? b : raised;
  }
  DERIVATIVE { return x >= a && x <= b ? 1 : 0; }
};

}  // namespace unary

#undef VALUE
#undef DERIVATIVE

}  // namespace simdnn::reference
