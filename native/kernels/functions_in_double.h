// The functions of native/descriptions/unary.mjs that the C library calculates in double, as structs like those of activations.h.
#pragma once
#include <math.h>  // not <cmath>, whose functions are inline

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {
namespace unary {

// Defines a function that training seldom needs: the C library calculates it element by element in double, with an error of half an ulp, in about 15 ns.
#define IN_DOUBLE(name, value_of_x, derivative_of_x)                             \
  struct name {                                                                  \
    explicit name(const UnaryAttributes&) {}                                     \
    VF operator()(VF v) const {                                                  \
      alignas(64) float lanes[kLanes];                                           \
      hn::Store(v, kF, lanes);                                                   \
      for (float& lane : lanes) {                                                \
        const double x = static_cast<double>(lane);                              \
        lane = static_cast<float>(value_of_x);                                   \
      }                                                                          \
      return hn::Load(kF, lanes);                                                \
    }                                                                            \
    VF gradient(VF dy, VF v, VF) const {                                         \
      alignas(64) float lanes[kLanes], factors[kLanes];                          \
      hn::Store(v, kF, lanes);                                                   \
      hn::Store(dy, kF, factors);                                                \
      for (size_t i = 0; i < kLanes; ++i) {                                      \
        const double x = static_cast<double>(lanes[i]);                          \
        lanes[i] = static_cast<float>(static_cast<double>(factors[i]) * (derivative_of_x)); \
      }                                                                          \
      return hn::Load(kF, lanes);                                                \
    }                                                                            \
  };

// e^y with a relative error of 1e-12. The C library's exp, exp2 and log2 would tie the binary to a newer glibc; its expm1 and log10 do not.
inline double exponential(double y) {
  double power = 1 + ::expm1(y / 16);
  for (int i = 0; i < 4; ++i) power *= power;
  return power;
}

constexpr double kLn2 = 0.69314718055994531, kLn10 = 2.3025850929940457, kTwoByRootPi = 1.1283791670955126;

IN_DOUBLE(sin, ::sin(x), ::cos(x))
IN_DOUBLE(cos, ::cos(x), -::sin(x))
IN_DOUBLE(tan, ::tan(x), 1 / (::cos(x) * ::cos(x)))
IN_DOUBLE(asin, ::asin(x), 1 / ::sqrt((1 - x) * (1 + x)))
IN_DOUBLE(acos, ::acos(x), -1 / ::sqrt((1 - x) * (1 + x)))
IN_DOUBLE(atan, ::atan(x), 1 / (1 + x * x))
IN_DOUBLE(sinh, ::sinh(x), ::cosh(x))
IN_DOUBLE(cosh, ::cosh(x), ::sinh(x))
IN_DOUBLE(asinh, ::asinh(x), 1 / ::sqrt(x * x + 1))
IN_DOUBLE(acosh, ::acosh(x), 1 / ::sqrt((x - 1) * (x + 1)))
IN_DOUBLE(atanh, ::atanh(x), 1 / ((1 - x) * (1 + x)))
IN_DOUBLE(exp2, exponential(x * kLn2), exponential(x * kLn2) * kLn2)
IN_DOUBLE(log2, ::log10(x) * (kLn10 / kLn2), 1 / (x * kLn2))
IN_DOUBLE(log10, ::log10(x), 1 / (x * kLn10))
IN_DOUBLE(erf, ::erf(x), kTwoByRootPi * exponential(-x * x))
IN_DOUBLE(erfc, ::erfc(x), -kTwoByRootPi * exponential(-x * x))
#undef IN_DOUBLE

}  // namespace unary
}  // namespace
}  // namespace simdnn::SIMDNN_ISA
