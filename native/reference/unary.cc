#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

// Each function and its derivative of x, in float64, with the parameters a and b.
using Function = UnaryAttributes;
#define VALUE double value(double x) const
#define DERIVATIVE double derivative(double x) const

double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double normal_distribution(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752); }
double normal_density(double x) { return 0.39894228040143268 * std::exp(-0.5 * x * x); }

namespace unary {

struct relu : Function {
  VALUE { return x < 0 ? 0 : x; }
  DERIVATIVE { return x <= 0 ? 0 : 1; }
};
struct leaky_relu : Function {
  VALUE { return x > 0 ? x : a * x; }
  DERIVATIVE { return x > 0 ? 1 : a; }
};
struct sigmoid : Function {
  VALUE { return logistic(x); }
  DERIVATIVE { return logistic(x) * logistic(-x); }
};
struct tanh : Function {
  VALUE { return std::tanh(x); }
  DERIVATIVE { return std::isnan(x) ? x : 1 / (std::cosh(x) * std::cosh(x)); }
};
struct gelu : Function {
  VALUE { return x * normal_distribution(x); }
  DERIVATIVE { return normal_distribution(x) + x * normal_density(x); }
};
struct gelu_tanh : Function {
  static constexpr double kScale = 0.79788456080286536;  // sqrt(2 / pi)
  static double u(double x) { return kScale * (x + 0.044715 * x * x * x); }
  VALUE { return x * logistic(2 * u(x)); }
  DERIVATIVE {
    const double s = logistic(2 * u(x)), complement = logistic(-2 * u(x));
    return s + x * s * complement * 2 * kScale * (1 + 3 * 0.044715 * x * x);
  }
};
struct silu : Function {
  VALUE { return x * logistic(x); }
  DERIVATIVE { return logistic(x) * (1 + x * logistic(-x)); }
};
struct elu : Function {
  VALUE { return x > 0 ? x : a * std::expm1(x); }
  DERIVATIVE { return x > 0 ? 1 : a * std::exp(x); }
};
struct softplus : Function {
  VALUE { return a * x > b ? x : std::log1p(std::exp(a * x)) / a; }
  DERIVATIVE { return a * x > b ? 1 : logistic(a * x); }
};
struct hardswish : Function {
  VALUE {
    const double step = x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3;
    return x * step / 6;
  }
  DERIVATIVE { return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5; }
};
struct mish : Function {
  VALUE { return x * std::tanh(x > 40 ? x : std::log1p(std::exp(x))); }
  DERIVATIVE {
    const double t = std::tanh(x > 40 ? x : std::log1p(std::exp(x)));
    return t + x * (1 - t) * (1 + t) * logistic(x);
  }
};
struct exp : Function {
  VALUE { return std::exp(x); }
  DERIVATIVE { return std::exp(x); }
};
struct log : Function {
  VALUE { return std::log(x); }
  DERIVATIVE { return 1 / x; }
};
struct sqrt : Function {
  VALUE { return std::sqrt(x); }
  DERIVATIVE { return 1 / (2 * std::sqrt(x)); }
};
struct abs : Function {
  VALUE { return std::fabs(x); }
  DERIVATIVE { return (x > 0) - (x < 0); }
};
struct neg : Function {
  VALUE { return -x; }
  double derivative(double) const { return -1; }
};
struct pow_scalar : Function {
  // 0.5 and -0.5 are roots: NaN at -inf, where C's pow gives +inf
  static double raise(double x, double exponent) {
    return exponent == 0.5 ? std::sqrt(x) : exponent == -0.5 ? 1 / std::sqrt(x) : std::pow(x, exponent);
  }
  VALUE { return raise(x, a); }
  // rounded to float, so that it overflows where PyTorch's does, however small dy is
  DERIVATIVE { return a == 0 ? 0 : static_cast<float>(a * raise(x, a - 1)); }
};
struct clamp : Function {
  VALUE {
    if (std::isnan(x) || std::isnan(a) || std::isnan(b)) return NAN;
    const double raised = x < a ? a : x;
    return raised > b ? b : raised;
  }
  DERIVATIVE { return x >= a && x <= b ? 1 : 0; }
};

}  // namespace unary
}  // namespace

#define UNARY(name)                                                                                          \
  void name##_forward(Run&, float* y, const float* x, size_t n, const UnaryAttributes& attributes) {         \
    const unary::name f{attributes};                                                                         \
    for (size_t i = 0; i < n; ++i) y[i] = static_cast<float>(f.value(x[i]));                                 \
  }                                                                                                          \
  void name##_backward(Run&, float* dx, const float* dy, const float* x, const float*, size_t n,             \
                       const UnaryAttributes& attributes) {                                                  \
    const unary::name f{attributes};                                                                         \
    for (size_t i = 0; i < n; ++i) dx[i] = static_cast<float>(dy[i] * f.derivative(x[i]));                   \
  }
#include "generated/unary.def"

}  // namespace simdnn::reference
