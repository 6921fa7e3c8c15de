// A function of unary.def by its number.
#pragma once
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// y[0, n) = f(y) by the kernel of f itself: the same bits as a separate call. Nothing with kNoUnary.
inline void activate(int32_t function, double a, double b, float* y, size_t n) {
  Run serial(1);
  switch (function) {
#define UNARY(name)                        \
  case k_##name:                           \
    name##_forward(serial, y, y, n, a, b); \
    break;
#include "kernels/unary.def"
    default:
      break;
  }
}

// dx[0, n) times the derivative of f where its value is y, by the kernel of f's gradient.
inline void differentiate(int32_t function, double a, double b, float* dx, const float* y, size_t n) {
  Run serial(1);
  switch (function) {
#define UNARY(name)                                    \
  case k_##name:                                       \
    name##_backward(serial, dx, dx, y, y, n, a, b);    \
    break;
#include "kernels/unary.def"
    default:
      break;
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
