// Applies an activation function that is named by its enumerator.
#pragma once
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// A Run on the calling thread, inside a call that has set the handling of denormal numbers already. A union, so that no destructor runs: there is
// nothing to restore, and a destructor that an exception may need would leave a weak symbol in the object file.
union SerialRun {
  Run run;
  explicit SerialRun(Precision precision = Precision::kHighest, const PairUnit* unit = nullptr) : run(1, precision, unit) {}
  ~SerialRun() {}
};

// y[0, n) = f(y), by f's own kernel, so that the bits are those of a separate call. Does nothing for Unary::none.
inline void activate(Unary function, const UnaryAttributes& parameters, float* y, size_t n) {
  SerialRun serial;
  switch (function) {
#define UNARY(name)                                  \
  case Unary::name:                                  \
    name##_forward(serial.run, y, y, n, parameters); \
    break;
#include "generated/unary.def"
    default:
      break;
  }
}

// Multiplies dx[0, n) by f's derivative, given f's value y. It calls the kernel of f's gradient.
inline void differentiate(Unary function, const UnaryAttributes& parameters, float* dx, const float* y, size_t n) {
  SerialRun serial;
  switch (function) {
#define UNARY(name)                                           \
  case Unary::name:                                           \
    name##_backward(serial.run, dx, dx, y, y, n, parameters); \
    break;
#include "generated/unary.def"
    default:
      break;
  }
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
